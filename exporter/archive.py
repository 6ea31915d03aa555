"""A bundle as one tar: the same files give the same bytes.

Names are sorted; owner, mode and time are fixed; gzip carries no name and no time. `tar_stream`
reads tars. It knows nothing of worlds.
"""

import gzip
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

_FILE_MODE = 0o644
_GZIP_LEVEL = 6


def tar_bytes(files: Mapping[str, bytes], *, prefix: str = "") -> bytes:
    """An uncompressed tar of the files, each name under `prefix`."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in sorted(files):
            tar.addfile(_entry(f"{prefix}{name}", len(files[name])), io.BytesIO(files[name]))
    return buffer.getvalue()


def gzip_bytes(data: bytes) -> bytes:
    """The data compressed, without name or time in the header."""
    buffer = io.BytesIO()
    with gzip.GzipFile(
        filename="", fileobj=buffer, mode="wb", compresslevel=_GZIP_LEVEL, mtime=0
    ) as packed:
        packed.write(data)
    return buffer.getvalue()


def write_tar(files: Mapping[str, bytes], path: Path, *, prefix: str = "") -> Path:
    """Writes the files as a tar, compressed when the name ends in `gz`; returns the path.

    The uncompressed tar is the same on every machine; the compressed one with every build of the
    same zlib.
    """
    data = tar_bytes(files, prefix=prefix)
    is_compressed = path.name.endswith((".tar.gz", ".tgz"))
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(gzip_bytes(data) if is_compressed else data)
    return partial.replace(path)


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = size, _FILE_MODE, 0
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry
