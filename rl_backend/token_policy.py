"""The policy that is trained: an engine that samples tokens, behind a renderer.

Keeps the one growing row of tokens of each rollout: sampled ids as the engine gave them, tool
results as deltas between them. The only policy whose rollouts can be trained on.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from rl_backend.busy import BusyClock
from rl_backend.engines.base import Engine
from rl_backend.errors import ENGINE_ABORTED, PolicyError
from rl_backend.policies import AssistantTurn, Opening
from rl_backend.renderer import Renderer
from rl_backend.seeding import derive_seed
from rl_backend.types import (
    Completion,
    EngineUse,
    FinishReason,
    PolicyVersion,
    RolloutTokens,
    SamplingParams,
)
from world_builder.trajectory import Message, StopReason


class TokenPolicy:
    """An engine's current weights, as a policy."""

    def __init__(
        self,
        engine: Engine,
        renderer: Renderer,
        sampling: SamplingParams,
        *,
        context_length: int,
        name: str = "policy",
        num_reserved: int = 0,
        busy: BusyClock | None = None,
    ) -> None:
        """`context_length` bounds the tokens of a row, prompt included.

        `num_reserved` of them the engine keeps for itself: with no more than that left, a row is
        full, and not a failure of the engine. `busy` runs while a request is in the engine; None:
        one of its own.
        """
        self.name = name
        self._engine = engine
        self._renderer = renderer
        self._sampling = replace(
            sampling,
            stop_token_ids=tuple(sorted(renderer.stop_ids | set(sampling.stop_token_ids))),
        )
        self._context_length = context_length
        self._num_reserved = num_reserved
        self._busy = busy or BusyClock()

    @property
    def version(self) -> PolicyVersion:
        return self._engine.policy_version

    def actor(self, opening: Opening) -> "TokenActor":
        """The policy in a fresh rollout. Raises PolicyError when the template refuses it."""
        with _template_errors():
            return TokenActor(
                opening,
                self._engine,
                self._renderer,
                self._sampling,
                self._context_length,
                self._num_reserved,
                self._busy,
            )


class TokenActor:
    """One rollout's row of tokens."""

    def __init__(
        self,
        opening: Opening,
        engine: Engine,
        renderer: Renderer,
        sampling: SamplingParams,
        context_length: int,
        num_reserved: int,
        busy: BusyClock,
    ) -> None:
        self._num_reserved = num_reserved
        self._busy = busy
        self._opening = opening
        self._engine = engine
        self._renderer = renderer
        self._sampling = sampling
        self._context_length = context_length
        self._prompt_ids = tuple(renderer.opening(opening.messages, opening.tools))
        self._ids: list[int] = []
        self._mask: list[bool] = []
        self._logprobs: list[float] = []
        self._versions: list[PolicyVersion] = []
        self._use = EngineUse()
        self._num_turns = 0

    @property
    def tokens(self) -> RolloutTokens | None:
        """The row so far; None before anything was sampled."""
        if not any(self._mask):
            return None
        return RolloutTokens(
            prompt_ids=self._prompt_ids,
            response_ids=tuple(self._ids),
            loss_mask=tuple(self._mask),
            logprobs=tuple(self._logprobs),
            policy_versions=tuple(self._versions),
            use=self._use,
        )

    async def act(self, results: Sequence[Message]) -> AssistantTurn:
        """Samples the next turn. Raises EngineError, or PolicyError for an aborted request."""
        if results:
            last = self._ids[-1] if self._ids else None
            with _template_errors():
                self._add_observed(self._renderer.tool_delta(results, last))
        room = self._context_length - len(self._prompt_ids) - len(self._ids)
        if room <= self._num_reserved:
            return AssistantTurn(content="", stop=StopReason.CONTEXT_FULL)
        completion = await self._sample(min(room, self._sampling.max_new_tokens))
        return self._turn(completion, is_context_full=room <= self._sampling.max_new_tokens)

    async def _sample(self, max_new_tokens: int) -> Completion:
        params = replace(
            self._sampling,
            max_new_tokens=max_new_tokens,
            seed=derive_seed(self._opening.seed, "turn", self._num_turns),
        )
        self._num_turns += 1
        row = (*self._prompt_ids, *self._ids)
        name = f"{self._opening.seed:x}-{id(self):x}-{self._num_turns}"
        request_id = f"{self._opening.task_id}/{name}"
        with self._busy.running():
            completion = await self._engine.generate(row, params, request_id)
        if completion.finish_reason is FinishReason.ABORTED:
            raise PolicyError(ENGINE_ABORTED, hint="Rollouts that were cut off count nowhere.")
        self._add_sampled(completion)
        return completion

    def _turn(self, completion: Completion, *, is_context_full: bool) -> AssistantTurn:
        parsed = self._renderer.parse(completion.token_ids, self._opening.tools)
        stop = None
        if completion.finish_reason is FinishReason.LENGTH:
            stop = StopReason.CONTEXT_FULL if is_context_full else StopReason.MAX_TOKENS
        return AssistantTurn(content=parsed.content, requests=parsed.requests, stop=stop)

    def _add_sampled(self, completion: Completion) -> None:
        self._ids += completion.token_ids
        self._mask += [True] * len(completion.token_ids)
        self._logprobs += completion.logprobs
        self._versions += completion.policy_versions
        self._use += completion.use

    def _add_observed(self, token_ids: Sequence[int]) -> None:
        self._ids += token_ids
        self._mask += [False] * len(token_ids)
        self._logprobs += [0.0] * len(token_ids)
        self._versions += [self._engine.policy_version] * len(token_ids)


@contextmanager
def _template_errors() -> Iterator[None]:
    """Turns what the chat template refuses into a failure of the policy."""
    try:
        yield
    except ValueError as error:
        raise PolicyError(
            f"The messages cannot be rendered: {error}.",
            hint="Mend the chat template of the model's directory.",
        ) from error
