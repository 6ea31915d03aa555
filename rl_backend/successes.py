"""Successful rollouts of an earlier run as demonstrations: rejection sampling.

Between a run's rollout files and the warm start of another run on the same bundle. Rollouts are
taken by the tokens that the policy sampled where both runs write the same tokens, and are rendered
anew otherwise. Held-out tasks are never shown; nothing is judged again here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rl_backend.config import RunConfig, WarmStartConfig
from rl_backend.demonstrations import DemonstrationError, demonstration, offered_tools
from rl_backend.jsonl import tail
from rl_backend.records import RolloutRecord, TokenRecord
from rl_backend.renderer import Renderer, RendererError
from rl_backend.rollout_source import rollout_files, source_run
from rl_backend.token_records import token_record
from world_builder.replay import opening
from world_builder.state import WorldBase
from world_builder.tasks import Split, Task
from world_builder.trajectory import StopReason

PASSED = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Successes:
    """What an earlier run shows."""

    records: tuple[TokenRecord, ...]
    """By task id, the best first."""
    num_sampled: int
    """How many are the tokens that were sampled; the others were rendered anew."""
    left_out: Counter[str]
    """Successful rollouts that are not shown, by reason."""

    @property
    def summary(self) -> str:
        """For the run's history."""
        tasks = len({record.task_id for record in self.records})
        return (
            f"shows {_count(len(self.records), 'successful rollout')} of {_count(tasks, 'task')}, "
            f"{self.num_sampled} by the tokens that were sampled{_told(self.left_out)}"
        )


def successes(base: WorldBase, renderer: Renderer, config: RunConfig, digest: str) -> Successes:
    """The successful rollouts that `warm_start.rollouts` names; `digest` is the bundle's.

    Raises:
        DemonstrationError: none can be shown.
        RolloutSourceError: there are none, or they were made on another bundle.
    """
    path = Path(config.warm_start.rollouts or "")
    tasks = {task.id: task for task in base.world.tasks_in(Split.TRAIN)}
    left_out: Counter[str] = Counter()
    candidates = _candidates(rollout_files(path, digest), base, tasks, config.warm_start)
    chosen = _chosen(candidates, config.warm_start.max_per_task, left_out)
    own = _own_tokens(path, renderer, {rollout.rollout_id for rollout in chosen})
    records, num_sampled = [], 0
    for rollout in chosen:
        task, sampled = tasks[rollout.task_id], own.get(rollout.rollout_id)
        is_own = sampled is not None and _begins_as_now(sampled, base, task, renderer)
        record = sampled if is_own and sampled else _rendered(base, task, rollout, renderer)
        if len(record.token_ids) > config.model.context_length:
            left_out["longer than model.context_length"] += 1
            continue
        records.append(record)
        num_sampled += is_own
    if not records:
        why = f"a reward of {config.warm_start.min_reward:g} is wanted{_told(left_out)}"
        raise DemonstrationError(f"{path} has no successful rollout to show: {why}")
    return Successes(records=tuple(records), num_sampled=num_sampled, left_out=left_out)


def _candidates(
    files: Iterable[Path], base: WorldBase, tasks: dict[str, Task], wanted: WarmStartConfig
) -> Iterator[RolloutRecord]:
    """Successful rollouts of tasks that are still put as they were."""
    for file in files:
        for record in tail(file, RolloutRecord).records:
            task = tasks.get(record.task_id)
            if task is None or record.split is not Split.TRAIN or not _is_success(record, wanted):
                continue
            given = opening(base, task)
            if record.trajectory.messages[: len(given)] == given:
                yield record


def _is_success(record: RolloutRecord, wanted: WarmStartConfig) -> bool:
    if record.reward is None or record.excluded_reason or record.reward < wanted.min_reward:
        return False
    if record.trajectory.stop_reason is not StopReason.FINAL_RESPONSE:
        return False
    return bool(record.is_pass) or wanted.min_reward < PASSED


def _chosen(
    candidates: Iterable[RolloutRecord], most: int, left_out: Counter[str]
) -> list[RolloutRecord]:
    """Different ones, at most so many a task: the highest reward first, then the newest policy."""
    by_task: dict[str, dict[str, RolloutRecord]] = {}
    for record in candidates:
        said = "\n".join(m.model_dump_json() for m in record.trajectory.messages)
        others = by_task.setdefault(record.task_id, {})
        if said in others:
            left_out["the same as another"] += 1
        if said not in others or _rank(record) < _rank(others[said]):
            others[said] = record
    chosen = []
    for task_id in sorted(by_task):
        ranked = sorted(by_task[task_id].values(), key=_rank)
        chosen += ranked[:most]
        if len(ranked) > most:
            left_out["more than warm_start.max_per_task"] += len(ranked) - most
    return chosen


def _rank(record: RolloutRecord) -> tuple[float, int, str]:
    return (-(record.reward or 0.0), -record.policy_version, record.rollout_id)


def _own_tokens(path: Path, renderer: Renderer, ids: set[str]) -> dict[str, TokenRecord]:
    """The rows that were kept, by rollout; none where another tokenizer or template made them."""
    run = source_run(path)
    if run is None:
        return {}
    try:
        theirs = Renderer.load(run.policy_dir, run.config().model.tool_format)
    except RendererError:
        return {}
    if theirs.fingerprint != renderer.fingerprint:
        return {}
    files = (run.tokens_path(step) for step in run.rollout_steps())
    records = (record for file in files for record in tail(file, TokenRecord).records)
    return {record.rollout_id: record for record in records if record.rollout_id in ids}


def _begins_as_now(record: TokenRecord, base: WorldBase, task: Task, renderer: Renderer) -> bool:
    """Whether a rollout of the task would begin with the same tokens today, tools included."""
    today = renderer.opening(opening(base, task), offered_tools(base, task))
    return record.token_ids[: record.num_prompt] == tuple(today)


def _rendered(
    base: WorldBase, task: Task, rollout: RolloutRecord, renderer: Renderer
) -> TokenRecord:
    sample = demonstration(base, task, rollout.trajectory, renderer)
    return token_record(task.id, rollout.rollout_id, sample.token_ids, sample.loss_mask)


def _told(left_out: Counter[str]) -> str:
    return "".join(f"; {number} left out: {why}" for why, number in sorted(left_out.items()))


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
