"""Invariants of the clinic's story: what must hold across entities, beyond shapes and references.

Tests run them over several seeds and over the states that reference solutions leave behind. They
say what is wrong and mend nothing.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import combinations
from typing import Any, TypeAlias

from world_builder.world import World
from world_builder.worlds.clinic import rules

_Record: TypeAlias = dict[str, Any]
_Records: TypeAlias = dict[str, _Record]
"""Records of one type by id."""


def violations(world: World) -> tuple[str, ...]:
    """Every broken invariant, as `<id>: <what is wrong>`; empty for a consistent clinic.

    The world must be valid: shapes and references are not checked again.
    """
    kinds: dict[str, _Records] = {
        kind: {str(record["id"]): record for record in records}
        for kind, records in world.entities.items()
    }
    now = world.now.replace(tzinfo=None)
    return (
        *_namesake_violations(kinds),
        *_service_violations(kinds),
        *_visit_violations(kinds, now),
        *_overlap_violations(kinds),
        *_referral_violations(kinds),
        *_message_violations(kinds, now),
        *_waiting_violations(kinds, now.date()),
    )


def _namesake_violations(kinds: dict[str, _Records]) -> Iterator[str]:
    known: dict[tuple[str, str], str] = {}
    for patient_id, patient in kinds["patient"].items():
        key = (patient["name"], patient["date_of_birth"])
        if key in known:
            yield f"{patient_id}: has the name and birth date of {known[key]}"
        known[key] = patient_id


def _service_violations(kinds: dict[str, _Records]) -> Iterator[str]:
    for service_id, service in kinds["service"].items():
        group = service["group"]
        if service["minutes"] not in rules.LENGTHS:
            yield f"{service_id}: {service['minutes']} minutes fit no slot"
        if service["notice_days"] != rules.NOTICE_DAYS[group]:
            yield f"{service_id}: notice of {service['notice_days']} days for a {group}"
        if service["late_fee_cents"] != rules.LATE_FEE_CENTS[group]:
            yield f"{service_id}: late fee of {service['late_fee_cents']} cents for a {group}"


def _visit_violations(kinds: dict[str, _Records], now: datetime) -> Iterator[str]:
    for visit_id, visit in kinds["appointment"].items():
        problems = (
            *_place_problems(visit, kinds),
            *_time_problems(visit, kinds, now),
            *_money_problems(visit, kinds),
            *_ending_problems(visit, kinds, now),
        )
        for problem in problems:
            yield f"{visit_id}: {problem}"


def _place_problems(visit: _Record, kinds: dict[str, _Records]) -> Iterator[str]:
    service, room = kinds["service"][visit["service_id"]], kinds["room"][visit["room_id"]]
    patient = kinds["patient"][visit["patient_id"]]
    if kinds["practitioner"][visit["practitioner_id"]]["specialty"] != service["specialty"]:
        yield f"{visit['practitioner_id']} does not do {service['specialty']}"
    if room["kind"] != service["room_kind"]:
        yield f"{room['id']} is not a {service['room_kind']} room"
    if patient["needs_step_free"] and not room["is_step_free"]:
        yield f"{room['id']} is not step-free, as {patient['id']} needs"
    if visit["status"] != "cancelled" and _covered(room["closures"], visit["day"]):
        yield f"{room['id']} is closed on {visit['day']}"


def _time_problems(visit: _Record, kinds: dict[str, _Records], now: datetime) -> Iterator[str]:
    service = kinds["service"][visit["service_id"]]
    practitioner = kinds["practitioner"][visit["practitioner_id"]]
    day = date.fromisoformat(visit["day"])
    if visit["end"] != rules.later(visit["start"], service["minutes"]):
        yield f"ends at {visit['end']}, which is not {service['minutes']} minutes later"
    if not rules.is_working_day(day):
        yield f"is on {day}, when the clinic is closed"
    if not any(
        h["weekday"] == f"{day:%A}".lower()
        and h["start"] <= visit["start"]
        and visit["end"] <= h["end"]
        for h in practitioner["hours"]
    ):
        yield f"is outside the hours of {practitioner['id']}"
    if visit["status"] != "cancelled" and _covered(practitioner["absences"], visit["day"]):
        yield f"{practitioner['id']} is away on {day}"
    if not visit["booked_on"] <= min(visit["day"], now.date().isoformat()):
        yield f"was booked on {visit['booked_on']}, for {day}"
    is_over = f"{visit['day']}T{visit['end']}" <= f"{now:%Y-%m-%dT%H:%M}"
    if visit["status"] != "cancelled" and is_over == (visit["status"] == "booked"):
        yield f"is {visit['status']} for {day} at {visit['start']}"


def _money_problems(visit: _Record, kinds: dict[str, _Records]) -> Iterator[str]:
    service = kinds["service"][visit["service_id"]]
    patient = kinds["patient"][visit["patient_id"]]
    born, day = (date.fromisoformat(d) for d in (patient["date_of_birth"], visit["day"]))
    due = rules.copay(
        service["price_cents"],
        service["group"],
        patient["plan"],
        child=rules.is_child(born, day),
    )
    if visit["copay_cents"] != due:
        yield f"co-payment is {visit['copay_cents']} cents, not {due}"
    if visit["fee_cents"] != _fee_due(visit, kinds):
        yield f"fee is {visit['fee_cents']} cents, not {_fee_due(visit, kinds)}"


def _fee_due(visit: _Record, kinds: dict[str, _Records]) -> int:
    service = kinds["service"][visit["service_id"]]
    if visit["status"] == "missed":
        return int(service["late_fee_cents"]) * rules.MISSED_FEE_FACTOR
    return int(service["late_fee_cents"]) if visit["is_late"] and _has_strike(visit, kinds) else 0


def _has_strike(visit: _Record, kinds: dict[str, _Records]) -> bool:
    """Whether the patient missed a visit or cancelled late in the year before."""
    told = date.fromisoformat((visit.get("cancelled_at") or visit["day"])[:10])
    since = (told - timedelta(days=rules.FORGIVING_DAYS)).isoformat()
    strikes = (
        (other.get("cancelled_at") or other["day"])[:10] if other["is_late"] else other["day"]
        for other in kinds["appointment"].values()
        if other["patient_id"] == visit["patient_id"]
        and other["id"] != visit["id"]
        and (other["is_late"] or other["status"] == "missed")
    )
    return any(since <= day < told.isoformat() for day in strikes)


def _ending_problems(visit: _Record, kinds: dict[str, _Records], now: datetime) -> Iterator[str]:
    is_cancelled = visit["status"] == "cancelled"
    told = visit.get("cancelled_at")
    if is_cancelled != (told is not None and visit.get("cancelled_by") is not None):
        yield f"is {visit['status']} but cancelled_at is {told}"
        return
    if visit["is_late"] and not is_cancelled:
        yield f"is {visit['status']} and late"
    if told is None:
        return
    told_at = datetime.fromisoformat(told).replace(tzinfo=None)
    service = kinds["service"][visit["service_id"]]
    last_day = rules.working_days_before(date.fromisoformat(visit["day"]), service["notice_days"])
    last = datetime.combine(last_day, time.fromisoformat(visit["start"]))
    if visit["is_late"] != (visit["cancelled_by"] == "patient" and told_at > last):
        yield f"was cancelled at {told}, the last free moment is {last}: is_late is wrong"
    if told_at > now or told[:10] < visit["booked_on"]:
        yield f"was cancelled at {told}, before it was booked or in the future"


def _overlap_violations(kinds: dict[str, _Records]) -> Iterator[str]:
    days: dict[str, list[_Record]] = {}
    for visit in kinds["appointment"].values():
        if visit["status"] != "cancelled":
            days.setdefault(visit["day"], []).append(visit)
    for visits in days.values():
        for one, other in combinations(visits, 2):
            if one["start"] < other["end"] and other["start"] < one["end"]:
                for what in ("patient_id", "practitioner_id", "room_id"):
                    if one[what] == other[what]:
                        yield f"{one['id']}: shares {one[what]} with {other['id']} at one time"


def _referral_violations(kinds: dict[str, _Records]) -> Iterator[str]:
    used = Counter(
        visit.get("referral_id")
        for visit in kinds["appointment"].values()
        if visit["status"] != "cancelled"
    )
    for referral_id, referral in kinds["referral"].items():
        if referral["visits_used"] != used[referral_id]:
            yield f"{referral_id}: {referral['visits_used']} visits used, not {used[referral_id]}"
        if referral["visits_used"] > referral["visits_approved"]:
            yield f"{referral_id}: more visits used than approved"
        if referral["valid_from"] > referral["valid_until"]:
            yield f"{referral_id}: ends before it begins"
    for visit in kinds["appointment"].values():
        for problem in _paper_problems(visit, kinds):
            yield f"{visit['id']}: {problem}"


def _paper_problems(visit: _Record, kinds: dict[str, _Records]) -> Iterator[str]:
    service = kinds["service"][visit["service_id"]]
    plan = kinds["patient"][visit["patient_id"]]["plan"]
    if visit.get("referral_id") is None:
        if rules.needs_referral(plan, service["specialty"], service["needs_referral"]):
            yield "needs a referral and has none"
        return
    referral = kinds["referral"][visit["referral_id"]]
    theirs, needed = (
        (referral["patient_id"], referral["specialty"]),
        (visit["patient_id"], service["specialty"]),
    )
    if theirs != needed:
        yield f"uses {referral['id']}, which is for {' and '.join(theirs)}"
    if not referral["valid_from"] <= visit["day"] <= referral["valid_until"]:
        yield f"is on {visit['day']}, when {referral['id']} is not valid"


def _message_violations(kinds: dict[str, _Records], now: datetime) -> Iterator[str]:
    for message_id, message in kinds["message"].items():
        received, answered = message["received_at"], message.get("answered_at")
        if (message["status"] == "answered") != (answered is not None and bool(message["reply"])):
            yield f"{message_id}: is {message['status']} but answered_at is {answered}"
        if answered is not None and answered < received:
            yield f"{message_id}: was answered before it came"
        latest = datetime.fromisoformat(answered or received).replace(tzinfo=None)
        if latest > now:
            yield f"{message_id}: has a time in the future"


def _waiting_violations(kinds: dict[str, _Records], today: date) -> Iterator[str]:
    waiting = Counter(
        (entry["patient_id"], entry["service_id"])
        for entry in kinds["waiting_entry"].values()
        if entry["status"] == "waiting"
    )
    for (patient_id, service_id), num in waiting.items():
        if num > 1:
            yield f"{patient_id}: waits {num} times for {service_id}"
    for entry_id, entry in kinds["waiting_entry"].items():
        if entry["added_on"] > today.isoformat():
            yield f"{entry_id}: was added in the future"
        visit_id = entry.get("appointment_id")
        if (entry["status"] == "booked") != (visit_id is not None):
            yield f"{entry_id}: is {entry['status']} but its visit is {visit_id}"
        elif visit_id is not None:
            visit = kinds["appointment"][visit_id]
            if any(visit[name] != entry[name] for name in ("patient_id", "service_id")):
                yield f"{entry_id}: {visit_id} is another patient's or for another service"


def _covered(spans: list[_Record], day: str) -> bool:
    return any(span["first_day"] <= day <= span["last_day"] for span in spans)
