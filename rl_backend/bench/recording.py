"""Remembers what an engine was asked for, so that the same can be asked of it bare."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rl_backend.bench.rollout_types import Chain, Request
from rl_backend.engines.base import Engine
from rl_backend.types import Completion, PolicyVersion, SamplingParams


class RecordingEngine:
    """An engine that passes everything on to another one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._asked: dict[str, list[Request]] = {}

    def chains(self) -> tuple[Chain, ...]:
        """What was asked since the last look, by rollout."""
        asked, self._asked = self._asked, {}
        return tuple(Chain(requests=tuple(requests)) for requests in asked.values())

    @property
    def policy_version(self) -> PolicyVersion:
        return self._engine.policy_version

    async def generate(
        self, prompt_ids: Sequence[int], params: SamplingParams, request_id: str
    ) -> Completion:
        """The other engine's completion. Request ids end in `-<turn>`, as `TokenPolicy` has it."""
        completion = await self._engine.generate(prompt_ids, params, request_id)
        request = Request(
            prompt_ids=tuple(prompt_ids), num_new=len(completion.token_ids), seed=params.seed
        )
        self._asked.setdefault(request_id.rpartition("-")[0], []).append(request)
        return completion

    async def update_weights(self, model_path: Path, version: PolicyVersion) -> None:
        await self._engine.update_weights(model_path, version)

    async def pause(self) -> None:
        await self._engine.pause()

    async def resume(self) -> None:
        await self._engine.resume()

    async def close(self) -> None:
        await self._engine.close()
