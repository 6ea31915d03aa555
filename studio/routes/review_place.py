"""What the addresses of the review pages say, and the frame that these pages share."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from sqlmodel import Session

from studio.errors import NotFound
from studio.htmx import Tone
from studio.repository.worlds import world_id
from studio.services.review import Review
from studio.services.review_lists import Filters
from studio.shell import Link, Shell, State, make_shell

OUTCOMES = {
    "lost": ("pass → fail", Tone.BAD),
    "gained": ("fail → pass", Tone.GOOD),
    "both_fail": ("both fail", Tone.NEUTRAL),
    "both_pass": ("both pass", Tone.NEUTRAL),
}
BACK = (Link(label="Review", url="/review"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What the address says besides the path."""

    baseline: int | None
    trained: int | None
    filters: Filters
    is_blind: bool
    page: int

    def query(self, **others: object) -> str:
        """The query of another page of the same comparison."""
        given = {"baseline": self.baseline, "trained": self.trained, "blind": self.is_blind or None}
        return self.filters.query(**{**given, **others})


def _place(
    baseline: int | None = None, trained: int | None = None, outcome: str = "",
    category: str = "", difficulty: str = "", scenario: str = "", tag: str = "", q: str = "",
    sort: str = "", blind: bool = False, page: int = 1,
) -> Place:  # fmt: skip
    filters = Filters(
        outcome=outcome, category=category, difficulty=difficulty, scenario=scenario, tag=tag, q=q,
        sort=sort,
    )  # fmt: skip
    return Place(
        baseline=baseline, trained=trained, filters=filters, is_blind=blind, page=max(1, page)
    )


Where = Annotated[Place, Depends(_place)]


def review_shell(
    request: Request, session: Session, review: Review, title: str, *,
    breadcrumbs: tuple[Link, ...], state: State | None = None,
) -> Shell:  # fmt: skip
    """The shell of a page on a comparison; with its world when the studio has it."""
    world: str | None = review.bundle.name
    try:
        world_id(session, review.bundle.name)
    except NotFound:
        world = None
    return make_shell(
        request, session, title, world=world, current="Review", breadcrumbs=breadcrumbs, state=state
    )
