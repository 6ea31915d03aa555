"""What leads and managers decided in Slack about single orders; all other messages are talk."""

import re
from dataclasses import dataclass

from world_builder.worlds.corecraft.company import Company, SlackMessage

DECIDING_ROLES = ("team_lead", "manager")
_ORDER = r"(?P<order>ord-\d{6}-\d{3})"
_FORMS = {
    "late_return": re.compile(rf"^Exception for {_ORDER}: we take (?P<product>.+?) back although"),
    "no_fee": re.compile(rf"^Approved: waive the restocking fee for (?P<product>.+?) in {_ORDER}"),
    "refused": re.compile(rf"^No exception for {_ORDER}"),
    "replacement": re.compile(rf"^{_ORDER}: send a replacement for (?P<product>.+?) without"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided about one order."""

    kind: str
    """`late_return`, `no_fee`, `refused` or `replacement`."""
    order_id: str
    product_name: str | None
    """None when the decision names no product."""
    message: SlackMessage


def decisions(company: Company) -> list[Decision]:
    """The decisions about single orders by people who may take them, oldest first."""
    found = (_decision(message) for message in company.messages)
    return [
        decision
        for decision in found
        if decision is not None
        and company.employee(decision.message.author_id).role in DECIDING_ROLES
    ]


def decided_orders(company: Company) -> frozenset[str]:
    """Ids of the orders that some decision speaks of."""
    return frozenset(decision.order_id for decision in decisions(company))


def _decision(message: SlackMessage) -> Decision | None:
    for kind, form in _FORMS.items():
        if match := form.match(message.text):
            return Decision(
                kind=kind,
                order_id=match["order"],
                product_name=match.groupdict().get("product"),
                message=message,
            )
    return None
