"""A bundle as one tar: the same files give the same bytes, and nothing odd gets in.

Names are sorted; owner, mode and time are fixed; gzip carries no name and no time. Reading refuses
everything but plain files with plain relative names. It knows nothing of worlds.
"""

import gzip
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from exporter.errors import ArchiveError

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


def read_tar(path: Path) -> dict[str, bytes]:
    """The files of a tar by name, without the one folder that holds them all, if there is one.

    Raises ArchiveError for links, devices, absolute names, `..`, names that occur twice, and for
    what is no tar.
    """
    try:
        with tarfile.open(path, mode="r:*") as tar:
            files = _plain_files(tar)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise ArchiveError(f"{path} cannot be read as a tar archive: {error}") from error
    return _without_common_folder(files)


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = size, _FILE_MODE, 0
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


def _plain_files(tar: tarfile.TarFile) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for member in tar:
        if member.isdir():
            continue
        name = _safe_name(member)
        stream = tar.extractfile(member)
        if stream is None or name in files:
            raise ArchiveError(f"{member.name!r} occurs twice or has no content in the tar")
        files[name] = stream.read()
    return files


def _safe_name(member: tarfile.TarInfo) -> str:
    path = PurePosixPath(member.name)
    if not member.isreg() or path.is_absolute() or ".." in path.parts:
        raise ArchiveError(
            f"{member.name!r} is no plain file with a relative name; a bundle holds nothing else"
        )
    return str(path)


def _without_common_folder(files: dict[str, bytes]) -> dict[str, bytes]:
    tops = {name.split("/", 1)[0] for name in files}
    if len(tops) != 1 or any("/" not in name for name in files):
        return files
    return {name.split("/", 1)[1]: data for name, data in files.items()}
