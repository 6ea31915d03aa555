"""`/review/<run>/<task>`: one task, both policies, step by step."""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from sqlmodel import Session

from studio.deps import Db, Parts, Who
from studio.errors import NotFound
from studio.htmx import Tone
from studio.pages import render
from studio.repository.reviews import ReviewNote, find_note, list_notes
from studio.routes.review_place import BACK, OUTCOMES, Place, Where, review_shell
from studio.services import review_notes
from studio.services.review import (
    Headline,
    Review,
    headline,
    open_pair,
    open_review,
    open_run,
    report_of,
)
from studio.services.review_lists import neighbours, shuffled, task_lines
from studio.services.review_pairs import PairView, ordered, pair_view
from studio.shell import Link, Shell, State
from world_builder.trajectory import Message

router = APIRouter(prefix="/review/{run}/{task}", tags=["review"])


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
def show_pair(
    request: Request, db: Db, studio: Parts, who: Who, run: str, task: str, place: Where,
    rollout: int = 0,
) -> Response:  # fmt: skip
    """One task, both policies, step by step."""
    page = pair_page(request, db, studio, who, run, task, place, rollout)
    return render(request, "review/pair.html", page)


@router.get("/messages", response_class=Response)
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
        shell = review_shell(request, session, review, "Messages", breadcrumbs=BACK)
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
        lines = shuffled(lines, review_notes.order_seed(review.key, who))
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
    return review_shell(request, session, review, view.title, breadcrumbs=(*BACK, way), state=state)
