"""Whether a product is there and when it comes back: catalogue, and what was decided since.

Policy: a decision that a team lead or manager wrote in Slack counts, all other talk does not. The
newest decision counts.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime

from world_builder.worlds.corecraft.company import Company, Product, SlackMessage

DECIDING_ROLES = ("team_lead", "manager")
STOCK_ROOM = "#stock-room"
_COUNT = re.compile(r"\b(?:is at|only|we have) (\d+)\b")
_DAY = re.compile(r"\b(?:comes on|slips to) ([A-Z][a-z]+ \d{1,2})\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """What holds for a product today."""

    count: int
    """Free to sell."""
    back_on: date | None
    """When more come in; None when nobody knows, or it is there."""
    decision: SlackMessage | None
    """The message that says so; None when the catalogue does."""
    talk: SlackMessage | None
    """The newest message that says otherwise and does not count."""


def stock_of(company: Company, product: Product) -> Stock:
    """The stock of a product by the newest decision, else by the catalogue."""
    told = messages_on(company, product)
    decisions = [m for m in told if company.employee(m.author_id).role in DECIDING_ROLES]
    decision = decisions[-1] if decisions else None
    talks = [m for m in told if m not in decisions]
    count, back_on = product.stock, product.restock_on
    if decision is not None:
        count, back_on = _said(decision, product)
    return Stock(
        count=count,
        back_on=back_on if not count else None,
        decision=decision,
        talk=talks[-1] if talks else None,
    )


def messages_on(company: Company, product: Product) -> list[SlackMessage]:
    """Messages in the stock room that give a product's count or day, oldest first."""
    room = next(channel.id for channel in company.channels if channel.name == STOCK_ROOM)
    return [
        message
        for message in company.messages
        if message.channel_id == room
        and product.name in message.text
        and _names(message.text, product.name)
        and (_COUNT.search(message.text) or _DAY.search(message.text))
    ]


def count_said(message: SlackMessage) -> int | None:
    """The count that a message gives, or None."""
    found = _COUNT.search(message.text)
    return int(found[1]) if found else None


def _said(message: SlackMessage, product: Product) -> tuple[int, date | None]:
    count = count_said(message)
    if count is not None:
        return count, product.restock_on
    found = _DAY.search(message.text)
    if found is None:
        raise ValueError(f"{message.id} decides nothing")
    day = datetime.strptime(f"{found[1]} {message.sent_at.year}", "%B %d %Y")  # noqa: DTZ007
    return product.stock, day.date()


def _names(text: str, name: str) -> bool:
    """Whether a text names the product itself, not one whose name holds this one's."""
    alone = rf"(?:^|: |of ){re.escape(name)}(?=:| is at| comes| slips| behind)"
    return re.search(alone, text) is not None
