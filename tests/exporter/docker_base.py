"""A Docker Engine for tests and a base image made from this very Python: no registry is asked.

`dockerd` is started when none answers and this machine can start one. The base image holds the
interpreter, what it links, time zones, a shell, two commands and the installed distributions of
the given pins, so that `pip install` of them has nothing to fetch; other versions lie beside as
wheels.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.metadata import distribution, version
from pathlib import Path

import docker
import httpx2
import pytest
from docker.errors import ImageNotFound
from docker.models.containers import Container
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from exporter.oci.layers import Item, write_layer
from exporter.oci.local_base import FOLDERS, SETTINGS, STDLIB, python_tree

ENGINE_LIMIT_S = 60.0
PIP_ARGS = "--no-index --find-links /wheels"
"""For builds on the base image: pip must ask no index."""

_REPOSITORY = "corecraft-test-base"
_COMMANDS = ("sh", "mkdir", "chown")
_PACKAGES = f"{STDLIB}/site-packages"
_ZONES = Path("/usr/share/zoneinfo")
"""Time zones, as python:3.11-slim has them."""


@contextmanager
def docker_engine(log: Path) -> Iterator[docker.DockerClient]:
    """A client of a Docker Engine; one that was started here is stopped at the end."""
    process = None
    if not _answers():
        if os.geteuid() != 0 or shutil.which("dockerd") is None:
            pytest.skip(
                "no Docker Engine answers, and none can be started (needs root and dockerd)"
            )
        with log.open("wb") as output:
            process = subprocess.Popen(["dockerd"], stdout=output, stderr=output)
    try:
        client = _connected(log, process)
        try:
            yield client
        finally:
            client.close()
    finally:
        if process is not None:
            process.terminate()
            process.wait(ENGINE_LIMIT_S)


def _answers() -> bool:
    """Whether an engine is there: a socket may be left over from one that was killed."""
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0


def _connected(log: Path, process: "subprocess.Popen[bytes] | None") -> docker.DockerClient:
    deadline_s = time.monotonic() + ENGINE_LIMIT_S
    while True:
        if _answers():
            return docker.from_env(timeout=300)
        ended = process is not None and process.poll() is not None
        if ended or time.monotonic() > deadline_s:
            raise AssertionError(f"dockerd did not start:\n{log.read_text()[-3000:]}")
        time.sleep(0.1)


def ready_url(container: Container, path: str) -> str:
    """Where a container publishes its port 8000, once a GET of the path answers 200."""
    deadline_s = time.monotonic() + ENGINE_LIMIT_S
    while time.monotonic() < deadline_s:
        container.reload()
        assert container.status in {"created", "running"}, container.logs().decode()
        for published in container.ports.get("8000/tcp") or ():
            url = f"http://127.0.0.1:{published['HostPort']}"
            with suppress(httpx2.TransportError):
                if httpx2.get(f"{url}{path}", follow_redirects=True).status_code == 200:
                    return url
        time.sleep(0.1)
    raise AssertionError(f"the container does not answer: {container.logs().decode()}")


def needed(names: Iterable[str]) -> set[str]:
    """The distributions that these need to run, extras and themselves too."""
    waiting = [Requirement(name) for name in names]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        wanted = waiting.pop()
        key = (canonicalize_name(wanted.name), frozenset(wanted.extras))
        if key not in seen:
            seen.add(key)
            waiting += _required(wanted)
    return {name for name, _ in seen}


def _required(wanted: Requirement) -> list[Requirement]:
    listed = [Requirement(text) for text in distribution(wanted.name).requires or ()]
    extras = {"", *wanted.extras}
    return [
        each
        for each in listed
        if each.marker is None or any(each.marker.evaluate({"extra": e}) for e in extras)
    ]


def import_base_image(container_engine: docker.DockerClient, tag: str, pins: Iterable[str]) -> str:
    """Imports a base image with this Python, pip and the pinned distributions; returns its name.

    Pins that are not what is installed here are in its `/wheels`: build with `PIP_ARGS`. One that
    was imported before from the same pins, by the same code, is taken as it is.
    """
    pins = tuple(pins)
    made_by = [sys.version, Path(__file__).read_text(encoding="utf-8"), *pins]
    tag = f"{tag}-{hashlib.sha256(chr(10).join(made_by).encode()).hexdigest()[:12]}"
    with suppress(ImageNotFound):
        return str(container_engine.images.get(f"{_REPOSITORY}:{tag}").tags[0])
    with tempfile.TemporaryDirectory() as folder:
        path = base_tar(Path(folder) / "base.tar", pins)
        changes = [f"ENV {text}" for text in SETTINGS["Env"]]
        container_engine.api.import_image_from_data(
            path.read_bytes(), repository=_REPOSITORY, tag=tag, changes=changes
        )
    return f"{_REPOSITORY}:{tag}"


def base_tar(path: Path, pins: Iterable[str]) -> Path:
    """Writes the root file system of that image."""
    files = _distribution_files("pip")
    wheels: dict[str, Path] = {}
    with tempfile.TemporaryDirectory() as folder:
        for pin in pins:
            name, _, wanted = pin.partition("==")
            if version(name) == wanted:
                files |= _distribution_files(name)
            else:
                wheels |= _download(pin, Path(folder))
        files |= {f"bin/{name}": Path(f"/bin/{name}").resolve() for name in _COMMANDS}
        files |= {p.as_posix().lstrip("/"): p for p in _ZONES.rglob("*") if p.is_file()}
        tree = {**python_tree(files.values()), **_items(files), **_items(wheels)}
        write_layer(tree, path, modes={**FOLDERS, "wheels": 0o755})
        return path


def _items(files: Mapping[str, Path]) -> dict[str, Item]:
    return {
        name: Item(data=path, mode=0o755 if os.access(path, os.X_OK) else 0o644)
        for name, path in files.items()
    }


def _download(pin: str, folder: Path) -> dict[str, Path]:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-d", str(folder)]
    subprocess.run([*command, pin], check=True)
    return {f"wheels/{path.name}": path for path in folder.iterdir()}


def _distribution_files(name: str) -> dict[str, Path]:
    found = distribution(name)
    return {
        f"{_PACKAGES}/{path.as_posix()}": Path(str(path.locate()))
        for path in found.files or ()
        if ".." not in path.parts and "__pycache__" not in path.parts
    }
