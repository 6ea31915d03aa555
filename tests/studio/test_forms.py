"""Form bodies <-> data, by field kind, with every problem at its path."""

from datetime import timedelta, timezone

from studio.forms import form_values, problems_by_path, read_data, read_entity
from tests.studio.conftest import small_world

ZONE = timezone(timedelta(hours=2))
ORDER = small_world().entity_type("order")


def test_a_record_survives_the_form() -> None:
    items = [
        ("id", "ord-002"), ("customer", "cus-001"), ("total_cents", "$1,012.34"),
        ("placed_at", "2025-09-15T10:30"), ("tags", "new\n\nfragile\n"), ("is_gift", "true"),
    ]  # fmt: skip
    read = read_entity(ORDER, items, ZONE)
    assert read.problems == ()
    assert read.data == {
        "id": "ord-002", "customer": "cus-001", "total_cents": 101234,
        "placed_at": "2025-09-15T10:30:00+02:00", "tags": ["new", "fragile"], "is_gift": True,
    }  # fmt: skip
    shown = form_values(ORDER, read.data, ZONE)
    assert (shown["total_cents"], shown["placed_at"]) == ("1012.34", "2025-09-15T10:30:00")


def test_every_problem_is_reported_and_what_was_written_is_kept() -> None:
    items = [("total_cents", "1.234"), ("placed_at", "soon")]
    read = read_entity(ORDER, items, ZONE)
    assert set(problems_by_path(read.problems)) == {"customer", "total_cents", "placed_at"}
    assert read.data["placed_at"] == "soon"


def test_suffixes_say_how_to_read_other_data() -> None:
    read = read_data([
        ("id", "a"), ("tags:lines", "x\n y \n"), ("rubric.criteria[1].check:json", '{"a": 1}'),
        ("rubric.criteria[0].is_critical:bool", "true"), ("now:optional", ""),
        ("max_turns:int", "x"),
    ])  # fmt: skip
    assert read.data["tags"] == ["x", "y"]
    assert read.data["now"] is None
    assert read.data["rubric"] == {"criteria": [{"is_critical": True}, {"check": {"a": 1}}]}
    assert [problem.path for problem in read.problems] == ["max_turns"]
