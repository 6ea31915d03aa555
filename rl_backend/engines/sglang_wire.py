"""What SGLang's native HTTP API says and is told, as types; `sglang` sends it.

Only the fields that the adapter uses are read. Source: SGLang 0.5.23, `POST /generate`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, JsonValue, NonNegativeInt

from rl_backend.types import Completion, EngineUse, FinishReason, PolicyVersion, SamplingParams

PauseMode: TypeAlias = Literal["retract", "in_place"]
"""What a pause makes of requests in flight: their cache is dropped and computed again, or kept."""
NUM_RESERVED = 6
"""Positions of a model's context that SGLang keeps: a prompt that leaves no more is refused."""


class Answer(BaseModel):
    """A part of an answer; fields that newer servers add are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Finish(Answer):
    """How a generation ended."""

    type: Literal["stop", "length", "abort"]
    message: str | None = None
    status_code: int | None = None


class VersionSpan(Answer):
    """The output tokens from `start` up to `end`, without it, were sampled by one version."""

    version: NonNegativeInt
    start: NonNegativeInt
    end: NonNegativeInt


class MetaInfo(Answer):
    """What SGLang says about a generation."""

    finish_reason: Finish
    weight_version: NonNegativeInt
    weight_versions: tuple[VersionSpan, ...] = ()
    """Empty when all tokens come from `weight_version`."""
    output_token_logprobs: tuple[tuple[float, int, str | None], ...] = ()
    """(log-probability, token id, text or None) of each sampled token."""
    prompt_tokens: NonNegativeInt = 0
    cached_tokens: NonNegativeInt = 0
    """Of the prompt's tokens, those that were in the prefix cache."""
    num_retractions: NonNegativeInt = 0


class Generation(Answer):
    """The answer to `POST /generate`."""

    output_ids: tuple[int, ...]
    meta_info: MetaInfo


class WeightUpdate(Answer):
    """The answer to every request of an update of weights."""

    success: bool
    message: str


class ServerInfo(Answer):
    """The answer to `GET /server_info`."""

    tp_size: int
    pp_size: int
    dp_size: int


class ModelInfo(Answer):
    """The answer to `GET /model_info`."""

    model_path: str
    weight_version: NonNegativeInt


def attempt_id(request_id: str, attempt: int) -> str:
    """The id under which a request is sent, for the first time (0) or again.

    SGLang refuses an id that it still knows, as it does for seconds after a connection broke. When
    it notices, it aborts every request whose id begins like that one: so no id begins another.

    >>> attempt_id("task/7", 0), attempt_id("task/7", 1)
    ('task/7', '~1~task/7')
    """
    return request_id if attempt == 0 else f"~{attempt}~{request_id}"


def generate_request(
    prompt_ids: Sequence[int],
    params: SamplingParams,
    request_id: str,
    cache_part: str | None = None,
) -> dict[str, JsonValue]:
    """Returns the body of `POST /generate`.

    Only requests of the same `cache_part` find each other's prefixes; None is a part, too.
    """
    sampling: dict[str, JsonValue] = {
        "temperature": params.temperature,
        "top_p": params.top_p,
        "max_new_tokens": params.max_new_tokens,
        "stop_token_ids": list(params.stop_token_ids),
        "skip_special_tokens": False,
    }
    if params.has_fixed_length:
        sampling["ignore_eos"] = True
    if params.seed is not None:
        sampling["sampling_seed"] = params.seed
    return {
        "input_ids": list(prompt_ids),
        "sampling_params": sampling,
        "return_logprob": True,
        "rid": request_id,
        **_in_part(cache_part),
    }


def priming_request(
    prompt_ids: Sequence[int], cache_part: str | None = None
) -> dict[str, JsonValue]:
    """Returns the body of a `POST /generate` that is sent for the prefix cache alone."""
    sampling: dict[str, JsonValue] = {"temperature": 0.0, "max_new_tokens": 1}
    return {
        "input_ids": list(prompt_ids),
        "sampling_params": sampling,
        **_in_part(cache_part),
    }


def _in_part(cache_part: str | None) -> dict[str, JsonValue]:
    return {} if cache_part is None else {"extra_key": cache_part}


def completion_of(generation: Generation) -> Completion:
    """Returns the completion, aligned token by token.

    Raises ValueError when tokens, log-probabilities and versions do not belong together.
    """
    meta = generation.meta_info
    scored = tuple(token for _, token, _ in meta.output_token_logprobs)
    if scored != generation.output_ids:
        raise ValueError(
            f"{len(scored)} log-probabilities do not match {len(generation.output_ids)} tokens"
        )
    return Completion(
        token_ids=generation.output_ids,
        logprobs=tuple(logprob for logprob, _, _ in meta.output_token_logprobs),
        policy_versions=_versions(meta, len(generation.output_ids)),
        finish_reason=_FINISH_REASONS[meta.finish_reason.type],
        use=EngineUse(
            num_prompt_tokens=meta.prompt_tokens,
            num_cached_tokens=meta.cached_tokens,
            num_retractions=meta.num_retractions,
        ),
    )


_FINISH_REASONS = {
    "stop": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "abort": FinishReason.ABORTED,
}


def _versions(meta: MetaInfo, num_tokens: int) -> tuple[PolicyVersion, ...]:
    if not meta.weight_versions:
        return (PolicyVersion(meta.weight_version),) * num_tokens
    return tuple(
        PolicyVersion(span.version)
        for span in meta.weight_versions
        for _ in range(span.start, span.end)
    )
