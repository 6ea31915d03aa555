"""The tool that changes orders before they leave the warehouse."""

from world_builder.frozen import Json
from world_builder.operations import Let, Precondition, Sequence, Step, Update, object_schema
from world_builder.tools import Tool
from world_builder.worlds.corecraft.tools.arguments import (
    BOUND_EMPLOYEE,
    EMPLOYEE_ID,
    IS_ACTIVE,
    ORDER_ID,
    UPDATES,
    choice,
    sets,
    sets_given,
    text,
)

_BUILD = Let(
    name="builds", value="find('build', 'order_id', it.id).filter(b, b.status != 'cancelled')"
)
_ADDRESS: dict[str, Json] = {
    "type": "object",
    "description": "The whole new address.",
    "properties": {
        "street": text("Number and street."),
        "city": text("Town."),
        "state": text("Two letters."),
        "zip": text("ZIP code."),
    },
    "required": ["street", "city", "state", "zip"],
    "additionalProperties": False,
}

UPDATE_ORDER = Tool(
    name="update_order",
    title="Update an order",
    description="Cancels an order, sends it elsewhere or changes its note, as long as nothing has "
    "been shipped. Cancelling also cancels its build; the refund is made with create_refund.",
    group=UPDATES,
    is_read_only=False,
    parameters=object_schema(
        {
            "id": ORDER_ID,
            "status": choice(("cancelled",), "The only status that can be set."),
            "ship_to": _ADDRESS,
            "notes": text("Replaces the note for warehouse and carrier."),
            "employee_id": {**EMPLOYEE_ID, "description": "Who makes the change."},
        },
        ("id", "employee_id"),
    ),
    operation=Sequence(
        steps=(
            Step(
                name="order",
                operation=Update(
                    entity_type="order",
                    bindings=(BOUND_EMPLOYEE,),
                    lets=(_BUILD,),
                    preconditions=(
                        IS_ACTIVE,
                        Precondition(
                            check="args.status != null || args.ship_to != null "
                            "|| args.notes != null",
                            message="say what to change: status, ship_to or notes",
                        ),
                        Precondition(
                            check="it.status == 'pending_payment' || it.status == 'processing'",
                            message="{it.id} is {it.status}; only an order that has not been "
                            "shipped can be changed",
                        ),
                        Precondition(
                            check="args.status == null || builds.all(b, b.status == 'ordered') "
                            "|| employee.role == 'team_lead' || employee.role == 'manager'",
                            message="its build {builds[0].id} is {builds[0].status}; only a team "
                            "lead or a manager may cancel now",
                        ),
                    ),
                    values=sets_given(
                        status="args.status", ship_to="args.ship_to", notes="args.notes"
                    ),
                ),
            ),
            Step(
                name="build",
                when="args.status != null && find('build', 'order_id', order.id)"
                ".exists(b, b.status != 'cancelled')",
                operation=Update(
                    entity_type="build",
                    id="find('build', 'order_id', order.id)"
                    ".filter(b, b.status != 'cancelled')[0].id",
                    values=sets(status="'cancelled'"),
                ),
            ),
        ),
        result=(
            Let(name="order", value="order"),
            Let(name="cancelled_build", value="build == null ? null : build.id"),
            Let(
                name="charged_cents",
                value="sum(find('payment', 'order_id', order.id).filter(p, p.status == 'captured')"
                ".map(p, p.amount_cents))",
            ),
        ),
    ),
)
