"""The entity types of the clinic.

Declarations only; the story fills them.
"""

from world_builder.entities import EntityType, Field, FieldKind
from world_builder.worlds.clinic import rules

_TIME = r"^([01]\d|2[0-3]):(00|15|30|45)$"


def _text(name: str, title: str = "", *, required: bool = True, note: str = "") -> Field:
    least = 1 if required else None
    return Field(
        name=name, title=title, kind=FieldKind.TEXT, required=required, minimum=least, help=note
    )


def _long_text(name: str, *, required: bool = True, note: str = "") -> Field:
    return Field(name=name, kind=FieldKind.LONG_TEXT, required=required, help=note)


def _choice(name: str, options: tuple[str, ...], *, required: bool = True, note: str = "") -> Field:
    return Field(name=name, kind=FieldKind.ENUM, options=options, required=required, help=note)


def _day(name: str, *, required: bool = True, note: str = "") -> Field:
    return Field(name=name, kind=FieldKind.DATE, required=required, help=note)


def _moment(name: str, *, required: bool = False, note: str = "") -> Field:
    return Field(name=name, kind=FieldKind.DATETIME, required=required, help=note)


def _time(name: str, note: str = "") -> Field:
    return Field(name=name, kind=FieldKind.TEXT, required=True, pattern=_TIME, help=note)


def _money(name: str, title: str, note: str = "") -> Field:
    return Field(name=name, title=title, kind=FieldKind.MONEY, required=True, minimum=0, help=note)


def _whole(name: str, minimum: int = 0, note: str = "") -> Field:
    return Field(name=name, kind=FieldKind.INTEGER, required=True, minimum=minimum, help=note)


def _flag(name: str, title: str, note: str = "") -> Field:
    return Field(name=name, title=title, kind=FieldKind.BOOLEAN, required=True, help=note)


def _link(kind: str, *, required: bool = True, note: str = "") -> Field:
    return Field(
        name=f"{kind}_id",
        title=kind.replace("_", " ").capitalize(),
        kind=FieldKind.REFERENCE,
        entity_type=kind,
        required=required,
        help=note,
    )


def _many(name: str, *parts: Field, note: str = "") -> Field:
    item = Field(name="item", kind=FieldKind.OBJECT, fields=parts)
    return Field(name=name, kind=FieldKind.LIST, item=item, required=True, help=note)


def _spans(name: str, note: str) -> Field:
    return _many(name, _day("first_day"), _day("last_day"), _text("reason"), note=note)


PATIENT = EntityType(
    name="patient",
    title="Patient",
    plural="Patients",
    description="Somebody who is seen at the clinic.",
    id_format="pat-{n:4}",
    title_field="name",
    fields=(
        _text("name"),
        _day("date_of_birth", note="With the full name, what callers must know."),
        _text("phone"),
        _text("email", "E-mail"),
        _choice("plan", tuple(rules.PLANS), note="The insurance plan."),
        _choice("preferred_contact", rules.CONTACT_WAYS),
        _flag("needs_step_free", "Needs a step-free room"),
        _many("contacts", _text("name"), _text("relation"), note="Who may speak for the patient."),
    ),
)

PRACTITIONER = EntityType(
    name="practitioner",
    title="Practitioner",
    plural="Practitioners",
    description="Somebody who sees patients.",
    id_format="prc-{n:2}",
    title_field="name",
    fields=(
        _text("name"),
        _text("job_title"),
        _choice("specialty", rules.SPECIALTIES),
        _many("hours", _choice("weekday", rules.WEEKDAYS), _time("start"), _time("end")),
        _spans("absences", "Days, first and last included, on which nobody is seen."),
    ),
)

ROOM = EntityType(
    name="room",
    title="Room",
    plural="Rooms",
    description="Where patients are seen.",
    id_format="room-{n:2}",
    title_field="name",
    fields=(
        _text("name"),
        _choice("kind", rules.ROOM_KINDS),
        _flag("is_step_free", "Step-free"),
        _spans("closures", "Days, first and last included, on which it cannot be used."),
    ),
)

SERVICE = EntityType(
    name="service",
    title="Service",
    plural="Services",
    description="A type of appointment: how long, where, for how much.",
    id_format="svc-{n:2}",
    title_field="name",
    fields=(
        _text("name"),
        _choice("specialty", rules.SPECIALTIES),
        _choice("group", rules.GROUPS, note="What it counts as for fees and co-payments."),
        _choice("room_kind", rules.ROOM_KINDS),
        _whole("minutes", rules.QUARTER),
        _money("price_cents", "Price"),
        _flag("needs_referral", "Needs a referral under every plan"),
        _whole("notice_days", note="Working days before, at the same time, to cancel free."),
        _money("late_fee_cents", "Late fee"),
    ),
)

APPOINTMENT = EntityType(
    name="appointment",
    title="Appointment",
    plural="Appointments",
    description="A visit: who sees whom, where, when, and what became of it.",
    id_format="apt-{n:4}",
    fields=(
        _link("patient"),
        _link("practitioner"),
        _link("room"),
        _link("service"),
        _link("referral", required=False, note="Set when the visit uses one."),
        _day("day"),
        _time("start"),
        _time("end"),
        _choice("status", rules.APPOINTMENT_STATUSES),
        _day("booked_on"),
        _money("copay_cents", "Co-payment"),
        _moment("cancelled_at", note="When the clinic was told."),
        _choice("cancelled_by", rules.CANCELLED_BY, required=False),
        _flag("is_late", "Cancelled late"),
        _money("fee_cents", "Fee", "For a late cancellation or a missed visit."),
    ),
)

REFERRAL = EntityType(
    name="referral",
    title="Referral",
    plural="Referrals",
    description="Visits to a specialty that a doctor asked for and the insurer authorised.",
    id_format="ref-{n:3}",
    fields=(
        _link("patient"),
        _choice("specialty", rules.SPECIALTIES),
        _text("referred_by"),
        Field(
            name="authorisation_number",
            kind=FieldKind.TEXT,
            required=True,
            unique=True,
            minimum=1,
        ),
        _day("valid_from"),
        _day("valid_until", note="The last day on which a visit may take place."),
        _whole("visits_approved", 1),
        _whole("visits_used", note="Booked, held and missed visits; cancelled ones come back."),
    ),
)

MESSAGE = EntityType(
    name="message",
    title="Message",
    plural="Messages",
    description="What came in by the web form: unverified until name and birth date match.",
    id_format="msg-{n:3}",
    title_field="subject",
    fields=(
        _text("sender_name"),
        _day("sender_date_of_birth", required=False, note="As the sender gave it."),
        _moment("received_at", required=True),
        _text("subject"),
        _long_text("text"),
        _choice("status", rules.MESSAGE_STATUSES),
        _long_text("reply", required=False),
        _moment("answered_at"),
    ),
)

WAITING_ENTRY = EntityType(
    name="waiting_entry",
    title="Waiting-list entry",
    plural="Waiting-list entries",
    description="Somebody who waits for a visit of a service.",
    id_format="wait-{n:3}",
    fields=(
        _link("patient"),
        _link("service"),
        _link("practitioner", required=False, note="Empty: anybody."),
        _choice("part_of_day", rules.PARTS_OF_DAY),
        _day("not_before", required=False),
        _choice("priority", rules.PRIORITIES),
        _day("added_on"),
        _choice("status", rules.WAITING_STATUSES),
        _link("appointment", required=False, note="What came of it."),
    ),
)

ENTITY_TYPES: tuple[EntityType, ...] = (
    PATIENT,
    PRACTITIONER,
    ROOM,
    SERVICE,
    APPOINTMENT,
    REFERRAL,
    MESSAGE,
    WAITING_ENTRY,
)
