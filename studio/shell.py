"""What the frame of every page shows (`templates/base.html`): navigation, heading, notices.

Each page's context has a `shell`; `make_shell` builds it for a request.
"""

from dataclasses import dataclass

from sqlmodel import Session
from starlette.requests import Request

from studio.htmx import Notice, Tone, waiting_notice
from studio.repository.worlds import WorldSummary, summary
from studio.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A way to another page."""

    label: str
    url: str
    count: int | str | None = None
    is_current: bool = False
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    label: str
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A badge beside the heading."""

    label: str
    tone: Tone = Tone.NEUTRAL


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellWorld:
    """The world that the page is about."""

    name: str
    """Its title, as people read it."""
    line: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    title: str
    sections: tuple[Section, ...]
    world: ShellWorld | None = None
    breadcrumbs: tuple[Link, ...] = ()
    """The way here, without the page itself."""
    state: State | None = None
    saved: str = ""
    user: str = ""
    notices: tuple[Notice, ...] = ()


def make_shell(
    request: Request,
    session: Session,
    title: str,
    *,
    world: str | None = None,
    current: str = "",
    breadcrumbs: tuple[Link, ...] = (),
    state: State | None = None,
    saved: str = "",
) -> Shell:
    """The shell of a page. `current` is the label of its navigation link. Raises NotFound."""
    settings: Settings = request.app.state.studio.settings
    notice = waiting_notice(request)
    held = summary(session, world) if world else None
    return Shell(
        title=title,
        world=None if held is None else _world(held),
        sections=_sections(held, current),
        breadcrumbs=breadcrumbs,
        state=state,
        saved=saved,
        user=settings.user,
        notices=() if notice is None else (notice,),
    )


def _world(held: WorldSummary) -> ShellWorld:
    changes = f"{held.num_changes:,} change" + ("" if held.num_changes == 1 else "s")
    return ShellWorld(name=held.title, line=f"draft · {changes}", url=f"/worlds/{held.name}")


def _sections(held: WorldSummary | None, current: str) -> tuple[Section, ...]:
    def link(label: str, url: str, count: int | None = None, key: str | None = None) -> Link:
        return Link(label=label, url=url, count=count, key=key, is_current=label == current)

    train = Section(label="Train", links=(link("Runs", "/runs"), link("Review", "/review")))
    if held is None:
        return (Section(label="", links=(link("Worlds", "/worlds"),)), train)
    base = f"/worlds/{held.name}"
    return (
        Section(label="", links=(link("Worlds", "/worlds"), link("Overview", base))),
        Section(
            label="World",
            links=(
                link("Entities", f"{base}/entities", held.num_entities),
                link("Tools", f"{base}/tools", held.num_tools),
                link("Policies", f"{base}/policies", held.num_policies),
            ),
        ),
        Section(
            label="Tasks",
            links=(
                link("Tasks", f"{base}/tasks", held.num_tasks),
                link("Coverage", f"{base}/coverage"),
                link("Gates", f"{base}/gates"),
                link("Bundles", f"{base}/bundles"),
                link("History", f"{base}/history"),
            ),
        ),
        train,
    )
