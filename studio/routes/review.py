"""`/review`: what training changed. The runs, and the tasks of a comparison.

`review_pairs` shows one task, `review_notes` keeps what reviewers say of it.
"""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from rl_backend.rundir import RunDir
from studio.deps import Db, Parts, Who
from studio.pages import render
from studio.repository.reviews import list_notes
from studio.routes.review_place import BACK, OUTCOMES, Place, Where, review_shell
from studio.services import review_notes
from studio.services.review import (
    Headline,
    Review,
    RunLines,
    headline,
    open_review,
    open_run,
    reviewable_runs,
)
from studio.services.review_lists import (
    TAG_TITLES,
    Filters,
    Learned,
    Slices,
    TaskLine,
    Votes,
    grouped,
    learned,
    shuffled,
    task_lines,
    votes,
)
from studio.shell import Shell, make_shell
from world_builder.wording import words as spoken

router = APIRouter(prefix="/review", tags=["review"])

ORDERS = (
    ("", "what matters first"),
    ("gain", "largest gain first"),
    ("loss", "largest loss first"),
    ("title", "by title"),
)
PAGE_SIZE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    label: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One drop-down of the filters."""

    name: str
    label: str
    value: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewsPage:
    shell: Shell
    runs: RunLines


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingPage:
    """A run with less than two evaluations."""

    shell: Shell
    run: str
    num_evaluations: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPage:
    shell: Shell
    head: Headline
    url: str
    query: str
    """Of links to pairs: it keeps the filters."""
    blind_url: str | None
    """The first pair of a blind comparison; None without tasks."""
    steps_query: str
    """Names the evaluations when they are not the first and the last; begins with `&`."""
    steps: tuple[tuple[str, str], ...]
    """The evaluations to choose from."""
    filters: Filters
    choices: tuple[Choice, ...]
    chips: tuple[Chip, ...]
    lines: tuple[TaskLine, ...]
    total: int
    first: int
    """Number of the first line shown, from 1."""
    previous_url: str | None
    next_url: str | None
    slices: tuple[Slices, ...]
    learned: tuple[Learned, ...]
    votes: Votes


@router.get("", response_class=Response)
def index(request: Request, db: Db, studio: Parts, page: int = 1) -> Response:
    """The runs that have a before and an after."""
    runs = reviewable_runs(studio.settings.runs, page=page)
    with db.read() as session:
        shell = make_shell(request, session, "Review", current="Review")
    return render(request, "review/index.html", ReviewsPage(shell=shell, runs=runs))


@router.get("/{run}", response_class=Response)
def show(request: Request, db: Db, studio: Parts, who: Who, run: str, place: Where) -> Response:
    """Did it get better? Two evaluations of a run, task by task."""
    found = open_run(studio.settings.runs, run)
    if len(found.eval_steps()) < 2:
        return _waiting(request, db, found)
    review = open_review(found, place.baseline, place.trained)
    with db.read() as session:
        notes = list_notes(session, review.key)
        shell = review_shell(request, session, review, run, breadcrumbs=BACK)
    lines = task_lines(review.comparison.tasks, notes, place.filters)
    start = (place.page - 1) * PAGE_SIZE
    is_more = start + PAGE_SIZE < len(lines)
    groups = grouped(review)
    steps = Filters().query(baseline=place.baseline, trained=place.trained)
    page = ReviewPage(
        shell=shell,
        head=headline(review),
        url=review.url,
        query=place.query(),
        blind_url=_blind_url(review, place, lines, who),
        steps_query="&" + steps[1:] if steps else "",
        steps=tuple((str(step), f"step {step}") for step in review.steps),
        filters=place.filters,
        choices=_choices(groups, place.filters),
        chips=_chips(review, place),
        lines=lines[start : start + PAGE_SIZE],
        total=len(lines),
        first=start + 1,
        previous_url=review.url + place.query(page=place.page - 1) if start else None,
        next_url=review.url + place.query(page=place.page + 1) if is_more else None,
        slices=groups,
        learned=learned(notes),
        votes=votes(notes),
    )
    return render(request, "review/show.html", page, block="tasks")


def _waiting(request: Request, db: Db, run: RunDir) -> Response:
    with db.read() as session:
        shell = make_shell(request, session, run.id, current="Review", breadcrumbs=BACK)
    page = WaitingPage(shell=shell, run=run.id, num_evaluations=len(run.eval_steps()))
    return render(request, "review/waiting.html", page)


def _blind_url(review: Review, place: Place, lines: tuple[TaskLine, ...], who: str) -> str | None:
    mixed = shuffled(lines, review_notes.order_seed(review.key, who))
    query = place.query(blind=True)
    return f"{review.url}/{mixed[0].task.task_id}{query}" if mixed else None


def _choices(groups: tuple[Slices, ...], filters: Filters) -> tuple[Choice, ...]:
    outcomes = tuple((name, word) for name, (word, _) in OUTCOMES.items())
    by_group = (
        (each.name, each.title, tuple((r.name, spoken(r.name)) for r in each.rows))
        for each in groups
        if len(each.rows) > 1
    )
    every: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
        ("outcome", "Outcome", outcomes),
        *by_group,
        ("sort", "Order", ORDERS),
    )
    return tuple(
        Choice(name=name, label=label, value=getattr(filters, name), options=options)
        for name, label, options in every
    )


def _chips(review: Review, place: Place) -> tuple[Chip, ...]:
    words = {name: word for name, (word, _) in OUTCOMES.items()} | dict(TAG_TITLES.items())
    return tuple(
        Chip(
            label=f"{name}: {spoken(words.get(value, value))}",
            url=review.url + place.query(**{name: None}),
        )
        for name, value in place.filters.active()
    )
