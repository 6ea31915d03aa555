"""The small tokenizer loses no byte, and its chat template only ever appends."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from rl_backend.chat_template import ChatTemplate
from rl_backend.tiny_template import CHAT_TEMPLATE, SpecialToken
from rl_backend.tiny_tokenizer import (
    MIN_VOCAB_SIZE,
    SIZE_MULTIPLE,
    train_tokenizer,
)
from world_builder.frozen import Json

TEXTS = [
    f"<|user|>Where is order ORD-{i:04d}?<|end|><|tool|>"
    f'{{"id": "ORD-{i:04d}", "status": "shipped", "total": {i * 7}}}<|end|>'
    for i in range(200)
]
TOOLS: list[dict[str, Json]] = [
    {
        "type": "function",
        "function": {
            "name": "find_orders",
            "description": "Finds orders.",
            "parameters": {
                "type": "object",
                "properties": {
                    "customer_id": {"type": "string"},
                    "status": {"enum": ["open", "shipped"]},
                    "since": {"type": "string", "format": "date"},
                    "ids": {"type": "array", "items": {"type": "integer"}},
                    "limit": {"type": ["integer", "null"]},
                },
                "required": ["customer_id"],
            },
        },
    },
    {"type": "function", "function": {"name": "today"}},
]


@cache
def tokenizer() -> Tokenizer:
    return train_tokenizer(TEXTS, vocab_size=400)


def ids_of(text: str) -> list[int]:
    ids: list[int] = tokenizer().encode(text, add_special_tokens=False).ids
    return ids


@given(text=st.text())
def test_any_text_survives_encoding_and_decoding(text: str) -> None:
    decoded = tokenizer().decode(ids_of(text), skip_special_tokens=False)
    assert decoded == text


@pytest.mark.parametrize("text", [" two  spaces ", "\r\n\t\x00", "e\u0301é🎉", "<|end|><|endx|>"])
def test_awkward_text_survives_too(text: str) -> None:
    assert tokenizer().decode(ids_of(text), skip_special_tokens=False) == text


def test_digits_stand_alone() -> None:
    tokens = tokenizer().encode("ORD-0042 and 17").tokens
    assert [token for token in tokens if any(c.isdigit() for c in token)] == list("004217")


def test_special_tokens_have_the_first_ids_and_are_never_cut() -> None:
    for index, token in enumerate(SpecialToken):
        assert ids_of(f"a{token}b")[1:-1] == [index]


def test_frequent_text_is_short() -> None:
    tokens = tokenizer().encode('"status": "shipped"').tokens
    assert tokens == ['"', "status", '":Ġ"', "shipped", '"']


@pytest.mark.parametrize("vocab_size", [MIN_VOCAB_SIZE, 300, 399, 4096])
def test_the_vocabulary_is_bounded_and_divisible(vocab_size: int) -> None:
    size = train_tokenizer(TEXTS, vocab_size=vocab_size).get_vocab_size()
    assert size <= vocab_size
    assert size % SIZE_MULTIPLE == 0


def test_the_same_texts_give_the_same_tokenizer() -> None:
    assert tokenizer().to_str() == train_tokenizer(iter(TEXTS), vocab_size=400).to_str()


def test_a_vocabulary_without_room_for_bytes_is_refused() -> None:
    with pytest.raises(ValueError, match=f"{MIN_VOCAB_SIZE} or more"):
        train_tokenizer(TEXTS, vocab_size=MIN_VOCAB_SIZE - 1)


def render(
    messages: list[dict[str, Json]], tools: list[dict[str, Json]] | None = None, *, prompt: bool
) -> str:
    template = ChatTemplate(CHAT_TEMPLATE, {"bos_token": "<|bos|>", "eos_token": "<|end|>"})
    return template.render(messages, tools or [], is_prompt=prompt)


def call(name: str, arguments: Json) -> dict[str, Json]:
    return {"type": "function", "function": {"name": name, "arguments": arguments}}


def test_a_conversation_is_rendered_turn_by_turn() -> None:
    messages: list[dict[str, Json]] = [
        {"role": "system", "content": "Be careful."},
        {"role": "user", "content": "Hi"},
        {
            "role": "assistant",
            "content": "I look.",
            "tool_calls": [
                call("find_orders", {"customer_id": "é", "limit": 2}),
                call("today", "{}"),
            ],
        },
        {"role": "tool", "content": "[]"},
        {"role": "tool", "content": "monday"},
        {"role": "assistant", "content": "None."},
    ]
    assert render(messages, TOOLS, prompt=False) == (
        "<|bos|><|system|>Be careful.\n"
        "find_orders(customer_id: string, status?: open|shipped, since?: date, ids?: integer[], "
        "limit?: integer|null)\n"
        "today()<|end|>"
        "<|user|>Hi<|end|>"
        "<|assistant|>I look.\n"
        '<tool_call>\n{"name": "find_orders", "arguments": {"customer_id": "é", "limit": 2}}\n'
        "</tool_call>\n"
        '<tool_call>\n{"name": "today", "arguments": {}}\n</tool_call><|end|>'
        "<|tool|>[]<|end|><|tool|>monday<|end|>"
        "<|assistant|>None.<|end|>"
    )


def test_tools_alone_make_a_system_turn() -> None:
    rendered = render([{"role": "user", "content": "Hi"}], TOOLS[1:], prompt=True)
    assert rendered == "<|bos|><|system|>today()<|end|><|user|>Hi<|end|><|assistant|>"


CONTENTS = st.one_of(st.text(max_size=8), st.none(), st.just([{"type": "text", "text": "part"}]))
MESSAGES = st.lists(
    st.one_of(
        st.fixed_dictionaries({"role": st.sampled_from(["user", "tool"]), "content": CONTENTS}),
        st.fixed_dictionaries(
            {
                "role": st.just("assistant"),
                "content": CONTENTS,
                "tool_calls": st.lists(st.just(call("today", {})), max_size=2),
            }
        ),
    ),
    min_size=2,
    max_size=6,
)


@given(messages=MESSAGES, has_system=st.booleans(), has_tools=st.booleans(), cut=st.integers(1, 5))
def test_what_is_rendered_is_a_prefix_of_what_comes_later(
    messages: list[dict[str, Json]], has_system: bool, has_tools: bool, cut: int
) -> None:
    if has_system:
        messages = [{"role": "system", "content": "s"}, *messages]
    tools = TOOLS if has_tools else None
    cut = min(cut, len(messages) - 1)
    whole = render(messages, tools, prompt=True)
    assert whole.startswith(render(messages[:cut], tools, prompt=False))
    is_answer_next = messages[cut]["role"] == "assistant"
    assert whole.startswith(render(messages[:cut], tools, prompt=True)) is is_answer_next


def test_what_is_to_be_copied_is_cut_alike_wherever_it_stands() -> None:
    name, order = ids_of("Rosa Heronwin"), ids_of("ord-4312")
    for text in ("Rosa Heronwin", "I am Rosa Heronwin.", '{"text": "Rosa Heronwin"}'):
        assert is_part(name, ids_of(text))
    for text in ("ord-4312", "Where is ord-4312?", '{"id": "ord-4312"}', "(ord-4312)"):
        assert is_part(order, ids_of(text))
    assert len(order) == len(ids_of("ord-")) + 4


def test_a_name_is_cut_alike_at_its_end() -> None:
    """The pieces are learned where a space follows, and used where a quotation mark does."""
    made = train_tokenizer(["Is Rosa Heronwin a customer?", "I am Rosa Heronwin."], vocab_size=400)
    name: list[int] = made.encode("Rosa Heronwin").ids
    assert len(name) == 3
    for text in ("Is Rosa Heronwin a customer?", '{"text": "Rosa Heronwin"}', "Rosa Heronwin "):
        assert is_part(name, made.encode(text).ids)


def is_part(part: list[int], whole: list[int]) -> bool:
    starts = range(len(whole) - len(part) + 1)
    return any(whole[start : start + len(part)] == part for start in starts)
