"""The groups of the `corecraft` command, each imported when one of its commands is asked for.

Training, benchmarks and the gates of an export load much that other commands never use. What the
commands are called stands here; what they do, in their own modules.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Final, TypeAlias

import typer
from typer.core import TyperGroup
from typer.main import get_group

if TYPE_CHECKING:
    from typer._click import Command, Context

_Make: TypeAlias = Callable[[], Mapping[str, "Command"]]


class Commands(TyperGroup):
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
