"""The cases of `slack-exception`: returns about which Slack says something, or seems to."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from world_builder.worlds.corecraft.company import Company, Order, SlackMessage
from world_builder.worlds.corecraft.reckoning.returns import Ruling, ruling
from world_builder.worlds.corecraft.reckoning.slack_decisions import Decision, decisions
from world_builder.worlds.corecraft.scenarios.returns.choosing import Item, is_covered, item_of

_ORDER = re.compile(r"ord-\d{6}-\d{3}")
_LATE = ("too_late",)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackCase:
    """One return by a change of mind, and what Slack has about it."""

    kind: str
    """`late`, `no_fee`: an exception; `refused`, `replacement`, `other_item`, `other_order`,
    `talk`: none, so the rules decide."""
    item: Item
    condition: str
    found: Ruling
    """By the rules alone."""
    decision: Decision | None = None
    """What was decided about the order, or about another one of the customer; None: only talk."""
    talk: SlackMessage | None = None

    @property
    def is_exception(self) -> bool:
        return self.kind in ("late", "no_fee")

    @property
    def is_booked(self) -> bool:
        return self.is_exception or self.found.problem is None

    @property
    def fee_cents(self) -> int:
        """The fee after the decision."""
        return 0 if self.is_exception else self.found.fee_cents

    @property
    def amount_cents(self) -> int:
        return self.found.paid_cents - self.fee_cents


def slack_cases(company: Company) -> Iterator[SlackCase]:
    """All cases; decisions that came before the item did are left out."""
    decided = decisions(company)
    for decision in decided:
        yield from _about(company, decision)
    known = {decision.order_id for decision in decided}
    for message in company.messages:
        named = _ORDER.search(message.text)
        if named and named[0] not in known:
            order = company.order(named[0])
            yield from _closed(company, order, kind="talk", talk=message)


def _about(company: Company, decision: Decision) -> Iterator[SlackCase]:
    order = company.order(decision.order_id)
    yield from _of_order(company, order, decision)
    if decision.kind in ("late_return", "no_fee"):
        known = {other.order_id for other in decisions(company)}
        for other in company.orders_of(order.customer_id):
            if other.id not in known:
                yield from _closed(company, other, kind="other_order", decision=decision)


def _of_order(company: Company, order: Order, decision: Decision) -> Iterator[SlackCase]:
    for line in order.lines:
        item = item_of(company, order, line)
        sealed = ruling(company, order, line, "changed_mind", "unopened")
        opened = ruling(company, order, line, "changed_mind", "opened")
        was_there = (
            item.arrived_on is not None and item.arrived_on < decision.message.sent_at.date()
        )
        is_clear = was_there and line.qty == 1 and is_covered(company, item)
        if is_clear and sealed.problems == _LATE:
            yield SlackCase(
                kind=_kind(decision, item, "late_return", "late"),
                item=item,
                condition="unopened",
                found=sealed,
                decision=decision,
            )
        elif is_clear and opened.fee_cents and not opened.problems:
            yield SlackCase(
                kind=_kind(decision, item, "no_fee", "no_fee"),
                item=item,
                condition="opened",
                found=opened,
                decision=decision,
            )


def _kind(decision: Decision, item: Item, wanted: str, kind: str) -> str:
    """The kind of an exception that an item needs, or what was decided instead."""
    is_meant = decision.product_name in (None, item.product.name)
    if decision.kind in ("refused", "replacement"):
        return decision.kind
    return kind if is_meant and decision.kind == wanted else "other_item"


def _closed(
    company: Company,
    order: Order,
    *,
    kind: str,
    decision: Decision | None = None,
    talk: SlackMessage | None = None,
) -> Iterator[SlackCase]:
    """The items of an order that only come too late."""
    for line in order.lines:
        found = ruling(company, order, line, "changed_mind", "unopened")
        if found.problems == _LATE and line.qty == 1:
            yield SlackCase(
                kind=kind,
                item=item_of(company, order, line),
                condition="unopened",
                found=found,
                decision=decision,
                talk=talk,
            )
