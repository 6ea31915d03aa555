"""Checks of criteria in forms: which fields a kind has, reading them, and a check in a few words.

Tolerant: what cannot be read stays in the data as it was typed, and validation says so.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from world_builder.checks import FormatKind
from world_builder.frozen import Json

JSON_KIND = "json"
"""Stands in forms for a check that is edited as JSON."""

CHECK_KINDS: tuple[tuple[str, str], ...] = (
    ("", "none: a judge decides"),
    ("number", "number"),
    ("contains_any", "says one of"),
    ("contains_all", "says all of"),
    ("not_contains", "says none of"),
    ("matches", "matches a pattern"),
    ("format", "format"),
    ("tool_called", "tool was called"),
    ("tool_not_called", "tool was not called"),
    ("tool_order", "tools in order"),
    ("state", "state of the world"),
    ("no_collateral", "nothing else changed"),
    ("all_of", "all of several (JSON)"),
    ("any_of", "any of several (JSON)"),
    (JSON_KIND, "any of these, as JSON"),
)
"""Value and label of every kind of check."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckField:
    """One part of a check as a form control; `kind` is that of the macro `ui.field`."""

    name: str
    label: str
    kind: str = "text"
    help: str = ""
    required: bool = False
    options: tuple[str, ...] = ()


def _field(
    name: str, label: str, kind: str = "text", hint: str = "", *, optional: bool = False
) -> CheckField:
    return CheckField(name=name, label=label, kind=kind, help=hint, required=not optional)


_TEXTS = (_field("texts", "Texts", "list"),)
_ARGUMENTS = _field(
    "arguments", "Arguments", "object", 'as JSON, such as [{"name": "id", "equals": "ord-1"}]',
    optional=True,
)  # fmt: skip
_CHECKS = (_field("checks", "Checks", "object", 'as JSON, such as [{"kind": "number", …}]'),)

CHECK_FIELDS: Mapping[str, tuple[CheckField, ...]] = {
    "contains_any": _TEXTS,
    "contains_all": _TEXTS,
    "not_contains": _TEXTS,
    "number": (
        _field("value", "Value", "number"),
        _field("tolerance", "Tolerance", "number", optional=True),
    ),
    "matches": (_field("pattern", "Pattern", "code", "a regular expression, any case"),),
    "format": (
        CheckField(
            name="format", label="Format", kind="enum", required=True,
            options=tuple(k.value for k in FormatKind),
        ),
        _field("minimum", "At least", "integer", optional=True),
        _field("maximum", "At most", "integer", optional=True),
        _field("json_schema", "JSON Schema", "object", optional=True),
    ),
    "tool_called": (
        _field("tool", "Tool"),
        _field("at_least", "At least", "integer", optional=True),
        _field("at_most", "At most", "integer", optional=True),
        _ARGUMENTS,
    ),
    "tool_not_called": (_field("tool", "Tool"), _ARGUMENTS),
    "tool_order": (_field("tools", "Tools, in order", "list"),),
    "state": (
        _field("expression", "Expression", "code", "CEL over created, updated, deleted and now"),
    ),
    "no_collateral": (
        _field("may_change", "Ids that may change", "list", optional=True),
        _field("may_create", "Types that may be created", "list", optional=True),
    ),
    "all_of": _CHECKS,
    "any_of": _CHECKS,
    JSON_KIND: (_field(JSON_KIND, "Check", "object"),),
}  # fmt: skip


def read_check(kind: str, given: Mapping[str, str], stored: Json = None) -> Json:
    """The check that a form says; None for none. `given`: the texts by field name.

    What reads as it did in the `stored` check stays as it is there, and a form that turns to JSON
    without saying any keeps it whole.
    """
    if not kind:
        return None
    if kind == JSON_KIND:
        return _read("object", given[JSON_KIND]) if given.get(JSON_KIND) else stored
    same = stored if isinstance(stored, dict) and stored.get("kind") == kind else {}
    check: dict[str, Json] = {**same, "kind": kind}
    for field in CHECK_FIELDS.get(kind, ()):
        text = given.get(field.name, "").replace("\r\n", "\n")
        if field.name in same and text == field_value(same, field):
            continue
        check.pop(field.name, None)
        if text.strip():
            check[field.name] = _read(field.kind, text)
        elif field.required:
            check[field.name] = [] if field.kind == "list" else _empty(field.kind)
    return check


def field_value(check: Mapping[str, Json], field: CheckField) -> str:
    """What the control of a check's field shows."""
    value = check.get(field.name)
    if value is None or value == []:
        return ""
    if isinstance(value, str):
        return value
    if field.kind == "list" and isinstance(value, list):
        return "\n".join(str(item) for item in value)
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return json.dumps(value, ensure_ascii=False, indent=1 if field.kind == "object" else None)


def describe_check(check: Json, most: int = 40) -> str:
    """A check in a few words, such as `number 74.99`."""
    if not isinstance(check, dict):
        return "unreadable"
    text = " ".join(_words(check).split())
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _words(check: Mapping[str, Json]) -> str:
    kind = str(check.get("kind", "?"))
    return _WORDS[kind](check) if kind in _WORDS else kind


def _number_words(check: Mapping[str, Json]) -> str:
    value, tolerance = check.get("value"), check.get("tolerance")
    shown = f"{value:g}" if isinstance(value, int | float) else str(value or "?")
    return f"number {shown}" + (f" ± {tolerance}" if tolerance else "")


def _pattern_words(check: Mapping[str, Json]) -> str:
    pattern = str(check.get("pattern") or "")
    return f"matches {pattern}" if len(pattern) < 28 else "matches a pattern"


def _collateral_words(check: Mapping[str, Json]) -> str:
    allowed = [*_items(check.get("may_change")), *_items(check.get("may_create"))]
    return "changes only " + ", ".join(allowed) if allowed else "nothing else changed"


def _compound_words(check: Mapping[str, Json]) -> str:
    parts = check.get("checks")
    inner = [_words(p) for p in parts if isinstance(p, dict)] if isinstance(parts, list) else []
    joint = " and " if check.get("kind") == "all_of" else " or "
    return joint.join(inner) or str(check.get("kind"))


_WORDS: Mapping[str, Callable[[Mapping[str, Json]], str]] = {
    "number": _number_words,
    "contains_any": lambda c: "says " + _listed(c.get("texts"), " or "),
    "contains_all": lambda c: "says " + _listed(c.get("texts"), " and "),
    "not_contains": lambda c: "never says " + _listed(c.get("texts"), " or "),
    "matches": _pattern_words,
    "format": lambda c: f"format {_bounds(c)}",
    "tool_called": lambda c: f"calls {c.get('tool')}",
    "tool_not_called": lambda c: f"does not call {c.get('tool')}",
    "tool_order": lambda c: "calls " + _listed(c.get("tools"), ", then "),
    "state": lambda c: f"state {c.get('expression')}",
    "no_collateral": _collateral_words,
    "all_of": _compound_words,
    "any_of": _compound_words,
}


def _bounds(check: Mapping[str, Json]) -> str:
    low, high = check.get("minimum"), check.get("maximum")
    name = str(check.get("format", "")).replace("_", " ")
    if low is not None and high is not None:
        return f"{name} {low}–{high}"
    return name + (f" ≥ {low}" if low is not None else f" ≤ {high}" if high is not None else "")


def _listed(value: Json, joint: str) -> str:
    return joint.join(_items(value)) or "nothing yet"


def _items(value: Json) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _read(kind: str, text: str) -> Json:
    if kind == "list":
        return [line.strip() for line in text.splitlines() if line.strip()]
    if kind in {"number", "integer"}:
        return _number(text)
    if kind == "object":
        try:
            parsed: Json = json.loads(text)
        except ValueError:
            return text
        return parsed
    return text.strip() if kind != "code" else text.replace("\r\n", "\n").strip()


def _number(text: str) -> Json:
    plain = text.strip().lstrip("$€£").replace(",", "")
    for reader in (int, float):
        try:
            value: int | float = reader(plain)
        except ValueError:
            continue
        return value if math.isfinite(value) else text
    return text


def _empty(kind: str) -> Json:
    return "" if kind in {"text", "code", "enum"} else None
