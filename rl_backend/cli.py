"""The commands that run bundles: `rollout`, `eval`, `train`, `compare`.

`register` adds them to the command line, which lives elsewhere. The training stack is imported by
the commands that need it, when they run.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from exporter.bundle import Bundle
from exporter.errors import BundleError
from rl_backend import cli_plan, cli_text
from rl_backend.config import ConfigError, RunConfig, load_preset, preset_names
from rl_backend.errors import BackendError
from rl_backend.evaluation.bundles import RuntimeKind, lock_of
from rl_backend.evaluation.command import (
    DEFAULT_CONTAINERS,
    EngineChoiceError,
    evaluate_bundle,
    one_rollout,
)
from rl_backend.evaluation.evaluate import SplitChoice
from rl_backend.evaluation.pairing import PairedReview
from rl_backend.launcher import launch
from rl_backend.preflight.bundle import Subject
from rl_backend.preflight.checks import CheckState
from rl_backend.preflight.look import preflight
from rl_backend.review import ReviewError, review_run
from rl_backend.run_lock import RunIsTaken
from rl_backend.rundir import RunDir, RunDirError
from world_builder.errors import UnknownName

ENGINE_HELP = (
    "Who acts: scripted:reference, scripted:empty, scripted:random, scripted:careless, "
    "sglang:URL with --model DIR (a running server), or model:DIR (starts a server)."
)
EXPECTED = (
    BackendError,
    BundleError,
    ConfigError,
    EngineChoiceError,
    ReviewError,
    RunDirError,
    RunIsTaken,
    UnknownName,
)
"""Failures whose text says what to mend; anything else is a fault of ours and shows where."""

DEFAULT_PRESET = "tiny"
BundleArgument = Annotated[Path, typer.Argument(help="A bundle: a folder or a tar.")]
EngineOption = Annotated[str, typer.Option(help=ENGINE_HELP)]
RuntimeOption = Annotated[RuntimeKind, typer.Option(help="Where the worlds run.")]
SeedOption = Annotated[int, typer.Option(min=0, help="Random choices follow from it.")]
TemperatureOption = Annotated[
    float, typer.Option(min=0.0, help="Sampling temperature of a model; 0 is greedy.")
]
ModelOption = Annotated[
    Path | None, typer.Option(help="With sglang:URL, the served model's directory.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


def register(app: typer.Typer) -> None:
    """Adds the commands to an application."""
    app.command("rollout")(rollout)
    app.command("eval")(evaluate)
    app.command("train")(train)
    app.command("stop")(stop)
    app.command("compare")(compare)
    cli_plan.register(app)


def rollout(
    bundle: BundleArgument,
    task: Annotated[str, typer.Option(help="Id of the task.")],
    engine: EngineOption = "scripted:reference",
    runtime: RuntimeOption = RuntimeKind.IN_PROCESS,
    temperature: TemperatureOption = 0.0,
    seed: SeedOption = 0,
    model: ModelOption = None,
    as_json: JsonOption = False,
) -> None:
    """Play one task and show what happened, with the verdict on every criterion.

    Example:  corecraft rollout dist/tutorial-1.0.0 --task find-book-01 --engine scripted:careless
    """
    with _told_plainly():
        record, chosen = asyncio.run(
            one_rollout(
                Bundle.open(bundle), task, engine, runtime=runtime, temperature=temperature,
                seed=seed, model_dir=model,
            )
        )  # fmt: skip
    typer.echo(record.model_dump_json(indent=2) if as_json else cli_text.rollout(record, chosen))


def evaluate(
    bundle: BundleArgument,
    engine: EngineOption = "scripted:reference",
    split: Annotated[SplitChoice, typer.Option(help="Which tasks.")] = SplitChoice.HELD_OUT,
    runtime: RuntimeOption = RuntimeKind.IN_PROCESS,
    containers: Annotated[
        int, typer.Option(min=1, help="With --runtime docker: rollouts at a time.")
    ] = DEFAULT_CONTAINERS,
    rollouts: Annotated[int, typer.Option(min=1, help="Rollouts per task.")] = 1,
    temperature: TemperatureOption = 0.0,
    seed: SeedOption = 0,
    model: ModelOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure a policy on a bundle: pass rate with its interval, reward, where points are lost.

    Exits with 1 when not one rollout could be scored.

    Example:  corecraft eval dist/tutorial-1.0.0 --engine scripted:reference --split all

    Example:  corecraft eval dist/tutorial-1.0.0 --engine model:runs/RUN/policy --rollouts 4
    """
    with _told_plainly(), cli_text.counting(is_shown=not as_json) as on_rollout:
        report = asyncio.run(
            evaluate_bundle(
                Bundle.open(bundle), engine, split=split, runtime=runtime,
                num_containers=containers, rollouts_per_task=rollouts, temperature=temperature,
                seed=seed, model_dir=model, on_rollout=on_rollout,
            )
        ).report  # fmt: skip
    typer.echo(report.model_dump_json(indent=2) if as_json else cli_text.report(report))
    if report.num_scored == 0:
        raise typer.Exit(1)


def train(
    bundle: BundleArgument,
    preset: Annotated[
        str | None,
        typer.Option(help=f"One of {', '.join(preset_names())}.", show_default=DEFAULT_PRESET),
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", help="One setting, such as rollout.group_size=8; repeatable."),
    ] = None,
    run_dir: Annotated[
        Path | None, typer.Option(help="The run's directory; runs/<time>-<bundle> without it.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with --run-dir.")] = False,
    detach: Annotated[
        bool, typer.Option("--detach", help="Return at once; the run goes on by itself.")
    ] = False,
    prepare: Annotated[
        bool,
        typer.Option("--prepare", help="Only make the run's directory, for torchrun to start."),
    ] = False,
) -> None:
    """Train a policy on a bundle, showing how it goes. Ctrl-C stops the run as `stop` does.

    Example:  corecraft train dist/tutorial-1.0.0 --preset tiny --set num_steps=10

    Example:  corecraft train dist/tutorial-1.0.0 --run-dir runs/RUN --resume
    """
    with _told_plainly():
        if resume:
            if run_dir is None:
                raise RunDirError("--resume needs --run-dir: which run to go on with")
            if preset or changes:
                raise RunDirError(
                    "--resume keeps a run's settings; leave out --preset and --set, or start a new "
                    f"run from its policy with --set model.path={run_dir / 'policy'}"
                )
            run = RunDir.open(run_dir)
            opened = _cleared(bundle, run.config(), run_dir.parent)
            if run.bundle().digest != opened.digest:
                raise RunDirError(f"{run.id} trains on another bundle: {run.bundle().path}")
        else:
            root, name = (run_dir.parent, run_dir.name) if run_dir else (Path("runs"), None)
            config = load_preset(preset or DEFAULT_PRESET, changes or ())
            opened = _cleared(bundle, config, root, is_elsewhere=prepare)
            run = RunDir.create(root, config, lock_of(opened), name)
        if not prepare:
            launch(run)
    typer.echo(f"run {run.path}")
    if not (detach or prepare):
        status = cli_text.watch(run)
        raise typer.Exit(0 if status.state.value in {"done", "stopped"} else 1)


def stop(
    run_dir: Annotated[Path, typer.Argument(help="The directory of a run.")],
) -> None:
    """Stop a run and wait for its end: within 5 seconds, or once a running update is done.

    Example:  corecraft stop runs/20261122-101500-tutorial
    """
    with _told_plainly():
        run = RunDir.open(run_dir)
        if run.is_alive():
            run.request_stop()
        cli_text.wait_for_end(run)
        status = run.status()
    typer.echo(f"{run.id} is {status.state.value} after step {status.step}")


def _cleared(
    path: Path, config: RunConfig, runs_dir: Path, *, is_elsewhere: bool = False
) -> Bundle:
    """The bundle, once nothing keeps the run from starting. Raises BackendError when it does.

    Everything that is wrong is told at once, and what is only worth knowing too. A run that starts
    elsewhere is not refused for this machine.
    """
    found = preflight(Subject.opened(path), config, runs_dir)
    for check in found.checks:
        if check.state is not CheckState.GOOD:
            kind = "Problem" if check.state is CheckState.BAD else "Note"
            typer.echo(f"{kind}: {check.title}: {check.text.rstrip('.')}. {check.hint}", err=True)
    if not (found.can_start or is_elsewhere):
        raise BackendError("The run was not started.", hint="Mend the problems above.")
    return Bundle.open(path)


def compare(
    run_dir: Annotated[Path, typer.Argument(help="The directory of a run.")],
    as_json: JsonOption = False,
) -> None:
    """Compare a run's first and last evaluation task by task: gain, test, flipped verdicts.

    Example:  corecraft compare runs/20261122-101500-tutorial
    """
    with _told_plainly():
        review: PairedReview = review_run(RunDir.open(run_dir))
    typer.echo(review.model_dump_json(indent=2) if as_json else cli_text.review(review))


class _told_plainly:  # noqa: N801 (reads as a statement)
    """Turns expected failures into one line and exit code 1."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, EXPECTED):
            typer.echo(f"Error: {error}", err=True)
            raise typer.Exit(1) from error
