"""Tool calls are read from text as they were written, or answered with what to mend."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rl_backend.tool_calls import (
    MalformedCall,
    assistant_text,
    call_text,
    final_response,
    parse_text,
)
from world_builder.tools import ToolCall

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
CALLS = st.builds(
    ToolCall,
    tool=st.text("abcdefgh_", min_size=1, max_size=10),
    arguments=st.dictionaries(st.text("abc", min_size=1, max_size=4), VALUES, max_size=3),
)


def no_tags(calls: list[ToolCall]) -> bool:
    return "tool_call>" not in "".join(str(call.arguments) for call in calls)


@settings(deadline=None)
@given(st.text("Hello, world.\n ", max_size=20).map(str.strip), st.lists(CALLS, max_size=3))
def test_canonical_text_is_read_back_unchanged(content: str, calls: list[ToolCall]) -> None:
    if no_tags(calls):
        parsed = parse_text(assistant_text(content, calls))
        assert (parsed.content, list(parsed.requests)) == (content, calls)


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
    (request,) = parse_text(f"<tool_call>{body}</tool_call>").requests
    assert isinstance(request, MalformedCall)
    answer = request.answer()
    assert answer.is_error
    assert answer.value["error"] == "malformed_call"
    assert told in str(answer.value["message"])
    assert '{"name": "tool_name"' in str(answer.value["message"])


def test_malformed_calls_keep_their_place_among_good_ones() -> None:
    good = ToolCall(tool="find", arguments={"text": "tea"})
    text = f"a {call_text(good)} b <tool_call>oops {call_text(good)} <tool_call>{{"
    parsed = parse_text(text)
    kinds = [isinstance(request, ToolCall) for request in parsed.requests]
    assert kinds == [True, False, True, False]
    assert [r.problem for r in parsed.requests if isinstance(r, MalformedCall)] == [
        "it is not closed with </tool_call>",
        "it is not closed with </tool_call>",
    ]


def test_reasoning_makes_no_calls_and_is_no_response() -> None:
    thought = f"<think>Maybe {call_text(ToolCall(tool='find'))}?</think>"
    assert parse_text(thought + "Done.").requests == ()
    assert final_response(thought + "\n\nDone.") == "Done."
    assert final_response("<think>never finished") == ""
