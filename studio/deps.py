"""What routes ask for: the parts of the running studio, by FastAPI dependency.

`app` builds the `Studio`; a route declares `db: Db`, `studio: Parts` or `who: Who`.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from jinja2 import Environment

from studio.database import Database
from studio.jobs import Jobs
from studio.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Studio:
    """Everything a request may need, chosen once in `app.create_app`."""

    settings: Settings
    database: Database
    templates: Environment
    jobs: Jobs


def _studio(request: Request) -> Studio:
    studio: Studio = request.app.state.studio
    return studio


def _database(request: Request) -> Database:
    return _studio(request).database


def _who(request: Request) -> str:
    return _studio(request).settings.user


async def _form_items(request: Request) -> tuple[tuple[str, object], ...]:
    form = await request.form(max_fields=5_000)
    return tuple(form.multi_items())


Parts = Annotated[Studio, Depends(_studio)]
Db = Annotated[Database, Depends(_database)]
Who = Annotated[str, Depends(_who)]
"""The name of the person who edits."""
FormBody = Annotated[tuple[tuple[str, object], ...], Depends(_form_items)]
"""The pairs of the form, for `forms.read_entity` and `forms.read_data`."""
