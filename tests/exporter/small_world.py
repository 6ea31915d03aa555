"""A lending library: two types, three tools, two tasks, all gates open."""

from datetime import datetime, timedelta, timezone

from world_builder import checks
from world_builder.entities import EntityType, Field, FieldKind
from world_builder.frozen import Json
from world_builder.operations import (
    Assignment,
    Binding,
    Comparison,
    Create,
    Filter,
    Get,
    Precondition,
    Search,
    object_schema,
)
from world_builder.rubrics import Criterion, CriterionCategory, Rubric
from world_builder.tasks import Category, ReferenceSolution, Split, Task
from world_builder.tools import Tool, ToolCall, ToolSurface
from world_builder.world import Policy, World

TEXT: Json = {"type": "string"}

BOOK = EntityType(
    name="book",
    title="Book",
    plural="Books",
    id_format="bk-{n:2}",
    title_field="name",
    fields=(
        Field(name="name", kind=FieldKind.TEXT, required=True),
        Field(name="year", kind=FieldKind.INTEGER, required=True),
        Field(name="copies", kind=FieldKind.INTEGER, required=True, minimum=0),
    ),
)
LOAN = EntityType(
    name="loan",
    title="Loan",
    plural="Loans",
    id_format="ln-{n:3}",
    fields=(
        Field(name="book", kind=FieldKind.REFERENCE, entity_type="book", required=True),
        Field(name="reader", kind=FieldKind.TEXT, required=True),
        Field(name="lent_at", kind=FieldKind.DATETIME, required=True),
    ),
)
FIND_BOOKS = Tool(
    name="find_books",
    title="Find books",
    description="Books whose name holds every word of the text.",
    parameters=object_schema({"text": TEXT, "limit": {"type": "integer", "minimum": 1}}),
    operation=Search(
        entity_type="book",
        filters=(Filter(argument="text", fields=("name",), comparison=Comparison.TEXT),),
        limit_argument="limit",
    ),
)
GET_BOOK = Tool(
    name="get_book",
    title="Get a book",
    description="One book by its id.",
    parameters=object_schema({"id": TEXT}, ("id",)),
    operation=Get(entity_type="book"),
)
LEND_BOOK = Tool(
    name="lend_book",
    title="Lend a book",
    description="Lends a copy of a book to a reader.",
    parameters=object_schema({"book": TEXT, "reader": TEXT}, ("book", "reader")),
    is_read_only=False,
    operation=Create(
        entity_type="loan",
        bindings=(Binding(name="book", entity_type="book", id="args.book"),),
        preconditions=(Precondition(check="book.copies > 0", message="{book.name} is out"),),
        values=(
            Assignment(field="book", value="book.id"),
            Assignment(field="reader", value="args.reader"),
            Assignment(field="lent_at", value="string(now)"),
        ),
    ),
)


def criterion(criterion_id: str, text: str, check: checks.Check | None) -> Criterion:
    return Criterion(
        id=criterion_id, text=text, category=CriterionCategory.CORRECTNESS, check=check
    )


YEAR_TASK = Task(
    id="year-of-dune",
    title="The year of Dune",
    category=Category.INFORMATION_RETRIEVAL,
    prompt="When did Dune appear? Answer with the year and the book's id.",
    intent="settle a bet",
    system_prompt="desk",
    rubric=Rubric(
        criteria=(
            criterion("year", "Says 1965.", checks.Number(value=1965)),
            criterion("id", "Names the book's id.", checks.ContainsAll(texts=("bk-01",))),
            criterion("looked", "Looks the book up.", checks.ToolCalled(tool="find_books")),
            criterion("kept", "Lends nothing.", checks.ToolNotCalled(tool="lend_book")),
        )
    ),
    reference_solution=ReferenceSolution(
        calls=(
            ToolCall(tool="find_books", arguments={"text": "dune"}),
            ToolCall(tool="get_book", arguments={"id": "bk-01"}),
        ),
        response="Dune (bk-01) appeared in 1965.",
    ),
)
LEND_TASK = Task(
    id="lend-emma",
    title="Lend Emma",
    category=Category.MULTI_STEP_WORKFLOW,
    split=Split.HELD_OUT,
    prompt="Lend Emma to Rosa Lind and tell me the loan's id.",
    system_prompt="desk",
    rubric=Rubric(
        criteria=(
            criterion(
                "lent",
                "Lends the book.",
                checks.ToolCalled(
                    tool="lend_book",
                    arguments=(checks.ArgumentMatch(name="book", equals="bk-02"),),
                ),
            ),
            criterion("told", "Names the loan.", checks.ContainsAny(texts=("ln-002",))),
            criterion(
                "all",
                "Names book, year and reader.",
                checks.ContainsAll(texts=("bk-02", "Emma", "1815", "Rosa Lind")),
            ),
            criterion(
                "state",
                "One loan more.",
                checks.StateCheck(expression="size(created) == 1"),
            ),
        )
    ),
    reference_solution=ReferenceSolution(
        calls=(ToolCall(tool="lend_book", arguments={"book": "bk-02", "reader": "Rosa Lind"}),),
        response="Done: Emma (bk-02, from 1815) is lent to Rosa Lind as loan ln-002.",
    ),
)


def library(**changes: object) -> World:
    """The library, with some of its parts replaced."""
    world = World(
        name="library",
        title="Lending library",
        description="A desk with three books.",
        now=datetime(2025, 9, 15, 14, tzinfo=timezone(timedelta(hours=-4))),
        seed=7,
        entity_types=(BOOK, LOAN),
        entities={
            "book": (
                {"id": "bk-01", "name": "Dune", "year": 1965, "copies": 2},
                {"id": "bk-02", "name": "Emma", "year": 1815, "copies": 1},
                {"id": "bk-03", "name": "Moby Dick – or, the Whale", "year": 1851, "copies": 0},
            ),
            "loan": (
                {
                    "id": "ln-001",
                    "book": "bk-03",
                    "reader": "Ann",
                    "lent_at": "2025-09-01T10:00:00-04:00",
                },
            ),
        },
        tools=(FIND_BOOKS, GET_BOOK, LEND_BOOK),
        surfaces=(ToolSurface(name="reading", title="Reading", tools=("find_books",)),),
        policies=(Policy(name="desk", title="The desk", text="# Desk\nBe brief.\r\nBe right.\n"),),
        tasks=(YEAR_TASK, LEND_TASK),
    )
    return world.model_copy(update=changes)
