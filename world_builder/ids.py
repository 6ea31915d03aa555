"""Identity: slugs, canonical JSON, content hashes and the ids of created entities.

Everything that must be the same on every machine goes through here. It holds no world types.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

from world_builder.frozen import Json, Record

SLUG_PATTERN = r"^[a-z][a-z0-9_-]{0,63}$"
"""Names of worlds, types, tools, tasks and criteria: lower case, digits, `_` and `-`."""

_encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)

_ID_SLOT = re.compile(r"\{(date|n)(?::(\d+))?\}")


class Written(dict[str, Json]):
    """A JSON object whose canonical text is known already. It must not be changed."""

    __slots__ = ("text",)

    def __init__(self, value: dict[str, Json], text: str) -> None:
        super().__init__(value)
        self.text = text

    def __reduce__(self) -> tuple[type["Written"], tuple[dict[str, Json], str]]:
        return Written, (dict(self), self.text)


def slug(text: str) -> str:
    """The name made of a title.

    >>> slug("Return within 30 days!")
    'return-within-30-days'
    """
    words = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return (words if words[:1].isalpha() else f"x-{words}".rstrip("-"))[:64].rstrip("-")


def canonical_json(value: Json | Record) -> str:
    """The one text of a JSON value: sorted keys, no spaces, UTF-8 kept.

    >>> canonical_json({"b": 1, "a": "é"})
    '{"a":"é","b":1}'
    """
    return value.text if type(value) is Written else _encode(value)


def _reused_encoder() -> Callable[[Any], str]:
    """The encoder's `encode`, which otherwise makes the part in C anew for each value."""
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # a Python without that part
        return _encoder.encode
    quoted = json.encoder.encode_basestring  # type: ignore[attr-defined]  # not in the stubs
    parts = make(None, _encoder.default, quoted, None, ":", ",", True, False, True)
    return lambda value: "".join(parts(value, 0))


_encode = _reused_encoder()


def content_hash(value: Json | Record) -> str:
    """SHA-256 of the canonical JSON, as 64 hex digits."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def record_digest(entity_type: str, record: Record) -> int:
    """A 256-bit number for one entity; a state's hash is the sum of these modulo 2**256."""
    text = f"{entity_type}\0{canonical_json(record)}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")


def next_id(id_format: str, now: datetime, is_taken: Callable[[str], bool], start: int = 1) -> str:
    """The first free id of a format such as `ord-{date}-{n:3}`, counting up from `start`.

    `{date}` is the world's date as YYMMDD, `{n:3}` the counter padded to three digits.

    >>> next_id("ord-{n:3}", datetime(2025, 9, 15), lambda i: i == "ord-001")
    'ord-002'
    """
    n = start
    while is_taken(candidate := format_id(id_format, now, n)):
        n += 1
    return candidate


def format_id(id_format: str, now: datetime, n: int) -> str:
    """The id that a format gives for a date and a counter."""
    parts = _format_parts(id_format, now)
    return "".join([p if isinstance(p, str) else str(n).zfill(p) for p in parts])


@lru_cache(maxsize=1024)
def _format_parts(id_format: str, now: datetime) -> tuple[str | int, ...]:
    """The texts of a format for a date; a number is the width of the counter there."""
    day = now.strftime("%y%m%d")
    parts: list[str | int] = []
    last = 0
    for slot in _ID_SLOT.finditer(id_format):
        parts += [id_format[last : slot.start()], day if slot[1] == "date" else int(slot[2] or 0)]
        last = slot.end()
    return (*parts, id_format[last:])


def last_number(id_format: str, now: datetime, ids: Iterable[str]) -> int:
    """The highest counter among ids of a format (with `{date}`: of that date); 0 without any.

    >>> last_number("ord-{n:3}", datetime(2025, 9, 15), ["ord-007", "ord-112", "bk-900"])
    112
    """
    dated = id_format.replace("{date}", now.strftime("%y%m%d"))
    before, after = (re.escape(part) for part in _ID_SLOT.sub("\0", dated).split("\0", 1))
    pattern = re.compile(rf"{before}(\d+){after}")
    return max((int(match[1]) for i in ids if (match := pattern.fullmatch(i))), default=0)


def id_format_pattern(id_format: str) -> str:
    """The regular expression that ids of a format match.

    >>> id_format_pattern("ord-{n:3}")
    '^ord\\\\-\\\\d{3,}$'
    """
    parts, last = [], 0
    for slot in _ID_SLOT.finditer(id_format):
        parts.append(re.escape(id_format[last : slot.start()]))
        parts.append(r"\d{6}" if slot[1] == "date" else rf"\d{{{slot[2] or 1},}}")
        last = slot.end()
    return f"^{''.join(parts)}{re.escape(id_format[last:])}$"
