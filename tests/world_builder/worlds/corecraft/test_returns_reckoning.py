"""What the rules say of returns, warranties and Slack, worked out apart from the tools."""

from datetime import timedelta

import pytest

from tests.world_builder.worlds.corecraft.company import answer, company
from world_builder.worlds.corecraft.reckoning.returns import ruling
from world_builder.worlds.corecraft.reckoning.slack_decisions import (
    DECIDING_ROLES,
    decided_orders,
    decisions,
)
from world_builder.worlds.corecraft.reckoning.warranty import remedy, warranty
from world_builder.worlds.corecraft.scenarios.returns.choosing import Item, plain_items


def delivered() -> list[Item]:
    return [item for item in plain_items(company()) if item.arrived_on is not None]


def test_the_tool_and_the_rules_agree_on_warranties() -> None:
    for item in delivered()[::40]:
        assert item.arrived_on
        found = warranty(item.product, item.customer, item.arrived_on)
        told = answer("check_warranty", order_id=item.order.id, product_id=item.product.id)
        assert told["ends_on"] == found.ends_on.isoformat()
        assert told["warranty_months"] == found.months


@pytest.mark.parametrize(
    ("days", "is_accident", "expected"),
    [
        (30, False, "refund"),
        (31, False, "warranty"),
        (5, True, "nothing"),
        (9999, False, "nothing"),
    ],
)
def test_a_defect_is_refunded_for_thirty_days(days: int, is_accident: bool, expected: str) -> None:
    item = delivered()[0]
    assert item.arrived_on
    found = warranty(item.product, item.customer, item.arrived_on)
    due = remedy(
        found, item.product, item.arrived_on + timedelta(days=days), is_accident=is_accident
    )
    by_stock = "replacement" if item.product.stock else "repair"
    assert due == (by_stock if expected == "warranty" else expected)


def test_all_rules_in_the_way_are_named() -> None:
    today = company().now.date()
    for item in delivered():
        found = ruling(company(), item.order, item.line, "changed_mind", "opened")
        assert item.arrived_on
        is_late = (today - item.arrived_on).days > found.window_days
        assert ("too_late" in found.problems) == is_late
        assert ("clearance" in found.problems) == item.product.is_clearance
        is_part = item.product.category in ("cpu", "memory")
        assert ("opened_part" in found.problems) == is_part
        assert found.problem == (found.problems[0] if found.problems else None)


def test_a_defect_does_not_ask_for_clearance_or_an_open_box() -> None:
    for item in delivered():
        found = ruling(company(), item.order, item.line, "defective", "defective")
        assert not {"clearance", "opened_part"} & set(found.problems)
        assert found.fee_cents == 0


def test_decisions_are_those_of_leads_and_managers() -> None:
    found = decisions(company())
    assert {decision.kind for decision in found} == {
        "late_return",
        "no_fee",
        "refused",
        "replacement",
    }
    roles = {company().employee(decision.message.author_id).role for decision in found}
    assert roles <= set(DECIDING_ROLES)
    orders = decided_orders(company())
    assert all(item.order.id not in orders for item in plain_items(company()))


def test_nothing_is_chosen_that_an_open_ticket_complains_of() -> None:
    chosen = {(item.order.id, item.product.id) for item in plain_items(company())}
    for ticket in company().tickets:
        if ticket.category == "warranty" and ticket.status in ("new", "open", "escalated"):
            assert (ticket.order_id, ticket.product_id) not in chosen
