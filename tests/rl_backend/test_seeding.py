"""Seeds follow from what they are for, and from nothing else."""

from hypothesis import given
from hypothesis import strategies as st

from rl_backend.seeding import derive_seed, generator, rollout_seed


def test_seeds_differ_by_every_part() -> None:
    seeds = {
        rollout_seed(run, step=step, task_id=task, rollout=rollout)
        for run in range(3)
        for step in range(3)
        for task in ("a", "b")
        for rollout in range(4)
    }
    assert len(seeds) == 3 * 3 * 2 * 4


def test_a_seed_never_changes_between_versions() -> None:
    assert rollout_seed(1, step=2, task_id="refund", rollout=3) == 4747132650611050029


def test_parts_cannot_run_into_each_other() -> None:
    assert derive_seed(0, "ab", "c") != derive_seed(0, "a", "bc")


@given(st.integers(min_value=0), st.text())
def test_seeds_fit_signed_64_bits(run: int, purpose: str) -> None:
    assert 0 <= derive_seed(run, purpose) < 2**63
    assert generator(run, purpose).random() == generator(run, purpose).random()
