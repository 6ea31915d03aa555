"""The tool that quotes a build: only of parts that work together."""

from world_builder.operations import Create, Let, Precondition, object_schema
from world_builder.tools import Tool
from world_builder.worlds.corecraft import rules
from world_builder.worlds.corecraft.tools.arguments import (
    BOUND_CUSTOMER,
    CUSTOMER_ID,
    ITEMS,
    KNOWN_ITEMS,
    ONCE_EACH,
    STRANGE,
    WORKFLOW,
    choice,
    sets,
    text,
)
from world_builder.worlds.corecraft.tools.fitting import FITTING, FITTING_RULES

_FITS = tuple(
    Precondition(check=f"!({rule.when})", message=f"the parts do not fit: {rule.message}")
    for rule in FITTING_RULES
)
_SOLD = Precondition(
    check="unsold.size() == 0",
    message="{join(unsold, ', ')}: not sold any more; choose another part",
)

CREATE_BUILD = Tool(
    name="create_build",
    title="Quote a build",
    description="Writes a quote for a computer that we put together. Refused when the parts do "
    "not fit together or are no longer sold.",
    group=WORKFLOW,
    is_read_only=False,
    parameters=object_schema(
        {
            "customer_id": CUSTOMER_ID,
            "name": text("What the build is called."),
            "purpose": choice(rules.BUILD_PURPOSES, "What it is for."),
            "items": ITEMS,
            "notes": text("Wishes of the customer."),
        },
        ("customer_id", "name", "purpose", "items"),
    ),
    operation=Create(
        entity_type="build",
        bindings=(BOUND_CUSTOMER,),
        lets=(
            STRANGE,
            *FITTING,
            Let(
                name="unsold",
                value="parts.filter(p, p.product.status == 'discontinued').map(p, p.product.name)",
            ),
        ),
        preconditions=(KNOWN_ITEMS, ONCE_EACH, _SOLD, *_FITS),
        values=sets(
            name="args.name",
            customer_id="customer.id",
            order_id="null",
            purpose="args.purpose",
            status="'quoted'",
            parts="args.items",
            parts_cents="sum(parts.map(p, p.product.price_cents * p.qty))",
            assembly_cents=f"customer.loyalty_tier == 'platinum' ? 0 : {rules.ASSEMBLY_CENTS}",
            quoted_on="date(now)",
            due_on="null",
            technician_id="null",
            notes="args.notes",
        ),
    ),
)
