"""Entities: the grid and its filters, the form, what points where, and the types themselves."""

import json

import pytest
from sqlalchemy import event
from starlette.testclient import TestClient

from studio.database import Database
from studio.repository import ENTITIES, Query
from studio.repository.worlds import import_world, world_id
from tests.studio.conftest import small_world
from world_builder.world import World

BASE = "/worlds/shop/entities"
ORDER = {"customer": "cus-002", "total_cents": "20.00", "is_gift": "true", "tags": "a\nb"}


def add_order(browser: TestClient, entity_id: str, **values: str) -> None:
    answer = browser.post(f"{BASE}/order", data={"id": entity_id, **ORDER, **values})
    assert answer.status_code == 303, answer.text


def ids(api: TestClient, query: str) -> list[str]:
    return [row["id"] for row in api.get(f"{BASE}/order?{query}").json()["rows"]["items"]]


def test_the_overview_counts_and_says_what_refers_to_what(browser: TestClient) -> None:
    text = browser.get(BASE).text
    assert "Customers" in text
    assert f'href="{BASE}/customer">customer</a>' in text


def test_the_grid_shows_titles_of_references_and_money(browser: TestClient) -> None:
    text = browser.get(f"{BASE}/order").text
    assert f'<a href="{BASE}/customer/cus-001">Ada</a>' in text
    assert "$12.34" in text
    assert "Nothing matches" in browser.get(f"{BASE}/order?q=zzz").text


def test_filters_know_truths_numbers_and_references(api: TestClient, browser: TestClient) -> None:
    add_order(browser, "ord-002")
    add_order(browser, "ord-010", total_cents="3.00", is_gift="")
    assert ids(api, "is_gift=true") == ["ord-002"]
    assert ids(api, "is_gift=false") == ["ord-010"]
    assert ids(api, "customer=cus-002") == ["ord-002", "ord-010"]
    assert ids(api, "sort=total_cents") == ["ord-010", "ord-001", "ord-002"]
    assert ids(api, "sort=-total_cents") == ["ord-002", "ord-001", "ord-010"]
    chips = api.get(f"{BASE}/order?is_gift=true&page=1&q=a").json()["chips"]
    assert [chip["url"] for chip in chips] == [f"{BASE}/order?is_gift=true", f"{BASE}/order?q=a"]


def test_the_filter_of_the_store_compares_numbers(db: Database) -> None:
    with db.read() as session:
        query = Query(filters={"total_cents": "1234"})
        found = ENTITIES.page(session, world_id(session, "shop"), query, "order")
        assert [item.ref.key for item in found.items] == ["ord-001"]


def test_a_new_entity_gets_the_next_free_id(browser: TestClient, api: TestClient) -> None:
    assert 'value="ord-002"' in browser.get(f"{BASE}/order/new").text
    add_order(browser, "ord-002")
    record = api.get(f"{BASE}/order/ord-002").json()["record"]
    assert record == {
        "id": "ord-002", "customer": "cus-002", "total_cents": 2000, "is_gift": True,
        "tags": ["a", "b"],
    }  # fmt: skip


def test_a_form_that_cannot_be_saved_keeps_what_was_typed(htmx: TestClient) -> None:
    typed = {"version": "1", "customer": "cus-009", "total_cents": "12.3x", "tags": "kept"}
    answer = htmx.post(f"{BASE}/order/ord-001", data=typed)
    assert answer.status_code == 422
    for text in ('value="12.3x"', 'value="cus-009"', "kept", 'aria-invalid="true"'):
        assert text in answer.text
    answer = htmx.post(f"{BASE}/order/ord-001", data={**typed, "total_cents": "1"})
    assert answer.status_code == 422
    assert "no customer" in answer.text


def test_a_save_from_an_old_version_shows_both(htmx: TestClient) -> None:
    first = htmx.post(f"{BASE}/customer/cus-001", data={"version": "1", "name": "Ada L."})
    assert (first.status_code, first.headers["HX-Redirect"]) == (200, f"{BASE}/customer/cus-001")
    second = htmx.post(f"{BASE}/customer/cus-001", data={"version": "1", "name": "Ida"})
    assert second.status_code == 409
    assert "Ada L." in second.text
    assert 'name="version" value="2"' in second.text
    third = htmx.post(f"{BASE}/customer/cus-001", data={"version": "2", "name": "Ida"})
    assert third.status_code == 200


def test_a_save_answers_with_the_form_and_an_undo(htmx: TestClient) -> None:
    typed = {"version": "1", "customer": "cus-001", "total_cents": "1.50"}
    saved = htmx.post(f"{BASE}/order/ord-001", data=typed)
    assert saved.status_code == 200
    for text in ('value="1.50"', 'name="version" value="2"', "/revisions/1/undo"):
        assert text in saved.text


def test_what_is_pointed_at_is_not_deleted(browser: TestClient, api: TestClient) -> None:
    page = api.get(f"{BASE}/customer/cus-001").json()
    assert [p["paths"] for p in page["pointers"]["entities"]] == [["customer"]]
    refused = api.delete(f"{BASE}/customer/cus-001")
    assert (refused.status_code, "ord-001" in refused.text) == (409, True)
    order = api.get(f"{BASE}/order/ord-001").json()
    assert [p["ref"]["key"] for p in order["pointers"]["tasks"]] == ["total-of-order"]
    deleted = browser.post(f"{BASE}/customer/cus-002/delete")
    assert (deleted.status_code, deleted.headers["location"]) == (303, f"{BASE}/customer")


def test_a_client_writes_json(api: TestClient) -> None:
    made = api.post(f"{BASE}/customer", json={"data": {"id": "cus-003", "name": "Cy"}})
    assert (made.status_code, made.json()["version"]) == (201, 1)
    saved = api.put(f"{BASE}/customer/cus-003", json={"data": {"name": "Cyd"}, "version": 1})
    assert saved.json()["title"] == "Cyd"
    bad = api.put(f"{BASE}/customer/cus-003", json={"data": {"name": 3}, "version": 2})
    assert (bad.status_code, bad.json()["problems"][0]["path"]) == (
        422, "entities.customer.cus-003.name",
    )  # fmt: skip
    assert api.put(f"{BASE}/customer/cus-003", json=["no"]).status_code == 422


def test_pickers_offer_ids_with_titles(api: TestClient, htmx: TestClient) -> None:
    assert api.get(f"{BASE}/customer/options?anything=ad").json() == [
        {"id": "cus-001", "title": "Ada"}
    ]
    assert '<option value="cus-001">Ada</option>' in htmx.get(f"{BASE}/customer/options?x=ad").text


TYPES = "/worlds/shop/entity-types"


def type_form(**changes: object) -> dict[str, str]:
    fields = changes.pop("fields", [{"name": "name", "kind": "text", "required": True}])
    return {
        "version": "1", "title": "Customer", "plural": "Customers", "id_format": "cus-{n:3}",
        "title_field": "name", "fields:json": json.dumps(fields),
    } | {name: str(value) for name, value in changes.items()}  # fmt: skip


def test_a_type_is_checked_by_itself(htmx: TestClient) -> None:
    answer = htmx.post(f"{TYPES}/customer", data=type_form(title_field="nick"))
    assert (answer.status_code, "no field" in answer.text) == (422, True)
    broken = {**type_form(), "fields:json": "[{"}
    answer = htmx.post(f"{TYPES}/customer", data=broken)
    assert (answer.status_code, "[{</textarea>" in answer.text) == (422, True)


def test_a_type_is_checked_against_its_entities(htmx: TestClient, api: TestClient) -> None:
    fields = [
        {"name": "name", "kind": "text"}, {"name": "mail", "kind": "text", "required": True},
    ]  # fmt: skip
    form = type_form(fields=fields)
    answer = htmx.post(f"{TYPES}/customer", data=form)
    assert (answer.status_code, "Not saved yet" in answer.text) == (422, True)
    assert api.get(f"{TYPES}/customer").json()["version"] == 1
    assert htmx.post(f"{TYPES}/customer", data={**form, "accept": "true"}).status_code == 200
    assert api.get(f"{TYPES}/customer").json()["version"] == 2


def test_titles_follow_the_title_field(htmx: TestClient, api: TestClient) -> None:
    assert api.get(f"{BASE}/customer").json()["rows"]["items"][0]["title"] == "Ada"
    saved = htmx.post(f"{TYPES}/customer", data=type_form(title_field=""))
    assert saved.status_code == 200
    assert api.get(f"{BASE}/customer").json()["rows"]["items"][0]["title"] == "cus-001"
    assert api.post("/revisions/1/undo").status_code == 200
    assert api.get(f"{BASE}/customer").json()["rows"]["items"][0]["title"] == "Ada"


def test_a_type_in_use_stays(api: TestClient) -> None:
    assert api.delete(f"{TYPES}/customer").status_code == 409
    made = api.post(
        TYPES,
        json={"data": {"name": "note", "title": "Note", "plural": "Notes", "id_format": "n-{n}",
                       "fields": [{"name": "text", "kind": "long_text"}]}},
    )  # fmt: skip
    assert made.status_code == 201
    assert api.delete(f"{TYPES}/note").status_code == 200


def large_world(num_orders: int) -> World:
    world = small_world()
    customers = tuple({"id": f"cus-{i:03}", "name": f"Customer {i}"} for i in range(500))
    orders = tuple(
        {
            "id": f"ord-{i:03}",
            "customer": f"cus-{i % 500:03}",
            "total_cents": i,
            "is_gift": i % 2 == 0,
        }
        for i in range(num_orders)
    )
    changes = {"name": "large", "entities": {"customer": customers, "order": orders}}
    return world.model_copy(update=changes)


@pytest.fixture
def large(db: Database) -> str:
    with db.write() as session:
        import_world(session, large_world(2_000))
    return "/worlds/large/entities"


def test_a_page_of_a_large_world_asks_few_questions(
    large: str, browser: TestClient, db: Database
) -> None:
    asked: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *a: asked.append(a[2]))
    text = browser.get(f"{large}/order?is_gift=true&sort=-total_cents&q=ord").text
    assert "1–50 of 1,000 orders" in text
    assert len(asked) < 25
    assert len(text) < 150_000
