"""What leads, managers and people in charge have settled in Slack."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from world_builder.worlds.corecraft.company import Order, SlackChannel, SlackMessage
from world_builder.worlds.corecraft.rules import NO_OPENED_RETURN_CATEGORIES, NOW, RETURN_DAYS
from world_builder.worlds.corecraft.story import slack_texts as texts
from world_builder.worlds.corecraft.story.ledger import at, on_weekday, some_time
from world_builder.worlds.corecraft.story.posts import Source, office_moment, post
from world_builder.worlds.corecraft.story.staff import (
    CATALOGUE_MANAGER,
    EDITOR,
    RETURNS_LEAD,
    SAFETY_OFFICER,
    SHIPPING_LEAD,
)

_INVENTORY, _CARE_HEAD, _RETURNS_MANAGER = "emp-029", "emp-001", "emp-012"
_CARRIER, _CARRIER_DAYS = "FedEx", (11, 3)
"""The carrier with a storm, and how many days ago it was said to begin and to be over."""
_NUM_EXCEPTIONS = 15
_EXCEPTION_DAYS = 8


def decisions(
    channels: dict[str, SlackChannel], source: Source, rng: Random
) -> Iterator[SlackMessage]:
    """All decisions, in no order."""
    yield from _on_stock(channels["#stock-room"], source, rng)
    yield from _on_carriers(channels["#shipping-news"], source, rng)
    yield from _on_returns(channels["#returns-desk"], source, rng)
    yield from _on_safety(channels["#escalations"], source, rng)
    yield from _on_articles(channels["#kb-changes"], source, rng)


def _on_stock(channel: SlackChannel, source: Source, rng: Random) -> Iterator[SlackMessage]:
    there = [p for p in source.products if p.status == "active" and p.stock > 0]
    for product in rng.sample(there, 26):
        text, by = rng.choice(texts.STOCK_DECISIONS)
        count = max(1, product.stock + rng.choice(by))
        text = text.replace("{product}", product.name).replace("{count}", str(count))
        author = rng.choice((_INVENTORY, SHIPPING_LEAD))
        yield post(channel, author, office_moment(rng, 6), text, source, rng)
    for product in [p for p in source.products if p.stock == 0 and p.status != "discontinued"]:
        day = NOW.date() + timedelta(days=rng.randrange(3, 25))
        text = rng.choice(texts.RESTOCK_DECISIONS).replace("{product}", product.name)
        text = text.replace("{date}", f"{day:%B} {day.day}")
        yield post(channel, CATALOGUE_MANAGER, office_moment(rng, 5), text, source, rng)


def _on_carriers(channel: SlackChannel, source: Source, rng: Random) -> Iterator[SlackMessage]:
    for text, ago in zip(texts.CARRIER_DECISIONS, _CARRIER_DAYS, strict=True):
        said_on = NOW.date() - timedelta(days=ago)
        day = said_on - timedelta(days=1)
        filled = text.replace("{carrier}", _CARRIER).replace("{date}", f"{day:%B} {day.day}")
        moment = some_time(said_on, rng, start=8, end=11)
        yield replace(post(channel, SHIPPING_LEAD, moment, filled, source, rng), is_pinned=True)


def _on_returns(channel: SlackChannel, source: Source, rng: Random) -> Iterator[SlackMessage]:
    """Exceptions, where the window had closed, and ways to go, where it had not."""
    products = {product.id: product for product in source.products}
    closed: list[tuple[Order, str]] = []
    still_open: list[tuple[Order, str]] = []
    for order, product_id, arrived in _arrivals(source):
        tier = next(c.loyalty_tier for c in source.customers if c.id == order.customer_id)
        days, window = (NOW - arrived).days, RETURN_DAYS[tier]
        product = products[product_id]
        if window + _EXCEPTION_DAYS < days < window + 45:
            closed.append((order, product_id))
        elif (
            _EXCEPTION_DAYS < days < window
            and not product.is_clearance
            and product.category not in NO_OPENED_RETURN_CATEGORIES
        ):
            still_open.append((order, product_id))
    for choices, wordings in (
        (closed, texts.CLOSED_WINDOW_DECISIONS),
        (still_open, texts.OPEN_WINDOW_DECISIONS),
    ):
        for order, product_id in _one_per_order(choices, rng)[:_NUM_EXCEPTIONS]:
            author = rng.choice((RETURNS_LEAD, _RETURNS_MANAGER, _CARE_HEAD))
            text = rng.choice(wordings).replace("{order}", order.id)
            text = text.replace("{product}", products[product_id].name)
            yield post(channel, author, office_moment(rng, _EXCEPTION_DAYS), text, source, rng)


def _arrivals(source: Source) -> Iterator[tuple[Order, str, datetime]]:
    orders = {order.id: order for order in source.orders}
    for shipment in source.shipments:
        order = orders[shipment.order_id]
        if shipment.delivered_at is not None and order.status == "delivered":
            for product_id in shipment.product_ids:
                yield order, product_id, shipment.delivered_at


def _one_per_order(choices: list[tuple[Order, str]], rng: Random) -> list[tuple[Order, str]]:
    """Choices in random order, the first of each order."""
    found: dict[str, tuple[Order, str]] = {}
    for order, product_id in rng.sample(choices, len(choices)):
        found.setdefault(order.id, (order, product_id))
    return list(found.values())


def _on_safety(channel: SlackChannel, source: Source, rng: Random) -> Iterator[SlackMessage]:
    sold = [p for p in source.products if p.status == "active" and p.category == "psu"]
    for product in rng.sample(sold, 2):
        text = texts.RECALL_DECISIONS[0].replace("{product}", product.name)
        moment = office_moment(rng, 20)
        yield replace(post(channel, SAFETY_OFFICER, moment, text, source, rng), is_pinned=True)


def _on_articles(channel: SlackChannel, source: Source, rng: Random) -> Iterator[SlackMessage]:
    replacing = {article.replaced_by_id for article in source.articles}
    for article in [a for a in source.articles if a.status == "current"]:
        moment = office_moment(rng, 60)
        text = texts.ARTICLE_CURRENT
        if article.id in replacing and rng.random() < 0.6:
            text = texts.ARTICLE_UPDATED
            day = on_weekday(article.updated_on)
            moment = at(day, rng.randrange(9, 17), rng.randrange(60))
        text = text.replace("{title}", article.title).replace("{article}", article.id)
        yield post(channel, EDITOR, moment, text, source, rng)
