"""Tool calls are read from text as they were written, or answered with what to mend."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rl_backend.tool_calls import MalformedCall, final_response
from rl_backend.tool_formats import FORMATS, ToolFormat, detect
from world_builder.frozen import Json
from world_builder.tools import ToolCall

HERMES = FORMATS["hermes"]
SCHEMAS: dict[str, dict[str, Json]] = {
    "find": {
        "type": "object",
        "properties": {
            "text": {"type": "string"},
            "limit": {"type": "integer"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "price": {"type": "number"},
            "is_new": {"type": "boolean"},
            "where": {"type": "object"},
        },
    }
}
WORDS = st.text("abc ÄΩ☕.,:12'\"{}\n", max_size=14)
CALLS = st.builds(
    ToolCall,
    tool=st.just("find"),
    arguments=st.fixed_dictionaries(
        {},
        optional={
            "text": WORDS.filter(lambda text: text == text.strip("\n")),
            "limit": st.integers(-(10**6), 10**6),
            "tags": st.lists(WORDS, max_size=3),
            "price": st.floats(allow_nan=False, allow_infinity=False),
            "is_new": st.booleans(),
            "where": st.dictionaries(WORDS, st.none() | st.integers() | WORDS, max_size=2),
        },
    ),
)


@pytest.fixture(params=sorted(FORMATS))
def form(request: pytest.FixtureRequest) -> ToolFormat:
    return FORMATS[request.param]


@settings(deadline=None)
@given(
    content=st.text("Hello, world.\n ", max_size=20).map(str.strip),
    calls=st.lists(CALLS, max_size=3),
)
@pytest.mark.parametrize("name", sorted(FORMATS))
def test_canonical_text_is_read_back_unchanged(
    name: str, content: str, calls: list[ToolCall]
) -> None:
    form = FORMATS[name]
    parsed = form.parse(form.write(content, calls), SCHEMAS)
    assert (parsed.content, list(parsed.requests)) == (content, calls)


@given(text=st.text(max_size=60) | st.text('<tool_callarg_keyvu=fnip>{}":;/| \n', max_size=60))
@pytest.mark.parametrize("name", sorted(FORMATS))
def test_no_text_breaks_a_format(name: str, text: str) -> None:
    parsed = FORMATS[name].parse(text, SCHEMAS)
    assert parsed.content == text or parsed.requests


def test_the_example_of_a_format_is_a_call(form: ToolFormat) -> None:
    (request,) = form.parse(form.example, {}).requests
    assert request == ToolCall(tool="tool_name", arguments={"argument": "value"})


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('{"name": "find"', "Expecting"),
        ("[1]", "must be a JSON object"),
        ('{"arguments": {}}', "`name` must be"),
        ('{"name": "find", "arguments": "{}"}', "`arguments` must be"),
        ('{"name": "find", "arguments": {"x": NaN}}', "NaN"),
        ('{"name": "find", "parameters": {}}', "parameters"),
        ('{"name": "find", "arguments": {"x": 1e999}}', "not JSON compliant"),
        ('{"name": "find", "arguments": {"x": "\\ud800"}}', "surrogate"),
        ("[" * 100_000, "deep"),
    ],
)
def test_a_malformed_call_says_what_to_mend(body: str, told: str) -> None:
    (request,) = HERMES.parse(f"<tool_call>{body}</tool_call>", {}).requests
    assert isinstance(request, MalformedCall)
    answer = request.answer()
    assert answer.is_error
    assert answer.value["error"] == "malformed_call"
    assert told in str(answer.value["message"])
    assert '{"name": "tool_name"' in str(answer.value["message"])


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("glm", "<tool_call>find\n<arg_key>text</arg_key>\n</tool_call>", "needs its <arg_value>"),
        ("glm", "<tool_call><arg_key>a</arg_key><arg_value>1</arg_value></tool_call>", "name"),
        ("glm", "<tool_call>find", "not closed"),
        ("qwen_coder", "<tool_call>find</tool_call>", "<function=tool_name>"),
        (
            "qwen_coder",
            "<tool_call><function=find><parameter=a>1</function></tool_call>",
            "closed <parameter=name>",
        ),
        ("llama_json", '{"name": "find", "parameters": {}} and so on', "Extra data"),
        ("llama_json", "<|python_tag|>", "no call"),
    ],
)
def test_each_format_says_what_to_mend(name: str, text: str, told: str) -> None:
    (request,) = FORMATS[name].parse(text, SCHEMAS).requests
    assert isinstance(request, MalformedCall)
    assert told in request.problem
    assert FORMATS[name].example in str(request.answer().value["message"])


def test_malformed_calls_keep_their_place_among_good_ones() -> None:
    good = HERMES.write("", [ToolCall(tool="find", arguments={"text": "tea"})])
    text = f"a {good} b <tool_call>oops {good} <tool_call>{{"
    parsed = HERMES.parse(text, {})
    kinds = [isinstance(request, ToolCall) for request in parsed.requests]
    assert kinds == [True, False, True, False]
    assert [r.problem for r in parsed.requests if isinstance(r, MalformedCall)] == [
        "it is not closed with </tool_call>",
        "it is not closed with </tool_call>",
    ]


def test_bare_values_are_read_by_the_schema_of_their_tool() -> None:
    text = "<tool_call>find\n" + "".join(
        f"<arg_key>{key}</arg_key>\n<arg_value>{value}</arg_value>\n"
        for key, value in (("text", "12"), ("limit", "12"), ("other", "[1]"), ("more", "b[1"))
    )
    (request,) = FORMATS["glm"].parse(text + "</tool_call>", SCHEMAS).requests
    assert request == ToolCall(
        tool="find", arguments={"text": "12", "limit": 12, "other": [1], "more": "b[1"}
    )


def test_reasoning_makes_no_calls_and_is_no_response(form: ToolFormat) -> None:
    thought = f"<think>Maybe {form.write('', [ToolCall(tool='find')])}?</think>"
    assert form.parse(thought + "Done.", {}).requests == ()
    assert final_response(thought + "\n\nDone.") == "Done."
    assert final_response("<think>never finished") == ""


def test_a_template_tells_its_format() -> None:
    assert detect("... <arg_key>{{ k }}</arg_key> <tool_call> ...").name == "glm"
    assert detect("<tool_call>\n<function={{ name }}>").name == "qwen_coder"
    assert detect("<tool_call>{{ call | tojson }}").name == "hermes"
    assert detect('{"name": name, "parameters": {{ a }}}').name == "llama_json"
    assert detect("{{ messages }}").name == "hermes"
