"""The overview of a world: coverage, gates and the next step, which follows from the state."""

from starlette.testclient import TestClient

from exporter.manifest import GateReport
from studio.database import Database
from studio.repository.bundles import add_version
from studio.services.bundle_views import GatesView
from studio.services.overview import next_steps


def _states(api: TestClient) -> dict[str, str]:
    return {step["title"]: step["state"] for step in api.get("/worlds/shop").json()["steps"]}


def test_coverage_counts_every_cell(api: TestClient) -> None:
    coverage = api.get("/worlds/shop").json()["grid"]
    assert coverage["difficulties"] == ["easy", "medium", "hard", "expert"]
    assert coverage["rows"]["information_retrieval"] == [1, 0, 0, 0]
    assert coverage["rows"]["reasoning"] == [0, 0, 0, 0]


def test_a_published_version_is_a_step_done(api: TestClient, db: Database) -> None:
    assert _states(api)["Publish a bundle version"] != "done"
    with db.write() as session:
        add_version(
            session, "shop", "1.0.0", digest="0" * 64, path="nowhere", num_tasks=1,
            report=GateReport(gates=()), notes="", who="author",
        )  # fmt: skip
    assert _states(api)["Publish a bundle version"] == "done"
    assert _states(api)["Train on it"] != "done"


def test_the_first_step_that_is_not_done_is_the_current_one() -> None:
    running = GatesView(gates=(), is_done=False)
    empty = next_steps("/w", num_tasks=0, gates=running, versions=(), runs=())
    assert [step.state for step in empty] == ["current", "todo", "todo", "todo", "todo"]
    ready = next_steps("/w", num_tasks=3, gates=GatesView(gates=()), versions=(), runs=())
    assert [step.state for step in ready] == ["done", "done", "current", "todo", "todo"]
    assert ready[3].url == "/runs/new"


def test_the_standing_comes_alone_and_polls_only_while_gates_run(htmx: TestClient) -> None:
    text = htmx.get("/worlds/shop/standing").text
    assert 'id="standing"' in text
    assert "<html" not in text
    assert ('hx-trigger="every 1s"' in text) == ("Running reference solutions" in text)
