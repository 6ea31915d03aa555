"""Tools: the list, the editor with what agents see, and the console on a scratch copy."""

import json

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from studio.database import Database
from studio.repository import ENTITIES
from studio.repository.worlds import world_id
from studio.services import authoring
from studio.services.consoles import Consoles
from studio.services.tools import Argument, arguments, concise, read_arguments
from studio.services.world_cache import snapshot
from world_builder.errors import SandboxError
from world_builder.frozen import Json
from world_builder.operations import Get, Search, Sequence, Step, object_schema
from world_builder.sandbox import pool
from world_builder.tools import Tool, ToolCall
from world_builder.worlds import build_world

BASE = "/worlds/shop/tools"
RENAME: dict[str, Json] = {
    "name": "rename", "title": "Rename", "description": "Renames a customer.",
    "is_read_only": False,
    "parameters": object_schema(
        {"customer_id": {"type": "string"}, "name": {"type": "string", "minLength": 2}},
        ("customer_id", "name"),
    ),
    "operation": {
        "kind": "update", "entity_type": "customer", "id": "args.customer_id",
        "values": [{"field": "name", "value": "args.name"}],
    },
}  # fmt: skip


def form(**changes: object) -> dict[str, str]:
    data = {**RENAME, **changes}
    return {
        "name": str(data["name"]), "title": str(data["title"]),
        "description": str(data["description"]),
        "parameters:json": json.dumps(data["parameters"]),
        "operation:json": json.dumps(data["operation"]),
    }  # fmt: skip


def test_the_list_says_what_each_tool_does(browser: TestClient, api: TestClient) -> None:
    text = browser.get(BASE).text
    assert "Get order" in text
    assert api.get(BASE).json()["tools"] == [
        {
            "name": "get_order", "title": "Get order", "group": "",
            "description": "One order by id.", "is_read_only": True, "operation": "get",
            "num_tasks": 1, "is_draft": False,
        }
    ]  # fmt: skip


def test_the_editor_shows_what_an_agent_gets(api: TestClient) -> None:
    page = api.get(f"{BASE}/get_order").json()
    definition = page["view"]["definition"]
    assert json.loads(page["view"]["text"]) == definition
    assert (definition["name"], definition["inputSchema"]["required"]) == ("get_order", ["id"])
    assert page["used_by"] == ["total-of-order"]
    assert [a["entity_type"] for a in page["part"]["arguments"]] == ["order"]


def test_a_tool_is_made_saved_and_deleted(api: TestClient, browser: TestClient) -> None:
    assert api.post(BASE, json={"data": RENAME}).status_code == 201
    taken = browser.post(BASE, data=form())
    assert (taken.status_code, "exists" in taken.text or "already" in taken.text) == (409, True)
    saved = browser.post(f"{BASE}/rename", data={**form(title="New title"), "version": "1"})
    assert (saved.status_code, saved.headers["location"]) == (303, f"{BASE}/rename")
    assert api.get(f"{BASE}/rename").json()["version"] == 2
    assert browser.post(f"{BASE}/rename/delete").status_code == 303
    assert api.get(f"{BASE}/rename").status_code == 404


def test_problems_stand_beside_the_part_with_hints(htmx: TestClient) -> None:
    wrong = form(operation={"kind": "get", "entity_type": "customre", "id": "args.idd"})
    answer = htmx.post(f"{BASE}/preview", data=wrong)
    assert "tools.rename.operation.entity_type" in answer.text
    assert "did you mean &#39;customer&#39;?" in answer.text
    htmx.post(BASE, data=wrong)
    page = htmx.get(f"{BASE}/rename").text
    assert 'id="field-operation-error"' in page


def test_json_that_cannot_be_read_is_kept(htmx: TestClient) -> None:
    typed = {**form(), "name": "get_order", "version": "1", "operation:json": '{"kind": '}
    answer = htmx.post(f"{BASE}/get_order", data=typed)
    assert answer.status_code == 422
    assert "{&#34;kind&#34;: </textarea>" in answer.text
    assert "not JSON" in answer.text


PYTHON: dict[str, Json] = {**RENAME, "operation": {"kind": "python", "time_limit_ms": 300}}
SOURCE = """def run(arguments, world):
    return world.update("customer", arguments["customer_id"], {"name": arguments["name"] * 2})
"""


def test_python_code_is_edited_as_text_and_tried_on_the_copy(
    htmx: TestClient, api: TestClient, browser: TestClient
) -> None:
    typed = {**form(**PYTHON), "source": SOURCE.replace("\n", "\r\n")}
    assert browser.post(BASE, data=typed).status_code == 303
    page = api.get(f"{BASE}/rename").json()
    assert page["source"] == SOURCE.rstrip("\n")
    assert json.loads(page["values"]["operation"]) == PYTHON["operation"]
    assert page["view"]["problems"] == []
    assert page["errors"] == {}
    call = {"args.customer_id": "cus-001", "args.name": "Ida"}
    assert "<ins>IdaIda</ins>" in htmx.post(f"{BASE}/rename/calls", data=call).text
    endless = {**typed, "source": "def run(a, w):\n    while True: pass", "version": "1"}
    browser.post(f"{BASE}/rename", data=endless)
    assert "timed_out" in htmx.post(f"{BASE}/rename/calls", data=call).text


@pytest.mark.parametrize(
    ("source", "told"),
    [("def run(a:", "not Python"), ("", "is missing"), ("import os", "cannot be imported")],
)
def test_mistakes_in_code_stand_beside_it(htmx: TestClient, source: str, told: str) -> None:
    htmx.post(BASE, data={**form(**PYTHON), "source": source})
    page = htmx.get(f"{BASE}/rename").text
    error = page.split('id="field-source-error"')[1].split("</p>")[0]
    assert told in error
    assert 'id="field-operation-error"' not in page


def test_where_there_is_no_sandbox_the_console_says_so(
    htmx: TestClient, browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none() -> None:
        raise SandboxError("Python tools cannot run here: no filters")

    monkeypatch.setattr(pool, "Sandbox", none)
    pool.shared().close()
    browser.post(BASE, data={**form(**PYTHON), "source": SOURCE})
    call = {"args.customer_id": "cus-001", "args.name": "Ida"}
    answer = htmx.post(f"{BASE}/rename/calls", data=call)
    assert (answer.status_code, "no filters" in answer.text) == (409, True)


def test_a_save_from_an_old_version_is_refused(htmx: TestClient) -> None:
    typed = {**form(title="Mine"), "version": "7"}
    answer = htmx.post(f"{BASE}/get_order", data=typed)
    assert (answer.status_code, 'value="Mine"' in answer.text) == (409, True)


def test_saving_without_a_change_leaves_no_revision(api: TestClient) -> None:
    page = api.get(f"{BASE}/get_order").json()
    data = {**{k: page["values"][k] for k in ("title", "description", "group", "is_read_only")},
            "parameters": json.loads(page["values"]["parameters"]),
            "operation": json.loads(page["values"]["operation"])}  # fmt: skip
    saved = api.put(f"{BASE}/get_order", json={"data": data, "version": page["version"]})
    assert saved.json()["saved"]["revision_id"] is None


def test_the_console_changes_a_scratch_copy_only(
    htmx: TestClient, api: TestClient, db: Database
) -> None:
    api.post(BASE, json={"data": RENAME})
    call = {"args.customer_id": "cus-001", "args.name": "Ida"}
    first = htmx.post(f"{BASE}/rename/calls", data=call)
    assert ("<del>Ada</del>" in first.text, "<ins>Ida</ins>" in first.text) == (True, True)
    console = first.text.split('name="console" value="')[1].split('"')[0]
    again = htmx.post(f"{BASE}/get_order/calls", data={"console": console, "args.id": "ord-001"})
    assert ("Earlier calls" in again.text, "<ins>Ida</ins>" in again.text) == (True, True)
    with db.read() as session:
        stored = ENTITIES.get(session, world_id(session, "shop"), "cus-001", "customer")
        assert stored.payload["name"] == "Ada"
    reset = htmx.post(f"{BASE}/rename/reset", data={"console": console})
    assert "Ida" not in reset.text


def test_errors_read_as_the_agent_reads_them(htmx: TestClient, browser: TestClient) -> None:
    answer = htmx.post(f"{BASE}/get_order/calls", data={"args.id": "ord-404"})
    assert "not_found" in answer.text
    assert "bad arguments for get_order" in htmx.post(f"{BASE}/get_order/calls", data={}).text
    page = browser.post(f"{BASE}/get_order/calls", data={"args.id": "ord-001"})
    assert page.status_code == 303
    assert "cus-001" in browser.get(page.headers["location"]).text


def test_a_mended_tool_is_tried_on_the_same_copy(htmx: TestClient, api: TestClient) -> None:
    api.post(BASE, json={"data": RENAME})
    first = api.post(
        f"{BASE}/rename/calls",
        json={"data": {"arguments": {"customer_id": "cus-001", "name": "Ida"}}},
    ).json()["part"]
    shout = {**RENAME, "operation": {**RENAME["operation"], "values": [  # type: ignore[dict-item]
        {"field": "name", "value": "args.name + '!'"}]}}  # fmt: skip
    api.put(f"{BASE}/rename", json={"data": shout, "version": 1})
    data = {"console": first["console"], "arguments": {"customer_id": "cus-002", "name": "Bob"}}
    part = api.post(f"{BASE}/rename/calls", json={"data": data}).json()["part"]
    assert part["calls"][0]["result"]["value"]["name"] == "Bob!"
    assert [change["id"] for change in part["changes"]] == ["cus-001", "cus-002"]


def test_a_console_starts_from_a_task(api: TestClient, db: Database) -> None:
    page = api.get("/worlds/shop/tools/get_order").json()
    assert page["part"]["calls"] == []
    with db.read() as session:
        held = snapshot(session, "shop")
    assert held.world.tasks == ()
    task = api.post(
        f"{BASE}/get_order/calls",
        json={"data": {"start": "total-of-order", "arguments": {"id": "ord-001"}}},
    ).json()["part"]
    assert task["task"] == "total-of-order"
    strange = {"data": {"start": "nowhere", "arguments": {}}}
    assert api.post(f"{BASE}/get_order/calls", json=strange).status_code == 404


def test_the_longest_unused_console_is_dropped(api: TestClient, app: FastAPI) -> None:
    with app.state.studio.database.read() as session:
        held = snapshot(session, "shop")
    consoles = Consoles(most=2)
    first, second = consoles.open("shop", held), consoles.open("shop", held)
    consoles.call(first, "shop", held, ToolCall(tool="get_order", arguments={"id": "ord-001"}))
    third = consoles.open("shop", held)
    assert [consoles.has(c, "shop") for c in (first, second, third)] == [True, False, True]
    assert not consoles.has(first, "other")


def test_controls_follow_the_schema() -> None:
    world = build_world("tutorial")
    tool = world.tool("create_return")
    found = {a.name: a for a in arguments(tool.parameters, tool, world.entity_types)}
    assert [(a.kind, a.entity_type) for a in found.values()] == [
        ("reference", "order"), ("reference", "book"), ("integer", ""), ("enum", ""),
    ]  # fmt: skip
    schema = object_schema({
        "yes": {"type": ["boolean", "null"]}, "day": {"type": "string", "format": "date"},
        "ids": {"type": "array", "items": {"type": "integer"}}, "any": {"anyOf": []},
    })  # fmt: skip
    controls = arguments(schema, None, ())
    assert [a.kind for a in controls] == ["enum", "date", "list", "code"]
    given = {"yes": "true", "day": "2025-01-02", "ids": "1\n2", "any": '{"a": 1}'}
    read = read_arguments(controls, given)
    assert read == {"yes": True, "day": "2025-01-02", "ids": [1, 2], "any": {"a": 1}}
    number = Argument(
        name="n", kind="integer", type_text="integer", help="", is_required=True, options=(),
        entity_type="", default=None,
    )  # fmt: skip
    assert read_arguments((number,), {"n": "many"}) == {"n": "many"}
    assert read_arguments((number,), {"n": " "}) == {}


def test_operations_are_shown_without_defaults_and_mean_the_same() -> None:
    for tool in build_world("tutorial").tools:
        data = tool.model_dump(mode="json") | {"operation": concise(tool.operation)}
        assert Tool.model_validate(data) == tool
    inner = Step(name="s", operation=Search(entity_type="order"))
    assert concise(Sequence(steps=(inner,))) == {
        "kind": "sequence",
        "steps": [{"name": "s", "operation": {"kind": "search", "entity_type": "order"}}],
    }
    assert concise(Get(entity_type="order", id="args.order")) == {
        "kind": "get", "entity_type": "order", "id": "args.order",
    }  # fmt: skip


def test_a_broken_schema_in_the_draft_does_not_break_pages(
    db: Database, browser: TestClient
) -> None:
    bad: dict[str, Json] = {
        **RENAME,
        "parameters": {"type": "object", "properties": {"id": {"type": "strng"}}},
    }
    authoring.save_tool(db, "shop", bad, version=None, who="mo")
    assert browser.get(f"{BASE}/get_order").status_code == 200
    refused = browser.post(f"{BASE}/get_order/calls", data={"args.id": "ord-001"})
    assert (refused.status_code, "cannot run yet" in refused.text) == (409, True)


@pytest.mark.parametrize("name", ["Bad Name!", "a\0b", "größe"])
def test_a_new_tool_needs_a_name_that_agents_can_call(api: TestClient, name: str) -> None:
    data = {"name": name, "title": "T", "description": "D"}
    answer = api.post("/worlds/shop/tools", json={"data": data})
    assert answer.status_code == 422
    paths = {problem["path"] for problem in answer.json()["problems"]}
    assert {f"tools.{name}.name", f"tools.{name}.operation"} <= paths
    assert api.get("/worlds/shop/tools").json()["tools"][1:] == []


def test_an_empty_tool_is_not_called_right(browser: TestClient) -> None:
    assert "are right" not in browser.get("/worlds/shop/tools/new").text
    assert "are right" in browser.get("/worlds/shop/tools/get_order").text


def test_data_without_a_tools_shape_does_not_replace_a_tool(api: TestClient) -> None:
    wrong = {"operation": {"kind": "zap"}, "parameters": []}
    answer = api.put(f"{BASE}/get_order", json={"data": wrong, "version": 1})
    assert answer.status_code == 422
    paths = {problem["path"] for problem in answer.json()["problems"]}
    assert {"tools.get_order.title", "tools.get_order.operation"} <= paths
    assert api.get(f"{BASE}/get_order").json()["version"] == 1
