"""Deterministic checks of a criterion, as declared data.

`checking` decides them; `rubrics` attaches them. A check costs nothing and never guesses: what it
cannot decide goes to a judge.
"""

from enum import StrEnum
from typing import Annotated, Literal, TypeAlias

from pydantic import Field as Declared

from world_builder.frozen import Frozen, Json


class FormatKind(StrEnum):
    """A structure that a response can be required to have."""

    EMAIL = "email"
    LIST = "list"
    TABLE = "table"
    JSON = "json"
    WORD_COUNT = "word_count"


class ContainsAny(Frozen):
    """At least one of the texts occurs (case, spaces, money, numbers and dates normalised)."""

    kind: Literal["contains_any"] = "contains_any"
    texts: tuple[str, ...] = Declared(min_length=1)


class ContainsAll(Frozen):
    """Every text occurs."""

    kind: Literal["contains_all"] = "contains_all"
    texts: tuple[str, ...] = Declared(min_length=1)


class NotContains(Frozen):
    """None of the texts occurs, in a response that says something."""

    kind: Literal["not_contains"] = "not_contains"
    texts: tuple[str, ...] = Declared(min_length=1)


class Number(Frozen):
    """Some number in the response is within `tolerance` of `value`; money counts in its unit."""

    kind: Literal["number"] = "number"
    value: float
    tolerance: float = Declared(default=0.0, ge=0)


class Matches(Frozen):
    """A regular expression is found (any case)."""

    kind: Literal["matches"] = "matches"
    pattern: str


class Format(Frozen):
    """The response has a structure."""

    kind: Literal["format"] = "format"
    format: FormatKind
    minimum: int | None = None
    """Least list items, table rows or words; None for no bound."""
    maximum: int | None = None
    json_schema: dict[str, Json] | None = None
    """For `json`: what the value must validate against; None accepts any JSON."""


class ArgumentMatch(Frozen):
    """What an argument must be."""

    name: str
    equals: Json = None
    contains: str | None = None
    """Text that the argument contains, any case; None compares with `equals`."""


class ToolCalled(Frozen):
    """A call of the tool that succeeded, with these arguments, was made."""

    kind: Literal["tool_called"] = "tool_called"
    tool: str
    arguments: tuple[ArgumentMatch, ...] = ()
    at_least: int = Declared(default=1, ge=1)
    at_most: int | None = None


class ToolNotCalled(Frozen):
    """No call of the tool with these arguments succeeded, in a rollout that answered."""

    kind: Literal["tool_not_called"] = "tool_not_called"
    tool: str
    arguments: tuple[ArgumentMatch, ...] = ()


class ToolOrder(Frozen):
    """The tools succeeded in this order (others may lie between)."""

    kind: Literal["tool_order"] = "tool_order"
    tools: tuple[str, ...] = Declared(min_length=2)


class StateCheck(Frozen):
    """A CEL expression over the final state is true.

    Names: `created`, `updated`, `deleted` (lists of `{type, id, before, after}`) and `now`;
    functions: `lookup(type, id)`, `find(type, field, value)` and the rest of `expressions`.
    """

    kind: Literal["state"] = "state"
    expression: str


class NoCollateral(Frozen):
    """Nothing but the named entities changed; new entities only of the named types."""

    kind: Literal["no_collateral"] = "no_collateral"
    may_change: tuple[str, ...] = ()
    """Ids that may be updated or deleted."""
    may_create: tuple[str, ...] = ()
    """Entity types of which new entities may appear."""


class AllOf(Frozen):
    """Every one of several checks holds."""

    kind: Literal["all_of"] = "all_of"
    checks: tuple["Check", ...] = Declared(min_length=1)


class AnyOf(Frozen):
    """At least one of several checks holds."""

    kind: Literal["any_of"] = "any_of"
    checks: tuple["Check", ...] = Declared(min_length=1)


Check: TypeAlias = Annotated[
    ContainsAny
    | ContainsAll
    | NotContains
    | Number
    | Matches
    | Format
    | ToolCalled
    | ToolNotCalled
    | ToolOrder
    | StateCheck
    | NoCollateral
    | AllOf
    | AnyOf,
    Declared(discriminator="kind"),
]

AllOf.model_rebuild()
AnyOf.model_rebuild()

_OF_STATE = (ToolCalled, ToolNotCalled, ToolOrder, StateCheck, NoCollateral)


def reads_state(check: Check) -> bool:
    """True for a check, or a combination with one, that looks at what was done."""
    if isinstance(check, AllOf | AnyOf):
        return any(reads_state(part) for part in check.checks)
    return isinstance(check, _OF_STATE)


def reads_response(check: Check) -> bool:
    """True for a check, or a combination with one, that looks at what the response says."""
    if isinstance(check, AllOf | AnyOf):
        return any(reads_response(part) for part in check.checks)
    return not isinstance(check, _OF_STATE)
