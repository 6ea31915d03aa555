"""The tools that carry tickets on: answer, hand over, end."""

from world_builder.operations import (
    Assignment,
    Binding,
    Create,
    Let,
    Precondition,
    Sequence,
    Step,
    Update,
    object_schema,
)
from world_builder.tools import Tool
from world_builder.worlds.corecraft import rules
from world_builder.worlds.corecraft.story.staff import ESCALATIONS_LEAD, SAFETY_OFFICER
from world_builder.worlds.corecraft.tools.arguments import (
    BOUND_EMPLOYEE,
    BOUND_TICKET,
    DAY,
    EMPLOYEE_ID,
    IS_ACTIVE,
    REFUND_ID,
    TICKET_ID,
    UPDATES,
    WORKFLOW,
    choice,
    sets,
    sets_given,
    text,
)

_SETTABLE = ("open", "pending_customer", "closed")
_IS_OPEN = "(ticket.status != 'resolved' && ticket.status != 'closed')"
_OPEN_ESCALATIONS = Let(
    name="escalations",
    value="find('escalation', 'ticket_id', args.ticket_id).filter(e, e.status != 'resolved')",
)

UPDATE_TICKET = Tool(
    name="update_ticket",
    title="Update a ticket",
    description="Answers the customer, writes an internal note, assigns, sets priority or status. "
    "Escalate with create_escalation and resolve with create_resolution. A resolved ticket can be "
    f"opened again for {rules.REOPEN_DAYS} days.",
    group=UPDATES,
    is_read_only=False,
    parameters=object_schema(
        {
            "id": TICKET_ID,
            "reply": text("What the customer is told; added to the messages."),
            "internal_note": text("Replaces the note that only we see."),
            "assignee_id": EMPLOYEE_ID,
            "priority": choice(rules.TICKET_PRIORITIES, "New priority."),
            "status": choice(_SETTABLE, "New status."),
            "employee_id": {**EMPLOYEE_ID, "description": "Who makes the change."},
        },
        ("id", "employee_id"),
    ),
    operation=Update(
        entity_type="support_ticket",
        bindings=(
            BOUND_EMPLOYEE,
            Binding(
                name="assignee", entity_type="employee", id="args.assignee_id", is_optional=True
            ),
        ),
        preconditions=(
            IS_ACTIVE,
            Precondition(
                check="args.reply != null || args.internal_note != null || args.priority != null "
                "|| args.assignee_id != null || args.status != null",
                message="say what to change: reply, internal_note, assignee_id, priority or status",
            ),
            Precondition(
                check="args.assignee_id == null || assignee != null",
                message="no employee has the id {args.assignee_id}; look it up with "
                "search_employees",
            ),
            Precondition(
                check="assignee == null || assignee.is_active",
                message="{assignee.name} no longer works here; choose another assignee",
            ),
            Precondition(
                check="it.status != 'closed'",
                message="{it.id} is closed and stays closed; the customer needs a new ticket",
            ),
            Precondition(
                check="it.status != 'resolved' || args.status != 'open' || "
                f"days_between(it.updated_at, now) <= {rules.REOPEN_DAYS}",
                message="{it.id} was resolved {days_between(it.updated_at, now)} days ago; it can "
                f"be opened again for {rules.REOPEN_DAYS} days",
            ),
            Precondition(
                check="args.status != 'closed' || it.status == 'resolved'",
                message="{it.id} is {it.status}; resolve it with create_resolution before it is "
                "closed",
            ),
            Precondition(
                check="it.status != 'escalated' || args.status == null",
                message="{it.id} is escalated; whoever took it up resolves it with "
                "create_resolution",
            ),
        ),
        values=(
            *sets_given(
                internal_note="args.internal_note",
                assignee_id="args.assignee_id",
                priority="args.priority",
                status="args.status",
            ),
            Assignment(
                field="messages",
                value="it.messages + [{'at': string(now), 'author': employee.name, "
                "'text': args.reply}]",
                when="args.reply != null",
            ),
            Assignment(field="updated_at", value="now"),
        ),
    ),
)

_OWNER = (
    f"args.level == 'tier_2' ? '{ESCALATIONS_LEAD}' : args.level == 'safety' "
    f"? '{SAFETY_OFFICER}' : find('employee', 'team', owner_team)"
    ".filter(e, e.role == 'manager' && e.is_active)[0].id"
)
_HOURS = (
    f"args.level == 'tier_2' ? {rules.ESCALATION_HOURS['tier_2']} : args.level == 'manager' "
    f"? {rules.ESCALATION_HOURS['manager']} : {rules.ESCALATION_HOURS['safety']}"
)

CREATE_ESCALATION = Tool(
    name="create_escalation",
    title="Escalate a ticket",
    description="Hands a ticket to somebody who may do more: tier_2 to the escalations lead, "
    "manager to the manager of the assignee's team (of whoever escalates when nobody is "
    "assigned), safety to the safety officer.",
    group=WORKFLOW,
    is_read_only=False,
    parameters=object_schema(
        {
            "ticket_id": TICKET_ID,
            "level": choice(rules.ESCALATION_LEVELS, "To whom it goes."),
            "reason": text("Why, in one sentence."),
            "employee_id": {**EMPLOYEE_ID, "description": "Who escalates."},
        },
        ("ticket_id", "level", "reason", "employee_id"),
    ),
    operation=Sequence(
        steps=(
            Step(
                name="escalation",
                operation=Create(
                    entity_type="escalation",
                    bindings=(
                        BOUND_TICKET,
                        BOUND_EMPLOYEE,
                        Binding(
                            name="assignee",
                            entity_type="employee",
                            id="ticket.assignee_id",
                            is_optional=True,
                        ),
                    ),
                    lets=(
                        _OPEN_ESCALATIONS,
                        Let(
                            name="owner_team",
                            value="assignee == null ? employee.team : assignee.team",
                        ),
                    ),
                    preconditions=(
                        IS_ACTIVE,
                        Precondition(
                            check=_IS_OPEN,
                            message="{ticket.id} is {ticket.status}; only an open ticket can be "
                            "escalated",
                        ),
                        Precondition(
                            check="escalations.size() == 0",
                            message="{ticket.id} already has the open escalation "
                            "{escalations[0].id} at level {escalations[0].level}",
                        ),
                    ),
                    values=sets(
                        ticket_id="ticket.id",
                        level="args.level",
                        reason="args.reason",
                        status="'open'",
                        raised_by_id="employee.id",
                        assigned_to_id=_OWNER,
                        created_at="now",
                        due_at=f"add_hours(now, {_HOURS})",
                        resolved_at="null",
                    ),
                ),
            ),
            Step(
                name="ticket",
                operation=Update(
                    entity_type="support_ticket",
                    id="args.ticket_id",
                    values=sets(status="'escalated'", updated_at="now"),
                ),
            ),
        ),
        result=(
            Let(name="escalation", value="escalation"),
            Let(name="assigned_to", value="lookup('employee', escalation.assigned_to_id).name"),
            Let(name="ticket_status", value="ticket.status"),
        ),
    ),
)

CREATE_RESOLUTION = Tool(
    name="create_resolution",
    title="Resolve a ticket",
    description="Ends a ticket with how it was solved. An escalated ticket is resolved by whoever "
    "the escalation is assigned to; the escalation ends with it.",
    group=WORKFLOW,
    is_read_only=False,
    parameters=object_schema(
        {
            "ticket_id": TICKET_ID,
            "kind": choice(rules.RESOLUTION_KINDS, "How it was solved."),
            "summary": text("What was done, for the next colleague."),
            "refund_id": {**REFUND_ID, "description": "For the kind refund: the refund."},
            "follow_up_on": DAY,
            "employee_id": {**EMPLOYEE_ID, "description": "Who resolves."},
        },
        ("ticket_id", "kind", "summary", "employee_id"),
    ),
    operation=Sequence(
        steps=(
            Step(
                name="resolution",
                operation=Create(
                    entity_type="resolution",
                    bindings=(
                        BOUND_TICKET,
                        BOUND_EMPLOYEE,
                        Binding(
                            name="refund",
                            entity_type="refund",
                            id="args.refund_id",
                            is_optional=True,
                        ),
                    ),
                    lets=(_OPEN_ESCALATIONS,),
                    preconditions=(
                        IS_ACTIVE,
                        Precondition(
                            check=_IS_OPEN,
                            message="{ticket.id} is {ticket.status} already",
                        ),
                        Precondition(
                            check="escalations.all(e, e.assigned_to_id == employee.id)",
                            message="{ticket.id} is escalated to {escalations[0].assigned_to_id}; "
                            "only they resolve it",
                        ),
                        Precondition(
                            check="(args.kind == 'refund') == (args.refund_id != null)",
                            message="the kind refund needs a refund_id, other kinds have none",
                        ),
                        Precondition(
                            check="args.refund_id == null || (refund != null "
                            "&& refund.customer_id == ticket.customer_id)",
                            message="{args.refund_id} is no refund of this ticket's customer; find "
                            "it with search_refunds",
                        ),
                    ),
                    values=sets(
                        ticket_id="ticket.id",
                        kind="args.kind",
                        summary="args.summary",
                        refund_id="args.refund_id",
                        resolved_by_id="employee.id",
                        created_at="now",
                        follow_up_on="args.follow_up_on",
                    ),
                ),
            ),
            Step(
                name="ticket",
                operation=Update(
                    entity_type="support_ticket",
                    id="args.ticket_id",
                    values=sets(status="'resolved'", updated_at="now"),
                ),
            ),
            Step(
                name="escalation",
                when="find('escalation', 'ticket_id', args.ticket_id)"
                ".exists(e, e.status != 'resolved')",
                operation=Update(
                    entity_type="escalation",
                    id="find('escalation', 'ticket_id', args.ticket_id)"
                    ".filter(e, e.status != 'resolved')[0].id",
                    values=sets(status="'resolved'", resolved_at="now"),
                ),
            ),
        ),
        result=(
            Let(name="resolution", value="resolution"),
            Let(name="ticket_status", value="ticket.status"),
            Let(name="resolved_escalation", value="escalation == null ? null : escalation.id"),
        ),
    ),
)
