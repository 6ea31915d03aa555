"""The files of a bundle where they lie: listed first, read one by one.

Below `bundle` and `served`, which decide what to trust. A folder is read lazily, a tar at once. It
accepts plain files only and knows nothing of manifests.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from exporter import layout
from exporter.archive import read_tar
from exporter.errors import ArchiveError, BundleError


class BundleFiles(Protocol):
    """Names and contents of a bundle's files."""

    @property
    def names(self) -> frozenset[str]:
        """Relative paths, with `/` between parts."""

    def read(self, name: str) -> bytes:
        """The content of one of the names. Raises BundleError when it cannot be read."""


class FolderFiles:
    """The files of a folder, without the byte code that a server left there."""

    def __init__(self, path: Path) -> None:
        """Lists them. Raises BundleError for links, devices and what else is no plain file."""
        self._path = path
        self._names = frozenset(n for n in _listed(path, "") if not layout.is_byte_code_cache(n))

    @property
    def names(self) -> frozenset[str]:
        return self._names

    def read(self, name: str) -> bytes:
        try:
            return (self._path / name).read_bytes()
        except OSError as error:
            raise BundleError(f"{name} cannot be read: {error}", (name,)) from error


class MemoryFiles:
    """Files that are in memory, such as those of a tar."""

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        self._contents = contents
        self._names = frozenset(contents)

    @property
    def names(self) -> frozenset[str]:
        return self._names

    def read(self, name: str) -> bytes:
        return self._contents[name]


def open_files(path: Path) -> BundleFiles:
    """The files of a folder or a tar. Raises BundleError when there is no such thing."""
    if path.is_dir():
        return FolderFiles(path)
    if not path.exists():
        raise BundleError(f"{path} does not exist; give the folder or the tar of a bundle")
    try:
        return MemoryFiles(read_tar(path))
    except ArchiveError as error:
        raise BundleError(str(error)) from error


def _listed(folder: Path, prefix: str) -> Iterator[str]:
    """Names of all files under a folder."""
    with os.scandir(folder) as entries:
        for entry in entries:
            name = f"{prefix}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                yield from _listed(folder / entry.name, f"{name}/")
            elif entry.is_file(follow_symlinks=False):
                yield name
            else:
                what = "a link" if entry.is_symlink() else "something that is no file"
                message = f"{folder} holds {what}, {name}; a bundle holds plain files"
                raise BundleError(message, (name,))
