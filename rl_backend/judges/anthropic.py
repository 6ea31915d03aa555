"""A model judge's model over Anthropic's Messages API: the only module that imports the SDK.

Structured output gives the answer's form, prompt caching makes the shared case cheap, and the SDK
retries what is worth retrying. Whatever fails after that is a reply with its reason. It knows
nothing of criteria.
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from anthropic import APIConnectionError, APIError, APIStatusError, APITimeoutError, AsyncAnthropic
from anthropic.types import (
    Message,
    MessageParam,
    OutputConfigParam,
    TextBlock,
    TextBlockParam,
)

from rl_backend.judges.base import JudgeUsage
from rl_backend.judges.model import Reply
from rl_backend.judges.prompts import ANSWER_SCHEMA, Prompt

Effort: TypeAlias = Literal["low", "medium", "high", "xhigh", "max"]

_CUT: Mapping[str | None, str] = {
    "refusal": "the judge refused to answer",
    "max_tokens": "the judge's answer was cut at its token limit",
    "model_context_window_exceeded": "the material does not fit the judge's context",
}
_MAX_TOKENS = 4096


class AnthropicModel:
    """One Anthropic model with its effort."""

    def __init__(
        self,
        model: str,
        *,
        api_key: str,
        base_url: str | None = None,
        effort: Effort | None = None,
        timeout_s: float = 60.0,
        max_retries: int = 4,
    ) -> None:
        """`base_url` None and `effort` None are the service's own; `timeout_s` is per try."""
        self.id = f"anthropic:{model}" + (f":{effort}" if effort else "")
        self._model = model
        self._effort: Effort | None = effort
        self._client = AsyncAnthropic(
            api_key=api_key, base_url=base_url, timeout=timeout_s, max_retries=max_retries
        )

    async def ask(self, prompt: Prompt) -> Reply:
        """The model's reply to a prompt; never raises for what the service does."""
        try:
            message = await self._client.messages.create(
                model=self._model,
                max_tokens=_MAX_TOKENS,
                system=prompt.system,
                messages=_messages(prompt),
                output_config=self._output_config(),
            )
        except APIError as error:
            return Reply(failure=_reason(error))
        text = "".join(block.text for block in message.content if isinstance(block, TextBlock))
        return Reply(text=text, failure=_CUT.get(message.stop_reason, ""), usage=_usage_of(message))

    async def close(self) -> None:
        await self._client.close()

    def _output_config(self) -> OutputConfigParam:
        config: OutputConfigParam = {
            "format": {"type": "json_schema", "schema": dict(ANSWER_SCHEMA)}
        }
        if self._effort is not None:
            config["effort"] = self._effort
        return config


def _messages(prompt: Prompt) -> list[MessageParam]:
    case: TextBlockParam = {
        "type": "text",
        "text": prompt.prefix,
        "cache_control": {"type": "ephemeral"},
    }
    question: TextBlockParam = {"type": "text", "text": prompt.question}
    messages: list[MessageParam] = [{"role": "user", "content": [case, question]}]
    if prompt.correction is not None:
        answer, why = prompt.correction
        messages.append({"role": "assistant", "content": answer})
        messages.append({"role": "user", "content": why})
    return messages


def _usage_of(message: Message) -> JudgeUsage:
    return JudgeUsage(
        num_calls=1,
        input_tokens=message.usage.input_tokens,
        cache_write_tokens=message.usage.cache_creation_input_tokens or 0,
        cache_read_tokens=message.usage.cache_read_input_tokens or 0,
        output_tokens=message.usage.output_tokens,
    )


def _reason(error: APIError) -> str:
    """The failure in words for people; the key is never part of it."""
    if isinstance(error, APITimeoutError):
        return "the judge did not answer in time"
    if isinstance(error, APIConnectionError):
        return "the judge could not be reached"
    if isinstance(error, APIStatusError):
        hints = {401: "check ANTHROPIC_API_KEY", 404: "check CORECRAFT_JUDGE_MODEL"}
        hint = hints.get(error.status_code)
        told = f"the judge's service answered {error.status_code}"
        return f"{told}; {hint}" if hint else told
    return f"the judge's service failed: {type(error).__name__}"
