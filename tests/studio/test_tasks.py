"""The task pages: list, editor, autosave, merging of edits, undo, history and the REST API."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from studio.database import Database
from studio.services import tasks
from studio.services.check_forms import CHECK_FIELDS, describe_check, field_value, read_check
from studio.services.merging import merge
from studio.services.task_acts import apply_act
from studio.services.task_forms import read_task, show_task
from world_builder.frozen import Json
from world_builder.ids import canonical_json
from world_builder.worlds import build_world

TASKS = "/worlds/shop/tasks"
TASK = f"{TASKS}/total-of-order"


def stored(api: TestClient, url: str = TASK) -> dict[str, Any]:
    answer: dict[str, Any] = api.get(url).json()
    return answer


def form_of(payload: dict[str, Any], **changed: str) -> list[tuple[str, str]]:
    """What the editor's form sends for a stored task, with some controls changed."""
    task = show_task(payload["id"], payload, ())
    items = [*task.texts.items(), ("max_turns", task.max_turns), ("rubric", "1"), ("solution", "1")]
    items += [("tags", task.tags), ("now", task.now), ("start_state", task.start_state)]
    items += [("extra_credit_weight", task.extra_credit_weight), ("response", task.response)]
    for c in task.criteria:
        own = {
            "text": c.text, "category": c.category, "kind": c.kind, "scope": c.scope,
            "check_kind": c.check_kind, "met": c.examples_met, "unmet": c.examples_unmet,
        }  # fmt: skip
        own |= {"is_critical": "true"} if c.is_critical else {}
        own |= {f"check.{field.name}": value for field, value in c.check_fields}
        items += [("order", c.id), *((f"c.{c.id}.{n}", v) for n, v in own.items())]
    for call in task.calls:
        n = str(call.number)
        items += [("calls", n), (f"call.{n}.tool", call.tool)]
        items += [(f"call.{n}.arguments", call.arguments)]
    return [(n, changed.pop(n, v)) for n, v in items] + list(changed.items())


def post(client: TestClient, url: str, items: list[tuple[str, str]]) -> Any:
    """A form whose names may repeat, in their order."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return client.post(url, content=urlencode(items), headers=headers)


def test_a_form_says_the_task_it_shows() -> None:
    for task in build_world("tutorial").tasks:
        payload = task.model_dump(mode="json")
        assert canonical_json(read_task(form_of(payload), payload)) == canonical_json(payload)
        assert type(task).model_validate(read_task(form_of(payload), {"id": task.id, "status":
            "approved", "author": task.author})) == task  # fmt: skip


def test_half_typed_parts_stay_as_they_were_typed() -> None:
    task = build_world("tutorial").tasks[0].model_dump(mode="json")
    items = form_of(
        task, max_turns="ten", start_state='[{"entity_type":', **{"call.0.arguments": '{"id": '}
    )
    data = read_task(items, task)
    shown = show_task(task["id"], data, ())
    assert (shown.max_turns, shown.start_state) == ("ten", '[{"entity_type":')
    assert shown.calls[0].arguments == '{"id": '
    assert read_task(form_of(data), data) == data  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", sorted(CHECK_FIELDS))
def test_unreadable_checks_are_kept(kind: str) -> None:
    fields = {field.name: "{half" for field in CHECK_FIELDS[kind]}
    check = read_check(kind, fields)
    again = (
        {name: field_value(check, f) for f in CHECK_FIELDS[kind] for name in [f.name]}
        if isinstance(check, dict)
        else {"json": str(check)}
    )
    assert read_check(kind, again) == check
    assert describe_check(check)


def test_checks_are_said_in_a_few_words() -> None:
    said: dict[str, dict[str, Json]] = {
        "number 74.99": {"kind": "number", "value": 74.99},
        "says yes or sure": {"kind": "contains_any", "texts": ["yes", "sure"]},
        "format list ≥ 3": {"kind": "format", "format": "list", "minimum": 3},
        "nothing else changed": {"kind": "no_collateral"},
    }
    assert [describe_check(check) for check in said.values()] == list(said)


def test_the_list_filters_sorts_and_keeps_its_state_in_the_address(browser: TestClient) -> None:
    page = browser.get(f"{TASKS}?q=order&category=information_retrieval&sort=-title")
    assert page.status_code == 200
    assert "Total of an order" in page.text
    assert "q=order&amp;category=information_retrieval" in page.text
    empty = browser.get(f"{TASKS}?q=nothing-like-it")
    assert "No task passes these filters" in empty.text


def test_typing_is_saved_and_problems_stand_beside(api: TestClient, htmx: TestClient) -> None:
    answer = htmx.post(TASK, data={"version": "1", "editor": "e", "prompt": "", "max_turns": "x"})
    assert answer.status_code == 200
    assert 'id="task-version" value="2"' in answer.text
    assert "must be a integer" in answer.text
    after = stored(api)
    assert after["task"]["max_turns"] == "x"
    assert after["task"]["rubric"]["criteria"][0]["text"] == "Says $12.34"
    paths = {p["path"] for p in after["problems"]}
    assert {"tasks.total-of-order.max_turns", "tasks.total-of-order.prompt"} <= paths


def test_a_plain_form_is_saved_and_redirected(api: TestClient, browser: TestClient) -> None:
    answer = post(browser, TASK, form_of(stored(api)["task"], version="1", title="Other"))
    assert (answer.status_code, answer.headers["location"]) == (303, TASK)
    assert stored(api)["task"]["title"] == "Other"


def test_pasted_lines_become_criteria(api: TestClient, htmx: TestClient) -> None:
    lines = "- Names the order\n2. Is short\n\n• Names the order"
    items = form_of(stored(api)["task"], version="1", act="add_criteria", lines=lines)
    assert post(htmx, TASK, items).status_code == 200
    criteria = stored(api)["task"]["rubric"]["criteria"]
    assert [c["text"] for c in criteria[1:]] == ["Names the order", "Is short", "Names the order"]
    assert len({c["id"] for c in criteria}) == 4


def test_the_order_of_the_form_is_the_order_of_the_criteria() -> None:
    task = build_world("tutorial").tasks[0].model_dump(mode="json")
    ids = [c["id"] for c in task["rubric"]["criteria"]]
    items = form_of(task)
    turned = [i for i in items if i[0] != "order"] + [("order", key) for key in reversed(ids)]
    read = read_task(turned, task)
    assert read == {**task, "rubric": {**task["rubric"], "criteria": [
        c for key in reversed(ids) for c in task["rubric"]["criteria"] if c["id"] == key
    ]}}  # fmt: skip


def test_calls_and_patches_are_added_moved_and_removed() -> None:
    data: dict[str, Json] = {"reference_solution": None, "start_state": []}
    for tool in ("a", "b"):
        data = apply_act(data, f"add_call:{tool}")
    data = apply_act(apply_act(data, "call_up:1"), "add_patch:order")
    assert data["reference_solution"] == {
        "response": "",
        "calls": [{"tool": "b", "arguments": {}}, {"tool": "a", "arguments": {}}],
    }
    data = apply_act(apply_act(data, "remove_call:0"), "remove_patch:0")
    assert data["start_state"] == []
    assert data["reference_solution"] == {"response": "", "calls": [{"tool": "a", "arguments": {}}]}
    assert apply_act(data, "remove_call:7") == data


def test_what_two_people_change_apart_is_merged(api: TestClient, htmx: TestClient) -> None:
    htmx.post(TASK, data={"version": "1", "editor": "one", "prompt": "Theirs"})
    answer = htmx.post(TASK, data={"version": "1", "editor": "two", "intent": "Mine"})
    assert answer.status_code == 200
    # The form of the second page still held the old prompt, in its own version.
    old = form_of(stored(api)["task"] | {"prompt": "What does ord-001 cost?"}, title="Mine too")
    assert post(htmx, TASK, [*old, ("version", "1"), ("editor", "two")]).status_code == 200
    after = stored(api)["task"]
    assert (after["prompt"], after["intent"], after["title"]) == ("Theirs", "Mine", "Mine too")


def test_what_both_change_is_a_choice_and_never_overwritten(
    api: TestClient, htmx: TestClient, browser: TestClient
) -> None:
    htmx.post(TASK, data={"version": "1", "editor": "one", "prompt": "Theirs"})
    mine = {"version": "1", "editor": "two", "prompt": "Mine", "intent": "Kept"}
    for client in (htmx, browser):
        answer = client.post(TASK, data=mine)
        assert answer.status_code == 409
        assert "Keep mine" in answer.text
        assert "Theirs" in answer.text
        assert "Mine" in answer.text
    assert api.post(TASK, data=mine).status_code == 409
    assert stored(api)["task"]["prompt"] == "Theirs"
    assert htmx.post(TASK, data=mine | {"act": "keep_mine"}).status_code == 200
    after = stored(api)["task"]
    assert (after["prompt"], after["intent"]) == ("Mine", "Kept")


def test_a_pages_own_saves_never_conflict(api: TestClient, htmx: TestClient) -> None:
    for text in ("a", "ab", "abc"):
        answer = htmx.post(TASK, data={"version": "1", "editor": "one", "prompt": text})
        assert answer.status_code == 200
    assert stored(api)["task"]["prompt"] == "abc"


def test_merging_goes_by_id_and_keeps_additions_of_both() -> None:
    base: dict[str, Json] = {"c": [{"id": "x", "t": 1, "u": 1}, {"id": "y", "t": 1}]}
    mine: dict[str, Json] = {"c": [{"id": "y", "t": 1}, {"id": "x", "t": 2, "u": 1}, {"id": "m"}]}
    theirs: dict[str, Json] = {"c": [{"id": "x", "t": 1, "u": 3}, {"id": "n"}]}
    merged = merge(base, mine, theirs)
    assert merged.differences == ()
    assert merged.data == {"c": [{"id": "x", "t": 2, "u": 3}, {"id": "m"}, {"id": "n"}]}
    clash = merge(base, mine, {"c": [{"id": "x", "t": 9, "u": 1}, {"id": "y", "t": 1}]})
    assert [(d.path, d.mine, d.theirs) for d in clash.differences] == [("c[x].t", 2, 9)]


def test_undo_goes_back_step_by_step(api: TestClient, htmx: TestClient) -> None:
    for number, text in enumerate(("one", "two"), start=1):
        htmx.post(TASK, data={"version": str(number), "editor": "e", "prompt": text})
    prompts = []
    for _ in range(3):
        assert htmx.post(TASK, data={"act": "undo"}).status_code == 200
        prompts.append(stored(api)["task"]["prompt"])
    assert prompts == ["one", "What does ord-001 cost?", "What does ord-001 cost?"]


def test_history_restores_any_version(api: TestClient, browser: TestClient) -> None:
    browser.post(TASK, data={"version": "1", "prompt": "Second"})
    browser.post(TASK, data={"version": "2", "prompt": "Third"})
    page = browser.get(f"{TASK}/history")
    assert page.status_code == 200
    assert "Second" in page.text
    assert "Restore version 2" in page.text
    revision = page.text.split("/revisions/")[1].split("/restore")[0]
    assert browser.post(f"/revisions/{revision}/restore").status_code == 303
    assert stored(api)["task"]["prompt"] == "Second"


def test_deleting_is_undone_by_its_notice(api: TestClient, browser: TestClient) -> None:
    assert browser.post(f"{TASK}/delete").status_code == 303
    assert api.get(TASK).status_code == 404
    page = browser.get(TASKS)
    undo = page.text.split('hx-post="/revisions/')[1].split('"')[0]
    assert browser.post(f"/revisions/{undo}").status_code == 303
    assert stored(api)["task"]["title"] == "Total of an order"


def test_a_copy_is_a_draft_of_the_same_scenario(api: TestClient, browser: TestClient) -> None:
    answer = browser.post(f"{TASK}/duplicate")
    copy = stored(api, answer.headers["location"])
    assert answer.status_code == 303
    assert copy["id"] == "total-of-order-2"
    assert (copy["task"]["status"], copy["task"]["scenario"]) == ("draft", "total-of-order")
    assert copy["task"]["rubric"] == stored(api)["task"]["rubric"]


def test_status_moves_step_by_step_and_approval_wants_no_errors(
    api: TestClient, htmx: TestClient
) -> None:
    assert htmx.post(TASK, data={"act": "status:approved"}).status_code == 422
    htmx.post(TASK, data={"act": "status:in_review", "system_prompt": "nobody", "editor": "e"})
    refused = htmx.post(TASK, data={"act": "status:approved", "title": "Typed", "editor": "e"})
    assert refused.status_code == 422
    assert "no policy" in refused.text
    assert "Typed" in refused.text
    assert stored(api)["task"]["status"] == "in_review"
    done = htmx.post(
        TASK, data={"act": "status:approved", "system_prompt": "support", "editor": "e"}
    )
    assert done.status_code == 200
    assert stored(api)["task"]["status"] == "approved"


def test_a_new_task_needs_a_title_and_keeps_what_was_typed(
    api: TestClient, browser: TestClient
) -> None:
    refused = browser.post(TASKS, data={"title": " ", "prompt": "Where is it?"})
    assert refused.status_code == 422
    assert "Where is it?" in refused.text
    assert 'aria-invalid="true"' in refused.text
    made = browser.post(TASKS, data={"title": "Where is my order?", "category": "communication"})
    assert made.headers["location"] == f"{TASKS}/where-is-my-order"
    assert browser.get(made.headers["location"]).status_code == 200
    assert stored(api, made.headers["location"])["task"]["category"] == "communication"


def test_api_clients_create_replace_and_delete(api: TestClient) -> None:
    task = stored(api)["task"] | {"id": "another", "title": "Another"}
    made = api.post(TASKS, json=task)
    assert (made.status_code, made.json()["version"]) == (201, 1)
    assert api.post(TASKS, json=task).status_code == 409
    url = f"{TASKS}/another"
    wrong = api.put(url, json=task | {"max_turns": "many"})
    assert wrong.status_code == 422
    assert wrong.json()["problems"][0]["path"] == "tasks.another.max_turns"
    assert stored(api, url)["task"]["max_turns"] == 10
    assert api.put(f"{url}?draft=true", json=task | {"max_turns": "many"}).status_code == 200
    assert api.put(f"{url}?version=1", json=task).status_code == 409
    assert api.put(url, json=task).json()["task"] == task
    assert api.delete(url).status_code == 200
    assert api.get(url).status_code == 404
    assert (
        api.put(url, content="{", headers={"Content-Type": "application/json"}).status_code == 422
    )


def test_saving_a_task_keeps_the_world_compiled(db: Database, api: TestClient) -> None:
    with db.read() as session:
        before = tasks.open_task(session, "shop", "total-of-order").snapshot
    api.post(TASK, data={"version": "1", "prompt": "New"})
    with db.read() as session:
        after = tasks.open_task(session, "shop", "total-of-order").snapshot
    assert after is before
    assert json.dumps(sorted(before.engines)) == '["default"]'
