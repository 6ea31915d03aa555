"""`corecraft bench train`: our trainer beside TRL's, and the stages of a step.

A command of `cli_bench`. Whatever needs the training stack runs in processes of its own.
"""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from exporter.bench.peer_venv import peer_python
from exporter.errors import ExporterError
from exporter.manifest import GateReport
from exporter.writer import write_bundle
from rl_backend.bench.ready_policy import ready_policy
from rl_backend.bench.stages import StepFigures, bench_step
from rl_backend.bench.train import bench_train, trl_peer
from rl_backend.bench.train_types import BatchShape, SideFigures, TrainAsked, TrainFigures
from rl_backend.errors import BackendError
from studio.cli_bench_rollout import JsonOption, OptionalOption, PolicyOption, ThreadsOption
from studio.cli_status import telling
from world_builder.errors import WorldError
from world_builder.frozen import Frozen
from world_builder.worlds import build_world

_WORLD = "tutorial"


class _Told(Frozen):
    """What `bench train` prints for a program."""

    update: TrainFigures
    loss_gap: float
    grad_norm_gap: float
    step: StepFigures | None
    overhead_share: float | None


def train_command(
    python: Annotated[
        Path | None,
        typer.Option("--peer-python", help="An interpreter that has TRL; none makes one."),
    ] = None,
    groups: Annotated[int, typer.Option(min=1, help="Groups of the batch.")] = 8,
    group_size: Annotated[int, typer.Option(min=2, help="Rows of a group.")] = 16,
    prompt: Annotated[int, typer.Option(min=4, help="Tokens of a group's prompt.")] = 430,
    response: Annotated[int, typer.Option(min=4, help="Tokens after it.")] = 230,
    sampled: Annotated[int, typer.Option(min=1, help="Of these, how many are trained on.")] = 90,
    rounds: Annotated[int, typer.Option(min=1, help="Updates that are timed.")] = 3,
    threads: ThreadsOption = 2,
    rows: Annotated[int, typer.Option(min=1, help="TRL's rows of a microbatch.")] = 16,
    steps: Annotated[int, typer.Option(min=0, help="Whole steps of a real run; 0: none.")] = 2,
    policy: PolicyOption = None,
    optional: OptionalOption = False,
    as_json: JsonOption = False,
) -> None:
    """Seconds of an update beside TRL's GRPOTrainer, and of each stage of a whole step.

    Both train the same small Llama on the same groups of rows with the same objective, in turn,
    on as many threads; their losses must agree to 1e-3, or the command fails. Then a real run on
    the tutorial says how long rollouts, judging, update, weights and checkpoint take.

    Example: corecraft bench train --threads 2
    """
    shape = BatchShape(
        num_groups=groups, group_size=group_size, prompt_tokens=prompt,
        response_tokens=response, sampled_tokens=sampled,
    )  # fmt: skip
    asked = TrainAsked(shape=shape, num_threads=threads, rows_per_microbatch=rows)
    try:
        with telling("making TRL ready") as tell:
            interpreter = (python or peer_python(trl_peer())).absolute()
            update = bench_train(interpreter, asked, num_rounds=rounds, on_stage=tell)
            if not as_json:
                _tell_update(update)
            step = None
            if steps:
                made = policy or ready_policy(num_threads=threads, on_stage=tell)
                step = _step(made, steps, threads, tell)
    except (BackendError, ExporterError, WorldError, ValueError) as error:
        typer.echo(f"cannot measure: {error}", err=True)
        raise typer.Exit(0 if optional else 1) from error
    if as_json:
        _tell_program(update, step)
    elif step is not None:
        Console().print(step_table(step))
    if not update.is_same_loss:
        typer.echo(f"the losses differ by {update.loss_gap:.1e}: not the same update", err=True)
        raise typer.Exit(1)


def _step(
    policy: Path, num_steps: int, num_threads: int, on_stage: Callable[[str], None]
) -> StepFigures:
    with TemporaryDirectory(prefix="corecraft-bench-") as name:
        gates = GateReport(gates=())
        bundle = write_bundle(build_world(_WORLD), "0.0.0", name, gates=gates)
        threads = [f"{part}.num_cpu_threads={num_threads}" for part in ("trainer", "engine")]
        return bench_step(
            bundle, policy, Path(name), num_steps=num_steps, changes=threads, on_stage=on_stage
        )


def _tell_program(update: TrainFigures, step: StepFigures | None) -> None:
    told = _Told(
        update=update,
        loss_gap=update.loss_gap,
        grad_norm_gap=update.grad_norm_gap,
        step=step,
        overhead_share=None if step is None else step.overhead_share,
    )
    typer.echo(told.model_dump_json())


def _tell_update(update: TrainFigures) -> None:
    """At once: what follows takes minutes, and may be ended."""
    console = Console()
    console.print(update_table(update))
    console.print(f"corecraft: {update.ours.ready.what}", markup=False)
    console.print(f"TRL: {update.trl.ready.what}", markup=False)


def update_table(f: TrainFigures) -> Table:
    """The two trainers beside each other; in brackets what processor time says."""
    title = (
        f"One update: {f.num_rows} rows, {f.num_row_tokens:,} tokens "
        f"({f.num_packed_tokens:,} without repetitions), {f.num_sampled_tokens:,} trained on"
    )
    packages = ", ".join((*f.ours.ready.packages, *f.trl.ready.packages[:2]))
    caption = (
        f"{packages}; {f.num_parameters / 1e6:.2f} million parameters; medians of {f.num_rounds} "
        f"rounds; {f.num_threads} of {f.num_cores} cores, load {f.load:.1f} at the start; "
        f"losses within {f.loss_gap:.1e}, gradient norms within {f.grad_norm_gap:.1e} of each other"
    )
    table = Table(title=title, caption=caption)
    for heading in ("", "corecraft", "nothing shared", "TRL", "ratio"):
        table.add_column(heading, justify="left" if not heading else "right")
    sides = (f.ours, f.unshared, f.trl)
    table.add_row(
        "update", *(_seconds(s.update_s, s.update_cpu_s) for s in sides),
        _ratio(f.trl, f.ours, "update"),
    )  # fmt: skip
    table.add_row("tokens/s", *(f"{f.tokens_per_s(side):,.0f}" for side in sides), "")
    table.add_row(
        "scoring of old log-probabilities",
        *(_seconds(s.scoring_s, s.scoring_cpu_s) for s in sides),
        _ratio(f.trl, f.ours, "scoring"),
    )
    table.add_row("of the update, cutting and packing", f"{f.cut_s:.2f} s", "", "", "")
    table.add_row("first and last loss", *(_ends(side) for side in sides), "")
    return table


def step_table(f: StepFigures) -> Table:
    """The stages of a whole step."""
    title = f"One step of a real run: {f.num_rollouts:.0f} rollouts, {f.num_tokens:,.0f} tokens"
    caption = (
        f"medians of {f.num_steps} steps; no model computed in {f.overhead_share:.1%} of a step"
    )
    table = Table(title=title, caption=caption)
    for heading in ("stage", "seconds", "share"):
        table.add_column(heading, justify="left" if heading == "stage" else "right")
    rest_s = f.step_s - f.rollout_s - f.train_s - f.sync_s - f.checkpoint_s
    for name, seconds in (
        ("rollouts", f.rollout_s),
        ("  of these, a request in the engine", f.engine_s),
        ("  of these, judging", f.judge_s),
        ("update", f.train_s),
        ("  of these, in the trainer", f.trainer_s),
        ("weights to the engine", f.sync_s),
        ("checkpoint", f.checkpoint_s),
        ("rest", rest_s),
        ("whole step", f.step_s),
    ):
        table.add_row(name, f"{seconds:.2f}", f"{seconds / f.step_s:.1%}")
    return table


def _seconds(wall_s: float, cpu_s: float) -> str:
    return f"{wall_s:.2f} s ({cpu_s:.2f})"


def _ratio(peer: SideFigures, ours: SideFigures, kind: Literal["update", "scoring"]) -> str:
    if kind == "update":
        wall, cpu = peer.update_s / ours.update_s, peer.update_cpu_s / ours.update_cpu_s
    else:
        wall, cpu = peer.scoring_s / ours.scoring_s, peer.scoring_cpu_s / ours.scoring_cpu_s
    return f"{wall:.2f}x ({cpu:.2f}x)"


def _ends(side: SideFigures) -> str:
    return f"{side.losses[0]:.5f}, {side.losses[-1]:.5f}"
