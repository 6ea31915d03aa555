"""The contexts of the tool pages, and how they are put together. `tools` has the routes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import Request
from sqlmodel import Session

from studio.forms import problems_by_part, problems_by_path
from studio.repository import TOOLS, Stored
from studio.repository.usage import tool_usage
from studio.repository.worlds import world_id
from studio.services import tools
from studio.services.consoles import CONSOLES, TriedCall
from studio.services.diffs import DiffRow, diff_rows
from studio.services.tools import AgentView, Argument, ToolRow
from studio.services.world_cache import snapshot
from studio.shell import Link, Shell, make_shell
from world_builder.diff import Change
from world_builder.frozen import Json
from world_builder.operations import OPERATION_KINDS, object_schema
from world_builder.tools import Tool
from world_builder.validation import Problem, parse_tool

_NEW: dict[str, Json] = {
    "name": "", "title": "", "description": "", "group": "", "is_read_only": True,
    "parameters": object_schema({"id": {"type": "string", "description": "Which one."}}, ("id",)),
    "operation": {"kind": "get", "entity_type": "", "id": "args.id"},
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolsPage:
    shell: Shell
    base: str
    tools: tuple[ToolRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownChange:
    """One entity that the calls changed."""

    kind: str
    entity_type: str
    id: str
    rows: tuple[DiffRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsolePart:
    """The try-it console of a tool."""

    url: str
    """The tool's address."""
    base: str
    arguments: tuple[Argument, ...]
    given: Mapping[str, str]
    """What the argument controls show."""
    console: str
    """The id of the scratch copy; empty before the first call."""
    task: str
    calls: tuple[TriedCall, ...]
    changes: tuple[ShownChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsolePage:
    shell: Shell
    part: ConsolePart


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckPage:
    shell: Shell
    view: AgentView


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolPage:
    shell: Shell
    base: str
    name: str
    """Empty for a new tool."""
    version: int | None
    values: dict[str, str | bool]
    """What the controls show; JSON as indented text."""
    source: str
    """The code of a Python operation, which `values` leave out; empty for others."""
    errors: dict[str, str]
    """What is wrong, by the part of the declaration it is beside."""
    view: AgentView
    kinds: tuple[str, ...]
    groups: tuple[str, ...]
    names: tuple[str, ...]
    """The world's tools, to go on with another one on the same scratch copy."""
    used_by: tuple[str, ...]
    conflict: str
    newest_version: int | None
    part: ConsolePart


def tool_page(
    request: Request, session: Session, world: str, name: str, *,
    data: Mapping[str, Json] | None = None, version: int | None = None,
    problems: tuple[Problem, ...] | None = None, conflict: str = "", console: str = "",
    like: str = "",
) -> ToolPage:  # fmt: skip
    """The editor of a tool, as stored or with `data` as it was typed. Raises NotFound."""
    key, base = world_id(session, world), f"/worlds/{world}"
    stored = TOOLS.get(session, key, name) if name else None
    shown = data if data is not None else _starting(session, key, stored, like)
    held = snapshot(session, world).world
    tool, found = parse_tool(held, dict(shown)) if data is None or problems is None else (None, ())
    told = problems if problems is not None else found if name else ()
    title = stored.title if stored else "New tool"
    values = _NEW | dict(shown)
    values["operation"], source = tools.without_source(values["operation"])
    return ToolPage(
        shell=make_shell(
            request, session, title, world=world, current="Tools",
            breadcrumbs=(Link(label="Tools", url=f"{base}/tools"),),
        ),
        base=base, name=name, version=version or (stored.version if stored else None),
        values={k: v if isinstance(v, bool) else _text(v) for k, v in values.items()},
        source=source, errors=_errors(told, f"tools.{shown.get('name') or '?'}"),
        view=tools.agent_view(tool, told), kinds=OPERATION_KINDS,
        groups=tuple(dict.fromkeys(t.group for t in held.tools if t.group)),
        names=tuple(t.name for t in held.tools),
        used_by=tool_usage(session, key).get(name, ()),
        conflict=conflict, newest_version=stored.version if stored else None,
        part=console_part(session, world, name, console=console),
    )  # fmt: skip


def console_part(
    session: Session, world: str, name: str, *, console: str = "",
    task: str = "", given: Mapping[str, str] | None = None,
) -> ConsolePart:  # fmt: skip
    """The console of a tool as stored; empty when the scratch copy is no longer kept."""
    key, base = world_id(session, world), f"/worlds/{world}"
    stored = TOOLS.find(session, key, name) if name else None
    declared = _arguments(session, key, stored)
    held = CONSOLES.show(console, world) if CONSOLES.has(console, world) else None
    return ConsolePart(
        url=f"{base}/tools/{name}", base=base, arguments=declared,
        given=given if given is not None
        else {a.name: _text(a.default) for a in declared if a.default is not None},
        console=held.id if held else "", task=held.task if held else task,
        calls=held.calls if held else (),
        changes=tuple(_shown(c) for c in held.diff.changes) if held else (),
    )  # fmt: skip


def _arguments(session: Session, key: int, stored: Stored[Tool] | None) -> tuple[Argument, ...]:
    if stored is None:
        return ()
    parameters = stored.payload.get("parameters")
    types = tools.entity_types(session, key)
    return tools.arguments(parameters if isinstance(parameters, dict) else {}, stored.value, types)


def _starting(
    session: Session, key: int, stored: Stored[Tool] | None, like: str
) -> Mapping[str, Json]:
    pattern = TOOLS.find(session, key, like) if like and stored is None else stored
    if pattern is None:
        return _NEW
    shown = dict(pattern.payload)
    if pattern.value is not None:
        shown["operation"] = tools.concise(pattern.value.operation)
    return shown if stored is not None else {**shown, "name": f"{like}_copy"}


def _errors(problems: tuple[Problem, ...], path: str) -> dict[str, str]:
    of_source = {f"{path}.operation.source", f"{path}.operation.python.source"}
    errors = problems_by_part((p for p in problems if p.path not in of_source), path)
    told = problems_by_path(p for p in problems if p.path in of_source)
    return errors | ({"source": " ".join(told.values())} if told else {})


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def _shown(change: Change) -> ShownChange:
    return ShownChange(
        kind=change.kind.value, entity_type=change.entity_type, id=change.id,
        rows=diff_rows(change.before, change.after),
    )  # fmt: skip
