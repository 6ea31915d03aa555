"""The image archive in what runs images: Docker's engine, podman and skopeo."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import httpx2
import pytest
from docker.models.containers import Container
from mcp import Client

from exporter.bundle import Bundle
from exporter.image import BuiltImage
from exporter.oci.export import ExportedImage, export_image
from tests.exporter.docker_base import ready_url

TAG = "corecraft-test-oci:1"
COMPARED = ("User", "WorkingDir", "Entrypoint", "Cmd", "Healthcheck", "ExposedPorts", "Labels")


@pytest.fixture(scope="module")
def archive(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> ExportedImage:
    out = tmp_path_factory.mktemp("oci") / "library.tar"
    return export_image(bundle, out, tag=TAG)


@pytest.fixture(scope="module")
def loaded(container_engine: docker.DockerClient, archive: ExportedImage) -> Iterator[str]:
    """The tag of the archive's image in the engine."""
    [image] = container_engine.images.load(Path(archive.path).read_bytes())
    assert image.id == archive.id
    yield TAG
    container_engine.images.remove(TAG, force=True)


@pytest.fixture(scope="module")
def container(container_engine: docker.DockerClient, loaded: str) -> Iterator[Container]:
    """Run as an operator should: no capabilities, nothing writable, no way up."""
    running = container_engine.containers.run(
        loaded,
        detach=True,
        init=True,
        read_only=True,
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        ports={"8000/tcp": ("127.0.0.1", 0)},
    )
    try:
        yield running
    finally:
        running.remove(force=True)


async def test_a_loaded_image_serves_the_bundle(container: Container, bundle: Bundle) -> None:
    url = ready_url(container, "/health")
    assert httpx2.get(f"{url}/health").json()["digest"] == bundle.digest
    async with Client(f"{url}/mcp") as client:
        answer = await client.call_tool("lend_book", {"book": "bk-02", "reader": "Rosa"})
        assert json.loads(answer.content[0].text)["id"] == "ln-002"  # type: ignore[union-attr]


def test_a_loaded_image_is_healthy_by_its_own_check(container: Container) -> None:
    ready_url(container, "/health")
    check = container.attrs["Config"]["Healthcheck"]["Test"]
    assert check[0] == "CMD"
    assert container.exec_run(check[1:]).exit_code == 0


def test_a_start_compiles_nothing(container: Container) -> None:
    """`-v` tells where each module's code comes from."""
    ready_url(container, "/health")
    command = ["python", "-v", "-m", "exporter.server", "/bundle", "--check", "--port", "0"]
    done = container.exec_run(command, stderr=True, environment={"PYTHONUNBUFFERED": "1"})
    assert done.exit_code == 0
    assert isinstance(done.output, bytes)
    lines = done.output.decode(errors="replace").splitlines()
    origins = [line.split("'")[1] for line in lines if line.startswith("# code object from '")]
    assert not [origin for origin in origins if not origin.endswith(".pyc")]
    assert not [line for line in lines if "could not create" in line]
    matches = [line for line in lines if line.startswith("# ") and " matches " in line]
    assert len(matches) > 200


def test_the_loaded_image_is_the_built_image(
    container_engine: docker.DockerClient, loaded: str, built: BuiltImage
) -> None:
    of_built = container_engine.images.get(built.tag).attrs["Config"]
    of_loaded = container_engine.images.get(loaded).attrs["Config"]
    assert {n: of_loaded[n] for n in COMPARED} == {n: of_built[n] for n in COMPARED}


def output(*command: str) -> Any:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def needs(program: str) -> None:
    if shutil.which(program) is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{program} is needed")
        pytest.skip(f"{program} is not installed")


@pytest.mark.parametrize("transport", ["docker-archive", "oci-archive"])
def test_skopeo_reads_both_layouts(transport: str, archive: ExportedImage) -> None:
    needs("skopeo")
    told = json.loads(output("skopeo", "inspect", f"{transport}:{archive.path}"))
    assert told["Labels"]["dev.corecraft.bundle.digest"] == archive.digest
    if transport == "oci-archive":
        assert told["Digest"] == archive.manifest_digest


def test_podman_loads_it(archive: ExportedImage) -> None:
    """In a folder of its own; podman takes no long name for its run root."""
    needs("podman")
    with tempfile.TemporaryDirectory(prefix="podman-") as folder:
        podman = ["podman", "--storage-driver=vfs", f"--root={folder}/a", f"--runroot={folder}/b"]
        output(*podman, "load", "-i", archive.path)
        [image] = json.loads(output(*podman, "image", "inspect", TAG))
    assert f"sha256:{image['Id']}" == archive.id
    assert image["User"] == "10001:10001"
