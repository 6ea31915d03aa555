"""The two policy documents; each is the system prompt of its tasks.

Kept short: a policy of two million parameters reads them too.
"""

from world_builder.world import Policy
from world_builder.worlds.tutorial.rules import (
    DAMAGED_RETURN_DAYS,
    DISCOUNT_PERCENT,
    FREE_SHIPPING_FROM_CENTS,
    RETURN_DAYS,
    SHIPPING_CENTS,
)

ORDER_DESK = "order-desk"
RETURNS_DESK = "returns-desk"

_STYLE = (
    "- Amounts as $12.40, dates as 2025-05-03, ids in full. "
    "At most 60 words; an e-mail only when asked."
)

POLICIES: tuple[Policy, ...] = (
    Policy(
        name=ORDER_DESK,
        title="Order desk",
        text=f"""# Larkspur Books: order desk
Look facts up with the tools; never guess.
- Loyalty discount: silver {DISCOUNT_PERCENT["silver"]} %, gold {DISCOUNT_PERCENT["gold"]} %.
- Shipping ${SHIPPING_CENTS / 100:.2f}; free for gold, and for goods from \
${FREE_SHIPPING_FROM_CENTS / 100:.2f}.
- Never sell more copies than are in stock.
- Only an order still in packing can be cancelled or sent elsewhere. Cancelling refunds its total.
- If a rule forbids the wish, change nothing and name the rule.
{_STYLE}
""",
    ),
    Policy(
        name=RETURNS_DESK,
        title="Returns desk",
        text=f"""# Larkspur Books: returns desk
Look facts up with the tools; never guess.
- Books come back within {RETURN_DAYS} days of delivery, each copy once, from delivered orders only.
- Final-sale titles do not come back.
- Exception: damaged copies, within {DAMAGED_RETURN_DAYS} days, final sale or not.
- Refund: the price paid per copy, without shipping.
- Create a return only when asked to. If a rule forbids it, change nothing and name the rule.
{_STYLE}
""",
    ),
)
