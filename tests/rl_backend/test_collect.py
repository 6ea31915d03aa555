"""Groups become samples only where they teach something, and failures never do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rl_backend.advantages import GroupDrop, group_advantages
from rl_backend.collect import Harvest, judged_harvest, require_scored, rollout_sample
from rl_backend.config import parse_config
from rl_backend.errors import ENGINE_ABORTED, BackendError
from rl_backend.step_metrics import harvest_metrics, known, update_metrics
from rl_backend.trainers.base import UpdateMetrics
from rl_backend.types import EngineUse, PolicyVersion, Rollout, RolloutGroup, RolloutTokens
from tests.rl_backend.factories import CRITERIA, make_record, make_task
from world_builder.tasks import Split
from world_builder.trajectory import StopReason

TASK = make_task()
TOKENS = RolloutTokens(
    prompt_ids=(1, 2, 3),
    response_ids=(4, 5, 6),
    loss_mask=(True, False, True),
    logprobs=(-0.5, 0.0, -0.25),
    policy_versions=(PolicyVersion(1), PolicyVersion(1), PolicyVersion(2)),
    use=EngineUse(num_prompt_tokens=8, num_cached_tokens=6, num_retractions=1),
)


def rollout(index: int, met: tuple[str, ...] | None) -> Rollout:
    record = make_record(TASK, met=met, index=index)
    return Rollout(
        id=record.rollout_id,
        task_id=TASK.id,
        index=index,
        seed=index,
        policy="policy",
        policy_version=PolicyVersion(1),
        trajectory=record.trajectory,
        tokens=TOKENS,
        judgement=record.judgement,
    )


def harvest(*met: tuple[str, ...] | None) -> Harvest:
    rollouts = tuple(rollout(index, each) for index, each in enumerate(met))
    return Harvest(
        group_id="g",
        group=RolloutGroup(task_id=TASK.id, rollouts=rollouts),
        advantages=group_advantages([r.reward for r in rollouts]),
    )


def test_a_sample_is_the_row_as_the_engine_saw_it() -> None:
    sample = rollout_sample(rollout(0, CRITERIA), 0.5)
    assert sample.token_ids == (1, 2, 3, 4, 5, 6)
    assert sample.loss_mask == (False, False, False, True, False, True)
    assert sample.engine_logprobs == (0.0, 0.0, 0.0, -0.5, 0.0, -0.25)
    assert sample.policy_versions[-1] == 2
    assert (sample.advantage, sample.reward) == (0.5, 1.0)


def test_all_or_nothing_trains_on_passes_and_reports_the_share() -> None:
    group = harvest(CRITERIA, CRITERIA[:1], (), None).group
    config = parse_config('advantage = {norm = "none"}')
    shares = judged_harvest("g", group, config)
    assert shares.advantages.advantages == pytest.approx((0.5, 0.0, -0.5, None))
    config = parse_config('advantage = {norm = "none", reward = "all_or_nothing"}')
    passes = judged_harvest("g", group, config)
    assert passes.advantages.advantages == pytest.approx((2 / 3, -1 / 3, -1 / 3, None))
    assert [s.reward for s in passes.samples] == [1.0, 0.5, 0.0]


def test_a_failed_rollout_is_a_record_and_no_sample() -> None:
    made = harvest(CRITERIA, None, ())
    assert [s.rollout_id for s in made.samples] == ["refund-0", "refund-2"]
    records = made.records(3, Split.TRAIN)
    assert [r.reward for r in records] == [1.0, None, 0.0]
    assert records[1].excluded_reason.startswith("runtime")
    assert [r.advantage is None for r in records] == [False, True, False]


def test_a_group_without_spread_teaches_nothing() -> None:
    made = harvest(CRITERIA, CRITERIA)
    assert made.advantages.drop is GroupDrop.NO_SPREAD
    assert made.samples == ()
    assert [r.advantage for r in made.records(1, Split.TRAIN)] == [None, None]


def test_figures_leave_failures_out() -> None:
    harvests = [harvest(CRITERIA, None, ()), harvest(CRITERIA, CRITERIA)]
    records = [r for h in harvests for r in h.records(1, Split.TRAIN)]
    figures = harvest_metrics(harvests, records, seconds=2.0)
    assert figures["reward_mean"] == 0.75
    assert (figures["cached_share"], figures["num_retractions"]) == (0.75, 5)
    assert (figures["num_cancelled"], figures["num_aborted"]) == (0, 0)
    assert figures["pass_rate"] == 0.75
    assert (figures["num_rollouts"], figures["num_unscored"]) == (5, 1)
    assert (figures["num_groups_trained"], figures["num_groups_no_spread"]) == (1, 1)
    assert figures["rollout_tokens_per_s"] == 25.0


def test_nothing_scored_is_a_failure_and_not_a_zero() -> None:
    records = harvest(None, None).records(1, Split.TRAIN)
    assert "reward_mean" not in harvest_metrics([], records, seconds=1.0)
    with pytest.raises(BackendError, match=r"None of the 2 rollouts of step 1 .*2 x runtime"):
        require_scored(records, "step 1")
    require_scored((), "a step that was interrupted")


def test_updates_weigh_by_their_tokens() -> None:
    def update(num_tokens: int, loss: float | None) -> UpdateMetrics:
        return UpdateMetrics(
            policy_version=PolicyVersion(1), is_applied=True, learning_rate=0.1, loss=loss,
            num_tokens=num_tokens, num_excluded_tokens=0, grad_norm=2.0, entropy=None,
            ratio_mean=1.0, clip_fraction_low=0.0, clip_fraction_high=0.5, kl=0.0,
            reference_kl=None, engine_kl=None, engine_capped_fraction=None,
            engine_masked_fraction=None,
        )  # fmt: skip

    figures = update_metrics([update(1, 4.0), update(3, 0.0)], num_row_tokens=10, seconds=5.0)
    assert figures["loss"] == 1.0
    assert figures["num_tokens"] == 4
    assert figures["train_tokens_per_s"] == 2.0
    assert "entropy" not in figures
    assert update_metrics([], 0, 0.0) == {}
    assert known({"a": float("nan"), "b": None, "c": 1.0}) == {"c": 1.0}


def test_given_up_and_aborted_rollouts_are_counted() -> None:
    given_up = rollout(0, None).cancelled("its group went on without it")
    detail = f"{ENGINE_ABORTED} Rollouts that were cut off count nowhere."
    changes = {"stop_reason": StopReason.POLICY_ERROR, "stop_detail": detail}
    trajectory = given_up.trajectory.model_copy(update=changes)
    aborted = replace(given_up, trajectory=trajectory, tokens=None, index=1)
    made = Harvest(
        group_id="g",
        group=RolloutGroup(task_id=TASK.id, rollouts=(given_up, aborted)),
        advantages=group_advantages([None, None]),
    )
    figures = harvest_metrics([made], made.records(1, Split.TRAIN), seconds=1.0)
    assert (figures["num_cancelled"], figures["num_aborted"]) == (1, 1)
    assert (figures["num_unscored"], figures["num_groups_too_few_scored"]) == (2, 1)


def test_an_engine_that_does_not_say_what_it_cached_has_no_share() -> None:
    without = replace(rollout(0, CRITERIA), tokens=replace(TOKENS, use=EngineUse()))
    made = Harvest(
        group_id="g",
        group=RolloutGroup(task_id=TASK.id, rollouts=(without,)),
        advantages=group_advantages([1.0]),
    )
    figures = harvest_metrics([made], made.records(1, Split.TRAIN), seconds=1.0)
    assert {"cached_share", "num_retractions"}.isdisjoint(figures)
