"""What the compare page shows of differences: some of each part first, one part in pages.

Long values are cut here; wordings come word by word. It finds nothing: `comparisons` does.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from exporter.differences import CriterionChange, FieldChange, How, ItemChange, PartCount, details
from exporter.differences.notes import NOUNS
from exporter.differences.wording import Segment, is_wording, segments, shortened
from exporter.versioning import Part, named
from studio.repository.types import Listing
from studio.services.comparisons import Compared
from studio.services.diffs import as_text
from world_builder.wording import words
from world_builder.world import World

FEW, PAGE = 6, 20
"""How many things of a part are shown beside the others, and alone."""
MOST_FIELDS, MOST_CRITERIA = 8, 6
"""Of one thing, where it stands among others."""

_PAGES = {
    Part.TOOLS: ("tools", "tool"), Part.POLICIES: ("policies", "policy"),
    Part.TASKS: ("tasks", "task"), Part.ENTITY_TYPES: ("entity-types", "entity_type"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which of the differences to show."""

    part: str = ""
    how: str = ""
    q: str = ""
    item: str = ""
    """The path of one thing, shown whole."""
    page: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldView:
    path: str
    how: How
    before: str
    after: str
    words: tuple[Segment, ...] = ()
    """Of a changed text, instead of before and after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionView:
    id: str
    how: How
    bump: str
    text: str
    fields: tuple[FieldView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemView:
    path: str
    name: str
    scope: str
    """The entity type of an entity, in words."""
    title: str
    url: str | None
    """Its page, or its history when the draft has it no more; None when it has neither."""
    how: How
    bump: str
    reason: str
    fields: tuple[FieldView, ...]
    criteria: tuple[CriterionView, ...]
    num_more: int
    """Fields and criteria that are not listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupView:
    """The differences of one part."""

    part: Part
    label: str
    count: PartCount
    rows: Listing[ItemView]


def groups(world: str, found: Compared, draft: World, wanted: Wanted) -> tuple[GroupView, ...]:
    """The parts in which something differs and passes the filters."""
    shown: list[GroupView] = []
    for count in found.differences.counts():
        if wanted.part and count.part.value != wanted.part:
            continue
        items = [i for i in found.differences.of(count.part) if _passes(i, wanted)]
        if items:
            shown.append(_group(world, count, items, draft, wanted))
    return tuple(shown)


def label_of(part: Part) -> str:
    """A part as a heading."""
    return "World" if part is Part.WORLD else NOUNS[part][1].capitalize()


def _passes(item: ItemChange, wanted: Wanted) -> bool:
    if wanted.item:
        return item.path == wanted.item
    how = How.CHANGED if item.how is How.REORDERED else item.how
    text = f"{item.path} {item.title}".lower()
    is_named = all(word in text for word in wanted.q.lower().split())
    return is_named and wanted.how in ("", how.value)


def _group(
    world: str, count: PartCount, items: list[ItemChange], draft: World, wanted: Wanted
) -> GroupView:
    size = PAGE if wanted.part else FEW
    page = min(max(1, wanted.page), max(1, -(-len(items) // size))) if wanted.part else 1
    shown = items[(page - 1) * size : page * size]
    is_whole = bool(wanted.item)
    known = _known(draft, count.part)
    rows = tuple(_item(world, item, known, is_whole=is_whole) for item in shown)
    return GroupView(
        part=count.part, label=label_of(count.part), count=count,
        rows=Listing(items=rows, total=len(items), page=page, size=size),
    )  # fmt: skip


def _known(draft: World, part: Part) -> frozenset[str]:
    """The paths of what the draft holds of a part."""
    if part is Part.WORLD:
        return frozenset()
    if part is Part.ENTITIES:
        return frozenset(
            f"{part}.{scope}.{record.get('id')}"
            for scope, records in draft.entities.items()
            for record in records
        )
    return frozenset(f"{part}.{name}" for name in named(draft, part))


def _item(world: str, item: ItemChange, known: frozenset[str], *, is_whole: bool) -> ItemView:
    inside = details(item)
    most_fields = len(inside.fields) if is_whole else MOST_FIELDS
    most_criteria = len(inside.criteria) if is_whole else MOST_CRITERIA
    num_more = max(0, len(inside.fields) - most_fields)
    num_more += max(0, len(inside.criteria) - most_criteria)
    return ItemView(
        path=item.path, name=_name(item), scope=words(item.scope),
        title=item.title if item.title != item.id else "",
        url=_url(world, item, is_known=item.path in known),
        how=item.how, bump=item.bump.label, reason=item.reason, num_more=num_more,
        fields=tuple(_field(f, is_whole) for f in inside.fields[:most_fields]),
        criteria=tuple(_criterion(c, is_whole) for c in inside.criteria[:most_criteria]),
    )  # fmt: skip


def _name(item: ItemChange) -> str:
    return item.id or f"order of the {NOUNS[item.part][1]}"


def _url(world: str, item: ItemChange, *, is_known: bool) -> str | None:
    base, key = f"/worlds/{world}", quote(item.id, safe="")
    if item.part is Part.ENTITIES:
        here = f"{base}/entities/{item.scope}/{key}"
        gone = f"{base}/history?kind=entity&scope={item.scope}&key={key}"
        return here if is_known else gone
    if item.part not in _PAGES or not item.id:
        return None
    folder, kind = _PAGES[item.part]
    return f"{base}/{folder}/{key}" if is_known else f"{base}/history?kind={kind}&key={key}"


def _criterion(change: CriterionChange, is_whole: bool) -> CriterionView:
    return CriterionView(
        id=change.id, how=change.how, bump=change.bump.label, text=change.text,
        fields=tuple(_field(field, is_whole) for field in change.fields),
    )  # fmt: skip


def _field(change: FieldChange, is_whole: bool) -> FieldView:
    path = words(change.path) if "." not in change.path and "[" not in change.path else change.path
    if change.how is How.CHANGED and is_wording(change.before, change.after):
        found = segments(str(change.before), str(change.after))
        shown = tuple(found if is_whole else _within(shortened(found)))
        return FieldView(path=path, how=change.how, before="", after="", words=shown)
    return FieldView(
        path=path, how=change.how, before=as_text(change.before), after=as_text(change.after)
    )


def _within(parts: tuple[Segment, ...], most: int = 700) -> Iterator[Segment]:
    """The first parts of a text that was rewritten at length."""
    length = 0
    for part in parts:
        if length >= most:
            yield Segment(fate=part.fate, text="…")
            return
        yield Segment(fate=part.fate, text=as_text(part.text))
        length += len(part.text)
