"""When, where and with whom a visit can be: the rules of a booking as expressions, written once.

`check_booking` names every rule that is broken; booking and moving are refused by the first.
"""

from dataclasses import dataclass

from world_builder.operations import (
    Compute,
    Let,
    Precondition,
    Rule,
    Rules,
    Severity,
    object_schema,
)
from world_builder.tools import Tool
from world_builder.worlds.clinic.rules import (
    CLOSED_DAYS,
    CLOSES,
    LENGTHS,
    MAX_OPEN,
    OPENS,
    PLANS,
    TIMES,
    WEEKDAYS,
    later,
)
from world_builder.worlds.clinic.tools.arguments import (
    PATIENT_ID,
    PRACTITIONER_ID,
    SERVICE_ID,
    START,
    SUMS,
    bound,
    cel_list,
    cel_map,
    day,
    time,
)

_STRICT_PLANS = cel_list(name for name, plan in PLANS.items() if plan.needs_referral)
CLOSED = cel_list(CLOSED_DAYS)
_ENDS = cel_map(
    {
        minutes: {t: later(t, minutes) for t in TIMES if later(t, minutes) <= CLOSES}
        for minutes in LENGTHS
    }
)
"""By length and start: when a visit ends. Looking up is far cheaper than counting quarters."""


def weekday_of(day: str) -> str:
    """CEL: the weekday of a day in ISO form, given as CEL."""
    return f"{cel_list(WEEKDAYS)}[timestamp({day} + 'T12:00:00Z').getDayOfWeek()]"


def _booked(field: str, value: str) -> str:
    """CEL: the booked visits of the day by a reference, given as CEL."""
    return f"find('appointment', '{field}', {value}, 'day', args.day, 'status', 'booked')"


_DAY_LETS = (
    Let(name="weekday", value=weekday_of("args.day")),
    Let(
        name="is_open",
        value=f"weekday != 'saturday' && weekday != 'sunday' && !(args.day in {CLOSED})",
    ),
    Let(
        name="periods",
        value="practitioner.hours.filter(h, h.weekday == weekday)",
    ),
    Let(
        name="absences",
        value="practitioner.absences.filter(a, a.first_day <= args.day && args.day <= a.last_day)",
    ),
    Let(
        name="usable_rooms",
        value="find('room', 'kind', service.room_kind).filter(r, "
        "!r.closures.exists(c, c.first_day <= args.day && args.day <= c.last_day)).map(r, r.id)",
    ),
    Let(name="ends", value=f"{_ENDS}[service.minutes]"),
)

REFERRAL_LETS = (
    Let(
        name="needs_referral",
        value="service.needs_referral || "
        f"(service.specialty != 'general' && patient.plan in {_STRICT_PLANS})",
    ),
    Let(
        name="valid_referrals",
        value="find('referral', 'patient_id', patient.id).filter(r, "
        "r.specialty == service.specialty && r.valid_from <= args.day && args.day <= r.valid_until"
        " && r.visits_used < r.visits_approved).map(r, r.id)",
    ),
)


def slot_lets(own_id: str = "''") -> tuple[Let, ...]:
    """Names for the rules; `own_id` is CEL for the visit that moves, which is in nobody's way."""
    clash = f"b.id != {own_id} && b.start < finish && args.start < b.end"
    return (
        *_DAY_LETS,
        Let(name="finish", value="args.start in ends ? ends[args.start] : '24:00'"),
        Let(
            name="is_practitioner_busy",
            value=f"{_booked('practitioner_id', 'practitioner.id')}.exists(b, {clash})",
        ),
        Let(
            name="is_patient_busy",
            value=f"{_booked('patient_id', 'patient.id')}.exists(b, {clash})",
        ),
        Let(
            name="free_rooms",
            value=f"usable_rooms.filter(r, !{_booked('room_id', 'r')}.exists(b, {clash}))",
        ),
        *REFERRAL_LETS,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotRule:
    """One rule of a booking: broken when `when` is true."""

    id: str
    when: str
    message: str


SLOT_RULES = (
    SlotRule(
        id="too_soon",
        when="args.day <= date(now)",
        message="bookings start on the day after today; {args.day} is too soon",
    ),
    SlotRule(
        id="closed",
        when="!is_open",
        message="the clinic is closed on {args.day} ({weekday})",
    ),
    SlotRule(
        id="not_offered",
        when="practitioner.specialty != service.specialty",
        message="{practitioner.name} does {practitioner.specialty}; {service.name} is "
        "{service.specialty}: see look_up_directory",
    ),
    SlotRule(
        id="outside_hours",
        when="!periods.exists(h, h.start <= args.start && finish <= h.end)",
        message="{practitioner.name} does not work from {args.start} to {finish} on a {weekday}",
    ),
    SlotRule(
        id="away",
        when="absences.size() > 0",
        message="{practitioner.name} is away on {args.day}: {absences[0].reason}, until "
        "{absences[0].last_day}",
    ),
    SlotRule(
        id="practitioner_busy",
        when="is_practitioner_busy",
        message="{practitioner.name} sees somebody else between {args.start} and {finish}",
    ),
    SlotRule(
        id="patient_busy",
        when="is_patient_busy",
        message="the patient has another visit between {args.start} and {finish}",
    ),
    SlotRule(
        id="no_room",
        when="free_rooms.size() == 0",
        message="no {service.room_kind} room is free from {args.start} to {finish}",
    ),
)
REFERRAL_RULE = SlotRule(
    id="no_referral",
    when="needs_referral && valid_referrals.size() == 0",
    message="it needs a referral to {service.specialty} that is valid on {args.day} and has "
    "visits left; the patient has none",
)


def preconditions(rules: tuple[SlotRule, ...]) -> tuple[Precondition, ...]:
    """The rules as what must hold before a change."""
    return tuple(Precondition(check=f"!({rule.when})", message=rule.message) for rule in rules)


PEOPLE = (
    bound("patient", "args.patient_id"),
    bound("practitioner", "args.practitioner_id"),
    bound("service", "args.service_id"),
)
_MAX_OPEN = cel_map(MAX_OPEN)
_MAY_HOLD = f"(service.name in {_MAX_OPEN} ? {_MAX_OPEN}[service.name] : 1)"

CHECK_BOOKING = Tool(
    name="check_booking",
    title="Check a booking",
    description="Whether a visit could be booked, and every rule that forbids it. Books nothing.",
    group=SUMS,
    parameters=object_schema(
        {
            "patient_id": PATIENT_ID,
            "service_id": SERVICE_ID,
            "practitioner_id": PRACTITIONER_ID,
            "day": day(),
            "start": START,
        },
        ("patient_id", "service_id", "practitioner_id", "day", "start"),
    ),
    operation=Rules(
        bindings=PEOPLE,
        lets=(
            *slot_lets(),
            Let(
                name="held",
                value="find('appointment', 'patient_id', patient.id, 'service_id', service.id, "
                "'status', 'booked').filter(b, b.day > date(now)).map(b, b.id)",
            ),
        ),
        rules=(
            *(
                Rule(id=rule.id, when=rule.when, message=rule.message)
                for rule in (*SLOT_RULES, REFERRAL_RULE)
            ),
            Rule(
                id="already_booked",
                when=f"held.size() >= {_MAY_HOLD}",
                severity=Severity.WARNING,
                message="the patient already has {service.name} booked: {join(held, ', ')}",
            ),
        ),
    ),
)

FIND_FREE_SLOTS = Tool(
    name="find_free_slots",
    title="Find free slots",
    description="The starts of one day at which a practitioner and a room are free for a service, "
    "with the free rooms. Does not look at the patient.",
    group=SUMS,
    parameters=object_schema(
        {
            "service_id": SERVICE_ID,
            "practitioner_id": PRACTITIONER_ID,
            "day": day(),
            "earliest_start": time("Not before this time."),
            "latest_end": time("Over by this time."),
        },
        ("service_id", "practitioner_id", "day"),
    ),
    operation=Compute(
        bindings=PEOPLE[1:],
        lets=(
            *_DAY_LETS,
            Let(
                name="earliest",
                value=f"args.earliest_start == null ? '{OPENS}' : args.earliest_start",
            ),
            Let(name="latest", value=f"args.latest_end == null ? '{CLOSES}' : args.latest_end"),
            Let(
                name="own",
                value=f"{_booked('practitioner_id', 'practitioner.id')}"
                ".map(b, {'start': b.start, 'end': b.end})",
            ),
            Let(
                name="room_days",
                value="usable_rooms.map(r, {'id': r, 'visits': "
                f"{_booked('room_id', 'r')}.map(b, {{'start': b.start, 'end': b.end}})}})",
            ),
            Let(
                name="starts",
                value=f"{cel_list(TIMES)}.filter(t, t in ends && t >= earliest && ends[t] <= latest"
                " && periods.exists(h, h.start <= t && ends[t] <= h.end)"
                " && !own.exists(b, b.start < ends[t] && t < b.end))",
            ),
        ),
        preconditions=preconditions(
            tuple(rule for rule in SLOT_RULES if rule.id in ("too_soon", "closed", "not_offered"))
        ),
        result=(
            Let(name="weekday", value="weekday"),
            Let(
                name="away",
                value="absences.size() > 0 ? absences[0].reason + ' until ' + "
                "absences[0].last_day : ''",
            ),
            Let(
                name="slots",
                value="(absences.size() > 0 ? [] : starts).map(t, {'start': t, 'rooms': "
                "room_days.filter(r, !r.visits.exists(b, b.start < ends[t] && t < b.end))"
                ".map(r, r.id)}).filter(s, s.rooms.size() > 0)",
            ),
        ),
    ),
)
