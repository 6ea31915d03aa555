"""The image that a bundle's image stands on, read from a tar: its layers, its settings, its Python.

A tar is a root file system, a docker-archive or an OCI layout, of one image each. Layers are copied
and checked against the digests that name them; nothing of them is unpacked.
"""

import gzip
import json
import re
import shutil
import tarfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

from exporter.errors import ImageError
from exporter.oci.layers import Blob, blob_of
from exporter.oci.target import Target

_INDEX: Final = "index.json"
_DOCKER_MANIFEST: Final = "manifest.json"
_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_STDLIB: Final = re.compile(r"((?:usr/local|usr)/lib/python(3\.\d+))/os\.py")
_PYTHONS: Final = re.compile(r"(?:usr/local/|usr/)?bin/(python3?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class BasePython:
    """The Python of a base."""

    command: str
    """`python` or `python3`, on the path."""
    stdlib: str
    """The folder of its standard library, from the root."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What an image stands on."""

    layers: tuple[Blob, ...]
    """Uncompressed, the lowest first."""
    target: Target
    settings: dict[str, Any]
    """The `config` of its configuration: environment, labels and so on."""
    python: BasePython
    folders: frozenset[str]
    """All folders in its layers."""


def read_base(path: Path, folder: Path, architecture: str) -> Base:
    """The base in a tar; its layers are written into a folder.

    A root file system is taken for one of the given architecture. Raises ImageError.
    """
    try:
        with tarfile.open(path, mode="r:*") as tar:
            names = {member.name.removeprefix("./") for member in tar}
            if not names & {_INDEX, _DOCKER_MANIFEST}:
                return _from_root(path, folder, architecture)
            return _from_image(_Archive(tar), folder)
    except (tarfile.TarError, OSError, EOFError, ValueError, LookupError, TypeError) as error:
        raise ImageError(f"{path} cannot be read as the tar of a base: {error!r}") from error


def base_files(base: Base, names: Collection[str]) -> dict[str, bytes]:
    """The content of those of the named files that the base has, as its topmost layer has them."""
    found: dict[str, bytes] = {}
    for layer in base.layers:
        with tarfile.open(layer.path, mode="r:") as tar:
            for member in tar:
                name = member.name.removeprefix("./")
                if name in names and (stream := tar.extractfile(member)) is not None:
                    found[name] = stream.read()
    return found


class _Archive:
    """The files of an image archive."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self._names = {member.name.removeprefix("./"): member for member in tar.getmembers()}

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def open(self, name: str) -> IO[bytes]:
        stream = self._tar.extractfile(self._names[name])
        if stream is None:
            raise ImageError(f"{name} in the base is no file")
        return stream

    def json(self, name: str) -> Any:
        with self.open(name) as stream:
            return json.load(stream)

    def blob(self, digest: str) -> str:
        return f"blobs/{digest.replace(':', '/')}"


def _from_root(path: Path, folder: Path, architecture: str) -> Base:
    with path.open("rb") as source:
        layer = _plain_layer(source, folder / "base-0.tar")
    return _base((layer,), architecture, {})


def _from_image(archive: _Archive, folder: Path) -> Base:
    config_name, layer_names = _oci_names(archive) if _INDEX in archive else _docker_names(archive)
    config = archive.json(config_name)
    layers = []
    for number, name in enumerate(layer_names):
        with archive.open(name) as stream:
            layers.append(_plain_layer(stream, folder / f"base-{number}.tar"))
    found = [f"sha256:{layer.digest}" for layer in layers]
    if found != config["rootfs"]["diff_ids"]:
        raise ImageError("the layers of the base are not those that its configuration names")
    return _base(tuple(layers), config["architecture"], config.get("config") or {})


def _docker_names(archive: _Archive) -> tuple[str, list[str]]:
    [manifest] = archive.json(_DOCKER_MANIFEST)
    return manifest["Config"], manifest["Layers"]


def _oci_names(archive: _Archive) -> tuple[str, list[str]]:
    index = archive.json(_INDEX)
    while "manifests" in index:
        [described] = [m for m in index["manifests"] if _is_image(m)]
        index = archive.json(archive.blob(described["digest"]))
    layers = [archive.blob(layer["digest"]) for layer in index["layers"]]
    return archive.blob(index["config"]["digest"]), layers


def _is_image(described: dict[str, Any]) -> bool:
    """False for what only tells of an image, such as its provenance."""
    return bool(described.get("platform", {}).get("os", "linux") == "linux")


def _plain_layer(source: IO[bytes], path: Path) -> Blob:
    """A layer, written uncompressed."""
    start = source.read(4)
    source.seek(0)
    if start == _ZSTD:
        raise ImageError("the base has a layer compressed with zstd; save it with gzip or plain")
    stream = gzip.GzipFile(fileobj=source) if start.startswith(_GZIP) else source
    with path.open("wb") as target:
        shutil.copyfileobj(stream, target, 1 << 20)
    return blob_of(path)


def _base(layers: tuple[Blob, ...], architecture: str, settings: dict[str, Any]) -> Base:
    files: set[str] = set()
    folders: set[str] = set()
    for layer in layers:
        for name, is_folder in _entries(layer):
            (folders if is_folder else files).add(name)
            folders.update(str(parent) for parent in list(PurePosixPath(name).parents)[:-1])
    stdlib, version = _library(files)
    return Base(
        layers=layers,
        target=Target(architecture=architecture, version=version),
        settings=settings,
        python=BasePython(command=_command(files), stdlib=stdlib),
        folders=frozenset(folders),
    )


def _entries(layer: Blob) -> Iterator[tuple[str, bool]]:
    with tarfile.open(layer.path, mode="r:") as tar:
        for member in tar:
            yield member.name.removeprefix("./").strip("/"), member.isdir()


def _library(files: set[str]) -> tuple[str, str]:
    """Folder and version of the Python that a PATH finds first: in /usr/local, then the newest."""
    found = [(m[1], m[2]) for m in map(_STDLIB.fullmatch, files) if m]
    if not found:
        raise ImageError("the base has no Python in /usr/lib or /usr/local/lib")
    return max(found, key=lambda each: (each[0].startswith("usr/local/"), int(each[1][2:])))


def _command(files: set[str]) -> str:
    commands = {m[1] for m in map(_PYTHONS.fullmatch, files) if m}
    if not commands:
        raise ImageError("the base has neither `python` nor `python3` in a bin folder")
    return min(commands)
