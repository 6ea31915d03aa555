"""Plants one simple error in a reference solution, so that a rubric can show whether it notices."""

import re

from world_builder.tasks import ReferenceSolution

_NUMBER = re.compile(r"(?<![\w.-])\$?\d[\d,]*(?:\.\d+)?(?![\w-])")


def plantable(reference: ReferenceSolution) -> tuple[tuple[str, str], ...]:
    """The errors that can be planted in a reference solution: value and words."""
    numbers = [
        (f"number:{i}", f"change {m[0]}")
        for i, m in enumerate(_NUMBER.finditer(reference.response))
    ]
    sentences = [
        (f"sentence:{i}", f"drop “{_cut(text)}”")
        for i, (text, _) in enumerate(_sentences(reference.response))
    ]
    last = reference.calls[-1].tool if reference.calls else ""
    calls = [("call", f"skip the last call, {last}")] if last else []
    return tuple(numbers[:12] + sentences[:12] + calls)


def plant(reference: ReferenceSolution, error: str) -> ReferenceSolution:
    """The reference with one planted error; the reference itself when there is no such place."""
    kind, _, place = error.partition(":")
    index = int(place) if place.isdigit() else 0
    text = reference.response
    if kind == "call":
        return reference.model_copy(update={"calls": reference.calls[:-1]})
    if kind == "number":
        found = list(_NUMBER.finditer(text))[index : index + 1]
        for match in found:
            text = text[: match.start()] + _other_number(match[0]) + text[match.end() :]
    if kind == "sentence":
        for _, (start, end) in _sentences(text)[index : index + 1]:
            text = (text[:start] + text[end:]).strip()
    return reference.model_copy(update={"response": text})


def _sentences(text: str) -> list[tuple[str, tuple[int, int]]]:
    return [
        (m[0].strip(), m.span())
        for m in re.finditer(r"[^\n]+?(?:[.!?](?=\s|$)\s*|(?=\n)|$)", text)
        if m[0].strip()
    ]


def _other_number(text: str) -> str:
    """Another number of the same form: the first digit changes, so it stays a number.

    >>> _other_number("$14.99")
    '$24.99'
    """
    at = next(i for i, letter in enumerate(text) if letter.isdigit())
    digit = "1" if text[at] == "9" else str(int(text[at]) + 1)
    return text[:at] + digit + text[at + 1 :]


def _cut(text: str, most: int = 36) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
