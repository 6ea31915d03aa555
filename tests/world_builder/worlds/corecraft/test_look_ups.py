"""The tools that look up and reckon, held against the typed company."""

from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from tests.world_builder.worlds.corecraft.company import answer, company, refusal, world
from world_builder.validation import validate_world
from world_builder.worlds.corecraft import rules
from world_builder.worlds.corecraft.company import Product
from world_builder.worlds.corecraft.reckoning.compatibility import incompatibilities
from world_builder.worlds.corecraft.reckoning.returns import arrived_on


def results(tool: str, **arguments: Any) -> list[dict[str, Any]]:
    found = answer(tool, **arguments)["results"]
    assert isinstance(found, list)
    return [row for row in found if isinstance(row, dict)]


def items(parts: Sequence[tuple[Product, int]]) -> Any:
    return [{"product_id": product.id, "qty": qty} for product, qty in parts]


def broken_rules(parts: Sequence[tuple[Product, int]]) -> tuple[str, ...]:
    found = answer("check_build_compatibility", items=items(parts))["problems"]
    assert isinstance(found, list)
    rows = [row for row in found if isinstance(row, dict)]
    return tuple(str(row["rule"]) for row in rows if row["severity"] == "error")


def test_the_world_is_valid_and_of_the_paper_s_size() -> None:
    assert validate_world(world()) == ()
    assert len(world().entity_types) == 14
    assert world().num_entities > 2500
    assert len(world().surface_tools()) == 23
    assert not {"get_order", "search_orders"} & {t.name for t in world().surface_tools("generic")}


def test_prices_agree_with_what_every_order_paid() -> None:
    for order in company().orders:
        price = answer(
            "calculate_price",
            customer_id=order.customer_id,
            items=[{"product_id": line.product_id, "qty": line.qty} for line in order.lines],
            shipping_service=order.shipping_service,
            with_assembly=order.assembly_cents > 0,
        )
        assert price == {
            "goods_cents": order.goods_cents,
            "discount_cents": order.discount_cents,
            "assembly_cents": order.assembly_cents,
            "shipping_cents": order.shipping_cents,
            "total_cents": order.total_cents,
        }


def test_the_compatibility_tool_agrees_with_the_rules_in_python() -> None:
    seen: set[str] = set()
    for build in company().builds:
        parts = [(company().product(part.product_id), part.qty) for part in build.parts]
        seen.update(broken_rules(parts))
        assert broken_rules(parts) == incompatibilities(parts)
    assert len(seen) >= 12
    rng = Random(5)
    for _ in range(150):
        chosen = rng.sample(company().products, rng.randrange(1, 10))
        parts = [(product, rng.choice((1, 1, 2))) for product in chosen]
        assert broken_rules(parts) == incompatibilities(parts)


def test_kinds_of_parts_that_are_missing_are_warnings() -> None:
    supply = company().products_in("psu")[0]
    found = answer("check_build_compatibility", items=items([(supply, 1)]))
    assert found["ok"] is True
    assert "no cpu in the list" in str(found["problems"])


def test_warranties_run_from_the_parcel_of_the_item() -> None:
    checked = 0
    for order in company().orders:
        for line in order.lines:
            arrived = arrived_on(company(), order.id, line.product_id)
            if arrived is None:
                continue
            is_platinum = company().customer(order.customer_id).loyalty_tier == "platinum"
            months = company().product(line.product_id).warranty_months
            months += rules.PLATINUM_WARRANTY_MONTHS * is_platinum
            end = rules.add_months(arrived, months)
            found = answer("check_warranty", order_id=order.id, product_id=line.product_id)
            assert found["ends_on"] == end.isoformat()
            assert found["is_running"] == (end >= company().now.date())
            checked += 1
    assert checked > 500


def test_a_warranty_needs_a_delivered_item_of_the_order() -> None:
    order = next(o for o in company().orders if o.status == "processing")
    product = order.lines[0].product_id
    told = refusal("check_warranty", order_id=order.id, product_id=product)
    assert "has not been delivered" in told
    other = next(p.id for p in company().products if order.line(p.id) is None)
    assert "has no product" in refusal("check_warranty", order_id=order.id, product_id=other)


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("calculate_price", {"customer_id": "cust-9999"}, "search_customers"),
        ("calculate_price", {"items": [{"product_id": "prod-9999", "qty": 1}]}, "search_products"),
        ("calculate_price", {"items": []}, "items"),
        ("calculate_price", {"shipping_service": "drone"}, "shipping_service"),
    ],
)
def test_a_price_that_cannot_be_reckoned_says_what_to_mend(
    tool: str, arguments: dict[str, Any], told: str
) -> None:
    given: dict[str, Any] = {
        "customer_id": "cust-0001",
        "items": [{"product_id": "prod-0001", "qty": 1}],
        "shipping_service": "standard",
    }
    assert told in refusal(tool, **{**given, **arguments})


def test_a_product_twice_in_a_list_is_refused() -> None:
    twice: Any = [{"product_id": "prod-0001", "qty": 1}, {"product_id": "prod-0001", "qty": 2}]
    assert "once" in refusal("check_build_compatibility", items=twice)


def test_searches_filter_sort_and_count() -> None:
    order = next(o for o in company().orders if len(company().orders_of(o.customer_id)) > 4)
    mine = company().orders_of(order.customer_id)
    found = answer("search_orders", customer_id=order.customer_id, limit=2)
    assert found["count"] == len(mine)
    newest = [o.id for o in reversed(mine)][:2]
    assert [r["id"] for r in results("search_orders", customer_id=order.customer_id, limit=2)] == (
        newest
    )
    after = (mine[0].placed_at + timedelta(seconds=1)).isoformat()
    late = results("search_orders", customer_id=order.customer_id, placed_after=after, limit=50)
    assert len(late) == sum(o.placed_at > mine[0].placed_at for o in mine)


def test_orders_are_found_by_product() -> None:
    product = company().orders[0].lines[0].product_id
    found = {row["id"] for row in results("search_orders", product_id=product, limit=50)}
    assert found == {o.id for o in company().orders if o.line(product) is not None}


def test_a_ticket_comes_with_what_became_of_it() -> None:
    escalation = company().escalations[0]
    found = answer("get_ticket", id=escalation.ticket_id)
    assert escalation.id in str(found["escalations"])
    resolution = company().resolutions[0]
    assert resolution.id in str(answer("get_ticket", id=resolution.ticket_id)["resolutions"])


def test_a_history_adds_up_what_was_not_cancelled() -> None:
    for customer in company().customers[:40]:
        kept = [o for o in company().orders_of(customer.id) if o.status != "cancelled"]
        found = answer("get_customer_history", customer_id=customer.id)
        assert found["ordered_cents"] == sum(o.total_cents for o in kept)


def test_generic_queries_give_the_same_records() -> None:
    order = company().orders[-1]
    one = answer("get_record", surface="generic", type="order", id=order.id)["record"]
    assert one == next(r for r in world().entities["order"] if r["id"] == order.id)
    found = answer(
        "find_records", surface="generic", type="payment", field="order_id", value=order.id
    )
    assert found["count"] == len(company().payments_of(order.id))
    searched = answer("search_records", surface="generic", type="slack_message", text="fedex hub")
    assert searched == answer("search_slack_messages", text="fedex hub")
    fields = answer("describe_type", surface="generic", type="refund")["fields"]
    assert isinstance(fields, dict)
    assert fields["amount_cents"] == "money"
