"""A Docker Engine with the images of two shipped worlds and of a server that misbehaves."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
import pytest

from exporter.archive import tar_bytes
from exporter.bundle import Bundle
from exporter.container import REQUIREMENTS
from exporter.image import build_image
from exporter.labels import DIGEST_LABEL
from exporter.writer import write_bundle
from tests.exporter.docker_base import PIP_ARGS, docker_engine, import_base_image
from tests.exporter.small_world import library
from world_builder.state import WorldBase

DOUBLE = "corecraft-test-double:1"
_DOCKERFILE = b"""\
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
ARG DIGEST
COPY double_server.py /double_server.py
ENV PYTHONDONTWRITEBYTECODE=1 DOUBLE_DIGEST=${DIGEST}
ENTRYPOINT ["python", "-I", "/double_server.py"]
"""


@contextmanager
def built(container_engine: docker.DockerClient, bundle: Bundle, base_image: str) -> Iterator[None]:
    """The bundle's image, under a name that nobody else uses."""
    tag = f"corecraft-test-{bundle.name}:1"
    build_image(bundle, tag=tag, base_image=base_image, pip_args=PIP_ARGS, client=container_engine)
    yield
    container_engine.images.remove(tag, force=True)


@pytest.fixture(scope="session")
def container_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[docker.DockerClient]:
    """A real Docker Engine, started here when none answers."""
    with docker_engine(tmp_path_factory.mktemp("dockerd") / "log") as client:
        yield client


@pytest.fixture(scope="session")
def base_image(container_engine: docker.DockerClient) -> str:
    return import_base_image(container_engine, "server", REQUIREMENTS.splitlines())


@pytest.fixture(scope="session")
def bundle(tutorial: WorldBase, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bundle(
        tutorial.world, "1.0.0", tmp_path_factory.mktemp("bundles"), override_reason="a test"
    )


@pytest.fixture(scope="session")
def tutorial_image(
    container_engine: docker.DockerClient, base_image: str, bundle: Path
) -> Iterator[Bundle]:
    """The tutorial's bundle, of which the engine has the image."""
    opened = Bundle.open(bundle)
    with built(container_engine, opened, base_image):
        yield opened


@pytest.fixture(scope="session")
def corecraft_image(
    container_engine: docker.DockerClient, base_image: str, corecraft_bundle: Path
) -> Iterator[Bundle]:
    """The reference world's bundle, of which the engine has the image."""
    opened = Bundle.open(corecraft_bundle)
    with built(container_engine, opened, base_image):
        yield opened


@pytest.fixture(scope="session")
def double_image(
    container_engine: docker.DockerClient, base_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bundle]:
    """The library's bundle, as which the image `DOUBLE` poses."""
    opened = Bundle.open(write_bundle(library(), "1.0.0", tmp_path_factory.mktemp("library")))
    server = Path(__file__).with_name("double_server.py").read_bytes()
    container_engine.images.build(
        fileobj=io.BytesIO(tar_bytes({"Dockerfile": _DOCKERFILE, "double_server.py": server})),
        custom_context=True,
        tag=DOUBLE,
        rm=True,
        labels={DIGEST_LABEL: opened.digest},
        buildargs={"BASE_IMAGE": base_image, "DIGEST": opened.digest},
    )
    yield opened
    container_engine.images.remove(DOUBLE, force=True)
