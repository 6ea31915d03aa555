"""`corecraft bundle containers`: what the docker runtime has, or left behind, on Docker hosts.

`register` adds the command to the group of bundle commands, which lives elsewhere.
"""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rl_backend.errors import BackendError
from rl_backend.runtimes.containers import FoundContainer


def register(app: typer.Typer) -> None:
    """Adds the command to an application."""
    app.command("containers")(containers)


def containers(
    prune: Annotated[
        bool, typer.Option("--prune", help="Remove those whose process is gone.")
    ] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="With --prune: also those that are in use.")
    ] = False,
    host: Annotated[
        list[str] | None,
        typer.Option(help="A Docker host's URL; repeatable. Without it that of DOCKER_HOST."),
    ] = None,
) -> None:
    """List the containers of the docker runtime, and remove what was left behind.

    A runtime removes its containers when it ends, and those of dead processes when it starts; this
    is for hosts on which none starts any more.

    Example: corecraft bundle containers --prune
    """
    from rl_backend.runtimes.docker_checks import owned_containers, remove_left_behind
    from rl_backend.runtimes.docker_engine import DockerEngine

    urls: list[str | None] = [*host] if host else [None]
    try:
        if not prune:
            _show(owned_containers(urls))
            return
        for url in urls:
            engine = DockerEngine(url)
            try:
                for name in remove_left_behind(engine, also_used=everything):
                    typer.echo(f"removed {name}")
            finally:
                engine.close()
    except BackendError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(1) from error


def _show(found: tuple[FoundContainer, ...]) -> None:
    if not found:
        typer.echo("no containers")
        return
    table = Table("container", "run", "state", "", "host")
    for each in found:
        is_left = each.is_left_behind(datetime.now(UTC))
        cells = (each.name, each.run, each.status, "left behind" if is_left else "", each.host)
        table.add_row(*map(escape, cells))
    Console().print(table)
