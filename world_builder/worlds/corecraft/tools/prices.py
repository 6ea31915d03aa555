"""The tools that reckon: what an order costs, how long a warranty runs."""

from world_builder.operations import Compute, Let, Precondition, object_schema
from world_builder.tools import Tool
from world_builder.worlds.corecraft import rules
from world_builder.worlds.corecraft.tools.arguments import (
    BOUND_CUSTOMER,
    BOUND_ORDER,
    CALCULATIONS,
    CUSTOMER_ID,
    ITEMS,
    KNOWN_ITEMS,
    ONCE_EACH,
    ORDER_ID,
    PARTS,
    PRODUCT_ID,
    SERVICE,
    STRANGE,
    flag,
)


def _by_tier(values: dict[str, int]) -> str:
    """CEL: a figure of the customer's tier."""
    cases = [f"customer.loyalty_tier == '{tier}' ? {value} : " for tier, value in values.items()]
    return f"({''.join(cases[1:])}{values[rules.TIERS[0]]})"


_OVERSIZE = " || ".join(f"p.product.category == '{name}'" for name in rules.OVERSIZE_CATEGORIES)
_IS = "customer.loyalty_tier == '{}'".format
_BASE_SHIPPING = (
    "args.shipping_service == 'standard' "
    f"? (net >= {rules.FREE_STANDARD_FROM_CENTS} || {_IS('gold')} || {_IS('platinum')} "
    f"? 0 : {rules.SHIPPING_CENTS['standard']}) "
    ": args.shipping_service == 'expedited' "
    f"? ({_IS('platinum')} ? 0 : {_IS('gold')} "
    f"? percent({rules.SHIPPING_CENTS['expedited']}, 50) : {rules.SHIPPING_CENTS['expedited']}) "
    f": ({_IS('platinum')} ? percent({rules.SHIPPING_CENTS['overnight']}, 50) "
    f": {rules.SHIPPING_CENTS['overnight']})"
)
PRICED = (
    PARTS,
    Let(name="goods", value="sum(parts.map(p, p.product.price_cents * p.qty))"),
    Let(
        name="regular",
        value="sum(parts.filter(p, !p.product.is_clearance).map(p, p.product.price_cents * p.qty))",
    ),
    Let(name="discount", value=f"percent(regular, {_by_tier(rules.DISCOUNT_PERCENT)})"),
    Let(name="net", value="goods - discount"),
    Let(
        name="assembly",
        value=f"args.with_assembly == true && !({_IS('platinum')}) ? {rules.ASSEMBLY_CENTS} : 0",
    ),
    Let(
        name="oversize",
        value=f"parts.exists(p, {_OVERSIZE}) && !({_IS('platinum')}) ? {rules.OVERSIZE_CENTS} : 0",
    ),
    Let(name="shipping", value=f"({_BASE_SHIPPING}) + oversize"),
)

CALCULATE_PRICE = Tool(
    name="calculate_price",
    title="Calculate a price",
    description="What products cost a customer today, with loyalty discount, assembly and "
    "shipping. Orders nothing and looks at no stock.",
    group=CALCULATIONS,
    parameters=object_schema(
        {
            "customer_id": CUSTOMER_ID,
            "items": ITEMS,
            "shipping_service": SERVICE,
            "with_assembly": {**flag("True: we put the parts together."), "default": False},
        },
        ("customer_id", "items", "shipping_service"),
    ),
    operation=Compute(
        bindings=(BOUND_CUSTOMER,),
        lets=(STRANGE, *PRICED),
        preconditions=(KNOWN_ITEMS, ONCE_EACH),
        result=(
            Let(name="goods_cents", value="goods"),
            Let(name="discount_cents", value="discount"),
            Let(name="assembly_cents", value="assembly"),
            Let(name="shipping_cents", value="shipping"),
            Let(name="total_cents", value="net + assembly + shipping"),
        ),
    ),
)

_PARCELS = (
    "find('shipment', 'order_id', order.id)"
    ".filter(s, s.product_ids.exists(i, i == args.product_id) && s.delivered_at != null)"
)

CHECK_WARRANTY = Tool(
    name="check_warranty",
    title="Check a warranty",
    description="How long the warranty of a product from an order runs for its customer, from the "
    "day that product's parcel arrived. Says nothing of what a warranty covers.",
    group=CALCULATIONS,
    parameters=object_schema(
        {"order_id": ORDER_ID, "product_id": PRODUCT_ID}, ("order_id", "product_id")
    ),
    operation=Compute(
        bindings=(BOUND_ORDER,),
        lets=(
            Let(name="parcels", value=_PARCELS),
            Let(name="bought", value="order.lines.filter(l, l.product_id == args.product_id)"),
        ),
        preconditions=(
            Precondition(
                check="bought.size() > 0",
                message="{order.id} has no product {args.product_id}; see its lines with get_order",
            ),
            Precondition(
                check="parcels.size() > 0",
                message="{args.product_id} of {order.id} has not been delivered: no warranty runs "
                "yet",
            ),
        ),
        result=(
            Let(name="delivered_on", value="date(parcels[0].delivered_at)"),
            Let(name="loyalty_tier", value="lookup('customer', order.customer_id).loyalty_tier"),
            Let(
                name="warranty_months",
                value="lookup('product', args.product_id).warranty_months + "
                f"(loyalty_tier == 'platinum' ? {rules.PLATINUM_WARRANTY_MONTHS} : 0)",
            ),
            Let(name="ends_on", value="add_months(delivered_on, warranty_months)"),
            Let(name="is_running", value="date(now) <= ends_on"),
        ),
    ),
)
