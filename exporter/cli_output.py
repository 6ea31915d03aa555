"""What the bundle commands share: how errors are told and JSON is printed."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console

from exporter.errors import ExporterError
from world_builder.errors import WorldError
from world_builder.frozen import Json

stdout = Console()
"""Standard output: results."""
stderr = Console(stderr=True)
"""Standard error: progress."""


@contextmanager
def told() -> Iterator[None]:
    """Tells what went wrong in full and exits with 1; a traceback is for our own mistakes."""
    try:
        yield
    except (ExporterError, WorldError, OSError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error


def print_json(value: Json) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False))
