"""Has the prompt that a group's requests share computed once, instead of by each of them.

Inside the SGLang engine. Requests that arrive together are scheduled together, before any of them
is in the server's prefix cache, so a group of 16 would compute its prompt up to 16 times. Here the
first request goes at once; when a second one comes with the same prompt, a request for a single
token fills the cache, and all but the first wait for it. A request that is alone costs nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from rl_backend.errors import EngineError

MIN_PROMPT = 64
"""Shorter prompts are not worth a request."""


@dataclass
class _Group:
    prompt_ids: tuple[int, ...]
    priming: asyncio.Task[None] | None = None


class Primer:
    """Knows which groups' prompts are in a server's cache; `prime` puts one there."""

    def __init__(self, prime: Callable[[Sequence[int]], Awaitable[None]]) -> None:
        self._prime = prime
        self._groups: dict[str, _Group] = {}

    async def ready(self, prompt_ids: Sequence[int], request_id: str) -> None:
        """Returns once the request may be sent. `request_id` is as in `Engine.generate`."""
        name, has_group, _ = request_id.partition("/")
        if not has_group or len(prompt_ids) < MIN_PROMPT:
            return
        group = self._groups.setdefault(name, _Group(()))
        if not group.prompt_ids:
            group.prompt_ids = tuple(prompt_ids)
        elif group.prompt_ids == tuple(prompt_ids):
            if group.priming is None:
                group.priming = asyncio.create_task(self._primed(group.prompt_ids))
            await asyncio.shield(group.priming)

    def forget(self) -> None:
        """The cache was emptied, as new weights do."""
        self._groups.clear()

    async def _primed(self, prompt_ids: Sequence[int]) -> None:
        """A failure is left to the requests themselves: they go without the cache."""
        with suppress(EngineError, TimeoutError):
            await self._prime(prompt_ids)
