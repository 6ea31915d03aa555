"""The scenario of a patient who asks until when a visit can be cancelled free."""

from collections.abc import Iterator
from random import Random

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    is_short,
    says_date,
)
from world_builder.worlds.clinic.model import Appointment, Practice
from world_builder.worlds.clinic.policies import FRONT_DESK
from world_builder.worlds.clinic.reckoning import (
    deadline,
    may_waive,
)
from world_builder.worlds.clinic.scenarios.common import (
    clock,
    service_of,
)
from world_builder.worlds.clinic.scenarios.criteria import (
    MAX_WORDS,
    says_money,
    says_name,
    says_time,
)
from world_builder.worlds.clinic.scenarios.fees import (
    cause_of,
    charged,
    looked_up,
    slots_of,
    waived,
)
from world_builder.worlds.clinic.voices import PATIENTS


def _deadlines(desk: Desk[Practice]) -> Iterator[Draft]:
    practice, rng = desk.model, desk.random("cancel-deadline")
    holiday, cancel = practice.plots["holiday"], practice.plots["cancel"]
    for visit_id in (holiday[0], cancel[0], holiday[1], cancel[4], holiday[2], holiday[3]):
        yield _deadline(desk, practice.appointment(visit_id), rng)


def _deadline(desk: Desk[Practice], visit: Appointment, rng: Random) -> Draft:
    practice, session = desk.model, desk.session()
    patient, service = looked_up(session, practice, visit), service_of(practice, visit)
    last = deadline(service, visit.day, visit.start)
    fee = money(service.late_fee_cents)
    if may_waive(practice, patient.id):
        after = f"After that the late fee of {fee} would be waived this once"
        consequence: tuple[Criterion, ...] = (waived(),)
    else:
        cause, day = cause_of(practice, patient.id)
        after = f"After that the late fee of {fee} would be charged because of {cause}"
        consequence = (charged(), says_date("cause", "the day of what counts against it", day))
    return Draft(
        title=f"Until when {patient.name} can cancel {visit.id}",
        keys=(patient.id,),
        slots=slots_of(practice, visit, rng),
        calls=session.calls,
        response=(
            f"The last moment to cancel {visit.id} free is {last:%Y-%m-%d} at {clock(last)}. "
            f"{after}."
        ),
        criteria=(
            says_name("visit", "the visit", visit.id),
            says_date("last-day", "the last day to cancel free", f"{last:%Y-%m-%d}"),
            says_time("last-time", "the time until which it is free", clock(last)),
            says_money("fee", "the late fee", service.late_fee_cents),
            *consequence,
            is_short(MAX_WORDS),
            changes_nothing(),
        ),
    )


CANCEL_DEADLINE: Scenario[Practice] = Scenario(
    name="cancel-deadline",
    category=Category.REASONING,
    difficulty=Difficulty.HARD,
    system_prompt=FRONT_DESK,
    intent="Know how long {name} can wait with the decision, and what it costs after that.",
    phrasings=(
        "I'm {name}, {dob}, and I have {a_service} on {day} at {time}. Until what day and hour "
        "can I call it off without paying? And if I'm later than that, what is the fee and would "
        "I really be charged? Please tell me the number of the visit too.",
        "{name}, born {dob}. My {service} is on {day}, {time}. Don't cancel it! I only want to "
        "know the last moment for a free cancellation, the fee after it, and whether you would "
        "let me off that fee. And the visit's number for my notes.",
        "how long do i have to cancel the {service} ({day} {time}) for free? what do i owe after "
        "that, and would it be waived for me? {name} {dob}. visit number pls",
        "My plans for {day} are not settled. {name} is my name, birthday {dob}, and it is about "
        "{a_service} at {time}. What is the deadline for cancelling it at no cost, to the hour? "
        "What would you charge me later on, or would you waive it? I'd also like its number.",
        "Question about the {service} I have on {day} at {time}: latest free cancellation, the "
        "late fee, and if that fee would be forgiven in my case. {name}, {dob}. Quote the visit "
        "number please.",
        "A friend may visit and I may have to drop the {service} ({day}, {time}). When do you "
        "have to know, day and time, so that it costs nothing? How much is it otherwise, and is "
        "it waived or not for somebody with my record? This is {name}, {dob}. What number does "
        "the visit have?",
        "Please don't touch my booking yet. {name}, date of birth {dob}: {service}, {day}, "
        "{time}. Tell me its number, by when I could still cancel free, what a late cancellation "
        "costs and whether I'd have to pay it.",
        "Could you explain the cancellation terms for my {service} on {day} ({time})? I mean the "
        "exact cut-off, the amount afterwards, and whether it would actually be taken from me. I "
        "am {name} and was born {dob}; give me the visit's number as well.",
    ),
    drafts=_deadlines,
    num_tasks=6,
    names_requester=False,
    voices=PATIENTS,
)
