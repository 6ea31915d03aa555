"""Layers of an image as tar files: the same content gives the same bytes.

Names are sorted, root owns everything, times are 0. Nothing here knows what is in a layer.
"""

import hashlib
import io
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TypeAlias

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A file of a layer."""

    data: bytes | Path
    mode: int = 0o644


Tree: TypeAlias = Mapping[str, Item]
"""Files by path from the root, without a leading `/`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """A file that is named by its SHA-256."""

    path: Path
    digest: str
    """64 hex digits."""
    size: int


def write_layer(
    tree: Tree,
    path: Path,
    *,
    known_folders: Iterable[str] = (),
    modes: Mapping[str, int] | None = None,
) -> Blob:
    """Writes the files as an uncompressed tar.

    Folders on the way to a file are made (`modes`, else 0755), but for those that lower layers
    have: their owner and mode stay.
    """
    folders = {str(parent) for name in tree for parent in list(PurePosixPath(name).parents)[:-1]}
    wanted = modes or {}
    entries = {
        **{name: _folder(name, wanted) for name in (folders | wanted.keys()) - {*known_folders}},
        **{name: _file(name, item) for name, item in tree.items()},
    }
    with tarfile.open(path, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in sorted(entries):
            if name not in tree:
                tar.addfile(entries[name])
                continue
            with _opened(tree[name].data) as stream:
                tar.addfile(entries[name], stream)
    return blob_of(path)


def blob_of(path: Path) -> Blob:
    """A file as a blob."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Blob(path=path, digest=digest, size=path.stat().st_size)


def _folder(name: str, modes: Mapping[str, int]) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.DIRTYPE, modes.get(name, 0o755)
    return entry


def _file(name: str, item: Item) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size = item.data.stat().st_size if isinstance(item.data, Path) else len(item.data)
    entry.mode = item.mode
    return entry


def _opened(data: bytes | Path) -> IO[bytes]:
    return data.open("rb") if isinstance(data, Path) else io.BytesIO(data)
