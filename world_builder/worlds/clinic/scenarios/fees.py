"""Late fees in references and criteria: waived, charged, and why; what a cancellation comes to."""

from random import Random
from typing import Any

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.templates import Session
from world_builder.templates.criteria import (
    says_date,
    says_reason,
    says_right_not_wrong,
)
from world_builder.worlds.clinic.model import Appointment, Patient, Practice
from world_builder.worlds.clinic.reckoning import (
    deadline,
    may_waive,
    strikes,
)
from world_builder.worlds.clinic.scenarios.common import (
    agree,
    clock,
    found,
    found_patient,
    service_of,
    spoken_birth,
    spoken_day,
    spoken_time,
    with_article,
)
from world_builder.worlds.clinic.scenarios.criteria import (
    says_money,
    says_no_fee,
    says_time,
)

_WAIVED = r"waive|forgiven|let (?:you )?off"
_NOT_WAIVED = (
    r"(?:not|n['’]t|cannot|no) (?:be |get )?waive|(?:will|would|must) be charged(?![^.\n]*waive)"
)
_CHARGED = r"charged|\bdue\b|(?:have|has|need) to (?:be )?pa(?:y|id)|must (?:be )?pa(?:y|id)|\bowe"
_NOT_CHARGED = r"(?<!not )(?<!n't )(?:is|be|been|was) waived|(?:not|n['’]t) (?:be )?charged"


def waived(key: str = "waived") -> Criterion:
    """The response says that a late fee is forgiven."""
    return says_right_not_wrong(key, "Says that the late fee is waived.", _WAIVED, _NOT_WAIVED)


def charged(key: str = "charged") -> Criterion:
    """The response says that a late fee has to be paid."""
    text = "Says that the late fee has to be paid."
    return says_right_not_wrong(key, text, _CHARGED, _NOT_CHARGED)


def cause_of(practice: Practice, patient_id: str) -> tuple[str, str]:
    """Why a late fee is not waived: the latest strike in words, and its day."""
    latest = strikes(practice, patient_id)[-1]
    if latest.status == "missed":
        return f"the missed visit on {latest.day}", latest.day.isoformat()
    assert latest.cancelled_at is not None  # noqa: S101 (late cancellations have a time)
    day = latest.cancelled_at.date().isoformat()
    return f"the late cancellation on {day}", day


def slots_of(practice: Practice, visit: Appointment, rng: Random) -> dict[str, str]:
    patient = practice.patient(visit.patient_id)
    return {
        "name": patient.name,
        "dob": spoken_birth(patient.date_of_birth, rng),
        "service": service_of(practice, visit).name.lower(),
        "a_service": with_article(service_of(practice, visit).name),
        "day": spoken_day(visit.day, rng),
        "time": spoken_time(visit.start, rng),
    }


def looked_up(session: Session, practice: Practice, visit: Appointment) -> Patient:
    """The patient of a visit, with the whole history and what the service's rules are."""
    patient = practice.patient(visit.patient_id)
    found_patient(session, patient)
    found(session, "find_appointments", visit.id, patient_id=patient.id)
    session.call("look_up_directory", ids=[visit.service_id])
    return patient


def settled(
    practice: Practice, visit: Appointment, late: bool
) -> tuple[int, str, tuple[Criterion, ...]]:
    """The fee of a patient's cancellation, the sentence that tells it, and its criteria."""
    service = service_of(practice, visit)
    last = deadline(service, visit.day, visit.start)
    notice = (
        says_date("last-day", "the day on which the notice ran out", f"{last:%Y-%m-%d}"),
        says_time("last-time", "the time at which the notice ran out", clock(last)),
    )
    until = f"{last:%Y-%m-%d} at {clock(last)}"
    fee = money(service.late_fee_cents)
    if not late:
        return 0, f"There is no fee, the notice ran until {until}.", (says_no_fee(), *notice)
    if may_waive(practice, visit.patient_id):
        sentence = (
            f"The notice ran until {until}, but the late fee of {fee} is waived, because there "
            "was no other late cancellation or missed visit within a year."
        )
        why = says_reason(
            "Says that nothing else counts against the patient.",
            r"no (?:other|earlier|previous|prior)|\bfirst\b|nothing else|\bnone\b|only one",
        )
        amount = says_money("fee", "the late fee", service.late_fee_cents)
        return 0, sentence, (waived(), amount, why, *notice)
    cause, day = cause_of(practice, visit.patient_id)
    return (
        service.late_fee_cents,
        f"The notice ran until {until}, and the late fee of {fee} is charged because of {cause}.",
        (
            says_money("fee", "the late fee", service.late_fee_cents),
            charged(),
            says_date("cause", "the day of what counts against it", day),
            *notice,
        ),
    )


def cancelled(
    session: Session, practice: Practice, visit: Appointment, late: bool, **more: Any
) -> int:
    """Cancels a visit for its patient, as the policy wants; the fee."""
    fee = settled(practice, visit, late)[0]
    is_waived = late and fee == 0
    waiver = {"waive_fee": True} if is_waived else {}
    told = session.call("cancel_appointment", id=visit.id, cancelled_by="patient", **more, **waiver)
    agree(f"late cancellation of {visit.id}", told["is_late"], late)
    agree(f"fee of {visit.id}", told["fee_cents"], fee)
    return fee
