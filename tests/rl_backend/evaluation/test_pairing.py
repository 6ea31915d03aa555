"""Two policies on the same tasks: calls aligned, verdicts flipped, worlds compared."""

from rl_backend.evaluation.alignment import StepKind, align_calls
from rl_backend.evaluation.pairing import PairedReview, compare, paired_changes
from tests.rl_backend.factories import CRITERIA, make_call, make_record, make_task
from world_builder.diff import Change, StateDiff

A, B = make_task("task-a"), make_task("task-b")


def test_calls_are_aligned_around_what_both_did() -> None:
    baseline = [make_call("find", 1), make_call("update", 5)]
    trained = [make_call("policy", 0), make_call("find", 1), make_call("update", 7)]
    steps = align_calls(baseline, trained)
    assert [(s.kind, s.baseline_index, s.trained_index) for s in steps] == [
        (StepKind.TRAINED_ONLY, None, 0),
        (StepKind.SAME, 0, 1),
        (StepKind.CHANGED, 1, 2),
    ]
    change = steps[2].argument_changes[0]
    assert (change.name, change.baseline, change.trained) == ("n", 5, 7)


def test_an_identical_call_is_preferred_to_a_similar_one() -> None:
    steps = align_calls([make_call("find", 2)], [make_call("find", 1), make_call("find", 2)])
    assert [s.kind for s in steps] == [StepKind.TRAINED_ONLY, StepKind.SAME]


def test_every_call_appears_once() -> None:
    baseline = [make_call(tool, n) for n, tool in enumerate("abcab")]
    trained = [make_call(tool, n) for n, tool in enumerate("bacba")]
    steps = align_calls(baseline, trained)
    assert [s.baseline for s in steps if s.baseline] == baseline
    assert [s.trained for s in steps if s.trained] == trained
    assert align_calls([], []) == ()


def test_flips_gain_and_test() -> None:
    review = compare(
        [make_record(A, met=CRITERIA[1:]), make_record(B)],
        [make_record(A), make_record(B)],
        [A, B],
    )
    pair = review.pair("task-a")
    assert pair is not None
    assert [(v.criterion_id, v.is_gained, v.is_lost) for v in pair.verdicts] == [
        (CRITERIA[0], True, False),
        (CRITERIA[1], False, False),
    ]
    assert pair.is_gained
    assert not pair.is_lost
    assert (review.baseline_pass_rate, review.trained_pass_rate) == (0.5, 1.0)
    assert review.reward_gain is not None
    assert review.reward_gain.value == 0.25
    assert (review.test.num_gained, review.test.num_lost) == (1, 0)
    assert PairedReview.model_validate_json(review.model_dump_json()) == review


def test_rates_use_every_rollout_but_the_first_scored_is_shown() -> None:
    baseline = [make_record(A, index=0, met=None), make_record(A, index=1, met=())]
    trained = [make_record(A, index=1, met=()), make_record(A, index=0)]
    review = compare(baseline, trained, [A])
    assert (review.baseline_pass_rate, review.trained_pass_rate) == (0.0, 0.5)
    assert review.pairs[0].baseline.index == 1
    assert review.pairs[0].trained.index == 0


def test_tasks_without_a_scored_pair_are_named_and_not_compared() -> None:
    review = compare([make_record(A, met=None)], [make_record(A)], [A, B])
    assert review.skipped_tasks == ("task-a",)
    assert (review.num_tasks, review.pass_gain, review.trained_pass_rate) == (0, None, None)


def test_worlds_are_compared_entity_by_entity() -> None:
    def diff(*changes: Change) -> StateDiff:
        return StateDiff(changes=changes)

    shared = Change(entity_type="order", id="o1", before={"s": 1}, after={"s": 2})
    other = Change(entity_type="order", id="o2", before=None, after={"s": 1})
    third = other.model_copy(update={"after": {"s": 9}})
    pairs = paired_changes(diff(shared, other), diff(shared, third))
    assert [(p.id, p.is_same) for p in pairs] == [("o1", True), ("o2", False)]
    only = paired_changes(diff(), diff(shared))[0]
    assert (only.baseline, only.trained) == (None, shared)
