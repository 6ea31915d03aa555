"""How the parts of a world become text, the same bytes on every machine, and back.

Declared things keep the order of their declaration, records are canonical JSON, text is UTF-8 with
plain line feeds. `contents` decides which part goes where.
"""

import json
import re
from collections.abc import Iterable
from typing import Final

from pydantic import BaseModel
from pydantic_core import to_json

from world_builder.frozen import Json, Record
from world_builder.ids import canonical_json

_PERHAPS_ODD: Final = re.compile(rb"\d(?:e|\.0000|\d{15})")
"""What every odd float holds and other text seldom does: quickly looked for."""
_ODD_FLOAT: Final = re.compile(rb'(?m)(?:^ *|": )-?(?:[\d.]+e|0\.0000|\d{16,}\.)')
"""A float so large or small that Python spells it in another way than the fast encoder."""


def pretty(value: Json) -> bytes:
    """JSON for people: two spaces, a final line end. Keys stay in the author's order: agents read
    the properties of a tool's schema in it."""
    text = to_json(value, indent=2, inf_nan_mode="constants")
    if _PERHAPS_ODD.search(text) and _ODD_FLOAT.search(text):
        text = json.dumps(value, indent=2, ensure_ascii=False).encode()
    return text + b"\n"


def pretty_model(model: BaseModel, exclude: set[str] | None = None) -> bytes:
    """A declared thing as `pretty` JSON."""
    return pretty(model.model_dump(mode="json", exclude=exclude))


def one_per_line(records: Iterable[Record]) -> bytes:
    """A JSON array with one record per line, so that a changed record is a changed line."""
    lines = ",\n".join(canonical_json(record) for record in records)
    return f"[\n{lines}\n]\n".encode() if lines else b"[]\n"
