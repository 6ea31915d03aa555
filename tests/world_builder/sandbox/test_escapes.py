"""Code that means harm: it gets an error, the state stays, and the next call works."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.world_builder.python_world import act, message, python_tool
from world_builder.state import WorldBase, WorldState

REAL = "import json\nreal = json.codecs.builtins\n"
"""Reaches what the builtins of a tool leave out: leaving it out is no wall."""
BRING = REAL + "def bring(name):\n    return real.__import__(name)\n"


def body(*lines: str) -> str:
    return BRING + "def run(arguments, world):\n" + "".join(f"    {line}\n" for line in lines)


KERNEL = "c = bring('ctypes').CDLL(None)"
"""A refused system call gives -1."""

ESCAPES = {
    "opens a file": (body("return {'x': real.open('/etc/passwd').read()}"), "not permitted"),
    "opens a file without ways round": ("def run(a, w):\n    open('/etc/passwd')", "NameError"),
    "writes a file": (body("real.open('/tmp/escaped', 'w')"), "not permitted"),
    "lists a folder": (body("return {'x': bring('os').listdir('/')}"), "not permitted"),
    "removes a file": (body("bring('os').unlink('/tmp/escaped')"), "not permitted"),
    "changes its folder": (body("bring('os').chdir('/tmp')"), "not permitted"),
    "opens a socket": (body("bring('socket').socket()"), "not permitted"),
    "opens a pair of sockets": (body("bring('socket').socketpair()"), "not permitted"),
    "opens a pipe": (body("bring('os').pipe()"), "not permitted"),
    "starts a program": (body("bring('os').execv('/bin/sh', ['sh'])"), "not permitted"),
    "forks": (body("os = bring('os')", "while True: os.fork()"), "not permitted"),
    "starts a thread": (
        body("t = bring('_thread')", "t.start_new_thread(print, ())"),
        "can't start new thread",
    ),
    "kills its parent": (body("o = bring('os')", "o.kill(o.getppid(), 9)"), "not permitted"),
    "kills its group": (body("bring('os').kill(0, 9)"), "not permitted"),
    "raises its limits": (
        body("r = bring('resource')", "r.setrlimit(r.RLIMIT_AS, (-1, -1))"),
        "not allowed to raise",
    ),
    "stops its timer": (
        body("s = bring('signal')", "s.setitimer(s.ITIMER_PROF, 0)"),
        "not permitted",
    ),
    "ignores the signal of its timer": (
        body("s = bring('signal')", "s.signal(s.SIGPROF, s.SIG_IGN)"),
        "not permitted",
    ),
    "blocks the signal of its timer": (
        body("s = bring('signal')", "s.pthread_sigmask(s.SIG_BLOCK, {s.SIGPROF})"),
        "not permitted",
    ),
    "sleeps": (body("bring('time').sleep(60)"), "not permitted"),
    "asks for random bytes": (body("bring('os').urandom(8)"), "not permitted"),
    "reads its environment": (body("return dict(bring('os').environ)['HOME']"), "KeyError"),
    "gets executable memory": (
        body(KERNEL, "return {'x': 1 / (c.mmap(None, 4096, 7, 34, -1, 0) + 1)}"),
        "ZeroDivisionError",
    ),
    "makes memory executable": (
        body(
            KERNEL, "c.mmap.restype = address = bring('ctypes').c_void_p",
            "m = address(c.mmap(None, 4096, 3, 34, -1, 0))", "assert c.mprotect(m, 4096, 1) == 0",
            "return {'x': 1 / (c.mprotect(m, 4096, 7) + 1)}",
        ),
        "ZeroDivisionError",
    ),
    "calls the kernel itself": (
        body(KERNEL, "return {'x': 1 / (c.getuid() + 1)}"),
        "ZeroDivisionError",
    ),
    "writes over memory": (body("bring('ctypes').memset(1, 0, 8)"), "signal 11"),
    "imports a module": ("import os\ndef run(a, w): return {}", "'os' cannot be imported"),
    "imports a package": (body("return {'x': bring('pydantic').__name__}"), "No module named"),
    "takes all memory at once": (body("return {'x': 'x' * 10**11}"), "MemoryError"),
    "takes all memory bit by bit": (
        body("kept = []", "while True: kept.append(bytearray(1 << 24))"),
        "MemoryError",
    ),
    "gives a huge result": (body("return {'x': 'x' * (8 << 20)}"), "bytes, at most"),
    "asks with a huge value": (
        body("return {'x': world.find('item', 'name', 'x' * (8 << 20))}"),
        "a message of",
    ),
    "calls itself for ever": (body("return run(arguments, world)"), "RecursionError"),
    "calls itself beyond the stack": (
        body("bring('sys').setrecursionlimit(10**9)", "return run(arguments, world)"),
        "",
    ),
    "nests without end": (
        body("x = []", "for _ in range(100_000): x = [x]", "return {'x': x}"),
        "RecursionError",
    ),
    "exits": (body("raise SystemExit(0)"), "SystemExit"),
    "exits at once": (body("bring('os')._exit(0)"), "ended without a result"),
    "interrupts": (body("raise KeyboardInterrupt"), "KeyboardInterrupt"),
    "aborts": (body("bring('os').abort()"), "ended without a result"),
    "closes the pipe": (body("o = bring('os')", "o.closerange(0, 99)"), "ended without a result"),
    "writes garbage": (
        body("o = bring('os')", "for h in range(9):", "    try: o.write(h, b'garbage!' * 99)",
             "    except OSError: pass"),
        "it sent",
    ),
    "writes a frame that is no object": (
        body("o = bring('os')", "for h in range(9):",
             "    try: o.write(h, (2).to_bytes(4, 'big') + b'[]')", "    except OSError: pass"),
        "no object",
    ),
    "forges a refusal": (
        body("m = b'{\"refused\":[\"unknown_tool\",\"x\"]}'", "o = bring('os')",
             "for h in range(9):",
             "    try: o.write(h, len(m).to_bytes(4, 'big') + m)", "    except OSError: pass"),
        "refused the call with 'unknown_tool'",
    ),
    "says that there is no sandbox": (
        body("m = b'{\"missing\":\"everything\"}'", "o = bring('os')", "for h in range(9):",
             "    try: o.write(h, len(m).to_bytes(4, 'big') + m)", "    except OSError: pass"),
        "it answered nonsense",
    ),
    "asks for what there is not": (
        body("world._ask('delete', 'item', 'it-01')"), "nothing is known",
    ),
    "asks without end": (body("while True: world.get('item', 'it-01')"), ""),
    "raises an error that cannot be said": (
        body("class E(Exception):", "    def __str__(self): raise self", "raise E()"), "E (line",
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_escaped() -> Iterator[None]:
    yield
    assert not Path("/tmp/escaped").exists()  # noqa: S108


def test_the_way_round_the_builtins_is_a_way(state: WorldState) -> None:
    """Else the attempts below would prove nothing about the walls behind."""
    source = body("return {'os': bring('os').__name__, 'open': repr(real.open)}")
    assert act(state, source).value["os"] == "os"


@pytest.mark.parametrize("name", ESCAPES)
def test_an_escape_is_an_error_and_the_next_call_works(state: WorldState, name: str) -> None:
    source, told = ESCAPES[name]
    before = state.state_hash
    result = act(state, python_tool(source, time_limit_ms=2000))
    assert told in message(result)
    assert result.value["error"] in {"tool_broken", "timed_out"}
    assert state.state_hash == before
    assert act(state, "def run(a, w):\n    return {'works': True}").value == {"works": True}


@pytest.mark.parametrize(
    "source",
    [
        body("while True: pass"),
        body("return {'x': sum(range(10**12))}"),
        body("return {'x': bool(bring('re').match('(a+)+$', 'a' * 40 + 'b'))}"),
        body("return {'x': 7 ** 10 ** 9}"),
    ],
)
def test_work_without_end_is_cut_off(state: WorldState, source: str) -> None:
    before = state.state_hash
    result = act(state, python_tool(source, time_limit_ms=200))
    assert result.value["error"] == "timed_out"
    assert "timed out after 200 ms of work" in message(result)
    assert state.state_hash == before


def test_nothing_stays_from_one_call_to_the_next(base: WorldBase) -> None:
    leave = body(
        "real.secret = world.get('item', 'it-01')",
        "json.dumps = lambda *a, **k: '{}'",
        "world.__class__.get = lambda *a: {'name': 'forged'}",
        "bring('sys').modules['math'] = None",
        "real.len = lambda x: 0",
        "return {}",
    )
    look = body(
        "import math",
        "return {'secret': hasattr(real, 'secret'), 'name': world.get('item', 'it-01')['name'],",
        "        'three': len([1, 2, 3]), 'pi': math.floor(math.pi)}",
    )
    one, other = WorldState(base), WorldState(base)
    for _ in range(2):
        act(one, leave)
        found = act(other, look).value
        assert found.pop("name") == other.get("item", "it-01")["name"]  # type: ignore[index]
        assert found == {"secret": False, "three": 3, "pi": 3}


def test_a_call_sees_the_state_of_its_own_rollout_alone(base: WorldBase) -> None:
    one, other = WorldState(base), WorldState(base)
    write = "def run(a, w):\n    return w.update('item', 'it-01', {'name': 'Mine'})"
    read = "def run(a, w):\n    return {'name': w.get('item', 'it-01')['name']}"
    act(one, write)
    assert act(one, read).value == {"name": "Mine"}
    assert act(other, read).value != {"name": "Mine"}


def test_output_goes_nowhere(state: WorldState, capfd: pytest.CaptureFixture[str]) -> None:
    source = body("print('out')", "for h in (0, 1, 2):",
                  "    try: bring('os').write(h, b'raw')", "    except OSError: pass",
                  "return {}")  # fmt: skip
    assert not act(state, source).is_error
    assert capfd.readouterr() == ("", "")


def test_a_call_that_lingers_after_its_result_is_ended(state: WorldState) -> None:
    source = body(
        "o = bring('os')",
        'm = b\'{"result":{"x":1}}\'',
        "for h in range(9):",
        "    try: o.write(h, len(m).to_bytes(4, 'big') + m)",
        "    except OSError: pass",
        "while True: pass",
    )
    began = time.process_time()
    assert act(state, python_tool(source, time_limit_ms=200)).value == {"x": 1}
    assert time.process_time() - began < 1
    assert act(state, "def run(a, w):\n    return {'pid': 1}").value == {"pid": 1}


def test_a_fork_of_this_process_has_sandboxes_of_its_own(state: WorldState) -> None:
    source = "def run(a, w):\n    return {'x': a['x']}"
    assert act(state, source, x=1).value == {"x": 1}
    child = os.fork()
    if child == 0:
        answers = [act(state, source, x=i).value == {"x": i} for i in range(20)]
        os._exit(0 if all(answers) else 1)
    assert [act(state, source, x=i).value for i in range(20)] == [{"x": i} for i in range(20)]
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
