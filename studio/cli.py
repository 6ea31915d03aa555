"""The `corecraft` command: the studio, worlds, bundles and training on one command line.

A group's module is imported when one of its commands is asked for, and each command imports what it
needs when it runs: `corecraft bundle verify` loads nothing of training.
"""

import socket
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import typer
from typer.core import TyperGroup
from typer.main import get_group

if TYPE_CHECKING:
    from typer._click import Command, Context

_Make: TypeAlias = Callable[[], Mapping[str, "Command"]]
"""Gives commands by name."""

STREAM_GRACE_S = 3
"""How long a stopping studio waits for open pages, whose streams would never end by themselves."""


class _Commands(TyperGroup):
    """Commands that are there once they, or all, are asked for."""

    def get_command(self, ctx: "Context", cmd_name: str) -> "Command | None":
        if cmd_name not in self.commands:
            made: _Make = _GROUPS.get(cmd_name, _training)
            self.commands.update(made())
        if cmd_name not in self.commands:
            self.list_commands(ctx)  # one of them may be meant
        return super().get_command(ctx, cmd_name)

    def list_commands(self, ctx: "Context") -> list[str]:
        self.commands.update(_training())
        for made in _GROUPS.values():
            self.commands.update(made())
        later = {*_training(), *_GROUPS}
        return [*_training(), *(name for name in self.commands if name not in later), *_GROUPS]


@cache
def _training() -> Mapping[str, "Command"]:
    from rl_backend import cli

    app = typer.Typer()
    cli.register(app)
    return get_group(app).commands


@cache
def _world() -> Mapping[str, "Command"]:
    from studio import cli_world

    return _grouped("world", cli_world.app)


@cache
def _bundle() -> Mapping[str, "Command"]:
    from exporter import cli
    from rl_backend import cli_containers

    cli_containers.register(cli.app)
    return _grouped("bundle", cli.app)


@cache
def _bench() -> Mapping[str, "Command"]:
    from studio import cli_bench

    return _grouped("bench", cli_bench.app)


def _grouped(name: str, group: typer.Typer) -> Mapping[str, "Command"]:
    app = typer.Typer()
    app.add_typer(group, name=name)
    return get_group(app).commands


_GROUPS: Final[Mapping[str, _Make]] = {
    "world": _world,
    "bundle": _bundle,
    "bench": _bench,
}


app = typer.Typer(
    name="corecraft",
    cls=_Commands,
    no_args_is_help=True,
    help="Author worlds, publish them as bundles, train on them and review what was learned.",
)


@app.callback()
def corecraft() -> None:
    """Author worlds, publish them as bundles, train on them and review what was learned."""


@app.command()
def studio(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port to listen on.")] = 8000,
    data_dir: Annotated[Path, typer.Option(help="Where the database and runs live.")] = Path("var"),
    backend_install: Annotated[
        bool, typer.Option(help="Install the training backend in the background when missing.")
    ] = True,
) -> None:
    """Start the web app; open the printed address in a browser."""
    import uvicorn

    from studio.app import create_app
    from studio.jobs import Jobs
    from studio.services.backend import backend_view, install_backend
    from studio.settings import Settings

    _make_folder(data_dir)
    settings = Settings(data_dir=data_dir, host=host, port=port)
    jobs = Jobs(settings.jobs)
    if backend_install and not backend_view(data_dir, jobs).is_ready:
        install_backend(data_dir, jobs)
    with _listener(host, port) as listener:
        app = create_app(settings)
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=STREAM_GRACE_S)
        typer.echo(f"CoreCraft Studio: http://{host}:{listener.getsockname()[1]}")
        uvicorn.Server(config).run(sockets=[listener])


def _listener(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises typer.BadParameter when it cannot."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        hint = "choose another --port, or stop what uses it"
        raise typer.BadParameter(
            f"cannot listen on {host}:{port}: {error.strerror}; {hint}"
        ) from error


def _make_folder(path: Path) -> None:
    """Raises typer.BadParameter where no folder can be."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise typer.BadParameter(f"--data-dir: {error.strerror}: {path}") from error


if __name__ == "__main__":
    app()
