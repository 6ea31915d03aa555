"""Fixtures of the exporter's tests: an exported small world and a running server."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from exporter.bundle import Bundle
from exporter.container import REQUIREMENTS
from exporter.image import BuiltImage, build_image
from exporter.writer import write_bundle
from tests.exporter.docker_base import PIP_ARGS, docker_engine, import_base_image
from tests.exporter.servers import RunningServer, serving
from tests.exporter.small_world import library


@pytest.fixture(scope="session")
def bundle_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library as a bundle; read it, never change it."""
    return write_bundle(library(), "1.0.0", tmp_path_factory.mktemp("bundles"))


@pytest.fixture(scope="session")
def bundle(bundle_path: Path) -> Bundle:
    return Bundle.open(bundle_path)


@pytest.fixture(scope="session")
def server(bundle_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with control on, room for 16 rollouts, shared by the tests that need no other."""
    folder = tmp_path_factory.mktemp("server")
    token = secrets.token_urlsafe(16)
    with serving(bundle_path, folder, "--capacity", "16", token=token) as running:
        yield running


@pytest.fixture(scope="session")
def container_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[docker.DockerClient]:
    """A real Docker Engine, started here when none answers."""
    with docker_engine(tmp_path_factory.mktemp("dockerd") / "log") as client:
        yield client


@pytest.fixture(scope="session")
def base_image(container_engine: docker.DockerClient) -> str:
    return import_base_image(container_engine, "server", REQUIREMENTS.splitlines())


@pytest.fixture(scope="session")
def built(
    container_engine: docker.DockerClient, base_image: str, bundle: Bundle
) -> Iterator[BuiltImage]:
    """The library's image, as the engine builds it."""
    image = build_image(bundle, base_image=base_image, pip_args=PIP_ARGS, client=container_engine)
    yield image
    container_engine.images.remove(image.tag, force=True)
