"""What differs between two worlds: things, fields, criteria, wordings, and the bump of each."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.differences import Differences, How, ItemChange, compare, details
from exporter.differences.as_json import to_json
from exporter.differences.fields import field_changes
from exporter.differences.notes import draft_notes, headline
from exporter.differences.wording import Fate, segments, shortened
from exporter.versioning import Bump, Part, propose
from tests.exporter.small_world import BOOK, FIND_BOOKS, LEND_TASK, YEAR_TASK, library
from tests.exporter.test_versioning import MAJOR, MINOR, PATCH
from world_builder.frozen import Json

EDITS = [*MAJOR, *MINOR, *PATCH]


def only_item(found: Differences) -> ItemChange:
    (item,) = found.items
    return item


def with_criteria(*criteria: Any) -> dict[str, Any]:
    rubric = YEAR_TASK.rubric.model_copy(update={"criteria": criteria})
    return {"tasks": (YEAR_TASK.model_copy(update={"rubric": rubric}), LEND_TASK)}


def test_equal_worlds_differ_in_nothing() -> None:
    found = compare(library(), library())
    assert found.items == ()
    assert found.bump is Bump.NONE
    assert draft_notes(found) == ""
    assert headline(found) == "nothing differs"


@given(st.sets(st.integers(0, len(EDITS) - 1), max_size=6))
def test_differences_call_for_what_the_rule_proposes(chosen: set[int]) -> None:
    edits: dict[str, Any] = {}
    for i in sorted(chosen):
        edits |= EDITS[i]
    before, after = library(), library(**edits)
    assert compare(before, after).bump is propose(before, after).bump
    assert compare(after, before).bump is propose(after, before).bump


@given(st.sets(st.integers(0, len(EDITS) - 1), max_size=6))
def test_the_way_back_swaps_added_and_removed(chosen: set[int]) -> None:
    edits: dict[str, Any] = {}
    for i in sorted(chosen):
        edits |= EDITS[i]
    there, back = compare(library(), library(**edits)), compare(library(**edits), library())
    swapped = {How.ADDED: How.REMOVED, How.REMOVED: How.ADDED}
    assert {(i.path, swapped.get(i.how, i.how)) for i in there.items if i.part is not Part.WORLD} \
        == {(i.path, i.how) for i in back.items if i.part is not Part.WORLD}  # fmt: skip


def test_a_changed_entity_says_which_fields() -> None:
    books: tuple[dict[str, Json], ...] = library().entities["book"]
    changed = ({**books[0], "copies": 9, "note": "new"}, *books[1:])
    item = only_item(compare(library(), library(entities={**library().entities, "book": changed})))
    assert (item.path, item.title, item.how) == ("entities.book.bk-01", "Dune", How.CHANGED)
    assert [(f.path, f.how, f.before, f.after) for f in details(item).fields] == [
        ("copies", How.CHANGED, 2, 9),
        ("note", How.ADDED, None, "new"),
    ]


def test_criteria_are_matched_by_id() -> None:
    year, named, looked, kept = YEAR_TASK.rubric.criteria
    reworded = year.model_copy(update={"text": "Says the year 1965."})
    new = named.model_copy(update={"id": "new"})
    item = only_item(compare(library(), library(**with_criteria(looked, reworded, kept, new))))
    inside = details(item)
    assert [(c.id, c.how, c.bump) for c in inside.criteria] == [
        ("year", How.CHANGED, Bump.PATCH),
        ("new", How.ADDED, Bump.MINOR),
        ("id", How.REMOVED, Bump.MINOR),
    ]
    assert [f.path for f in inside.criteria[0].fields] == ["text"]
    assert [(f.path, f.how) for f in inside.fields] == [("rubric.criteria", How.REORDERED)]


def test_the_clock_is_minor_and_the_title_is_wording() -> None:
    item = only_item(compare(library(), library(title="The library", seed=8)))
    assert (item.part, item.bump) == (Part.WORLD, Bump.MINOR)
    assert [f.path for f in details(item).fields] == ["title", "seed"]
    assert only_item(compare(library(), library(title="x"))).reason == "only wording changed"


def test_a_call_put_in_front_is_one_difference() -> None:
    calls: list[Json] = [{"tool": "a", "arguments": {}}, {"tool": "b", "arguments": {"n": 1}}]
    found = list(field_changes(calls, [{"tool": "z", "arguments": {}}, *calls], "calls"))
    assert [(c.path, c.how) for c in found] == [("calls[0]", How.ADDED)]
    edited: list[Json] = [calls[0], {"tool": "b", "arguments": {"n": 2}}]
    assert [c.path for c in field_changes(calls, edited)] == ["[1].arguments.n"]


def test_wordings_are_shown_word_by_word() -> None:
    found = segments("Ship it in three days, please.", "Ship it within two working days, please.")
    assert "".join(s.text for s in found if s.fate is not Fate.ADDED).startswith("Ship it in three")
    assert [s.text for s in found if s.fate is Fate.ADDED] == ["within two working"]


@given(st.text("ab \n.", max_size=60), st.text("ab \n.", max_size=60))
def test_segments_hold_both_texts(before: str, after: str) -> None:
    found = segments(before, after)
    assert "".join(s.text for s in found if s.fate is not Fate.ADDED) == before
    assert "".join(s.text for s in found if s.fate is not Fate.REMOVED) == after


def test_long_kept_runs_are_cut() -> None:
    long = "word " * 200
    cut = shortened(segments(f"{long}old {long}", f"{long}new {long}"), context=20)
    assert [len(s.text) for s in cut] == [21, 3, 3, 21]
    assert shortened(segments(long, long)) == segments(long, long)


def test_notes_name_what_changed() -> None:
    more = tuple(YEAR_TASK.model_copy(update={"id": f"t-{i}"}) for i in range(7))
    tool = FIND_BOOKS.model_copy(update={"title": "Look for books"})
    found = compare(
        library(),
        library(tasks=(*more, LEND_TASK), tools=(tool, *library().tools[1:])),
    )
    assert draft_notes(found) == (
        "* 1 tool changed in wording alone. Changed: `find_books`.\n"
        "* 7 tasks added, 1 removed. Added: `t-0`, `t-1`, `t-2`, `t-3`, `t-4` and 2 more. "
        "Removed: `year-of-dune`."
    )
    assert headline(found) == "1 tool changed; 7 tasks added, 1 removed"


def test_one_part_alone() -> None:
    found = compare(library(), library(title="x", surfaces=()))
    assert [i.path for i in found.only([Part.SURFACES]).items] == ["surfaces.reading"]
    assert to_json(found.only([Part.SURFACES]))["bump"] == "major"


@pytest.mark.parametrize("part", [Part.ENTITY_TYPES, Part.TOOLS, Part.TASKS])
def test_another_order_is_one_change(part: Part) -> None:
    backwards = tuple(reversed(getattr(library(), part.value)))
    item = only_item(compare(library(), library(**{part.value: backwards})))
    assert (item.path, item.how, item.bump) == (part.value, How.REORDERED, Bump.PATCH)
    assert draft_notes(compare(library(), library(**{part.value: backwards}))).endswith(
        "Their order changed."
    )


def test_a_field_put_between_others_is_no_new_order() -> None:
    extra = BOOK.fields[0].model_copy(update={"name": "shelf"})
    typed = BOOK.model_copy(update={"fields": (BOOK.fields[0], extra, *BOOK.fields[1:])})
    item = only_item(compare(library(), library(entity_types=(typed, *library().entity_types[1:]))))
    assert [(f.path, f.how) for f in details(item).fields] == [("fields[shelf]", How.ADDED)]
