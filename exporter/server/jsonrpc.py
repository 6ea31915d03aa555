"""JSON-RPC 2.0 as MCP uses it over HTTP: one message a body, and its answer.

Knows the shape of messages and the codes of errors, no method of MCP.
"""

import json
import math
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final, NoReturn, TypeGuard

from world_builder.frozen import Json

MOST_LEVELS: Final = 64
"""Of lists and objects inside one another; no tool's arguments and no start state come near it."""


class Code(IntEnum):
    """Why a request got no result."""

    PARSE_ERROR = -32700
    INVALID_REQUEST = -32600
    METHOD_NOT_FOUND = -32601
    INVALID_PARAMS = -32602
    INTERNAL_ERROR = -32603
    HEADER_MISMATCH = -32020
    UNSUPPORTED_VERSION = -32022


class Fault(Exception):
    """A request that cannot be answered with a result."""

    def __init__(self, code: Code, message: str, data: Json = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request: it is owed an answer."""

    id: int | str
    method: str
    params: dict[str, Any]
    """Empty when none were sent."""


def read_message(body: bytes) -> Call | None:
    """The request in a body; None for a notification. Raises Fault for everything else."""
    try:
        message = read_json(body)
    except (ValueError, RecursionError) as error:
        raise Fault(Code.PARSE_ERROR, f"Parse error: {error}") from error
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        raise _not_a_message()
    method, params = message.get("method"), message.get("params")
    if not isinstance(method, str) or not (params is None or isinstance(params, dict)):
        raise _not_a_message()
    if "id" not in message:
        return None
    if not _is_id(message["id"]):
        raise _not_a_message()
    return Call(id=message["id"], method=method, params=params or {})


def read_json(body: bytes) -> Any:
    """The value, if it is JSON by the letter: no NaN, nothing infinite, not nested too deeply.

    Raises ValueError, RecursionError.
    """
    value = json.loads(body.decode(), parse_constant=_refuse, parse_float=_finite)
    if body.count(b"[") + body.count(b"{") > MOST_LEVELS and _is_deep(value):
        raise ValueError(f"it is nested deeper than {MOST_LEVELS} levels")
    return value


def _is_deep(value: Any) -> bool:
    level, depth = [value], 0
    while level:
        depth += 1
        lists = [item for item in level if isinstance(item, list)]
        objects = [item for item in level if isinstance(item, dict)]
        level = [part for items in lists for part in items]
        level += [part for item in objects for part in item.values()]
        if depth > MOST_LEVELS and (lists or objects):
            return True
    return False


def answer(call: Call, result: dict[str, Any]) -> dict[str, Json]:
    """The answer that carries a result."""
    return {"jsonrpc": "2.0", "id": call.id, "result": result}


def error_answer(request_id: int | str | None, fault: Fault) -> dict[str, Json]:
    """The answer to a request that failed; the id is None when it could not be read."""
    error: dict[str, Json] = {"code": int(fault.code), "message": fault.message}
    if fault.data is not None:
        error["data"] = fault.data
    return {"jsonrpc": "2.0", "id": request_id, "error": error}


def _not_a_message() -> Fault:
    return Fault(Code.INVALID_REQUEST, "the body must be one JSON-RPC request or notification")


def _is_id(value: object) -> TypeGuard[int | str]:
    return isinstance(value, int | str) and not isinstance(value, bool)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is too large")
    return number
