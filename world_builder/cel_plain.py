"""Runs the everyday part of CEL on plain Python values, without handing them to the CEL binding.

Converting entities to CEL's values and back costs far more than most expressions do. Here an
expression becomes nested Python functions; nothing of an author's text is ever run as Python. They
give the binding's value, or raise: whatever is not surely the same (a missing field, mixed types, a
number beyond 64 bits, a time, ...) is left to the binding, which `expressions` asks after any
exception. Expressions have no effects, so asking twice is safe.
"""

from world_builder import cel_pieces as pieces
from world_builder import cel_syntax as syntax
from world_builder.cel_pieces import Plain, Unsure


def plain_program(source: str, functions: frozenset[str]) -> Plain | None:
    """The program of an expression that uses only these functions; None when it needs CEL."""
    tree = syntax.parse(source)
    try:
        program = None if tree is None else _Compiler(functions).compile(tree)
    except Unsure:
        return None
    return program and (lambda names, known: pieces.whole(program(names, known)))


class _Compiler:
    """Turns trees into functions. Raises Unsure for what only the binding can do."""

    def __init__(self, functions: frozenset[str]) -> None:
        self._functions = functions

    def compile(self, node: syntax.Node) -> Plain:
        match node:
            case syntax.Literal(value):
                return pieces.constant(value)
            case syntax.Name(name):
                return lambda names, functions: names[name]
            case syntax.Select():
                return self._select(node)
            case syntax.Call():
                return self._call(node)
            case syntax.ListOf(items):
                return pieces.list_of([self.compile(item) for item in items])
            case syntax.MapOf(entries):
                named = [(_text_key(key), self.compile(value)) for key, value in entries]
                return pieces.map_of(named)
        return self._operator(node)

    def _operator(self, node: syntax.Index | syntax.Unary | syntax.Binary | syntax.Choice) -> Plain:
        match node:
            case syntax.Index(operand, key):
                return pieces.index(self.compile(operand), self.compile(key))
            case syntax.Unary(sign, operand):
                return pieces.UNARY[sign](self.compile(operand))
            case syntax.Binary(sign, left, right):
                return self._binary(sign, left, right)
            case syntax.Choice(condition, yes, no):
                return pieces.choice(*map(self.compile, (condition, yes, no)))

    def _select(self, node: syntax.Select) -> Plain:
        """A chain of fields in one function."""
        fields: list[str] = []
        operand: syntax.Node = node
        while isinstance(operand, syntax.Select):
            fields.insert(0, operand.field)
            operand = operand.operand
        return pieces.path(self.compile(operand), tuple(fields))

    def _binary(self, sign: str, left: syntax.Node, right: syntax.Node) -> Plain:
        one, other = self.compile(left), self.compile(right)
        if sign in ("==", "!=") and isinstance(right, syntax.Literal):
            return pieces.is_constant(one, right.value, wanted=sign == "==")
        return pieces.BINARY[sign](one, other)

    def _call(self, node: syntax.Call) -> Plain:
        arguments = node.arguments
        if node.target is None:
            return self._function(node.function, arguments)
        if node.function == "size" and not arguments:
            return pieces.size(self.compile(node.target))
        if node.function in pieces.MACROS and len(arguments) == 2:
            return self._macro(node.function, self.compile(node.target), *arguments)
        raise Unsure

    def _function(self, name: str, arguments: tuple[syntax.Node, ...]) -> Plain:
        if name == "has" and len(arguments) == 1 and isinstance(arguments[0], syntax.Select):
            return pieces.has(self.compile(arguments[0].operand), arguments[0].field)
        compiled = [self.compile(argument) for argument in arguments]
        if name in ("size", "string") and len(compiled) == 1 and name not in self._functions:
            return pieces.size(compiled[0]) if name == "size" else pieces.string(compiled[0])
        if name in self._functions:
            return pieces.called(name, compiled)
        raise Unsure

    def _macro(self, macro: str, target: Plain, variable: syntax.Node, body: syntax.Node) -> Plain:
        if not isinstance(variable, syntax.Name):
            raise Unsure
        return pieces.MACROS[macro](target, variable.name, self.compile(body))


def _text_key(key: syntax.Node) -> str:
    if isinstance(key, syntax.Literal) and isinstance(key.value, str):
        return key.value
    raise Unsure
