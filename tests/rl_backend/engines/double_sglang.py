"""An HTTP server that answers as SGLang does, without a model: what it says and does is told."""

from __future__ import annotations

import asyncio
import base64
import pickle
from typing import Self

from aiohttp import web
from pydantic import JsonValue
from torch import Tensor

from rl_backend.engines.ports import free_port

HOST = "127.0.0.1"
OUTPUT = (40, 41, 2)


class DoubleSGLang:
    """One server; use it in `async with`. A path in `hanging` is answered by nobody.

    As SGLang does, it refuses the id of a request whose connection broke a moment ago, and to empty
    its cache while requests are held in place.
    """

    def __init__(self) -> None:
        self.url = f"http://{HOST}:{free_port(HOST)}"
        self.version = 0
        self.hanging: set[str] = set()
        self.failing: dict[str, int] = {}
        """Status by path, for what is refused."""
        self.spared: dict[str, int] = {}
        """How many requests are answered first, by path, before they fail."""
        self.pause_mode: str | None = None
        """Of the pause that it is in."""
        self.cache_parts: list[str | None] = []
        """Of requests to generate."""
        self.num_broken = 0
        """Of the next requests to generate, how many lose their connection."""
        self._lost: set[str] = set()
        self.tensors: dict[str, Tensor] = {}
        """What came through shared memory."""
        self.versions_told: list[int | None] = []
        """Of each part of an update; None where it was not the last."""
        self.asked: list[str] = []
        """Paths, in the order of requests."""
        self.generated: list[str] = []
        """Ids of requests to generate."""
        self.aborted: list[str] = []
        self.is_asked = asyncio.Event()
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listens, with the weights it began with."""
        self.version = 0
        app = web.Application(client_max_size=2**26)
        app.router.add_route("*", "/{path:.*}", self._answer)
        # A client that goes away ends its handler, and nobody waits for one that hangs.
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, int(self.url.rpartition(":")[2])).start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _answer(self, request: web.Request) -> web.Response:
        path = request.path
        body = await request.json() if request.can_read_body else {}
        self.asked.append(path)
        if path == "/generate":
            self.generated.append(str(body.get("rid", "")))
            self.cache_parts.append(body.get("extra_key"))
            if self.generated[-1] in self._lost:
                return web.json_response({"error": "Duplicate request ID detected"}, status=400)
            if self.num_broken > 0:
                await self._break(request)
        if path == "/abort_request":
            self.aborted.append(str(body["rid"]))
        self.is_asked.set()
        if path in self.hanging:
            await asyncio.Event().wait()
        self.spared[path] = spared = self.spared.get(path, 0) - 1
        if path in self.failing and spared < 0:
            return web.json_response({"error": "as told"}, status=self.failing[path])
        if self.pause_mode == "in_place" and _flushes(path, body):
            return web.json_response({"error": "the cache was not flushed"}, status=400)
        return web.json_response(self._content(path, body))

    async def _break(self, request: web.Request) -> None:
        """Never returns, since a broken connection ends its handler."""
        self.num_broken -= 1
        self._lost.add(self.generated[-1])
        assert request.transport is not None
        request.transport.abort()
        await asyncio.Event().wait()

    def _content(self, path: str, body: dict[str, JsonValue]) -> JsonValue:
        if path in {"/pause_generation", "/continue_generation"}:
            self.pause_mode = body.get("mode")  # type: ignore[assignment]
        if path == "/server_info":
            return {"tp_size": 1, "pp_size": 1, "dp_size": 1}
        if path.startswith(("/update_weights", "/begin_weight", "/end_weight")):
            self._take(path, body)
            return {"success": True, "message": ""}
        if path == "/generate":
            return self._generation(body)
        return {}

    def _take(self, path: str, body: dict[str, JsonValue]) -> None:
        if path == "/update_weights_from_tensor":
            payloads = body["serialized_named_tensors"]
            assert isinstance(payloads, list)
            named = pickle.loads(base64.b64decode(str(payloads[0])))  # noqa: S301 (our own)
            self.tensors |= {name: tensor.clone() for name, tensor in named}
        if "weight_version" not in body:
            return
        told = body["weight_version"]
        self.versions_told.append(None if told is None else int(str(told)))
        self.version = self.versions_told[-1] or self.version

    def _generation(self, body: dict[str, JsonValue]) -> JsonValue:
        prompt = body["input_ids"]
        assert isinstance(prompt, list)
        meta: dict[str, JsonValue] = {
            "finish_reason": {"type": "stop"},
            "weight_version": str(self.version),
            "output_token_logprobs": [[-0.5, token, None] for token in OUTPUT],
            "prompt_tokens": len(prompt),
            "cached_tokens": len(prompt) - 1,
            "num_retractions": 0,
        }
        return {"output_ids": list(OUTPUT), "meta_info": meta}


def _flushes(path: str, body: dict[str, JsonValue]) -> bool:
    return path.startswith("/update_weights") and bool(body.get("flush_cache", True))
