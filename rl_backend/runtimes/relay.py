"""Runs inside a container: requests from standard input go to the server, answers come back.

The other end is `tunnel`. The text of this file is handed to the container's Python, so it needs
nothing but the interpreter. Each message is its length in four bytes, then its bytes: a whole HTTP
request, or all that the server answered until it closed the connection; an empty answer means that
the server could not be reached. When the input ends, whoever started the container is gone: the
process that was named (in a container, its first) is ended, and the container with it.
"""

import os
import signal
import socket
import sys

LENGTH_BYTES = 4
_CHUNK_BYTES = 65536


def main(port: int, first_pid: int) -> None:
    """Serves until the input ends, then ends the process."""
    while (length := _read(LENGTH_BYTES)) and (request := _read(int.from_bytes(length, "big"))):
        answer = _asked(request, port)
        _write(len(answer).to_bytes(LENGTH_BYTES, "big") + answer)
    os.kill(first_pid, signal.SIGTERM)


def _asked(request: bytes, port: int) -> bytes:
    """The server's answer; empty when it cannot be reached or goes away."""
    server = socket.socket()
    answer = []
    try:
        server.connect(("127.0.0.1", port))
        server.sendall(request)
        while chunk := server.recv(_CHUNK_BYTES):
            answer.append(chunk)
    except OSError:
        return b"".join(answer)
    finally:
        server.close()
    return b"".join(answer)


def _read(num_bytes: int) -> bytes:
    """So many bytes of the input; none when it ended."""
    data = b""
    while len(data) < num_bytes:
        chunk = os.read(0, num_bytes - len(data))
        if not chunk:
            return b""
        data += chunk
    return data


def _write(data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(1, view) :]


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
