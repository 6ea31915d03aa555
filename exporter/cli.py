"""`corecraft bundle`: export, verify, show, pack, serve, image, diff.

Thin: every command is one call of a module beside it, imported when it runs: to verify a bundle
needs none of what its gates need. Results go to standard output, progress and errors to standard
error.
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from exporter.bundle import Bundle, verify
from exporter.cli_diff import diff_command
from exporter.cli_image import exported, image_command
from exporter.cli_output import print_json, stderr, stdout, told
from exporter.cli_signing import (
    keygen_command,
    looked_at,
    sign_command,
    signature_json,
    signature_line,
)
from exporter.garbage import uncollected
from exporter.manifest import GateReport
from exporter.signing import SignatureState
from world_builder.frozen import Json

if TYPE_CHECKING:
    from exporter.gate_workers import Meanwhile
    from exporter.manifest import Release
    from exporter.run_cache import RunKeys
    from world_builder.world import World

app = typer.Typer(
    name="bundle",
    no_args_is_help=True,
    help="Freeze a world into a bundle that never changes; verify, serve and ship it.",
)

app.command("diff")(diff_command)
app.command("image")(image_command)
app.command("keygen")(keygen_command)
app.command("sign")(sign_command)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
BundlePath = Annotated[Path, typer.Argument(help="The folder or the tar of a bundle.")]

_TASKS_A_STEP = 16
"""The progress bar moves once in so many tasks."""


@app.command("export")
def export_command(
    name: Annotated[
        str, typer.Argument(help="A shipped world, a world's JSON file or folder, or a bundle.")
    ],
    version: Annotated[str, typer.Option(help="Semantic version, such as 1.0.0.")],
    out: Annotated[Path, typer.Option(help="The folder that will hold NAME-VERSION.")],
    override_reason: Annotated[
        str, typer.Option(help="Publish although a gate is shut; the manifest carries the reason.")
    ] = "",
    notes: Annotated[str, typer.Option(help="Release notes, or @FILE with them.")] = "",
    parent: Annotated[
        Path | None, typer.Option(help="The bundle that this version follows.")
    ] = None,
    bump_reason: Annotated[
        str, typer.Option(help="Why the version goes up by less than the changes call for.")
    ] = "",
    oci: Annotated[
        Path | None,
        typer.Option(help="Write the image's archive here, too: for `docker load` and podman."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write the bundle of a world, once all gates are open.

    The same world always gives the same bytes and the same digest. A version that exists is never
    replaced by another one.

    Example: corecraft bundle export tutorial --version 1.0.0 --out bundles
    """
    from exporter.contents import contents_of
    from exporter.files import open_files
    from exporter.seal import read_seal
    from exporter.sources import load_world
    from exporter.writer import write_bundle

    with told(), uncollected():
        world = load_world(name)
        release = _release(world, version, notes, parent, bump_reason)
        contents = cache(lambda: contents_of(world, version))
        report = _run_gates(world, meanwhile=contents)
        path = write_bundle(
            world,
            version,
            out,
            gates=report,
            override_reason=override_reason,
            release=release,
            contents=contents(),
        )
        digest = read_seal(open_files(path), path).digest
        image = None if oci is None else exported(Bundle.open(path), oci)
    if as_json:
        extra: dict[str, Json] = {} if image is None else {"image": image.model_dump(mode="json")}
        print_json({"digest": digest, "path": str(path), **extra})
        return
    stdout.print(_gate_table(report))
    typer.echo(f"{path}\ndigest {digest}")
    if image is not None:
        typer.echo(f"image {image.path}\n{image.tag}\n{image.id}")


@app.command("verify")
def verify_command(
    path: BundlePath,
    public_key: Annotated[
        str | None, typer.Option(help="Who must have signed it: a .pub file, or its line.")
    ] = None,
    signature: Annotated[
        Path | None, typer.Option(help="The signature; the file beside the bundle if not given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Recompute every hash; name each changed, missing or extra file and exit with 1.

    With a public key the bundle must be signed by its owner, too.
    """
    report = verify(path)
    if not report.is_intact:
        if as_json:
            print_json({**report.model_dump(mode="json"), "is_intact": False})
        else:
            typer.echo("\n".join(report.faults()), err=True)
        raise typer.Exit(1)
    view = looked_at(path, public_key, signature)
    if as_json:
        told_of: dict[str, Json] = report.model_dump(mode="json")
        print_json(told_of | {"is_intact": True, "signature": signature_json(view)})
    else:
        solutions = "with" if report.has_solutions else "without"
        typer.echo(f"intact: {report.num_files} files, {solutions} solutions, {report.digest}")
        typer.echo(signature_line(view), err=view.state is SignatureState.BAD)
    is_wanted = public_key is not None and view.state is not SignatureState.VALID
    if is_wanted or view.state is SignatureState.BAD:
        raise typer.Exit(1)


@app.command("show")
def show_command(path: BundlePath, as_json: AsJson = False) -> None:
    """Print what a bundle says of itself: counts, splits, judge, gates."""
    with told():
        manifest = Bundle.open(path).manifest
    if as_json:
        print_json(manifest.model_dump(mode="json"))
        return
    table = Table(title=escape(f"{manifest.title} {manifest.version}"), show_header=False)
    for name, count in manifest.counts.model_dump().items():
        table.add_row(name.replace("_", " "), str(count))
    splits = manifest.splits
    table.add_row("train / held out", f"{len(splits.train)} / {len(splits.held_out)}")
    table.add_row("judge", escape(manifest.judge.id))
    if manifest.release is not None and manifest.release.parent is not None:
        table.add_row("follows", escape(manifest.release.parent.version))
    stdout.print(table, _gate_table(manifest.gates))
    if manifest.release is not None and manifest.release.notes:
        typer.echo(manifest.release.notes)
    typer.echo(f"digest {manifest.digest}")


@app.command("pack")
def pack_command(
    path: BundlePath,
    out: Annotated[Path, typer.Argument(help="The file to write: .tar, .tar.gz or .tgz.")],
    solutions: Annotated[
        bool, typer.Option(help="Whether reference solutions go along (the digest stays).")
    ] = True,
) -> None:
    """Write a bundle as one tar, the same bytes each time."""
    from exporter.writer import pack

    with told():
        typer.echo(str(pack(Bundle.open(path), out, with_solutions=solutions)))


@app.command("serve")
def serve_command(
    path: BundlePath,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes a free one.")] = 8000,
    port_file: Annotated[
        Path | None, typer.Option(help="Where to write the port once requests are answered.")
    ] = None,
    capacity: Annotated[int, typer.Option(help="Most rollouts at one time.", min=1)] = 1024,
    surface: Annotated[str, typer.Option(help="Tool surface of the world at /mcp.")] = "default",
    workers: Annotated[
        int, typer.Option(help="Processes behind the one address; more than 1 need control.", min=1)
    ] = 1,
    idle_seconds: Annotated[
        float, typer.Option(help="Rollouts that are idle for so long are removed.", min=0.1)
    ] = 1800.0,
    drain_seconds: Annotated[
        float, typer.Option(help="Once told to stop, rollouts may go on for so long.", min=0)
    ] = 5.0,
) -> None:
    """Serve a bundle's world over MCP at /mcp until interrupted.

    With a secret in CORECRAFT_CONTROL_TOKEN a trainer may also make isolated rollouts
    (POST /rollouts) and read /metrics. CORECRAFT_SERVER_HOSTS names the hosts a URL may use.
    """
    from exporter.server.__main__ import main

    options = ["--host", host, "--port", str(port), "--capacity", str(capacity)]
    options += ["--surface", surface, "--workers", str(workers)]
    options += ["--idle-seconds", str(idle_seconds), "--drain-seconds", str(drain_seconds)]
    options += [] if port_file is None else ["--port-file", str(port_file)]
    raise typer.Exit(main([str(path), *options]))


def _release(
    world: "World", version: str, notes: str, parent: Path | None, bump_reason: str
) -> "Release":
    from exporter.manifest import Release
    from exporter.releases import clean, release_after

    text = Path(notes[1:]).read_text(encoding="utf-8") if notes.startswith("@") else notes
    if parent is None:
        return Release(notes=clean(text))
    return release_after(Bundle.open(parent), world, version, notes=text, bump_reason=bump_reason)


def _run_gates(world: "World", meanwhile: "Meanwhile") -> GateReport:
    """The gates' report; what earlier exports found of unchanged tasks is kept in a file.

    `meanwhile` is called while other processes run tasks, if any do.
    """
    from rich.progress import Progress

    from exporter.gate_workers import fill
    from exporter.gates import run_gates
    from exporter.run_cache import FileRuns, default_file

    runs = FileRuns(default_file())
    # Refreshed by hand: a bar with a thread of its own would keep workers from being forked.
    with Progress(console=stderr, transient=True, auto_refresh=False) as progress:
        bar = progress.add_task("running references and planted errors", total=len(world.tasks))

        def advance() -> None:
            progress.advance(bar)
            if progress.tasks[0].completed % _TASKS_A_STEP == 0:
                progress.refresh()

        def warm(keys: "RunKeys") -> None:
            fill(world, runs, keys, advance, meanwhile)
            progress.reset(bar)

        report = run_gates(world, on_task=advance, cache=runs, warm=warm)
    runs.save()
    return report


def _gate_table(report: GateReport) -> Table:
    table = Table("gate", "", "detail")
    for gate in report.gates:
        mark = "met" if gate.is_met else "unmet" if gate.is_blocking else "warns"
        table.add_row(gate.name, mark, escape(gate.detail))
    return table
