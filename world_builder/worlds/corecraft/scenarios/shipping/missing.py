"""The scenario `what-is-missing`: which items of an order are there and which are still to come."""

import re
from collections.abc import Iterator
from random import Random

from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import changes_nothing, is_table
from world_builder.templates.phrases import count_pattern
from world_builder.worlds.corecraft.company import Company, Order, Product, Shipment
from world_builder.worlds.corecraft.policies import ORDER_DESK
from world_builder.worlds.corecraft.reckoning.parcels import CarrierDelay, carrier_delay
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import asked_by, counted, requester, spoken_day
from world_builder.worlds.corecraft.scenarios.shipping.shipping_back import decides
from world_builder.worlds.corecraft.scenarios.shipping.wording import (
    day_of,
    day_pattern,
    in_one_row,
)

_NUM = 18
_FEW_DAYS, _MOST_ITEMS = 60, 5
_THERE = r"\barrived\b|\bdelivered\b|\bcame\b|\breceived\b|\byes\b|\bhere\b|✓|✔"
_NOT_THERE = (
    r"\bnot?\b|n['’]t\b|\bmissing\b|\bopen\b|\bpending\b|\bunder way\b|\btransit\b|\bway\b|\blost\b"
    r"|\bdelayed\b|\breturn\w*|\blabel\b|\bout for\b|\boutstanding\b|\bwaiting\b|✗"
)
_OUTSTANDING = (
    r"\b(?:missing|outstanding|open|to come|undelivered|under way|on (?:its|their|the) way)\b"
    r"|(?:\bnot?\b|n['’]t\b) (?:yet )?(?:\w+ )?(?:arrived|delivered|there|here|received|come)\b"
)

_PHRASINGS = (
    "Which items of {order} have arrived and which have not? A table please, one row per item "
    "with its parcel, arrived or not, and the day (of arrival, or promised). Say how many are "
    "still missing.",
    "The customer of {order} unpacks and counts. Help me count along: item, parcel id, there or "
    "not there, date it came or is promised for, as rows of a table, and the number of items "
    "that are still to come.",
    "{order}: whats there, whats missing? table w/ item | parcel | arrived y/n | day (came / "
    "promised) + how many are missing in total",
    "Before anything is sent a second time, I need to see {order} item by item. Put into a table "
    "which parcel each one is in, whether that one has been delivered, and when it was, or else "
    "when it should be. Below the table: how many items are outstanding, if any.",
    "Someone claims that {order} came incomplete. Is that so? One line per product in a table, "
    "with the shipment it went into, its arrival (yes or no) and the matching day, actual or "
    "promised. Then tell me the number of products not there yet.",
    "I can't see from the ticket what is still open in {order}. Please lay it out: every item, "
    "its parcel, has it come, on what day did it come or for what day is it promised. Table "
    "form. And the count of what has not come.",
    "For the phone: a small table about {order} that tells me for each of its items the parcel, "
    "the state (arrived / not arrived) and the day belonging to it. I also have to tell them how "
    "many items they still wait for.",
    "How many items of {order} has the customer not received, and which? List all of them, "
    "received or not, in a table: item, parcel, received or not, day received or day promised.",
    "Please check {order} against its parcels. I want to know per item whether it is with the "
    "customer already, in which parcel it was or is, and the delivery day or else the promised "
    "one (table, please), plus a sentence with the number of missing items.",
    "Could be complete, could be half of it: {order}. Make a table with items down the side and "
    "parcel id, arrived yes/no, day of arrival or promise across, and add how many items are not "
    "there.",
)
_DETAILS = (
    "The customer has the parts laid out on the floor.",
    "Numbers of pieces do not matter, only which items.",
    "I only look at it, I change nothing.",
    "They asked twice already.",
    "One of the boxes looked light, they say.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("what-is-missing")
    for order in _orders(desk.model, rng):
        yield _draft(desk, order, rng)


def _orders(company: Company, rng: Random) -> list[Order]:
    """Half there, nothing there and all there by turns, two parcels before one."""
    today = company.now.date()
    delay = carrier_delay(company)
    found = [
        order
        for order in company.orders
        if 1 < len(order.lines) <= _MOST_ITEMS
        and _has_sure_days(company.shipments_of(order.id), delay)
        and (today - order.placed_at.date()).days < _FEW_DAYS
    ]
    rng.shuffle(found)
    found.sort(key=lambda order: -len(company.shipments_of(order.id)))
    return by_turns(found, lambda order: _kind(company, order))


def _has_sure_days(parcels: list[Shipment], delay: CarrierDelay) -> bool:
    """Whether it was sent, and no carrier's delay moves the day of a parcel under way."""
    return bool(parcels) and all(p.delivered_at or not delay.covers(p) for p in parcels)


def _kind(company: Company, order: Order) -> tuple[bool, bool, int, int]:
    """Whether some came and some did not, and by turns within that."""
    arrived = [parcel.delivered_at is not None for parcel in company.shipments_of(order.id)]
    is_half = any(arrived) and not all(arrived)
    return any(arrived), all(arrived), len(arrived), len(order.lines) if is_half else 0


def _draft(desk: Desk[Company], order: Order, rng: Random) -> Draft:
    company = desk.model
    items = _items(company, order)
    num_missing = sum(parcel.delivered_at is None for _, parcel in items)
    session = desk.session()
    session.call("get_order", id=order.id)
    for product, _ in items:
        session.call("search_products", id=product.id)
    return Draft(
        title=f"What has arrived of {order.id}?",
        keys=(order.id,),
        slots={"order": order.id},
        calls=session.calls,
        response=_table(items, num_missing),
        criteria=(
            *(row for product, parcel in items for row in _rows(product, parcel)),
            is_table(len(items)),
            _says_missing(num_missing, len(items)),
            changes_nothing(),
        ),
        requester=requester(asked_by(company, rng, "support", "warehouse", "returns")),
    )


def _items(company: Company, order: Order) -> list[tuple[Product, Shipment]]:
    """Each product with the parcel it is in."""
    return [
        (company.product(product_id), parcel)
        for parcel in company.shipments_of(order.id)
        for product_id in parcel.product_ids
    ]


def _table(items: list[tuple[Product, Shipment]], num_missing: int) -> str:
    rows = "\n".join(
        f"| {product.name} | {parcel.id} | {'arrived' if parcel.delivered_at else 'not arrived'} "
        f"| {spoken_day(day_of(parcel))} |"
        for product, parcel in items
    )
    head = "| Item | Parcel | Arrived | Day of arrival or promise |\n|---|---|---|---|"
    told = f"{counted(num_missing, 'item is', 'items are')} still missing."
    return f"{head}\n{rows}\n\n{told if num_missing else 'Nothing is missing.'}"


def _rows(product: Product, parcel: Shipment) -> tuple[Criterion, Criterion]:
    name, one = re.escape(product.name), rf"{parcel.id}|{parcel.tracking_number}"
    day = day_of(parcel)
    row = rf"\|[ *`]*(?:\d+ ?[x×] ?)?{name}"
    if parcel.delivered_at is not None:
        told, state = f"arrived on {day}", rf"(?!.*(?:{_NOT_THERE})).*(?:{_THERE})"
    else:
        told, state = f"has not arrived and is promised for {day}", _NOT_THERE
    return (
        in_one_row(f"parcel-{product.id}", f"Puts {product.name} into {parcel.id}.", row, one),
        in_one_row(
            f"state-{product.id}",
            f"Says in one row that {product.name} {told}.",
            row,
            _outside(name, state),
            day_pattern(day),
        ),
    )


def _outside(name: str, pattern: str) -> str:
    """Finds a pattern in the part of a row after the item's name."""
    return rf"{name}[^|\n]*\|(?:{pattern}|[^\n]*(?:{pattern}))"


def _says_missing(num_missing: int, num_items: int) -> Criterion:
    told = f"Says how many items are missing: {num_missing}."
    if num_missing == 0:
        pattern = (
            rf"\b(?:nothing|none|no items?|0(?: items?)?|zero)\b[^|\n]{{0,40}}(?:{_OUTSTANDING})"
            r"|\b(?:all|everything|complete)\b|(?:missing|outstanding)\W*(?:0|none)"
        )
        return decides("missing", told, pattern)
    count = count_pattern(num_missing)
    if num_missing == num_items:
        count += r"|\b(?:all|both)\b"
    pattern = (
        rf"(?:{count})[^|\n]{{0,40}}(?:{_OUTSTANDING})"
        rf"|(?:{_OUTSTANDING})[^|\n]{{0,25}}(?:{count})"
    )
    return decides("missing", told, pattern)


WHAT_IS_MISSING: Scenario[Company] = Scenario(
    name="what-is-missing",
    category=Category.INFORMATION_RETRIEVAL,
    difficulty=Difficulty.MEDIUM,
    system_prompt=ORDER_DESK,
    intent="Know item by item what of {order} is with the customer and what is still to come, and "
    "when.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
