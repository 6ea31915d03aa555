"""How a Slack message is made: who is there to write it, and what it can speak of by then."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from world_builder.worlds.corecraft.company import (
    Article,
    Customer,
    Employee,
    Order,
    Product,
    Shipment,
    SlackChannel,
    SlackMessage,
)
from world_builder.worlds.corecraft.rules import CARRIERS, NOW
from world_builder.worlds.corecraft.story.ledger import on_weekday, some_time
from world_builder.worlds.corecraft.story.staff import was_at_work

_DAYS = 75


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What messages speak of."""

    staff: tuple[Employee, ...]
    customers: tuple[Customer, ...]
    products: tuple[Product, ...]
    orders: list[Order]
    shipments: list[Shipment]
    articles: tuple[Article, ...]

    def at_work(self, channel: SlackChannel, moment: datetime) -> list[Employee]:
        """Members of a channel who were there on a day."""
        members = set(channel.member_ids)
        return [e for e in self.staff if e.id in members and was_at_work(e, moment.date())]

    def recent_order(self, moment: datetime, rng: Random) -> Order:
        """One of the last orders that were placed before a moment."""
        known = [order for order in self.orders if order.placed_at < moment]
        return rng.choice(known[-80:])


def post(
    channel: SlackChannel,
    author_id: str | None,
    moment: datetime,
    text: str,
    source: Source,
    rng: Random,
    *,
    but: str | None = None,
) -> SlackMessage:
    """A message without its id; by any member but one when no author is given."""
    there = source.at_work(channel, moment)
    author = author_id or rng.choice([e for e in there if e.id != but]).id
    named = [e for e in there if e.id not in (author, but)]
    sold = [p for p in source.products if p.released_on <= moment.date()]
    return SlackMessage(
        id="",
        channel_id=channel.id,
        author_id=author,
        sent_at=moment,
        text=text.format(
            first=rng.choice(named).first_name,
            product=rng.choice(sold).name,
            order=source.recent_order(moment, rng).id if "{order}" in text else "",
            carrier=rng.choice(CARRIERS),
            month=f"{moment:%B}",
        ),
    )


def office_moment(rng: Random, days: int = _DAYS) -> datetime:
    """Office hours of a working day of the last days, before today."""
    day = on_weekday(NOW.date() - timedelta(days=rng.randrange(1, days + 1)))
    return some_time(day, rng, start=8, end=18)
