"""Rollouts as data: tokens that do not fit together are refused, exclusions have a reason."""

from dataclasses import replace

import pytest

from rl_backend.types import BOUNDARIES, PolicyVersion, Rollout, RolloutGroup, RolloutTokens
from world_builder.rubrics import Judgement
from world_builder.trajectory import StopReason, Trajectory

V = PolicyVersion(1)
TOKENS = RolloutTokens(
    prompt_ids=(1, 2),
    response_ids=(3, 4, 5),
    loss_mask=(True, False, True),
    logprobs=(-0.1, 0.0, -0.2),
    policy_versions=(V, V, V),
)


def rollout(stop: StopReason, judgement: Judgement | None = None) -> Rollout:
    trajectory = Trajectory(task_id="t", messages=(), stop_reason=stop, stop_detail="why")
    return Rollout(
        id="r",
        task_id="t",
        index=0,
        seed=0,
        policy="p",
        policy_version=V,
        trajectory=trajectory,
        judgement=judgement,
    )


def test_a_row_is_prompt_and_response() -> None:
    assert TOKENS.token_ids == (1, 2, 3, 4, 5)
    assert TOKENS.num_sampled == 2


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"loss_mask": (True,)}, "3 response tokens"),
        ({"logprobs": ()}, "3 response tokens"),
        ({"policy_versions": (V, V)}, "3 response tokens"),
        ({"prompt_ids": ()}, "prompt token"),
        ({"logprobs": (-0.1, -0.3, -0.2)}, "log-probability 0"),
    ],
)
def test_tokens_that_do_not_fit_together_are_refused(
    change: dict[str, tuple[int, ...]], told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        replace(TOKENS, **change)  # type: ignore[arg-type]


@pytest.mark.parametrize("stop", list(StopReason))
def test_an_ending_is_the_policys_or_has_a_boundary(stop: StopReason) -> None:
    ended = rollout(stop)
    assert ended.is_judgeable == (ended.boundary is None) == (stop not in BOUNDARIES)
    assert not ended.is_scored
    assert ended.excluded_reason in ("not judged", f"{ended.boundary}: why")


def test_a_group_counts_what_has_a_reward() -> None:
    scored = Judgement(verdicts=(), reward=0.0, is_pass=False)
    unscored = Judgement(verdicts=(), reward=None, is_pass=None, unscored_reason="not assessed: a")
    done = StopReason.FINAL_RESPONSE
    rollouts = (rollout(done, unscored), rollout(done, scored), rollout(StopReason.CANCELLED))
    group = RolloutGroup(task_id="t", rollouts=rollouts)
    assert (group.scored, group.rewards, group.num_excluded) == (rollouts[1:2], (0.0,), 2)
    assert [r.excluded_reason for r in rollouts] == ["not assessed: a", "", "cancelled: why"]
