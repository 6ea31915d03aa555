"""`corecraft world`: list, build, check and count the shipped worlds and world files."""

import json
from pathlib import Path
from typing import Annotated

import typer

from world_builder.errors import UnknownName
from world_builder.validation import Problem, has_errors, parse_world, validate_world
from world_builder.world import World
from world_builder.worlds import WORLD_NAMES, build_world

app = typer.Typer(no_args_is_help=True, help="Shipped worlds and world files.")

Source = Annotated[str, typer.Argument(help="A shipped world's name, or a JSON file of a world.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@app.command("list")
def list_worlds() -> None:
    """The names of the shipped worlds."""
    for name in WORLD_NAMES:
        typer.echo(name)


@app.command()
def build(
    name: Annotated[str, typer.Argument(help="A shipped world's name.")],
    out: Annotated[
        Path | None, typer.Option(help="File to write; standard output if not given.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Another seed gives a sibling world.")] = None,
) -> None:
    """Write a world as one JSON file."""
    text = _build(name, seed).model_dump_json(indent=2) + "\n"
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text)


@app.command()
def check(source: Source, as_json: AsJson = False) -> None:
    """Report everything that is wrong with a world; exit 1 when there is an error."""
    problems = _read(source)[1]
    if as_json:
        rows = [
            {"path": p.path, "severity": p.severity, "message": p.message, "hint": p.hint}
            for p in problems
        ]
        typer.echo(json.dumps(rows))
    else:
        for problem in problems:
            typer.echo(f"{problem.severity}: {problem}")
        typer.echo(f"{len(problems)} problems")
    raise typer.Exit(1 if has_errors(problems) else 0)


@app.command()
def stats(source: Source, as_json: AsJson = False) -> None:
    """Count what a world holds."""
    world, problems = _read(source)
    if world is None:
        typer.echo("\n".join(str(problem) for problem in problems), err=True)
        raise typer.Exit(1)
    counts = {
        "entity_types": len(world.entity_types), "entities": world.num_entities,
        "tools": len(world.tools), "tasks": len(world.tasks),
    }  # fmt: skip
    if as_json:
        typer.echo(json.dumps(counts))
    else:
        for name, number in counts.items():
            typer.echo(f"{name.replace('_', ' '):14}{number:>8,}")


def _read(source: str) -> tuple[World | None, tuple[Problem, ...]]:
    path = Path(source)
    if not path.is_file():
        world = _build(source, None)
        return world, validate_world(world)
    try:
        return parse_world(json.loads(path.read_text(encoding="utf-8")))
    except RecursionError as error:
        raise typer.BadParameter(f"{source} is nested too deeply to be a world") from error
    except ValueError as error:
        raise typer.BadParameter(f"{source} is not JSON: {error}") from error


def _build(name: str, seed: int | None) -> World:
    try:
        return build_world(name, seed)
    except UnknownName as error:
        raise typer.BadParameter(str(error)) from error
