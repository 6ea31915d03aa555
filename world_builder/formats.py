"""Recognises the structure of a response: e-mail, list, table, JSON, length.

Called by `checking` for `format` checks.
"""

import json
import re
from collections.abc import Callable

from world_builder.checks import Format, FormatKind
from world_builder.records import compile_schema, schema_errors

_ITEM = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+\S", re.MULTILINE)
_ROW = re.compile(r"^\s*\|.+\|\s*$", re.MULTILINE)
_RULE = re.compile(r"^\s*\|[\s:|-]+\|\s*$", re.MULTILINE)
_GREETING = re.compile(
    r"^\s*(?:dear|hello|hi|hey|good (?:morning|afternoon|evening))\b.{0,80}$", re.I
)
_CLOSING = re.compile(
    r"\b(?:regards|sincerely|best wishes|all the best|thank you|thanks|cheers|warmly|yours)\b", re.I
)
_FENCE = re.compile(r"```(?:json)?\s*(.*?)```", re.DOTALL)


def has_format(check: Format, response: str) -> tuple[bool, str]:
    """Whether the response has the structure, and why."""
    return _KINDS[check.format](check, response)


def _email(check: Format, response: str) -> tuple[bool, str]:
    lines = [line for line in response.strip().splitlines() if line.strip()]
    body = [line for line in lines if not line.lower().startswith("subject:")]
    greets = any(_GREETING.match(line) for line in body[:2])
    closes = any(_CLOSING.search(line) for line in body[-3:])
    missing = [what for what, has in (("a greeting", greets), ("a closing", closes)) if not has]
    return (False, f"lacks {' and '.join(missing)}") if missing else (True, "reads as an e-mail")


def _list(check: Format, response: str) -> tuple[bool, str]:
    return _bounded(check, len(_ITEM.findall(response)), "list items", least=1)


def _table(check: Format, response: str) -> tuple[bool, str]:
    num_rules = len(_RULE.findall(response))
    num_rows = len(_ROW.findall(response)) - num_rules - 1
    if not num_rules:
        return False, "has no table"
    return _bounded(check, max(num_rows, 0), "table rows", least=1)


def _json(check: Format, response: str) -> tuple[bool, str]:
    fenced = _FENCE.search(response)
    try:
        value = json.loads(fenced[1] if fenced else response)
    except ValueError as error:
        return False, f"is not JSON: {error}"
    errors = schema_errors(compile_schema(check.json_schema or {}), value)
    told = "; ".join(f"{path}: {text}" if path else text for path, text in errors)
    return (False, f"is JSON but {told}") if errors else (True, "is valid JSON")


def _word_count(check: Format, response: str) -> tuple[bool, str]:
    return _bounded(check, len(response.split()), "words", least=0)


def _bounded(check: Format, count: int, what: str, least: int) -> tuple[bool, str]:
    low = least if check.minimum is None else check.minimum
    if count < low:
        return False, f"{count} {what}, at least {low} wanted"
    if check.maximum is not None and count > check.maximum:
        return False, f"{count} {what}, at most {check.maximum} wanted"
    return True, f"{count} {what}"


_KINDS: dict[FormatKind, Callable[[Format, str], tuple[bool, str]]] = {
    FormatKind.EMAIL: _email,
    FormatKind.LIST: _list,
    FormatKind.TABLE: _table,
    FormatKind.JSON: _json,
    FormatKind.WORD_COUNT: _word_count,
}
