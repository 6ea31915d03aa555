"""Differences for a terminal, line by line: counts first, then each thing with its fields.

Colours only repeat what signs say: `+` added, `-` removed, `~` changed; in wordings `[-old-]` and
`{+new+}`.
"""

from collections.abc import Iterator

from rich.text import Text

from exporter.differences.details import details
from exporter.differences.notes import told
from exporter.differences.types import CriterionChange, Differences, FieldChange, How, ItemChange
from exporter.differences.wording import Fate, is_wording, segments, shortened
from world_builder.frozen import Json
from world_builder.ids import canonical_json

_SIGNS = {How.ADDED: "+", How.REMOVED: "-", How.CHANGED: "~", How.REORDERED: "~"}
_STYLES = {How.ADDED: "green", How.REMOVED: "red", How.CHANGED: "", How.REORDERED: ""}
_MOST_TEXT = 300


def tell(differences: Differences, *, with_fields: bool = True) -> Iterator[Text]:
    """The lines; without fields one line a thing."""
    for count in differences.counts():
        yield Text(f"{count.bump.label:5}  {told(count)}", style="bold")
    for item in differences.items:
        yield from _item(item, with_fields=with_fields)
    yield Text(f"calls for: {differences.bump.label}", style="bold")


def _item(item: ItemChange, *, with_fields: bool) -> Iterator[Text]:
    name = item.path if item.how is not How.REORDERED else f"{item.path}: order changed"
    line = Text(f"{_SIGNS[item.how]} {name}", style=_STYLES[item.how])
    line.append(f"  {item.bump.label}: {item.reason}", style="dim")
    yield line
    if with_fields:
        inside = details(item)
        yield from (_field(field, "    ") for field in inside.fields)
        for criterion in inside.criteria:
            yield from _criterion(criterion)


def _criterion(change: CriterionChange) -> Iterator[Text]:
    line = Text(f"    {_SIGNS[change.how]} criterion {change.id}", style=_STYLES[change.how])
    line.append(f"  {change.text}" if change.how is not How.CHANGED else "")
    yield line
    yield from (_field(field, "        ") for field in change.fields)


def _field(change: FieldChange, indent: str) -> Text:
    line = Text(f"{indent}{_SIGNS[change.how]} {change.path}: ")
    if change.how is How.ADDED:
        return line.append(shown(change.after), style="green")
    if change.how is How.REMOVED:
        return line.append(shown(change.before), style="red")
    if is_wording(change.before, change.after):
        return _wording(line, str(change.before), str(change.after))
    line.append(shown(change.before), style="red")
    return line.append(" -> ").append(shown(change.after), style="green")


def _wording(line: Text, before: str, after: str) -> Text:
    for part in shortened(segments(before, after)):
        if part.fate is Fate.KEPT:
            line.append(part.text)
        elif part.fate is Fate.REMOVED:
            line.append(f"[-{part.text}-]", style="red")
        else:
            line.append(f"{{+{part.text}+}}", style="green")
    return line


def shown(value: Json) -> str:
    """A value in one line; long ones are cut."""
    text = value if isinstance(value, str) else canonical_json(value)
    return text if len(text) <= _MOST_TEXT else f"{text[: _MOST_TEXT - 1]}…"
