"""The tool that refunds: what the books never allow, whoever asks.

Windows, conditions and exceptions are the policies' matter and the agent's to judge.
"""

from world_builder.operations import (
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
from world_builder.worlds.corecraft.tools.arguments import (
    BOUND_ORDER,
    EMPLOYEE_ID,
    ORDER_ID,
    PRODUCT_ID,
    TICKET_ID,
    UPDATES,
    cents,
    choice,
    sets,
)

_OF_LINE = "['changed_mind', 'defective', 'damaged_in_transit', 'wrong_item']"
_LETS = (
    Let(
        name="paid",
        value="find('payment', 'order_id', order.id).filter(p, p.status != 'failed' && "
        "p.status != 'authorized')",
    ),
    Let(name="left", value="paid.size() == 0 ? 0 : paid[0].amount_cents - paid[0].refunded_cents"),
    Let(name="line", value="order.lines.filter(l, l.product_id == args.product_id)"),
    Let(
        name="others",
        value="find('refund', 'order_id', order.id).filter(r, r.status != 'denied')",
    ),
    Let(
        name="returned",
        value="sum(others.filter(r, r.product_id == args.product_id).map(r, r.qty))",
    ),
    Let(name="qty_left", value="line.size() == 0 ? 0 : line[0].qty - returned"),
    Let(
        name="arrived",
        value="find('shipment', 'order_id', order.id).exists(s, s.delivered_at != null && "
        "s.product_ids.exists(i, i == args.product_id))",
    ),
    Let(
        name="line_cents",
        value="line.size() == 0 ? 0 : line[0].unit_price_cents * line[0].qty",
    ),
)  # fmt: skip
_PRECONDITIONS = (
    Precondition(
        check="paid.size() > 0",
        message="nothing has been charged for {order.id}, so nothing can be refunded",
    ),
    Precondition(
        check="paid[0].status != 'disputed'",
        message="{paid[0].id} is disputed; the bank decides, nothing is refunded meanwhile",
    ),
    Precondition(
        check="approver.is_active",
        message="{approver.name} no longer works here; name somebody who does",
    ),
    Precondition(check="args.amount_cents > 0", message="amount_cents must be more than 0"),
    Precondition(
        check="args.amount_cents <= left",
        message="{money(left)} of {order.id} can still be refunded, not {money(args.amount_cents)}",
    ),
    Precondition(
        check="args.amount_cents <= approver.refund_limit_cents",
        message="{approver.name} may approve up to {money(approver.refund_limit_cents)}; name "
        "somebody whose limit covers it, or escalate to the level manager",
    ),
    Precondition(
        check="args.product_id == null || line.size() > 0",
        message="{order.id} has no product {args.product_id}; see its lines with get_order",
    ),
    Precondition(
        check="args.product_id == null || (args.qty != null && args.condition != null)",
        message="a refund for a product needs qty and condition",
    ),
    Precondition(
        check="args.product_id == null || arrived",
        message="{args.product_id} of {order.id} has not been delivered",
    ),
    Precondition(
        check="args.product_id == null || args.qty <= qty_left",
        message="{qty_left} of {args.product_id} in {order.id} can still come back: the others "
        "were refunded or have a refund under way",
    ),
    Precondition(
        check="args.product_id == null || args.amount_cents <= line_cents",
        message="the line came to {money(line_cents)} before discount; the refund cannot be more",
    ),
    Precondition(
        check=f"args.product_id != null || !(args.reason in {_OF_LINE}) "
        "|| order.status == 'cancelled'",
        message="reason {args.reason} needs a product_id, unless the order is cancelled",
    ),
    Precondition(
        check="args.reason != 'late_delivery' || args.amount_cents <= order.shipping_cents",
        message="shipping of {order.id} was {money(order.shipping_cents)}; late delivery refunds "
        "no more than that",
    ),
    Precondition(
        check="args.reason != 'goodwill' || "
        f"(args.amount_cents <= {rules.GOODWILL_LIMIT_CENTS} "
        "&& !others.exists(r, r.reason == 'goodwill'))",
        message=f"goodwill is at most {{money({rules.GOODWILL_LIMIT_CENTS})}} and once per order",
    ),
)

CREATE_REFUND = Tool(
    name="create_refund",
    title="Create a refund",
    description="Approves a refund for items of a line, for late shipping, as goodwill, or for a "
    "cancelled order. The amount is what goes back, after any restocking fee. Check the policies "
    "first: this tool only refuses what the books never allow.",
    group=UPDATES,
    is_read_only=False,
    parameters=object_schema(
        {
            "order_id": ORDER_ID,
            "product_id": {**PRODUCT_ID, "description": "The item; leave out when it is not "
                           "for an item."},
            "qty": {"type": "integer", "minimum": 1, "maximum": 50,
                    "description": "Items that come back."},
            "reason": choice(rules.REFUND_REASONS, "Why money goes back."),
            "condition": choice(rules.ITEM_CONDITIONS, "Condition of the item."),
            "amount_cents": cents("What goes back to the customer."),
            "restocking_fee_cents": {**cents("What we keep."), "default": 0},
            "destination": {**choice(rules.REFUND_DESTINATIONS, "Where it goes."),
                            "default": "original_payment"},
            "approved_by_id": EMPLOYEE_ID,
            "ticket_id": TICKET_ID,
        },
        ("order_id", "reason", "amount_cents", "approved_by_id"),
    ),
    operation=Sequence(
        steps=(
            Step(
                name="refund",
                operation=Create(
                    entity_type="refund",
                    bindings=(
                        BOUND_ORDER,
                        Binding(name="approver", entity_type="employee", id="args.approved_by_id"),
                        Binding(name="ticket", entity_type="support_ticket", id="args.ticket_id",
                                is_optional=True),
                    ),
                    lets=_LETS,
                    preconditions=_PRECONDITIONS,
                    values=sets(
                        order_id="order.id",
                        payment_id="paid[0].id",
                        customer_id="order.customer_id",
                        product_id="args.product_id",
                        qty="args.product_id == null ? 0 : args.qty",
                        reason="args.reason",
                        condition="args.condition",
                        restocking_fee_cents="args.restocking_fee_cents",
                        amount_cents="args.amount_cents",
                        destination="args.destination",
                        status="'approved'",
                        created_at="now",
                        processed_at="null",
                        approved_by_id="approver.id",
                        ticket_id="args.ticket_id",
                    ),
                ),
            ),
            Step(
                name="payment",
                operation=Update(
                    entity_type="payment",
                    id="refund.payment_id",
                    values=sets(
                        refunded_cents="it.refunded_cents + args.amount_cents",
                        status="it.refunded_cents + args.amount_cents == it.amount_cents "
                        "? 'refunded' : 'partially_refunded'",
                    ),
                ),
            ),
            Step(
                name="customer",
                when="args.destination == 'store_credit'",
                operation=Update(
                    entity_type="customer",
                    id="refund.customer_id",
                    values=sets(
                        store_credit_cents="it.store_credit_cents + args.amount_cents",
                    ),
                ),
            ),
        ),
        result=(
            Let(name="refund", value="refund"),
            Let(name="payment_status", value="payment.status"),
            Let(name="refunded_cents", value="payment.refunded_cents"),
        ),
    ),
)  # fmt: skip
