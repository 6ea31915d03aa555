"""The closed set of behaviours a tool may declare.

A tool is data: its operation says what it does, in CEL expressions over `args`, `now` and bound
entities, or, where CEL can't say it, in Python for a sandbox. `execution` runs these declarations;
nothing here runs.

Names an expression sees: `args` (every declared parameter, null when not given), `now` (timestamp),
each binding by its name, `it` (the entity at hand in `search.where` and `update`), and the results
of earlier steps of a `sequence` by step name. Functions: see `cel_functions.FUNCTIONS`.
"""

from enum import StrEnum
from typing import Annotated, Literal, TypeAlias

from pydantic import Field as Declared

from world_builder.frozen import Frozen, Json

MAX_SOURCE_LENGTH = 50_000
"""Letters in the source of a Python operation."""


class Comparison(StrEnum):
    """How a search filter compares a field with an argument."""

    EQUALS = "equals"
    IN = "in"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    AFTER = "after"
    BEFORE = "before"
    HAS = "has"
    """The field is a list that holds the argument."""
    TEXT = "text"
    """Every word of the argument occurs in the named text fields, any case."""


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


class Binding(Frozen):
    """Gives a name to an entity: the agent gets a `not_found` error when there is none."""

    name: str
    entity_type: str
    id: str
    """CEL: the id."""
    is_optional: bool = False
    """True binds null instead of failing, also when the id is null."""


class Let(Frozen):
    """Gives a name to a computed value, for the expressions after it."""

    name: str
    value: str
    """CEL."""


class Precondition(Frozen):
    """Must hold, else the agent gets the author's message and nothing changes."""

    check: str
    """CEL: true when the call may go on."""
    message: str
    """What the agent is told; `{expression}` parts are CEL."""


class Filter(Frozen):
    """Keeps the entities whose fields compare with an argument; no argument, no filter."""

    argument: str
    fields: tuple[str, ...]
    """One field for most comparisons; several for `text`."""
    comparison: Comparison = Comparison.EQUALS


class Assignment(Frozen):
    """Sets one field."""

    field: str
    value: str
    """CEL."""
    when: str | None = None
    """CEL: set only when true; None sets always."""


class Join(Frozen):
    """Adds related entities to a result."""

    name: str
    entity_type: str
    reference: str
    """The field that links: on the entity itself, or, when `is_reverse`, on the joined type."""
    is_reverse: bool = False


class Transition(Frozen):
    """The values a field may change to, by its value now."""

    field: str
    allowed: dict[str, tuple[str, ...]]


class Get(Frozen):
    """One entity by id, with optional joins along references."""

    kind: Literal["get"] = "get"
    entity_type: str
    id: str = "args.id"
    fields: tuple[str, ...] = ()
    """The fields to show; empty shows all."""
    joins: tuple[Join, ...] = ()


class Search(Frozen):
    """Entities that pass every filter, sorted, cut at a limit, with the count of all matches."""

    kind: Literal["search"] = "search"
    entity_type: str
    filters: tuple[Filter, ...] = ()
    where: str | None = None
    """CEL over `it`; None keeps all."""
    sort: str = "id"
    """A field; `-field` sorts downward. Ties by id."""
    limit: int = Declared(default=10, ge=1, le=1000)
    limit_argument: str | None = None
    fields: tuple[str, ...] = ()


class Create(Frozen):
    """A new entity from expressions; the result is the entity."""

    kind: Literal["create"] = "create"
    entity_type: str
    bindings: tuple[Binding, ...] = ()
    lets: tuple[Let, ...] = ()
    preconditions: tuple[Precondition, ...] = ()
    values: tuple[Assignment, ...]


class Update(Frozen):
    """Changes fields of one entity (`it`); the result is the entity."""

    kind: Literal["update"] = "update"
    entity_type: str
    id: str = "args.id"
    bindings: tuple[Binding, ...] = ()
    lets: tuple[Let, ...] = ()
    preconditions: tuple[Precondition, ...] = ()
    values: tuple[Assignment, ...]
    transitions: tuple[Transition, ...] = ()


class Compute(Frozen):
    """Values from arguments and entities; the result holds one key per `result`."""

    kind: Literal["compute"] = "compute"
    bindings: tuple[Binding, ...] = ()
    lets: tuple[Let, ...] = ()
    preconditions: tuple[Precondition, ...] = ()
    result: tuple[Let, ...]


class Rule(Frozen):
    """One thing that can be wrong."""

    id: str
    when: str
    """CEL: true when the rule is broken."""
    severity: Severity = Severity.ERROR
    message: str
    """`{expression}` parts are CEL."""


class Rules(Frozen):
    """All broken rules of a list; the result is `{ok, problems}`."""

    kind: Literal["rules"] = "rules"
    bindings: tuple[Binding, ...] = ()
    lets: tuple[Let, ...] = ()
    preconditions: tuple[Precondition, ...] = ()
    rules: tuple[Rule, ...]


class Step(Frozen):
    """One operation of a sequence; its result is bound to `name` for the later steps."""

    name: str
    operation: "Operation"
    when: str | None = None
    """CEL: skipped (null result) unless true; None always runs."""


class Sequence(Frozen):
    """Several operations in one transaction: all of them or none."""

    kind: Literal["sequence"] = "sequence"
    steps: tuple[Step, ...]
    result: tuple[Let, ...] = ()
    """Empty gives every step's result by name."""


class Python(Frozen):
    """What CEL can't say: a function `run(arguments, world)` that gives the result as a dict.

    It runs in a process that can do nothing else (`sandbox`); `sandbox.view` has what it sees.
    """

    kind: Literal["python"] = "python"
    source: str = Declared(max_length=MAX_SOURCE_LENGTH)
    time_limit_ms: int = Declared(default=1000, ge=10, le=10_000)
    """Processor time of a call."""


Operation: TypeAlias = Annotated[
    Get | Search | Create | Update | Compute | Rules | Sequence | Python,
    Declared(discriminator="kind"),
]

Step.model_rebuild()
Sequence.model_rebuild()

OPERATION_KINDS: tuple[str, ...] = (
    "get",
    "search",
    "create",
    "update",
    "compute",
    "rules",
    "sequence",
    "python",
)


def object_schema(properties: dict[str, Json], required: tuple[str, ...] = ()) -> dict[str, Json]:
    """The JSON Schema of a tool's parameters: named properties and nothing else."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }
