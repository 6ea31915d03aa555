"""A model's chat template, rendered as transformers renders it, without transformers.

Reads `chat_template.jinja` or `tokenizer_config.json` of a model directory. Templates are code of
strangers, so they run in Jinja's immutable sandbox. Tokens are the renderer's business.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import NoReturn

from jinja2 import Template, TemplateError, nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from world_builder.frozen import Json

_SPECIAL_TOKENS = ("bos_token", "eos_token", "pad_token", "unk_token")


@dataclass(frozen=True)
class ChatTemplate:
    """A template and the special tokens it may name."""

    source: str
    special_tokens: Mapping[str, str]

    def render(
        self,
        messages: Sequence[Mapping[str, Json]],
        tools: Sequence[Mapping[str, Json]],
        *,
        is_prompt: bool,
    ) -> str:
        """The text of a dialogue; `is_prompt` ends it where an assistant begins to write.

        Raises ValueError with the template's own words when it refuses the messages.
        """
        try:
            return self._compiled.render(
                messages=messages,
                tools=tools or None,
                documents=None,
                add_generation_prompt=is_prompt,
                **self.special_tokens,
            )
        except TemplateError as error:
            raise ValueError(f"the chat template refused the messages: {error}") from error

    @cached_property
    def _compiled(self) -> Template:
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols, _Generation]
        )
        environment.filters["tojson"] = _tojson
        environment.globals["raise_exception"] = _raise
        environment.globals["strftime_now"] = _strftime
        return environment.from_string(self.source)


def load_chat_template(directory: Path) -> ChatTemplate:
    """The template of a model directory. Raises ValueError when it has none."""
    config = _read_json(directory / "tokenizer_config.json")
    named = _read_json(directory / "special_tokens_map.json") | config
    tokens = {name: _token_text(named.get(name)) for name in _SPECIAL_TOKENS}
    path = directory / "chat_template.jinja"
    source = path.read_text(encoding="utf-8") if path.is_file() else _inline(config)
    if not source:
        raise ValueError(f"{directory} has no chat template; put it into {path.name}")
    return ChatTemplate(source, {name: text for name, text in tokens.items() if text})


class _Generation(Extension):
    """Lets `{% generation %}` blocks, which only mark assistant text, through unchanged."""

    tags = {"generation"}  # noqa: RUF012 (as Jinja declares it)

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _inline(config: Mapping[str, Json]) -> str:
    """The template inside tokenizer_config.json: a text, or the default one of several."""
    template = config.get("chat_template")
    if isinstance(template, list):
        named = {t["name"]: t["template"] for t in template if isinstance(t, dict)}
        template = named.get("tool_use", named.get("default"))
    return template if isinstance(template, str) else ""


def _token_text(value: Json) -> str:
    if isinstance(value, dict):
        value = value.get("content")
    return value if isinstance(value, str) else ""


def _read_json(path: Path) -> dict[str, Json]:
    if not path.is_file():
        return {}
    data: dict[str, Json] = json.loads(path.read_text(encoding="utf-8"))
    return data


def _tojson(
    value: Json,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    return json.dumps(
        value,
        ensure_ascii=ensure_ascii,
        indent=indent,
        separators=separators,
        sort_keys=sort_keys,
    )


def _raise(message: str) -> NoReturn:
    raise TemplateError(message)


def _strftime(form: str) -> str:
    """The date of today for templates that print one; UTC, so that machines agree."""
    return datetime.now(UTC).strftime(form)
