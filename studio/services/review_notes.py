"""Votes, tags and notes on a pair: one function per act. Only the reviewer's own word changes."""

from dataclasses import replace

from studio.database import Database
from studio.errors import Invalid
from studio.repository.reviews import ReviewNote, find_note, save_note
from studio.services.review_lists import Tag
from studio.services.review_pairs import trained_is_left
from world_builder.validation import Problem

LONGEST_NOTE = 4_000
CHOICES = ("A", "B", "tie")


def seed_of(note: ReviewNote) -> str:
    """What decides the order of a blind pair: the same for one reviewer, other for the next."""
    return f"{note.comparison}|{note.task}|{note.rollout}|{note.who}"


def order_seed(comparison: str, who: str) -> str:
    """What decides the order in which a reviewer meets the pairs of a blind comparison."""
    return f"{comparison}|{who}"


def vote(db: Database, about: ReviewNote, choice: str) -> tuple[ReviewNote, ReviewNote]:
    """Keeps a blind vote (`A`, `B`, `tie`; empty takes it back): the note before and after.

    Raises Invalid.
    """
    if choice and choice not in CHOICES:
        _refuse("vote", f"is {choice!r}; it is one of {', '.join(CHOICES)} or empty")
    return _change(db, about, preference=preference_of(seed_of(about), choice))


def preference_of(seed: str, choice: str) -> str:
    """Which policy a blind choice means: `baseline`, `trained`, `tie` or nothing."""
    if choice not in {"A", "B"}:
        return choice
    return "trained" if (choice == "A") == trained_is_left(seed) else "baseline"


def choice_of(seed: str, preference: str) -> str:
    """The blind choice that means a preference."""
    return next(c for c in (*CHOICES, "") if preference_of(seed, c) == preference)


def tag(db: Database, about: ReviewNote, name: str, *, is_on: bool) -> ReviewNote:
    """Gives or takes a tag: the note after. Raises Invalid."""
    if name not in set(Tag):
        _refuse("tag", f"is {name!r}; there are {', '.join(Tag)}")
    with db.write() as session:
        old = find_note(session, about)
        wanted = {*old.tags, name} if is_on else {*old.tags} - {name}
        new = replace(old, tags=tuple(each.value for each in Tag if each in wanted))
        save_note(session, new)
        return find_note(session, new)


def write(db: Database, about: ReviewNote, text: str) -> tuple[ReviewNote, ReviewNote]:
    """Keeps the text of a note: the note before and after. Raises Invalid."""
    if len(text) > LONGEST_NOTE:
        _refuse("text", f"has {len(text):,} characters; a note may have {LONGEST_NOTE:,}")
    return _change(db, about, text=text.strip())


def _change(db: Database, about: ReviewNote, **values: str) -> tuple[ReviewNote, ReviewNote]:
    with db.write() as session:
        old = find_note(session, about)
        save_note(session, replace(old, **values))  # type: ignore[arg-type]
        return old, find_note(session, about)


def _refuse(path: str, message: str) -> None:
    raise Invalid((Problem(path=path, message=message),))
