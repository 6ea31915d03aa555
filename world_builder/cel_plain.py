"""Runs the everyday part of CEL on plain Python values, without handing them to the CEL binding.

Converting entities to CEL's values and back costs far more than most expressions do. Here the tree
of an expression becomes one Python expression: only operators, list comprehensions and calls of
`cel_pieces`, with names, fields and texts as quoted constants, so an author's text never becomes
code. It gives the binding's value, or raises: whatever is not surely the same (a missing field,
mixed types, a number beyond 64 bits, a time, ...) is left to the binding, which `expressions` asks
after any exception. Expressions have no effects, so asking twice is safe.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final, NamedTuple, TypeAlias

from world_builder import cel_syntax as syntax
from world_builder.cel_pieces import HELPERS, Unsure

Plain: TypeAlias = Callable[[Mapping[str, Any], Mapping[str, Callable[..., Any]]], Any]
"""Gives the value for names and functions, or raises when the binding must decide."""

_ORDERS: Final = {"<": "less", "<=": "at_most", ">": "greater", ">=": "at_least"}
_ARITHMETIC: Final = {"+": "plus", "-": "minus", "*": "times", "/": "divided", "%": "remainder"}
_MACROS: Final = {
    "filter": "[{v} for {v} in items({range}) if {body}]",
    "exists": "bool([1 for {v} in items({range}) if {body}])",
    "exists_one": "(len([1 for {v} in items({range}) if {body}]) == 1)",
    "all": "(not [1 for {v} in items({range}) if not {body}])",
}
"""Macros whose body is a boolean."""

_TEXT_TESTS: Final = frozenset({"contains", "endsWith", "startsWith"})
_NO_NUMBERS: Final = frozenset(
    "add_days add_hours add_months date find first join lookup lower money".split()
)
"""Functions of ours that never give a number."""


class _Kind(Enum):
    """What is known of a value before it is there."""

    BOOLEAN = 1
    SMALL = 2
    """An integer that is surely of 64 bits."""
    OTHER = 3
    """Surely no number."""
    WHOLE = 4
    """No integer beyond 64 bits."""
    ANY = 5


class _Code(NamedTuple):
    """Python text, and the kind of its value."""

    text: str
    kind: _Kind = _Kind.ANY


TOO_DEEP: Final = (RecursionError, MemoryError, SyntaxError)
"""What Python raises for text that is nested too deeply."""


def plain_program(source: str, functions: frozenset[str], *, is_raw: bool = False) -> Plain | None:
    """The program of an expression that uses only these functions; None when it needs CEL.

    A raw one gives its value as it is, also an integer that CEL could not hold.
    """
    text = plain_text(source, functions, is_raw=is_raw)
    if text is None:
        return None
    try:
        code = compile(f"lambda n, f: {text}", "<CEL>", "eval")
    except TOO_DEEP:
        return None
    program: Plain = eval(code, {"__builtins__": {}, **HELPERS})  # noqa: S307 (our own text)
    return program


def plain_text(source: str, functions: frozenset[str], *, is_raw: bool = False) -> str | None:
    """The same as Python text over names `n`, functions `f` and `HELPERS`; None likewise."""
    tree = syntax.parse(source)
    if tree is None:
        return None
    try:
        written = _Writer(functions).write(tree, {})
    except (Unsure, *TOO_DEEP):
        return None
    return written.text if is_raw else _whole(written)


def unsure(names: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]]) -> Any:
    """The program that leaves everything to the binding."""
    raise Unsure


class _Writer:
    """Writes trees as Python. Raises Unsure for what only the binding can do."""

    def __init__(self, functions: frozenset[str]) -> None:
        self._functions = functions
        self._num_variables = 0

    def write(self, node: syntax.Node, bound: Mapping[str, str]) -> _Code:
        """`bound` holds the Python names of the macros' variables."""
        match node:
            case syntax.Literal(value):
                return _Code(repr(value), _kind_of(value))
            case syntax.Name(name):
                return _Code(bound.get(name) or f"n[{name!r}]")
            case syntax.Select(operand, field):
                return _Code(f"{self.write(operand, bound).text}[{field!r}]")
            case syntax.Call():
                return self._call(node, bound)
            case syntax.ListOf(items):
                texts = [_whole(self.write(item, bound)) for item in items]
                return _Code(f"[{', '.join(texts)}]", _Kind.OTHER)
            case syntax.MapOf(entries):
                pairs = [(_text_key(k), _whole(self.write(v, bound))) for k, v in entries]
                texts = [f"{key!r}: {value}" for key, value in pairs]
                return _Code(f"{{{', '.join(texts)}}}", _Kind.OTHER)
        return self._operator(node, bound)

    def _operator(
        self,
        node: syntax.Index | syntax.Unary | syntax.Binary | syntax.Choice,
        bound: Mapping[str, str],
    ) -> _Code:
        match node:
            case syntax.Index(operand, key):
                texts = self.write(operand, bound).text, self.write(key, bound).text
                return _Code(f"index({texts[0]}, {texts[1]})")
            case syntax.Unary("!", operand):
                return _Code(f"(not {self._boolean(operand, bound)})", _Kind.BOOLEAN)
            case syntax.Unary(_, operand):
                return _Code(f"negative({self.write(operand, bound).text})", _Kind.WHOLE)
            case syntax.Binary("&&" | "||" as sign, left, right):
                word = "and" if sign == "&&" else "or"
                texts = self._boolean(left, bound), self._boolean(right, bound)
                return _Code(f"({texts[0]} {word} {texts[1]})", _Kind.BOOLEAN)
            case syntax.Binary(sign, left, right):
                return _binary(sign, self.write(left, bound), self.write(right, bound), right)
            case syntax.Choice(condition, yes, no):
                one, other = self.write(yes, bound), self.write(no, bound)
                text = f"({one.text} if {self._boolean(condition, bound)} else {other.text})"
                return _Code(text, one.kind if one.kind is other.kind else _Kind.ANY)

    def _boolean(self, node: syntax.Node, bound: Mapping[str, str]) -> str:
        """The text of a node whose value must be a boolean; checked where it may be another."""
        code = self.write(node, bound)
        return code.text if code.kind is _Kind.BOOLEAN else f"boolean({code.text})"

    def _call(self, node: syntax.Call, bound: Mapping[str, str]) -> _Code:
        name, arguments = node.function, node.arguments
        if node.target is None:
            return self._function(name, arguments, bound)
        target = self.write(node.target, bound).text
        if name == "size" and not arguments:
            return _Code(f"size({target})", _Kind.SMALL)
        if name in _TEXT_TESTS and len(arguments) == 1:
            part = self.write(arguments[0], bound).text
            return _Code(f"{name}({target}, {part})", _Kind.BOOLEAN)
        if len(arguments) == 2 and isinstance(arguments[0], syntax.Name):
            return self._macro(name, target, arguments[0].name, arguments[1], bound)
        raise Unsure

    def _function(
        self, name: str, arguments: tuple[syntax.Node, ...], bound: Mapping[str, str]
    ) -> _Code:
        if name == "has" and len(arguments) == 1 and isinstance(arguments[0], syntax.Select):
            operand = self.write(arguments[0].operand, bound).text
            return _Code(f"has({operand}, {arguments[0].field!r})", _Kind.BOOLEAN)
        codes = [self.write(argument, bound) for argument in arguments]
        if name in ("size", "string") and len(codes) == 1:
            kind = _Kind.SMALL if name == "size" else _Kind.OTHER
            return _Code(f"{name}({codes[0].text})", kind)
        if name not in self._functions:
            raise Unsure
        text = f"f[{name!r}]({', '.join(map(_whole, codes))})"
        if name in _NO_NUMBERS:
            return _Code(text, _Kind.OTHER)
        return _Code(f"whole({text})", _Kind.WHOLE)

    def _macro(
        self, macro: str, target: str, name: str, body: syntax.Node, bound: Mapping[str, str]
    ) -> _Code:
        self._num_variables += 1
        variable = f"v{self._num_variables}"
        inner = {**bound, name: variable}
        if macro == "map":
            text = _whole(self.write(body, inner))
            return _Code(f"[{text} for {variable} in items({target})]", _Kind.OTHER)
        if macro not in _MACROS:
            raise Unsure
        text = _MACROS[macro].format(v=variable, range=target, body=self._boolean(body, inner))
        return _Code(text, _Kind.OTHER if macro == "filter" else _Kind.BOOLEAN)


def _binary(sign: str, one: _Code, other: _Code, right: syntax.Node) -> _Code:
    if sign in ("==", "!="):
        text = _equality(one, other, right)
        return _Code(text if sign == "==" else f"(not {text})", _Kind.BOOLEAN)
    if sign in _ORDERS:
        is_plain = one.kind is other.kind is _Kind.SMALL
        text = f"({one.text} {sign} {other.text})"
        called = f"{_ORDERS[sign]}({one.text}, {other.text})"
        return _Code(text if is_plain else called, _Kind.BOOLEAN)
    if sign == "in":
        return _Code(f"within({one.text}, {other.text})", _Kind.BOOLEAN)
    return _Code(f"{_ARITHMETIC[sign]}({one.text}, {other.text})", _Kind.WHOLE)


def _equality(one: _Code, other: _Code, right: syntax.Node) -> str:
    if isinstance(right, syntax.Literal):
        if right.value is None or isinstance(right.value, bool):
            return f"({one.text} is {other.text})"
        if isinstance(right.value, str):
            return f"({one.text} == {other.text})"
    if one.kind is other.kind is _Kind.SMALL:
        return f"({one.text} == {other.text})"
    return f"equal({one.text}, {other.text})"


def _whole(code: _Code) -> str:
    return f"whole({code.text})" if code.kind is _Kind.ANY else code.text


def _kind_of(value: str | int | float | bool | None) -> _Kind:
    if isinstance(value, bool):
        return _Kind.BOOLEAN
    if isinstance(value, int):
        return _Kind.SMALL if value < 2**31 else _Kind.ANY
    return _Kind.ANY if isinstance(value, float) else _Kind.OTHER


def _text_key(key: syntax.Node) -> str:
    if isinstance(key, syntax.Literal) and isinstance(key.value, str):
        return key.value
    raise Unsure
