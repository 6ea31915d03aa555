"""What the parts of `corecraft bench rollout` tell each other, and the figures that come of it."""

from __future__ import annotations

from pydantic import Field as Declared

from rl_backend.types import FinishReason
from world_builder.frozen import Frozen


class RolloutAsked(Frozen):
    """What shall be measured."""

    model_dir: str
    """A policy that makes tool calls, as a Hugging Face directory."""
    world: str = "tutorial"
    num_tasks: int = Declared(default=3, ge=1)
    """Groups of a round, one after another."""
    group_size: int = Declared(default=16, ge=2)
    num_rounds: int = Declared(default=3, ge=1)
    temperature: float = Declared(default=1.0, gt=0)
    max_new_tokens: int = Declared(default=128, ge=1)
    context_length: int = Declared(default=1024, ge=64)
    num_threads: int = Declared(default=2, ge=1)
    """Of the server, and of transformers."""
    seed: int = 1


class Request(Frozen):
    """One turn as the engine was asked for it, and its answer."""

    prompt_ids: tuple[int, ...]
    output_ids: tuple[int, ...] = Declared(min_length=1)
    finish_reason: FinishReason = FinishReason.STOP
    seed: int | None

    @property
    def num_new(self) -> int:
        return len(self.output_ids)


class Chain(Frozen):
    """The requests of one rollout: each is sent when the one before is answered."""

    requests: tuple[Request, ...]

    @property
    def num_new(self) -> int:
        return sum(request.num_new for request in self.requests)


class GenerateAsked(Frozen):
    """What transformers shall generate: the groups of a round."""

    model_dir: str
    num_threads: int
    temperature: float
    groups: tuple[tuple[Chain, ...], ...]


class Spent(Frozen):
    """What a side took for a group, or for a round."""

    num_tokens: int
    """Sampled ones; what was sampled beyond a row's length does not count."""
    seconds: float

    def __add__(self, other: Spent) -> Spent:
        return Spent(
            num_tokens=self.num_tokens + other.num_tokens, seconds=self.seconds + other.seconds
        )

    @property
    def per_s(self) -> float:
        return self.num_tokens / self.seconds


class OwnSpent(Spent):
    """What our rollouts took, and where."""

    engine_s: float
    """Seconds with a request in the engine."""
    cpu_s: float
    """Processor time of the process that makes the rollouts; the server's is not in it."""


class RolloutFigures(Frozen):
    """Sampled tokens per second, medians over the rounds."""

    world: str
    num_tasks: int
    group_size: int
    num_rounds: int
    num_threads: int
    num_cores: int
    load: float
    """Processes that wanted a core, on average of the last minute, when the run began."""
    packages: tuple[str, ...]
    """With their versions."""
    num_requests: int
    """Of the recorded round."""
    num_prompt_tokens: int
    """Of all its requests."""
    num_sampled_tokens: int
    ours_per_s: float
    bare_per_s: float
    generate_per_s: float
    engine_share: float
    """Share of our time with a request in the engine; the rest is ours alone."""
    own_cpu_share: float
    """Processor time of our process as a share of our time."""

    @property
    def share_of_bare(self) -> float:
        return self.ours_per_s / self.bare_per_s
