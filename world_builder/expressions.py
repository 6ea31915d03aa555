"""CEL expressions: the one place that evaluates them.

Tools and state checks are written in CEL (Common Expression Language). Here they are compiled once
and run many times; nothing here knows operations or tasks.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, cast

from world_builder.cel_binding import compile_program, new_context
from world_builder.cel_functions import FUNCTIONS, as_datetime, money, percent
from world_builder.cel_plain import Plain, plain_program, plain_text, unsure
from world_builder.errors import ExpressionError
from world_builder.frozen import Json
from world_builder.names import Names, names_of

__all__ = [
    "ATOMS",
    "FUNCTIONS",
    "Expression",
    "Names",
    "as_boolean",
    "as_datetime",
    "compile_expression",
    "message_expressions",
    "money",
    "names_of",
    "percent",
    "render_message",
    "to_json",
]

_PATH = re.compile(r"^[a-z_]\w*(\.[a-z_]\w*)?$")
_SLOT = re.compile(r"\{([^{}]+)\}")
_BOUND = re.compile(r"\.(?:map|filter|exists|exists_one|all)\(\s*(\w+)\s*,")
_LITERALS = frozenset({"true", "false", "null"})
ATOMS = frozenset({str, int, float, bool, type(None)})
"""Types of values that are JSON as they are."""


_KNOWN = frozenset(FUNCTIONS) | {"lookup", "find"}
_CEL_FUNCTIONS = frozenset(
    "size contains startsWith endsWith matches string int uint double bytes bool timestamp "
    "duration has all exists exists_one map filter min max getFullYear getMonth getDate "
    "getDayOfMonth getDayOfWeek getDayOfYear getHours getMinutes getSeconds getMilliseconds "
    "type dyn optional".split()
)


class Expression:
    """A compiled CEL expression."""

    __slots__ = ("_functions", "_needs", "_path", "_plain", "_program", "source")

    def __init__(self, source: str) -> None:
        """Compile. Raises ExpressionError with the position of the mistake."""
        self.source = source
        try:
            self._program = compile_program(source)
        except ValueError as error:
            raise ExpressionError(f"CEL: {_first_line(str(error))} in {source!r}") from error
        self._needs = {n: _fields_used(source, n) for n in self._program.variables()}
        self._functions = frozenset(self._program.functions())
        simple = _PATH.match(source) and source not in _LITERALS
        self._path: tuple[str, ...] | None = tuple(source.split(".")) if simple else None
        self._plain: Plain = self._first_try

    def evaluate(self, names: Names) -> Any:
        """The value of the expression. Raises ExpressionError."""
        try:
            return self._plain(names.values, names.functions)
        except Exception:  # whatever it is, the binding decides
            if self._path is not None:
                return _follow(self._path, names.values, self.source)
            return self.by_binding(names)

    def _first_try(
        self, values: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]]
    ) -> Any:
        self._plain = plain_program(self.source, _KNOWN, is_raw=self.is_path) or unsure
        return self._plain(values, functions)

    @property
    def is_path(self) -> bool:
        """Whether it is a name or a field of one; its value is what stands there."""
        return self._path is not None

    @property
    def plain_text(self) -> str | None:
        """Python text of the expression, see `cel_plain`; None when only the binding has it."""
        return plain_text(self.source, _KNOWN, is_raw=self.is_path)

    def by_binding(self, names: Names) -> Any:
        """The value as the CEL binding gives it. Raises ExpressionError."""
        try:
            return self._program.execute(self._context(names))
        except Exception as error:  # the binding raises many kinds; all mean the same to us
            detail = f"no field {error}" if isinstance(error, KeyError) else str(error)
            raise ExpressionError(f"{_first_line(detail)} in {self.source!r}") from error

    def _context(self, names: Names) -> object:
        """Only what the expression uses: handing values to CEL costs more than running it."""
        used = {
            name: _narrowed(names.values[name], fields)
            for name, fields in self._needs.items()
            if name in names.values
        }
        functions = {n: f for n, f in names.functions.items() if n in self._functions}
        return new_context(used, functions=functions)

    def is_true(self, names: Names) -> bool:
        """Whether the value is true. Raises ExpressionError when it is not a boolean."""
        return as_boolean(self.evaluate(names), self.source)

    def unknown_names(self, known: Sequence[str]) -> tuple[str, ...]:
        """Names the expression uses that are neither known, bound in it, nor functions."""
        bound = set(_BOUND.findall(self.source)) | _LITERALS | {*known}
        used = {name for name in self._program.variables() if name not in bound}
        named = (name for name in self._program.functions() if re.fullmatch(r"[A-Za-z]\w*", name))
        strange = {name for name in named if name not in _KNOWN | _CEL_FUNCTIONS}
        return tuple(sorted((used | strange) - _CEL_FUNCTIONS))


def as_boolean(value: object, source: str) -> bool:
    """The value of an expression that must be a boolean. Raises ExpressionError."""
    if not isinstance(value, bool):
        raise ExpressionError(f"{source!r} must be true or false, not {value!r}")
    return value


@lru_cache(maxsize=20_000)
def compile_expression(source: str) -> Expression:
    """The compiled expression, shared by all who use the same source. Raises ExpressionError."""
    return Expression(source)


def message_expressions(template: str) -> tuple[str, ...]:
    """The CEL parts of a message such as `Order {it.id} was shipped.`"""
    return tuple(_SLOT.findall(template))


def render_message(template: str, names: Names) -> str:
    """The message with its CEL parts filled in. Raises ExpressionError."""

    def fill(slot: re.Match[str]) -> str:
        value = to_json(compile_expression(slot[1]).evaluate(names))
        return value if isinstance(value, str) else str(value)

    return _SLOT.sub(fill, template)


def to_json(value: object) -> Json:
    """A CEL value as JSON: times become ISO text. Raises ExpressionError for what JSON lacks."""
    kind = type(value)
    if kind in ATOMS:
        return cast(Json, value)
    if kind is dict:
        fields = cast(dict[str, Any], value)
        return {str(k): v if type(v) in ATOMS else to_json(v) for k, v in fields.items()}
    if kind is datetime:
        return cast(datetime, value).isoformat()
    if isinstance(value, Mapping):
        return {str(k): v if type(v) in ATOMS else to_json(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [v if type(v) in ATOMS else to_json(v) for v in value]
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    raise ExpressionError(f"a value of type {type(value).__name__} cannot be stored")


def _follow(path: tuple[str, ...], values: Mapping[str, Any], source: str) -> Any:
    value: Any = values
    for part in path:
        if not isinstance(value, dict | Mapping) or part not in value:
            raise ExpressionError(f"no field '{part}' in {source!r}")
        value = value[part]
    return value


def _fields_used(source: str, name: str) -> frozenset[str] | None:
    """The fields of a variable that an expression reads; None when it may read them all."""
    uses = re.findall(rf"(?<![\w.]){name}\b(\s*\.\s*\w+\b(?!\s*\())?", source)
    return frozenset(use.strip(" .") for use in uses) if all(uses) else None


def _narrowed(value: Any, fields: frozenset[str] | None) -> Any:
    if fields is None or not isinstance(value, Mapping):
        return value
    return {name: value[name] for name in fields if name in value}


def _first_line(text: str) -> str:
    return text.splitlines()[0] if text else "failed"
