"""Goods that a customer might ask a price for: a few products with their numbers."""

from collections.abc import Iterator
from datetime import date
from itertools import islice
from random import Random

from world_builder.templates import Session
from world_builder.worlds.corecraft.company import Company, Customer, Product
from world_builder.worlds.corecraft.reckoning.order_prices import Items, Quote
from world_builder.worlds.corecraft.rules import FREE_STANDARD_FROM_CENTS
from world_builder.worlds.corecraft.scenarios.common import listed, spoken_day
from world_builder.worlds.corecraft.scenarios.orders.finding import found_by_name

_QTYS = (1, 1, 1, 2, 2, 3)
_NEAR_CENTS = 700
"""How close to free shipping is close."""


def for_sale(company: Company) -> list[Product]:
    """What can be ordered today, enough of it for any number asked for here."""
    return [p for p in company.products if p.status == "active" and p.stock >= max(_QTYS)]


def baskets(company: Company, rng: Random) -> Iterator[Items]:
    """Two to four products each, most with a clearance item, many with something bulky."""
    known = for_sale(company)
    cheap = [p for p in known if p.is_clearance]
    bulky = [p for p in known if p.is_oversize and not p.is_clearance]
    plain = [p for p in known if not p.is_oversize and not p.is_clearance]
    while True:
        chosen = {p.id: p for p in rng.sample(plain, rng.choice((1, 1, 2)))}
        for kind, share in ((cheap, 0.8), (bulky, 0.6)):
            if rng.random() < share:
                product = rng.choice(kind)
                chosen[product.id] = product
        if len(chosen) > 1:
            yield tuple((product, rng.choice(_QTYS)) for product in chosen.values())


def small_baskets(company: Company, rng: Random, num: int) -> list[Items]:
    """Two products each that come to nearly the amount from which standard shipping is free."""
    known = sorted(for_sale(company), key=lambda p: p.id)
    pairs = [
        ((one, 1), (other, 1))
        for i, one in enumerate(known)
        for other in known[i + 1 :]
        if abs(one.price_cents + other.price_cents - FREE_STANDARD_FROM_CENTS - 200) < _NEAR_CENTS
        and one.is_clearance != other.is_clearance
    ]
    rng.shuffle(pairs)
    return list(islice(pairs, num))


def in_words(items: Items) -> str:
    """`2 x Hollin Barn and 1 x Borea Gale 120`."""
    return listed([f"{qty} x {product.name}" for product, qty in items])


def price(session: Session, customer: Customer, items: Items, service: str, quote: Quote) -> None:
    """Looks customer and goods up and has the price calculated.

    Raises ValueError when the tool says something else than the rules.
    """
    customer_id = found_by_name(session, customer)
    for product, _ in items:
        session.call("search_products", text=product.name)
    told = session.call(
        "calculate_price",
        customer_id=customer_id,
        items=[{"product_id": product.id, "qty": qty} for product, qty in items],
        shipping_service=service,
    )
    if told["total_cents"] != quote.total_cents:
        raise ValueError(f"the tool says {told['total_cents']}, the rules {quote.total_cents}")


def weekday(day: date) -> str:
    """A day with its weekday.

    >>> weekday(date(2025, 9, 16))
    'Tuesday, September 16, 2025'
    """
    return f"{day:%A}, {spoken_day(day)}"


def kind_of(items: Items) -> tuple[bool, bool]:
    """Whether something is on clearance, and whether something is bulky."""
    return any(p.is_clearance for p, _ in items), any(p.is_oversize for p, _ in items)
