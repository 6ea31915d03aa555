"""The files of a bundle where they lie: names first, contents when they are wanted.

Below `bundle` and `served`, which decide what to trust. It accepts plain files only, reads no more
than is wanted, and knows nothing of manifests.
"""

import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final, Protocol

from exporter import layout
from exporter.errors import ArchiveError, BundleError
from exporter.names import MAX_DEPTH, names_fault
from exporter.tar_stream import DEFAULT_LIMITS, Limits, open_tar

_NO_FOLDER: Final = frozenset({"", ".", ".."})


class BundleFiles(Protocol):
    """Names and contents of a bundle's files."""

    @property
    def names(self) -> frozenset[str]:
        """Relative paths, with `/` between parts."""

    def contents(self, names: Collection[str]) -> dict[str, bytes]:
        """The content of some of the names. Raises BundleError when one cannot be read."""


class FolderFiles:
    """The files of a folder, without the byte code that a server left there."""

    def __init__(self, path: Path, limits: Limits = DEFAULT_LIMITS) -> None:
        """Lists them. Raises BundleError for links, devices and what else is no plain file."""
        self._path = path
        self._limits = limits
        listed: set[str] = set()
        for name in _listed(path, "", MAX_DEPTH):
            if not layout.is_byte_code_cache(name):
                listed.add(name)
            if len(listed) > limits.num_files:
                raise BundleError(f"{path} holds more than {limits.num_files:,} files")
        self._names = frozenset(listed)

    @property
    def names(self) -> frozenset[str]:
        return self._names

    def contents(self, names: Collection[str]) -> dict[str, bytes]:
        return {name: self._content(name) for name in sorted(names)}

    def _content(self, name: str) -> bytes:
        try:
            with open(f"{self._path}/{name}", "rb") as file:  # noqa: PTH123 (sooner than Path's)
                wanted = min(os.fstat(file.fileno()).st_size, self._limits.file_bytes)
                data = file.read(wanted + 1)
        except OSError as error:
            raise BundleError(f"{name} cannot be read: {error}", (name,)) from error
        if len(data) > self._limits.file_bytes:
            raise BundleError(f"{name} has more than {self._limits.file_bytes:,} bytes", (name,))
        return data


class TarFiles:
    """The files of a tar, without the one folder that holds them all, if there is one.

    Each call of `contents` passes over the tar once; only what is wanted is kept.
    """

    def __init__(self, path: Path, limits: Limits = DEFAULT_LIMITS) -> None:
        """Lists them. Raises BundleError for whatever no bundle holds."""
        self._path = path
        self._limits = limits
        try:
            self._prefix, self._names = self._list()
        except ArchiveError as error:
            raise BundleError(str(error)) from error

    @property
    def names(self) -> frozenset[str]:
        return self._names

    def contents(self, names: Collection[str]) -> dict[str, bytes]:
        wanted = {f"{self._prefix}{name}" for name in names}
        found: dict[str, bytes] = {}
        try:
            with open_tar(self._path, self._limits) as tar:
                for member in tar:
                    if member.name in wanted:
                        found[member.name.removeprefix(self._prefix)] = tar.read()
        except ArchiveError as error:
            raise BundleError(str(error)) from error
        if missing := set(names) - found.keys():
            name = min(missing)
            raise BundleError(f"{name} is not in {self._path} any more", (name,))
        return found

    def _list(self) -> tuple[str, frozenset[str]]:
        """The common folder with its `/`, or nothing, and the names below it."""
        names: set[str] = set()
        with open_tar(self._path, self._limits) as tar:
            for member in tar:
                if member.name in names:
                    raise ArchiveError(f"{member.name!r} occurs twice")
                names.add(member.name)
        tops = {name.partition("/")[0] for name in names}
        is_common = len(tops) == 1 and all("/" in name for name in names) and not tops & _NO_FOLDER
        prefix = f"{tops.pop()}/" if is_common else ""
        below = frozenset(name.removeprefix(prefix) for name in names)
        if fault := names_fault(below):
            raise ArchiveError(fault)
        return prefix, below


def open_files(path: Path) -> BundleFiles:
    """The files of a folder or a tar. Raises BundleError when there is no such thing."""
    if path.is_dir():
        return FolderFiles(path)
    if not path.exists():
        raise BundleError(f"{path} does not exist; give the folder or the tar of a bundle")
    return TarFiles(path)


def _listed(folder: Path, prefix: str, depth: int) -> Iterator[str]:
    """Names of all files under a folder."""
    if depth == 0:
        raise BundleError(f"{folder} lies deeper than {MAX_DEPTH} folders; no bundle does")
    with os.scandir(folder) as entries:
        for entry in entries:
            name = f"{prefix}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                yield from _listed(folder / entry.name, f"{name}/", depth - 1)
            elif entry.is_file(follow_symlinks=False):
                yield name
            else:
                what = "a link" if entry.is_symlink() else "something that is no file"
                message = f"{folder} holds {what}, {name}; a bundle holds plain files"
                raise BundleError(message, (name,))
