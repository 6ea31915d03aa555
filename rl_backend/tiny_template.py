"""How a dialogue is written for the model made from scratch: its special tokens and chat template.

Rendered turn by turn: what is rendered for the first n messages is a prefix of what is rendered for
more, which lets a tool result be tokenised as a delta. Imports nothing heavy.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache

from rl_backend.chat_template import ChatTemplate


class SpecialToken(StrEnum):
    """Tokens that no ordinary text is cut into, in the order of their ids from 0."""

    PAD = "<|pad|>"
    BOS = "<|bos|>"
    END = "<|end|>"
    """Ends every turn; the engine stops on it."""
    SYSTEM = "<|system|>"
    USER = "<|user|>"
    ASSISTANT = "<|assistant|>"
    TOOL = "<|tool|>"
    CALL_START = "<tool_call>"
    CALL_END = "</tool_call>"


CHAT_TEMPLATE = """\
{%- macro text(content) -%}
  {%- if content is string -%}{{- content -}}
  {%- elif content -%}{%- for part in content -%}{{- part['text'] -}}{%- endfor -%}
  {%- endif -%}
{%- endmacro -%}
{%- macro kind(schema) -%}
  {%- if schema['enum'] -%}{{- schema['enum'] | join('|') -}}
  {%- elif schema['type'] == 'array' -%}{{- kind(schema['items'] or {}) -}}[]
  {%- elif schema['format'] -%}{{- schema['format'] -}}
  {%- elif schema['type'] is string -%}{{- schema['type'] -}}
  {%- elif schema['type'] -%}{{- schema['type'] | join('|') -}}
  {%- else -%}any{%- endif -%}
{%- endmacro -%}
{%- macro signature(tool) -%}
  {%- set schema = tool['parameters'] or {} -%}
  {{- tool['name'] -}}(
  {%- for name, property in (schema['properties'] or {}).items() -%}
    {{- '' if loop.first else ', ' -}}{{- name -}}
    {{- '' if name in (schema['required'] or []) else '?' -}}{{- ': ' -}}{{- kind(property) -}}
  {%- endfor -%})
{%- endmacro -%}
{{- '<|bos|>' -}}
{%- set has_system = messages and messages[0]['role'] == 'system' -%}
{%- if has_system or tools -%}
  {{- '<|system|>' -}}
  {%- if has_system -%}{{- text(messages[0]['content']) -}}{%- endif -%}
  {%- for tool in tools or [] -%}
    {{- '' if loop.first and not has_system else '\\n' -}}
    {{- signature(tool['function'] or tool) -}}
  {%- endfor -%}
  {{- '<|end|>' -}}
{%- endif -%}
{%- for message in messages -%}
  {%- if not (loop.first and has_system) -%}
    {{- '<|' + message['role'] + '|>' -}}{%- set content = text(message['content']) -%}
    {{- content -}}
    {%- for call in message['tool_calls'] or [] -%}
      {%- set function = call['function'] or call -%}
      {{- '\\n' if content or not loop.first else '' -}}
      {{- '<tool_call>\\n{"name": ' + (function['name'] | tojson) + ', "arguments": ' -}}
      {%- if function['arguments'] is string -%}{{- function['arguments'] -}}
      {%- else -%}{{- function['arguments'] | tojson -}}{%- endif -%}
      {{- '}\\n</tool_call>' -}}
    {%- endfor -%}
    {{- '<|end|>' -}}
  {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|assistant|>' -}}{%- endif -%}
"""


@cache
def made_template() -> ChatTemplate:
    """The template with its special tokens."""
    tokens = {"bos_token": str(SpecialToken.BOS), "eos_token": str(SpecialToken.END)}
    return ChatTemplate(CHAT_TEMPLATE, tokens)
