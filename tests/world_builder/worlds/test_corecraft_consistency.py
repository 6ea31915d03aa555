"""The story of Corecraft is consistent, and every way in which it could not be is found."""

import ast
import inspect
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import cast

import pytest

from tests.world_builder.worlds.corecraft_drafts import (
    Draft,
    Plant,
    moved,
    small_world,
    whole_world,
)
from tests.world_builder.worlds.corecraft_plants_goods import BUILDS, PRODUCTS
from tests.world_builder.worlds.corecraft_plants_refunds import BY_RULE, REFUNDS
from tests.world_builder.worlds.corecraft_plants_sales import ORDERS, PARCELS, PAYMENTS
from tests.world_builder.worlds.corecraft_plants_service import (
    ARTICLES,
    ESCALATIONS,
    PEOPLE,
    RESOLUTIONS,
    SLACK,
    TICKETS,
    TIMES,
)
from world_builder.validation import validate_world
from world_builder.worlds.corecraft import consistency
from world_builder.worlds.corecraft.consistency import violations
from world_builder.worlds.corecraft.rules import NOW

PLANTS: tuple[Plant, ...] = (
    *ORDERS, *PAYMENTS, *PARCELS, *REFUNDS, *BY_RULE, *PRODUCTS, *BUILDS, *TICKETS, *ESCALATIONS,
    *RESOLUTIONS, *PEOPLE, *SLACK, *ARTICLES, *TIMES,
)  # fmt: skip


@cache
def planted(i: int) -> tuple[str, tuple[str, ...]]:
    """The id that a plant blames, and what is found then."""
    draft = Draft()
    blamed = PLANTS[i][1](draft)
    return blamed, violations(draft.world())


@pytest.mark.parametrize("seed", [11, 2, 3])
def test_a_told_story_is_valid_and_consistent(seed: int) -> None:
    world = whole_world(seed)
    assert validate_world(world) == ()
    assert violations(world) == ()
    assert world.num_entities > 3500


def test_part_of_the_company_is_consistent_too() -> None:
    assert len(small_world().entities["customer"]) < 60
    assert violations(small_world()) == ()


@pytest.mark.parametrize("i", range(len(PLANTS)), ids=[said for said, _ in PLANTS])
def test_a_planted_violation_is_found(i: int) -> None:
    blamed, found = planted(i)
    said = PLANTS[i][0]
    assert [v for v in found if v.startswith(f"{blamed}: ") and said in v], found


@pytest.mark.parametrize(
    ("author_id", "text", "is_allowed"),
    [
        ("emp-013", "Exception for {order}: we take {product} back although it is late.", True),
        ("emp-016", "Exception for {order}: we take {product} back although it is late.", False),
        ("emp-013", "No exception for {order}. The customer asked twice.", False),
        ("emp-013", "Exception for {order}: we take the other part back.", False),
    ],
)
def test_only_a_decision_of_a_lead_lifts_the_window(
    author_id: str, text: str, is_allowed: bool
) -> None:
    draft = Draft()
    refund = draft.one("refund", reason="defective", status="processed")
    product = draft.get("product", refund["product_id"])["name"]
    late = moved(refund["created_at"], days=31)
    draft.put("refund", refund, created_at=late, processed_at=moved(late, hours=1))
    draft.put(
        "slack_message",
        draft.one("slack_message"),
        author_id=author_id,
        text=text.format(order=refund["order_id"], product=product),
    )
    found = [v for v in violations(draft.world()) if "days after the delivery" in v]
    assert [v.split(": ")[0] for v in found] == ([] if is_allowed else [refund["id"]])


@pytest.mark.parametrize("author_id", ["emp-013", "emp-016"])
def test_only_a_lead_waives_the_restocking_fee(author_id: str) -> None:
    draft = Draft()
    refund = draft.one("refund", lambda r: r["restocking_fee_cents"] > 0, status="processed")
    product = draft.get("product", refund["product_id"])["name"]
    draft.put("refund", refund, restocking_fee_cents=0)
    text = f"Approved: waive the restocking fee for {product} in {refund['order_id']}. Once."
    draft.put("slack_message", draft.one("slack_message"), author_id=author_id, text=text)
    found = [v for v in violations(draft.world()) if "restocking fee is 0 cents" in v]
    assert bool(found) == (author_id == "emp-016")


def test_a_denied_refund_may_ask_for_anything() -> None:
    draft = Draft()
    refund = draft.one("refund", reason="damaged_in_transit", status="requested")
    denied = {"status": "denied", "created_at": moved(refund["created_at"], hours=1)}
    draft.put("refund", refund, **denied, amount_cents=99999999, qty=50, condition="opened")
    assert violations(draft.world()) == ()


def test_a_ticket_that_was_opened_again_keeps_its_resolution() -> None:
    draft = Draft()
    ticket = draft.one("support_ticket", status="resolved")
    draft.put("support_ticket", ticket, status="open", updated_at=NOW.isoformat())
    assert violations(draft.world()) == ()


@pytest.mark.parametrize("seed", [11, 2, 3])
def test_orders_of_the_story_have_todays_list_prices(seed: int) -> None:
    entities = whole_world(seed).entities
    prices = {product["id"]: product["price_cents"] for product in entities["product"]}
    assert [
        order["id"]
        for order in entities["order"]
        for line in cast(list[dict[str, str]], order["lines"])
        if line["unit_price_cents"] != prices[line["product_id"]]
    ] == []


def test_every_kind_of_violation_is_planted() -> None:
    said = {problem for i in range(len(PLANTS)) for v in planted(i)[1] for problem in _kinds(v)}
    assert sorted(set(_sentences()) - said) == []


def _kinds(violation: str) -> Iterator[tuple[str, str]]:
    """The most exact sentence of each module that checks such a record, if it says this."""
    record_id, _, problem = violation.partition(": ")
    by_module: dict[str, list[str]] = {}
    for module, pattern in _sentences():
        if record_id.split("-")[0] in _prefixes(module) and re.fullmatch(pattern, problem):
            by_module.setdefault(module, []).append(pattern)
    for module, patterns in by_module.items():
        yield module, max(patterns, key=lambda pattern: len(pattern.replace(".*", "")))


@cache
def _sentences() -> tuple[tuple[str, str], ...]:
    """Every sentence that the checks can say, by module, as a pattern."""
    sources = {
        module.name: inspect.getsource(import_module(f"{consistency.__name__}.{module.name}"))
        for module in iter_modules(consistency.__path__)
    }
    return tuple(
        (name, _pattern(node.value))
        for name, source in sources.items()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Yield) and isinstance(node.value, ast.Constant | ast.JoinedStr)
    )


def _pattern(text: ast.Constant | ast.JoinedStr) -> str:
    parts = text.values if isinstance(text, ast.JoinedStr) else [text]
    return "".join(
        re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".*" for part in parts
    )


@cache
def _prefixes(module: str) -> frozenset[str]:
    """What the ids begin with that a module's checks blame."""
    kinds = import_module(f"{consistency.__name__}.{module}").CHECKS
    world = small_world()
    return frozenset(world.entity_type(kind).id_format.split("-")[0] for kind in kinds)
