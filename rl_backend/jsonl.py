"""Files that survive a process dying at any instant: atomic replacement and append-only records.

A record is one line. A line that does not parse (torn by a crash) is skipped by every reader, and
a writer that finds a torn end begins a new line. It knows nothing of runs.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import ValidationError

from world_builder.frozen import Frozen

RecordT = TypeVar("RecordT", bound=Frozen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail(Generic[RecordT]):
    """Records that were added since an offset."""

    records: tuple[RecordT, ...]
    offset: int
    """Where to read on from, in bytes; always the start of a line."""


def replace_text(path: Path, text: str, *, is_durable: bool = True) -> None:
    """Puts `text` in the place of a file: a reader sees the old or the new one, never a part."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        if is_durable:
            os.fsync(file.fileno())
    temporary.replace(path)


def append(path: Path, records: Iterable[Frozen]) -> None:
    """Adds records in one write and waits until they are on the disk."""
    data = "".join(f"{record.model_dump_json()}\n" for record in records).encode()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            data = b"\n" + data
        while data:
            data = data[os.write(descriptor, data) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def tail(path: Path, model: type[RecordT], offset: int = 0) -> Tail[RecordT]:
    """The whole records after `offset`; none when the file is absent. Torn lines are skipped."""
    text, end = tail_bytes(path, offset)
    return Tail(records=tuple(_parsed(text, model)), offset=end)


def tail_each(path: Path, model: type[RecordT], offset: int = 0) -> Iterator[tuple[RecordT, int]]:
    """The same records one by one, each with the offset behind it."""
    text, position = tail_bytes(path, offset)
    position -= len(text)
    for line in text.splitlines(keepends=True):
        position += len(line)
        for record in _parsed(line, model):
            yield record, position


def tail_bytes(path: Path, offset: int = 0) -> tuple[bytes, int]:
    """The finished lines after `offset` and the offset behind them.

    An offset beyond the end (the file was replaced by a shorter one) starts over.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(offset if offset <= size else 0)
            start = file.tell()
            data = file.read()
    except FileNotFoundError:
        return b"", 0
    end = data.rfind(b"\n") + 1
    return data[:end], start + end


def _parsed(text: bytes, model: type[RecordT]) -> Iterator[RecordT]:
    for line in text.splitlines():
        try:
            yield model.model_validate_json(line)
        except ValidationError:
            continue
