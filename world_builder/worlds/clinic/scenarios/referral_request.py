"""The scenario of an e-mail that asks a practice for a referral that serves."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random

from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    has_subject,
    is_email,
    says_date,
    says_matching,
    says_reason,
    signs_off,
)
from world_builder.worlds.clinic import rules
from world_builder.worlds.clinic.model import Practice, Referral, Service
from world_builder.worlds.clinic.policies import INSURANCE_DESK
from world_builder.worlds.clinic.scenarios.common import (
    at_desk,
    found,
    found_patient,
    spoken_day,
    with_article,
)
from world_builder.worlds.clinic.scenarios.criteria import (
    MAX_WORDS,
    says_name,
)
from world_builder.worlds.clinic.scenarios.mail import CLOSING, SENDER
from world_builder.worlds.clinic.voices import STAFF

_VALID_UNTIL = r"valid (?:only )?(?:until|to|through)"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fault:
    """What is wrong with a referral, in words and as a pattern."""

    sentence: str
    text: str
    pattern: str


def _requests(desk: Desk[Practice]) -> Iterator[Draft]:
    practice, rng = desk.model, desk.random("referral-request")
    for n, referral_id in enumerate(practice.plots["poor_referral"]):
        referral = next(r for r in practice.referrals if r.id == referral_id)
        yield _request(desk, referral, rules.working_days_after(rules.TODAY, 5 + n), rng)


def _request(desk: Desk[Practice], referral: Referral, day: date, rng: Random) -> Draft:
    practice, session = desk.model, desk.session()
    patient = practice.patient(referral.patient_id)
    found_patient(session, patient)
    found(session, "find_referrals", referral.id, patient_id=patient.id)
    born, number = patient.date_of_birth.isoformat(), referral.authorisation_number
    fault = _fault(referral)
    return Draft(
        title=f"Ask {referral.referred_by} for a new referral of {patient.name}",
        keys=(patient.id,),
        slots={
            "name": patient.name,
            "specialty": referral.specialty,
            "service": with_article(_service(practice, referral).name),
            "day": spoken_day(day, rng),
        },
        calls=session.calls,
        response=(
            f"Subject: New referral for {patient.name}\n\nDear {referral.referred_by},\n\n"
            f"{patient.name}, born {born}, would like to come to us for {referral.specialty} on "
            f"{day}. {fault.sentence} Please send us a new referral that is valid on that day."
            f"\n\n{CLOSING}"
        ),
        criteria=(
            is_email(MAX_WORDS),
            _to_practice(referral),
            has_subject("referral", patient.name),
            says_name("patient", "the patient", patient.name),
            says_date("born", "the patient's date of birth", born),
            says_name("specialty", "the specialty", referral.specialty),
            says_date("day", "the day of the planned visit", day.isoformat()),
            says_name("number", "the old authorisation", number),
            says_reason(fault.text, fault.pattern),
            says_matching(
                "asked",
                "Asks for a new referral.",
                r"(?:send|issue|provide|need|request|ask|get|have|grateful)[^.\n]{0,60}"
                r"(?:new|another|fresh|updated|further|renewed)[^.\n]{0,30}(?:referral|authoris|authoriz)",
            ),
            signs_off(SENDER),
            changes_nothing(),
        ),
        requester=at_desk(practice, rng, "insurance desk", "front desk"),
    )


def _to_practice(referral: Referral) -> Criterion:
    name = referral.referred_by
    return says_matching(
        "greeting",
        f"Is addressed to {name}.",
        rf"(?:dear|hello|good \w+|hi),?\s[^\n]*{name}",
    )


def _service(practice: Practice, referral: Referral) -> Service:
    return next(s for s in practice.services if s.specialty == referral.specialty)


def _fault(referral: Referral) -> _Fault:
    number, last = referral.authorisation_number, referral.valid_until.isoformat()
    if referral.visits_used == referral.visits_approved:
        return _Fault(
            sentence=f"No visits are left on your authorisation {number}.",
            text="Says that no visits are left.",
            pattern=r"\b(?:no|zero|0)\b[^.\n]{0,20}visits?|used up|exhausted|all[^.\n]{0,30}used",
        )
    day = rf"{last}|{referral.valid_until:%b}\w* {referral.valid_until.day}\b"
    if referral.valid_until < rules.TODAY:
        return _Fault(
            sentence=f"Your authorisation {number} expired on {last}.",
            text=f"Says that it expired on {last}.",
            pattern=rf"(?:expired|ran out|ended|{_VALID_UNTIL})[^.\n]*(?:{day})",
        )
    return _Fault(
        sentence=f"Your authorisation {number} ends on {last}.",
        text=f"Says that it ends on {last}.",
        pattern=rf"(?:expires|ends|runs out|{_VALID_UNTIL})[^.\n]*(?:{day})",
    )


REFERRAL_REQUEST: Scenario[Practice] = Scenario(
    name="referral-request",
    category=Category.COMMUNICATION,
    difficulty=Difficulty.HARD,
    system_prompt=INSURANCE_DESK,
    intent="Get a referral for {name} that serves on the day of the planned visit.",
    phrasings=(
        "{name} wants {service} on {day}, but the referral to {specialty} won't serve. Please "
        "write an e-mail to the practice that sent it: who the patient is (with date of birth), "
        "what we have on file and what is wrong with it, for which day we need it, and that we "
        "ask for a new one. Sign for the clinic.",
        "E-mail to the referring practice of {name}, please. The {specialty} referral is no good "
        "for {day}. State the authorisation, the defect, patient and birth date, the planned "
        "day, and request a new one. Subject line too.",
        "can you mail {name}'s other practice for a new {specialty} referral? visit planned "
        "{day}. say whats wrong with the old one (with auth number) + patient's dob. needs "
        "subject + our name below",
        "I can't book {name} for {day} as long as the paper for {specialty} is what it is. Look "
        "up what the matter is and draft the letter (as an e-mail) to whoever referred: patient, "
        "born when, planned for when, old authorisation and why it fails, polite request for "
        "another.",
        "Something is off with the referral of {name} for {specialty}, the system won't take "
        "{day}. Find out what and compose an e-mail asking the practice that issued it for a new "
        "one. They will want name, date of birth, old number, the reason and our date.",
        "Please ask for fresh papers: {name}, {specialty}, visit meant for {day}. The e-mail "
        "goes to the practice on the old referral and should name its authorisation number and "
        "the trouble with it, besides the patient's name and birthday and the day we need it for.",
        "Would you write to the practice behind {name}'s {specialty} referral? By e-mail, with a "
        "subject. We'd like to see the patient on {day} and what they sent us doesn't cover "
        "that; tell them why, quote their number and who it is about (born when), and ask nicely "
        "for a new one.",
        "Renewal needed for {name}. It's {specialty}, and {day} is the day. Draft the e-mail to "
        "the referring side: identify the patient with birth date, give the authorisation and "
        "what stops us from using it, mention the day, request a replacement, our clinic's name "
        "at the end.",
    ),
    details=(
        "They answer faster when the subject says what it is about.",
        "Keep it friendly, we need them.",
        "Their fax has been dead for a month, hence the e-mail.",
    ),
    drafts=_requests,
    num_tasks=6,
    voices=STAFF,
)
