"""A world of the reference size, made from siblings of the bookshop: for measurements and tests.

14 entity types, about 3,700 entities, 28 tools, 1,200 tasks with about 12,000 criteria. Its pages
and runs weigh what those of a large world weigh; its tasks tell no story of their own.
"""

import re
from collections.abc import Iterator
from functools import cache

from world_builder.checks import ContainsAny
from world_builder.entities import EntityType, Field, FieldKind
from world_builder.frozen import Json
from world_builder.operations import Comparison, Filter, Get, Search, object_schema
from world_builder.rubrics import Criterion, CriterionCategory
from world_builder.tasks import Difficulty, Task
from world_builder.tools import Tool, ToolCall
from world_builder.world import World
from world_builder.worlds import build_world

NUM_TASKS = 1_200
_MOST_CRITERIA = 15
_NUM_SIBLINGS = 13
_NUM_RECORDS = 270
"""Of each desk's type."""
_DESKS = "arrival binding claim deposit estimate fixture gift hold invoice journal".split()
_ID = re.compile(r"\b(bk|cus|ord|ret)-(\d+)\b")


@cache
def large_world() -> World:
    """The bookshops of thirteen seeds side by side, and ten desks that keep notes on orders."""
    shops = [_sibling(seed) for seed in range(_NUM_SIBLINGS)]
    first = shops[0]
    types = (*first.entity_types, *(_desk_type(name) for name in _DESKS))
    entities = {
        t.name: tuple(r for shop in shops for r in shop.entities[t.name])
        for t in first.entity_types
    }
    orders = [str(order["id"]) for order in entities["order"]]
    world = first.model_copy(
        update={
            "name": "large",
            "title": "Thirteen bookshops",
            "entity_types": types,
            "entities": entities | {name: _desk_records(name, orders) for name in _DESKS},
            "tools": (*first.tools, *_desk_tools()),
        }
    )
    tasks = [task for shop in shops for task in _tasks_of(shop, entities["order"])]
    return world.model_copy(update={"tasks": tuple(tasks[:NUM_TASKS])})


def _sibling(seed: int) -> World:
    """A bookshop whose ids and titles no other one has."""
    told = build_world("tutorial", seed).model_dump_json()
    shop = World.model_validate_json(_ID.sub(lambda m: f"{m[1]}-{seed + 1}{m[2]:0>4}", told))
    books = tuple(book | {"title": f"{book['title']} #{seed}"} for book in shop.entities["book"])
    people = tuple(one | {"email": f"{seed}.{one['email']}"} for one in shop.entities["customer"])
    entities = shop.entities | {"book": books, "customer": people}
    return shop.model_copy(update={"entities": entities})


def _desk_type(name: str) -> EntityType:
    text = FieldKind.TEXT
    return EntityType(
        name=name, title=name.capitalize(), plural=f"{name.capitalize()}s",
        id_format=f"{name[:3]}-{{n:4}}", title_field="subject",
        fields=(
            Field(name="subject", kind=text, required=True),
            Field(name="order_id", kind=FieldKind.REFERENCE, entity_type="order", required=True),
            Field(name="status", kind=FieldKind.ENUM, options=("open", "waiting", "closed")),
            Field(name="amount_cents", kind=FieldKind.MONEY, minimum=0),
            Field(name="note", kind=FieldKind.LONG_TEXT),
            Field(name="tags", kind=FieldKind.LIST, item=Field(name="tag", kind=text)),
        ),
    )  # fmt: skip


def _desk_records(name: str, orders: list[str]) -> tuple[dict[str, Json], ...]:
    return tuple(
        {
            "id": f"{name[:3]}-{n + 1:04}",
            "subject": f"{name.capitalize()} {n + 1} of {orders[n % len(orders)]}",
            "order_id": orders[n % len(orders)],
            "status": ("open", "waiting", "closed")[n % 3],
            "amount_cents": 100 * n,
            "note": f"The {name} was noted on day {n}. " * 8,
            "tags": [name, f"week-{n % 52}"],
        }
        for n in range(_NUM_RECORDS)
    )


def _desk_tools() -> Iterator[Tool]:
    text: Json = {"type": "string"}
    for name in _DESKS:
        yield Tool(
            name=f"search_{name}s", title=f"Search {name}s", group=f"{name} desk",
            description=f"The {name}s of an order, or those whose subject has these words.",
            parameters=object_schema({"order_id": text, "text": text}),
            operation=Search(
                entity_type=name,
                filters=(
                    Filter(argument="order_id", fields=("order_id",)),
                    Filter(argument="text", fields=("subject",), comparison=Comparison.TEXT),
                ),
            ),
        )  # fmt: skip
    for name in _DESKS[:7]:
        yield Tool(
            name=f"get_{name}", title=f"Get {name}", group=f"{name} desk",
            description=f"One {name} by its id.",
            parameters=object_schema({"id": text}, ("id",)), operation=Get(entity_type=name),
        )  # fmt: skip


def _tasks_of(shop: World, orders: tuple[dict[str, Json], ...]) -> Iterator[Task]:
    for n, task in enumerate(shop.tasks):
        order, desk = str(orders[n % len(orders)]["id"]), _DESKS[n % len(_DESKS)]
        asked = (
            ToolCall(tool=f"search_{desk}s", arguments={"order_id": order}),
            ToolCall(tool=f"search_{desk}s", arguments={"text": f"{desk} {n + 1}"}),
        )
        solution = task.reference_solution
        assert solution is not None
        filled = solution.model_copy(update={"calls": (*solution.calls, *asked)})
        criteria = (*task.rubric.criteria, *_spare_criteria(task))[: 5 + n % 11]
        yield task.model_copy(
            update={
                "id": f"{task.id}-{shop.seed}",
                "title": f"{task.title}, shop {shop.seed}",
                "prompt": f"{task.prompt} I am at shop {shop.seed}.",
                "difficulty": Difficulty.EXPERT if n % 9 == 0 else task.difficulty,
                "now": shop.now,
                "reference_solution": filled,
                "rubric": task.rubric.model_copy(update={"criteria": criteria}),
            }
        )


def _spare_criteria(task: Task) -> Iterator[Criterion]:
    solution = task.reference_solution
    words = re.findall(r"\w{4,}", solution.response if solution else "")
    for n, word in enumerate((words * _MOST_CRITERIA)[:_MOST_CRITERIA]):
        yield Criterion(
            id=f"spare-{n}", text=f"Mentions {word}, word {n} of the answer.",
            category=CriterionCategory.COMPLETENESS, check=ContainsAny(texts=(word,)),
        )  # fmt: skip
