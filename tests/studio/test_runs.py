"""The runs pages: the list, the backend's installation, starting, watching and deleting runs."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from rl_backend import run_lock
from rl_backend.config import load_preset
from rl_backend.install_status import InstallState, InstallStatus, now, write_status
from rl_backend.preflight.checks import Check
from rl_backend.records import BundleLock, MetricRecord, Phase, RunState
from rl_backend.rundir import RunDir
from studio.app import create_app
from studio.jobs import Jobs
from studio.repository.bundles import all_versions
from studio.services import backend
from studio.services.backend import BackendState, BackendView, backend_view
from studio.services.preflight import preflight
from studio.services.run_series import CHARTS, MAX_POINTS, points_of
from studio.services.run_stream import stream
from studio.settings import Settings
from tests.studio.conftest import ORIGIN
from tests.studio.run_dirs import add_evaluation, add_step, make_run
from tests.studio.test_bundles import HTML, HTMX, publish


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "var", sample_worlds=(), is_checking_pages=True)


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), base_url=ORIGIN, follow_redirects=False) as client:
        yield client


@pytest.fixture
def published(tmp_path: Path) -> Iterator[TestClient]:
    """A studio with the tutorial published as 1.0.0."""
    held = Settings(data_dir=tmp_path / "var", sample_worlds=("tutorial",), is_checking_pages=True)
    with TestClient(create_app(held), base_url=ORIGIN, follow_redirects=False) as client:
        publish(client, "1.0.0")
        yield client


@pytest.fixture
def runs(settings: Settings) -> Path:
    return settings.runs


def test_without_runs_the_list_says_what_to_do(client: TestClient) -> None:
    page = client.get("/runs", headers=HTML).text
    assert "No run yet" in page
    assert 'href="/runs/new"' in page


def test_the_list_shows_every_run_and_filters_by_address(client: TestClient, runs: Path) -> None:
    make_run(runs, "good-run")
    make_run(runs, "bad-run", state=RunState.FAILED, reason="SGLang ended: out of memory")
    page = client.get("/runs", headers=HTML).text
    assert "good-run" in page
    assert "step 12 of 20" in page
    assert 'hx-trigger="every 3s"' not in page
    failed = client.get("/runs?state=failed", headers=HTMX).text
    assert "bad-run" in failed
    assert "good-run" not in failed
    assert "No run passes these filters" in client.get("/runs?world=none", headers=HTML).text


def test_a_run_page_shows_its_state_at_load(client: TestClient, runs: Path) -> None:
    make_run(runs)
    page = client.get("/runs/run-1", headers=HTML).text
    for shown in (
        "step 12 of 20", "20.0 %", "40.0 %", "line 499", "Rollouts and judging",
        "held-out pass rate 0.400", "rollout.group_size", 'href="/review/run-1"',
    ):  # fmt: skip
        assert shown in page
    assert "line 299\n" not in page
    assert "hx-sse:connect" not in page


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("SGLang ended with code 1\nCUDA out of memory", "SGLang ended with code 1"),
        ("process ended without a word", "ended without a word. "),
    ],
)
def test_a_failure_is_told_in_plain_words_with_what_resume_does(
    client: TestClient, runs: Path, reason: str, words: str
) -> None:
    run = make_run(runs, state=RunState.FAILED, reason=reason)
    run.checkpoint_dir(10).mkdir()
    page = client.get("/runs/run-1", headers=HTML).text
    assert words.strip() in page
    assert "checkpoint after step 10" in page
    assert "/runs/run-1/resume" in page


def test_a_killed_process_shows_as_failed(client: TestClient, runs: Path) -> None:
    make_run(runs, state=RunState.RUNNING)
    assert client.get("/runs/run-1").json()["run"]["failure"]["headline"].startswith("The training")


def test_stop_asks_the_process_and_delete_waits_for_its_end(client: TestClient, runs: Path) -> None:
    run = make_run(runs, state=RunState.RUNNING)
    (run.path / "lock").touch()
    lock = run_lock.acquire(run.path)
    try:
        assert "hx-sse:connect" in client.get("/runs/run-1", headers=HTML).text
        assert client.post("/runs/run-1/stop", headers=HTML).status_code == 303
        assert run.is_stop_requested()
        assert "stopping" in client.get("/runs/run-1", headers=HTML).text
        assert client.post("/runs/run-1/delete", headers=HTML).status_code == 409
    finally:
        os.close(lock)
    assert client.delete("/runs/run-1", headers=HTMX).headers["HX-Redirect"] == "/runs"
    assert not run.path.exists()
    assert client.get("/runs/run-1").status_code == 404


@pytest.mark.parametrize("run_id", ["..", ".deleted-x", "none"])
def test_what_is_no_run_is_not_found(client: TestClient, runs: Path, run_id: str) -> None:
    runs.mkdir(parents=True)
    assert client.get(f"/runs/{run_id}/events").status_code == 404


async def test_the_stream_sends_all_at_first_then_only_news(runs: Path) -> None:
    run = make_run(runs, state=RunState.RUNNING, num_steps=3)
    words = iter([("one", False), ("one", False), ("two", False), ("two", True)])

    def parts() -> tuple[dict[str, str], bool]:
        text, is_over = next(words)
        return {"run-log": text}, is_over

    messages = stream(run, parts, tick_s=0.0)
    first = await anext(messages)
    assert first.data == ('<hx-partial hx-target="#run-log" hx-swap="innerMorph">one</hx-partial>')
    charts = {m.event: json.loads(m.data) for m in [await anext(messages) for _ in range(8)]}
    assert charts["chart-reward"]["reset"] is True
    assert charts["chart-reward"]["x"] == [0, 1, 2, 3]
    assert charts["chart-reward"]["y"][1] == [0.2, None, None, None]
    add_step(run, 4)
    news = await anext(messages)
    assert news.event == "chart-reward"
    assert json.loads(news.data) == {"x": [4], "y": [[0.4], [None]]}
    rest = [message async for message in messages]
    assert [m.data for m in rest if m.event is None] == [first.data.replace("one", "two")]
    assert rest[-1].event == "end"


def test_a_repeated_step_replaces_the_curve(runs: Path) -> None:
    run = make_run(runs, num_steps=3)
    before = points_of(CHARTS[0], run.metrics())
    add_evaluation(run, 3)
    after = points_of(CHARTS[0], run.metrics())
    assert after.x == before.x
    assert not after.begins_with(before)


def test_a_long_run_is_thinned_and_keeps_its_evaluations(runs: Path) -> None:
    run = make_run(runs, num_steps=0)
    record = run.metrics()[0]

    def at(phase: Phase, step: int) -> MetricRecord:
        return record.model_copy(update={"phase": phase, "step": step})

    train = [at(Phase.TRAIN, step) for step in range(9_001)]
    evals = [at(Phase.EVALUATION, step) for step in (0, 7, 9_000)]
    points = points_of(CHARTS[0], [*train, *evals])
    assert len(points.x) <= MAX_POINTS
    assert {0, 7, 9_000} <= set(points.x)


def test_the_form_shows_the_preset_and_refuses_bad_values(published: TestClient) -> None:
    page = published.get("/runs/new?bundle=tutorial/1.0.0&preset=smoke", headers=HTML).text
    assert "all seen in " in page
    assert "intact, " in page
    assert load_preset("smoke").description in page
    bad = {"bundle": "tutorial/1.0.0", "preset": "smoke", "num_steps": "many", "seed": "-1"}
    answer = published.post("/runs", data=bad, headers=HTML)
    assert answer.status_code == 422
    assert 'value="many"' in answer.text
    assert answer.text.count('aria-invalid="true"') == 2
    nothing = published.post("/runs", data={"preset": "smoke"}, headers=HTML)
    assert "choose a published version" in nothing.text


def test_a_damaged_bundle_is_not_trained_on(published: TestClient) -> None:
    app = published.app
    assert isinstance(app, FastAPI)
    folder = app.state.studio.settings.bundles / "tutorial-1.0.0"
    path = folder / "entities" / "book.json"
    path.write_text(path.read_text() + " ")
    data = {"bundle": "tutorial/1.0.0", "preset": "smoke"}
    answer = published.post("/runs", data=data, headers=HTML)
    assert answer.status_code == 422
    assert "changed file: entities/book.json" in answer.text
    assert not app.state.studio.settings.runs.exists()


def test_run_and_bundle_link_to_each_other(published: TestClient) -> None:
    app = published.app
    assert isinstance(app, FastAPI)
    version = published.get("/worlds/tutorial/bundles/1.0.0").json()["version"]
    lock = BundleLock(
        path=version["path"], name="tutorial", version="1.0.0", digest=version["digest"]
    )
    make_run(app.state.studio.settings.runs, bundle=lock)
    page = published.get("/runs/run-1", headers=HTML).text
    assert 'href="/worlds/tutorial/bundles/1.0.0"' in page
    assert "bundle=tutorial/1.0.0" in published.get(
        "/worlds/tutorial/bundles/1.0.0", headers=HTML
    ).text.replace("%2F", "/")


def status(path: Path, state: InstallState, message: str) -> None:
    log = path.with_suffix(".log")
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("Collecting torch\nno space left\n")
    write_status(
        path,
        InstallStatus(
            state=state, step=2, num_steps=4, message=message, log_path=log,
            started_at=now(), updated_at=now(),
        ),
    )  # fmt: skip


def test_the_installation_is_shown_with_its_last_line_and_a_retry(
    client: TestClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backend, "PACKAGES", ("no_such_package",))
    assert "Install it" in client.get("/runs", headers=HTML).text
    status(backend.status_path(settings.data_dir), InstallState.FAILED, "Installing SGLang failed")
    page = client.get("/runs", headers=HTML).text
    assert "Installing SGLang failed" in page
    assert "no space left" in page
    assert "Try again" in page
    refused = client.get("/runs/new").json()["preflight"]["checks"][0]
    assert (refused["state"], refused["text"]) == ("bad", "Installing SGLang failed")


def test_containers_are_looked_at_only_where_they_are_wanted(
    published: TestClient, settings: Settings, tmp_path: Path
) -> None:
    app = published.app
    assert isinstance(app, FastAPI)
    with app.state.studio.database.read() as session:
        [version] = all_versions(session)
    backend_state = backend_view(settings.data_dir, Jobs(settings.jobs))

    def checks(*changes: str) -> list[Check]:
        config = load_preset("tiny", changes)
        found = preflight(backend_state, version, config, settings.runs, 0).checks
        return [check for check in found if check.title == "Containers"]

    assert checks() == []
    hosts = f'rollout.docker.hosts=[{{url="unix://{tmp_path}/gone"}}]'
    [check] = checks("rollout.runtime=docker", hosts)
    assert check.state == "bad"
    assert "does not answer" in check.text
    assert "DOCKER_HOST" in check.hint


def test_an_unsupported_machine_is_told_why(tmp_path: Path) -> None:
    path = backend.status_path(tmp_path)
    status(path, InstallState.UNSUPPORTED, "Training needs Linux; this is Darwin.")
    view = backend_view(tmp_path, Jobs(tmp_path / "jobs"))
    if view.state is not BackendState.READY:  # a machine that has everything anyway can train
        assert view.message == "Training needs Linux; this is Darwin."
        assert not view.can_install


def test_a_running_installation_is_followed(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path / "jobs")
    status(backend.status_path(tmp_path), InstallState.RUNNING, "Installing torch")
    job = jobs.start(backend.JOB_ID, "install", ["/bin/sleep", "60"])
    try:
        view = backend_view(tmp_path, jobs)
        assert (view.state, view.step, view.last_line) == (
            BackendState.INSTALLING, 2, "no space left",
        )  # fmt: skip
        assert not backend.install_backend(tmp_path, jobs)
    finally:
        jobs.stop(job)
    assert isinstance(view, BackendView)


def test_run_dirs_are_the_real_thing(runs: Path) -> None:
    assert RunDir.open(make_run(runs).path).status().state is RunState.DONE


def test_starting_spawns_the_training_process_which_says_how_it_ends(
    published: TestClient,
) -> None:
    """A real training process, stopped while it starts."""
    app = published.app
    assert isinstance(app, FastAPI)
    settings = app.state.studio.settings
    data = {"bundle": "tutorial/1.0.0", "preset": "smoke", "num_steps": "1"}
    answer = published.post("/runs", data=data, headers=HTML)
    assert answer.status_code == 303
    run = RunDir.open(settings.runs / answer.headers["location"].removeprefix("/runs/"))
    assert run.config().num_steps == 1
    assert published.get(f"/runs/{run.id}").status_code == 200
    published.post(f"/runs/{run.id}/stop", headers=HTML)
    deadline = time.monotonic() + 120
    while run.is_alive() and time.monotonic() < deadline:
        time.sleep(0.1)
    status = run.status()
    assert status.state is RunState.STOPPED, (status, run.log_path.read_text())
    assert status.step == 0
    page = published.get(f"/runs/{run.id}", headers=HTML).text
    assert f"/runs/{run.id}/resume" in page
    with published.stream("GET", f"/runs/{run.id}/events") as events:
        assert events.headers["content-type"].startswith("text/event-stream")
        assert events.read().decode().endswith("event: end\ndata: over\n\n")
