"""Review pages over a run that the product made: figures, filters, pairs, blind votes, notes."""

import gzip
import shutil
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from rl_backend.records import RolloutRecord
from rl_backend.review import review_run
from rl_backend.rundir import RunDir
from studio.services.review_notes import preference_of
from studio.settings import Settings
from tests.studio.review_run import RUN_ID, write_run
from tests.studio.run_dirs import make_run
from world_builder.tools import ToolCall
from world_builder.trajectory import CallRecord

MIXED = f"/review/{RUN_ID}?trained=10"
"""A comparison in which some tasks were gained and some lost."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data_dir = tmp_path_factory.mktemp("review")
    write_run(data_dir, rollouts_per_task=2)
    return data_dir


@pytest.fixture
def settings(tmp_path: Path, made: Path) -> Settings:
    return Settings(
        data_dir=tmp_path / "var", runs_dir=made / "runs", sample_worlds=(), is_checking_pages=True
    )


def lines(api: TestClient, url: str = MIXED) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(url).json()["lines"]
    return found


def first(api: TestClient, outcome: str) -> str:
    """The first task of that outcome in the mixed comparison."""
    return str(next(x for x in lines(api) if x["task"]["outcome"] == outcome)["task"]["task_id"])


def pair_url(task: str, rest: str = "") -> str:
    return f"/review/{RUN_ID}/{task}?trained=10{rest}"


def act(task: str, name: str, rest: str = "") -> str:
    return f"/review/{RUN_ID}/{task}/{name}?trained=10{rest}"


def test_without_runs_it_leads_to_starting_one(browser: TestClient, made: Path) -> None:
    browser.app.state.studio.settings.runs.rename(made / "away")  # type: ignore[attr-defined]
    try:
        page = browser.get("/review").text
    finally:
        (made / "away").rename(made / "runs")
    assert "No runs to compare yet" in page
    assert 'href="/runs/new"' in page


def test_runs_show_before_and_after(api: TestClient, browser: TestClient, made: Path) -> None:
    review = review_run(RunDir.open(made / "runs" / RUN_ID))
    assert review.pass_gain is not None
    runs = api.get("/review").json()["runs"]
    assert runs["total"] == 1
    head = runs["lines"][0]["headline"]
    assert head["baseline_pass_rate"] == review.baseline_pass_rate
    assert head["trained_pass_rate"] == review.trained_pass_rate == 1.0
    assert head["pass_gain"] == review.pass_gain.model_dump()
    assert head["test"] == review.test.model_dump()
    assert head["verdict"] == "better"
    page = browser.get("/review").text
    assert f'href="/review/{RUN_ID}"' in page
    assert "→ 100.0 %" in page


def test_a_run_with_one_evaluation_or_no_rollouts(
    api: TestClient, browser: TestClient, made: Path
) -> None:
    try:
        make_run(made / "runs", "waiting", num_steps=3)
        make_run(made / "runs", "hollow", num_steps=12)
        assert "one evaluation and a comparison needs two" in browser.get("/review/waiting").text
        assert "No task has a scored rollout" in browser.get("/review/hollow").text
        assert api.get("/review").json()["runs"]["num_waiting"] == 1
        report = made / "runs" / "hollow" / "eval" / "step-000010.json"
        report.write_text("{")
        page = browser.get("/review")
        assert page.status_code == 200
        assert "cannot be read" in page.text
        assert browser.get("/review/hollow").status_code == 400
    finally:
        for name in ("waiting", "hollow"):
            shutil.rmtree(made / "runs" / name)


def test_a_comparison_answers_whether_it_got_better(
    api: TestClient, browser: TestClient, made: Path
) -> None:
    review = review_run(RunDir.open(made / "runs" / RUN_ID), trained_step=10)
    data = api.get(MIXED).json()
    assert data["head"]["test"] == review.test.model_dump()
    assert data["head"]["verdict"] == "unclear"
    outcomes = [line["task"]["outcome"] for line in data["lines"]]
    num_lost, num_gained = review.test.num_lost, review.test.num_gained
    assert outcomes[: num_lost + num_gained] == ["lost"] * num_lost + ["gained"] * num_gained
    for name in ("category", "difficulty", "scenario"):
        rows = next(each for each in data["slices"] if each["name"] == name)["rows"]
        assert sum(row["num_tasks"] for row in rows) == review.num_tasks
    page = browser.get(MIXED).text
    assert "no clear difference" in page
    assert "McNemar" in page
    assert page.count("pass → fail</span>") == num_lost


def test_filters_stand_in_the_address(api: TestClient, htmx: TestClient) -> None:
    lost = lines(api, f"{MIXED}&outcome=lost")
    assert {line["task"]["outcome"] for line in lost} == {"lost"}
    category = lost[0]["task"]["category"]
    both = lines(api, f"{MIXED}&outcome=lost&category={category}")
    assert {line["task"]["category"] for line in both} == {category}
    gains = [
        x["task"]["trained"]["mean_reward"] - x["task"]["baseline"]["mean_reward"]
        for x in lines(api, f"{MIXED}&sort=gain")
    ]
    assert gains == sorted(gains, reverse=True)
    fragment = htmx.get(f"{MIXED}&outcome=lost&q=zzz").text
    assert "Nothing matches" in fragment
    assert "<html" not in fragment
    assert f"/review/{RUN_ID}?outcome=lost&amp;trained=10" in fragment


def test_what_is_not_there_is_told(browser: TestClient) -> None:
    for url in ("/review/absent", "/review/%2e%2e", "/review/..%2Fruns", f"{MIXED[:-2]}11",
                f"/review/{RUN_ID}/absent", f"/review/{RUN_ID}/absent/messages"):  # fmt: skip
        assert browser.get(url).status_code == 404, url


def test_every_pair_is_shown_step_by_step(api: TestClient, browser: TestClient, made: Path) -> None:
    review = review_run(RunDir.open(made / "runs" / RUN_ID), trained_step=10)
    changed = 0
    for pair in review.pairs:
        data = api.get(pair_url(pair.task_id)).json()["pair"]
        page = browser.get(pair_url(pair.task_id)).text
        assert len(data["steps"]) == len(pair.steps)
        flips = {c["id"]: c["flip"] for c in data["criteria"]}
        for verdict in pair.verdicts:
            assert (flips[verdict.criterion_id] == "gained") == verdict.is_gained
            assert (flips[verdict.criterion_id] == "lost") == verdict.is_lost
            assert verdict.text in unescape(page)
        assert [row["id"] for row in data["world"]] == [change.id for change in pair.changes]
        assert all(change.id in page for change in pair.changes)
        response = pair.trained.trajectory.response
        quoted = [response[start:end] for start, end in data["right"]["spans"]]
        judged = pair.trained.judgement
        assert judged is not None
        evidence = [q for v in judged.verdicts for q in v.evidence if q in response]
        assert all(any(q in text for text in quoted) for q in evidence)
        assert all(f"<mark>{text}</mark>" in unescape(page) for text in quoted)
        changed += bool(pair.changes)
    assert changed > 0


def test_neighbours_follow_the_filters(api: TestClient) -> None:
    task = first(api, "gained")
    ids = [line["task"]["task_id"] for line in lines(api, f"{MIXED}&outcome=gained")]
    page = api.get(pair_url(task, "&outcome=gained")).json()
    assert (page["position"], page["total"], page["previous_url"]) == (1, len(ids), None)
    assert page["next_url"] == f"/review/{RUN_ID}/{ids[1]}?outcome=gained&trained=10"
    outside = api.get(pair_url(task, "&outcome=lost")).json()
    assert outside["position"] is None


def test_other_rollouts_of_a_task(api: TestClient) -> None:
    task = first(api, "gained")
    page = api.get(pair_url(task, "&rollout=1")).json()
    assert (page["pair"]["rollout"], page["pair"]["num_pairs"]) == (1, 2)
    assert page["pair_urls"][1].endswith("rollout=1")
    assert api.get(pair_url(task, "&rollout=2")).status_code == 404


def test_messages_open_on_demand(htmx: TestClient, api: TestClient) -> None:
    task = first(api, "gained")
    fragment = htmx.get(act(task, "messages", "&side=right")).text
    assert "<html" not in fragment
    prompt = api.get(pair_url(task)).json()["pair"]["prompt"]
    assert prompt in unescape(fragment)


def test_a_blind_pair_tells_nothing_until_the_vote(api: TestClient, browser: TestClient) -> None:
    task = first(api, "lost")
    hidden = api.get(pair_url(task, "&blind=true")).json()
    pair = hidden["pair"]
    assert (pair["left"]["name"], pair["right"]["name"]) == ("A", "B")
    told = [pair[side][name] for side in ("left", "right") for name in ("reward", "is_pass")]
    assert told == [None] * 4
    assert (pair["outcome"], pair["criteria"], pair["signs"]) == (None, [], None)
    page = browser.get(pair_url(task, "&blind=true")).text
    for word in ("Baseline", "Trained, step", "pass → fail</span>", "Criteria</h2>", "<mark>"):
        assert word not in page, word
    assert "names hidden" in page

    answer = browser.post(act(task, "vote", "&blind=true"), data={"vote": "A"})
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/review/{RUN_ID}/{task}?trained=10&blind=True"
    shown = api.get(pair_url(task, "&blind=true")).json()
    seed = f"{RUN_ID}/0-10|{task}|0|author"
    preferred = preference_of(seed, "A")
    assert (shown["note"]["preference"], shown["choice"]) == (preferred, "A")
    named = {"baseline": shown["pair"]["left"], "trained": shown["pair"]["right"]}
    assert named[preferred]["response"] == pair["left"]["response"]
    assert api.get(MIXED).json()["votes"][preferred] == 1


def test_a_vote_is_taken_back_and_brought_back(api: TestClient, browser: TestClient) -> None:
    task = first(api, "gained")
    api.post(act(task, "vote"), json={"data": {"vote": "tie"}})
    browser.post(act(task, "vote"), data={"vote": ""})
    assert api.get(pair_url(task)).json()["note"]["preference"] == ""
    page = browser.get(pair_url(task))
    assert "Vote taken back" in page.text
    undo = act(task, "vote", "&value=tie")
    assert f'action="{undo.replace("&", "&amp;")}"' in page.text
    browser.post(undo)
    assert api.get(pair_url(task)).json()["note"]["preference"] == "tie"
    refused = api.post(act(task, "vote"), json={"data": {"vote": "both"}})
    assert refused.status_code == 422


def test_blind_order_is_stable_and_differs_between_pairs(api: TestClient) -> None:
    seeds = [f"{RUN_ID}/0-10|{line['task']['task_id']}|0|author" for line in lines(api)]
    meanings = [preference_of(seed, "A") for seed in seeds]
    assert meanings == [preference_of(seed, "A") for seed in seeds]
    assert set(meanings) == {"baseline", "trained"}
    assert all({preference_of(s, "A"), preference_of(s, "B")} == set(meanings) for s in seeds)
    walked, url = [], api.get(MIXED).json()["blind_url"]
    while url:
        page = api.get(url).json()
        walked.append(page["pair"]["task_id"])
        url = page["next_url"]
    assert sorted(walked) == sorted(line["task"]["task_id"] for line in lines(api))
    assert walked != [line["task"]["task_id"] for line in lines(api)]


def test_tags_count_as_what_was_learned(api: TestClient, htmx: TestClient) -> None:
    task = first(api, "gained")
    given = {"tag": "constraint_handling", "is_on": "true"}
    fragment = htmx.post(act(task, "tags"), data=given)
    assert fragment.status_code == 200
    assert "tagged" in fragment.text
    assert 'aria-pressed="true"' in fragment.text
    assert "#tag-constraint_handling" in fragment.headers["HX-Trigger"]
    learned = {each["tag"]: each["num_tasks"] for each in api.get(MIXED).json()["learned"]}
    assert learned == {
        "multi_step_workflow": 0, "constraint_handling": 1, "response_quality": 0
    }  # fmt: skip
    found = lines(api, f"{MIXED}&tag=constraint_handling")
    assert [line["task"]["task_id"] for line in found] == [task]
    elsewhere = api.get(f"/review/{RUN_ID}").json()["learned"]
    assert {each["num_tasks"] for each in elsewhere} == {0}
    api.post(act(task, "tags"), json={"data": {"tag": "constraint_handling", "is_on": False}})
    assert lines(api, f"{MIXED}&tag=constraint_handling") == []
    refused = api.post(act(task, "tags"), json={"data": {"tag": "luck", "is_on": True}})
    assert refused.status_code == 422


def test_a_note_is_saved_and_an_emptied_one_comes_back(
    api: TestClient, htmx: TestClient, browser: TestClient
) -> None:
    task = first(api, "lost")
    text = "drops the total & <b>the day</b>"
    assert htmx.post(act(task, "note"), data={"text": text}).status_code == 204
    assert api.get(pair_url(task)).json()["note"]["text"] == text
    page = browser.get(pair_url(task)).text
    assert "&lt;b&gt;" in page
    assert text not in page
    emptied = htmx.post(act(task, "note"), data={"text": " "}).text
    assert "Note emptied" in emptied
    undo = unescape(emptied.split('hx-post="')[1].split('"')[0])
    assert htmx.post(undo).status_code == 200
    assert api.get(pair_url(task)).json()["note"]["text"] == text
    assert browser.post(act(task, "note"), data={"text": "x" * 4001}).status_code == 422


def test_a_long_pair_stays_small(browser: TestClient, made: Path) -> None:
    source = RunDir.open(made / "runs" / RUN_ID)
    run = RunDir(made / "runs" / "long")
    shutil.copytree(source.path, run.path)
    try:
        for step, shift in ((0, 0), (10, 1)):
            records = [_lengthened(record, shift) for record in source.eval_rollouts(step)[:2]]
            run.write_eval(source.eval_report(step), records)
        task = source.eval_rollouts(0)[0].task_id
        page = browser.get(f"/review/long/{task}?trained=10").content
        assert page.count(b'class="pair__cell') >= 400
        assert len(gzip.compress(page)) <= 400_000
    finally:
        shutil.rmtree(run.path)


def _lengthened(record: RolloutRecord, shift: int) -> RolloutRecord:
    """The record with 200 calls whose answers are long; a `shift` sets them off."""
    calls = tuple(
        CallRecord(
            call=ToolCall(tool="find_books", arguments={"page": number // 3 + shift}),
            value={"rows": [f"{number}-{i}-{shift}" for i in range(300)]},
        )
        for number in range(200)
    )
    return record.model_copy(
        update={"trajectory": record.trajectory.model_copy(update={"calls": calls})}
    )


@pytest.mark.parametrize("path", ["/design", "/design/editor", "/design/paired"])
def test_the_style_guide_is_served(browser: TestClient, path: str) -> None:
    assert browser.get(path).status_code == 200
