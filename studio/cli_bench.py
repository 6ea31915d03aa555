"""`corecraft bench`: measured rates, each with a peer timed in the same run.

A command group of the `corecraft` command line; it changes nothing.
"""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from exporter.bench.start import StartFigures, bench_start
from exporter.errors import ExporterError
from world_builder.benchmark import Figure, bench_state
from world_builder.errors import WorldError
from world_builder.worlds import build_world

app = typer.Typer(
    help="Measure the system; every figure stands beside a peer timed in the same run.",
    no_args_is_help=True,
)


@app.callback()
def bench() -> None:
    """Measure the system; every figure stands beside a peer timed in the same run."""


@app.command()
def state(
    world: Annotated[str, typer.Option(help="A shipped world, such as `tutorial`.")] = "tutorial",
    seconds: Annotated[float, typer.Option(help="Work per figure, in seconds.", min=0.05)] = 1.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program.")] = False,
) -> None:
    """Resets, read calls, write calls and state hashes per second of one core, in process.

    The peer is SQLite in memory with one row of JSON per entity; it knows no schemas or
    preconditions, which the read and write calls of the world go through.

    Example: corecraft bench state --world tutorial
    """
    try:
        figures = _measured(world, seconds)
    except WorldError as error:
        typer.echo(f"cannot measure: {error}", err=True)
        raise typer.Exit(1) from error
    if as_json:
        rates = {f"{f.name}_per_s": round(f.per_s, 1) for f in figures}
        ratios = {f"{f.name}_ratio": round(f.ratio, 1) for f in figures}
        typer.echo(json.dumps({"world": world, **rates, **ratios}))
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
    table = Table(title=f"World `{world}`, one process")
    for heading in ("", "per core second", "SQLite", "ratio"):
        table.add_column(heading, justify="left" if not heading else "right")
    for f in figures:
        table.add_row(f.name, f"{f.per_s:,.0f}", f"{f.peer_per_s:,.0f}", f"{f.ratio:,.1f}x")
    return table
