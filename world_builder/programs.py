"""Writes the expressions of an operation, in their order, as one Python function.

What does not depend on a call is done once: which expressions there are, which of them `cel_plain`
can write as Python, which names they set. Each expression stands in a `try` of its own, since
`expressions` decides whatever its Python is not sure of, error messages included. The text of a
program is ours, as `cel_plain` has it: authors' texts stand in it as quoted constants.

Programs see `Names` and add to their values; they know no operations and no state.
"""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, Final, TypeAlias

from world_builder.cel_pieces import HELPERS
from world_builder.cel_plain import TOO_DEEP
from world_builder.errors import ExpressionError
from world_builder.expressions import (
    ATOMS,
    as_boolean,
    compile_expression,
    render_message,
    to_json,
)
from world_builder.frozen import Json, Record
from world_builder.names import Names
from world_builder.operations import Assignment, Binding, Let, Precondition, Rule
from world_builder.refusals import Refusal
from world_builder.tools import ToolErrorCode

Bind: TypeAlias = Callable[[Binding, object], Record | None]
"""Gives the entity of an id. Raises Refusal when there must be one and is none."""

_GLOBALS: Final = {
    **HELPERS,
    "__builtins__": {},
    "Exception": Exception,
    "atoms": ATOMS,
    "to_boolean": as_boolean,
    "to_json": to_json,
    "type": type,
}


class _Writer:
    """Collects the lines of a program, and the objects that they speak of."""

    def __init__(self, *, is_plain: bool) -> None:
        """Not plain: every expression is left to `expressions`."""
        self._is_plain = is_plain
        self._lines: list[str] = []
        self._constants: dict[str, Any] = {}

    def line(self, text: str) -> None:
        self._lines.append(text)

    def constant(self, value: Any) -> str:
        """A name for an object."""
        name = f"c{len(self._constants)}"
        self._constants[name] = value
        return name

    def value(self, source: str, indent: str = "") -> None:
        """Lines that set `v` to the value of an expression."""
        slow = f"v = {self.constant(partial(_evaluate, source))}(names)"
        text = _plain_text(source) if self._is_plain else None
        if text is None:
            self.line(f"{indent}{slow}")
        else:
            self.line(f"{indent}try: v = {text}")
            self.line(f"{indent}except Exception: {slow}")

    def truth(self, source: str, indent: str = "") -> None:
        """Lines that set `v` to the value of an expression that must be a boolean."""
        self.value(source, indent)
        self.line(f"{indent}if v is not True and v is not False: to_boolean(v, {source!r})")

    def json(self, source: str, indent: str = "") -> None:
        """Lines that set `v` to the value of an expression as JSON."""
        self.value(source, indent)
        self.line(f"{indent}if type(v) not in atoms: v = to_json(v)")

    def program(self, parameters: str, result: str) -> Callable[..., Any]:
        """The function. Raises one of TOO_DEEP when Python cannot compile it."""
        lines = ["n = names.values", *self._lines, f"return {result}"]
        if any("f[" in line for line in lines):
            lines.insert(0, "f = names.functions")
        text = f"def program({parameters}):\n" + "".join(f"  {line}\n" for line in lines)
        space: dict[str, Any] = {**_GLOBALS, **self._constants}
        exec(compile(text, "<program>", "exec"), space)  # noqa: S102 (our own text)
        program: Callable[..., Any] = space["program"]
        return program


@lru_cache(maxsize=20_000)
def value_of(source: str) -> Callable[[Names], Any]:
    """Gives the value of one expression."""
    return _written(lambda writer: writer.value(source), "names", "v")


@lru_cache(maxsize=5_000)
def truth_of(source: str) -> Callable[[Names], bool]:
    """Tells whether an expression is true."""
    return _written(lambda writer: writer.truth(source), "names", "v")


@lru_cache(maxsize=5_000)
def filtering(source: str) -> Callable[[Names, list[Record]], list[Record]]:
    """Keeps the records for which an expression over `it` is true; leaves `it` in the names."""

    def write(writer: _Writer) -> None:
        writer.line("r = []")
        writer.line("for it in records:")
        writer.line("  n['it'] = it")
        writer.truth(source, "  ")
        writer.line("  if v: r.append(it)")

    return _written(write, "names, records", "r")


@lru_cache(maxsize=5_000)
def preparing(
    bindings: tuple[Binding, ...], lets: tuple[Let, ...], preconditions: tuple[Precondition, ...]
) -> Callable[[Names, Bind], None]:
    """Binds entities and values, then raises Refusal unless all preconditions hold."""

    def write(writer: _Writer) -> None:
        for binding in bindings:
            writer.value(binding.id)
            writer.line(f"n[{binding.name!r}] = bind({writer.constant(binding)}, v)")
        for let in lets:
            writer.value(let.value)
            writer.line(f"n[{let.name!r}] = v")
        for precondition in preconditions:
            writer.truth(precondition.check)
            writer.line(f"if not v: {writer.constant(partial(_refuse, precondition))}(names)")

    return _written(write, "names, bind", "None")


@lru_cache(maxsize=5_000)
def assigning(values: tuple[Assignment, ...]) -> Callable[[Names], dict[str, Json]]:
    """Gives the fields to set."""

    def write(writer: _Writer) -> None:
        for number, assignment in enumerate(values):
            if assignment.when is not None:
                writer.truth(assignment.when)
                writer.line(f"is_set{number} = v")
        writer.line("r = {}")
        for number, assignment in enumerate(values):
            writer.line("if True:" if assignment.when is None else f"if is_set{number}:")
            writer.json(assignment.value, "  ")
            writer.line(f"  r[{assignment.field!r}] = v")

    return _written(write, "names", "r")


@lru_cache(maxsize=5_000)
def resulting(lets: tuple[Let, ...]) -> Callable[[Names], dict[str, Json]]:
    """Gives values as JSON, each under a name that those after it see."""

    def write(writer: _Writer) -> None:
        writer.line("r = {}")
        for let in lets:
            writer.json(let.value)
            writer.line(f"r[{let.name!r}] = n[{let.name!r}] = v")

    return _written(write, "names", "r")


@lru_cache(maxsize=5_000)
def breaking(rules: tuple[Rule, ...]) -> Callable[[Names], list[Rule]]:
    """Gives the broken rules."""

    def write(writer: _Writer) -> None:
        writer.line("r = []")
        for rule in rules:
            writer.truth(rule.when)
            writer.line(f"if v: r.append({writer.constant(rule)})")

    return _written(write, "names", "r")


def _written(write: Callable[[_Writer], None], parameters: str, result: str) -> Callable[..., Any]:
    """The program that `write` writes; without Python of expressions if that is too deep."""
    writer = _Writer(is_plain=True)
    write(writer)
    try:
        return writer.program(parameters, result)
    except TOO_DEEP:
        writer = _Writer(is_plain=False)
        write(writer)
        return writer.program(parameters, result)


def _plain_text(source: str) -> str | None:
    try:
        return compile_expression(source).plain_text
    except ExpressionError:  # raised again when the expression's turn comes
        return None


def _evaluate(source: str, names: Names) -> Any:
    return compile_expression(source).evaluate(names)


def _refuse(precondition: Precondition, names: Names) -> None:
    message = render_message(precondition.message, names)
    raise Refusal(ToolErrorCode.PRECONDITION_FAILED, message)
