"""The preview: planted errors, half-typed tasks, verdicts by checks and by a judge, streamed."""

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from studio.app import create_app
from studio.repository.worlds import import_world
from studio.services.planting import plant, plantable
from studio.services.preview import AnswerKind, Asked, preview
from studio.services.world_cache import Snapshot
from studio.settings import Settings
from tests.studio.conftest import ORIGIN, small_world
from world_builder.state import WorldBase
from world_builder.tasks import ReferenceSolution
from world_builder.tools import ToolCall
from world_builder.worlds import build_world

PREVIEW = "/worlds/shop/tasks/total-of-order/preview"

KEY = "sk-very-secret"


@pytest.fixture(scope="module")
def tutorial() -> Snapshot:
    world = build_world("tutorial")
    return Snapshot(world=world, base=WorldBase(world))


def test_every_reference_of_the_tutorial_passes_and_its_evidence_is_in_it(
    tutorial: Snapshot,
) -> None:
    for task in tutorial.world.tasks:
        shown = preview(tutorial, task.model_dump(mode="json"), Asked())
        assert shown.is_pass, task.id
        assert all(shown.answer[start:end] for start, end in shown.spans)
        assert len(shown.calls) == len(task.reference_solution.calls)  # type: ignore[union-attr]


def test_most_planted_errors_are_noticed(tutorial: Snapshot) -> None:
    data = tutorial.world.tasks[0].model_dump(mode="json")
    errors = preview(tutorial, data, Asked()).errors
    noticed = [
        preview(tutorial, data, Asked(kind=AnswerKind.BROKEN, error=value)).is_pass is False
        for value, _ in errors
    ]
    assert len(noticed) >= 3
    assert sum(noticed) >= len(noticed) - 1


def test_errors_are_planted_one_at_a_time() -> None:
    call = ToolCall(tool="refund", arguments={})
    reference = ReferenceSolution(calls=(call,), response="You get $14.99 back. It takes 3 days.")
    assert plant(reference, "number:0").response == "You get $24.99 back. It takes 3 days."
    assert plant(reference, "number:1").response == "You get $14.99 back. It takes 4 days."
    assert plant(reference, "sentence:1").response == "You get $14.99 back."
    assert plant(reference, "call").calls == ()
    assert plant(reference, "number:9") == reference
    assert [value for value, _ in plantable(reference)] == [
        "number:0", "number:1", "sentence:0", "sentence:1", "call",
    ]  # fmt: skip


def test_half_typed_tasks_run_as_far_as_they_can_be_read(tutorial: Snapshot) -> None:
    data = tutorial.world.tasks[0].model_dump(mode="json")
    data["rubric"]["criteria"][0]["check"] = {"kind": "number", "value": "thr"}
    data["max_turns"] = "many"
    data["reference_solution"]["calls"].append({"tool": "", "arguments": '{"id"'})
    shown = preview(tutorial, data, Asked())
    assert shown.rows[0].value == "cannot_assess"
    assert "cannot be read" in shown.rows[0].reason
    assert {row.value for row in shown.rows[1:]} == {"met"}
    assert (shown.reward, shown.calls[-1].is_error) == (None, True)
    assert "no policy" in preview(tutorial, data | {"system_prompt": "x"}, Asked()).note


def test_examples_are_tried_against_the_check(tutorial: Snapshot) -> None:
    data = tutorial.world.tasks[0].model_dump(mode="json")
    criterion = data["rubric"]["criteria"][0]
    criterion["check"] = {"kind": "number", "value": 5}
    criterion["examples"] = {"met": ["It is 5."], "unmet": ["It is 6.", "It is 5 again."]}
    assert preview(tutorial, data, Asked()).rows[0].flips == "2/3"


def test_without_a_judge_the_missing_setting_is_named(api: TestClient) -> None:
    answer = api.post(PREVIEW, json={"kind": "paste", "text": "It is $12.34.", "with_calls": False})
    assert answer.status_code == 200
    row = answer.json()["rows"][0]
    assert row["value"] == "cannot_assess"
    assert "ANTHROPIC_API_KEY" in row["reason"]
    assert answer.json()["reward"] is None
    assert api.post(PREVIEW, json={"kind": "guess"}).status_code == 422


def test_the_form_is_judged_as_it_stands_and_nothing_is_saved(
    api: TestClient, browser: TestClient
) -> None:
    form = {"version": "1", "prompt": "Typed", "preview.run": "paste", "preview.text": "Pasted"}
    page = browser.post(PREVIEW, data=form)
    assert page.status_code == 200
    assert "Typed" in page.text
    assert "Pasted" in page.text
    assert "cannot assess" in page.text
    assert api.get("/worlds/shop/tasks/total-of-order").json()["version"] == 1


class MessagesApi(ThreadingHTTPServer):
    """Speaks Anthropic's Messages API: everything is met, by the quote `$12.34`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    server: MessagesApi

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        pass

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(body["messages"][0]["content"][1]["text"])
        said = {"evidence": ["$12.34"], "reasoning": "It says so.", "verdict": "met"}
        reply = {
            "id": "msg_1", "type": "message", "role": "assistant", "model": body["model"],
            "content": [{"type": "text", "text": json.dumps(said)}], "stop_reason": "end_turn",
            "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 1},
        }  # fmt: skip
        text = json.dumps(reply).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


@pytest.fixture
def messages_api() -> Iterator[MessagesApi]:
    with MessagesApi() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(timeout=10)


def test_the_judges_verdicts_are_streamed_remembered_and_keep_the_key(
    tmp_path: Path, messages_api: MessagesApi, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(
        data_dir=tmp_path, sample_worlds=(), anthropic_api_key=SecretStr(KEY),
        anthropic_base_url=f"http://127.0.0.1:{messages_api.server_port}",
    )  # fmt: skip
    app = create_app(settings)
    with TestClient(app, base_url=ORIGIN) as api:
        with app.state.studio.database.write() as session:
            import_world(session, small_world())
        task: dict[str, Any] = api.get("/worlds/shop/tasks/total-of-order").json()["task"]
        lines = "Names the order\nIs polite"
        url = "/worlds/shop/tasks/total-of-order"
        api.post(url, data={"act": "add_criteria", "lines": lines, "editor": "e"})
        headers = {"HX-Request": "true", "HX-Request-Type": "partial"}
        streamed = api.post(PREVIEW, headers=headers, data={"preview.run": "reference"})
        again = api.post(PREVIEW, headers=headers, data={"preview.run": "reference"})
    assert task["rubric"]["criteria"][0]["id"] == "total"
    assert streamed.headers["content-type"].startswith("text/event-stream")
    events = streamed.text.strip().split("\n\n")
    first, verdicts, last = events[0], events[1:-1], events[-1]
    assert first.count("verdict--unscored") > 0
    assert len(verdicts) == 3
    ids = {re.search(r'hx-target="#verdict-([\w-]+)"', event)[1] for event in verdicts}  # type: ignore[index]
    assert ids == {"total", "names-the-order", "is-polite"}
    assert "reward 1.00" in last
    assert "<mark>" in last
    assert again.headers["content-type"].startswith("text/html")
    assert "reward 1.00" in again.text
    assert len(messages_api.asked) == 3
    assert KEY not in streamed.text + again.text + caplog.text


def test_unknown_keys_and_kinds_are_refused_with_hints(api: TestClient) -> None:
    body = {"kind": "rumour", "txet": "$1"}
    answer = api.post(PREVIEW, json=body)
    assert answer.status_code == 422
    problems = {p["path"]: p for p in answer.json()["problems"]}
    assert set(problems) == {"body.kind", "body.txet"}
    assert problems["body.txet"]["hint"] == "remove it, or mend the spelling"
    assert all(p["hint"] for p in problems.values())
