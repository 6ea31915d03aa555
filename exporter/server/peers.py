"""Asks the other workers of a server, and answers what they ask.

A connection to each, made when it is first needed, carries many requests at a time. `routing` says
who is asked what.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import Final

from exporter.server.asgi import Handler, Reply, Request, answered
from exporter.server.doors import Doors
from exporter.server.peer_wire import read_reply, read_request, reply_frame, request_frame

_ANSWER_S: Final = 30.0


class PeerEnded(Exception):
    """The worker that was asked is no more; whatever it held is lost."""


class Peers:
    """The other workers, as one of them sees them."""

    def __init__(self, doors: Doors, worker: int) -> None:
        self._doors = doors
        self._worker = worker
        self._lines: dict[int, asyncio.Future[_Line]] = {}

    async def ask(self, worker: int, request: Request) -> Reply:
        """What that worker answers. Raises PeerEnded, or TimeoutError when it says nothing."""
        async with asyncio.timeout(_ANSWER_S):
            line = await self._line(worker)
            return await line.ask(request)

    @asynccontextmanager
    async def answering(self, answer: Handler) -> AsyncIterator[None]:
        """While entered, what other workers ask of this one is answered."""
        serving = _Serving(answer)
        asking = self._doors[self._worker].asking
        server = await asyncio.start_unix_server(serving.serve, sock=asking)
        try:
            yield
        finally:
            server.close()
            for opening in self._lines.values():
                if opening.done() and opening.exception() is None:
                    opening.result().close()

    async def _line(self, worker: int) -> "_Line":
        opening = self._lines.get(worker)
        if opening is None or (opening.done() and _is_of_no_use(opening)):
            opening = asyncio.ensure_future(_Line.open(self._doors[worker].asking_name))
            self._lines[worker] = opening
        try:
            return await asyncio.shield(opening)
        except OSError as error:
            raise PeerEnded from error


class _Line:
    """A connection on which requests are asked, each answered in its own time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.is_closed = False
        self._writer = writer
        self._numbers = count()
        self._waiting: dict[int, asyncio.Future[Reply]] = {}
        self._reading = asyncio.ensure_future(self._read(reader))

    @classmethod
    async def open(cls, name: str) -> "_Line":
        """Raises OSError."""
        return cls(*await asyncio.open_unix_connection(name))

    async def ask(self, request: Request) -> Reply:
        """The reply. Raises PeerEnded."""
        if self.is_closed:
            raise PeerEnded
        number = next(self._numbers)
        reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[number] = reply
        try:
            self._writer.write(request_frame(number, request))
            return await reply
        finally:
            self._waiting.pop(number, None)

    def close(self) -> None:
        self._reading.cancel()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                number, reply = await read_reply(reader)
                if (waiting := self._waiting.get(number)) is not None and not waiting.done():
                    waiting.set_result(reply)
        except (OSError, EOFError):
            pass
        finally:
            self._end()

    def _end(self) -> None:
        self.is_closed = True
        self._writer.close()
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(PeerEnded())


def _is_of_no_use(opening: "asyncio.Future[_Line]") -> bool:
    return opening.cancelled() or opening.exception() is not None or opening.result().is_closed


class _Serving:
    """Answers the requests of other workers, many at a time."""

    def __init__(self, answer: Handler) -> None:
        self._answer = answer
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, EOFError):
            while True:
                number, request = await read_request(reader)
                task = asyncio.create_task(self._reply(number, request, writer))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        writer.close()

    async def _reply(self, number: int, request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(reply_frame(number, await answered(self._answer, request)))
