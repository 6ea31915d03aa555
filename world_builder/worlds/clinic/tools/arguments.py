"""Arguments, bindings, headings and literals of expressions that several tools share."""

from collections.abc import Iterable, Mapping
from typing import Any

from world_builder.frozen import Json
from world_builder.operations import Binding
from world_builder.worlds.clinic.rules import SPECIALTIES

LOOK_UPS = "look-ups"
SUMS = "times and prices"
CHANGES = "changes"

_TIME_PATTERN = r"^([01]\d|2[0-3]):(00|15|30|45)$"


def text(description: str) -> Json:
    return {"type": "string", "minLength": 1, "description": description}


def choice(options: tuple[str, ...], description: str, default: str | None = None) -> Json:
    """One of the options; `default` None leaves it null when not given."""
    schema: dict[str, Json] = {
        "type": "string",
        "enum": list(options),
        "description": description,
    }
    return schema if default is None else {**schema, "default": default}


def day(description: str = "YYYY-MM-DD.") -> Json:
    return {"type": "string", "format": "date", "description": description}


def time(description: str) -> Json:
    return {"type": "string", "pattern": _TIME_PATTERN, "description": description}


PATIENT_ID = text("Such as pat-1042.")
PRACTITIONER_ID = text("Such as prc-04.")
ROOM_ID = text("Such as room-04.")
SERVICE_ID = text("Such as svc-05.")
APPOINTMENT_ID = text("Such as apt-2117.")
REFERRAL_ID = text("Such as ref-312; needed when the visit needs one.")
START = time("HH:MM on the quarter hour, 24-hour clock.")
SPECIALTY = choice(SPECIALTIES, "Only this specialty.")


def bound(name: str, id_: str, *, is_optional: bool = False) -> Binding:
    """An entity of the type `name` under that name."""
    return Binding(name=name, entity_type=name, id=id_, is_optional=is_optional)


def cel_list(items: Iterable[object]) -> str:
    """A list as CEL writes it.

    >>> cel_list(["a", "b"]), cel_list([1])
    ("['a', 'b']", '[1]')
    """
    return f"[{', '.join(_literal(item) for item in items)}]"


def cel_map(items: Mapping[Any, object]) -> str:
    """A map as CEL writes it, maps in it too.

    >>> cel_map({"a": {"b": 1}})
    "{'a': {'b': 1}}"
    """
    return f"{{{', '.join(f'{_literal(k)}: {_literal(v)}' for k, v in items.items())}}}"


def _literal(value: object) -> str:
    if isinstance(value, Mapping):
        return cel_map(value)
    return str(value) if isinstance(value, int) else f"'{value}'"
