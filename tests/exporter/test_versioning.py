"""Which version a change calls for."""

from datetime import timedelta
from typing import Any

import pytest

from exporter.versioning import Bump, propose
from tests.exporter.small_world import BOOK, FIND_BOOKS, LEND_TASK, LOAN, YEAR_TASK, library
from world_builder.checks import Number
from world_builder.entities import Field, FieldKind
from world_builder.frozen import Json
from world_builder.operations import object_schema
from world_builder.tasks import Split
from world_builder.world import Policy

TOOLS = library().tools
BOOKS = library().entities["book"]


def with_books(*books: dict[str, Json]) -> dict[str, Any]:
    return {"entities": {**library().entities, "book": books}}


def described(text: str) -> dict[str, Json]:
    return object_schema({"text": {"type": "string", "description": text}, "limit": {}})


def first_criterion(**changes: object) -> Any:
    criteria = YEAR_TASK.rubric.criteria
    rubric = YEAR_TASK.rubric.model_copy(
        update={"criteria": (criteria[0].model_copy(update=changes), *criteria[1:])}
    )
    return YEAR_TASK.model_copy(update={"rubric": rubric})


MAJOR: list[dict[str, Any]] = [
    {"entity_types": (BOOK,)},
    {
        "entity_types": (
            BOOK.model_copy(
                update={"fields": (*BOOK.fields, Field(name="isbn", kind=FieldKind.TEXT))}
            ),
            LOAN,
        )
    },
    {"tools": TOOLS[1:]},
    {"tools": (FIND_BOOKS.model_copy(update={"is_read_only": False}), *TOOLS[1:])},
    {"tools": (FIND_BOOKS.model_copy(update={"parameters": object_schema({})}), *TOOLS[1:])},
    {"surfaces": ()},
]
MINOR: list[dict[str, Any]] = [
    {"tasks": (YEAR_TASK,)},
    {"tasks": (YEAR_TASK, LEND_TASK, YEAR_TASK.model_copy(update={"id": "another"}))},
    {"tasks": (YEAR_TASK, LEND_TASK.model_copy(update={"split": Split.TRAIN}))},
    {"tasks": (first_criterion(check=Number(value=1966)), LEND_TASK)},
    with_books(*BOOKS, {"id": "bk-04", "name": "New", "year": 2000, "copies": 1}),
    with_books({**BOOKS[0], "copies": 9}, *BOOKS[1:]),
    with_books(*BOOKS[:2]),
    {"now": library().now + timedelta(days=1)},
    {"policies": (*library().policies, Policy(name="more", title="More", text="x"))},
]
PATCH: list[dict[str, Any]] = [
    {"title": "The library"},
    {"tasks": (YEAR_TASK.model_copy(update={"prompt": "Which year?"}), LEND_TASK)},
    {"tasks": (first_criterion(text="Gives the year."), LEND_TASK)},
    {"tasks": (LEND_TASK, YEAR_TASK)},
    {"entity_types": (BOOK.model_copy(update={"plural": "Volumes"}), LOAN)},
    {"policies": (Policy(name="desk", title="The desk", text="Be quick."),)},
    {"tools": (FIND_BOOKS.model_copy(update={"description": "Finds."}), *TOOLS[1:])},
]


@pytest.mark.parametrize(
    ("bump", "changes"),
    [(bump, c) for bump, cs in zip((3, 2, 1), (MAJOR, MINOR, PATCH), strict=True) for c in cs],
)
def test_a_change_calls_for_its_bump(bump: int, changes: dict[str, Any]) -> None:
    proposal = propose(library(), library(**changes))
    assert proposal.bump is Bump(bump)
    assert proposal.reasons


def test_no_change_calls_for_nothing() -> None:
    proposal = propose(library(), library())
    assert proposal.bump is Bump.NONE
    assert proposal.reasons == ()
    assert proposal.next_version("2.3.4") == "2.3.4"


def test_the_weightiest_change_decides_and_comes_first() -> None:
    proposal = propose(library(), library(title="x", tools=TOOLS[1:], **with_books(*BOOKS[:1])))
    assert [r.bump for r in proposal.reasons] == sorted(
        (r.bump for r in proposal.reasons), reverse=True
    )
    assert proposal.reasons[0].path == "tools.find_books"
    assert {r.message for r in proposal.reasons} == {
        "removed",
        "wording changed",
        "2 removed: bk-02, bk-03",
    }
    assert proposal.next_version("2.3.4") == "3.0.0"


def test_a_parameter_called_title_is_no_wording() -> None:
    def with_schema(schema: dict[str, Json]) -> Any:
        return library(tools=(FIND_BOOKS.model_copy(update={"parameters": schema}), *TOOLS[1:]))

    titled = object_schema({"title": {"type": "string"}})
    assert propose(with_schema(titled), with_schema(object_schema({}))).bump is Bump.MAJOR
    assert propose(with_schema(described("a")), with_schema(described("b"))).bump is Bump.PATCH
