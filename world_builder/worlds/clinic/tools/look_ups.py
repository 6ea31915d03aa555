"""The tools that only look: people, visits, referrals, messages, the waiting list, rooms."""

from world_builder.operations import (
    Comparison,
    Filter,
    Search,
    Sequence,
    Step,
    object_schema,
)
from world_builder.tools import Tool
from world_builder.worlds.clinic.rules import (
    APPOINTMENT_STATUSES,
    MESSAGE_STATUSES,
    WAITING_STATUSES,
)
from world_builder.worlds.clinic.tools.arguments import (
    APPOINTMENT_ID,
    LOOK_UPS,
    PATIENT_ID,
    PRACTITIONER_ID,
    SERVICE_ID,
    SPECIALTY,
    choice,
    day,
    text,
)

_MANY = 40

FIND_PATIENTS = Tool(
    name="find_patients",
    title="Find patients",
    description="Patients by id, words of the name, e-mail or phone, or date of birth.",
    group=LOOK_UPS,
    parameters=object_schema(
        {
            "id": PATIENT_ID,
            "text": text("Words of name, e-mail or phone."),
            "date_of_birth": day(),
        }
    ),
    operation=Search(
        entity_type="patient",
        filters=(
            Filter(argument="id", fields=("id",)),
            Filter(argument="text", fields=("name", "email", "phone"), comparison=Comparison.TEXT),
            Filter(argument="date_of_birth", fields=("date_of_birth",)),
        ),
    ),
)

FIND_APPOINTMENTS = Tool(
    name="find_appointments",
    title="Find appointments",
    description="Appointments by patient, practitioner, service, day or status, first day first.",
    group=LOOK_UPS,
    parameters=object_schema(
        {
            "id": APPOINTMENT_ID,
            "patient_id": PATIENT_ID,
            "practitioner_id": PRACTITIONER_ID,
            "service_id": SERVICE_ID,
            "status": choice(APPOINTMENT_STATUSES, "Only this status."),
            "day": day("Only this day."),
            "from_day": day("This day or later."),
            "until_day": day("This day or earlier."),
        }
    ),
    operation=Search(
        entity_type="appointment",
        filters=(
            Filter(argument="id", fields=("id",)),
            Filter(argument="patient_id", fields=("patient_id",)),
            Filter(argument="practitioner_id", fields=("practitioner_id",)),
            Filter(argument="service_id", fields=("service_id",)),
            Filter(argument="day", fields=("day",)),
            Filter(argument="status", fields=("status",)),
        ),
        where="(args.from_day == null || it.day >= args.from_day)"
        " && (args.until_day == null || it.day <= args.until_day)",
        sort="day",
        limit=_MANY,
    ),
)

FIND_REFERRALS = Tool(
    name="find_referrals",
    title="Find referrals",
    description="A patient's referrals: specialty, validity, visits approved and used.",
    group=LOOK_UPS,
    parameters=object_schema({"patient_id": PATIENT_ID, "specialty": SPECIALTY}, ("patient_id",)),
    operation=Search(
        entity_type="referral",
        filters=(
            Filter(argument="patient_id", fields=("patient_id",)),
            Filter(argument="specialty", fields=("specialty",)),
        ),
        sort="valid_until",
    ),
)

FIND_MESSAGES = Tool(
    name="find_messages",
    title="Find messages",
    description="Messages by id, status, or words of sender, subject and text, oldest first.",
    group=LOOK_UPS,
    parameters=object_schema(
        {
            "id": text("Such as msg-511."),
            "status": choice(MESSAGE_STATUSES, "Only this status."),
            "text": text("Words of sender, subject or text."),
        }
    ),
    operation=Search(
        entity_type="message",
        filters=(
            Filter(argument="id", fields=("id",)),
            Filter(argument="status", fields=("status",)),
            Filter(
                argument="text",
                fields=("sender_name", "subject", "text"),
                comparison=Comparison.TEXT,
            ),
        ),
        sort="received_at",
    ),
)

FIND_WAITING_LIST = Tool(
    name="find_waiting_list",
    title="Find waiting-list entries",
    description="Waiting-list entries by service or patient, in the order they were made.",
    group=LOOK_UPS,
    parameters=object_schema(
        {
            "service_id": SERVICE_ID,
            "patient_id": PATIENT_ID,
            "status": choice(WAITING_STATUSES, "Only this status."),
        }
    ),
    operation=Search(
        entity_type="waiting_entry",
        filters=(
            Filter(argument="service_id", fields=("service_id",)),
            Filter(argument="patient_id", fields=("patient_id",)),
            Filter(argument="status", fields=("status",)),
        ),
        sort="added_on",
        limit=_MANY,
    ),
)

_OF_SPECIALTY = Filter(argument="specialty", fields=("specialty",))
_LISTED = Filter(argument="ids", fields=("id",), comparison=Comparison.IN)
_NAMED = Filter(argument="text", fields=("name",), comparison=Comparison.TEXT)

LOOK_UP_DIRECTORY = Tool(
    name="look_up_directory",
    title="Look up the directory",
    description="Services (price, length, notice), practitioners (hours, absences) and rooms "
    "(kind, closures), by ids, specialty or words of the name.",
    group=LOOK_UPS,
    parameters=object_schema(
        {
            "ids": {
                "type": "array",
                "items": {"type": "string"},
                "description": "Only these, such as prc-04, room-05, svc-07.",
            },
            "specialty": SPECIALTY,
            "text": text("Words of the name."),
        }
    ),
    operation=Sequence(
        steps=(
            Step(
                name="services",
                operation=Search(
                    entity_type="service",
                    filters=(_OF_SPECIALTY, _LISTED, _NAMED),
                    limit=_MANY,
                ),
            ),
            Step(
                name="practitioners",
                operation=Search(
                    entity_type="practitioner",
                    filters=(_OF_SPECIALTY, _LISTED, _NAMED),
                    limit=_MANY,
                ),
            ),
            Step(
                name="rooms",
                operation=Search(
                    entity_type="room",
                    filters=(_LISTED, _NAMED),
                    where="args.specialty == null"
                    " || services.results.exists(s, s.room_kind == it.kind)",
                    limit=_MANY,
                ),
            ),
        ),
    ),
)
