"""The preflight: each thing that is wrong, all at once, in time."""

from __future__ import annotations

import json
import shutil
import socket
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
from rl_backend.preflight import machine
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


def machine_of(root: Path, *, free_gib: float, limit: str | None = None, used: int = 0) -> Path:
    (root / "proc").mkdir(parents=True)
    (root / "proc/meminfo").write_text(f"MemTotal: 1 kB\nMemAvailable: {free_gib * 2**20} kB\n")
    if limit is not None:
        (root / "sys/fs/cgroup").mkdir(parents=True)
        (root / "sys/fs/cgroup/memory.max").write_text(limit)
        (root / "sys/fs/cgroup/memory.current").write_text(str(used))
    return root


@pytest.mark.parametrize(
    ("limit", "expected"), [(None, 8), ("max\n", 8), (str(4 * 2**30), 3), (str(64 * 2**30), 8)]
)
def test_free_memory_knows_a_containers_limit(
    tmp_path: Path, limit: str | None, expected: int
) -> None:
    root = machine_of(tmp_path, free_gib=8, limit=limit, used=2**30)
    assert machine.available_ram(root) == expected * 2**30


@pytest.mark.parametrize(("free_gib", "state"), [(16, GOOD), (2, BAD)])
def test_memory_is_compared_with_the_estimate(
    tmp_path: Path, free_gib: int, state: CheckState
) -> None:
    root = machine_of(tmp_path, free_gib=free_gib)
    [check] = machine.memory_checks(load_preset("tiny"), root)
    assert check.state is state


def test_every_rank_wants_memory(tmp_path: Path) -> None:
    root = machine_of(tmp_path, free_gib=3)
    assert states(machine.memory_checks(load_preset("tiny"), root)) == [("Memory", GOOD)]
    several = load_preset("tiny", ["trainer.data_parallel=4"])
    assert states(machine.memory_checks(several, root)) == [("Memory", BAD)]


def test_unknown_memory_is_a_warning(tmp_path: Path) -> None:
    assert states(machine.memory_checks(load_preset("tiny"), tmp_path)) == [("Memory", WARN)]


def smi(folder: Path, text: str) -> None:
    tool = folder / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\necho '{text}'\n")
    tool.chmod(0o755)


@pytest.mark.parametrize(
    ("answer", "state", "told"),
    [
        ("NVIDIA H100 80GB HBM3, 81559, 81000", GOOD, "free on NVIDIA H100 80GB HBM3"),
        ("NVIDIA H100 80GB HBM3, 81559, 40000", BAD, "39.1 GiB free"),
        ("NVIDIA A10G, 23028, 22500", BAD, "NVIDIA A10G"),
    ],
)
def test_a_gpu_is_compared_with_the_estimate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, state: CheckState, told: str
) -> None:
    smi(tmp_path, answer)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    [check] = machine.memory_checks(load_preset("gpu"), tmp_path)
    assert check.state is state
    assert told in check.text


def test_every_rank_wants_a_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    smi(tmp_path, "NVIDIA H100 80GB HBM3, 81559, 81000\nNVIDIA H100 80GB HBM3, 81559, 81000")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    two, four = (
        list(machine.memory_checks(load_preset("gpu", [f"trainer.data_parallel={n}"]), tmp_path))
        for n in (2, 4)
    )
    assert [check.state for check in two] == [GOOD]
    assert [check.text for check in four] == ["the trainer has 4 ranks, this machine 2 GPUs"]


def test_a_cache_too_small_for_one_rollout_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    smi(tmp_path, "NVIDIA H100 80GB HBM3, 81559, 81000")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    config = load_preset("gpu", ["engine.max_total_tokens=4096"])
    found = [check for check in machine.memory_checks(config, tmp_path) if check.state is BAD]
    assert [check.title for check in found] == ["Engine"]
    assert "holds 4,09" in found[0].text


def test_on_a_cpu_the_cache_must_hold_one_row_too(tmp_path: Path) -> None:
    root = machine_of(tmp_path, free_gib=16)
    config = load_preset("tiny", ["model.context_length=8192", "engine.max_total_tokens=4096"])
    found = list(machine.memory_checks(config, root))
    assert [(c.title, c.state) for c in found] == [("Engine", BAD), ("Memory", GOOD)]
    assert "engine.max_total_tokens" in found[0].hint


def test_somebody_elses_engine_takes_none_of_the_free_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    smi(tmp_path, "NVIDIA H100 80GB HBM3, 81559, 62000")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    [own] = machine.memory_checks(load_preset("gpu"), tmp_path)
    elsewhere = load_preset("gpu", ['engine.url="http://other:30000"'])
    [others] = machine.memory_checks(elsewhere, tmp_path)
    assert (own.state, others.state) == (BAD, GOOD)


def test_an_answer_of_nvidia_smi_that_is_none_means_no_gpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    smi(tmp_path, "No devices were found")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert machine.cuda_memory() is None


@pytest.mark.parametrize(("spare_gib", "state"), [(10, GOOD), (3, WARN), (0.5, BAD)])
def test_the_disk_must_hold_one_checkpoint_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spare_gib: float, state: CheckState
) -> None:
    config = load_preset("gpu", ["keep_num_checkpoints=2"])
    parameters = 596_049_920
    needed = (3 * 14 + 3 * 2) * parameters
    free = int(needed + spare_gib * 2**30)
    monkeypatch.setattr(
        shutil, "disk_usage", lambda _place: shutil._ntuple_diskusage(0, 0, free)  # type: ignore[attr-defined]
    )  # fmt: skip
    assert states(machine.disk_checks(config, tmp_path / "runs/x")) == [("Disk", state)]


def test_a_running_engine_must_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        config = load_preset("tiny", [f"engine.url={url}"])
        assert states(machine.engine_checks(config)) == [("Engine", GOOD)]
        several = load_preset("tiny", [f'engine.urls=["{url}", "http://127.0.0.1:9"]'])
        assert states(machine.engine_checks(several)) == [("Engine", GOOD), ("Engine", BAD)]
    assert states(machine.engine_checks(config)) == [("Engine", BAD)]


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "PACKAGES", ("json", "no_such_package"))
    [check] = machine.package_checks()
    assert (check.state, check.text) == (BAD, "not installed: no_such_package")


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
