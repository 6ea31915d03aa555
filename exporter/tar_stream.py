"""Reads a tar as a stream of plain files, within limits, and refuses everything else.

Bundles come from strangers. Nothing is unpacked, no header is believed before its checksum, sizes
are limited before they are read, and work grows with the bytes of the file alone. It understands
what common tools write of plain files (ustar, pax and GNU's long names), and no link, device,
sparse file or other invention.
"""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from exporter.errors import ArchiveError

_BLOCK: Final = 512
_CHUNK: Final = 1 << 20
_GZIP: Final = b"\x1f\x8b"
_MAX_EXTENSION: Final = 1 << 16
_FREE_BYTES: Final = 1 << 26
"""So much may come out of any archive, however little went in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much a tar may hold; far above any real bundle."""

    num_files: int = 100_000
    num_headers: int = 400_000
    """Of all kinds: files, folders and what describes them."""
    total_bytes: int = 1 << 30
    file_bytes: int = 1 << 28
    ratio: int = 100
    """Bytes that come out for each that went in, beyond the first 64 MiB."""


DEFAULT_LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A plain file of a tar."""

    name: str
    size: int


class TarStream:
    """The plain files of a tar, one after the other; each can be read while it is the last one."""

    def __init__(self, source: "_Source", limits: Limits) -> None:
        self._source = source
        self._limits = limits
        self._unread = 0
        self._padding = 0
        self._num_headers = 0

    def __iter__(self) -> Iterator[Member]:
        num_files = 0
        while (member := self._next()) is not None:
            num_files += 1
            if num_files > self._limits.num_files:
                raise ArchiveError(f"it holds more than {self._limits.num_files:,} files")
            yield member

    def read(self) -> bytes:
        """The content of the member at hand."""
        data = self._source.exactly(self._unread)
        self._unread = 0
        return data

    def _next(self) -> Member | None:
        """The next plain file; None at the end."""
        extension = _Extension()
        while (header := self._header()) is not None:
            kind = header[156:157]
            size = _number(header[124:136])
            if kind in b"xgL":
                extension = self._extended(kind, size, extension)
                continue
            name = (extension.name or _name(header)).removeprefix("./")
            size = size if extension.size is None else extension.size
            extension = _Extension()
            if kind == b"5":
                self._begin(size)
                continue
            if kind not in b"0\0":
                raise ArchiveError(f"{name!r} is no plain file; a bundle holds nothing else")
            if size > self._limits.file_bytes:
                raise ArchiveError(f"{name!r} has more than {self._limits.file_bytes:,} bytes")
            self._begin(size)
            return Member(name=name, size=size)
        return None

    def _header(self) -> bytes | None:
        """The next header, past what is unread; None at the end of the tar."""
        self._source.skip(self._unread)
        if self._source.exactly(self._padding).strip(b"\0"):
            raise ArchiveError("something stands between its files")
        self._unread = self._padding = 0
        header = self._source.up_to(_BLOCK)
        if not header.strip(b"\0"):
            self._source.finish()
            return None
        if len(header) < _BLOCK or _number(header[148:156]) != _checksum(header):
            raise ArchiveError("a header is broken")
        self._num_headers += 1
        if self._num_headers > self._limits.num_headers:
            raise ArchiveError(f"it holds more than {self._limits.num_headers:,} headers")
        return header

    def _begin(self, size: int) -> None:
        self._unread, self._padding = size, -size % _BLOCK

    def _extended(self, kind: bytes, size: int, extension: "_Extension") -> "_Extension":
        """What a pax or GNU header says of the next member, with what was said before it."""
        if size > _MAX_EXTENSION:
            raise ArchiveError(f"an extended header has more than {_MAX_EXTENSION:,} bytes")
        self._begin(size)
        data = self.read()
        if kind == b"L":
            return _Extension(name=_text(data.rstrip(b"\0")), size=extension.size)
        if kind == b"g":
            return extension
        return _pax(data, extension)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Extension:
    """Name and size of the next member where its own header has no room for them."""

    name: str = ""
    size: int | None = None


def _pax(data: bytes, extension: _Extension) -> _Extension:
    """What the records `LENGTH KEY=VALUE` of a pax header say of name and size."""
    name, size = extension.name, extension.size
    while data:
        digits, _, _ = data[:8].partition(b" ")
        length = _decimal(digits)
        record, data = data[:length], data[length:]
        key, equals, value = record[len(digits) + 1 :].partition(b"=")
        if length <= len(digits) + 1 or not equals or value[-1:] != b"\n":
            raise ArchiveError("a pax header is broken")
        if key == b"path":
            name = _text(value[:-1])
        elif key == b"size":
            size = _decimal(value[:-1])
        elif key.startswith(b"GNU.sparse"):
            raise ArchiveError("it holds a sparse file; a bundle holds plain files")
    return _Extension(name=name, size=size)


def _name(header: bytes) -> str:
    name = header[:100].partition(b"\0")[0]
    if header[257:263] == b"ustar\0" and (prefix := header[345:500].partition(b"\0")[0]):
        return _text(prefix + b"/" + name)
    return _text(name)


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise ArchiveError(f"the name {data!r} is no UTF-8") from error


def _number(field: bytes) -> int:
    """An octal number as headers have it. Raises ArchiveError, for binary ones too."""
    text = field.strip(b" \0")
    if not text.isdigit() or set(text) & set(b"89"):
        raise ArchiveError("a header has no number where one must be")
    return int(text, 8)


def _decimal(text: bytes) -> int:
    if not text.isdigit() or len(text) > 12:
        raise ArchiveError("a pax header has no number where one must be")
    return int(text)


def _checksum(header: bytes) -> int:
    return sum(header) - sum(header[148:156]) + 8 * ord(" ")


class _Source:
    """The bytes of a tar, unpacked as they are read, and never more than the limits allow."""

    def __init__(self, stream: IO[bytes], packed_bytes: int, limits: Limits) -> None:
        self._stream = stream
        self._left = min(limits.total_bytes, max(_FREE_BYTES, packed_bytes * limits.ratio))

    def up_to(self, size: int) -> bytes:
        """So many bytes, or fewer at the end."""
        parts = []
        while size and (part := self._stream.read(min(size, _CHUNK))):
            self._left -= len(part)
            if self._left < 0:
                raise ArchiveError("it unpacks to more than any bundle needs")
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def exactly(self, size: int) -> bytes:
        data = self.up_to(size)
        if len(data) < size:
            raise ArchiveError("it ends in the middle of a file")
        return data

    def skip(self, size: int) -> None:
        while size:
            size -= len(self.exactly(min(size, _CHUNK)))

    def finish(self) -> None:
        """Reads on to the end, where nothing but zeros may be; a packed tar is checked by that."""
        while part := self.up_to(_CHUNK):
            if part.strip(b"\0"):
                raise ArchiveError("something follows its end")


@contextmanager
def open_tar(path: Path, limits: Limits = DEFAULT_LIMITS) -> Iterator[TarStream]:
    """The stream of a tar, plain or in gzip. Raises ArchiveError for all that is wrong."""
    try:
        with path.open("rb") as file:
            is_packed = file.read(2) == _GZIP
            file.seek(0)
            size = path.stat().st_size
            stream: IO[bytes] = gzip.GzipFile(fileobj=file) if is_packed else file  # type: ignore[assignment]
            yield TarStream(_Source(stream, size, limits), limits)
    except (OSError, EOFError, zlib.error, ArchiveError) as error:
        raise ArchiveError(f"{path} cannot be read as a tar of a bundle: {error}") from error
