"""Saving, conflicts, undo, restore and drafts, on the real database."""

import pytest

from studio.database import Database
from studio.errors import Conflict, NotFound
from studio.history import restore, revisions, undo
from studio.repository import ENTITIES, TASKS, Query
from studio.repository.loading import load_world
from studio.repository.worlds import import_world, world_id
from studio.services import authoring
from tests.studio.conftest import small_world
from world_builder.frozen import Record

ADA: Record = {"id": "cus-001", "name": "Ada"}


def rename(db: Database, name: str, version: int | None = 1) -> int:
    record: Record = {"id": "cus-001", "name": name}
    outcome = authoring.save_entity(db, "shop", "customer", record, version=version, who="mo")
    assert outcome.saved is not None
    assert outcome.saved.revision_id is not None
    return outcome.saved.revision_id


def stored(db: Database) -> Record | None:
    with db.read() as session:
        found = ENTITIES.find(session, world_id(session, "shop"), "cus-001", "customer")
        return None if found is None else found.value


def test_an_imported_world_loads_as_it_was(db: Database) -> None:
    with db.read() as session:
        assert load_world(session, "shop") == small_world()


def test_a_name_is_taken_once(db: Database) -> None:
    with pytest.raises(Conflict), db.write() as session:
        import_world(session, small_world())


def test_a_save_leaves_a_revision_and_reaches_the_world(db: Database) -> None:
    rename(db, "Ada Byron")
    with db.read() as session:
        assert load_world(session, "shop").entities["customer"][0]["name"] == "Ada Byron"
        (change,) = revisions(session, world_id(session, "shop"))
    assert (change.act, change.before, change.who) == ("changed", ADA, "mo")
    assert change.changed_fields == ("name",)


def test_a_save_from_an_old_version_is_refused(db: Database) -> None:
    rename(db, "first")
    with pytest.raises(Conflict, match="you edited version 1, now it is 2"):
        rename(db, "second", version=1)
    assert stored(db) == {"id": "cus-001", "name": "first"}


def test_the_database_itself_refuses_a_lost_race(db: Database) -> None:
    with db.read() as session:
        row = session.get(ENTITIES.table, 1)
        assert row is not None
        session.expunge(row)
        rename(db, "faster")
    with pytest.raises(Conflict), db.write() as session:  # noqa: PT012 - the commit raises
        session.add(row)
        row.version += 1
        row.title = "slower"


def test_saving_the_same_again_leaves_no_revision(db: Database) -> None:
    outcome = authoring.save_entity(db, "shop", "customer", ADA, version=1, who="mo")
    assert outcome.saved is not None
    assert outcome.saved.revision_id is None
    assert outcome.undo_url is None


def test_undo_puts_back_what_was_before(db: Database) -> None:
    revision = rename(db, "wrong")
    with db.write() as session:
        undo(session, revision, "mo")
    assert stored(db) == ADA


def test_undo_of_an_older_change_is_refused(db: Database) -> None:
    first = rename(db, "one")
    rename(db, "two", version=2)
    with pytest.raises(Conflict, match="changed again"), db.write() as session:
        undo(session, first, "mo")


def test_a_deleted_thing_comes_back_and_counts_on(db: Database) -> None:
    revision = authoring.delete(db, "shop", ENTITIES, "cus-001", scope="customer", who="mo")
    assert stored(db) is None
    with db.write() as session:
        undo(session, revision, "mo")
        back = ENTITIES.get(session, world_id(session, "shop"), "cus-001", "customer")
    assert (back.value, back.version) == (ADA, 3)


def test_an_old_version_can_be_restored(db: Database) -> None:
    first = rename(db, "one")
    rename(db, "two", version=2)
    with db.write() as session:
        restore(session, first, "mo")
    assert stored(db) == {"id": "cus-001", "name": "one"}


def test_an_entity_that_breaks_its_type_is_refused_with_every_problem(db: Database) -> None:
    record: Record = {"id": "ord-002", "customer": "cus-999", "total_cents": -1}
    outcome = authoring.save_entity(db, "shop", "order", record, version=None, who="mo")
    assert outcome.saved is None
    assert len(outcome.problems) == 2


def test_a_task_without_its_shape_is_kept_as_a_draft(db: Database) -> None:
    outcome = authoring.save_task(db, "shop", {"id": "new"}, version=None, who="mo")
    assert outcome.saved is not None
    assert outcome.saved.item.value is None
    assert outcome.problems
    with db.read() as session:
        assert [task.id for task in load_world(session, "shop").tasks] == ["total-of-order"]


def test_lists_filter_sort_search_and_count(db: Database) -> None:
    with db.read() as session:
        key = world_id(session, "shop")
        named = ENTITIES.page(session, key, Query(sort="-name", size=1), "customer")
        assert [item.ref.key for item in named.items] == ["cus-002"]
        assert (named.total, named.next, named.first, named.last) == (2, 2, 1, 1)
        found = ENTITIES.page(session, key, Query(filters={"name": "Ada"}), "customer")
        assert found.total == 1
        assert TASKS.page(session, key, Query(q="COST ord")).total == 1
        assert TASKS.page(session, key, Query(filters={"status": "approved"})).total == 0
        with pytest.raises(NotFound):
            TASKS.page(session, key, Query(sort="colour"))


def test_tasks_are_found_by_tool_and_by_key(db: Database) -> None:
    def found(query: Query) -> list[str]:
        with db.read() as session:
            listing = TASKS.page_of(session, world_id(session, "shop"), query, ("key",))
        return [key for (key,) in listing.items]

    assert found(Query(holding={"tools": "get_order"})) == ["total-of-order"]
    assert found(Query(holding={"tools": "get"})) == []
    assert found(Query(holding={"tools": ""})) == ["total-of-order"]
    assert found(Query(keys=frozenset({"total-of-order", "gone"}))) == ["total-of-order"]
    assert found(Query(keys=frozenset())) == []
