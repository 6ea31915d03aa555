"""What a run directory holds, as frozen data: status, metrics, events, rollouts, its bundle.

`rundir` writes and reads these; the studio shows them. Every record carries the version of its
form as `v`, so that a later reader knows what it has before it. No heavy import.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import AwareDatetime

from world_builder.frozen import Frozen
from world_builder.rubrics import Judgement
from world_builder.tasks import Split
from world_builder.trajectory import Trajectory


class RunState(StrEnum):
    """Where a run stands."""

    QUEUED = "queued"
    STARTING = "starting"
    WARMING_UP = "warming_up"
    RUNNING = "running"
    EVALUATING = "evaluating"
    STOPPING = "stopping"
    STOPPED = "stopped"
    DONE = "done"
    FAILED = "failed"

    @property
    def is_over(self) -> bool:
        """True when no process works on the run any more."""
        return self in {RunState.STOPPED, RunState.DONE, RunState.FAILED}

    @property
    def is_resumable(self) -> bool:
        """True when starting it again would continue it."""
        return self in {RunState.STOPPED, RunState.FAILED}


class Status(Frozen):
    """The state of a run at one moment."""

    v: Literal[1] = 1
    state: RunState = RunState.QUEUED
    reason: str = ""
    """Why it stopped or failed; empty while it goes well."""
    step: int = 0
    """Reinforcement steps finished."""
    num_steps: int = 0
    """Reinforcement steps wanted."""
    warm_start_step: int = 0
    """Warm-start steps finished."""
    num_warm_start_steps: int = 0
    policy_version: int = 0
    """Updates made since the starting weights."""
    pid: int | None = None
    """The training process; None before it started."""
    process_started_at: AwareDatetime | None = None
    """When that process began; a new one when the run was resumed."""
    created_at: AwareDatetime
    started_at: AwareDatetime | None = None
    """When the run first began to work; None while queued."""
    updated_at: AwareDatetime
    """The heartbeat: a living process renews it every few seconds."""

    @property
    def is_complete(self) -> bool:
        """True when every wanted step is finished, those of the warm start included."""
        is_taught = self.warm_start_step >= self.num_warm_start_steps
        return is_taught and self.step >= self.num_steps


class BundleLock(Frozen):
    """Which bundle a run trains on; it never changes in the life of a run."""

    v: Literal[1] = 1
    path: str
    """Where it was opened; the digest, not the path, is its identity."""
    name: str
    version: str
    digest: str


class JudgeLock(Frozen):
    """Which judge decides what checks do not; it never changes once it judged."""

    v: Literal[1] = 1
    id: str
    """Names judge, model, prompt and votes, as its verdicts do."""
    settings: dict[str, str]
    """What made it, by environment variable and without secrets; empty when no model is asked."""


class Phase(StrEnum):
    """Which part of a run a metric speaks about."""

    WARM_START = "warm_start"
    TRAIN = "train"
    EVALUATION = "evaluation"


class MetricRecord(Frozen):
    """The figures of one step; `rl_backend.metrics` says what each name means."""

    v: Literal[1] = 1
    at: AwareDatetime
    phase: Phase
    step: int
    """Counted from 1 within its phase; for an evaluation the steps finished before it."""
    values: dict[str, float]
    """By metric name; a name is absent where the figure does not exist."""


class EventKind(StrEnum):
    """What happened in a run."""

    STATE = "state"
    CHECKPOINT = "checkpoint"
    EVALUATION = "evaluation"
    RESUME = "resume"
    WARNING = "warning"
    NOTE = "note"


class EventRecord(Frozen):
    """One line of a run's history, for people."""

    v: Literal[1] = 1
    at: AwareDatetime
    kind: EventKind
    step: int
    message: str


class RolloutRecord(Frozen):
    """One rollout with what was made of it."""

    v: Literal[1] = 1
    step: int
    split: Split
    task_id: str
    group_id: str
    """The rollouts of one task in one step share it."""
    rollout_id: str
    index: int
    """Position in the group, from 0."""
    policy_version: int
    seed: int
    trajectory: Trajectory
    judgement: Judgement | None
    """None when the rollout ended by no fault of the policy, so nobody judged it."""
    advantage: float | None = None
    """None where it was not trained on."""
    excluded_reason: str = ""
    """Why it counts nowhere; empty when it was scored."""

    @property
    def reward(self) -> float | None:
        """The judged reward; None when unscored."""
        return self.judgement.reward if self.judgement else None

    @property
    def is_pass(self) -> bool | None:
        """Whether it passed; None when unscored."""
        return self.judgement.is_pass if self.judgement else None


class TokenRecord(Frozen):
    """The tokens of one scored training rollout, beside its `RolloutRecord`."""

    v: Literal[1] = 1
    task_id: str
    rollout_id: str
    token_ids: tuple[int, ...]
    """The whole row, as the engine saw it."""
    sampled: tuple[tuple[int, int], ...]
    """Start and end of each stretch of the row that the policy sampled."""

    @property
    def num_prompt(self) -> int:
        """Tokens before the first sampled one."""
        return self.sampled[0][0] if self.sampled else len(self.token_ids)
