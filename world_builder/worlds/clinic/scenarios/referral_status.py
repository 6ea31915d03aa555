"""The scenario of whether a referral serves on a day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    is_short,
    says_count,
    says_date,
    says_no,
    says_reason,
    says_yes,
)
from world_builder.worlds.clinic import rules
from world_builder.worlds.clinic.model import Practice, Referral
from world_builder.worlds.clinic.policies import INSURANCE_DESK
from world_builder.worlds.clinic.reckoning import usable_referral
from world_builder.worlds.clinic.scenarios.common import (
    agree,
    at_desk,
    found,
    found_patient,
    is_only_name,
    spoken_day,
)
from world_builder.worlds.clinic.scenarios.criteria import (
    MAX_WORDS,
    says_name,
)
from world_builder.worlds.clinic.voices import STAFF


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A referral that somebody asks about, and the day it should serve."""

    referral: Referral
    day: date
    fault: str = ""
    """`expired`, `used_up` or `ends_soon`; empty when it serves."""


def _asked(practice: Practice, rng: Random) -> Iterator[_Asked]:
    """Good and poor referrals by turns."""
    poor = [
        next(r for r in practice.referrals if r.id == i) for i in practice.plots["poor_referral"]
    ]
    faults = ("expired", "used_up", "ends_soon")
    good = [
        r
        for r in practice.referrals
        if 1 <= r.visits_used < r.visits_approved
        and r.valid_until > rules.TODAY + timedelta(days=12)
        and is_only_name(practice, practice.patient(r.patient_id))
        and len([o for o in practice.referrals_of(r.patient_id) if o.specialty == r.specialty]) == 1
    ]
    rng.shuffle(good)
    for n, fault in enumerate(faults):
        day = rules.working_days_after(rules.TODAY, 4 + n)
        yield _Asked(referral=good[n], day=day)
        yield _Asked(referral=poor[n], day=rules.working_days_after(rules.TODAY, 5), fault=fault)


def _referral_questions(desk: Desk[Practice]) -> Iterator[Draft]:
    practice, rng = desk.model, desk.random("referral-status")
    for case in _asked(practice, rng):
        yield _referral_question(desk, case, rng)


def _referral_question(desk: Desk[Practice], case: _Asked, rng: Random) -> Draft:
    practice, session = desk.model, desk.session()
    referral = case.referral
    patient = practice.patient(referral.patient_id)
    found_patient(session, patient)
    found(
        session,
        "find_referrals",
        referral.id,
        patient_id=patient.id,
        specialty=referral.specialty,
    )
    own = usable_referral(practice, patient, referral.specialty, case.day)
    agree("usable referral", own is not None, not case.fault)
    response, criteria = _poor(case) if case.fault else _good(referral)
    return Draft(
        title=f"Referral of {patient.name} for {referral.specialty}",
        keys=(patient.id,),
        slots={
            "name": patient.name,
            "specialty": referral.specialty,
            "day": spoken_day(case.day, rng),
        },
        calls=session.calls,
        response=response,
        criteria=(
            *criteria,
            says_name("referral", "the referral", referral.id),
            is_short(MAX_WORDS),
            changes_nothing(),
        ),
        requester=at_desk(practice, rng, "insurance desk", "front desk", "phone desk"),
        difficulty=None if case.fault else Difficulty.EASY,
    )


def _good(referral: Referral) -> tuple[str, tuple[Criterion, ...]]:
    left = referral.visits_approved - referral.visits_used
    last = referral.valid_until.isoformat()
    visits = "visit" if left == 1 else "visits"
    return (
        f"Yes, {referral.id} can be used, authorisation {referral.authorisation_number}. "
        f"It has {left} {visits} left and is valid until {last}.",
        (
            says_yes("Says that there is a referral that serves."),
            says_name("number", "the authorisation", referral.authorisation_number),
            says_count("left", "how many visits are left", left),
            says_date("until", "the last day it is valid", last),
        ),
    )


def _poor(case: _Asked) -> tuple[str, tuple[Criterion, ...]]:
    referral, last = case.referral, case.referral.valid_until.isoformat()
    number = says_name("number", "the authorisation", referral.authorisation_number)
    if case.fault == "used_up":
        used = referral.visits_used
        told = "its 1 approved visit is" if used == 1 else f"all {used} approved visits are"
        return (
            f"No, {referral.id} cannot be used: no visits are left, {told} used. "
            f"A new authorisation is needed in place of {referral.authorisation_number}.",
            (
                says_no("Says that the referral does not serve."),
                says_reason(
                    "Says that no visits are left.",
                    r"\b(?:no|0|zero) (?:more )?(?:approved )?visits?\b|used up|all .{0,30}used"
                    r"|exhausted|none (?:is|are) left",
                ),
                says_count("used", "how many visits were used", used),
                number,
            ),
        )
    pattern = (
        r"expired?s?|ran out|runs out|ends|no longer valid|valid (?:only )?(?:until|to|through)"
    )
    sentence = (
        f"No, {referral.id} cannot be used: it expired on {last}. "
        if case.fault == "expired"
        else f"No, {referral.id} cannot be used that day: it is valid only until {last}. "
    )
    return (
        f"{sentence}A new authorisation is needed in place of {referral.authorisation_number}.",
        (
            says_no("Says that the referral does not serve."),
            says_reason("Says that the referral ends too early.", pattern),
            says_date("until", "the last day it was valid", last),
            number,
        ),
    )


REFERRAL_STATUS: Scenario[Practice] = Scenario(
    name="referral-status",
    category=Category.INFORMATION_RETRIEVAL,
    difficulty=Difficulty.MEDIUM,
    system_prompt=INSURANCE_DESK,
    intent="Know whether {name} can come on a referral, before a visit is promised.",
    phrasings=(
        "Does {name} have a referral for {specialty} that we can use on {day}? Give me its id, "
        "the authorisation number, how many visits are left and until when it runs, or why it "
        "won't do.",
        "Please check the papers of {name}: {specialty}, planned for {day}. Is there a usable "
        "referral? I'd like the id and number, visits left and last day; if not, what is wrong.",
        "{name} / {specialty} / {day}. referral ok? id + auth number + what's left + end date. "
        "if it's not ok say why",
        "I am about to promise {name} a visit in {specialty} on {day}. Look whether the referral "
        "covers it, quote me reference and authorisation, and tell me the visits left with the "
        "expiry, or else the reason it can't be used.",
        "There should be a referral to {specialty} for {name}. Would it be good on {day}? Which "
        "one is it (id, insurer's number), what remains on it and when does it end? If it is no "
        "good, why?",
        "Before I book {specialty} for {name} on {day}: may I use the referral on file? Number, "
        "id, remaining visits, last valid day please, or the obstacle.",
        "The insurer wants to hear the authorisation number for {name}, {specialty}. And can we "
        "still use that referral on {day}? Tell me what is left on it and its end, or why not. "
        "Our own id for it too.",
        "Referral check. Patient {name}. Specialty {specialty}. Day {day}. Does it work, and on "
        "which referral (both numbers)? Add visits left and end, or the reason.",
    ),
    details=(
        "They asked at the counter yesterday and nobody knew.",
        "The paper copy has coffee on it.",
        "I have the insurer on hold.",
    ),
    drafts=_referral_questions,
    num_tasks=6,
    voices=STAFF,
)
