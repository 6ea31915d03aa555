"""`corecraft bundle image`: by a Docker Engine, or as an archive without one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from exporter.bundle import Bundle
from exporter.cli_output import print_json, stderr, told

if TYPE_CHECKING:
    from exporter.image import BuiltImage
    from exporter.oci.export import ExportedImage


def image_command(
    path: Annotated[Path, typer.Argument(help="The folder or the tar of a bundle.")],
    tag: Annotated[str | None, typer.Option(help="Default: corecraft/WORLD:VERSION.")] = None,
    base_image: Annotated[
        str | None, typer.Option("--base", "--base-image", help="Replaces python:3.11-slim.")
    ] = None,
    pip_args: Annotated[str, typer.Option(help="Further options of pip in the build.")] = "",
    oci: Annotated[
        Path | None, typer.Option(help="Write an image archive here instead; asks no engine.")
    ] = None,
    base_tar: Annotated[
        Path | None,
        typer.Option(help="With --oci: a saved image or root file system; else this Python."),
    ] = None,
    wheels: Annotated[
        Path | None, typer.Option(help="With --oci: a folder with the server's requirements.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Build the image of a bundle, without its solutions.

    A Docker Engine builds it, with BuildKit or not. With --oci there need be none: the archive is
    for `docker load`, podman, skopeo and containerd, and is the same bytes each time.

    Example: corecraft bundle image bundles/tutorial-1.0.0 --oci tutorial.tar
    """
    with told():
        bundle = Bundle.open(path)
        image: BuiltImage | ExportedImage = (
            _built(bundle, tag, base_image, pip_args)
            if oci is None
            else exported(bundle, oci, tag=tag, base_tar=base_tar, wheels=wheels)
        )
    if as_json:
        print_json(image.model_dump(mode="json"))
    else:
        typer.echo(f"{image.tag}\n{image.id}")


def exported(
    bundle: Bundle,
    out: Path,
    *,
    tag: str | None = None,
    base_tar: Path | None = None,
    wheels: Path | None = None,
) -> "ExportedImage":
    """Writes the archive and tells of each step; the options are those of `export_image`."""
    from exporter.oci.export import export_image

    with stderr.status(f"writing the image of {bundle.name} {bundle.version}") as status:
        return export_image(
            bundle,
            out,
            tag=tag,
            base_tar=base_tar,
            wheels=wheels,
            on_step=lambda step: status.update(step),
        )


def _built(bundle: Bundle, tag: str | None, base: str | None, pip_args: str) -> "BuiltImage":
    from exporter.image import build_image

    with stderr.status(f"building the image of {bundle.name} {bundle.version}"):
        return build_image(bundle, tag=tag, base_image=base, pip_args=pip_args)
