"""Python operations: what their code reads and changes, how they refuse, and that they replay."""

import re
from pathlib import Path

import pytest

from tests.world_builder.python_world import act, message, python_tool, with_tools
from world_builder.engine import Engine, python_tools
from world_builder.errors import SandboxError
from world_builder.operations import Sequence, Step
from world_builder.sandbox import pool
from world_builder.sandbox.__main__ import main
from world_builder.sandbox.view import MODULES
from world_builder.sandbox.view import World as View
from world_builder.state import WorldBase, WorldState
from world_builder.tools import ToolCall
from world_builder.validation import validate_tool
from world_builder.world import World
from world_builder.worlds import build_world

SELL = """
def run(arguments, world):
    item = world.need("item", arguments["item"])
    if item["stock"] < arguments["quantity"]:
        world.refuse(f"only {item['stock']} of {item['name']} left")
    sale = world.create("sale", {
        "item": item["id"], "quantity": arguments["quantity"], "status": "open",
        "sold_at": world.now,
    })
    world.update("item", item["id"], {"stock": item["stock"] - arguments["quantity"]})
    return {"sale": sale, "left": world.get("item", item["id"])["stock"]}
"""
LOOK = """
import datetime, statistics

def run(arguments, world):
    tomorrow = world.now + datetime.timedelta(days=1)
    return {
        "tomorrow": tomorrow.date(),
        "mean": statistics.mean(i["price_cents"] for i in world.all("item")),
        "names": [i["name"] for i in world.find("item", "stock", 0)],
        "none": world.get("item", "it-99"),
        "letters": list({"a", "b", "c", "d", "e"}),
        "drawn": [world.random.randrange(1000) for _ in range(3)],
    }
"""


def test_code_reads_the_world_and_its_clock(state: WorldState) -> None:
    found = act(state, python_tool(LOOK, is_read_only=True)).value
    assert found["tomorrow"] == "2025-09-16"
    assert found["none"] is None
    prices = [r["price_cents"] for r in state.records("item")]
    assert found["mean"] == sum(prices) / len(prices)  # type: ignore[arg-type]
    assert found["names"] == [r["name"] for r in state.records("item") if r["stock"] == 0]


def test_the_same_call_gives_the_same_bytes_in_another_process(state: WorldState) -> None:
    tool = python_tool(LOOK, is_read_only=True)
    first = act(state, tool, n=1).text
    pool.shared().close()
    assert act(state, tool, n=1).text == first
    assert act(state, tool, n=2).text != first


def test_changes_are_kept_together_and_follow_the_rules_of_ids(state: WorldState) -> None:
    expected = state.new_id("sale")
    before = state.get("item", "it-01")
    assert before is not None
    sold = act(state, SELL, item="it-01", quantity=2)
    assert not sold.is_error, sold.text
    assert sold.value["sale"]["id"] == expected  # type: ignore[call-overload,index]
    assert [c.id for c in state.diff().changes] == ["it-01", expected]
    assert sold.value["left"] == before["stock"] - 2  # type: ignore[operator]


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ({"item": "it-77", "quantity": 1}, "not_found", "no item has the id 'it-77'"),
        ({"item": "it-01", "quantity": 10_000}, "precondition_failed", "left"),
        ({"item": "it-01", "quantity": 0}, "invalid_value", "quantity"),
        ({"item": "it-01", "quantity": -1}, "invalid_value", "quantity"),
    ],
)
def test_a_refused_call_changes_nothing(
    state: WorldState, arguments: dict[str, object], code: str, told: str
) -> None:
    before = state.state_hash
    result = act(state, SELL, **arguments)  # type: ignore[arg-type]
    assert result.value["error"] == code
    assert told in message(result)
    assert state.state_hash == before


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("def run(a, w):\n    return 7", "`run` must return a dict"),
        ("def run(a, w):\n    return {'x': {1, 2}}", "a set cannot be said in JSON"),
        ("def run(a, w):\n    return {'x': float('nan')}", "ValueError"),
        ("def run(a, w):\n    return {'x': chr(0xd800)}", "UnicodeEncodeError"),
        ("def run(a, w):\n    x = {}\n    return x['a']", "KeyError: 'a' (line 3)"),
        ("def run(a, w):\n    w.get('shop', 'x')", "no entity type 'shop'"),
        ("def run(a, w):\n    w.find('item', 'colour', 1)", "a item has no field 'colour'"),
        ("def run(a, w):\n    w.create('item', {'id': 'it-77'})", "leave it out"),
        ("def run(a, w):\n    w.update('item', 'it-01', {'id': 'it-77'})", "stays as it is"),
        ("def run(a, w):\n    w.create('item', 7)", "LookupError"),
        ("import datetime\ndef run(a, w):\n    datetime.date.today()", "no clock but world.now"),
        ("def run(a, w):\n    w.create('item', {'name': 'X'})\n    1 / 0", "ZeroDivisionError"),
        ("def run(a, w):\n    raise ValueError(chr(0xd800))", "ValueError: ?"),
        ("x = (", "SyntaxError"),
        (
            "def run(a, w):\n    x = []\n    for _ in range(99): x = [x]\n    return {'x': x}",
            "nested more than 64 levels deep",
        ),
    ],
)
def test_broken_code_is_the_authors_fault_and_changes_nothing(
    state: WorldState, source: str, told: str
) -> None:
    before = state.state_hash
    source = source.replace("{'name': 'X'}", "{'name': 'X', 'price_cents': 5, 'stock': 1}")
    result = act(state, source)
    assert result.value["error"] == "tool_broken"
    assert told in message(result)
    assert state.state_hash == before


def test_a_read_only_tool_changes_nothing(state: WorldState) -> None:
    before = state.state_hash
    result = act(state, python_tool(SELL, is_read_only=True), item="it-01", quantity=1)
    assert "a read-only tool cannot change the world" in message(result)
    assert state.state_hash == before


def test_code_may_go_on_after_a_refusal_it_expected(state: WorldState) -> None:
    source = """
def run(arguments, world):
    try:
        world.update("item", "it-01", {"stock": -1})
    except Exception as refused:
        return {"said": str(refused)}
"""
    before = state.state_hash
    assert "stock" in str(act(state, source).value["said"])
    assert state.state_hash == before


def test_a_step_of_a_sequence_may_be_python(state: WorldState) -> None:
    inner = python_tool(SELL).operation
    tool = python_tool(SELL).model_copy(
        update={"operation": Sequence(steps=(Step(name="sold", operation=inner),))}
    )
    assert python_tools((tool,)) == ("act",)
    sold = act(state, tool, item="it-01", quantity=1)
    assert sold.value["sold"]["left"] is not None  # type: ignore[call-overload,index]


def test_a_result_that_is_too_long_is_refused(state: WorldState) -> None:
    source = "def run(a, w):\n    return {'x': 'x' * (2 << 20)}"
    assert "its result has 2,097," in message(act(state, source))


def test_where_there_is_no_sandbox_nothing_is_answered(
    state: WorldState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "Sandbox", _no_sandbox)
    pool.shared().close()
    before = state.state_hash
    for _ in range(6):  # more than there may be sandboxes: none is counted that never was
        with pytest.raises(SandboxError, match="no filters here"):
            act(state, SELL, item="it-01", quantity=1)
    assert state.state_hash == before


def _no_sandbox() -> None:
    raise SandboxError("no filters here")


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("def run(a, w:\n    pass", "not Python"),
        ("def act(a, w): return {}", "has no function `run`"),
        ("def run(a): return {}", "must take two arguments (line 1)"),
        ("def run(a, b, c): return {}", "must take two arguments (line 1)"),
        ("def run(a, b, *, c): return {}", "must take two arguments (line 1)"),
        ("import os\ndef run(a, w): return {}", "'os' cannot be imported"),
        ("from urllib.request import urlopen\ndef run(a, w): return {}", "'urllib.request'"),
        ("from . import os\ndef run(a, w): return {}", "'.' cannot be imported"),
        ("a = " + "-" * 30_000 + "1\ndef run(a, w): return {}", "nested too deeply"),
        ("x = 1\0", "null bytes"),
    ],
)
def test_source_is_validated_without_being_run(world: World, source: str, told: str) -> None:
    [problem] = validate_tool(world, python_tool(source))
    assert problem.path == "tools.act.operation.source"
    assert told in problem.message


@pytest.mark.parametrize(
    "head", ["run(arguments, world)", "run(a, b=1)", "run(*everything)", "run(a, b, c=1)"]
)
def test_good_source_has_no_problem(world: World, head: str) -> None:
    source = f"import collections.abc, math\ndef {head}: return {{}}"
    assert validate_tool(world, python_tool(source)) == ()


def test_every_engine_of_a_process_shares_its_sandboxes(world: World, state: WorldState) -> None:
    engine = Engine(with_tools(world, python_tool(LOOK, is_read_only=True)))
    engine.apply(state, ToolCall(tool="act"))
    idle = pool.shared().num_idle
    assert idle >= 1
    engine.apply(state, ToolCall(tool="act"))
    assert pool.shared().num_idle == idle


DOCUMENT = (Path(__file__).parents[2] / "docs/worlds/python-tools.md").read_text()


def test_the_documented_tool_works() -> None:
    [source] = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)
    world = build_world("tutorial")
    assert validate_tool(world, python_tool(source)) == ()
    state = WorldState(WorldBase(world))
    orders = state.records("order")
    packing = next(o for o in orders if o["status"] == "packing")
    done = act(state, source, order_id=packing["id"], most=2).value
    assert done["shipped_on"] == world.now.date().isoformat()
    assert {len(parcel) for parcel in done["parcels"]} <= {1, 2}  # type: ignore[union-attr,arg-type]
    again = act(state, source, order_id=packing["id"], most=2)
    assert message(again) == f"order {packing['id']} is shipped: too late to pack it"


def test_the_documented_names_are_those_of_the_code() -> None:
    [modules] = re.findall(r"It may import `(.*?)`", DOCUMENT, re.DOTALL)
    assert tuple(re.split(r",\s+", modules)) == MODULES
    names = {name for name in vars(View) if not name.startswith("_")} | {"now", "random"}
    assert set(re.findall(r"^\| `world\.(\w+)", DOCUMENT, re.MULTILINE)) == names


def test_a_machine_is_told_what_holds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main() == 0
    assert "Python tools run here, behind limits, seccomp" in capsys.readouterr().out
