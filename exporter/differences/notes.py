"""A first draft of release notes: what differs, in sentences for those who train on a bundle.

The author edits it before publishing. The same differences give the same words.
"""

from collections.abc import Iterator

from exporter.differences.types import Differences, How, ItemChange, PartCount
from exporter.versioning import Bump, Part
from world_builder.wording import counted

NOUNS: dict[Part, tuple[str, str]] = {
    Part.WORLD: ("world", "worlds"),
    Part.ENTITY_TYPES: ("entity type", "entity types"),
    Part.ENTITIES: ("entity", "entities"),
    Part.TOOLS: ("tool", "tools"),
    Part.SURFACES: ("tool surface", "tool surfaces"),
    Part.POLICIES: ("policy", "policies"),
    Part.TASKS: ("task", "tasks"),
}
"""One and several of each part, as people say it."""

_MOST_NAMED = 5


def draft_notes(differences: Differences) -> str:
    """Release notes as Markdown, a line a part; empty when nothing differs."""
    return "\n".join(_line(count, differences.of(count.part)) for count in differences.counts())


def told(count: PartCount) -> str:
    """The counts of a part, such as `3 tasks added, 1 changed`."""
    if count.part is Part.WORLD:
        return "the world's own fields changed"
    one, several = NOUNS[count.part]
    said = [(count.added, "added"), (count.removed, "removed"), (count.changed, "changed")]
    some = [(num, verb) for num, verb in said if num]
    first = f"{counted(some[0][0], one, several)} {some[0][1]}"
    return ", ".join([first, *(f"{num:,} {verb}" for num, verb in some[1:])])


def _line(count: PartCount, items: tuple[ItemChange, ...]) -> str:
    sentences = ". ".join(_sentence(how, items) for how in How if _named(how, items))
    return f"* {_capital(told(count))}{_wording_only(items)}. {sentences}.".rstrip(" .") + "."


def _wording_only(items: tuple[ItemChange, ...]) -> str:
    is_patch = all(i.bump is Bump.PATCH and i.how is not How.REORDERED for i in items)
    return " in wording alone" if is_patch else ""


def _named(how: How, items: tuple[ItemChange, ...]) -> list[ItemChange]:
    return [item for item in items if item.how is how and item.part is not Part.WORLD]


def _sentence(how: How, items: tuple[ItemChange, ...]) -> str:
    named = _named(how, items)
    if how is How.REORDERED:
        return "Their order changed"
    shown = ", ".join(f"`{item.id}`" for item in named[:_MOST_NAMED])
    more = f" and {len(named) - _MOST_NAMED:,} more" if len(named) > _MOST_NAMED else ""
    return f"{_capital(how.value)}: {shown}{more}"


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def headline(differences: Differences) -> str:
    """All counts in one line; `nothing differs` without any."""
    return "; ".join(_told_parts(differences)) or "nothing differs"


def _told_parts(differences: Differences) -> Iterator[str]:
    for count in differences.counts():
        yield told(count)
