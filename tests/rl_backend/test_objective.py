"""The objectives on three tokens, where every number can be checked by hand."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from rl_backend.objective import LossInputs, PolicyObjective, SupervisedObjective
from rl_backend.samples import to_batch
from rl_backend.types import PolicyVersion, TrainingSample


def inputs(
    old: list[float],
    advantages: list[float],
    mask: list[bool] | None = None,
    engine: list[float] | None = None,
) -> LossInputs:
    loss_mask = torch.tensor([mask or [True] * len(old)])
    return LossInputs(
        loss_mask_B_T=loss_mask,
        token_mask_B_T=torch.ones_like(loss_mask),
        old_logprobs_B_T=torch.tensor([old]),
        engine_logprobs_B_T=torch.tensor([engine or old]),
        advantages_B_T=torch.tensor([advantages]),
    )


def logs(*ratios: float) -> Tensor:
    return torch.tensor([[math.log(ratio) for ratio in ratios]], requires_grad=True)


def gradient(loss: Tensor, logprobs: Tensor) -> list[float]:
    (grad_B_T,) = torch.autograd.grad(loss, logprobs)
    return [float(value) for value in grad_B_T[0]]


def test_the_gain_is_cut_only_where_it_would_overshoot() -> None:
    new = logs(2.0, 0.5, 1.1)
    sums = PolicyObjective().sums(new, inputs([0.0] * 3, [1.0, -1.0, 3.0]))
    assert sums.loss.item() == pytest.approx(-(1.28 - 0.8 + 3.3))
    assert gradient(sums.loss, new) == pytest.approx([0.0, 0.0, -3.3])
    assert (sums.metrics.clipped_low.item(), sums.metrics.clipped_high.item()) == (1, 1)
    assert sums.denominator.item() == 3
    assert sums.metrics.ratio.item() == pytest.approx(3.6)
    kl = (1 - math.log(2)) + (-0.5 + math.log(2)) + (0.1 - math.log(1.1))
    assert sums.metrics.kl.item() == pytest.approx(kl, abs=1e-6)


def test_a_bad_move_is_never_forgiven_by_the_clip() -> None:
    new = logs(2.0, 0.5)
    sums = PolicyObjective().sums(new, inputs([0.0] * 2, [-1.0, 1.0]))
    assert sums.loss.item() == pytest.approx(2.0 - 0.5)
    assert gradient(sums.loss, new) == pytest.approx([2.0, -0.5])


@given(ratio=st.floats(0.1, 10), advantage=st.floats(-3, 3), clip=st.floats(0.05, 0.9))
def test_equal_bounds_are_grpo(ratio: float, advantage: float, clip: float) -> None:
    given_inputs = inputs([0.0], [advantage])
    objective = PolicyObjective(clip_low=clip, clip_high=clip)
    assert objective == PolicyObjective.grpo(clip)
    cut = min(max(ratio, 1 - clip), 1 + clip)
    expected = -min(ratio * advantage, cut * advantage)
    loss = objective.sums(logs(ratio), given_inputs).loss.item()
    assert loss == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_only_the_higher_bound_differs_from_grpo() -> None:
    given_inputs = inputs([0.0, 0.0], [1.0, -1.0])
    dapo = PolicyObjective(clip_low=0.2, clip_high=0.28).sums(logs(1.5, 0.5), given_inputs)
    grpo = PolicyObjective.grpo(0.2).sums(logs(1.5, 0.5), given_inputs)
    assert grpo.loss.item() - dapo.loss.item() == pytest.approx(0.08)


@pytest.mark.parametrize("where", ["new", "old"])
@pytest.mark.parametrize("value", [math.nan, -math.inf, math.inf])
def test_a_token_without_a_finite_logprob_leaves_both_sides(where: str, value: float) -> None:
    new, old = [[0.1, 0.0, 0.0]], [0.0, 0.0, 0.0]
    if where == "new":
        new[0][1] = value
    else:
        old[1] = value
    logprobs = torch.tensor(new, requires_grad=True)
    sums = PolicyObjective().sums(logprobs, inputs(old, [1.0, 1.0, 1.0]))
    assert sums.loss.item() == pytest.approx(-math.exp(0.1) - 1.0)
    assert sums.denominator.item() == 2
    assert sums.metrics.num_excluded.item() == 1
    assert gradient(sums.loss, logprobs) == pytest.approx([-math.exp(0.1), 0.0, -1.0])


def test_tokens_outside_the_mask_count_nowhere() -> None:
    sums = PolicyObjective().sums(
        logs(1.0, 5.0, 1.0), inputs([0.0] * 3, [1.0] * 3, mask=[True, False, True])
    )
    assert sums.loss.item() == pytest.approx(-2.0)
    assert sums.denominator.item() == 2
    assert sums.metrics.clipped_high.item() == 0


def test_the_engine_ratio_weighs_tokens_up_to_its_cap() -> None:
    given_inputs = inputs([0.0, 0.0], [1.0, 1.0], engine=[math.log(0.25), math.log(2.0)])
    plain = PolicyObjective().sums(logs(1.0, 1.0), given_inputs)
    weighed = PolicyObjective(engine_ratio_cap=2.0).sums(logs(1.0, 1.0), given_inputs)
    assert plain.loss.item() == pytest.approx(-2.0)
    assert weighed.loss.item() == pytest.approx(-(2.0 + 0.5))
    assert weighed.metrics.engine_capped.item() == 1
    kl = (4 - 1 - math.log(4)) + (0.5 - 1 + math.log(2))
    assert plain.metrics.engine_kl.item() == pytest.approx(kl, abs=1e-6)


def test_dual_clip_bounds_the_loss_of_a_bad_token() -> None:
    objective = PolicyObjective(dual_clip=3.0)
    sums = objective.sums(logs(10.0, 10.0), inputs([0.0, 0.0], [-1.0, 1.0]))
    assert sums.loss.item() == pytest.approx(3.0 - 1.28)


def test_supervision_is_the_negative_log_likelihood_of_the_masked_tokens() -> None:
    given_inputs = inputs([0.0] * 3, [1.0] * 3, mask=[False, True, True])
    sums = SupervisedObjective().sums(logs(0.5, 0.5, 0.25), given_inputs)
    assert sums.loss.item() == pytest.approx(math.log(2) + math.log(4))
    assert sums.denominator.item() == 2


def test_supervision_can_weigh_the_context_but_never_padding() -> None:
    sample = TrainingSample(
        task_id="t",
        rollout_id="r",
        token_ids=(5, 6, 7),
        loss_mask=(False, False, True),
        engine_logprobs=(0.0,) * 3,
        policy_versions=(PolicyVersion(0),) * 3,
        advantage=1.0,
        reward=None,
    )
    longer = to_batch([sample, _longer(sample)], pad_id=0)
    logprobs = torch.full((2, 4), -1.0)
    device = torch.device("cpu")
    sums = SupervisedObjective(context_weight=0.5).sums(
        logprobs, LossInputs.from_batch(longer, device)
    )
    assert sums.loss.item() == pytest.approx((0.5 + 1.0) + (0.5 + 0.5 + 1.0))
    assert sums.denominator.item() == 5


def _longer(sample: TrainingSample) -> TrainingSample:
    return TrainingSample(
        task_id="t",
        rollout_id="longer",
        token_ids=(*sample.token_ids, 8),
        loss_mask=(False, False, False, True),
        engine_logprobs=(0.0,) * 4,
        policy_versions=(PolicyVersion(0),) * 4,
        advantage=1.0,
        reward=None,
    )


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: PolicyObjective(clip_low=1.1), "clip_low"),
        (lambda: PolicyObjective(clip_high=-0.1), "clip_high"),
        (lambda: PolicyObjective(dual_clip=1.0), "dual_clip"),
        (lambda: PolicyObjective(engine_ratio_cap=0.5), "engine_ratio_cap"),
        (lambda: PolicyObjective(engine_ratio_floor=0.5), "needs an engine_ratio_cap"),
        (lambda: PolicyObjective(kl_coef=-1.0), "kl_coef"),
        (lambda: PolicyObjective(constant_length=0), "constant_length"),
        (lambda: SupervisedObjective(context_weight=1.5), "context_weight"),
    ],
)
def test_impossible_settings_are_refused(make: Callable[[], object], name: str) -> None:
    with pytest.raises(ValueError, match=name):
        make()
