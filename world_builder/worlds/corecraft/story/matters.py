"""What customers write about their refunds, goods and accounts, and before they buy.

Each matter belongs to something that really happened. `tickets` makes tickets of them.
"""

from collections.abc import Iterator
from datetime import timedelta
from random import Random

from world_builder.worlds.corecraft.company import Refund
from world_builder.worlds.corecraft.rules import NOW
from world_builder.worlds.corecraft.story import ticket_texts as texts
from world_builder.worlds.corecraft.story.facts import Facts, Matter, between
from world_builder.worlds.corecraft.story.ledger import after, some_time
from world_builder.worlds.corecraft.story.matters_of_sales import (
    about_builds,
    about_parcels,
    about_payments,
)
from world_builder.worlds.corecraft.story.ticket_texts import TicketText

_ABOUT_GOODS = (
    # text, number of tickets, hours after the arrival: from, and until (0: now)
    (texts.WARRANTY_LATER, 17, 24 * 6, 0),
    (texts.WARRANTY_NOISE, 17, 24 * 9, 0),
    (texts.WARRANTY_TEA, 17, 24 * 2, 0),
    (texts.WARRANTY_LENGTH, 17, 3, 0),
    (texts.MEMORY_UNKNOWN, 10, 3, 24 * 12),
    *((text, 6, 24, 24 * 60) for text in texts.SAFETY),
    (texts.RETURN_UNOPENED, 9, 24, 24 * 60),
    (texts.RETURN_OPENED, 9, 24, 24 * 60),
    (texts.REFUND_DEAD, 4, 3, 24 * 25),
    (texts.REFUND_FAULTY, 3, 3, 24 * 25),
)
_DAYS_BACK, _SAFETY_DAYS_BACK = 75, 25
"""How long ago somebody can have written about goods, and about smoke and heat."""


def all_matters(facts: Facts, rng: Random) -> Iterator[Matter]:
    """Everything that somebody writes about, in no order."""
    yield from _about_refunds(facts, rng)
    yield from about_parcels(facts, rng)
    yield from _about_goods(facts, rng)
    yield from _before_buying(facts, rng)
    yield from about_builds(facts, rng)
    yield from about_payments(facts, rng)
    yield from _about_accounts(facts, rng)


def _about_refunds(facts: Facts, rng: Random) -> Iterator[Matter]:
    for refund in facts.refunds:
        order = facts.order[refund.order_id]
        known = _refund_texts(refund, facts)
        if not known or order.status == "cancelled" or rng.random() < 0.25:
            continue
        late = [s for s in facts.parcels[order.id] if s.is_late]
        yield Matter(
            customer_id=refund.customer_id,
            order=order,
            product_id=refund.product_id,
            at=after(refund.created_at, minutes=-rng.randrange(10, 60)),
            text=rng.choice(known),
            refund=refund,
            carrier=late[0].carrier if late else "",
            is_ended=refund.status in ("processed", "denied"),
        )
        yield from _impatient(refund, facts, rng)


def _impatient(refund: Refund, facts: Facts, rng: Random) -> Iterator[Matter]:
    """Now and then somebody asks where the money of a processed refund is."""
    done = refund.processed_at
    if done is None or refund.product_id is None or refund.destination == "store_credit":
        return
    end = min(NOW, after(done, hours=90))
    if end - done > timedelta(hours=24) and rng.random() < 0.2:
        yield Matter(
            customer_id=refund.customer_id,
            order=facts.order[refund.order_id],
            product_id=refund.product_id,
            at=between(after(done, hours=20), end, rng),
            text=texts.MONEY_WHERE,
        )


def _refund_texts(refund: Refund, facts: Facts) -> tuple[TicketText, ...]:
    """What somebody may have written who then got a refund."""
    if refund.reason == "changed_mind" and refund.product_id:
        if refund.condition == "opened":
            return (texts.RETURN_OPENED,)
        return texts.RETURN_UNOPENED, texts.RETURN_UNTOUCHED
    if refund.reason == "defective" and refund.product_id:
        category = facts.products[refund.product_id].category
        return tuple(text for text in texts.DEFECTS if category in text.fits)
    return {
        "wrong_item": (texts.RETURN_WRONG,),
        "damaged_in_transit": (texts.REFUND_DAMAGED,),
        "late_delivery": (texts.REFUND_LATE,),
    }.get(refund.reason, ())


def _about_goods(facts: Facts, rng: Random) -> Iterator[Matter]:
    """Questions, wishes and faults that no refund has answered."""
    arrived = [
        (order, line.product_id, facts.arrival(order.id, line.product_id))
        for order in facts.orders
        if order.status == "delivered"
        for line in order.lines
    ]
    for text, count, least, most in _ABOUT_GOODS:
        oldest = NOW - timedelta(days=_SAFETY_DAYS_BACK if text.is_safety else _DAYS_BACK)
        spans = []
        for order, product_id, moment in arrived:
            fits = not text.fits or facts.products[product_id].category in text.fits
            if moment is None or not fits or (order.id, product_id) in facts.touched:
                continue
            start = max(after(moment, hours=least), oldest)
            end = min(NOW, after(moment, hours=most)) if most else NOW
            if end - start > timedelta(hours=1):
                spans.append((order, product_id, start, end))
        for order, product_id, start, end in rng.sample(spans, min(count, len(spans))):
            yield Matter(
                customer_id=order.customer_id,
                order=order,
                product_id=product_id,
                at=between(start, end, rng),
                text=text,
            )


def _before_buying(facts: Facts, rng: Random) -> Iterator[Matter]:
    """Questions about what is not bought yet."""
    for text in (texts.FIT_ASKED, texts.POWER_ASKED):
        sold = [
            p
            for p in facts.products.values()
            if p.category in text.fits and p.status != "discontinued"
        ]
        for customer in rng.sample(sorted(facts.customers), 10):
            yield Matter(
                customer_id=customer,
                order=None,
                product_id=rng.choice(sold).id,
                at=some_time(NOW.date() - timedelta(days=rng.randrange(1, 50)), rng),
                text=text,
            )


def _about_accounts(facts: Facts, rng: Random) -> Iterator[Matter]:
    for customer in rng.sample(sorted(facts.customers), 16):
        day = NOW.date() - timedelta(days=rng.randrange(1, 50))
        is_highest = facts.customers[customer].loyalty_tier == "platinum"
        yield Matter(
            customer_id=customer,
            order=None,
            product_id=None,
            at=some_time(day, rng),
            text=texts.MOVED if is_highest else rng.choice((texts.TIER_ASKED, texts.MOVED)),
        )
