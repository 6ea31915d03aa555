"""`corecraft bench`: measured rates, each with a peer timed in the same run.

A command group of the `corecraft` command line; it changes nothing.
"""

import asyncio
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from exporter.bench.rollout_memory import rollout_memory
from exporter.bench.start import StartFigures, bench_start
from exporter.errors import ExporterError
from studio.cli_bench_env import env_command
from studio.cli_bench_rollout import rollout_command
from studio.cli_bench_train import train_command
from world_builder.benchmark import Figure, bench_state
from world_builder.errors import WorldError
from world_builder.worlds import build_world

if TYPE_CHECKING:
    from rl_backend.container_bench import ContainerFigures

app = typer.Typer(
    help="Measure the system; every figure stands beside a peer timed in the same run.",
    no_args_is_help=True,
)


@app.callback()
def bench() -> None:
    """Measure the system; every figure stands beside a peer timed in the same run."""


app.command("env")(env_command)
app.command("train")(train_command)
app.command("rollout")(rollout_command)


@app.command()
def state(
    world: Annotated[str, typer.Option(help="A shipped world, such as `tutorial`.")] = "tutorial",
    seconds: Annotated[float, typer.Option(help="Work per figure, in seconds.", min=0.05)] = 1.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program.")] = False,
) -> None:
    """Resets, calls by kind and state hashes per second of one core, in process.

    Each kind of call is measured warm (the base has its indexes) and cold (the first pass over the
    same calls). The peer is SQLite in memory with one row of JSON per entity; it knows no schemas
    or preconditions, which the calls of the world go through.

    Example: corecraft bench state --world corecraft
    """
    try:
        figures = _measured(world, seconds)
    except WorldError as error:
        typer.echo(f"cannot measure: {error}", err=True)
        raise typer.Exit(1) from error
    if as_json:
        told = [{**asdict(f), "ratio": round(f.ratio, 2)} for f in figures]
        typer.echo(json.dumps({"world": world, "load": os.getloadavg()[0], "figures": told}))
    else:
        Console().print(_table(world, figures))


@app.command()
def start(
    world: Annotated[str, typer.Option(help="A shipped world, such as `tutorial`.")] = "tutorial",
    repeats: Annotated[int, typer.Option(help="Starts of each server.", min=1)] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program.")] = False,
) -> None:
    """Seconds from the start of an environment server's process to its first answered tool call.

    The peer is the MCP SDK's own server with the same tools and no world behind them. Medians.

    Example: corecraft bench start --world tutorial
    """
    try:
        with Console(stderr=True).status(f"starting servers of {world}"):
            figures = bench_start(build_world(world), repeats)
    except (WorldError, ExporterError) as error:
        typer.echo(f"cannot measure: {error}", err=True)
        raise typer.Exit(1) from error
    if as_json:
        typer.echo(json.dumps({"world": world, "repeats": repeats, **asdict(figures)}))
    else:
        Console().print(_start_table(world, figures))


def _start_table(world: str, figures: StartFigures) -> Table:
    table = Table(title=f"World `{world}`, start to first answered call")
    for heading in ("", "server", "MCP SDK", "ratio"):
        table.add_column(heading, justify="left" if not heading else "right")
    ours, peer = figures.ours, figures.peer
    table.add_row(
        "seconds", f"{ours.wall_s:.2f}", f"{peer.wall_s:.2f}", f"{figures.wall_ratio:.1f}x"
    )
    table.add_row(
        "CPU seconds", f"{ours.cpu_s:.2f}", f"{peer.cpu_s:.2f}", f"{figures.cpu_ratio:.1f}x"
    )
    return table


@app.command("memory")
def memory_command(
    bundle: Annotated[Path, typer.Argument(help="A bundle whose tasks have solutions that write.")],
    rollouts: Annotated[int, typer.Option(help="Rollouts at the same time.", min=1)] = 1000,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program.")] = False,
) -> None:
    """Memory of a rollout in an environment server, over the base that all of them share.

    Example: corecraft bench memory bundles/corecraft-1.0.0
    """
    try:
        with Console(stderr=True).status(f"playing {rollouts:,} rollouts, twice"):
            figure = rollout_memory(bundle, rollouts)
    except ExporterError as error:
        typer.echo(f"cannot measure: {error}", err=True)
        raise typer.Exit(1) from error
    if as_json:
        typer.echo(json.dumps(asdict(figure)))
        return
    typer.echo(
        f"{figure.num_rollouts:,} rollouts after {figure.num_calls} calls and "
        f"{figure.changes_per_rollout:.1f} changes each: "
        f"{figure.allocated_bytes / 1024:.1f} KiB of objects a rollout, "
        f"{figure.resident_bytes / 1024:.1f} KiB more resident memory"
    )


@app.command("containers")
def containers_command(
    bundle: Annotated[Path, typer.Argument(help="A bundle whose image the engine has.")],
    group: Annotated[int, typer.Option(help="Containers of a group.", min=1)] = 16,
    rounds: Annotated[int, typer.Option(help="Groups of which medians are taken.", min=1)] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program.")] = False,
) -> None:
    """Cold starts, warm groups, calls and memory of containers, beside one server process.

    Example: corecraft bench containers bundles/tutorial-1.0.0
    """
    from exporter.bundle import Bundle
    from exporter.errors import ExporterError
    from rl_backend.container_bench import bench_containers
    from rl_backend.docker_config import DockerConfig
    from rl_backend.errors import BackendError

    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    try:
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            shown = progress.add_task("opening the bundle", total=None)
            measuring = bench_containers(
                Bundle.open(bundle),
                DockerConfig(),
                group_size=group,
                num_rounds=rounds,
                on_stage=lambda stage: progress.update(shown, description=stage),
            )
            figures = asyncio.run(measuring)
    except (BackendError, ExporterError) as error:
        typer.echo(f"cannot measure: {error}", err=True)
        raise typer.Exit(1) from error
    if as_json:
        typer.echo(figures.model_dump_json())
    else:
        Console().print(_containers_table(figures))


def _containers_table(f: "ContainerFigures") -> Table:
    table = Table(title=f.bundle, caption=_conditions(f))
    for heading in ("", "containers", "one server", "ratio"):
        table.add_column(heading, justify="left" if not heading else "right")
    group = f"group of {f.group_size}"
    table.add_row("cold start to first answer", f"{f.cold_start_s:.2f} s", "", "")
    table.add_row(f"cold {group}", f"{f.cold_group_s:.1f} s", "", "")
    ours, peer = f.warm_group_s, f.server_group_s
    table.add_row(f"warm {group}", f"{ours:.3f} s", f"{peer:.3f} s", f"{peer / ours:,.2f}x")
    table.add_row("warm instead of cold", "", "", f"{f.cold_group_s / ours:,.0f}x")
    table.add_row(f"verified reset of a {group}", f"{f.restore_group_s:.3f} s", "", "")
    for name, ours, peer in (
        ("calls/s, one world", f.calls_per_s, f.server_calls_per_s),
        (f"calls/s, {group}", f.group_calls_per_s, f.server_group_calls_per_s),
    ):
        table.add_row(name, f"{ours:,.0f}", f"{peer:,.0f}", f"{ours / peer:,.2f}x")
    table.add_row("memory of a container", f"{f.memory_mib:.0f} MiB", "", "")
    return table


def _conditions(f: "ContainerFigures") -> str:
    return (
        f"medians of {f.num_rounds} rounds; {'; '.join(f.hosts)}; {f.limits} each; "
        f"{f.num_cores} cores, load {f.load:.1f} at the start"
    )


def _measured(world: str, seconds: float) -> list[Figure]:
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        shown = progress.add_task("building the world", total=None)
        figures = []
        for figure in bench_state(build_world(world), seconds):
            figures.append(figure)
            progress.update(shown, description=f"{figure.name}: {figure.per_s:,.0f}/s")
        return figures


def _table(world: str, figures: list[Figure]) -> Table:
    caption = f"per second of one core; warm, cold: see --help; load {os.getloadavg()[0]:.1f}"
    table = Table(title=f"World `{world}`, one process", caption=caption)
    headings = ("", "calls", "warm", "cold", "to reach", "SQLite", "ratio", "SQLite does")
    for heading in headings:
        table.add_column(heading, justify="left" if heading in ("", headings[-1]) else "right")
    for f in figures:
        numbers = (f.num_calls, f.per_s, f.cold_per_s, f.target_per_s, f.peer_per_s)
        told = ("" if number is None else f"{number:,.0f}" for number in numbers)
        table.add_row(f.name, *told, f"{f.ratio:,.1f}x", f.peer)
    return table
