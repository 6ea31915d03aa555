"""Several worker processes behind one address: a rollout lives in one, all answer for it."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.exporter.calling import HEADERS, post, rpc, told, tool_call
from tests.exporter.metric_values import metric_values
from tests.exporter.servers import START_LIMIT_S, RunningServer, serving
from tests.exporter.small_world import library
from world_builder.state import WorldBase, WorldState

PRISTINE = WorldState(WorldBase(library())).state_hash
LEND = {"book": "bk-02", "reader": "Rosa Lind"}


@pytest.fixture
def workers(bundle_path: Path, tmp_path: Path) -> Iterator[RunningServer]:
    """A server with three workers and room for seven rollouts."""
    options = ("--workers", "3", "--capacity", "7", "--drain-seconds", "0")
    with serving(bundle_path, tmp_path, *options, token="secret") as server:
        yield server


def make(server: RunningServer, count: int) -> list[dict[str, str]]:
    replies = [server.post("/rollouts") for _ in range(count)]
    assert [reply.status_code for reply in replies] == [201] * count
    return [reply.json() for reply in replies]


def worker_of(made: dict[str, str]) -> int:
    return int(made["id"].partition(".")[0])


def processes(server: RunningServer) -> list[int]:
    """The workers' process ids, in the order in which they were started."""
    pid = server.process.pid
    return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def values(server: RunningServer) -> dict[str, float]:
    return metric_values(httpx2.get(f"{server.url}/metrics", headers=server.trainer).text)


def state_hash(server: RunningServer, path: str) -> str:
    return str(httpx2.get(f"{server.url}{path}", headers=server.trainer).json()["state_hash"])


def wait_for(server: RunningServer, key: str, expected: object) -> None:
    deadline_s = time.monotonic() + START_LIMIT_S
    while httpx2.get(f"{server.url}/health").json()[key] != expected:
        assert time.monotonic() < deadline_s, f"{key} did not become {expected}"
        time.sleep(0.02)


def kill(server: RunningServer, worker: int) -> None:
    """Kills a worker that was never started again, and waits until it was."""
    restarts = httpx2.get(f"{server.url}/health").json()["num_worker_restarts"]
    os.kill(processes(server)[worker], signal.SIGKILL)
    wait_for(server, "num_worker_restarts", restarts + 1)
    wait_for(server, "num_workers_alive", 3)


def test_rollouts_are_spread_isolated_and_answered_on_any_connection(
    workers: RunningServer,
) -> None:
    made = make(workers, 7)
    assert sorted(map(worker_of, made)) == [0, 0, 0, 1, 1, 2, 2]
    with httpx2.Client() as client:
        for n, one in enumerate(made):
            for key in ("a", "b"):
                body = tool_call("lend_book", {**LEND, "reader": f"r{n}"}, key)
                answers = [post(one["mcp_url"], body, c) for c in (client, None, client)]
                assert answers[0] == answers[1] == answers[2]
                assert (answers[0][0], told(answers[0][1])["reader"]) == (200, f"r{n}")
    for n, one in enumerate(made):
        path = f"/rollouts/{one['id']}"
        diff = httpx2.get(f"{workers.url}{path}/state", headers=workers.trainer).json()["diff"]
        assert [change["after"]["reader"] for change in diff["changes"]] == [f"r{n}"] * 2
    counted = values(workers)
    assert counted['tool_calls_total{outcome="ok"}'] == 14
    assert counted['tool_calls_total{outcome="repeated"}'] == 28
    assert counted["workers_alive"] == 3


def test_the_capacity_is_that_of_all_together(workers: RunningServer) -> None:
    made = make(workers, 7)
    full = workers.post("/rollouts")
    assert full.status_code == 429
    assert "all 7 rollouts are in use" in full.json()["message"]
    assert full.headers["retry-after"] == "1"
    url = f"{workers.url}/rollouts/{made[3]['id']}"
    assert httpx2.delete(url, headers=workers.trainer).status_code == 204
    assert httpx2.delete(url, headers=workers.trainer).status_code == 404
    assert worker_of(make(workers, 1)[0]) == worker_of(made[3])
    assert httpx2.get(f"{workers.url}/health").json()["num_rollouts"] == 7
    counted = values(workers)
    assert counted['rollouts_refused_total{reason="at_capacity"}'] == 1
    assert counted['rollouts_ended_total{reason="deleted"}'] == 1


def test_a_group_lives_in_one_worker(workers: RunningServer) -> None:
    made = workers.post("/rollouts", content='{"count": 2}').json()["rollouts"]
    assert len({worker_of(each) for each in made}) == 1
    full = workers.post("/rollouts", content='{"count": 4}')
    assert (full.status_code, full.json()["error"]) == (429, "no_room_for_group")
    assert "a group of 4" in full.json()["message"]
    assert httpx2.get(f"{workers.url}/health").json()["num_rollouts"] == 2
    first, other = (each["id"] for each in made)
    url = f"{workers.url}/rollouts/{first}"
    for _ in range(2):  # on connections of their own, so that any worker may be asked
        httpx2.request("DELETE", url, json={"others": [other]}, headers=workers.trainer)
    assert httpx2.get(f"{workers.url}/health").json()["num_rollouts"] == 0


def test_the_plain_world_is_one_whoever_answers(workers: RunningServer) -> None:
    url = f"{workers.url}/mcp"
    loans = [told(post(url, tool_call("lend_book", LEND))[1])["id"] for _ in range(6)]
    assert loans == [f"ln-{n:03}" for n in range(2, 8)]
    assert state_hash(workers, "/state") != PRISTINE
    assert workers.post("/reset").json()["state_hash"] == PRISTINE
    assert state_hash(workers, "/state") == PRISTINE


def test_a_retried_request_for_a_rollout_makes_one(workers: RunningServer) -> None:
    headers = {**workers.trainer, "Idempotency-Key": "k"}
    replies = [httpx2.post(f"{workers.url}/rollouts", headers=headers) for _ in range(6)]
    assert {reply.status_code for reply in replies} == {201}
    assert len({reply.json()["id"] for reply in replies}) == 1
    assert httpx2.get(f"{workers.url}/health").json()["num_rollouts"] == 1


def test_a_worker_that_dies_loses_its_rollouts_and_no_others(workers: RunningServer) -> None:
    made = make(workers, 6)
    for one in made:
        assert post(one["mcp_url"], tool_call("lend_book", LEND))[0] == 200
    kill(workers, 1)
    for one in made:
        status, answer = post(one["mcp_url"], rpc("ping"))
        assert status == (410 if worker_of(one) == 1 else 200)
        state = httpx2.get(f"{workers.url}/rollouts/{one['id']}/state", headers=workers.trainer)
        if worker_of(one) == 1:
            assert (answer["error"], state.status_code) == ("rollout_lost", 410)
            assert "do not score it" in answer["message"]
        else:
            assert state.json()["state_hash"] != PRISTINE
    again = make(workers, 2)
    assert [one["id"].rpartition(".")[0] for one in again] == ["1.1", "1.1"]
    counted = values(workers)
    assert counted['rollouts_ended_total{reason="lost"}'] == 2
    assert counted['tool_calls_total{outcome="ok"}'] == 6
    assert counted["worker_restarts_total"] == 1


def test_a_lost_plain_world_is_not_passed_off_as_a_fresh_one(workers: RunningServer) -> None:
    url = f"{workers.url}/mcp"
    assert post(url, tool_call("lend_book", LEND))[0] == 200
    kill(workers, 0)
    for _ in range(4):
        status, answer = post(url, rpc("ping"))
        assert (status, answer["error"]) == (410, "rollout_lost")
    assert httpx2.get(f"{workers.url}/state", headers=workers.trainer).status_code == 410
    assert workers.post("/reset").json()["state_hash"] == PRISTINE
    assert told(post(url, tool_call("lend_book", LEND))[1])["id"] == "ln-002"


def test_control_is_guarded_whichever_worker_answers(workers: RunningServer) -> None:
    [made] = make(workers, 1)
    for _ in range(4):
        for method, path in (
            ("POST", "/rollouts"),
            ("GET", f"/rollouts/{made['id']}/state"),
            ("DELETE", f"/rollouts/{made['id']}"),
            ("POST", "/reset"),
            ("GET", "/metrics"),
        ):
            assert httpx2.request(method, f"{workers.url}{path}").status_code == 401
    assert httpx2.post(made["mcp_url"], content=b"{", headers=HEADERS).status_code == 400


def test_workers_end_with_their_parent(workers: RunningServer) -> None:
    children = processes(workers)
    workers.process.kill()
    workers.process.wait()
    deadline_s = time.monotonic() + START_LIMIT_S
    while any(Path(f"/proc/{pid}").exists() and not _is_zombie(pid) for pid in children):
        assert time.monotonic() < deadline_s, "a worker outlived its parent"
        time.sleep(0.02)


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True
