"""An engine without a model: a function says which tokens follow a prompt.

For everything that needs tokens but no learning: tests of rollouts and of the loop, the demo of a
run on a machine without SGLang. Loading weights only raises its version.
"""

import asyncio
from collections.abc import Callable, Sequence

from rl_backend.engines.base import Weights
from rl_backend.types import Completion, FinishReason, PolicyVersion, SamplingParams


class ScriptedEngine:
    """Samples what it is told to, with one log-probability for every token."""

    def __init__(
        self,
        complete: Callable[[Sequence[int]], Sequence[int]],
        *,
        logprob: float = -0.5,
        version: PolicyVersion = PolicyVersion(0),  # noqa: B008 (an int)
    ) -> None:
        """`complete` gives the tokens after a prompt, stop token included."""
        self.policy_version = version
        self._complete = complete
        self._logprob = logprob
        self._running = asyncio.Event()
        self._running.set()

    async def generate(
        self, prompt_ids: Sequence[int], params: SamplingParams, request_id: str
    ) -> Completion:
        """The told tokens, cut after a stop token or at the limit of new tokens."""
        await self._running.wait()
        told = tuple(self._complete(prompt_ids))
        stops = [i for i, token in enumerate(told) if token in params.stop_token_ids]
        ids = told[: stops[0] + 1] if stops else told
        is_cut = not stops or len(ids) > params.max_new_tokens
        ids = ids[: params.max_new_tokens]
        return Completion(
            token_ids=ids,
            logprobs=(self._logprob,) * len(ids),
            policy_versions=(self.policy_version,) * len(ids),
            finish_reason=FinishReason.LENGTH if is_cut else FinishReason.STOP,
        )

    async def update_weights(self, weights: Weights, version: PolicyVersion) -> None:
        self.policy_version = version

    async def pause(self) -> None:
        self._running.clear()

    async def resume(self) -> None:
        self._running.set()

    async def close(self) -> None:
        """Nothing to free."""
