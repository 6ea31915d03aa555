"""Facts are found as whole words, whatever stands around them: held against a plain pattern."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from world_builder import facts
from world_builder.facts import find_fact, normal

_PIECES = st.lists(st.sampled_from(["ord-1042", "74.99", "1", ".", " ", "-", "_", "é", "a", "/"]))


@given(_PIECES.map("".join), _PIECES.map("".join))
@example("174.99", "74.99")
@example("3.74.99", "74.99")
@example("74.99.", "74.99")
@example("74.99.5", "74.99")
@example("ord-10421", "ord-1042")
def test_a_fact_is_found_where_the_pattern_finds_it(haystack: str, fact: str) -> None:
    needle = normal(fact).text.strip()
    pattern = rf"(?<![\w])(?<!\d\.){re.escape(needle)}(?![\w]|\.\d)"
    wanted = bool(needle) and re.search(pattern, normal(haystack).text) is not None
    assert (find_fact(haystack, fact) is not None) is wanted


_PARTS = ("$1,299.00", "Sept. 3", "3rd of May", "*", "_", "  ", "\n", " ", "ﬁ", "ß", "İ", "a")
_MIXED = st.lists(st.sampled_from(_PARTS))


@given(_MIXED.map("".join), st.data())
def test_a_quote_is_the_passage_whose_spelling_it_is(original: str, data: st.DataObject) -> None:
    found = normal(original)
    if not found.text:
        return
    at = data.draw(st.integers(0, len(found.text) - 1))
    quoted = found.quote(at, at + 1)
    assert quoted in original
    assert found.text[at] in normal(quoted).text
    assert found.quote(0, len(found.text)).strip("*_ \n") == original.strip("*_ \n")


_EVERY_TOKEN = re.compile(facts._FORMS, re.IGNORECASE)
_HALVES = (
    *("Jan", "feb", "MAR", "apr", "mAy", "jun", "July", "aug", "ſept", "Sep.", "oct", "nov", "Dec"),
    *("1", "22", "2025", "-09-15", "st", " of ", "/", ",", "000", ".5", "$", "%", "٣", "x"),
    *("*", "`", "__", " ", "\u00a0", "\n", "\t", "(", "-"),
)


@given(st.lists(st.sampled_from(_HALVES)).map("".join) | st.text())
def test_a_token_is_passed_over_by_no_first_look(text: str) -> None:
    spans = [(m.span(), m.lastgroup) for m in facts._TOKEN.finditer(text)]
    forms = ("iso", "md", "dm", "us", "number", "percent", "space", "mark")
    slowly = [
        (m.span(), next(form for form in forms if m[form] is not None))
        for m in _EVERY_TOKEN.finditer(text)
    ]
    assert spans == slowly
