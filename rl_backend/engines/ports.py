"""Ports that servers of this machine may take."""

from __future__ import annotations

import contextlib
import random
import socket

from rl_backend.errors import EngineError

SERVER_PORTS = range(20000, 32000)
NUM_PORT_TRIES = 50


def free_port(host: str) -> int:
    """A port that nobody uses now and no outgoing connection will take while the server starts.

    Systems draw ports of outgoing connections from 32768 upwards. Raises EngineError.
    """
    for port in random.sample(SERVER_PORTS, NUM_PORT_TRIES):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((host, port))
            return port
    raise EngineError(
        f"None of {NUM_PORT_TRIES} ports of {host} was free.",
        hint="Stop servers that are no longer needed.",
    )
