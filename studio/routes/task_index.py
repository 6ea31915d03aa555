"""The context of the list of tasks, and how it is made from what the services give."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from sqlmodel import Session
from starlette.requests import Request

from studio.htmx import Tone
from studio.repository.types import Listing, Query
from studio.routes.task_pages import TONES, Choices
from studio.services.tasks import Facets, TaskSummary
from studio.shell import Link, Shell, make_shell
from world_builder.tasks import TaskStatus
from world_builder.wording import words


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the list, sortable."""

    label: str
    sort_url: str
    sorted: str | None
    is_num: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """A task in the list."""

    id: str
    title: str
    category: str
    difficulty: str
    split: str
    status: str
    tone: Tone
    num_criteria: int
    num_checks: int
    has_reference: bool
    scenario: str
    is_valid: bool
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """One way to narrow the list."""

    name: str
    label: str
    value: str
    options: Choices


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexPage:
    shell: Shell
    world: str
    q: str
    sort: str
    filters: tuple[Filter, ...]
    chips: tuple[Link, ...]
    columns: tuple[Column, ...]
    needs: Mapping[str, str]
    """What the tasks must need: `tool` it calls, entity type it `touches`; empty keeps all."""
    is_counting: bool
    """True while it is not known yet which tasks touch the entity type."""
    address: str
    """Of this very list."""
    tasks: tuple[TaskRow, ...]
    first: int
    last: int
    total: int
    previous_url: str | None
    next_url: str | None


def index_page(
    request: Request, session: Session, world: str, query: Query,
    listing: Listing[TaskSummary], facets: Facets, *, needs: Mapping[str, str], is_counting: bool,
) -> IndexPage:  # fmt: skip
    """The list of tasks."""
    base = f"/worlds/{world}/tasks"
    state = {"q": query.q, **query.filters, **needs, "sort": query.sort}

    def url(**changed: str) -> str:
        kept = {k: v for k, v in (state | changed).items() if v}
        return f"{base}?{urlencode(kept)}" if kept else base

    def column(label: str, name: str, is_num: bool = False) -> Column:
        down = query.sort == name
        order = "descending" if query.sort == f"-{name}" else "ascending" if down else None
        return Column(
            label=label, sort_url=url(sort=f"-{name}" if down else name), sorted=order,
            is_num=is_num,
        )  # fmt: skip

    chips = [Link(label=f"“{query.q}”", url=url(q=""))] if query.q else []
    chips += [
        Link(label=f"{n}: {words(v)}", url=url(**{n: ""})) for n, v in query.filters.items() if v
    ]
    chips += [
        Link(label=f"{n}: {v if n == 'tool' else words(v)}", url=url(**{n: ""}))
        for n, v in needs.items()
        if v
    ]
    return IndexPage(
        shell=make_shell(request, session, "Tasks", world=world, current="Tasks"),
        world=world, q=query.q, sort=query.sort,
        filters=tuple(_filter(n, query, facets) for n in facets.__dataclass_fields__),
        chips=tuple(chips), needs=needs, is_counting=is_counting,
        address=url(page=str(listing.page)),
        columns=(
            column("Task", "title"), column("Category", "category"),
            column("Difficulty", "difficulty"), column("Split", "split"),
            column("Status", "status"), column("Criteria", "num_criteria", is_num=True),
            column("Scenario", "scenario"),
        ),
        tasks=tuple(_row(item) for item in listing.items),
        first=listing.first, last=listing.last, total=listing.total,
        previous_url=url(page=str(listing.previous)) if listing.previous else None,
        next_url=url(page=str(listing.next)) if listing.next else None,
    )  # fmt: skip


def _filter(name: str, query: Query, facets: Facets) -> Filter:
    counts: dict[str, int] = getattr(facets, name)
    known = ((v, f"{words(v)} ({n:,})") for v, n in sorted(counts.items()) if v)
    options = (("", "all"), *known)
    return Filter(
        name=name, label=name.capitalize(), value=query.filters.get(name, ""), options=options
    )


def _row(item: TaskSummary) -> TaskRow:
    status = item.status or TaskStatus.DRAFT.value
    return TaskRow(
        id=item.key, title=item.title or item.key, category=words(item.category),
        difficulty=item.difficulty, split=words(item.split), status=words(status),
        tone=TONES[TaskStatus(status)] if status in list(TaskStatus) else Tone.NEUTRAL,
        num_criteria=item.num_criteria, num_checks=item.num_checks,
        has_reference=item.has_reference, scenario=item.scenario, is_valid=item.is_valid,
        version=item.version,
    )  # fmt: skip
