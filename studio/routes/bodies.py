"""What a change sends: a form, or JSON `{"data": {...}, "version": 3}` from an API client."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from studio.errors import Invalid
from studio.forms import FormItems
from studio.routes.json_body import read_json
from world_builder.frozen import Json
from world_builder.validation import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One change as it was sent."""

    items: tuple[tuple[str, object], ...]
    """The pairs of a form without `version`; empty for JSON."""
    data: dict[str, Json] | None
    """What a JSON body says; None for a form."""
    version: int | None
    """The version that the editor started from; None when it was not said."""

    def text(self, name: str) -> str:
        """The last value of that name in the form; empty without one."""
        return next((str(v) for n, v in reversed(self.items) if n == name), "")


async def _edit(request: Request) -> Edit:
    if request.headers.get("content-type", "").startswith("application/json"):
        return _from_json(await read_json(request))
    form = await request.form(max_fields=5_000)
    return _from_form(form.multi_items())


EditBody = Annotated[Edit, Depends(_edit)]


def _from_json(body: object) -> Edit:
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(data, dict):
        hint = 'send {"data": {...}, "version": 3}'
        raise Invalid((Problem(path="body", message="has no object `data`", hint=hint),))
    return Edit(items=(), data=data, version=_version(body.get("version")))


def _from_form(items: FormItems) -> Edit:
    pairs = tuple(items)
    versions = [value for name, value in pairs if name == "version"]
    return Edit(
        items=tuple((n, v) for n, v in pairs if n != "version"),
        data=None,
        version=_version(versions[-1] if versions else None),
    )


def _version(value: object) -> int | None:
    if isinstance(value, int) or (isinstance(value, str) and value.isdigit()):
        return int(value)
    if value in (None, ""):
        return None
    raise Invalid((Problem(path="version", message=f"{value!r} is not a version"),))
