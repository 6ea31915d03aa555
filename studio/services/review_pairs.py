"""Two trajectories of one task as a page shows them: aligned calls, criteria, worlds, evidence.

`review` opens the records, `rl_backend.evaluation` aligns them. Here sides are named left and
right: in a blind comparison their order is shuffled and nothing tells which is which.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from rl_backend.evaluation.alignment import AlignedStep, StepKind, align_calls
from rl_backend.evaluation.comparison import PairOutcome, pair_outcome
from rl_backend.evaluation.pairing import PairedVerdict, paired_changes
from rl_backend.evaluation.report import TaskOutcome
from rl_backend.records import RolloutRecord
from studio.services.diffs import DiffRow, as_text, diff_rows
from studio.services.review import Pair, Review
from studio.services.review_evidence import Signs, signs_of
from world_builder.diff import Change
from world_builder.frozen import Json
from world_builder.ids import canonical_json
from world_builder.rubrics import Verdict
from world_builder.trajectory import CallRecord, Message, Role

Span = tuple[int, int]

_RESULTS_IN_FULL = 120_000
"""Characters of results that a page carries; beyond it each is cut, the messages hold them all."""
_CUT_RESULT = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One policy's rollout; what would tell its name is absent while it is hidden."""

    name: str
    is_trained: bool | None
    """None while hidden."""
    reward: float | None
    """None while hidden."""
    is_pass: bool | None
    """None while hidden."""
    num_calls: int
    num_tokens: int | None
    """None while hidden, and for a policy that samples no tokens."""
    response: str
    spans: tuple[Span, ...]
    """Where verdicts found their evidence in the response; empty while hidden."""
    ending: str
    """How it ended, when not by a final response."""
    num_messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallView:
    """One call in its column."""

    number: int
    """From 1."""
    tool: str
    arguments: dict[str, str]
    changed: tuple[str, ...]
    """Arguments that the other side gave differently or not at all."""
    without: tuple[str, ...]
    """Arguments that only the other side gave."""
    result: str
    """The answer in a few words."""
    detail: str
    """The whole answer, or its beginning."""
    is_error: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """One row: the same step of both."""

    kind: str
    """`same`, `changed` (other arguments), `left_only` or `right_only`."""
    left: CallView | None
    right: CallView | None
    is_answered_alike: bool
    """False when the same call got different answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionView:
    """One criterion, judged for both."""

    id: str
    text: str
    flip: str
    """`gained`, `lost`, `same` or `unclear` (one side could not be assessed)."""
    category: str
    kind: str
    baseline: Verdict | None
    trained: Verdict | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """What one side did to an entity."""

    kind: str
    """`created`, `updated` or `deleted`."""
    fields: tuple[DiffRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldRow:
    """One entity that at least one side changed."""

    entity_type: str
    id: str
    left: ChangeView | None
    right: ChangeView | None
    is_same: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PairView:
    """Everything of one pair."""

    task_id: str
    title: str
    prompt: str
    rollout: int
    num_pairs: int
    is_hidden: bool
    """True while the names are hidden."""
    outcome: PairOutcome | None
    """None while hidden."""
    left: Side
    right: Side
    steps: tuple[StepView, ...]
    world: tuple[WorldRow, ...]
    criteria: tuple[CriterionView, ...]
    """Flips first; empty while hidden."""
    signs: Signs | None
    """Evidence for what was learned; None while hidden."""


def pair_view(
    review: Review, outcome: TaskOutcome, pair: Pair, number: int, num_pairs: int, *, hidden: str
) -> PairView:
    """The view of a pair; `hidden` is the seed of the shuffled order, empty shows the names."""
    left, right = ordered(pair, hidden)
    steps = align_calls(left.trajectory.calls, right.trajectory.calls)
    criteria = () if hidden else _criteria(outcome, pair)
    return PairView(
        task_id=outcome.task_id,
        title=outcome.title,
        prompt=_prompt(pair.trained),
        rollout=number,
        num_pairs=num_pairs,
        is_hidden=bool(hidden),
        outcome=None if hidden else _outcome(pair),
        left=_hidden_side("A", left) if hidden else _side("Baseline", left, is_trained=False),
        right=_hidden_side("B", right) if hidden else _side(_trained(review), right),
        steps=_step_views(steps),
        world=_world(left, right),
        criteria=criteria,
        signs=None if hidden else signs_of(steps, criteria_flips(outcome, pair)),
    )


def ordered(pair: Pair, hidden: str) -> tuple[RolloutRecord, RolloutRecord]:
    """The left and the right rollout; the seed of a blind comparison decides which is which."""
    is_swapped = bool(hidden) and trained_is_left(hidden)
    return (pair.trained, pair.baseline) if is_swapped else (pair.baseline, pair.trained)


def trained_is_left(seed: str) -> bool:
    """Whether the trained policy is A under this seed; the same on every visit."""
    return bool(hashlib.sha256(seed.encode()).digest()[0] & 1)


def criteria_flips(outcome: TaskOutcome, pair: Pair) -> tuple[PairedVerdict, ...]:
    """Each criterion with the verdicts of both, in the rubric's order."""
    first, second = _verdicts(pair.baseline), _verdicts(pair.trained)
    return tuple(
        PairedVerdict(
            criterion_id=c.id,
            text=c.text,
            category=c.category,
            kind=c.kind,
            baseline=first.get(c.id),
            trained=second.get(c.id),
        )
        for c in outcome.criteria
    )


def _trained(review: Review) -> str:
    return f"Trained, step {review.comparison.trained_step}"


def _outcome(pair: Pair) -> PairOutcome:
    return pair_outcome(bool(pair.baseline.is_pass), bool(pair.trained.is_pass))


def _prompt(record: RolloutRecord) -> str:
    messages: Sequence[Message] = record.trajectory.messages
    return next((m.content for m in messages if m.role is Role.USER), "")


def _side(name: str, record: RolloutRecord, *, is_trained: bool = True) -> Side:
    trajectory = record.trajectory
    return Side(
        name=name,
        is_trained=is_trained,
        reward=record.reward,
        is_pass=record.is_pass,
        num_calls=len(trajectory.calls),
        num_tokens=trajectory.num_tokens or None,
        response=trajectory.response,
        spans=evidence_spans(record),
        ending=_ending(record),
        num_messages=len(trajectory.messages),
    )


def _hidden_side(name: str, record: RolloutRecord) -> Side:
    trajectory = record.trajectory
    return Side(
        name=name,
        is_trained=None,
        reward=None,
        is_pass=None,
        num_calls=len(trajectory.calls),
        num_tokens=None,
        response=trajectory.response,
        spans=(),
        ending=_ending(record),
        num_messages=len(trajectory.messages),
    )


def _ending(record: RolloutRecord) -> str:
    reason = record.trajectory.stop_reason.value
    return "" if reason == "final_response" else reason.replace("_", " ")


def evidence_spans(record: RolloutRecord) -> tuple[Span, ...]:
    """Where the verdicts' evidence stands in the response: sorted, joined where it overlaps."""
    verdicts = record.judgement.verdicts if record.judgement else ()
    text = record.trajectory.response
    quotes = {quote for verdict in verdicts for quote in verdict.evidence if quote}
    found = sorted((at, at + len(q)) for q in quotes if (at := text.find(q)) >= 0)
    joined: list[Span] = []
    for start, end in found:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


_KINDS = {
    StepKind.SAME: "same",
    StepKind.CHANGED: "changed",
    StepKind.BASELINE_ONLY: "left_only",
    StepKind.TRAINED_ONLY: "right_only",
}


def _step_views(steps: Sequence[AlignedStep]) -> tuple[StepView, ...]:
    calls = [c for s in steps for c in (s.baseline, s.trained) if c is not None]
    size = sum(len(canonical_json(call.value)) for call in calls)
    limit = _RESULTS_IN_FULL if size <= _RESULTS_IN_FULL else _CUT_RESULT
    return tuple(
        StepView(
            kind=_KINDS[step.kind],
            left=_call(step.baseline, step.baseline_index, step.trained, limit),
            right=_call(step.trained, step.trained_index, step.baseline, limit),
            is_answered_alike=step.kind is not StepKind.SAME or _is_answered_alike(step),
        )
        for step in steps
    )


def _is_answered_alike(step: AlignedStep) -> bool:
    return bool(step.baseline and step.trained and step.baseline.value == step.trained.value)


def _call(
    record: CallRecord | None, index: int | None, other: CallRecord | None, limit: int
) -> CallView | None:
    if record is None or index is None:
        return None
    mine = record.call.arguments
    theirs = other.call.arguments if other is not None else mine
    detail = canonical_json(record.value)
    return CallView(
        number=index + 1,
        tool=record.call.tool,
        arguments={name: as_text(value) for name, value in mine.items()},
        changed=tuple(n for n in mine if n not in theirs or mine[n] != theirs[n]),
        without=tuple(name for name in theirs if name not in mine),
        result=_in_words(record),
        detail=detail if len(detail) <= limit else f"{detail[:limit]}… (whole in the messages)",
        is_error=record.is_error,
    )


def _in_words(record: CallRecord) -> str:
    if record.is_error:
        return as_text(record.value.get("error", "refused")).replace("_", " ")
    if isinstance(count := record.value.get("count"), int):
        return f"{count} found"
    lists = [value for value in record.value.values() if isinstance(value, list)]
    return f"{len(lists[0])} found" if len(record.value) == 1 and lists else "ok"


def _criteria(outcome: TaskOutcome, pair: Pair) -> tuple[CriterionView, ...]:
    views = (
        CriterionView(
            id=each.criterion_id,
            text=each.text,
            flip=_flip(each),
            category=each.category.value,
            kind=each.kind.value,
            baseline=each.baseline,
            trained=each.trained,
        )
        for each in criteria_flips(outcome, pair)
    )
    order = ("lost", "gained", "unclear", "same")
    return tuple(sorted(views, key=lambda view: order.index(view.flip)))


def _flip(pair: PairedVerdict) -> str:
    if pair.is_gained:
        return "gained"
    if pair.is_lost:
        return "lost"
    values = {verdict.value if verdict else None for verdict in (pair.baseline, pair.trained)}
    return "same" if len(values) == 1 else "unclear"


def _verdicts(record: RolloutRecord) -> dict[str, Verdict]:
    return {v.criterion_id: v for v in record.judgement.verdicts} if record.judgement else {}


def _world(left: RolloutRecord, right: RolloutRecord) -> tuple[WorldRow, ...]:
    return tuple(
        WorldRow(
            entity_type=change.entity_type,
            id=change.id,
            left=_change(change.baseline),
            right=_change(change.trained),
            is_same=change.is_same,
        )
        for change in paired_changes(left.trajectory.diff, right.trajectory.diff)
    )


def _change(change: Change | None) -> ChangeView | None:
    if change is None:
        return None
    return ChangeView(
        kind=change.kind.value,
        fields=diff_rows(_without_id(change.before), _without_id(change.after)),
    )


def _without_id(record: dict[str, Json] | None) -> dict[str, Json]:
    return {name: value for name, value in (record or {}).items() if name != "id"}
