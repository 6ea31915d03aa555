"""Builds the Docker image of a bundle: the only module that uses the `docker` package.

After `writer`. The build context is made from verified files in memory, without solutions, so that
nothing else can slip in. It runs no container.
"""

import io
from collections.abc import Callable, Iterable, Mapping

import docker
from docker.errors import BuildError, DockerException
from docker.models.images import Image

from exporter import layout
from exporter.archive import tar_bytes
from exporter.bundle import Bundle
from exporter.errors import ImageError
from exporter.labels import image_tag, labels
from world_builder.frozen import Frozen

OnLine = Callable[[str], None]
"""Called with each line of the engine's build log."""


class BuiltImage(Frozen):
    """An image in the local engine."""

    id: str
    tag: str
    digest: str
    """Of the bundle inside."""


def connect() -> docker.DockerClient:
    """The Docker Engine of the environment. Raises ImageError when none answers."""
    try:
        client = docker.from_env()
        client.ping()
    except DockerException as error:
        raise ImageError(
            f"no Docker Engine answers ({error}). Start one (`dockerd`, Docker Desktop), or point "
            "DOCKER_HOST at it; a bundle also runs without: see its README.md"
        ) from error
    return client


def build_image(
    bundle: Bundle,
    *,
    tag: str | None = None,
    base_image: str | None = None,
    pip_args: str = "",
    client: docker.DockerClient | None = None,
    on_line: OnLine = lambda line: None,
) -> BuiltImage:
    """Builds the bundle's image, labelled with its digest and version.

    `base_image` replaces the Dockerfile's python:3.11-slim, `pip_args` are further options of pip,
    `tag` None takes `image_tag`. Raises ImageError with the end of the build log.
    """
    engine = client or connect()
    try:
        image, log = _build(
            engine, bundle, tag or image_tag(bundle), _arguments(base_image, pip_args)
        )
    except BuildError as error:
        raise ImageError(f"the build failed: {_end_of(error)}") from error
    except DockerException as error:
        raise ImageError(f"the engine could not build: {error}") from error
    finally:
        if client is None:
            engine.close()
    for entry in log:
        if isinstance(entry, Mapping) and str(entry.get("stream", "")).strip():
            on_line(str(entry["stream"]).rstrip())
    return BuiltImage(id=str(image.id), tag=tag or image_tag(bundle), digest=bundle.digest)


def _build(
    engine: docker.DockerClient, bundle: Bundle, tag: str, arguments: dict[str, str]
) -> tuple[Image, Iterable[object]]:
    return engine.images.build(
        fileobj=io.BytesIO(build_context(bundle)),
        custom_context=True,
        tag=tag,
        rm=True,
        forcerm=True,
        labels=labels(bundle),
        buildargs=arguments,
    )


def _arguments(base_image: str | None, pip_args: str) -> dict[str, str]:
    given = {"BASE_IMAGE": base_image, "PIP_ARGS": pip_args}
    return {name: value for name, value in given.items() if value}


def build_context(bundle: Bundle) -> bytes:
    """The tar that the engine builds from: the bundle without its solutions."""
    return tar_bytes(
        {n: d for n, d in bundle.files().items() if not n.startswith(layout.SOLUTIONS)}
    )


def _end_of(error: BuildError, lines: int = 12) -> str:
    streams = (str(e.get("stream") or e.get("error") or "") for e in error.build_log)
    said = [line.strip() for line in streams if line.strip()]
    return "\n".join([str(error.msg), *said[-lines:]])
