"""A local server that speaks Anthropic's Messages API, as well and as badly as it is told to."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from aiohttp import web

Body: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What the server does with one request."""

    status: int = 200
    text: str = ""
    stop_reason: str = "end_turn"
    headers: dict[str, str] = field(default_factory=dict)
    is_slow: bool = False
    """Never answers while the client waits."""
    together: asyncio.Barrier | None = None
    """Answers only once so many requests are in flight."""


@dataclass
class MessagesApi:
    """The server's script and what it was asked."""

    behave: Callable[[Body, int], Behaviour]
    """By the request's body and its number, from 0."""
    url: str = ""
    requests: list[Body] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    most_in_flight: int = 0
    num_in_flight: int = 0

    async def handle(self, request: web.Request) -> web.Response:
        body: Body = await request.json()
        number = len(self.requests)
        self.requests.append(body)
        self.keys.append(request.headers["Authorization"])
        self.num_in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.num_in_flight)
        try:
            return await self._answer(self.behave(body, number), body)
        finally:
            self.num_in_flight -= 1

    async def _answer(self, behaviour: Behaviour, body: Body) -> web.Response:
        if behaviour.is_slow:
            await asyncio.Event().wait()
        if behaviour.together is not None:
            await asyncio.wait_for(behaviour.together.wait(), 20)
        if behaviour.status != 200:
            error = {"type": "error", "error": {"type": "api_error", "message": "told to fail"}}
            return web.json_response(error, status=behaviour.status, headers=behaviour.headers)
        message = {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": body["model"],
            "content": [{"type": "text", "text": behaviour.text}] if behaviour.text else [],
            "stop_reason": behaviour.stop_reason,
            "stop_sequence": None,
            "usage": {
                "input_tokens": 100,
                "output_tokens": 20,
                "cache_creation_input_tokens": 7,
                "cache_read_input_tokens": 900,
            },
        }
        return web.json_response(message)


def answer(verdict: str, *evidence: str, reasoning: str = "So it is.") -> str:
    return json.dumps({"evidence": evidence, "reasoning": reasoning, "verdict": verdict})


def criterion_text(body: Body) -> str:
    """The criterion that a request asks about."""
    question: str = body["messages"][0]["content"][1]["text"]
    found = re.search(r"^Criterion \(\w+\): (.*)$", question, re.MULTILINE)
    assert found is not None
    return found[1]


@asynccontextmanager
async def serving(behave: Callable[[Body, int], Behaviour]) -> AsyncIterator[MessagesApi]:
    """The server on a free port of this machine."""
    api = MessagesApi(behave)
    app = web.Application()
    app.router.add_post("/v1/messages", api.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    api.url = f"http://{host}:{port}"
    try:
        yield api
    finally:
        await runner.cleanup()
