"""Loading a world again: the same objects for what has not changed, the new ones for what has."""

from studio.database import Database
from studio.history import undo
from studio.repository import ENTITIES, ENTITY_TYPES, TASKS, TOOLS
from studio.repository.loading import load_core, load_world
from studio.repository.worlds import import_world
from studio.services import authoring
from tests.studio.conftest import small_world
from world_builder.world import World

TASK = "total-of-order"


def loaded(db: Database, name: str = "shop") -> World:
    with db.read() as session:
        return load_world(session, name)


def save_task(db: Database, version: int | None, **changes: str) -> None:
    data = small_world().tasks[0].model_dump(mode="json") | changes
    assert authoring.save_task(db, "shop", data, version=version, who="mo").saved is not None


def test_nothing_changed_gives_the_same_object(db: Database) -> None:
    assert loaded(db) is loaded(db)
    with db.read() as session:
        assert load_core(session, "shop") is load_core(session, "shop")


def test_a_saved_task_is_read_anew_and_the_rest_is_kept(db: Database) -> None:
    save_task(db, None, id="second")
    before = loaded(db)
    save_task(db, 1, prompt="And ord-001?")
    after = loaded(db)
    assert [task.prompt for task in after.tasks] == ["And ord-001?", "What does ord-001 cost?"]
    assert after.tasks[1] is before.tasks[1]
    assert after.entities is before.entities
    assert after.tools is before.tools
    with db.read() as session:
        assert load_core(session, "shop").entities is after.entities


def test_a_saved_entity_changes_the_core_and_no_task(db: Database) -> None:
    before = loaded(db)
    with db.read() as session:
        core = load_core(session, "shop")
    record = {"id": "cus-001", "name": "Ida"}
    authoring.save_entity(db, "shop", "customer", record, version=1, who="mo")
    after = loaded(db)
    assert [one["name"] for one in after.entities["customer"]] == ["Ida", "Bo"]
    assert after.entities["order"][0] is before.entities["order"][0]
    assert after.tasks is before.tasks
    with db.read() as session:
        assert load_core(session, "shop") is not core


def test_what_is_deleted_goes_and_what_is_brought_back_comes(db: Database) -> None:
    loaded(db)
    revision = authoring.delete(db, "shop", TASKS, TASK, who="mo")
    assert loaded(db).tasks == ()
    with db.write() as session:
        undo(session, revision, "mo")
    assert loaded(db).tasks == small_world().tasks


def test_a_deleted_row_is_not_taken_for_the_next_one(db: Database) -> None:
    save_task(db, None, id="second", title="Second")
    loaded(db)
    authoring.delete(db, "shop", TASKS, "second", who="mo")
    save_task(db, None, id="third", title="Third")
    assert [task.id for task in loaded(db).tasks] == [TASK, "third"]
    save_task(db, None, id="second", title="Second again")
    assert [task.title for task in loaded(db).tasks][1:] == ["Third", "Second again"]


def test_a_task_that_becomes_a_draft_leaves_the_world(db: Database) -> None:
    loaded(db)
    save_task(db, 1, category="no such category")
    assert loaded(db).tasks == ()


def test_types_and_tools_are_followed_too(db: Database) -> None:
    loaded(db)
    authoring.delete(db, "shop", ENTITIES, "ord-001", scope="order", who="mo")
    authoring.delete(db, "shop", ENTITY_TYPES, "order", who="mo")
    authoring.delete(db, "shop", TOOLS, "get_order", who="mo")
    after = loaded(db)
    assert [entity_type.name for entity_type in after.entity_types] == ["customer"]
    assert list(after.entities) == ["customer"]
    assert after.tools == ()


def test_worlds_are_kept_apart(db: Database) -> None:
    other = small_world().model_copy(update={"name": "stall", "tasks": ()})
    with db.write() as session:
        import_world(session, other)
    assert loaded(db, "stall") == other
    assert loaded(db) == small_world()
