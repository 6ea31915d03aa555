"""A small world and a running studio: an API client, a browser and an htmx client over it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from studio.app import create_app
from studio.database import Database
from studio.repository.worlds import import_world
from studio.settings import Settings
from world_builder.entities import EntityType, Field, FieldKind
from world_builder.operations import Get, object_schema
from world_builder.rubrics import Criterion, CriterionCategory, Rubric
from world_builder.tasks import Category, ReferenceSolution, Task
from world_builder.tools import Tool, ToolCall
from world_builder.world import Policy, World

ORIGIN = "http://127.0.0.1:8000"


def small_world() -> World:
    """Two types, three entities, one tool, one policy and one task."""
    customer = EntityType(
        name="customer", title="Customer", plural="Customers", id_format="cus-{n:3}",
        title_field="name",
        fields=(Field(name="name", kind=FieldKind.TEXT, required=True),),
    )  # fmt: skip
    order = EntityType(
        name="order", title="Order", plural="Orders", id_format="ord-{n:3}",
        fields=(
            Field(name="customer", kind=FieldKind.REFERENCE, entity_type="customer", required=True),
            Field(name="total_cents", kind=FieldKind.MONEY, minimum=0),
            Field(name="placed_at", kind=FieldKind.DATETIME),
            Field(name="tags", kind=FieldKind.LIST, item=Field(name="tag", kind=FieldKind.TEXT)),
            Field(name="is_gift", kind=FieldKind.BOOLEAN),
        ),
    )  # fmt: skip
    tool = Tool(
        name="get_order", title="Get order", description="One order by id.",
        parameters=object_schema({"id": {"type": "string"}}, ("id",)),
        operation=Get(entity_type="order"),
    )  # fmt: skip
    task = Task(
        id="total-of-order", title="Total of an order", category=Category.INFORMATION_RETRIEVAL,
        prompt="What does ord-001 cost?", system_prompt="support",
        rubric=Rubric(criteria=(
            Criterion(id="total", text="Says $12.34", category=CriterionCategory.CORRECTNESS),
        )),
        reference_solution=ReferenceSolution(
            calls=(ToolCall(tool="get_order", arguments={"id": "ord-001"}),), response="$12.34"
        ),
    )  # fmt: skip
    return World(
        name="shop", title="Shop", description="A small shop.",
        now=datetime(2025, 9, 15, 12, tzinfo=UTC),
        entity_types=(customer, order),
        entities={
            "customer": ({"id": "cus-001", "name": "Ada"}, {"id": "cus-002", "name": "Bo"}),
            "order": ({"id": "ord-001", "customer": "cus-001", "total_cents": 1234},),
        },
        tools=(tool,), policies=(Policy(name="support", title="Support", text="Be kind."),),
        tasks=(task,),
    )  # fmt: skip


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "var", sample_worlds=(), is_checking_pages=True)


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    return create_app(settings)


@pytest.fixture
def api(app: FastAPI) -> Iterator[TestClient]:
    """A client that wants JSON, with the small world imported."""
    with TestClient(app, base_url=ORIGIN, follow_redirects=False) as client:
        with app.state.studio.database.write() as session:
            import_world(session, small_world())
        yield client


@pytest.fixture
def db(api: TestClient, app: FastAPI) -> Database:
    database: Database = app.state.studio.database
    return database


@pytest.fixture
def browser(api: TestClient, app: FastAPI) -> TestClient:
    """A client that wants pages and follows no redirect by itself."""
    headers = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
    return TestClient(app, base_url=ORIGIN, headers=headers, follow_redirects=False)


@pytest.fixture
def htmx(api: TestClient, app: FastAPI) -> TestClient:
    """A client that wants fragments."""
    headers = {"HX-Request": "true", "HX-Request-Type": "partial", "Sec-Fetch-Site": "same-origin"}
    return TestClient(app, base_url=ORIGIN, headers=headers, follow_redirects=False)
