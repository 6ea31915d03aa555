"""Reward and pass: the paper's equation, its extension, and what stays unscored."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from world_builder.rubrics import (
    Criterion,
    CriterionCategory,
    CriterionKind,
    Rubric,
    Verdict,
    VerdictValue,
    is_pass,
    judgement,
    reward,
)


def criterion(name: str, kind: CriterionKind = CriterionKind.PRIMARY) -> Criterion:
    return Criterion(id=name, text=name, category=CriterionCategory.CORRECTNESS, kind=kind)


PRIMARY = tuple(criterion(name) for name in "abcd")
MIXED = (
    *PRIMARY,
    criterion("extra", CriterionKind.EXTRA_CREDIT),
    criterion("bullet", CriterionKind.DODGED_BULLET),
)


def test_reward_is_the_share_of_met_criteria() -> None:
    assert reward(Rubric(criteria=PRIMARY), {"a", "b", "c"}) == 0.75


def test_extra_credit_and_bullets_weigh_only_when_asked() -> None:
    plain = Rubric(criteria=MIXED)
    assert reward(plain, {"a", "b"}) == reward(plain, {"a", "b", "extra", "bullet"}) == 0.5
    weighed = Rubric(criteria=MIXED, extra_credit_weight=0.2, dodged_bullet_weight=0.3)
    assert reward(weighed, {"a", "b", "extra"}) == pytest.approx(0.5 + 0.2 - 0.3)
    assert reward(weighed, set()) == 0.0
    assert reward(weighed, {c.id for c in MIXED}) == 1.0


def test_pass_wants_every_primary_criterion_and_every_bullet_dodged() -> None:
    rubric = Rubric(criteria=MIXED)
    assert is_pass(rubric, {"a", "b", "c", "d", "bullet"})
    assert not is_pass(rubric, {"a", "b", "c", "d", "extra"})
    assert not is_pass(rubric, {"a", "b", "c", "bullet"})


def test_unassessed_is_unscored_and_never_zero() -> None:
    verdicts = [Verdict(criterion_id=c.id, value=VerdictValue.UNMET, reason="") for c in PRIMARY]
    assert judgement(Rubric(criteria=PRIMARY), verdicts).reward == 0.0
    open_one = [
        *verdicts[:3],
        Verdict(criterion_id="d", value=VerdictValue.CANNOT_ASSESS, reason=""),
    ]
    for given_verdicts in (open_one, verdicts[:3]):
        judged = judgement(Rubric(criteria=PRIMARY), given_verdicts)
        assert (judged.reward, judged.is_pass) == (None, None)
        assert judged.unscored_reason == "not assessed: d"


@given(
    met=st.sets(st.sampled_from([c.id for c in MIXED])),
    more=st.sampled_from([c.id for c in MIXED]),
    alpha=st.floats(0, 1),
    beta=st.floats(0, 1),
)
def test_reward_never_falls_when_more_is_met(
    met: set[str], more: str, alpha: float, beta: float
) -> None:
    rubric = Rubric(criteria=MIXED, extra_credit_weight=alpha, dodged_bullet_weight=beta)
    assert 0.0 <= reward(rubric, met) <= reward(rubric, met | {more}) <= 1.0
