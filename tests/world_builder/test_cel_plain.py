"""What runs without the CEL binding gives what the binding gives, or leaves it to the binding."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from world_builder import programs as p
from world_builder.cel_plain import plain_program
from world_builder.cel_syntax import parse
from world_builder.errors import ExpressionError
from world_builder.expressions import (
    FUNCTIONS,
    Expression,
    Names,
    compile_expression,
    names_of,
    to_json,
)
from world_builder.ids import canonical_json
from world_builder.workbench import Workbench
from world_builder.worlds import build_world

_KNOWN = frozenset(FUNCTIONS) | {"lookup", "find"}
_NOW = datetime(2025, 9, 15, 14, tzinfo=timezone(timedelta(hours=-4)))
_VALUES: dict[str, Any] = {
    "n": None,
    "t": True,
    "f": False,
    "i": 7,
    "z": 0,
    "big": 2**62,
    "huge": 10**20,
    "neg": -7,
    "d": 2.5,
    "one": 1.0,
    "s": "text",
    "u": "é",
    "e": "",
    "now": _NOW,
    "l": [1, 2, 3],
    "texts": ["a", "b"],
    "mixed": [1, "a", None, [1], {"a": 1}],
    "m": {"a": 1, "b": {"c": [True, None]}, "size": 4},
    "rows": [{"id": "x", "qty": 2, "tags": ["a"]}, {"id": "y", "qty": 5, "tags": []}],
}
_SIMPLE = (
    "1 0 -3 2.5 'text' \"a\" true null m.a m.b.c m.missing rows[0].qty rows[1].id l[1] l[9] m['a'] "
    "[] [1,i] {'k':i} unheard"
).split()
_ATOMS = st.sampled_from([*_VALUES, *_SIMPLE])


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    signs = st.sampled_from(
        ("==", "!=", "<", "<=", ">", ">=", "in", "+", "-", "*", "/", "%", "&&", "||")
    )
    macros = st.sampled_from(("map", "filter", "all", "exists", "exists_one"))
    ranges = st.sampled_from(("rows", "l", "texts", "mixed", "m", "s"))
    bodies = st.sampled_from(("x", "x.qty > 2", "x == i", "x.id"))
    tests = st.sampled_from(("contains", "startsWith", "endsWith"))
    functions = st.sampled_from(
        ("sum", "lower", "minimum", "maximum", "money", "date", "size", "string", "has", "round")
    )
    return st.one_of(
        st.builds("({} {} {})".format, inner, signs, inner),
        st.builds("!{}".format, inner),
        st.builds("-{}".format, inner),
        st.builds("({} ? {} : {})".format, inner, inner, inner),
        st.builds("{}({})".format, functions, inner),
        st.builds("{}.size()".format, inner),
        st.builds("{}.{}({})".format, inner, tests, inner),
        st.builds("{}.{}(x, {})".format, ranges, macros, inner | bodies),
    )


def _decided(expression: Expression, names: Names) -> tuple[bool, object]:
    """Whether the binding gives a value, and the value."""
    try:
        return True, expression.by_binding(names)
    except ExpressionError:
        return False, None


def _check(source: str, names: Names) -> bool:
    """True when the plain program decides; it then decides as the binding does."""
    try:
        expression = compile_expression(source)
    except ExpressionError:
        return False
    program = plain_program(source, _KNOWN)
    if program is None:
        return False
    try:
        value = program(names.values, names.functions)
    except Exception:
        return False
    decided, expected = _decided(expression, names)
    assert decided, f"{source}: {value!r} where the binding refuses"
    assert type(value) is type(expected)
    assert to_json(value) == to_json(expected)
    return True


@given(st.recursive(_ATOMS, _grown, max_leaves=6))
@settings(max_examples=400, deadline=None)
def test_expressions_mean_what_the_binding_says(source: str) -> None:
    _check(source, names_of(_VALUES))


@pytest.mark.parametrize(
    "source",
    [
        "rows.filter(r, r.qty > 2).map(r, {'id': r.id})",
        "sum(rows.map(r, r.qty * i)) / -2",
        "neg / 2 == -3 && neg % 2 == -1",
        "rows.exists(r, r.tags.exists(t, t == s)) ? 'yes' : string(now)",
        "i in l || 'a' in m",
        "s.contains('ex') && !(u.contains(s) || s.contains(u)) && s.contains('')",
        "s.startsWith('te') && s.endsWith('xt') && !s.endsWith('text and more')",
        "n != m || l == n",
        "texts.all(x, x < 'c') && has(m.a) && !has(m.q)",
        "money(i * 100) + lower('A') + join(texts, ', ')",
        "l.map(x, l.map(x, x + 1))",
        "1 - -1 + l.size() - size(s)",
    ],
)
def test_everyday_expressions_need_no_binding(source: str) -> None:
    assert _check(source, names_of(_VALUES))


@pytest.mark.parametrize(
    "source",
    ["i == one", "huge > 1", "u.size()", "big * i", "i / z", "m.missing", "string(t)", "l == l"],
)
def test_what_is_not_sure_is_left_to_the_binding(source: str) -> None:
    assert not _check(source, names_of(_VALUES))


@pytest.mark.parametrize(
    "source",
    [r"'a\n'", "1u", "1e3", "b'x'", "r'x'", "0x1F", "'''a'''", "a b", "", "in", "(1", "a."],
)
def test_other_texts_are_no_tree(source: str) -> None:
    assert parse(source) is None


@pytest.mark.parametrize("source", ["timestamp(s)", "s.matches('t')", "m.map(k, v, k)", "{1: 2}"])
def test_other_functions_need_the_binding(source: str) -> None:
    assert plain_program(source, _KNOWN) is None


@pytest.mark.parametrize("world", ["tutorial", "clinic"])
def test_a_world_gives_the_same_without_plain_programs(
    world: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = build_world(world)
    tasks = [task for task in built.tasks if task.reference_solution is not None]
    fast = [_run_text(Workbench(built), task) for task in tasks]
    monkeypatch.setattr(Expression, "evaluate", Expression.by_binding)
    monkeypatch.setattr(Expression, "plain_text", None)
    _forget_programs()
    slow = [_run_text(Workbench(built), task) for task in tasks]
    _forget_programs()
    assert slow == fast


def _forget_programs() -> None:
    makers = (
        p.value_of,
        p.truth_of,
        p.filtering,
        p.preparing,
        p.assigning,
        p.resulting,
        p.breaking,
    )
    for maker in makers:
        maker.cache_clear()


def _run_text(bench: Workbench, task: Any) -> str:
    run = bench.run(task, task.reference_solution)
    texts = [message.content for message in run.messages]
    return "\n".join([*texts, run.state_hash, canonical_json(run.diff.model_dump(mode="json"))])
