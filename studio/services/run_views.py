"""What pages show of runs: rows of the list and everything on a run's own page.

Reads run directories at any instant, also after the process died, and never writes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from statistics import fmean

from rl_backend.config import RunConfig
from rl_backend.metrics import metric
from rl_backend.records import BundleLock, EventRecord, MetricRecord, Phase, RunState, Status
from rl_backend.rundir import ENDED_WITHOUT_A_WORD, RunDir, RunDirError, list_runs
from studio.services.run_series import (
    CHARTS,
    MORE_CHARTS,
    WARM_START_CHART,
    ChartView,
    column,
    metrics_of,
    points_of,
    thin,
)
from world_builder.frozen import Json

NUM_LOG_LINES = 200
NUM_EVENTS = 30
_NUM_LOG_BYTES = 64 * 1024
_NUM_RECENT = 10
"""Steps that an estimate is made from."""
_SPARK_POINTS = 60

_LABELS = {RunState.WARMING_UP: "warming up"}
_TONES = {
    RunState.STARTING: "accent",
    RunState.WARMING_UP: "accent",
    RunState.RUNNING: "accent",
    RunState.EVALUATING: "accent",
    RunState.STOPPING: "warn",
    RunState.DONE: "good",
    RunState.FAILED: "bad",
}
_STAGES = (
    ("rollout_s", "Rollouts and judging"),
    ("train_s", "Update"),
    ("sync_s", "Weights to the engine"),
    ("checkpoint_s", "Checkpoint"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a run stands, in words."""

    label: str
    tone: str
    is_over: bool
    is_stopping: bool
    is_resumable: bool
    step: int
    num_steps: int
    warm_start_step: int
    num_warm_start_steps: int
    policy_version: int

    @property
    def is_warming_up(self) -> bool:
        return self.label == _LABELS[RunState.WARMING_UP]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """A run in the list."""

    id: str
    standing: Standing
    bundle: BundleLock | None
    """None when its file was damaged."""
    bundle_url: str | None
    """None when no published version has its digest."""
    preset: str
    rewards: tuple[float | None, ...]
    pass_rates: tuple[float | None, ...]
    started_at: datetime
    duration: str

    @property
    def url(self) -> str:
        return f"/runs/{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a run failed, in plain words."""

    headline: str
    detail: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalView:
    """One held-out evaluation."""

    step: int
    pass_rate: float | None
    interval: str
    """Such as `[6.1, 17.6]`, in percent; empty when there is none."""
    mean_reward: float | None
    num_tasks: int
    num_unscored: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StageView:
    title: str
    last_s: float
    mean_s: float
    share: float
    """Of the mean seconds of all stages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """Everything that changes on a run's page while it goes on, apart from curves and log."""

    row: RunRow
    failure: Failure | None
    remaining: str
    """An estimate such as `about 4 min left`; empty when none can be made."""
    evaluations: tuple[EvalView, ...]
    stages: tuple[StageView, ...]
    figures: tuple[tuple[str, str], ...]
    """Titles and values of the newest step."""
    events: tuple[EventRecord, ...]
    """Newest first."""

    @property
    def can_review(self) -> bool:
        """True when there is a before and an after."""
        return len(self.evaluations) >= 2


def run_rows(
    runs_dir: Path, urls: Mapping[str, str], *, world: str = "", state: str = ""
) -> tuple[RunRow, ...]:
    """The runs of a world, or all, newest first; `urls` has the page of each bundle digest."""
    rows = (run_row(run, urls) for run in list_runs(runs_dir))
    return tuple(
        row
        for row in rows
        if (not world or (row.bundle is not None and row.bundle.name == world))
        and (not state or state == row.standing.label.replace(" ", "_"))
    )


def run_row(run: RunDir, urls: Mapping[str, str]) -> RunRow:
    """One run of the list. Raises RunDirError when its status cannot be read."""
    status, bundle, config = run.status(), _bundle(run), config_of(run)
    records = metrics_of(run)
    return RunRow(
        id=run.id,
        standing=_standing(run, status),
        bundle=bundle,
        bundle_url=None if bundle is None else urls.get(bundle.digest),
        preset="" if config is None else config.preset,
        rewards=thin(column(records, "reward_mean"), _SPARK_POINTS),
        pass_rates=thin(column(records, "pass_rate"), _SPARK_POINTS),
        started_at=status.started_at or status.created_at,
        duration=_duration(status),
    )


def run_view(run: RunDir, urls: Mapping[str, str]) -> RunView:
    """What a run's page shows now. Raises RunDirError when its status cannot be read."""
    status, records, row = run.status(), metrics_of(run), run_row(run, urls)
    return RunView(
        row=row,
        failure=_failure(run, status),
        remaining="" if row.standing.is_over else _remaining(status, records),
        evaluations=tuple(_evaluations(run)),
        stages=_stages(records),
        figures=_figures(records),
        events=run.tail_events().records[::-1][:NUM_EVENTS],
    )


def charts_of(run: RunDir) -> tuple[tuple[ChartView, ...], tuple[ChartView, ...]]:
    """The charts of the first and of the second row, with their points."""
    records = metrics_of(run)
    config = config_of(run)
    has_warm_start = config is None or config.warm_start.num_steps > 0
    second = (*MORE_CHARTS, *((WARM_START_CHART,) if has_warm_start else ()))
    first = tuple(ChartView(kind=kind, points=points_of(kind, records)) for kind in CHARTS)
    return first, tuple(ChartView(kind=kind, points=points_of(kind, records)) for kind in second)


def log_tail(run: RunDir) -> str:
    """The newest lines of the log."""
    try:
        size = run.log_path.stat().st_size
    except FileNotFoundError:
        return ""
    start = max(0, size - _NUM_LOG_BYTES)
    text, _ = run.tail_log(start)
    lines = text.splitlines()[1 if start else 0 :]
    return "\n".join(lines[-NUM_LOG_LINES:])


def config_of(run: RunDir) -> RunConfig | None:
    """The configuration; None when its file was damaged."""
    try:
        return run.config()
    except RunDirError:
        return None


def settings_of(values: Mapping[str, Json]) -> tuple[tuple[str, str, str], ...]:
    """Path, value and meaning of each setting in (a part of) a dumped configuration."""
    named = {"preset", "description"}
    return tuple(_flat({k: v for k, v in values.items() if k not in named}, RunConfig))


def _flat(
    values: Mapping[str, Json], model: type, prefix: str = ""
) -> Iterator[tuple[str, str, str]]:
    fields = model.model_fields  # type: ignore[attr-defined]
    for name, value in values.items():
        field = fields[name]
        if isinstance(value, dict):
            yield from _flat(value, field.annotation, f"{prefix}{name}.")
        else:
            meaning = " ".join((field.description or "").split())
            yield f"{prefix}{name}", "none" if value is None else f"{value}", meaning


def _standing(run: RunDir, status: Status) -> Standing:
    state = status.state
    if not state.is_over and run.is_stop_requested() and run.is_alive():
        state = RunState.STOPPING
    return Standing(
        label=_LABELS.get(state, state.value),
        tone=_TONES.get(state, "neutral"),
        is_over=state.is_over,
        is_stopping=state is RunState.STOPPING,
        is_resumable=state.is_resumable,
        step=status.step,
        num_steps=status.num_steps,
        warm_start_step=status.warm_start_step,
        num_warm_start_steps=status.num_warm_start_steps,
        policy_version=status.policy_version,
    )


def _bundle(run: RunDir) -> BundleLock | None:
    try:
        return run.bundle()
    except RunDirError:
        return None


def _duration(status: Status) -> str:
    if status.started_at is None:
        return ""
    return spoken(((status.updated_at) - status.started_at).total_seconds())


def spoken(seconds: float) -> str:
    """A time span for people.

    >>> spoken(42), spoken(250), spoken(7320)
    ('42 s', '4 min 10 s', '2 h 2 min')
    """
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min" + (f" {whole % 60} s" if whole % 60 and whole < 600 else "")
    return f"{whole // 3600} h" + (f" {whole % 3600 // 60} min" if whole % 3600 >= 60 else "")


def _failure(run: RunDir, status: Status) -> Failure | None:
    if status.state is not RunState.FAILED:
        return None
    steps = run.checkpoint_steps()
    hint = (
        f"Resume goes on from the checkpoint after step {steps[-1]}."
        if steps
        else "There is no checkpoint yet: resume starts from the beginning."
    )
    if status.reason == ENDED_WITHOUT_A_WORD:
        headline = "The training process ended without a word."
        detail = "It was killed, or the machine ran out of memory or was switched off."
        return Failure(headline=headline, detail=detail, hint=hint)
    headline, _, detail = status.reason.partition("\n")
    return Failure(headline=headline or "The run failed.", detail=detail, hint=hint)


def _remaining(status: Status, records: Sequence[MetricRecord]) -> str:
    """From the pace of the newest steps; evaluations and checkpoints between them count."""
    is_warm = status.state is RunState.WARMING_UP
    phase = Phase.WARM_START if is_warm else Phase.TRAIN
    left = (
        status.num_warm_start_steps - status.warm_start_step
        if is_warm
        else status.num_steps - status.step
    )
    since = status.process_started_at or datetime.min.replace(tzinfo=UTC)
    recent = [r for r in records if r.phase is phase and r.at >= since][-_NUM_RECENT - 1 :]
    paces = [(b.at - a.at).total_seconds() / max(1, b.step - a.step) for a, b in pairwise(recent)]
    if not paces:
        paces = [r.values["step_s"] for r in recent if "step_s" in r.values]
    if not paces or left <= 0:
        return ""
    what = " of the warm start" if is_warm else ""
    return f"about {spoken(fmean(paces) * left)}{what} left"


def _evaluations(run: RunDir) -> Iterator[EvalView]:
    for step in run.eval_steps():
        try:
            report = run.eval_report(step)
        except RunDirError:
            continue
        found = report.pass_rate_interval
        interval = "" if found is None else f"[{found.low * 100:.1f}, {found.high * 100:.1f}]"
        yield EvalView(
            step=report.step,
            pass_rate=report.pass_rate,
            interval=interval,
            mean_reward=report.mean_reward,
            num_tasks=report.tasks,
            num_unscored=report.num_unscored,
        )


def _stages(records: Sequence[MetricRecord]) -> tuple[StageView, ...]:
    spent = {
        name: [value for value in column(records, name) if value is not None] for name, _ in _STAGES
    }
    means = {name: fmean(values) for name, values in spent.items() if values}
    total = sum(means.values()) or 1.0
    return tuple(
        StageView(
            title=title, last_s=spent[name][-1], mean_s=means[name], share=means[name] / total
        )
        for name, title in _STAGES
        if name in means
    )


def _figures(records: Sequence[MetricRecord]) -> tuple[tuple[str, str], ...]:
    newest = next((r for r in reversed(records) if r.phase is Phase.TRAIN), None)
    if newest is None:
        return ()
    names = (
        "policy_lag", "num_rollouts", "num_unscored", "num_groups_trained", "num_groups_no_spread",
        "num_stale_dropped", "num_cancelled", "num_aborted", "num_retractions", "cached_share",
        "num_turns", "num_calls", "tool_errors", "malformed_calls", "final_response_rate",
        "grad_norm", "learning_rate", "num_updates_skipped", "num_excluded_tokens",
    )  # fmt: skip
    shown = [(metric(name), newest.values[name]) for name in names if name in newest.values]
    return tuple((m.title, f"{value:.3g} {m.unit}".strip()) for m, value in shown)
