"""The preflight: each thing that is wrong, all at once, in time."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.bundle import Bundle
from exporter.writer import write_bundle
from rl_backend.config import RunConfig, load_preset
from rl_backend.estimate.known import KNOWN
from rl_backend.judges import settings as judge_settings
from rl_backend.preflight.bundle import Subject, bundle_checks, with_one_host_enough
from rl_backend.preflight.checks import Check, CheckState, Job, Preflight, gathered
from rl_backend.preflight.look import preflight
from rl_backend.preflight.model import model_checks
from rl_backend.preflight.policy_lag import policy_lag_checks
from world_builder.state import WorldBase

GOOD, WARN, BAD = CheckState.GOOD, CheckState.WARN, CheckState.BAD
INSTALLED = Check(title="Training backend", state=GOOD, text="installed")


@pytest.fixture(scope="session")
def bundle(tutorial: WorldBase, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bundle(tutorial.world, "1.0.0", tmp_path_factory.mktemp("bundle"))


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")


def only(found: Preflight, title: str) -> list[Check]:
    return [check for check in found.checks if check.title == title]


def states(checks: Iterator[Check]) -> list[tuple[str, CheckState]]:
    return [(check.title, check.state) for check in checks]


def test_a_run_on_a_good_bundle_may_start(bundle: Path, tmp_path: Path) -> None:
    found = preflight(Subject.opened(bundle), load_preset("tiny"), tmp_path, backend=INSTALLED)
    assert found.can_start, found.refusal
    titles = [check.title for check in found.checks]
    assert titles == [
        "Training backend", "Bundle", "Training tasks", "Held-out tasks", "Starting model",
        "Context", "Memory", "Engine", "Disk",
    ]  # fmt: skip


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    changes = [
        "model.path=/nowhere/GLM-4.6", "engine.url=http://127.0.0.1:9", "num_steps=1",
        "trainer.pipeline_parallel=5",
    ]  # fmt: skip
    config = load_preset("paper-glm-4.6", [*changes, "rollout.runtime=in_process"])
    found = preflight(Subject.opened(tmp_path / "absent"), config, tmp_path, backend=INSTALLED)
    bad = {check.title for check in found.checks if check.state is BAD}
    assert bad == {"Bundle", "Starting model", "Trainer", "Memory", "Engine", "Disk"}
    assert all(check.hint for check in found.checks if check.state is BAD)
    assert "cannot cut 92 layers over 5" in found.refusal


def test_a_damaged_bundle_is_named(bundle: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(bundle, copy)
    victim = next(iter(sorted(Bundle.open(bundle).manifest.files)))
    (copy / victim).write_bytes(b"other")
    [check] = bundle_checks(Subject.opened(copy), load_preset("tiny"))
    assert check.state is BAD
    assert victim in check.text


def test_no_bundle_and_no_tasks_are_refused(bundle: Path) -> None:
    config = load_preset("tiny")
    assert states(bundle_checks(None, config)) == [("Bundle", BAD)]
    manifest = Bundle.open(bundle).manifest
    empty = manifest.splits.model_copy(update={"train": (), "held_out": ()})
    bare = Subject(path=bundle, manifest=manifest.model_copy(update={"splits": empty}))
    assert states(bundle_checks(bare, config)) == [
        ("Bundle", GOOD), ("Training tasks", BAD), ("Held-out tasks", WARN),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "state", "told"),
    [
        (["num_train_tasks=none"], GOOD, "65: all seen in 6 steps"),
        (["num_train_tasks=12"], GOOD, "12: all seen in 1 step"),
        (["num_train_tasks=3"], WARN, "3, and a step has room for 12"),
        (["num_train_tasks=3", "min_groups_per_step=7"], BAD, "a step wants 7"),
    ],
)
def test_the_training_tasks_are_those_that_a_run_takes(
    bundle: Path, changes: list[str], state: CheckState, told: str
) -> None:
    settings = ["rollout.tasks_per_step=12", "max_rounds_per_step=2", *changes]
    found = bundle_checks(Subject.opened(bundle), load_preset("tiny", settings))
    [check] = [check for check in found if check.title == "Training tasks"]
    assert check.state is state
    assert check.text.startswith(told)


def test_a_judge_is_wanted_only_where_checks_do_not_decide(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = Bundle.open(bundle).manifest
    gates = manifest.gates
    asked = gates.gates[0].model_copy(update={"needs_judge": ("a", "b")})
    changed = manifest.model_copy(
        update={
            "gates": gates.model_copy(update={"gates": (asked, *gates.gates[1:])}),
            "judge": manifest.judge.model_copy(update={"model": "judge-1"}),
        }
    )

    def judge() -> list[Check]:
        subject = Subject(path=bundle, manifest=changed)
        found = bundle_checks(subject, load_preset("tiny"))
        return [check for check in found if check.title == "Judge"]

    monkeypatch.delenv(judge_settings.API_KEY, raising=False)
    monkeypatch.delenv(judge_settings.MODEL, raising=False)
    [unset] = judge()
    assert unset.state is WARN
    assert f"{judge_settings.API_KEY} and {judge_settings.MODEL}" in unset.hint
    monkeypatch.setenv(judge_settings.API_KEY, "key")
    monkeypatch.setenv(judge_settings.MODEL, "judge-2")
    set_up, other, uncalibrated = judge()
    assert (set_up.state, set_up.text) == (
        GOOD, "2 tasks have criteria that no check decides; judge-2 is asked",
    )  # fmt: skip
    assert "published for judge-1" in other.text
    assert "never calibrated" in uncalibrated.text


def model_dir(path: Path, **changes: object) -> Path:
    path.mkdir()
    given = {**KNOWN["Llama-3-8B"], "max_position_embeddings": 8192, **changes}
    (path / "config.json").write_text(json.dumps(given))
    return path


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"model_type": "gpt2"}, "gpt2 is not estimated"),
        ({"hidden_act": "gelu"}, "hidden_act=gelu"),
        ({**KNOWN["GLM-4.6"], "n_group": 8}, "experts that are chosen in groups"),
    ],
)
def test_a_model_that_cannot_be_trained_says_why(
    tmp_path: Path, changes: dict[str, object], told: str
) -> None:
    path = model_dir(tmp_path / "model", **changes)
    found = list(model_checks(load_preset("tiny", [f"model.path={path}"])))
    bad = [check.text for check in found if check.state is BAD]
    assert len(bad) == 1
    assert told in bad[0]


def test_a_row_must_fit_the_models_positions(tmp_path: Path) -> None:
    path = model_dir(tmp_path / "model")
    settings = [f"model.path={path}", "model.context_length=8193"]
    *_, check = model_checks(load_preset("tiny", settings))
    assert check.state is BAD
    assert check.hint == "Set model.context_length to 8192 or less."


@pytest.mark.parametrize("name", ["Llama-3-8B", "Qwen3-30B-A3B", "GLM-4.6"])
def test_a_model_that_can_be_trained_passes(tmp_path: Path, name: str) -> None:
    path = model_dir(tmp_path / "model", **KNOWN[name])
    checks = model_checks(load_preset("tiny", [f"model.path={path}"]))
    assert states(checks) == [("Starting model", GOOD)]


def test_several_ranks_pass_and_an_uneven_cut_is_refused() -> None:
    even = ["trainer.tensor_parallel=2", "trainer.data_parallel=2"]
    assert states(model_checks(load_preset("tiny", even))) == [("Starting model", GOOD)]
    odd = list(model_checks(load_preset("tiny", ["trainer.pipeline_parallel=3"])))
    assert [c.text for c in odd if c.state is BAD] == ["cannot cut 2 layers over 3"]


def test_what_is_late_says_so_and_nobody_waits_for_it() -> None:
    forever = threading.Event()

    def stuck() -> list[Check]:
        forever.wait(30)
        return []

    start = time.monotonic()
    found = gathered(
        [Job(title="Slow", look=stuck), Job(title="Quick", look=lambda: [INSTALLED])], 0.2
    )
    forever.set()
    assert time.monotonic() - start < 5
    assert [(check.title, check.state) for check in found] == [
        ("Slow", WARN), ("Training backend", GOOD),
    ]  # fmt: skip


def test_a_fault_of_ours_is_not_swallowed() -> None:
    with pytest.raises(ZeroDivisionError):
        gathered([Job(title="Broken", look=lambda: [INSTALLED][: 1 // 0])])


def test_one_docker_host_is_enough() -> None:
    able = Check(title="Containers", state=GOOD, text="answers")
    unable = Check(title="Containers", state=BAD, text="gone", hint="Start it.")
    assert [c.state for c in with_one_host_enough((able, unable))] == [GOOD, WARN]
    assert [c.state for c in with_one_host_enough((unable, unable))] == [BAD, BAD]


def test_every_host_is_looked_at_within_the_time(bundle: Path, tmp_path: Path) -> None:
    hosts = ", ".join(f'{{url="unix://{tmp_path}/gone-{n}"}}' for n in range(3))
    config: RunConfig = load_preset(
        "tiny", ["rollout.runtime=docker", f"rollout.docker.hosts=[{hosts}]"]
    )
    start = time.monotonic()
    found = preflight(Subject.opened(bundle), config, tmp_path, backend=INSTALLED)
    assert time.monotonic() - start < 5
    assert [check.state for check in only(found, "Containers")] == [BAD] * 3


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ((), None),
        (("max_policy_lag=2",), WARN),
        (("max_policy_lag=2", "num_steps=0"), None),
        (("max_policy_lag=2", "objective.engine_ratio_cap=2.0"), GOOD),
    ],
)
def test_older_samples_want_a_correction(
    changes: tuple[str, ...], state: CheckState | None
) -> None:
    found = list(policy_lag_checks(load_preset("tiny", changes)))
    assert [check.state for check in found] == ([] if state is None else [state])
    for check in found:
        assert "samples may be 2 updates old" in check.text
        assert "objective.engine_ratio_cap" in f"{check.text} {check.hint}"
