"""The tools that check and create returns.

The rules are written once: `check_return` names all that are broken, `create_return` is refused by
the first.
"""

from dataclasses import dataclass

from world_builder.operations import (
    Assignment,
    Create,
    Let,
    Precondition,
    Rule,
    Rules,
    Severity,
    object_schema,
)
from world_builder.tools import Tool
from world_builder.worlds.tutorial.rules import DAMAGED_RETURN_DAYS, LAST_CALL_DAYS, RETURN_DAYS
from world_builder.worlds.tutorial.tools.arguments import (
    BOOK_ID,
    BOUND_BOOK,
    BOUND_ORDER,
    CHANGES,
    ORDER_ID,
    QTY,
    REASON,
    RULES,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _ReturnRule:
    """One rule of the returns policy: broken when `when` is true."""

    id: str
    when: str
    message: str


_RETURN_LETS = (
    Let(name="bought", value="order.lines.filter(l, l.book_id == args.book_id)"),
    Let(
        name="returned",
        value="sum(find('return_request', 'order_id', args.order_id)"
        ".filter(r, r.book_id == args.book_id).map(r, r.qty))",
    ),
    Let(name="left", value="bought.size() == 0 ? 0 : bought[0].qty - returned"),
    Let(
        name="window",
        value=f"args.reason == 'damaged' ? {DAMAGED_RETURN_DAYS} : {RETURN_DAYS}",
    ),
    Let(
        name="days",
        value="order.status == 'delivered' ? days_between(order.delivered_on, now) : 0",
    ),
)
_RETURN_RULES = (
    _ReturnRule(
        id="not_delivered",
        when="order.status != 'delivered'",
        message="{order.id} is {order.status}; only delivered orders come back",
    ),
    _ReturnRule(
        id="not_in_order",
        when="bought.size() == 0",
        message="{order.id} has no {book.id}; see its lines with get_order",
    ),
    _ReturnRule(
        id="final_sale",
        when="book.is_final_sale && args.reason != 'damaged'",
        message="{book.id} is final sale; it comes back only when damaged",
    ),
    _ReturnRule(
        id="too_late",
        when="days > window",
        message="delivered {days} days ago; the window is {window} days",
    ),
    _ReturnRule(
        id="already_returned",
        when="bought.size() > 0 && args.qty > left",
        message="{returned} of {bought[0].qty} copies already returned; {left} left",
    ),
)

CHECK_RETURN = Tool(
    name="check_return",
    title="Check a return",
    description="Whether copies of a book may come back from an order, and what forbids it.",
    group=RULES,
    parameters=object_schema(
        {
            "order_id": ORDER_ID,
            "book_id": BOOK_ID,
            "qty": {**QTY, "default": 1},
            "reason": REASON,
        },
        ("order_id", "book_id"),
    ),
    operation=Rules(
        bindings=(BOUND_ORDER, BOUND_BOOK),
        lets=_RETURN_LETS,
        rules=(
            *(Rule(id=rule.id, when=rule.when, message=rule.message) for rule in _RETURN_RULES),
            Rule(
                id="last_days",
                when="order.status == 'delivered' && days <= window "
                f"&& days >= window - {LAST_CALL_DAYS}",
                severity=Severity.WARNING,
                message="last day to return is {add_days(order.delivered_on, window)}",
            ),
        ),
    ),
)

CREATE_RETURN = Tool(
    name="create_return",
    title="Create a return",
    description="Takes copies of a book back from an order and refunds them.",
    group=CHANGES,
    is_read_only=False,
    parameters=object_schema(
        {"order_id": ORDER_ID, "book_id": BOOK_ID, "qty": QTY, "reason": REASON},
        ("order_id", "book_id", "qty", "reason"),
    ),
    operation=Create(
        entity_type="return_request",
        bindings=(BOUND_ORDER, BOUND_BOOK),
        lets=_RETURN_LETS,
        preconditions=tuple(
            Precondition(check=f"!({rule.when})", message=rule.message) for rule in _RETURN_RULES
        ),
        values=(
            Assignment(field="order_id", value="order.id"),
            Assignment(field="book_id", value="book.id"),
            Assignment(field="qty", value="args.qty"),
            Assignment(field="reason", value="args.reason"),
            Assignment(field="refund_cents", value="bought[0].price_cents * args.qty"),
            Assignment(field="created_on", value="date(now)"),
        ),
    ),
)
