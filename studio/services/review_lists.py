"""The tasks of a comparison as a list: filters, order, neighbours, and the figures by group."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from functools import lru_cache
from urllib.parse import urlencode

from rl_backend.evaluation.comparison import ComparedSlice, ComparedTask, PairOutcome, slices
from studio.repository.reviews import ReviewNote
from studio.services.review import Review


class Sort(StrEnum):
    WEIGHT = "weight"
    """What matters first: lost, gained, then by the size of the change."""
    GAIN = "gain"
    """Largest gain in reward first."""
    LOSS = "loss"
    """Largest loss in reward first."""
    TITLE = "title"


class Tag(StrEnum):
    """What training can have taught. Source: paper section 5.3."""

    MULTI_STEP = "multi_step_workflow"
    CONSTRAINTS = "constraint_handling"
    RESPONSE = "response_quality"


TAG_TITLES = {
    Tag.MULTI_STEP: "Multi-step workflow",
    Tag.CONSTRAINTS: "Constraint handling",
    Tag.RESPONSE: "Response quality",
}

NO_SCENARIO = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which tasks to list, as the address says it; empty keeps all."""

    outcome: str = ""
    category: str = ""
    difficulty: str = ""
    scenario: str = ""
    tag: str = ""
    q: str = ""
    sort: str = ""
    """Empty is `Sort.WEIGHT`."""

    def query(self, **others: object) -> str:
        """The address's query for these filters and what else is given, without empty parts."""
        mine = {f.name: getattr(self, f.name) for f in fields(self)}
        given = {n: v for n, v in {**mine, **others}.items() if v not in ("", None, False)}
        return "?" + urlencode(given) if given else ""

    def without(self, name: str) -> "Filters":
        return replace(self, **{name: ""})

    def active(self) -> tuple[tuple[str, str], ...]:
        """Name and value of each filter in force."""
        names = (f.name for f in fields(self) if f.name != "sort")
        return tuple((n, getattr(self, n)) for n in names if getattr(self, n))


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLine:
    """One row of the list."""

    task: ComparedTask
    tags: tuple[str, ...]
    """Given by anybody to any pair of the task."""
    num_notes: int
    """Reviewers' notes, votes and tags on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slices:
    """The comparison by one property of tasks."""

    name: str
    """The filter that keeps one row of it."""
    title: str
    rows: tuple[ComparedSlice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """How often reviewers saw one thing learned."""

    tag: Tag
    title: str
    num_tasks: int
    num_reviewers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Votes:
    """Blind preferences over all pairs and reviewers."""

    trained: int
    baseline: int
    tie: int


def task_lines(
    tasks: Iterable[ComparedTask], notes: Iterable[ReviewNote], filters: Filters
) -> tuple[TaskLine, ...]:
    """The tasks that pass the filters, in the order asked for."""
    tags: dict[str, dict[str, None]] = {}
    counts: Counter[str] = Counter()
    for note in notes:
        tags.setdefault(note.task, {}).update(dict.fromkeys(note.tags))
        counts[note.task] += bool(note.tags or note.text or note.preference)
    lines = (
        TaskLine(task=t, tags=tuple(tags.get(t.task_id, ())), num_notes=counts[t.task_id])
        for t in tasks
    )
    kept = (line for line in lines if _passes(line, filters))
    return tuple(sorted(kept, key=_ORDERS.get(filters.sort, _weight)))


def shuffled(lines: Iterable[TaskLine], seed: str) -> tuple[TaskLine, ...]:
    """The lines in an order that tells nothing of their outcome; the same for the same seed."""

    def place(line: TaskLine) -> bytes:
        return hashlib.sha256(f"{seed}|{line.task.task_id}".encode()).digest()

    return tuple(sorted(lines, key=place))


def neighbours(
    lines: tuple[TaskLine, ...], task_id: str
) -> tuple[int | None, str | None, str | None]:
    """The place of a task in the list from 1, and the tasks before and after it.

    A task that the filters leave out has no place; the first of the list comes after it.
    """
    ids = [line.task.task_id for line in lines]
    if task_id not in ids:
        return None, None, ids[0] if ids else None
    at = ids.index(task_id)
    return at + 1, ids[at - 1] if at else None, ids[at + 1] if at + 1 < len(ids) else None


def grouped(review: Review) -> tuple[Slices, ...]:
    """The comparison by category, difficulty and scenario."""
    return _grouped(review.comparison.tasks)


def learned(notes: Iterable[ReviewNote]) -> tuple[Learned, ...]:
    """How often each tag was given."""
    given = [(tag, note.task, note.who) for note in notes for tag in note.tags]
    return tuple(
        Learned(
            tag=tag,
            title=TAG_TITLES[tag],
            num_tasks=len({task for name, task, _ in given if name == tag}),
            num_reviewers=len({who for name, _, who in given if name == tag}),
        )
        for tag in Tag
    )


def votes(notes: Iterable[ReviewNote]) -> Votes:
    """The blind preferences, counted."""
    counts = Counter(note.preference for note in notes)
    return Votes(trained=counts["trained"], baseline=counts["baseline"], tie=counts["tie"])


def scenario_of(task: ComparedTask) -> str:
    """The scenario of a task; `none` when it stands alone."""
    return task.scenario or NO_SCENARIO


@lru_cache(maxsize=16)
def _grouped(tasks: tuple[ComparedTask, ...]) -> tuple[Slices, ...]:
    by: tuple[tuple[str, str, Callable[[ComparedTask], str]], ...] = (
        ("category", "Category", lambda t: t.category.value),
        ("difficulty", "Difficulty", lambda t: t.difficulty.value),
        ("scenario", "Scenario", scenario_of),
    )
    return tuple(Slices(name=n, title=title, rows=slices(tasks, of)) for n, title, of in by)


def _passes(line: TaskLine, filters: Filters) -> bool:
    task = line.task
    mine = {
        "outcome": task.outcome.value,
        "category": task.category.value,
        "difficulty": task.difficulty.value,
        "scenario": scenario_of(task),
    }
    wanted = {name: getattr(filters, name) for name in mine}
    return (
        all(not value or mine[name] == value for name, value in wanted.items())
        and (not filters.tag or filters.tag in line.tags)
        and filters.q.lower() in f"{task.title} {task.task_id}".lower()
    )


_WEIGHTS = {
    PairOutcome.LOST: 0,
    PairOutcome.GAINED: 1,
    PairOutcome.BOTH_FAIL: 2,
    PairOutcome.BOTH_PASS: 2,
}


def _weight(line: TaskLine) -> tuple[float | str, ...]:
    task = line.task
    change = -abs(task.reward_gain)
    is_settled = task.outcome is PairOutcome.BOTH_PASS
    return _WEIGHTS[task.outcome], round(change, 9), is_settled, task.title


def _by_gain(line: TaskLine) -> tuple[float | str, ...]:
    return -line.task.reward_gain, line.task.title


def _by_loss(line: TaskLine) -> tuple[float | str, ...]:
    return line.task.reward_gain, line.task.title


def _by_title(line: TaskLine) -> tuple[float | str, ...]:
    return (line.task.title.lower(),)


_ORDERS: dict[str, Callable[[TaskLine], tuple[float | str, ...]]] = {
    Sort.WEIGHT: _weight,
    Sort.GAIN: _by_gain,
    Sort.LOSS: _by_loss,
    Sort.TITLE: _by_title,
}
