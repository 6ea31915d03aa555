"""The options of the policy objective, on rows where every number can be checked by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from rl_backend.objective import LossInputs, PolicyObjective
from rl_backend.objective.adaptive_clip import AdaptiveClip
from rl_backend.objective_kinds import Aggregation, ClipSignal, RatioLevel, Surrogate
from rl_backend.reward_shaping import OverlongPenalty
from tests.rl_backend.trainers.family import FORMULAS, NAMED, twin_family_loss
from tests.rl_backend.trainers.loss_cases import random_case


def rows(ratios: list[list[float]], advantages: list[float]) -> tuple[Tensor, LossInputs]:
    """Rows of ratios, old log-probabilities 0; NaN is no token."""
    ratios_B_T = torch.tensor(ratios)
    mask = ~ratios_B_T.isnan()
    logs = torch.where(mask, ratios_B_T, 1.0).log().requires_grad_()
    zeros = torch.zeros_like(ratios_B_T)
    advantages_B_T = torch.tensor(advantages)[:, None].expand_as(zeros)
    inputs = LossInputs(
        loss_mask_B_T=mask,
        token_mask_B_T=mask,
        old_logprobs_B_T=zeros,
        engine_logprobs_B_T=zeros,
        advantages_B_T=advantages_B_T,
        reference_logprobs_B_T=zeros,
    )
    return logs, inputs


def loss(objective: PolicyObjective, logs: Tensor, inputs: LossInputs) -> float:
    sums = objective.sums(logs, inputs)
    return float(sums.loss.detach() / sums.denominator)


LONG_AND_SHORT = [[1.0, 1.0, 1.0], [1.0, math.nan, math.nan]]


@pytest.mark.parametrize(
    ("aggregation", "expected"),
    [
        (Aggregation.TOKEN, -(3 * 1.0 - 2.0) / 4),
        (Aggregation.SEQUENCE, -(1.0 - 2.0) / 2),
        (Aggregation.CONSTANT, -(3 * 1.0 - 2.0) / (2 * 10)),
    ],
)
def test_what_weighs_as_much_as_what(aggregation: Aggregation, expected: float) -> None:
    logs, inputs = rows(LONG_AND_SHORT, [1.0, -2.0])
    objective = PolicyObjective(aggregation=aggregation, constant_length=10)
    assert loss(objective, logs, inputs) == pytest.approx(expected)


def test_a_row_without_a_token_is_no_response() -> None:
    logs, inputs = rows([[1.0, 1.0], [math.nan, math.nan]], [1.0, 5.0])
    sums = PolicyObjective(aggregation=Aggregation.SEQUENCE).sums(logs, inputs)
    assert sums.denominator.item() == 1
    assert sums.loss.item() == pytest.approx(-1.0)


def test_a_sequence_has_the_geometric_mean_of_its_ratios() -> None:
    logs, inputs = rows([[4.0, 1.0]], [1.0])
    objective = PolicyObjective(
        clip_high=0.5, ratio_level=RatioLevel.SEQUENCE, aggregation=Aggregation.SEQUENCE
    )
    sums = objective.sums(logs, inputs)
    assert sums.loss.item() == pytest.approx(-1.5)
    assert sums.metrics.clipped_high.item() == 2
    logs, inputs = rows([[1.44, 1.0]], [1.0])
    sums = objective.sums(logs, inputs)
    (gradient,) = torch.autograd.grad(sums.loss, logs)
    assert sums.loss.item() == pytest.approx(-1.2)
    assert gradient.tolist() == [pytest.approx([-0.6, -0.6])]


def test_cispo_keeps_the_gradient_of_a_clipped_token() -> None:
    logs, inputs = rows([[3.0, 0.1]], [1.0])
    objective = PolicyObjective(clip_low=1.0, clip_high=0.3, surrogate=Surrogate.CISPO)
    (gradient,) = torch.autograd.grad(objective.sums(logs, inputs).loss, logs)
    assert gradient.tolist() == [pytest.approx([-1.3, -0.1])]
    (clipped,) = torch.autograd.grad(PolicyObjective().sums(logs, inputs).loss, logs)
    assert clipped.tolist() == [pytest.approx([0.0, -0.1])]


@pytest.mark.parametrize(("surrogate", "num"), [(Surrogate.CLIP, 1), (Surrogate.CISPO, 2)])
def test_what_is_held_at_a_bound_is_counted(surrogate: Surrogate, num: int) -> None:
    """CISPO holds a token whatever the sign of its advantage."""
    logs, inputs = rows([[0.5, 1.0, 3.0]] * 3, [1.0, -1.0, 0.0])
    metrics = PolicyObjective(surrogate=surrogate).sums(logs, inputs).metrics
    assert (metrics.clipped_low.item(), metrics.clipped_high.item()) == (num, num)


def test_the_reference_pulls_back() -> None:
    logs, inputs = rows([[2.0]], [0.0])
    sums = PolicyObjective(kl_coef=0.1).sums(logs, inputs)
    k3 = 0.5 - 1 + math.log(2)
    assert sums.loss.item() == pytest.approx(0.1 * k3)
    assert sums.metrics.reference_kl.item() == pytest.approx(k3)
    (gradient,) = torch.autograd.grad(sums.loss, logs)
    assert gradient.item() == pytest.approx(0.1 * (1 - 0.5))


def test_a_term_without_its_input_is_an_error() -> None:
    logs, inputs = rows([[1.0]], [1.0])
    with pytest.raises(ValueError, match="entropies"):
        PolicyObjective(entropy_coef=0.1).sums(logs, inputs)
    bare = LossInputs(
        loss_mask_B_T=inputs.loss_mask_B_T,
        token_mask_B_T=inputs.token_mask_B_T,
        old_logprobs_B_T=inputs.old_logprobs_B_T,
        engine_logprobs_B_T=inputs.engine_logprobs_B_T,
        advantages_B_T=inputs.advantages_B_T,
    )
    with pytest.raises(ValueError, match="reference"):
        PolicyObjective(kl_coef=0.1).sums(logs, bare)


def test_tokens_on_which_engine_and_trainer_disagree_teach_nothing() -> None:
    logs, inputs = rows([[1.0, 1.0, 1.0]], [1.0])
    engine = torch.tensor([[math.log(0.25), math.log(1.25), math.log(4.0)]])
    inputs = LossInputs(
        loss_mask_B_T=inputs.loss_mask_B_T,
        token_mask_B_T=inputs.token_mask_B_T,
        old_logprobs_B_T=inputs.old_logprobs_B_T,
        engine_logprobs_B_T=engine,
        advantages_B_T=inputs.advantages_B_T,
    )
    sums = PolicyObjective(engine_ratio_cap=2.0, engine_ratio_floor=0.5).sums(logs, inputs)
    assert sums.loss.item() == pytest.approx(-0.8)
    assert sums.denominator.item() == 3
    assert sums.metrics.engine_masked.item() == 2


@pytest.mark.parametrize("name", sorted(NAMED))
@pytest.mark.parametrize("seed", range(3))
def test_every_objective_is_its_formula(name: str, seed: int) -> None:
    """Loss and gradient at the logits, against the formula written out row by row."""
    case = random_case(seed)
    objective = NAMED[name]
    assert objective in FORMULAS
    expected = twin_family_loss(objective, case.logits_B_T_V, case.tokens_B_T, case.batch)
    sums = objective.sums(case.logprobs_B_T, case.inputs, case.entropies_B_T)
    found = sums.loss / sums.denominator
    assert found.item() == pytest.approx(expected.item(), rel=1e-4, abs=1e-5)
    (wanted,) = torch.autograd.grad(expected, case.logits_B_T_V, retain_graph=True)
    (given,) = torch.autograd.grad(found, case.logits_B_T_V)
    torch.testing.assert_close(given, wanted, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", sorted(NAMED))
def test_gradients_are_those_of_finite_differences(name: str) -> None:
    """In float64; CISPO's gradient is by design not that of its loss, and is left out."""
    if NAMED[name].surrogate is Surrogate.CISPO:
        return
    case = random_case(5, dtype=torch.float64)

    def of(logits: Tensor) -> Tensor:
        sums = NAMED[name].sums(case.logprobs_of(logits), case.inputs, case.entropies_of(logits))
        result: Tensor = sums.loss / sums.denominator
        return result

    assert torch.autograd.gradcheck(of, (case.logits_B_T_V,), eps=1e-6, atol=1e-5)


def test_an_adaptive_bound_moves_towards_its_target_within_limits() -> None:
    by_clipping = AdaptiveClip(signal=ClipSignal.CLIP_FRACTION, target=0.02, gain=0.5)
    assert by_clipping.after(0.28, 0.04) == pytest.approx(0.28 * math.exp(0.5))
    assert by_clipping.after(0.28, 0.0) == pytest.approx(0.28 * math.exp(-0.5))
    assert by_clipping.after(0.4, 1.0) == 0.5
    assert by_clipping.after(0.28, None) == 0.28
    assert AdaptiveClip().after(0.28, 0.9) == 0.28
    with pytest.raises(ValueError, match="target"):
        AdaptiveClip(signal=ClipSignal.ENTROPY)


def test_the_overlong_penalty_is_a_ramp() -> None:
    penalty = OverlongPenalty(max_tokens=10, buffer_tokens=4)
    assert [penalty.of(n) for n in (0, 6, 8, 10, 99)] == [0.0, 0.0, -0.5, -1.0, -1.0]
    with pytest.raises(ValueError, match="buffer"):
        OverlongPenalty(max_tokens=3, buffer_tokens=4)
