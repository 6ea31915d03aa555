"""Slack: channels, and messages of which few matter and those decide."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from random import Random

from world_builder.worlds.corecraft.company import (
    Article,
    Employee,
    Order,
    Product,
    SlackChannel,
    SlackMessage,
)
from world_builder.worlds.corecraft.rules import CARRIERS, NOW
from world_builder.worlds.corecraft.story import slack_texts as texts
from world_builder.worlds.corecraft.story.ledger import DailyIds, later, some_time
from world_builder.worlds.corecraft.story.staff import (
    CATALOGUE_MANAGER,
    EDITOR,
    RETURNS_LEAD,
    SAFETY_OFFICER,
    SHIPPING_LEAD,
)

_INVENTORY = "emp-029"
_NUM_NOISE, _NUM_TALKS, _NUM_OUTDATED = 150, 62, 24
_DAYS = 75
_ARCHIVED = "#holiday-2024"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What messages speak of."""

    staff: tuple[Employee, ...]
    products: tuple[Product, ...]
    orders: list[Order]
    articles: tuple[Article, ...]


def build_channels(staff: tuple[Employee, ...]) -> tuple[SlackChannel, ...]:
    """The channels with their members; leads and managers are in all of them."""
    return tuple(
        SlackChannel(
            id=f"chan-{i:02}",
            name=name,
            purpose=purpose,
            member_ids=tuple(e.id for e in staff if _is_member(e, teams)),
            created_on=date(2019, 1, 14) + timedelta(days=i * 61),
            is_archived=name == _ARCHIVED,
        )
        for i, (name, purpose, teams) in enumerate(texts.CHANNELS, 1)
    )


def _is_member(employee: Employee, teams: tuple[str, ...]) -> bool:
    return not teams or employee.team in teams or employee.role in ("manager", "team_lead")


def build_messages(
    channels: tuple[SlackChannel, ...], source: Source, rng: Random
) -> tuple[SlackMessage, ...]:
    """All messages in the order of their time."""
    by_name = {channel.name: channel for channel in channels}
    posts = [*_noise(by_name, source, rng), *_decisions(by_name, source, rng)]
    ids = DailyIds()
    done: list[SlackMessage] = []
    threads = sorted(
        [*([post] for post in posts), *_talks(by_name, source, rng)], key=lambda t: t[0].sent_at
    )
    waiting: list[tuple[SlackMessage, int]] = [
        (message, i) for i, thread in enumerate(threads) for message in thread
    ]
    first_ids: dict[int, str] = {}
    for message, i in sorted(waiting, key=lambda w: (w[0].sent_at, w[1])):
        made = replace(message, id=ids.next("msg", message.sent_at))
        if i in first_ids:
            made = replace(made, reply_to_id=first_ids[i])
        first_ids.setdefault(i, made.id)
        done.append(made)
    return tuple(done)


def _noise(
    channels: dict[str, SlackChannel], source: Source, rng: Random
) -> Iterator[SlackMessage]:
    for _ in range(_NUM_NOISE):
        name = rng.choice(("#general", "#random", "#random", "#support-desk", "#build-lab"))
        yield _post(channels[name], None, _moment(rng), rng.choice(texts.NOISE), source, rng)
    for _ in range(_NUM_OUTDATED):
        name = rng.choice(("#support-desk", "#returns-desk", "#product-questions"))
        channel = channels[name]
        juniors = [e.id for e in source.staff if e.id in channel.member_ids and e.role == "agent"]
        author = rng.choice(juniors)
        yield _post(channel, author, _moment(rng), rng.choice(texts.OUTDATED), source, rng)


def _talks(
    channels: dict[str, SlackChannel], source: Source, rng: Random
) -> Iterator[list[SlackMessage]]:
    for _ in range(_NUM_TALKS):
        name = rng.choice(("#support-desk", "#product-questions", "#stock-room", "#returns-desk"))
        moment = _moment(rng)
        thread = [_post(channels[name], None, moment, rng.choice(texts.QUESTIONS), source, rng)]
        for _ in range(rng.choice((1, 1, 2))):
            moment = min(later(moment, rng, 2, 90), NOW - timedelta(minutes=1))
            answer = rng.choice(texts.ANSWERS)
            thread.append(_post(channels[name], None, moment, answer, source, rng))
        yield thread


def _decisions(
    channels: dict[str, SlackChannel], source: Source, rng: Random
) -> Iterator[SlackMessage]:
    """What a lead, a manager or the person in charge has settled."""
    sold = [p for p in source.products if p.status == "active"]
    for product in rng.sample([p for p in sold if p.stock > 0], 26):
        text = rng.choice(texts.STOCK_DECISIONS).replace("{product}", product.name)
        text = text.replace("{count}", str(max(0, product.stock - rng.choice((1, 2, 3, -2, -4)))))
        author = rng.choice((_INVENTORY, SHIPPING_LEAD))
        yield _post(channels["#stock-room"], author, _moment(rng, 6), text, source, rng)
    for product in [p for p in source.products if p.stock == 0 and p.status != "discontinued"]:
        day = NOW.date() + timedelta(days=rng.randrange(3, 25))
        text = rng.choice(texts.RESTOCK_DECISIONS).replace("{product}", product.name)
        text = text.replace("{date}", f"{day:%B} {day.day}")
        channel = channels["#stock-room"]
        yield _post(channel, CATALOGUE_MANAGER, _moment(rng, 5), text, source, rng)
    for text, ago in zip(texts.CARRIER_DECISIONS, (9, 2), strict=True):
        day = NOW.date() - timedelta(days=ago + 1)
        filled = text.replace("{carrier}", "FedEx").replace("{date}", f"{day:%B} {day.day}")
        moment = some_time(NOW.date() - timedelta(days=ago), rng, start=8, end=11)
        post = _post(channels["#shipping-news"], SHIPPING_LEAD, moment, filled, source, rng)
        yield replace(post, is_pinned=True)
    recent = [o for o in source.orders if o.status == "delivered"][-150:]
    for order in rng.sample(recent, 30):
        text = rng.choice(texts.EXCEPTION_DECISIONS).replace("{order}", order.id)
        product = next(
            p for p in source.products if p.id == rng.choice(order.lines).product_id or
            p.id == order.lines[0].product_id
        )  # fmt: skip
        author = rng.choice((RETURNS_LEAD, "emp-012", "emp-001"))
        filled = text.replace("{product}", product.name)
        channel = channels["#returns-desk"]
        yield _post(channel, author, _moment(rng, 8), filled, source, rng)
    for product in rng.sample([p for p in sold if p.category == "psu"], 2):
        text = texts.RECALL_DECISIONS[0].replace("{product}", product.name)
        post = _post(channels["#escalations"], SAFETY_OFFICER, _moment(rng, 20), text, source, rng)
        yield replace(post, is_pinned=True)
    for article in [a for a in source.articles if a.status == "current"]:
        text = rng.choice(texts.KB_NEWS).replace("{title}", article.title)
        filled = text.replace("{article}", article.id)
        yield _post(channels["#kb-changes"], EDITOR, _moment(rng, 60), filled, source, rng)


def _post(
    channel: SlackChannel,
    author_id: str | None,
    moment: datetime,
    text: str,
    source: Source,
    rng: Random,
) -> SlackMessage:
    active = [e for e in source.staff if e.is_active and e.id in channel.member_ids]
    return SlackMessage(
        id="",
        channel_id=channel.id,
        author_id=author_id or rng.choice(active).id,
        sent_at=moment,
        text=text.format(
            first=rng.choice(active).first_name,
            product=rng.choice(source.products).name,
            order=rng.choice(source.orders).id,
            carrier=rng.choice(CARRIERS),
        ),
    )


def _moment(rng: Random, days: int = _DAYS) -> datetime:
    """Office hours of one of the last days, before now."""
    day = NOW.date() - timedelta(days=rng.randrange(1, days + 1))
    return some_time(day, rng, start=8, end=18)
