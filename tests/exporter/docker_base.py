"""A Docker Engine for tests and a base image made from this very Python: no registry is asked.

`dockerd` is started when none answers and this machine can start one. The base image holds the
interpreter, the shared libraries it links, a shell, two commands and the installed distributions of
the given pins, so that `pip install` of them has nothing to fetch; other versions lie beside as
wheels.
"""

import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
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

ENGINE_LIMIT_S = 60.0
PIP_ARGS = "--no-index --find-links /wheels"
"""For builds on the base image: pip must ask no index."""

_REPOSITORY = "corecraft-test-base"
_LEFT_OUT = {
    "test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3", "site-packages",
    "__pycache__",
}  # fmt: skip
_COMMANDS = ("sh", "mkdir", "chown")
_C_LIBRARY = (
    "libdl.so.2",
    "libgcc_s.so.1",
    "libm.so.6",
    "libpthread.so.0",
    "librt.so.1",
    "libutil.so.1",
)
_PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
_STDLIB = f"usr/local/lib/{_PYTHON}"


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


def import_base_image(engine: docker.DockerClient, tag: str, pins: Iterable[str]) -> str:
    """Imports a base image with this Python, pip and the pinned distributions; returns its name.

    Pins that are not what is installed here are in its `/wheels`: build with `PIP_ARGS`. One that
    was imported before from the same pins, by the same code, is taken as it is.
    """
    pins = tuple(pins)
    made_by = [sys.version, Path(__file__).read_text(encoding="utf-8"), *pins]
    tag = f"{tag}-{hashlib.sha256(chr(10).join(made_by).encode()).hexdigest()[:12]}"
    with suppress(ImageNotFound):
        return str(engine.images.get(f"{_REPOSITORY}:{tag}").tags[0])
    changes = ["ENV PATH=/usr/local/bin:/bin", "ENV LD_LIBRARY_PATH=/usr/local/lib"]
    engine.api.import_image_from_data(
        _base_tar(pins), repository=_REPOSITORY, tag=tag, changes=changes
    )
    return f"{_REPOSITORY}:{tag}"


def _base_tar(pins: Iterable[str]) -> bytes:
    files = _distribution_files("pip") | _stdlib_files()
    wheels: dict[str, Path] = {}
    with tempfile.TemporaryDirectory() as folder:
        for pin in pins:
            name, _, wanted = pin.partition("==")
            if version(name) == wanted:
                files |= _distribution_files(name)
            else:
                wheels |= _download(pin, Path(folder))
        files["usr/local/bin/python"] = Path(sys.executable).resolve()
        files |= {f"bin/{name}": Path(f"/bin/{name}").resolve() for name in _COMMANDS}
        return _tar(files | _libraries(files.values()) | wheels)


def _download(pin: str, folder: Path) -> dict[str, Path]:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-d", str(folder)]
    subprocess.run([*command, pin], check=True)
    return {f"wheels/{path.name}": path for path in folder.iterdir()}


def _tar(files: Mapping[str, Path]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for folder in ("tmp", "root", "wheels"):
            _add_folder(tar, folder, 0o1777)
        for name in sorted(files):
            _add(tar, name, files[name].read_bytes(), executable=os.access(files[name], os.X_OK))
        _add(tar, "etc/passwd", b"root:x:0:0::/root:/bin/sh\n")
    return buffer.getvalue()


def _stdlib_files() -> dict[str, Path]:
    root = Path(sysconfig.get_path("stdlib", vars={"installed_base": sys.base_prefix}))
    return {
        f"{_STDLIB}/{path.relative_to(root).as_posix()}": path
        for path in root.rglob("*")
        if path.is_file()
        and not _LEFT_OUT & set(path.relative_to(root).parts)
        and not path.relative_to(root).parts[0].startswith("config-")
    }


def _distribution_files(name: str) -> dict[str, Path]:
    found = distribution(name)
    return {
        f"{_STDLIB}/site-packages/{path.as_posix()}": Path(str(path.locate()))
        for path in found.files or ()
        if ".." not in path.parts and "__pycache__" not in path.parts
    }


def _libraries(files: Iterable[Path]) -> dict[str, Path]:
    """Shared libraries that the binaries among the files link, at the paths they are looked for.

    All of the C library's too: the wheels, which are installed later, may link any of them.
    """
    binaries = [str(p) for p in files if _is_binary(p)]
    listed = subprocess.run(["ldd", *binaries], capture_output=True, text=True, check=False).stdout
    linked = set(re.findall(r"(/\S+\.so[\S]*) \(0x", listed))
    linked |= {str(Path(p).with_name(n)) for p in linked if "/libc.so." in p for n in _C_LIBRARY}
    found = {path.lstrip("/"): Path(path).resolve() for path in linked if Path(path).exists()}
    local = {
        f"usr/local/lib/{Path(path).name}": Path(path).resolve()
        for path in linked
        if Path(path).exists() and not path.startswith(("/lib", "/usr/lib"))
    }
    return {n: p for n, p in found.items() if n.startswith(("lib", "usr/lib"))} | local


def _is_binary(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def _add(tar: tarfile.TarFile, name: str, data: bytes, *, executable: bool = False) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(data), 0o755 if executable else 0o644
    tar.addfile(entry, io.BytesIO(data))


def _add_folder(tar: tarfile.TarFile, name: str, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.DIRTYPE, mode
    tar.addfile(entry)
