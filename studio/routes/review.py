"""`/review`: what training changed. Runs, the tasks of a comparison, one pair side by side.

The address says which two evaluations, which filters and whether names are hidden; the votes,
tags and notes of a pair are in `review_notes`.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from sqlmodel import Session

from rl_backend.rundir import RunDir
from studio.deps import Db, Parts, Who
from studio.errors import NotFound
from studio.htmx import Tone
from studio.pages import render
from studio.repository.reviews import ReviewNote, find_note, list_notes
from studio.repository.worlds import world_id
from studio.services import review_notes
from studio.services.review import (
    Headline,
    Review,
    RunLines,
    headline,
    open_pair,
    open_review,
    open_run,
    report_of,
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
    neighbours,
    shuffled,
    task_lines,
    votes,
)
from studio.services.review_pairs import PairView, ordered, pair_view
from studio.shell import Link, Shell, State, make_shell
from world_builder.trajectory import Message

router = APIRouter(prefix="/review", tags=["review"])

OUTCOMES = {
    "lost": ("pass → fail", Tone.BAD),
    "gained": ("fail → pass", Tone.GOOD),
    "both_fail": ("both fail", Tone.NEUTRAL),
    "both_pass": ("both pass", Tone.NEUTRAL),
}
ORDERS = (
    ("", "what matters first"),
    ("gain", "largest gain first"),
    ("loss", "largest loss first"),
    ("title", "by title"),
)
PAGE_SIZE = 200


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


@dataclass(frozen=True, slots=True, kw_only=True)
class PairPage:
    shell: Shell
    head: Headline
    url: str
    """Of the pair, without its query."""
    query: str
    pair: PairView
    note: ReviewNote
    choice: str
    """The reviewer's blind vote, `A`, `B` or `tie`; empty without one."""
    position: int | None
    """Place in the list from 1; None when the filters leave this task out."""
    total: int
    previous_url: str | None
    next_url: str | None
    blind_url: str
    """Turns blind comparison on or off."""
    pair_urls: tuple[str, ...]
    """Of each pair of rollouts of the task."""
    is_blind: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagesPage:
    """The messages of one side."""

    shell: Shell
    name: str
    messages: tuple[Message, ...]


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
        shell = _shell(request, session, review, run, breadcrumbs=_BACK)
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


@router.get("/{run}/{task}", response_class=Response)
def show_pair(
    request: Request, db: Db, studio: Parts, who: Who, run: str, task: str, place: Where,
    rollout: int = 0,
) -> Response:  # fmt: skip
    """One task, both policies, step by step."""
    page = pair_page(request, db, studio, who, run, task, place, rollout)
    return render(request, "review/pair.html", page)


@router.get("/{run}/{task}/messages", response_class=Response)
def messages(
    request: Request, db: Db, studio: Parts, who: Who, run: str, task: str, place: Where,
    rollout: int = 0, side: str = "left",
) -> Response:  # fmt: skip
    """Every message of one side, as the policy saw it."""
    found = open_run(studio.settings.runs, run)
    review = open_review(found, place.baseline, place.trained)
    pair = open_pair(found, review, review.task(task), rollout)
    with db.read() as session:
        note = find_note(session, about(review, task, rollout, who))
        shell = _shell(request, session, review, "Messages", breadcrumbs=_BACK)
    seed = review_notes.seed_of(note) if place.is_blind and not note.preference else ""
    record = ordered(pair, seed)[0 if side == "left" else 1]
    page = MessagesPage(shell=shell, name=side, messages=record.trajectory.messages)
    return render(request, "review/messages.html", page)


def pair_page(
    request: Request, db: Db, studio: Parts, who: Who, run: str, task: str, place: Place,
    rollout: int,
) -> PairPage:  # fmt: skip
    """The context of a pair's page. Raises NotFound."""
    found = open_run(studio.settings.runs, run)
    review = open_review(found, place.baseline, place.trained)
    figures = review.task(task)
    pair = open_pair(found, review, figures, rollout)
    report = report_of(found, review.comparison.trained_step)
    outcome = report.outcome(task) or report_of(found, review.comparison.baseline_step).outcome(
        task
    )
    if outcome is None:
        raise NotFound(f"Neither report of {run!r} knows the task {task!r}.")
    with db.read() as session:
        notes = list_notes(session, review.key)
        note = find_note(session, about(review, task, rollout, who))
        seed = review_notes.seed_of(note)
        is_hidden = place.is_blind and not note.preference
        view = pair_view(
            review, outcome, pair, rollout, figures.num_pairs, hidden=seed if is_hidden else ""
        )
        shell = _pair_shell(request, session, review, view, place)
    lines = task_lines(review.comparison.tasks, notes, place.filters)
    if place.is_blind:
        lines = shuffled(lines, _order_seed(review, who))
    position, before, after = neighbours(lines, task)
    mine = f"{review.url}/{task}"
    toggled = None if place.is_blind else True
    return PairPage(
        shell=shell,
        head=headline(review),
        url=mine,
        query=place.query(rollout=rollout or None),
        pair=view,
        note=note,
        choice=review_notes.choice_of(seed, note.preference),
        position=position,
        total=len(lines),
        previous_url=f"{review.url}/{before}{place.query()}" if before else None,
        next_url=f"{review.url}/{after}{place.query()}" if after else None,
        blind_url=mine + place.query(rollout=rollout or None, blind=toggled),
        pair_urls=tuple(
            mine + place.query(rollout=number or None) for number in range(figures.num_pairs)
        ),
        is_blind=place.is_blind,
    )


def about(review: Review, task: str, rollout: int, who: str) -> ReviewNote:
    """The note of a reviewer on a pair, before anything is said."""
    return ReviewNote(comparison=review.key, task=task, rollout=rollout, who=who)


_BACK = (Link(label="Review", url="/review"),)


def _waiting(request: Request, db: Db, run: RunDir) -> Response:
    with db.read() as session:
        shell = make_shell(request, session, run.id, current="Review", breadcrumbs=_BACK)
    page = WaitingPage(shell=shell, run=run.id, num_evaluations=len(run.eval_steps()))
    return render(request, "review/waiting.html", page)


def _shell(
    request: Request, session: Session, review: Review, title: str, *,
    breadcrumbs: tuple[Link, ...], state: State | None = None,
) -> Shell:  # fmt: skip
    world: str | None = review.bundle.name
    try:
        world_id(session, review.bundle.name)
    except NotFound:
        world = None
    return make_shell(
        request, session, title, world=world, current="Review", breadcrumbs=breadcrumbs, state=state
    )


def _pair_shell(
    request: Request, session: Session, review: Review, view: PairView, place: Place
) -> Shell:
    found = review.comparison
    label = f"{review.run}, step {found.baseline_step} ↔ step {found.trained_step}"
    way = Link(label=label, url=review.url + place.query(blind=None))
    state = State(label="names hidden", tone=Tone.WARN)
    if view.outcome is not None:
        word, tone = OUTCOMES[view.outcome]
        state = State(label=word, tone=tone)
    return _shell(request, session, review, view.title, breadcrumbs=(*_BACK, way), state=state)


def _order_seed(review: Review, who: str) -> str:
    return f"{review.key}|{who}"


def _blind_url(review: Review, place: Place, lines: tuple[TaskLine, ...], who: str) -> str | None:
    mixed = shuffled(lines, _order_seed(review, who))
    query = place.query(blind=True)
    return f"{review.url}/{mixed[0].task.task_id}{query}" if mixed else None


def _choices(groups: tuple[Slices, ...], filters: Filters) -> tuple[Choice, ...]:
    outcomes = tuple((name, word) for name, (word, _) in OUTCOMES.items())
    by_group = (
        (each.name, each.title, tuple((r.name, r.name.replace("_", " ")) for r in each.rows))
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
            label=f"{name}: {words.get(value, value).replace('_', ' ')}",
            url=review.url + place.query(**{name: None}),
        )
        for name, value in place.filters.active()
    )
