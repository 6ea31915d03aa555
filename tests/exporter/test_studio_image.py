"""The top-level Dockerfile: its target `studio` is built and answers, without torch."""

import io
import tomllib
from importlib.metadata import version
from pathlib import Path

import docker
import httpx2

from exporter.archive import tar_bytes
from tests.exporter.docker_base import PIP_ARGS, import_base_image, needed, ready_url

ROOT = Path(__file__).parents[2]
PARTS = ("world_builder", "exporter", "rl_backend", "studio", "templates", "static")
TAG = "corecraft-test-studio:1"


def context() -> bytes:
    """What the .dockerignore lets through."""
    files = {
        name: ROOT / name for name in ("Dockerfile", "pyproject.toml", "setup.py", "README.md")
    }
    for part in PARTS:
        files |= {
            path.relative_to(ROOT).as_posix(): path
            for path in (ROOT / part).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
    return tar_bytes({name: path.read_bytes() for name, path in files.items()})


def pins() -> list[str]:
    """The studio's dependencies as they are installed here, and what builds it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = needed(["setuptools", *project["dependencies"]])
    return [f"{name}=={version(name)}" for name in sorted(names)]


def test_the_studio_image_serves_the_studio_without_torch(
    container_engine: docker.DockerClient,
) -> None:
    base = import_base_image(container_engine, "studio", pins())
    container_engine.images.build(
        fileobj=io.BytesIO(context()),
        custom_context=True,
        tag=TAG,
        target="studio",
        rm=True,
        forcerm=True,
        buildargs={"BASE_IMAGE": base, "PIP_ARGS": f"{PIP_ARGS} --no-build-isolation"},
    )
    container = container_engine.containers.run(
        TAG, detach=True, init=True, ports={"8000/tcp": ("127.0.0.1", 0)}
    )
    try:
        url = ready_url(container, "/health")
        page = httpx2.get(url, headers={"Accept": "text/html"}, follow_redirects=True)
        assert page.text.lstrip().lower().startswith("<!doctype html")
        look = (
            "import os; from importlib.util import find_spec as f; print(os.getuid(), f('torch'))"
        )
        done = container.exec_run(["python", "-c", look])
        assert done.output == b"10001 None\n"
    finally:
        container.remove(force=True)
        container_engine.images.remove(TAG, force=True)


def test_the_context_of_a_real_build_is_what_is_tested() -> None:
    allowed = (ROOT / ".dockerignore").read_text().splitlines()
    assert allowed[0] == "*"
    named = {line.removeprefix("!") for line in allowed if line.startswith("!")}
    assert named == {*PARTS, "pyproject.toml", "setup.py", "README.md"}
    copied = (ROOT / "Dockerfile").read_text()
    assert all(f"COPY {part} {part}" in copied for part in PARTS)
