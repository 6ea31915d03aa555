"""Remembers what an engine was asked for and said, and has it said again.

Rollouts that are sampled anew differ, in number of turns too, and so would what is measured. While
a recording is replayed the engine samples as many tokens for every request as it did then, and what
it said then is handed on: the rollouts around it repeat, token for token.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from rl_backend.bench.rollout_types import Chain, Request
from rl_backend.engines.base import Engine, Weights
from rl_backend.errors import EngineError
from rl_backend.types import Completion, PolicyVersion, SamplingParams


class _Passing:
    """An engine in front of another one, to which it passes on everything but requests."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def policy_version(self) -> PolicyVersion:
        return self._engine.policy_version

    async def update_weights(self, weights: Weights, version: PolicyVersion) -> None:
        await self._engine.update_weights(weights, version)

    async def pause(self) -> None:
        await self._engine.pause()

    async def resume(self) -> None:
        await self._engine.resume()

    async def close(self) -> None:
        await self._engine.close()


class RecordingEngine(_Passing):
    """The other engine, with a memory."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._asked: dict[str, list[Request]] = {}

    def chains(self) -> tuple[Chain, ...]:
        """What was asked since the last look, by rollout."""
        asked, self._asked = self._asked, {}
        return tuple(Chain(requests=tuple(requests)) for requests in asked.values())

    async def generate(
        self, prompt_ids: Sequence[int], params: SamplingParams, request_id: str
    ) -> Completion:
        """The other engine's completion. Request ids end in `-<turn>`, as `TokenPolicy` has it."""
        completion = await self._engine.generate(prompt_ids, params, request_id)
        request = Request(
            prompt_ids=tuple(prompt_ids),
            output_ids=completion.token_ids,
            finish_reason=completion.finish_reason,
            seed=params.seed,
        )
        self._asked.setdefault(request_id.rpartition("-")[0], []).append(request)
        return completion


class ReplayingEngine(_Passing):
    """The other engine at the work of a recording."""

    def __init__(self, engine: Engine, chains: Iterable[Chain]) -> None:
        super().__init__(engine)
        self._known = {
            (request.seed, request.prompt_ids): request
            for chain in chains
            for request in chain.requests
        }

    async def generate(
        self, prompt_ids: Sequence[int], params: SamplingParams, request_id: str
    ) -> Completion:
        """What was recorded, once the other engine has sampled as much.

        Raises:
            EngineError: this was never asked for.
        """
        request = self._known.get((params.seed, tuple(prompt_ids)))
        if request is None:
            raise EngineError(
                f"Request {request_id} is not in the recording.",
                hint="World, template or policy differ from those that were recorded.",
            )
        fixed = replace(
            params, max_new_tokens=request.num_new, stop_token_ids=(), has_fixed_length=True
        )
        sampled = await self._engine.generate(prompt_ids, fixed, request_id)
        return replace(sampled, token_ids=request.output_ids, finish_reason=request.finish_reason)
