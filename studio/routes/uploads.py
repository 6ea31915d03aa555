"""Files that a form sends, bounded while they arrive and laid into a folder that goes afterwards.

A bundle comes as one tar, or as the files of its folder. Nothing is read into a world here.
"""

import shutil
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.types import Message

from exporter.tar_stream import DEFAULT_LIMITS
from studio.errors import Invalid, StudioError
from world_builder.validation import Problem

MOST_BYTES = 128 * 2**20
"""Of one request. A packed bundle of the largest shipped world has 3 MiB."""
TARS = (".tar", ".tar.gz", ".tgz")


class TooLarge(StudioError):
    """More was sent than a bundle ever has; nothing was kept."""

    status = 413
    title = "Too large"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """What came, for as long as the request lasts."""

    path: Path
    """A tar, or a folder."""
    signature: Path | None
    """The file with its signature; None when none was sent."""


async def _upload(request: Request) -> AsyncIterator[Upload]:
    form = await _bounded_form(request)
    folder = Path(tempfile.mkdtemp(prefix="corecraft-upload-"))
    try:
        path = await run_in_threadpool(_laid_out, form, folder)
        yield Upload(path=path, signature=await run_in_threadpool(_signature, form, folder))
    finally:
        await form.close()
        shutil.rmtree(folder, ignore_errors=True)


UploadBody = Annotated[Upload, Depends(_upload)]


async def _bounded_form(request: Request) -> FormData:
    """The form, given up as soon as it is larger than allowed. Raises TooLarge."""
    told = request.headers.get("content-length", "0")
    if told.isdecimal() and int(told) > MOST_BYTES:
        raise _too_large()
    received = 0

    async def receive() -> Message:
        nonlocal received
        message = await request.receive()
        received += len(message.get("body", b""))
        if received > MOST_BYTES:
            raise _too_large()
        return message

    return await Request(request.scope, receive).form(max_files=DEFAULT_LIMITS.num_files)


def _too_large() -> TooLarge:
    return TooLarge(f"at most {MOST_BYTES // 2**20} MiB can be sent; pack the bundle as .tar.gz")


def _laid_out(form: FormData, folder: Path) -> Path:
    """The tar, or the folder with the files. Raises Invalid."""
    files = [
        value
        for name in ("bundle", "folder")
        for value in form.getlist(name)
        if isinstance(value, UploadFile) and value.filename
    ]
    if not files:
        raise _invalid("no file was sent", "Choose the tar of a bundle, or its folder.")
    if len(files) == 1 and str(files[0].filename).endswith(TARS):
        path = folder / f"bundle{next(t for t in TARS if str(files[0].filename).endswith(t))}"
        _write(files[0], path)
        return path
    names = [_relative(str(file.filename)) for file in files]
    tops = {name.parts[0] for name in names}
    has_top = len(tops) == 1 and all(len(name.parts) > 1 for name in names)
    for file, name in zip(files, names, strict=True):
        path = folder / "files" / Path(*name.parts[1:] if has_top else name.parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(file, path)
    return folder / "files"


def _signature(form: FormData, folder: Path) -> Path | None:
    for value in form.getlist("signature"):
        if isinstance(value, UploadFile) and value.filename:
            _write(value, folder / "signature")
            return folder / "signature"
    return None


def _relative(name: str) -> PurePosixPath:
    """The place of a file in its folder. Raises Invalid for one outside of it."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\\" in name or "\0" in name:
        raise _invalid(f"{name!r} is no plain file name", "A bundle holds plain files only.")
    return path


def _write(file: UploadFile, path: Path) -> None:
    try:
        with path.open("xb") as out:
            shutil.copyfileobj(file.file, out)
    except OSError as error:
        hint = "Send each file of the bundle once."
        raise _invalid(f"{path.name} cannot be kept: {error.strerror}", hint) from error


def _invalid(message: str, hint: str) -> Invalid:
    return Invalid((Problem(path="bundle", message=message, hint=hint),))
