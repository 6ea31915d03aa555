"""What a reviewer says of a pair: `POST /review/<run>/<task>/vote`, `/tags` and `/note`.

Bodies are forms or `{"data": {...}}`. A lost word can be brought back: the notice of a change that
loses one carries it as `value` in its undo address.
"""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from studio.deps import Db, Parts, Studio, Who
from studio.htmx import Answer, Notice, answer_for
from studio.pages import done, notice_only, render
from studio.repository.reviews import ReviewNote
from studio.routes.bodies import Edit, EditBody
from studio.routes.review_pairs import about, pair_page
from studio.routes.review_place import Place, Where
from studio.services import review_notes
from studio.services.review import open_pair, open_review, open_run
from studio.services.review_lists import TAG_TITLES

router = APIRouter(prefix="/review/{run}/{task}", tags=["review"])

Given = Annotated[str | None, Query(alias="value")]
"""The word to bring back; None takes it from the body."""


@router.post("/vote", response_class=Response)
def vote(
    request: Request, db: Db, studio: Parts, who: Who, run: str, task: str, place: Where,
    body: EditBody, rollout: int = 0, value: Given = None,
) -> Response:  # fmt: skip
    """Keeps a blind vote (`A`, `B`, `tie`; empty takes it back) and shows the names."""
    mine = _about(studio, run, task, place, rollout, who)
    choice = _said(body, "vote") if value is None else value
    before, after = review_notes.vote(db, mine, choice)
    url = f"/review/{run}/{task}"
    query = place.query(rollout=rollout or None)
    lost = review_notes.choice_of(review_notes.seed_of(mine), before.preference)
    is_lost = bool(lost) and lost != choice
    undo = f"{url}/vote{_with(query, lost)}" if is_lost and value is None else None
    return done(request, url + query, notice=Notice(text=_voted(choice, after), undo_url=undo),
                data=after)  # fmt: skip


@router.post("/tags", response_class=Response)
def tag(
    request: Request, db: Db, studio: Parts, who: Who, run: str, task: str, place: Where,
    body: EditBody, rollout: int = 0,
) -> Response:  # fmt: skip
    """Gives the pair a tag (`is_on` true) or takes it away."""
    mine = _about(studio, run, task, place, rollout, who)
    name = _said(body, "tag")
    is_on = _said(body, "is_on").lower() == "true"
    note = review_notes.tag(db, mine, name, is_on=is_on)
    if answer_for(request) is Answer.FRAGMENT:
        page = pair_page(request, db, studio, who, run, task, place, rollout)
        return render(request, "review/pair.html", page, block="learned", focus=f"#tag-{name}")
    title = next(t for each, t in TAG_TITLES.items() if each == name)
    word = "Tagged" if is_on else "No longer tagged"
    url = f"/review/{run}/{task}{place.query(rollout=rollout or None)}"
    return done(request, url, notice=Notice(text=f"{word}: {title}"), data=note)


@router.post("/note", response_class=Response)
def write(
    request: Request, db: Db, studio: Parts, who: Who, run: str, task: str, place: Where,
    body: EditBody, rollout: int = 0, value: Given = None,
) -> Response:  # fmt: skip
    """Keeps the text of the reviewer's note on the pair."""
    mine = _about(studio, run, task, place, rollout, who)
    text = _said(body, "text") if value is None else value
    before, after = review_notes.write(db, mine, text)
    url, query = f"/review/{run}/{task}", place.query(rollout=rollout or None)
    is_lost = bool(before.text) and not after.text
    undo = f"{url}/note{_with(query, before.text)}" if is_lost else None
    notice = Notice(text="Note emptied" if is_lost else "Note saved", undo_url=undo)
    if answer_for(request) is Answer.FRAGMENT and value is None:
        return notice_only(request, notice) if is_lost else Response(status_code=204)
    return done(request, url + query, notice=notice, data=after)


def _about(studio: Studio, run: str, task: str, place: Place, rollout: int, who: str) -> ReviewNote:
    found = open_run(studio.settings.runs, run)
    review = open_review(found, place.baseline, place.trained)
    open_pair(found, review, review.task(task), rollout)
    return about(review, task, rollout, who)


def _said(body: Edit, name: str) -> str:
    if body.data is not None:
        value = body.data.get(name)
        return "" if value is None else str(value)
    return body.text(name)


def _with(query: str, value: str) -> str:
    return f"{query}{'&' if query else '?'}{urlencode({'value': value})}"


def _voted(choice: str, note: ReviewNote) -> str:
    if not note.preference:
        return "Vote taken back"
    if note.preference == "tie":
        return "You called it a tie"
    return f"You preferred {choice}: the {note.preference} policy"
