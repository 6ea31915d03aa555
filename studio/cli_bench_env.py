"""`corecraft bench env`: our environment server beside OpenEnv's. A command of `cli_bench`."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from exporter.bench.env import EnvPlan, bench_env
from exporter.bench.env_client import GROUP_SIZE
from exporter.bench.env_types import EnvFigures, Measured, Rate
from exporter.bench.peer_venv import OPENENV, peer_python
from exporter.errors import ExporterError
from studio.cli_status import telling
from world_builder.errors import WorldError
from world_builder.worlds import build_world

_SATURATED = 0.8
"""Clients that take so much of a core are marked: they may be what was measured."""


def env_command(
    world: Annotated[str, typer.Option(help="A shipped world.")] = "corecraft",
    python: Annotated[
        Path | None,
        typer.Option("--peer-python", help="An interpreter that has OpenEnv; none makes one."),
    ] = None,
    clients: Annotated[str, typer.Option(help="Numbers of clients, by comma.")] = "1,8,64",
    seconds: Annotated[float, typer.Option(help="Of each rate.", min=0.1)] = 3.0,
    sessions: Annotated[int, typer.Option(help="Rollouts that memory is shared by.", min=1)] = 200,
    optional: Annotated[bool, typer.Option(help="Leave out what cannot be installed.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program.")] = False,
) -> None:
    """Resets, tool calls and memory of our environment server beside OpenEnv's, in the same run.

    Ours: a reset is a new rollout and the removal of the one before (two HTTP requests, for one or
    for a group of 16, which OpenEnv does not know and is compared with its single reset); a call
    is MCP over HTTP to a tool that gets an entity with its joins. OpenEnv: one message each over
    an open WebSocket; a call reads the bare entity, by its tools (`MCPEnvironment`, which its
    documents recommend) or by its leanest means (a plain `Environment`, asynchronous).

    Example: corecraft bench env --world corecraft
    """
    try:
        plan = EnvPlan(num_clients=_numbers(clients), seconds=seconds, num_memory_sessions=sessions)
        figures = _figures(world, python, plan)
    except (WorldError, ExporterError) as error:
        typer.echo(f"cannot measure: {error}", err=True)
        raise typer.Exit(0 if optional else 1) from error
    if as_json:
        typer.echo(figures.model_dump_json())
    else:
        Console().print(_table(figures))


def _numbers(text: str) -> tuple[int, ...]:
    numbers = [int(part) if part.isdecimal() else 0 for part in text.split(",")]
    if min(numbers) < 1:
        raise typer.BadParameter("name numbers of clients such as 1,8,64", param_hint="--clients")
    return tuple(numbers)


def _figures(world: str, python: Path | None, plan: EnvPlan) -> EnvFigures:
    with telling("making OpenEnv ready") as tell:
        interpreter = (python or peer_python(OPENENV)).absolute()
        for step in bench_env(build_world(world), interpreter, plan):
            if isinstance(step, EnvFigures):
                return step
            tell(f"measuring {step.value}")
    raise ExporterError("nothing was measured")


def _table(f: EnvFigures) -> Table:
    caption = (
        f"OpenEnv {f.openenv_version}; {f.num_cores} cores, load {f.load:.1f} at the start; "
        "in brackets: for each second of the server's processor time; * the clients were busy"
    )
    title = f"World `{f.world}` ({f.num_entities:,} entities), one server process, tool {f.tool}"
    table = Table(title=title, caption=caption)
    for heading in ("", "corecraft", "OpenEnv MCP", "ratio", "OpenEnv step", "ratio"):
        table.add_column(heading, justify="left" if not heading else "right")
    _add_rates(table, f, "resets/s", lambda measured: measured.resets)
    _add_groups(table, f)
    _add_rates(table, f, "tool calls/s", lambda measured: measured.calls)
    ours, *peers = (m.bytes_per_session / 1024 for m in (f.ours, f.openenv_mcp, f.openenv_step))
    cells = [cell for peer in peers for cell in (f"{peer:,.1f}", f"{peer / max(ours, 0.1):,.1f}x")]
    table.add_row("KiB of memory per rollout", f"{ours:,.1f}", *cells)
    return table


def _add_rates(
    table: Table, f: EnvFigures, name: str, rates: Callable[[Measured], tuple[Rate, ...]]
) -> None:
    sides = zip(rates(f.ours), rates(f.openenv_mcp), rates(f.openenv_step), strict=True)
    for ours, *peers in sides:
        cells = [cell for peer in peers for cell in (_told(peer), _ratio(ours, peer))]
        table.add_row(f"{name}, {ours.num_clients} at once", _told(ours), *cells)


def _add_groups(table: Table, f: EnvFigures) -> None:
    """Groups beside the single resets of peers that know no groups."""
    peers = {r.num_clients: (r, s) for r, s in zip(
        f.openenv_mcp.resets, f.openenv_step.resets, strict=True)}  # fmt: skip
    for group in f.ours.group_resets:
        beside = peers[group.num_clients]
        cells = [cell for peer in beside for cell in (_told(peer), _ratio(group, peer))]
        name = f"resets/s by groups of {GROUP_SIZE}, {group.num_clients} at once"
        table.add_row(name, _told(group), *cells)


def _told(rate: Rate) -> str:
    mark = " *" if rate.client_load > _SATURATED else ""
    return f"{rate.per_s:,.0f} ({rate.per_server_cpu_s:,.0f}){mark}"


def _ratio(ours: Rate, peer: Rate) -> str:
    by_cpu = ours.per_server_cpu_s / peer.per_server_cpu_s
    return f"{ours.per_s / max(peer.per_s, 1e-9):,.1f}x ({by_cpu:,.1f}x)"
