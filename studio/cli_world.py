"""`corecraft world`: list, build, check, audit and count the shipped worlds and world files."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from studio.cli_stats import gather, show
from world_builder.audit import AUDIT_NAMES, AuditReport, run_audits
from world_builder.errors import UnknownName
from world_builder.validation import Problem, has_errors, parse_world, validate_world
from world_builder.wording import counted
from world_builder.world import World
from world_builder.worlds import WORLD_NAMES, build_world, violations

if TYPE_CHECKING:
    from studio.services.importing import Imported

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
    """Report what is wrong with a world, and with the story it tells; exit 1 for an error."""
    world, problems = _read(source)
    is_bad = has_errors(problems)
    broken = () if world is None or is_bad else _violations(source, world)
    if as_json:
        typer.echo(json.dumps({"problems": _rows(problems), "violations": broken}))
    else:
        for problem in problems:
            typer.echo(f"{problem.severity}: {problem}")
        for violation in broken or ():
            typer.echo(f"violation: {violation}")
        told = "not checked for consistency" if broken is None or is_bad else _consistency(broken)
        typer.echo(f"{counted(len(problems), 'problem')}, {told}")
        if world is not None:
            typer.echo(", ".join(f"{n:,} {name}" for name, n in _counts(world).items()))
    raise typer.Exit(1 if is_bad or broken else 0)


@app.command()
def audit(
    source: Source,
    only: Annotated[
        list[str] | None, typer.Option(help=f"Run this audit alone: {', '.join(AUDIT_NAMES)}.")
    ] = None,
    survivors: Annotated[
        bool, typer.Option("--survivors", help="List the planted errors that went unnoticed.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Which errors are planted and what is sampled.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Run every task of a world: are they solvable, hard to fool and well scored? Exit 1 if not."""
    world = _readable(source)
    reports = _audited(world, tuple(only or AUDIT_NAMES), seed)
    if as_json:
        typer.echo(json.dumps([asdict(report) for report in reports]))
    else:
        for report in reports:
            _print_report(report, survivors)
    raise typer.Exit(0 if all(report.is_met for report in reports) else 1)


@app.command()
def stats(
    source: Source,
    as_json: AsJson = False,
    run: Annotated[
        bool, typer.Option(help="Run the references, to see which entity types they touch.")
    ] = True,
) -> None:
    """Count what a world holds, how its tasks are spread and what they exercise."""
    world = _readable(source)
    found = gather(world, runs_references=run)
    if as_json:
        typer.echo(json.dumps(asdict(found)))
    else:
        show(world, found)


@app.command("import")
def import_command(
    path: Annotated[Path, typer.Argument(help="The folder or the tar of a bundle.")],
    name: Annotated[str, typer.Option(help="Name of the world; the bundle's own if empty.")] = "",
    solutions: Annotated[
        bool, typer.Option(help="Whether reference solutions are imported.")
    ] = True,
    data_dir: Annotated[Path, typer.Option(help="Where the studio keeps its data.")] = Path("var"),
    as_json: AsJson = False,
) -> None:
    """Make a bundle a world of a studio, once every hash of it agrees with its manifest.

    Under its own name the bundle is kept as a published version too. A name that is taken needs
    another one (--name).

    Example: corecraft world import tutorial-1.0.0.tar.gz --name my-bookshop
    """
    imported = _imported(path, name, solutions, data_dir)
    if as_json:
        typer.echo(json.dumps(asdict(imported)))
        return
    typer.echo(f"{imported.world}: {counted(imported.num_tasks, 'task')}, {imported.digest}")


def _imported(path: Path, name: str, solutions: bool, data_dir: Path) -> "Imported":
    from studio.database import Database
    from studio.errors import StudioError
    from studio.services import importing
    from studio.settings import Settings

    settings = Settings(data_dir=data_dir)
    try:
        bundle = importing.verified(path)
        database = Database(settings.url)
        database.migrate()
        return importing.import_bundle(
            database, settings.bundles, bundle, name=name, with_solutions=solutions,
            who=settings.user,
        )  # fmt: skip
    except (StudioError, OSError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error


def _counts(world: World) -> dict[str, int]:
    return {
        "entity types": len(world.entity_types), "entities": world.num_entities,
        "tools": len(world.tools), "tasks": len(world.tasks),
    }  # fmt: skip


def _rows(problems: tuple[Problem, ...]) -> list[dict[str, str]]:
    return [
        {"path": p.path, "severity": p.severity, "message": p.message, "hint": p.hint}
        for p in problems
    ]


def _violations(source: str, world: World) -> tuple[str, ...] | None:
    """What breaks a shipped world's story; None for a file, or a world without invariants."""
    return None if Path(source).is_file() else violations(source, world)


def _consistency(broken: tuple[str, ...]) -> str:
    return f"{len(broken)} consistency violations"


def _audited(world: World, names: tuple[str, ...], seed: int) -> list[AuditReport]:
    num_steps = len(world.tasks) * len(names)
    with typer.progressbar(length=num_steps, label="auditing", file=sys.stderr) as bar:
        try:
            return list(run_audits(world, names, seed=seed, on_task=lambda: bar.update(1)))
        except UnknownName as error:
            raise typer.BadParameter(str(error), param_hint="--only") from error


def _print_report(report: AuditReport, shows_survivors: bool) -> None:
    typer.echo(f"{'ok  ' if report.is_met else 'FAIL'} {report.name}: {report.detail}")
    for failure in report.failures:
        typer.echo(f"     {failure}")
    if report.name != "mutation" or shows_survivors:
        for observation in report.observations:
            typer.echo(f"     . {observation}")


def _readable(source: str) -> World:
    """A world that can be run; exits with 1 and the problems of one that cannot."""
    world, problems = _read(source)
    if world is None or has_errors(problems):
        typer.echo("\n".join(str(problem) for problem in problems), err=True)
        raise typer.Exit(1)
    return world


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
