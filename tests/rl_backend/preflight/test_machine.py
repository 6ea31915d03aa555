"""What the preflight says of the machine: memory, GPUs, disk, the engine's server, packages."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from rl_backend.config import load_preset
from rl_backend.preflight import machine
from rl_backend.preflight.checks import Check, CheckState

GOOD, WARN, BAD = CheckState.GOOD, CheckState.WARN, CheckState.BAD


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")


def states(checks: Iterator[Check]) -> list[tuple[str, CheckState]]:
    return [(check.title, check.state) for check in checks]


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


def test_every_server_of_the_run_wants_memory(tmp_path: Path) -> None:
    root = machine_of(tmp_path, free_gib=4.5)
    large = ["model.hidden_size=256", "model.num_layers=8", "engine.max_total_tokens=16384"]
    one, three = (load_preset("tiny", [*large, f"engine.num_servers={n}"]) for n in (1, 3))
    texts = [check.text for config in (one, three) for check in machine.memory_checks(config, root)]
    assert texts[0] != texts[1]
    assert states(machine.memory_checks(one, root)) == [("Memory", GOOD)]
    assert states(machine.memory_checks(three, root)) == [("Memory", BAD)]


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
