"""The tools that write things down: waiting list, referrals, answers to messages."""

from world_builder.operations import (
    Assignment,
    Create,
    Let,
    Precondition,
    Update,
    object_schema,
)
from world_builder.tools import Tool
from world_builder.worlds.clinic.rules import PARTS_OF_DAY, PRIORITIES, SPECIALTIES
from world_builder.worlds.clinic.tools.arguments import (
    CHANGES,
    PATIENT_ID,
    SERVICE_ID,
    bound,
    choice,
    day,
    text,
)

ADD_TO_WAITING_LIST = Tool(
    name="add_to_waiting_list",
    title="Add to the waiting list",
    description="Puts a patient on the waiting list for a service.",
    group=CHANGES,
    is_read_only=False,
    parameters=object_schema(
        {
            "patient_id": PATIENT_ID,
            "service_id": SERVICE_ID,
            "practitioner_id": text("Only when it must be this one."),
            "part_of_day": choice(PARTS_OF_DAY, "When it suits.", default="any"),
            "not_before": day("Not on an earlier day."),
            "priority": choice(PRIORITIES, "How soon it should be.", default="routine"),
        },
        ("patient_id", "service_id"),
    ),
    operation=Create(
        entity_type="waiting_entry",
        bindings=(
            bound("patient", "args.patient_id"),
            bound("service", "args.service_id"),
            bound("practitioner", "args.practitioner_id", is_optional=True),
        ),
        lets=(
            Let(
                name="waiting",
                value="find('waiting_entry', 'patient_id', patient.id).filter(w, "
                "w.service_id == service.id && w.status == 'waiting').map(w, w.id)",
            ),
        ),
        preconditions=(
            Precondition(
                check="waiting.size() == 0",
                message="the patient already waits for {service.name}: {join(waiting, ', ')}",
            ),
            Precondition(
                check="args.practitioner_id == null || "
                "(practitioner != null && practitioner.specialty == service.specialty)",
                message="{args.practitioner_id} does not do {service.name}; see look_up_directory",
            ),
        ),
        values=(
            Assignment(field="patient_id", value="patient.id"),
            Assignment(field="service_id", value="service.id"),
            Assignment(field="practitioner_id", value="args.practitioner_id"),
            Assignment(field="part_of_day", value="args.part_of_day"),
            Assignment(field="not_before", value="args.not_before"),
            Assignment(field="priority", value="args.priority"),
            Assignment(field="added_on", value="date(now)"),
            Assignment(field="status", value="'waiting'"),
        ),
    ),
)

RECORD_REFERRAL = Tool(
    name="record_referral",
    title="Record a referral",
    description="Enters a referral that another practice has sent.",
    group=CHANGES,
    is_read_only=False,
    parameters=object_schema(
        {
            "patient_id": PATIENT_ID,
            "specialty": choice(SPECIALTIES, "What the visits are for."),
            "referred_by": text("The practice that refers."),
            "authorisation_number": text("The insurer's number, such as CB-48213."),
            "valid_from": day("The first day on which it can be used."),
            "valid_until": day("The last day on which it can be used."),
            "visits_approved": {
                "type": "integer",
                "minimum": 1,
                "maximum": 60,
                "description": "Visits authorised.",
            },
        },
        (
            "patient_id",
            "specialty",
            "referred_by",
            "authorisation_number",
            "valid_from",
            "valid_until",
            "visits_approved",
        ),
    ),
    operation=Create(
        entity_type="referral",
        bindings=(bound("patient", "args.patient_id"),),
        lets=(
            Let(
                name="known",
                value="find('referral', 'authorisation_number', args.authorisation_number)"
                ".map(r, r.id)",
            ),
        ),
        preconditions=(
            Precondition(
                check="known.size() == 0",
                message="{args.authorisation_number} is already recorded: {join(known, ', ')}",
            ),
            Precondition(
                check="args.valid_from <= args.valid_until",
                message="valid_from must not lie after valid_until",
            ),
        ),
        values=(
            Assignment(field="patient_id", value="patient.id"),
            Assignment(field="specialty", value="args.specialty"),
            Assignment(field="referred_by", value="args.referred_by"),
            Assignment(field="authorisation_number", value="args.authorisation_number"),
            Assignment(field="valid_from", value="args.valid_from"),
            Assignment(field="valid_until", value="args.valid_until"),
            Assignment(field="visits_approved", value="args.visits_approved"),
            Assignment(field="visits_used", value="0"),
        ),
    ),
)

ANSWER_MESSAGE = Tool(
    name="answer_message",
    title="Answer a message",
    description="Sends a reply to an open message and closes it.",
    group=CHANGES,
    is_read_only=False,
    parameters=object_schema(
        {"id": text("Such as msg-511."), "reply": text("The whole text of the reply.")},
        ("id", "reply"),
    ),
    operation=Update(
        entity_type="message",
        preconditions=(
            Precondition(
                check="it.status == 'open'",
                message="{it.id} was answered on {date(it.answered_at)}",
            ),
        ),
        values=(
            Assignment(field="status", value="'answered'"),
            Assignment(field="reply", value="args.reply"),
            Assignment(field="answered_at", value="string(now)"),
        ),
    ),
)
