"""What every process of a server does alike: how it serves HTTP, what it says and how it ends.

`serving` is the only process, or `supervisor` and `worker` are several.
"""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Final

import uvicorn

from exporter.served import ServedBundle
from exporter.server.asgi import Application

SHUTDOWN_S: Final = 3
"""After draining, running calls may take so long."""
_KEEP_ALIVE_S: Final = 30
"""Longer than clients keep an idle connection, so that none is closed as it is used again."""
_REST_AFTER_S: Final = 1.0
"""The rest of the bundle is verified so long after the start, when the first calls are answered."""


async def verify_later(bundle: ServedBundle) -> None:
    """Verifies what was not needed to answer. Raises BundleError."""
    await asyncio.sleep(_REST_AFTER_S)
    await asyncio.to_thread(bundle.check_rest)


def configuration(application: Application) -> uvicorn.Config:
    """How uvicorn serves in every process."""
    return uvicorn.Config(
        application,
        http="httptools",
        ws="none",
        lifespan="on",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=SHUTDOWN_S,
    )


def announce(url: str, listener: socket.socket, port_file: Path | None) -> None:
    """Says that requests are answered."""
    sys.stdout.write(f"serving on {url}\n")
    sys.stdout.flush()
    if port_file is not None:
        partial = port_file.with_name(f".{port_file.name}.partial")
        partial.write_text(f"{listener.getsockname()[1]}\n")
        partial.replace(port_file)


def end_by(sig: int) -> None:
    """Ends this process by a signal, at once."""
    signal.signal(sig, signal.SIG_DFL)
    os.kill(os.getpid(), sig)


def failed(error: Exception) -> int:
    """Tells of an error; the exit code."""
    sys.stderr.write(f"error: {error}\n")
    return 1
