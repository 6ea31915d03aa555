"""The image of a bundle on a real Docker Engine: built, run locked down, asked over MCP."""

import io
import json
import os
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import docker
import httpx2
import pytest
from docker.models.containers import Container
from mcp import Client

from exporter.bundle import Bundle
from exporter.errors import ImageError
from exporter.image import BuiltImage, build_context, build_image
from exporter.labels import image_tag
from tests.exporter.docker_base import PIP_ARGS, ready_url


@pytest.fixture(scope="module")
def container(container_engine: docker.DockerClient, built: BuiltImage) -> Iterator[Container]:
    """The image as an operator should run it: no capabilities, nothing writable, no way up."""
    running = container_engine.containers.run(
        built.tag,
        detach=True,
        init=True,
        read_only=True,
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        ports={"8000/tcp": ("127.0.0.1", 0)},
        environment={"CORECRAFT_CONTROL_TOKEN": "trainer"},
    )
    try:
        yield running
    finally:
        running.remove(force=True)


async def test_a_container_serves_the_bundle(container: Container, bundle: Bundle) -> None:
    url = ready_url(container, "/health")
    assert httpx2.get(f"{url}/health").json()["digest"] == bundle.digest
    made = httpx2.post(f"{url}/rollouts", headers={"Authorization": "Bearer trainer"}).json()
    for address, loan in ((f"{url}/mcp", "ln-002"), (made["mcp_url"], "ln-002")):
        async with Client(address) as client:
            answer = await client.call_tool("lend_book", {"book": "bk-02", "reader": "Rosa"})
            assert json.loads(answer.content[0].text)["id"] == loan  # type: ignore[union-attr]


def executed(container: Container, *command: str) -> tuple[int, str]:
    """Exit code and output of a command inside the container."""
    done = container.exec_run(list(command))
    assert isinstance(done.output, bytes)
    return done.exit_code or 0, done.output.decode()


def test_a_container_is_small_in_rights(container: Container) -> None:
    ready_url(container, "/health")
    look = "import os, pathlib; print(os.getuid(), sorted(os.listdir('/bundle')))"
    _, said = executed(container, "python", "-c", look)
    assert said.startswith("10001 ")
    assert "'tasks'" in said
    assert "solutions" not in said
    code, said = executed(container, "python", "-c", "open('/bundle/x', 'w')")
    assert code == 1
    assert "Read-only file system" in said
    check = ["python", "-m", "exporter.server.healthcheck"]
    assert executed(container, *check, "http://127.0.0.1:8000/health")[0] == 0
    assert executed(container, *check, "http://127.0.0.1:1/health")[0] == 1


def test_an_image_says_what_it_holds(
    container_engine: docker.DockerClient, built: BuiltImage, bundle: Bundle
) -> None:
    image = container_engine.images.get(built.tag)
    assert image.id == built.id
    assert image.labels["dev.corecraft.bundle.digest"] == bundle.digest == built.digest
    assert image.labels["org.opencontainers.image.version"] == "1.0.0"
    assert built.tag == image_tag(bundle) == "corecraft/library:1.0.0"
    assert image.attrs["Config"]["User"] == "10001:10001"
    assert image.attrs["Config"]["Healthcheck"]["Test"][0] == "CMD"


def test_a_failed_build_shows_the_end_of_its_log(
    container_engine: docker.DockerClient, base_image: str, bundle: Bundle
) -> None:
    with pytest.raises(ImageError, match="no such option: --nonsense"):
        build_image(
            bundle,
            base_image=base_image,
            pip_args="--nonsense",
            tag="broken:1",
            client=container_engine,
        )


@pytest.mark.parametrize("buildkit", ["1", "0"], ids=["buildkit", "classic"])
def test_both_builders_build_the_folder_of_a_bundle(
    buildkit: str, container_engine: docker.DockerClient, base_image: str, bundle_path: Path
) -> None:
    """`docker build`, as the README says: .dockerignore keeps the solutions out."""
    tag = f"corecraft-test-{buildkit}:1"
    arguments = (f"BASE_IMAGE={base_image}", f"PIP_ARGS={PIP_ARGS}")
    options = [part for text in arguments for part in ("--build-arg", text)]
    done = subprocess.run(
        [docker_command(), "build", "--tag", tag, *options, str(bundle_path)],
        env={**os.environ, "DOCKER_BUILDKIT": buildkit},
        capture_output=True,
        text=True,
        check=False,
    )
    if "buildx component is missing" in done.stderr and os.environ.get("CI") != "true":
        pytest.skip("this docker command has no BuildKit")
    assert done.returncode == 0, done.stderr
    try:
        look = "import os; print(os.getuid(), sorted(os.listdir('/bundle')))"
        said = container_engine.containers.run(tag, ["-c", look], entrypoint="python", remove=True)
        assert said.startswith(b"10001 ")
        assert b"'tasks'" in said
        assert b"solutions" not in said
        assert container_engine.images.get(tag).labels == {
            "dev.corecraft.bundle.world": "library",
            "org.opencontainers.image.version": "1.0.0",
        }
    finally:
        container_engine.images.remove(tag, force=True)


def docker_command() -> str:
    """The command that came with the engine, if there is one: another may lack BuildKit."""
    return "/usr/bin/docker" if os.access("/usr/bin/docker", os.X_OK) else "docker"


def test_the_build_context_has_no_solutions(bundle: Bundle, tmp_path: Path) -> None:
    context = build_context(bundle)
    with tarfile.open(fileobj=io.BytesIO(context)) as tar:
        names = tar.getnames()
    assert "Dockerfile" in names
    assert "tasks/lend-emma.json" in names
    assert not [name for name in names if name.startswith("solutions")]
    (tmp_path / "context.tar").write_bytes(context)
    assert Bundle.open(tmp_path / "context.tar").digest == bundle.digest
