"""The scenario of a patient who gives a visit up, in time or late."""

from collections.abc import Iterator
from random import Random

from world_builder.expressions import money
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_only,
    field_is,
    is_short,
)
from world_builder.worlds.clinic import rules
from world_builder.worlds.clinic.model import Appointment, Practice
from world_builder.worlds.clinic.policies import FRONT_DESK
from world_builder.worlds.clinic.reckoning import (
    is_late,
)
from world_builder.worlds.clinic.scenarios.common import (
    service_of,
)
from world_builder.worlds.clinic.scenarios.criteria import (
    MAX_WORDS,
    says_name,
)
from world_builder.worlds.clinic.scenarios.fees import cancelled, looked_up, settled, slots_of
from world_builder.worlds.clinic.voices import PATIENTS


def _cancellations(desk: Desk[Practice]) -> Iterator[Draft]:
    practice, rng = desk.model, desk.random("cancel-visit")
    for visit_id in practice.plots["cancel"]:
        yield _cancellation(desk, practice.appointment(visit_id), rng)


def _cancellation(desk: Desk[Practice], visit: Appointment, rng: Random) -> Draft:
    practice, session = desk.model, desk.session()
    patient, service = looked_up(session, practice, visit), service_of(practice, visit)
    late = is_late(service, visit.day, visit.start, rules.NOW)
    fee, sentence, criteria = settled(practice, visit, late)
    cancelled(session, practice, visit, late)
    changed = (visit.id, visit.referral_id) if visit.referral_id else (visit.id,)
    return Draft(
        title=f"Cancel {visit.id} for {patient.name}",
        keys=(patient.id,),
        slots=slots_of(practice, visit, rng),
        calls=session.calls,
        response=f"{visit.id} is cancelled. {sentence}",
        criteria=(
            field_is(
                "cancelled",
                f"{visit.id} is cancelled by the patient.",
                "appointment",
                visit.id,
                status="cancelled",
                cancelled_by="patient",
            ),
            field_is(
                "fee-charged",
                f"The fee of {visit.id} is {money(fee)}.",
                "appointment",
                visit.id,
                fee_cents=fee,
            ),
            says_name("visit", "the visit", visit.id),
            *criteria,
            is_short(MAX_WORDS),
            changes_only("Changes nothing but the visit and its referral.", changed),
        ),
        difficulty=Difficulty.HARD if late else Difficulty.MEDIUM,
    )


CANCEL_VISIT: Scenario[Practice] = Scenario(
    name="cancel-visit",
    category=Category.MULTI_STEP_WORKFLOW,
    difficulty=Difficulty.HARD,
    system_prompt=FRONT_DESK,
    intent="Give up a visit, and pay for it only if the rules say so.",
    phrasings=(
        "I have to cancel my {service} on {day} at {time}. {name}, born {dob}. Do I owe you "
        "something, and by when should I have called? Please give me the number of what you "
        "cancelled.",
        "Please take me out for {day}, {time} ({service}). {name}, date of birth {dob}. Confirm "
        "with the number of the visit, say what it costs me, and until when it would have been "
        "free.",
        "cant come {day} {time}, pls cancel the {service}. {name}, {dob}. is there a fee? until "
        "when was it free? and whats the visit no.",
        "My boy has the flu and I can't leave him, so no {service} for me on {day} at {time}. "
        "Would you cancel it? It's {name}, {dob}. And tell me honestly whether I pay a fee, "
        "which moment counts for that, and which visit number it was.",
        "This is {name} ({dob}). Cancel the {service}, {day}, {time}. I want the visit's number, "
        "the end of the notice, and the fee, if any, with the reason for it.",
        "I won't make it to the {service} you have me down for on {day} at {time}, sorry. My "
        "name is {name} and I was born {dob}. Kindly cancel, let me know its number, and whether "
        "I am in time or pay something, and why.",
        "Could somebody strike the {service} off for me? {day}, {time}, {name}, birthday {dob}. "
        "I need to know the deadline that applied, what I'm charged if anything, and the number "
        "of the visit for my records.",
        "They changed my shift, so {day} at {time} is no good any more. Please cancel that "
        "{service}; I am {name}, {dob}. What about the late fee: do I have to pay it, and when "
        "was the cut-off? The visit number as well please.",
    ),
    drafts=_cancellations,
    num_tasks=7,
    names_requester=False,
    voices=PATIENTS,
)
