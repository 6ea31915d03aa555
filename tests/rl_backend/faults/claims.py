"""What the records of a run must say, whatever was killed while it was made."""

from __future__ import annotations

from collections import Counter

from rl_backend.jsonl import tail
from rl_backend.judges.prompts import case_of
from rl_backend.records import Phase, RolloutRecord, RunState, TokenRecord
from rl_backend.rundir import RunDir
from tests.rl_backend.faults.judge_api import is_met
from world_builder.checking import CheckContext
from world_builder.rubrics import VerdictValue
from world_builder.state import WorldBase


def claim_every_step_once(run: RunDir, num_steps: int, num_warm_start_steps: int) -> None:
    """Steps 1 to N, each with its figures and rollouts, and no update that was made twice."""
    assert run.status().state is RunState.DONE
    assert run.status().step == num_steps
    steps = [record for record in run.metrics() if record.phase is Phase.TRAIN]
    assert sorted(record.step for record in steps) == list(range(1, num_steps + 1))
    assert run.rollout_steps() == tuple(range(1, num_steps + 1))
    num_updates = sum("loss" in record.values for record in steps)
    assert num_updates
    assert run.status().policy_version == num_warm_start_steps + num_updates
    evaluated = [record.step for record in run.metrics() if record.phase is Phase.EVALUATION]
    assert sorted(evaluated) == list(run.eval_steps())
    assert {0, num_steps} <= set(evaluated)


def claim_every_rollout_once(run: RunDir, group_size: int) -> None:
    """No id twice, in training or in evaluations; each place of a group has its rollouts."""
    records = [r for step in run.rollout_steps() for r in run.rollouts(step)]
    evaluated = [r for step in run.eval_steps() for r in run.eval_rollouts(step)]
    ids = Counter(record.rollout_id for record in (*records, *evaluated))
    assert set(ids.values()) == {1}
    for group in {record.group_id for record in records}:
        indices = {record.index for record in records if record.group_id == group}
        assert set(range(group_size)) <= indices
        lost = {r.index for r in records if r.group_id == group and _is_lost(r)}
        assert {index - group_size for index in indices if index >= group_size} <= lost


def claim_what_failed_counts_nowhere(run: RunDir) -> None:
    """An excluded rollout has no reward, no advantage and no tokens, and its reason."""
    for record in _all(run):
        is_excluded = bool(record.excluded_reason)
        assert is_excluded == (record.reward is None)
        if _is_lost(record):
            assert is_excluded
            assert record.judgement is None
        if is_excluded:
            assert record.advantage is None
    for step in run.rollout_steps():
        scored = {r.rollout_id for r in run.rollouts(step) if r.reward is not None}
        assert {each.rollout_id for each in _tokens(run, step)} == scored


def claim_gradients_come_from_judged_rollouts(run: RunDir) -> None:
    """Each update saw exactly the sampled tokens of the rollouts that have an advantage."""
    values = {r.step: r.values for r in run.metrics() if r.phase is Phase.TRAIN}
    for step in run.rollout_steps():
        trained = {r.rollout_id: r for r in run.rollouts(step) if r.advantage is not None}
        for record in trained.values():
            assert record.trajectory.stop_reason.is_scored
            assert record.judgement is not None
            assert VerdictValue.CANNOT_ASSESS not in {v.value for v in record.judgement.verdicts}
        sampled = {t.rollout_id: sum(e - s for s, e in t.sampled) for t in _tokens(run, step)}
        num_tokens = sum(sampled[rollout_id] for rollout_id in trained)
        assert values[step].get("num_tokens", 0) == num_tokens


def claim_no_verdict_was_guessed(run: RunDir, base: WorldBase, criterion_id: str) -> int:
    """The judge's verdicts are those of its rule; so many there are."""
    num_verdicts = 0
    tasks = {task.id: task for task in base.world.tasks}
    for record in _all(run):
        if record.judgement is None:
            continue
        task = tasks[record.task_id]
        criterion = next(c for c in task.rubric.criteria if c.id == criterion_id)
        case = case_of(CheckContext(task, record.trajectory, base), criterion.scope)
        for verdict in record.judgement.verdicts:
            if verdict.criterion_id == criterion_id and record.reward is not None:
                is_good = bool(case.work.strip()) and is_met(case.work)
                wanted = VerdictValue.MET if is_good else VerdictValue.UNMET
                assert verdict.value is wanted
                num_verdicts += 1
    return num_verdicts


def claim_nothing_is_left(run: RunDir) -> None:
    """No half-written directory or file but the run's own status."""
    left = [p for p in run.path.rglob(".*") if p.name.endswith((".partial", ".old"))]
    assert not left


def _all(run: RunDir) -> list[RolloutRecord]:
    made = [r for step in run.rollout_steps() for r in run.rollouts(step)]
    return made + [r for step in run.eval_steps() for r in run.eval_rollouts(step)]


def _tokens(run: RunDir, step: int) -> tuple[TokenRecord, ...]:
    return tail(run.tokens_path(step), TokenRecord).records


def _is_lost(record: RolloutRecord) -> bool:
    return not record.trajectory.stop_reason.is_scored
