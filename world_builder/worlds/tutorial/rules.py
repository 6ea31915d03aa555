"""The figures and choices of the shop's rules, in one place.

Tools put them into expressions, policies into words, `stock_room` into data and `consistency` into
invariants. No behaviour beyond the two price rules.
"""

GENRES = ("fiction", "poetry", "history", "cooking", "science", "travel")
TIERS = ("basic", "silver", "gold")
STATUSES = ("packing", "shipped", "delivered", "cancelled")
REASONS = ("changed_mind", "wrong_book", "damaged")

DISCOUNT_PERCENT = {"basic": 0, "silver": 5, "gold": 10}
SHIPPING_CENTS = 400
FREE_SHIPPING_FROM_CENTS = 5000
RETURN_DAYS = 30
DAMAGED_RETURN_DAYS = 60
LAST_CALL_DAYS = 5
"""So many days before a return is too late, `check_return` warns of the last day."""


def price_paid(list_price_cents: int, tier: str) -> int:
    """What a customer of the tier pays for a copy; list prices are multiples of 20 cents.

    >>> price_paid(1240, "silver")
    1178
    """
    return list_price_cents * (100 - DISCOUNT_PERCENT[tier]) // 100


def shipping(goods_cents: int, tier: str) -> int:
    """The shipping of goods at the price paid.

    >>> shipping(4980, "basic"), shipping(5000, "basic"), shipping(640, "gold")
    (400, 0, 0)
    """
    is_free = tier == "gold" or goods_cents >= FREE_SHIPPING_FROM_CENTS
    return 0 if is_free else SHIPPING_CENTS
