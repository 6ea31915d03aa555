"""Token by token, a dialogue becomes what the chat template makes of it as a whole."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from rl_backend.chat_template import ChatTemplate
from rl_backend.renderer import Renderer, RendererError
from rl_backend.runtimes.base import OfferedTool
from rl_backend.tiny_tokenizer import train_tokenizer, write_tokenizer
from world_builder.tools import ToolCall
from world_builder.trajectory import Message, Role

HERMES = """\
{%- if tools %}
{{- '<|im_start|>system\\n' }}
{%- if messages[0]['role'] == 'system' %}{{- messages[0]['content'] + '\\n\\n' }}{%- endif %}
{{- '# Tools\\n<tools>' }}
{%- for tool in tools %}{{- '\\n' }}{{- tool | tojson }}{%- endfor %}
{{- '\\n</tools><|im_end|>\\n' }}
{%- elif messages[0]['role'] == 'system' %}
{{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
{%- if message.role == 'user' %}
{{- '<|im_start|>user\\n' + message.content + '<|im_end|>\\n' }}
{%- elif message.role == 'assistant' %}
{{- '<|im_start|>assistant\\n' }}{% generation %}{{- message.content }}
{%- for call in message.tool_calls or [] %}
{%- if message.content or not loop.first %}{{- '\\n' }}{%- endif %}
{{- '<tool_call>\\n{"name": "' + call.function.name + '", "arguments": ' }}
{{- call.function.arguments | tojson }}{{- '}\\n</tool_call>' }}
{%- endfor %}
{{- '<|im_end|>' }}{% endgeneration %}{{- '\\n' }}
{%- elif message.role == 'tool' %}
{%- if loop.index0 == 0 or messages[loop.index0 - 1].role != 'tool' %}
{{- '<|im_start|>user' }}
{%- endif %}
{{- '\\n<tool_response>\\n' + message.content + '\\n</tool_response>' }}
{%- if loop.last or messages[loop.index0 + 1].role != 'tool' %}{{- '<|im_end|>\\n' }}{%- endif %}
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}
"""
_TALK = """\
{%- if tools %}{{- '[tools]' }}{%- for tool in tools %}{{- tool | tojson }}{%- endfor %}{%- endif %}
{%- for message in messages %}
{%- if message.role == 'assistant' %}
{{- '<|im_start|>assistant\\n' + message.content }}
{%- for call in message.tool_calls or [] %}@CALL@{%- endfor %}
{{- '<|im_end|>' }}
{%- else %}
{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' }}
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}
"""
"""A plain dialogue, in which each format writes its calls."""
_BREAK = "{%- if message.content or not loop.first %}{{- '\\n' }}{%- endif %}"
GLM = _TALK.replace(
    "@CALL@",
    _BREAK
    + """\
{{- '<tool_call>' + call.function.name + '\\n' }}
{%- for key, value in call.function.arguments.items() %}
{{- '<arg_key>' + key + '</arg_key>\\n<arg_value>' }}
{{- value if value is string else value | tojson }}{{- '</arg_value>\\n' }}
{%- endfor %}
{{- '</tool_call>' }}""",
)
QWEN_CODER = _TALK.replace(
    "@CALL@",
    _BREAK
    + """\
{{- '<tool_call>\\n<function=' + call.function.name + '>\\n' }}
{%- for key, value in call.function.arguments.items() %}
{{- '<parameter=' + key + '>\\n' }}
{{- value if value is string else value | tojson }}{{- '\\n</parameter>\\n' }}
{%- endfor %}
{{- '</function>\\n</tool_call>' }}""",
)
LLAMA_JSON = _TALK.replace(
    "@CALL@",
    """\
{%- if loop.first %}{{- '<|python_tag|>' if message.content }}{%- else %}{{- '; ' }}{%- endif %}
{{- '{"name": "' + call.function.name + '", "parameters": ' }}
{{- call.function.arguments | tojson }}{{- '}' }}""",
)
TOOLS = (
    OfferedTool(
        name="find_books",
        description="Finds books.",
        parameters={"type": "object", "properties": {"text": {"type": "string"}}},
    ),
)
CORPUS = ['{"name": "find_books", "arguments": {"text": "Über Bücher"}}', "Dear Ana, 12 books."] * 4


def make_tiny(directory: Path) -> Renderer:
    write_tokenizer(directory, train_tokenizer(CORPUS, vocab_size=400), context_length=512)
    return Renderer.load(directory)


def make_hermes(directory: Path) -> Renderer:
    return make_chat(directory, HERMES)


def make_glm(directory: Path) -> Renderer:
    return make_chat(directory, GLM)


def make_qwen_coder(directory: Path) -> Renderer:
    return make_chat(directory, QWEN_CODER)


def make_llama_json(directory: Path) -> Renderer:
    return make_chat(directory, LLAMA_JSON)


def make_chat(directory: Path, template: str) -> Renderer:
    tokenizer: Tokenizer = train_tokenizer(CORPUS, vocab_size=400)
    tokenizer.add_special_tokens(["<|im_start|>", "<|im_end|>"])
    tokenizer.save(str(directory / "tokenizer.json"))
    config = {"chat_template": template, "eos_token": {"content": "<|im_end|>"}}
    (directory / "tokenizer_config.json").write_text(json.dumps(config))
    return Renderer.load(directory)


MADE = [make_tiny, make_hermes, make_glm, make_qwen_coder, make_llama_json]


@pytest.fixture(scope="module", params=MADE)
def renderer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Renderer:
    made: Renderer = request.param(tmp_path_factory.mktemp("model"))
    return made


WORDS = st.text("abc ÄΩ☕.,:12<|>{}\"'\n", min_size=1, max_size=30).map(str.strip).filter(bool)
CALLS = st.lists(
    st.builds(
        ToolCall, tool=st.just("find_books"), arguments=st.fixed_dictionaries({"text": WORDS})
    ),
    min_size=1,
    max_size=3,
)
TURNS = st.lists(st.tuples(WORDS | st.just(""), CALLS), max_size=3)


@given(system=WORDS, request=WORDS, turns=TURNS, last=WORDS)
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_the_row_equals_the_dialogue_rendered_at_once(
    renderer: Renderer,
    system: str,
    request: str,
    turns: list[tuple[str, list[ToolCall]]],
    last: str,
) -> None:
    messages = [
        Message(role=Role.SYSTEM, content=system),
        Message(role=Role.USER, content=request),
    ]
    row = renderer.opening(messages, TOOLS)
    (end,) = renderer.stop_ids
    for content, calls in [*turns, (last, [])]:
        sampled = [*renderer.encode(renderer.tool_format.write(content, calls)), end]
        parsed = renderer.parse(sampled, TOOLS)
        assert (parsed.content, list(parsed.requests)) == (content, calls)
        messages.append(Message(role=Role.ASSISTANT, content=content, tool_calls=tuple(calls)))
        row += sampled
        if calls:
            results = [
                Message(role=Role.TOOL, content=c.arguments["text"] * 2, tool=c.tool)  # type: ignore[operator]
                for c in calls
            ]
            messages += results
            row += renderer.tool_delta(results, sampled[-1])
    after_end = list(renderer.turn_end_ids[1:])
    assert row + after_end == renderer.whole(messages, TOOLS)


@pytest.mark.parametrize(
    ("make", "name"),
    [(make_tiny, "hermes"), (make_glm, "glm"), (make_qwen_coder, "qwen_coder"),
     (make_llama_json, "llama_json")],
)  # fmt: skip
def test_the_template_decides_how_calls_are_written(
    make: Callable[[Path], Renderer], name: str, tmp_path: Path
) -> None:
    assert make(tmp_path).tool_format.name == name
    assert Renderer.load(tmp_path, "glm").tool_format.name == "glm"


def test_a_turn_that_was_cut_is_closed_by_the_delta(renderer: Renderer) -> None:
    (end,) = renderer.stop_ids
    results = [Message(role=Role.TOOL, content="{}", tool="find_books")]
    whole, cut = renderer.tool_delta(results, end), renderer.tool_delta(results, 7)
    assert cut == [end, *whole]


def test_rendering_agrees_with_transformers(renderer: Renderer) -> None:
    from transformers import PreTrainedTokenizerFast

    theirs = PreTrainedTokenizerFast(
        tokenizer_object=renderer.tokenizer, **renderer.template.special_tokens
    )
    messages = [
        Message(role=Role.SYSTEM, content="Be kind.  "),
        Message(role=Role.USER, content="Ünï <b> & 'c'"),
    ]
    text = theirs.apply_chat_template(
        [{"role": m.role.value, "content": m.content} for m in messages],
        tools=[{"type": "function", "function": tool.model_dump()} for tool in TOOLS],
        chat_template=renderer.template.source,
        add_generation_prompt=True,
        tokenize=False,
    )
    assert renderer.opening(messages, TOOLS) == renderer.encode(text)


def test_a_directory_that_cannot_be_used_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(RendererError, match=r"no tokenizer\.json"):
        Renderer.load(tmp_path)
    train_tokenizer(CORPUS, vocab_size=400).save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(RendererError, match="no chat template"):
        Renderer.load(tmp_path)
    (tmp_path / "chat_template.jinja").write_text("{{ messages[0].content }}")
    with pytest.raises(RendererError, match="no end token"):
        Renderer.load(tmp_path)


def test_a_tool_use_template_among_several_and_named_stops_are_used(tmp_path: Path) -> None:
    train_tokenizer(CORPUS, vocab_size=400).save(str(tmp_path / "tokenizer.json"))
    templates = [
        {"name": "default", "template": "plain"},
        {"name": "tool_use", "template": "{{ messages[0].content }}<|end|>"},
    ]
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"chat_template": templates}))
    (tmp_path / "generation_config.json").write_text(json.dumps({"eos_token_id": [2, 5]}))
    renderer = Renderer.load(tmp_path)
    assert renderer.stop_ids == {2, 5}
    assert renderer.opening([Message(role=Role.USER, content="a")], []) == renderer.encode(
        "a<|end|>"
    )


def test_a_template_that_refuses_says_so_in_its_own_words(renderer: Renderer) -> None:
    picky = ChatTemplate("{{ raise_exception('no tools, please') }}", {})
    with pytest.raises(ValueError, match="no tools, please"):
        replace(renderer, template=picky).opening([], [])


def test_only_tool_messages_make_a_delta(renderer: Renderer) -> None:
    with pytest.raises(ValueError, match="tool messages"):
        renderer.tool_delta([Message(role=Role.USER, content="a")], None)
