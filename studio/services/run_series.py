"""The curves of a run: which figures share a chart, and their points, thinned for long runs.

Made of the metric records alone; a step without a figure is a gap, never a zero.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

from rl_backend.metrics import metric
from rl_backend.records import MetricRecord, Phase
from rl_backend.rundir import RunDir

MAX_POINTS = 2_000
_MOST_RUNS = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One figure in a chart."""

    label: str
    name: str
    phase: Phase = Phase.TRAIN
    is_marks: bool = False
    """Single points instead of a line: evaluations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartKind:
    id: str
    title: str
    curves: tuple[Curve, ...]
    unit: str = ""
    """`%` for shares."""
    x_label: str = "step"


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """What a chart shows: `y[i]` belongs to the i-th curve and has a value for each x."""

    x: tuple[int, ...]
    y: tuple[tuple[float | None, ...], ...]

    def after(self, sent: int) -> "Points":
        """Without the first points."""
        return Points(x=self.x[sent:], y=tuple(values[sent:] for values in self.y))

    def begins_with(self, other: "Points") -> bool:
        num = len(other.x)
        return self.x[:num] == other.x and tuple(v[:num] for v in self.y) == other.y


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartView:
    kind: ChartKind
    points: Points

    @property
    def series(self) -> tuple[dict[str, object], ...]:
        """As the macro `chart` wants it."""
        return tuple(
            {"label": curve.label, "values": list(values), "marks": curve.is_marks}
            for curve, values in zip(self.kind.curves, self.points.y, strict=True)
        )


def _held_out(name: str) -> Curve:
    return Curve(label="held out", name=name, phase=Phase.EVALUATION, is_marks=True)


def _one(chart_id: str, name: str) -> ChartKind:
    found = metric(name)
    title = f"{found.title}, {found.unit}" if found.unit else found.title
    return ChartKind(id=chart_id, title=title, curves=(Curve(label="", name=name),))


CHARTS = (
    ChartKind(
        id="reward",
        title="Reward",
        curves=(Curve(label="training", name="reward_mean"), _held_out("eval_reward_mean")),
    ),
    ChartKind(
        id="pass-rate",
        title="Pass rate",
        unit="%",
        curves=(Curve(label="training", name="pass_rate"), _held_out("eval_pass_rate")),
    ),
)
"""The two that say whether it gets better."""

MORE_CHARTS = (
    ChartKind(
        id="clip",
        title="Clip fraction",
        unit="%",
        curves=(Curve(label="low", name="clip_low"), Curve(label="high", name="clip_high")),
    ),
    ChartKind(
        id="kl",
        title="KL, nats",
        curves=(
            Curve(label="old-new", name="kl"),
            Curve(label="engine-trainer", name="engine_kl"),
        ),
    ),
    _one("entropy", "entropy"),
    _one("length", "response_tokens"),
    _one("loss", "loss"),
)
"""Those that say whether training is healthy."""

WARM_START_CHART = ChartKind(
    id="warm-start",
    title="Warm-start loss",
    x_label="warm-start step",
    curves=(Curve(label="", name="loss", phase=Phase.WARM_START),),
)

_kept: OrderedDict[tuple[str, int, int], tuple[MetricRecord, ...]] = OrderedDict()
_lock = Lock()


def metrics_of(run: RunDir) -> tuple[MetricRecord, ...]:
    """One record per phase and step, read again only when the file has changed."""
    try:
        found = (run.path / "metrics.jsonl").stat()
    except FileNotFoundError:
        return ()
    key = (str(run.path), found.st_size, found.st_mtime_ns)
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    records = run.metrics()
    with _lock:
        _kept[key] = records
        while len(_kept) > _MOST_RUNS:
            _kept.popitem(last=False)
    return records


def points_of(kind: ChartKind, records: Sequence[MetricRecord]) -> Points:
    """The points of a chart: at most MAX_POINTS, evaluations kept before training steps."""
    values = {
        (record.phase, record.step): record.values
        for record in records
        if any(curve.phase is record.phase for curve in kind.curves)
    }
    marks = {
        step
        for (phase, step) in values
        if any(curve.is_marks and curve.phase is phase for curve in kind.curves)
    }
    steps = _thinned(sorted({step for _, step in values}), marks)
    columns = (
        tuple(values.get((curve.phase, step), {}).get(curve.name) for step in steps)
        for curve in kind.curves
    )
    return Points(x=tuple(steps), y=tuple(columns))


def column(records: Sequence[MetricRecord], name: str) -> tuple[float | None, ...]:
    """One figure of all training steps."""
    return tuple(record.values.get(name) for record in records if record.phase is Phase.TRAIN)


def thin(values: Sequence[float | None], most: int) -> tuple[float | None, ...]:
    """Every so many-th value, counted from the last one."""
    stride = -(-len(values) // most) or 1
    return tuple(values[::-1][::stride][::-1])


def _thinned(steps: list[int], marks: set[int]) -> list[int]:
    """A power-of-two stride, so that points once chosen mostly stay while a run grows."""
    stride = 1
    while len(steps) > MAX_POINTS and len(steps) // stride >= MAX_POINTS // 2:
        stride *= 2
    if stride == 1:
        return steps
    kept_marks = set(sorted(marks)[:: max(1, -(-len(marks) * 2 // MAX_POINTS))])
    return [step for i, step in enumerate(steps) if i % stride == 0 or step in kept_marks]
