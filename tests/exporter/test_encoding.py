"""Pretty JSON is Python's own, byte by byte, whoever writes it."""

import json

from hypothesis import given
from hypothesis import strategies as st

from exporter.encoding import pretty
from world_builder.frozen import Json

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
_ATOMS = st.none() | st.booleans() | st.integers() | st.floats() | _TEXTS
_VALUES = st.recursive(_ATOMS, lambda v: st.lists(v) | st.dictionaries(_TEXTS, v), max_leaves=20)


def _by_python(value: Json) -> bytes:
    return f"{json.dumps(value, indent=2, ensure_ascii=False)}\n".encode()


@given(_VALUES)
def test_it_is_what_python_writes(value: Json) -> None:
    assert pretty(value) == _by_python(value)


def test_floats_of_every_size_are_spelled_as_python_does() -> None:
    for exponent in range(-330, 309):
        floats = [float(f"{digits}e{exponent}") for digits in ("1", "-1.5", "9.999999999999999")]
        value: Json = {"first": floats[0], "all": [*floats, [*floats]], "text": f"1e{exponent}"}
        assert pretty(value) == _by_python(value)
