"""What holds where a kernel or a container refuses parts of the sandbox."""

import json
import platform
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from world_builder.errors import SandboxError
from world_builder.sandbox import confinement
from world_builder.sandbox.process import Sandbox
from world_builder.sandbox.syscalls import MACHINES, Machine, program

ROOT = Path(__file__).parents[3]
NUMBERS = {
    "x86_64": {"unshare": 272, "landlock": 444, "prctl": 157},
    "aarch64": {"unshare": 97, "landlock": 444, "prctl": 167},
}[platform.machine()]

UNDER_A_FILTER = """
import ctypes, json, struct, sys
def step(code, value, yes=0, no=0):
    return struct.pack("=HBBI", code, yes, no, value)
class Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))
refused = json.loads(sys.argv[1])
steps = step(0x20, 0) + b"".join(step(0x15, n, 0, 1) + step(6, 0x50001) for n in refused)
steps += step(6, 0x7FFF0000)
libc = ctypes.CDLL(None)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.byref(Program(len(steps) // 8, steps)), 0, 0) == 0

from world_builder.errors import SandboxError
from world_builder.sandbox.process import Sandbox
try:
    sandbox = Sandbox()
except SandboxError as error:
    print(json.dumps({"error": str(error)}))
else:
    order = {"source": "def run(a, w):\\n    return {'x': 1}", "time_limit_ms": 1000,
             "arguments": {}, "now": "2025-01-01T00:00:00+00:00", "seed": 1}
    outcome = sandbox.call(order, lambda what, details: {})
    print(json.dumps({"layers": sandbox.layers, "result": outcome.result}))
    sandbox.kill()
"""


def under_a_filter(*names: str) -> dict[str, object]:
    """What a sandbox says where these system calls are refused, as in a container."""
    refused = json.dumps([NUMBERS[name] for name in names])
    command = [sys.executable, "-c", UNDER_A_FILTER, refused]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=60)
    said: dict[str, object] = json.loads(ended.stdout)
    return said


@pytest.mark.parametrize("refused", [(), ("unshare",), ("landlock",), ("unshare", "landlock")])
def test_further_layers_are_used_where_they_can_be_had(refused: tuple[str, ...]) -> None:
    said = under_a_filter(*refused)
    assert said["result"] == {"x": 1}
    layers = said["layers"]
    assert isinstance(layers, list)
    assert layers[:2] == ["limits", "seccomp"]
    assert ("namespaces" in layers) <= ("unshare" not in refused)
    assert ("landlock" in layers) <= ("landlock" not in refused)


def test_without_system_call_filters_nothing_runs() -> None:
    said = under_a_filter("prctl")
    assert "Python tools cannot run here: the kernel refuses" in str(said["error"])


def test_signals_that_were_ignored_still_end_a_call() -> None:
    """Ignored and blocked signals are inherited, and the timers of a call end it by signals."""
    signals = {signal.SIGALRM, signal.SIGPROF, signal.SIGXCPU}
    before = {number: signal.signal(number, signal.SIG_IGN) for number in signals}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        sandbox = Sandbox()
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
        for number, handler in before.items():
            signal.signal(number, handler)
    order = {"source": "def run(a, w):\n    while True: pass", "time_limit_ms": 100,
             "arguments": {}, "now": "2025-01-01T00:00:00+00:00", "seed": 1}  # fmt: skip
    assert sandbox.call(order, lambda what, details: {}).is_out_of_time
    sandbox.kill()


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_other_systems_are_named(monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    monkeypatch.setattr(sys, "platform", system)
    with pytest.raises(confinement.Unconfined, match="filters of Linux on x86_64 and aarch64"):
        confinement.give_up_surroundings()


def test_other_processors_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(confinement.Unconfined, match="this is Linux on riscv64"):
        confinement.give_up_surroundings()


def test_an_interpreter_that_cannot_be_started_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(SandboxError, match="no process for them"):
        Sandbox()


def test_an_interpreter_that_ends_at_once_is_no_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/true")
    with pytest.raises(SandboxError, match="did not start"):
        Sandbox()


@pytest.mark.parametrize("machine", MACHINES.values())
def test_every_jump_of_a_filter_stays_inside(machine: Machine) -> None:
    """The kernel refuses a program that jumps past its end; only one machine's is tried here."""
    steps = program(machine)
    parts = [steps[i : i + 8] for i in range(0, len(steps), 8)]
    assert len(steps) % 8 == 0
    for i, part in enumerate(parts):
        assert i + 1 + max(part[2], part[3]) < len(parts) or part[0] == 6
    assert parts[-1] == bytes.fromhex("0600000001000500")
