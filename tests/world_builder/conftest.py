"""A kiosk: the smallest world in which every kind of operation occurs."""

from datetime import datetime, timedelta, timezone

import pytest

from world_builder.engine import Engine
from world_builder.entities import EntityType, Field, FieldKind
from world_builder.operations import (
    Assignment,
    Binding,
    Compute,
    Create,
    Filter,
    Get,
    Join,
    Let,
    Operation,
    Precondition,
    Rule,
    Rules,
    Search,
    Sequence,
    Severity,
    Step,
    Transition,
    Update,
    object_schema,
)
from world_builder.rubrics import Criterion, CriterionCategory, Rubric
from world_builder.state import WorldBase, WorldState
from world_builder.tasks import Category, Task
from world_builder.tools import Tool
from world_builder.world import Policy, World

TEXT = {"type": "string"}
COUNT = {"type": "integer", "minimum": 1}
NOW = datetime(2025, 9, 15, 22, tzinfo=timezone(timedelta(hours=-4)))

ITEM = EntityType(
    name="item",
    title="Item",
    plural="Items",
    id_format="it-{n:2}",
    title_field="name",
    fields=(
        Field(name="name", kind=FieldKind.TEXT, required=True, unique=True),
        Field(name="price_cents", kind=FieldKind.MONEY, required=True, minimum=0),
        Field(name="stock", kind=FieldKind.INTEGER, required=True, minimum=0),
    ),
)
SALE = EntityType(
    name="sale",
    title="Sale",
    plural="Sales",
    id_format="sa-{date}-{n:2}",
    fields=(
        Field(name="item", kind=FieldKind.REFERENCE, entity_type="item", required=True),
        Field(name="quantity", kind=FieldKind.INTEGER, required=True, minimum=1),
        Field(name="status", kind=FieldKind.ENUM, options=("open", "paid", "void"), required=True),
        Field(name="sold_at", kind=FieldKind.DATETIME, required=True),
    ),
)
ENTITIES = {
    "item": (
        {"id": "it-01", "name": "Pear soda", "price_cents": 250, "stock": 5},
        {"id": "it-02", "name": "Plum cake", "price_cents": 399, "stock": 0},
        {"id": "it-03", "name": "Pear cake", "price_cents": 450, "stock": 2},
    ),
    "sale": (
        {
            "id": "sa-250914-01",
            "item": "it-01",
            "quantity": 2,
            "status": "open",
            "sold_at": "2025-09-14T09:00:00-04:00",
        },
        {
            "id": "sa-250915-01",
            "item": "it-01",
            "quantity": 1,
            "status": "paid",
            "sold_at": "2025-09-15T09:30:00-04:00",
        },
    ),
}


def make_tool(
    name: str, operation: Operation, required: tuple[str, ...] = (), **properties: object
) -> Tool:
    """A tool whose read-only flag follows from its operation."""
    writes = operation.kind in {"create", "update", "sequence"}
    return Tool(
        name=name,
        title=name,
        description=f"Does {name}.",
        parameters=object_schema(dict(properties), required),  # type: ignore[arg-type]
        is_read_only=not writes,
        operation=operation,
    )


SELL = Create(
    entity_type="sale",
    bindings=(Binding(name="item", entity_type="item", id="args.item"),),
    preconditions=(
        Precondition(
            check="item.stock >= args.quantity",
            message="only {item.stock} of {item.name} left; ask for fewer",
        ),
    ),
    values=(
        Assignment(field="item", value="item.id"),
        Assignment(field="quantity", value="args.quantity"),
        Assignment(field="status", value="'open'"),
        Assignment(field="sold_at", value="string(now)"),
    ),
)
TOOLS = (
    make_tool(
        "get_item",
        Get(
            entity_type="item",
            joins=(Join(name="sales", entity_type="sale", reference="item", is_reverse=True),),
        ),
        ("id",),
        id=TEXT,
    ),
    make_tool(
        "find_items",
        Search(
            entity_type="item",
            filters=(
                Filter(argument="text", fields=("name",), comparison="text"),
                Filter(argument="max_cents", fields=("price_cents",), comparison="at_most"),
            ),
            sort="-price_cents",
            limit=2,
            fields=("name", "price_cents"),
        ),
        text=TEXT,
        max_cents=COUNT,
    ),
    make_tool(
        "find_sales",
        Search(
            entity_type="sale",
            filters=(
                Filter(argument="item", fields=("item",)),
                Filter(argument="after", fields=("sold_at",), comparison="after"),
            ),
            where="it.status != 'void'",
        ),
        item=TEXT,
        after=TEXT,
    ),
    make_tool("sell", SELL, ("item", "quantity"), item=TEXT, quantity=COUNT),
    make_tool(
        "set_status",
        Update(
            entity_type="sale",
            values=(Assignment(field="status", value="args.status"),),
            transitions=(Transition(field="status", allowed={"open": ("paid", "void")}),),
        ),
        ("id", "status"),
        id=TEXT,
        status=TEXT,
    ),
    make_tool(
        "price",
        Compute(
            bindings=(Binding(name="item", entity_type="item", id="args.item"),),
            result=(
                Let(name="total_cents", value="item.price_cents * args.quantity"),
                Let(name="total", value="money(total_cents)"),
            ),
        ),
        ("item", "quantity"),
        item=TEXT,
        quantity=COUNT,
    ),
    make_tool(
        "check_sale",
        Rules(
            bindings=(Binding(name="item", entity_type="item", id="args.item"),),
            rules=(
                Rule(id="stock", when="item.stock < args.quantity", message="{item.stock} left"),
                Rule(
                    id="last",
                    when="item.stock == args.quantity",
                    severity=Severity.WARNING,
                    message="takes the last {item.name}",
                ),
            ),
        ),
        ("item", "quantity"),
        item=TEXT,
        quantity=COUNT,
    ),
    make_tool(
        "sell_from_stock",
        Sequence(
            steps=(
                Step(name="sale", operation=SELL),
                Step(
                    name="item",
                    operation=Update(
                        entity_type="item",
                        id="args.item",
                        preconditions=(
                            Precondition(check="args.quantity < 5", message="five is too many"),
                        ),
                        values=(Assignment(field="stock", value="it.stock - args.quantity"),),
                    ),
                ),
            ),
            result=(
                Let(name="sale_id", value="sale.id"),
                Let(name="stock", value="item.stock"),
            ),
        ),
        ("item", "quantity"),
        item=TEXT,
        quantity=COUNT,
    ),
)


def make_task(rubric: tuple[Criterion, ...] = (), **fields: object) -> Task:
    """A task of the kiosk."""
    criteria = rubric or (
        Criterion(id="says", text="Says it.", category=CriterionCategory.CORRECTNESS),
    )
    return Task.model_validate(
        {
            "id": "how-much",
            "title": "How much?",
            "category": Category.INFORMATION_RETRIEVAL,
            "prompt": "What does a Pear soda cost?",
            "system_prompt": "kiosk",
            "rubric": Rubric(criteria=criteria),
        }
        | fields
    )


@pytest.fixture(scope="session")
def world() -> World:
    return World(
        name="kiosk",
        title="Kiosk",
        now=NOW,
        entity_types=(ITEM, SALE),
        entities=ENTITIES,  # type: ignore[arg-type]
        tools=TOOLS,
        policies=(Policy(name="kiosk", title="Kiosk", text="You run a kiosk."),),
    )


@pytest.fixture(scope="session")
def base(world: World) -> WorldBase:
    return WorldBase(world)


@pytest.fixture(scope="session")
def engine(world: World) -> Engine:
    return Engine(world)


@pytest.fixture
def state(base: WorldBase) -> WorldState:
    return WorldState(base)
