"""The part of CEL that `cel_plain` runs itself, as a tree.

Literals, names, fields, indexes, operators, calls, lists and maps. What is outside it (escapes in
text, unsigned numbers, bytes, ...) is no mistake: `parse` gives None, and the expression is left to
the CEL binding.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar

_T = TypeVar("_T")

_TOKEN: Final = re.compile(
    r"""\s*(?:
    (?P<number>\d+(?:\.\d+)?(?![\w.]))
    |(?P<text>'[^'\\\n]*'|"[^"\\\n]*")
    |(?P<name>[A-Za-z_]\w*)
    |(?P<sign>&&|\|\||[=!<>]=|[-+*/%!<>?:.,()\[\]{}])
    )""",
    re.VERBOSE | re.ASCII,
)
_LITERALS: Final = {"true": True, "false": False, "null": None}
_RELATIONS: Final = frozenset({"==", "!=", "<", "<=", ">", ">=", "in"})
_LEVELS: Final = (
    frozenset({"||"}),
    frozenset({"&&"}),
    _RELATIONS,
    frozenset({"+", "-"}),
    frozenset({"*", "/", "%"}),
)
"""Binary operators, the loosest first; all group to the left."""
_RESERVED: Final = frozenset(
    "as break const continue else for function if import let loop package namespace return var "
    "void while in".split()
)


@dataclass(frozen=True, slots=True)
class Literal:
    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Name:
    name: str


@dataclass(frozen=True, slots=True)
class Select:
    """A field: `operand.field`."""

    operand: "Node"
    field: str


@dataclass(frozen=True, slots=True)
class Index:
    operand: "Node"
    key: "Node"


@dataclass(frozen=True, slots=True)
class Unary:
    sign: str
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Binary:
    sign: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Choice:
    """`condition ? yes : no`"""

    condition: "Node"
    yes: "Node"
    no: "Node"


@dataclass(frozen=True, slots=True)
class Call:
    """`function(arguments)`, or `target.function(arguments)`."""

    target: "Node | None"
    function: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class ListOf:
    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class MapOf:
    entries: tuple[tuple["Node", "Node"], ...]


Node: TypeAlias = Literal | Name | Select | Index | Unary | Binary | Choice | Call | ListOf | MapOf


class _Outside(Exception):
    """The text is not of this part of CEL."""


def parse(source: str) -> Node | None:
    """The tree of an expression; None when it needs more of CEL than there is here."""
    try:
        return _Parser(_tokens(source)).whole()
    except _Outside:
        return None


def _tokens(source: str) -> list[tuple[str, str]]:
    found, at, end = [], 0, len(source.rstrip())
    while at < end:
        match = _TOKEN.match(source, at)
        if match is None:
            raise _Outside
        found.append((str(match.lastgroup), match[str(match.lastgroup)]))
        at = match.end()
    return found


class _Parser:
    """Recursive descent over the tokens."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = [*tokens, ("end", "")]
        self._at = 0

    def whole(self) -> Node:
        node = self._choice()
        self._expect("")
        return node

    def _choice(self) -> Node:
        condition = self._binary(0)
        if not self._accept("?"):
            return condition
        yes = self._binary(0)
        self._expect(":")
        return Choice(condition, yes, self._choice())

    def _binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        left = self._binary(level + 1)
        while (sign := self._sign()) in _LEVELS[level]:
            self._at += 1
            left = Binary(sign, left, self._binary(level + 1))
        return left

    def _unary(self) -> Node:
        for sign in ("!", "-"):
            if self._accept(sign):
                return Unary(sign, self._unary())
        return self._member(self._primary())

    def _member(self, node: Node) -> Node:
        while True:
            if self._accept("."):
                name = self._name()
                is_call = self._accept("(")
                node = Call(node, name, self._until(")")) if is_call else Select(node, name)
            elif self._accept("["):
                node = Index(node, self._choice())
                self._expect("]")
            else:
                return node

    def _primary(self) -> Node:
        kind, text = self._next()
        if kind == "number":
            return Literal(float(text) if "." in text else int(text))
        if kind == "text":
            return Literal(text[1:-1])
        if kind == "name":
            return self._named(text)
        return self._bracketed(text)

    def _named(self, text: str) -> Node:
        if text in _LITERALS:
            return Literal(_LITERALS[text])
        if text in _RESERVED:
            raise _Outside
        return Call(None, text, self._until(")")) if self._accept("(") else Name(text)

    def _bracketed(self, opening: str) -> Node:
        if opening == "(":
            node = self._choice()
            self._expect(")")
            return node
        if opening == "[":
            return ListOf(self._until("]"))
        if opening == "{":
            return MapOf(tuple(self._many("}", self._entry)))
        raise _Outside

    def _entry(self) -> tuple[Node, Node]:
        key = self._choice()
        self._expect(":")
        return key, self._choice()

    def _until(self, closing: str) -> tuple[Node, ...]:
        return tuple(self._many(closing, self._choice))

    def _many(self, closing: str, one: Callable[[], "_T"]) -> list["_T"]:
        found: list[_T] = []
        while not self._accept(closing):
            if found:
                self._expect(",")
            found.append(one())
        return found

    def _name(self) -> str:
        kind, text = self._next()
        if kind != "name":
            raise _Outside
        return text

    def _next(self) -> tuple[str, str]:
        self._at += 1
        return self._tokens[self._at - 1]

    def _sign(self) -> str:
        kind, text = self._tokens[self._at]
        return "" if kind in ("text", "number") else text

    def _accept(self, sign: str) -> bool:
        kind, text = self._tokens[self._at]
        is_there = text == sign and kind in ("sign", "name", "end")
        self._at += is_there
        return is_there

    def _expect(self, sign: str) -> None:
        if not self._accept(sign):
            raise _Outside
