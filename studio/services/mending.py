"""Where what a gate names is mended: the page of the thing, at the control of the field.

A path such as `tasks.late-return.rubric.criteria[0]` becomes the address of the task's editor at
that criterion. It asks only the world that it is given.
"""

import re
from urllib.parse import quote

from world_builder.errors import UnknownName
from world_builder.world import World

_PATH = re.compile(r"(tasks|tools|policies|entity_types|entities)\.([^.\[]+)(?:\.(.+))?")
_CRITERION = re.compile(r"rubric\.criteria\[(\d+)\]")
_TOOL_FIELDS = {"operation", "parameters", "description", "title", "group"}


def mend_url(base: str, path: str, world: World | None = None) -> str | None:
    """The address where what a path names is edited; None when there is none.

    `base` is the world's own address. Without the world criteria are not found by their number.

    >>> mend_url("/worlds/shop", "tasks.late-return.prompt")
    '/worlds/shop/tasks/late-return#field-prompt'
    >>> mend_url("/worlds/shop", "entities.order.ord-001.customer")
    '/worlds/shop/entities/order/ord-001#field-customer'
    """
    match = _PATH.match(path)
    if match is None:
        return f"{base}/tasks" if path == "tasks" else None
    part, name, rest = match[1], _quoted(match[2]), match[3] or ""
    match part:
        case "tasks":
            return f"{base}/tasks/{name}{_task_place(match[2], rest, world)}"
        case "tools":
            first = re.split(r"[.\[]", rest, maxsplit=1)[0]
            return f"{base}/tools/{name}{_field(first) if first in _TOOL_FIELDS else ''}"
        case "entities" if rest:
            key, _, field = rest.partition(".")
            return f"{base}/entities/{name}/{_quoted(key)}{_field(field) if field else ''}"
        case "entities":
            return f"{base}/entities/{name}"
        case "entity_types":
            return f"{base}/entity-types/{name}"
        case _:
            return f"{base}/policies/{name}"


def thing_of(path: str) -> str:
    """What a path is about, without the place inside it.

    >>> thing_of("tasks.late-return.rubric"), thing_of("entities.order.ord-001.customer")
    ('tasks.late-return', 'entities.order.ord-001')
    """
    part, _, rest = path.partition(".")
    num = 2 if part == "entities" else 1
    return ".".join([part, *re.split(r"[.\[]", rest)[:num]]).rstrip(".")


def _task_place(task_id: str, rest: str, world: World | None) -> str:
    if found := _CRITERION.match(rest):
        criterion = _criterion(world, task_id, int(found[1]))
        return "#criteria" if criterion is None else f"#criterion-{_quoted(criterion)}"
    if rest.startswith("rubric"):
        return "#criteria"
    if rest.startswith("reference_solution.calls"):
        return "#calls"
    if rest.startswith("reference_solution"):
        return "#field-response"
    return _field(re.split(r"[.\[]", rest, maxsplit=1)[0]) if rest else ""


def _criterion(world: World | None, task_id: str, number: int) -> str | None:
    """The id of a task's criterion; None when the world does not have it."""
    if world is None:
        return None
    try:
        return world.task(task_id).rubric.criteria[number].id
    except (UnknownName, IndexError):
        return None


def _field(path: str) -> str:
    """The control of a field, named as `ui.field` names it."""
    return "#field-" + _quoted(path.replace(".", "-").replace("[", "-").replace("]", ""))


def _quoted(name: str) -> str:
    return quote(name, safe="")
