"""The curves of the demonstration as pictures: `python -m studio.train_demo.pictures`.

Reads the folder that `studio.train_demo` made, also one that is not complete: what is not there yet
is not drawn. Needs the extra `plots`; measures nothing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import fmean

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rl_backend.records import Phase
from rl_backend.rundir import RunDir
from studio.train_demo.results import Results

COLOURS = ("#2563eb", "#d97706", "#059669")
GREY = "#6b7280"
SIZE_IN = (6.4, 3.4)
Curve = tuple[list[int], list[float]]
"""Steps and values."""


def main() -> None:
    """Draws what is in the folder of a demonstration."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--root", type=Path, default=Path("var/train-demo"))
    parser.add_argument("--out", type=Path, default=Path("docs/images"))
    given = parser.parse_args()
    for path in draw(given.root, given.out):
        sys.stdout.write(f"{path}\n")


def draw(root: Path, out: Path) -> tuple[Path, ...]:
    """Writes the pictures and returns their paths; a picture without anything on it is left out."""
    out.mkdir(parents=True, exist_ok=True)
    seeds = sorted(root.glob("seed-*"))
    drawn = [
        _drawn(out / "train-demo-warm-start.svg", lambda axes: _warm_start(axes, seeds)),
        _drawn(out / "train-demo-grpo.svg", lambda axes: _grpo(axes, seeds)),
    ]
    results = root / "results.json"
    if results.is_file():
        found = Results.model_validate_json(results.read_bytes())
        drawn.append(_drawn(out / "train-demo-before-after.svg", lambda axes: _rates(axes, found)))
    return tuple(path for path in drawn if path is not None)


def curve(folder: Path, phase: Phase, name: str) -> Curve:
    """The values of a metric of one run by step; of steps made twice the later ones."""
    if not folder.is_dir():
        return [], []
    records = (record for record in RunDir.open(folder).metrics() if record.phase is phase)
    values = {record.step: record.values[name] for record in records if name in record.values}
    return sorted(values), [values[step] for step in sorted(values)]


def smoothed(values: Sequence[float], width: int) -> list[float]:
    """Means over up to `width` values that end at each."""
    return [fmean(values[max(0, end - width) : end]) for end in range(1, len(values) + 1)]


def _warm_start(axes: Axes, seeds: Iterable[Path]) -> bool:
    for seed, colour in zip(seeds, COLOURS, strict=False):
        steps, losses = curve(seed / "base", Phase.WARM_START, "loss")
        if steps:
            axes.semilogy(steps, smoothed(losses, 10), color=colour, lw=1.2, label=seed.name)
            course = RunDir.open(seed / "base").config().warm_start
    if not axes.lines:
        return False
    turns = {"drills end": course.num_drill_steps}
    turns["careless work, too"] = course.num_drill_steps + course.num_careful_steps
    for label, step in turns.items():
        axes.axvline(step, color=GREY, lw=0.8, ls=":")
        place = axes.get_xaxis_transform()
        axes.text(step, 0.95, f"{label} ", transform=place, color=GREY, va="top", ha="right")
    axes.set(title="Warm start", xlabel="step", ylabel="loss, mean of ten steps")
    return True


def _grpo(axes: Axes, seeds: Iterable[Path]) -> bool:
    num_steps = 0
    for seed, colour in zip(seeds, COLOURS, strict=False):
        for name, style in (("pass_rate", "-"), ("reward_mean", "--")):
            steps, values = curve(seed / "grpo", Phase.TRAIN, name)
            label = seed.name if name == "pass_rate" and steps else None
            axes.plot(steps, values, color=colour, ls=style, marker="o", ms=3, label=label)
            num_steps += len(steps)
    axes.set(title="GRPO", xlabel="step", ylim=(0, 1))
    axes.set_ylabel("training rollouts: passed (dashed: reward)")
    return num_steps > 0


def _rates(axes: Axes, results: Results) -> bool:
    pairs = {
        "held-out\ntasks": [(s.held_out_before, s.held_out_after) for s in results.seeds],
        "unseen\nscenarios": [(s.unseen_before, s.unseen_after) for s in results.seeds],
        "other tool\nnames": [(s.surface_before, s.surface_after) for s in results.seeds],
        "another\nworld": [(s.other_world_before, s.other_world_after) for s in results.seeds],
    }
    for place, rates in enumerate(pairs.values()):
        for side, (label, colour) in enumerate((("before", GREY), ("after", COLOURS[0]))):
            x, values = place + 0.4 * side - 0.2, [pair[side] for pair in rates]
            axes.bar(x, fmean(values), 0.36, color=colour, label=None if place else label)
            axes.plot([x] * len(values), values, "o", ms=4, mfc="white", mec="black", mew=0.8)
    axes.set(title="Pass rate, sampled; a dot is a seed", ylim=(0, 1))
    axes.set_xticks(range(len(pairs)), list(pairs))
    return True


def _drawn(path: Path, plot: Callable[[Axes], bool]) -> Path | None:
    with mpl.rc_context({"svg.hashsalt": path.name, "font.size": 9}):
        figure = Figure(figsize=SIZE_IN, layout="constrained")
        axes = figure.subplots()
        if not plot(axes):
            return None
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", alpha=0.25)
        axes.legend(frameon=False)
        figure.savefig(path, metadata={"Date": None})
    return path


if __name__ == "__main__":
    main()
