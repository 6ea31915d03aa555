"""Messages to tokens and back: the only place that knows chat templates and vocabularies.

Token in, token out. The template is applied once, to the opening messages; what the policy samples
is kept as it is and never tokenised again; tool results are added as the tokens that the template
puts between the end of an assistant's turn and the next generation prompt. Works with any Hugging
Face directory that has a `tokenizer.json` and a chat template, and needs only `tokenizers` and
Jinja, not transformers. It samples nothing.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rl_backend.chat_messages import as_chat, as_function
from rl_backend.chat_template import ChatTemplate, load_chat_template
from rl_backend.runtimes.base import OfferedTool
from rl_backend.tool_calls import ParsedText
from rl_backend.tool_formats import FORMATS, ToolFormat, detect
from world_builder.frozen import Json
from world_builder.trajectory import Message, Role

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_MARK = "\u2063turn\u2063"
"""Stands for an assistant's text, to find what the template writes after it."""


class RendererError(ValueError):
    """A tokenizer or chat template that cannot be used; says what to mend."""


@dataclass(frozen=True)
class Renderer:
    """A tokenizer with its chat template."""

    tokenizer: "Tokenizer"
    template: ChatTemplate
    stop_ids: frozenset[int]
    """Tokens that end a turn."""
    tool_format: ToolFormat
    """How the template teaches to write tool calls."""

    @classmethod
    def load(cls, directory: Path, tool_format: str | None = None) -> "Renderer":
        """The renderer of a model directory. Raises RendererError.

        `tool_format` names one of `tool_formats.FORMATS`; None finds it by the template.
        """
        from tokenizers import Tokenizer

        path = directory / "tokenizer.json"
        if not path.is_file():
            raise RendererError(f"{directory} has no tokenizer.json; save the fast tokenizer there")
        tokenizer = Tokenizer.from_file(str(path))
        try:
            template = load_chat_template(directory)
        except ValueError as error:
            raise RendererError(str(error)) from error
        return cls(
            tokenizer,
            template,
            _stop_ids(directory, tokenizer, template),
            detect(template.source) if tool_format is None else FORMATS[tool_format],
        )

    def opening(self, messages: Sequence[Message], tools: Sequence[OfferedTool]) -> list[int]:
        """The tokens of the opening messages, generation prompt included."""
        text = self.template.render(
            [as_chat(m) for m in messages], [as_function(t) for t in tools], is_prompt=True
        )
        return self.encode(text)

    def whole(self, messages: Sequence[Message], tools: Sequence[OfferedTool]) -> list[int]:
        """A finished dialogue rendered at once: for demonstrations and tests."""
        text = self.template.render(
            [as_chat(m) for m in messages], [as_function(t) for t in tools], is_prompt=False
        )
        return self.encode(text)

    def tool_delta(self, results: Sequence[Message], last_sampled: int | None) -> list[int]:
        """The tokens between an assistant's turn and the next one, given its tool results.

        When the last sampled token is the one that ends a turn, it is not repeated.
        """
        if not results or any(message.role is not Role.TOOL for message in results):
            raise ValueError("a delta is made of one or more tool messages")
        delta = self.encode(self._tail(tuple(results)))
        return delta[1:] if delta[0] == last_sampled else delta

    def parse(self, token_ids: Sequence[int], tools: Sequence[OfferedTool]) -> ParsedText:
        """What sampled tokens say, without the token that ends the turn.

        Values are read by the schemas of the tools where the format does not tell their kinds.
        """
        schemas = {tool.name: tool.parameters for tool in tools}
        return self.tool_format.parse(self.decode(token_ids), schemas)

    def decode(self, token_ids: Sequence[int]) -> str:
        """The text of sampled tokens, without the token that ends the turn."""
        ids = list(token_ids)
        while ids and ids[-1] in self.stop_ids:
            ids.pop()
        text: str = self.tokenizer.decode(ids, skip_special_tokens=False)
        return text

    def encode(self, text: str) -> list[int]:
        ids: list[int] = self.tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of all that decides which tokens a dialogue becomes."""
        parts = [
            self.tokenizer.to_str(),
            self.template.source,
            sorted(self.template.special_tokens.items()),
            sorted(self.stop_ids),
            type(self.tool_format).__name__,
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    @cached_property
    def turn_end_ids(self) -> tuple[int, ...]:
        """The tokens that the template puts right after an assistant's text."""
        text = self.template.render([_USER, _assistant(_MARK)], [], is_prompt=False)
        return tuple(self.encode(text.rpartition(_MARK)[2]))

    def _tail(self, results: tuple[Message, ...]) -> str:
        messages = [_USER, _assistant(_MARK), *(as_chat(message) for message in results)]
        _, mark, tail = self.template.render(messages, [], is_prompt=True).partition(_MARK)
        if not mark or not tail:
            raise RendererError("the chat template drops assistant messages before tool results")
        return tail


_USER: dict[str, Json] = {"role": "user", "content": "."}


def _assistant(content: str) -> dict[str, Json]:
    return {"role": "assistant", "content": content}


def _stop_ids(directory: Path, tokenizer: Any, template: ChatTemplate) -> frozenset[int]:
    """Ids that end a turn: the tokenizer's end token and what generation_config.json names."""
    ids: set[int] = set()
    end = tokenizer.token_to_id(template.special_tokens.get("eos_token", ""))
    if end is not None:
        ids.add(end)
    path = directory / "generation_config.json"
    if path.is_file():
        named = json.loads(path.read_text(encoding="utf-8")).get("eos_token_id")
        ids.update(named if isinstance(named, list) else [named] if named is not None else [])
    if not ids:
        raise RendererError(f"{directory} names no end token; set eos_token in its tokenizer files")
    return frozenset(ids)
