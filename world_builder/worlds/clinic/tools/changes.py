"""The tools that book, move and cancel visits."""

from world_builder.operations import (
    Assignment,
    Create,
    Let,
    Precondition,
    Sequence,
    Step,
    Update,
    object_schema,
)
from world_builder.tools import Tool
from world_builder.worlds.clinic.rules import CANCELLED_BY
from world_builder.worlds.clinic.tools.arguments import (
    APPOINTMENT_ID,
    CHANGES,
    PATIENT_ID,
    PRACTITIONER_ID,
    REFERRAL_ID,
    ROOM_ID,
    SERVICE_ID,
    START,
    bound,
    choice,
    day,
    text,
)
from world_builder.worlds.clinic.tools.prices import COPAY_LETS
from world_builder.worlds.clinic.tools.slots import (
    CLOSED,
    PEOPLE,
    SLOT_RULES,
    preconditions,
    slot_lets,
)

_ROOM_FREE = Precondition(
    check="room.id in free_rooms",
    message="{room.id} cannot be used then; free for it: {join(free_rooms, ', ')}",
)
_REFERRAL_FITS = Precondition(
    check="args.referral_id == null ? !needs_referral : args.referral_id in valid_referrals",
    message="give a referral_id that is the patient's, for {service.specialty}, valid on "
    "{args.day} and with visits left; see find_referrals",
)
_ENTRY_FITS = Precondition(
    check="waiting_entry == null || (waiting_entry.patient_id == patient.id && "
    "waiting_entry.service_id == service.id && waiting_entry.status == 'waiting')",
    message="the waiting-list entry is not this patient's, not for {service.name}, or not waiting",
)

_VALUES = (
    Assignment(field="practitioner_id", value="practitioner.id"),
    Assignment(field="room_id", value="room.id"),
    Assignment(field="day", value="args.day"),
    Assignment(field="start", value="args.start"),
    Assignment(field="end", value="finish"),
    Assignment(field="copay_cents", value="copay"),
)

BOOK_APPOINTMENT = Tool(
    name="book_appointment",
    title="Book an appointment",
    description="Books a visit, uses a visit of the referral, and closes a waiting-list entry.",
    group=CHANGES,
    is_read_only=False,
    parameters=object_schema(
        {
            "patient_id": PATIENT_ID,
            "service_id": SERVICE_ID,
            "practitioner_id": PRACTITIONER_ID,
            "room_id": ROOM_ID,
            "day": day(),
            "start": START,
            "referral_id": REFERRAL_ID,
            "waiting_entry_id": text("Such as wait-044; when the visit is given to that entry."),
        },
        ("patient_id", "service_id", "practitioner_id", "room_id", "day", "start"),
    ),
    operation=Sequence(
        steps=(
            Step(
                name="visit",
                operation=Create(
                    entity_type="appointment",
                    bindings=(
                        *PEOPLE,
                        bound("room", "args.room_id"),
                        bound("waiting_entry", "args.waiting_entry_id", is_optional=True),
                    ),
                    lets=(*slot_lets(), *COPAY_LETS),
                    preconditions=(
                        *preconditions(SLOT_RULES),
                        _ROOM_FREE,
                        _REFERRAL_FITS,
                        _ENTRY_FITS,
                    ),
                    values=(
                        Assignment(field="patient_id", value="patient.id"),
                        Assignment(field="service_id", value="service.id"),
                        Assignment(field="referral_id", value="args.referral_id"),
                        *_VALUES,
                        Assignment(field="status", value="'booked'"),
                        Assignment(field="booked_on", value="date(now)"),
                        Assignment(field="is_late", value="false"),
                        Assignment(field="fee_cents", value="0"),
                    ),
                ),
            ),
            Step(
                name="referral",
                when="args.referral_id != null",
                operation=Update(
                    entity_type="referral",
                    id="args.referral_id",
                    values=(Assignment(field="visits_used", value="it.visits_used + 1"),),
                ),
            ),
            Step(
                name="entry",
                when="args.waiting_entry_id != null",
                operation=Update(
                    entity_type="waiting_entry",
                    id="args.waiting_entry_id",
                    values=(
                        Assignment(field="status", value="'booked'"),
                        Assignment(field="appointment_id", value="visit.id"),
                    ),
                ),
            ),
        ),
        result=(
            Let(name="appointment_id", value="visit.id"),
            Let(name="end", value="visit.end"),
            Let(name="copay_cents", value="visit.copay_cents"),
            Let(
                name="referral_visits_left",
                value="referral == null ? null : referral.visits_approved - referral.visits_used",
            ),
        ),
    ),
)

_NOTICE_LETS = (
    Let(
        name="days_before",
        value="[1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(n, add_days(it.day, -n)).filter(d, "
        f"!(timestamp(d + 'T12:00:00Z').getDayOfWeek() in [0, 6]) && !(d in {CLOSED}))",
    ),
    Let(name="last_moment", value="days_before[service.notice_days - 1] + 'T' + it.start"),
)
"""`last_moment + ':00~'` comes after that very minute in any offset and before the next second."""
_STILL_AHEAD = Precondition(
    check="it.status == 'booked' && string(now) < it.day + 'T' + it.start",
    message="{it.id} is {it.status} on {it.day} at {it.start}; only a visit ahead can change",
)

MOVE_APPOINTMENT = Tool(
    name="move_appointment",
    title="Move an appointment",
    description="Moves a booked visit to another time, room or practitioner; refused once the "
    "notice has run out.",
    group=CHANGES,
    is_read_only=False,
    parameters=object_schema(
        {
            "id": APPOINTMENT_ID,
            "day": day(),
            "start": START,
            "room_id": ROOM_ID,
            "practitioner_id": text("Only when another one takes over."),
        },
        ("id", "day", "start", "room_id"),
    ),
    operation=Update(
        entity_type="appointment",
        bindings=(
            bound("patient", "it.patient_id"),
            bound(
                "practitioner",
                "args.practitioner_id == null ? it.practitioner_id : args.practitioner_id",
            ),
            bound("service", "it.service_id"),
            bound("room", "args.room_id"),
            bound("referral", "it.referral_id", is_optional=True),
        ),
        lets=(*_NOTICE_LETS, *slot_lets("it.id"), *COPAY_LETS),
        preconditions=(
            _STILL_AHEAD,
            Precondition(
                check="string(now) <= last_moment + ':00~'",
                message="{it.id} could be moved until {last_moment}; it can only be cancelled now",
            ),
            *preconditions(SLOT_RULES),
            _ROOM_FREE,
            Precondition(
                check="referral == null || "
                "(referral.valid_from <= args.day && args.day <= referral.valid_until)",
                message="the referral of the visit is valid until {referral.valid_until}",
            ),
        ),
        values=_VALUES,
    ),
)

CANCEL_APPOINTMENT = Tool(
    name="cancel_appointment",
    title="Cancel an appointment",
    description="Cancels a booked visit and gives its referral visit back. Notice counts from the "
    "message, if one is named, else from now. A late fee is charged unless waived.",
    group=CHANGES,
    is_read_only=False,
    parameters=object_schema(
        {
            "id": APPOINTMENT_ID,
            "cancelled_by": choice(CANCELLED_BY, "Who gives the visit up."),
            "message_id": text("The message by which the patient cancelled, such as msg-511."),
            "waive_fee": {
                "type": "boolean",
                "default": False,
                "description": "True forgives the late fee, where the policy allows it.",
            },
        },
        ("id", "cancelled_by"),
    ),
    operation=Sequence(
        steps=(
            Step(
                name="visit",
                operation=Update(
                    entity_type="appointment",
                    bindings=(
                        bound("service", "it.service_id"),
                        bound("message", "args.message_id", is_optional=True),
                    ),
                    lets=(
                        *_NOTICE_LETS,
                        Let(
                            name="told_at",
                            value="message == null ? string(now) : message.received_at",
                        ),
                        Let(
                            name="late",
                            value="args.cancelled_by == 'patient' "
                            "&& told_at > last_moment + ':00~'",
                        ),
                    ),
                    preconditions=(
                        _STILL_AHEAD,
                        Precondition(
                            check="args.message_id == null || message != null",
                            message="no message has the id {args.message_id}; see find_messages",
                        ),
                    ),
                    values=(
                        Assignment(field="status", value="'cancelled'"),
                        Assignment(field="cancelled_at", value="told_at"),
                        Assignment(field="cancelled_by", value="args.cancelled_by"),
                        Assignment(field="is_late", value="late"),
                        Assignment(
                            field="fee_cents",
                            value="late && !args.waive_fee ? service.late_fee_cents : 0",
                        ),
                    ),
                ),
            ),
            Step(
                name="referral",
                when="visit.referral_id != null",
                operation=Update(
                    entity_type="referral",
                    id="visit.referral_id",
                    values=(Assignment(field="visits_used", value="it.visits_used - 1"),),
                ),
            ),
        ),
        result=(
            Let(name="appointment_id", value="visit.id"),
            Let(name="is_late", value="visit.is_late"),
            Let(name="fee_cents", value="visit.fee_cents"),
        ),
    ),
)
