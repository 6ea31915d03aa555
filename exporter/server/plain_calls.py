"""The short way for the request that training makes all day: one tool call, one JSON answer.

A stateless `tools/call` of a handshake-era protocol version needs no session, no stream and no
task, yet the SDK's transport sets up all three for each request. This reads such a request and
writes the answer that the SDK would write. Everything else, and whatever is odd, goes to the SDK.
"""

import json
from dataclasses import dataclass
from typing import Final, TypeGuard

from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

from world_builder.frozen import Json
from world_builder.tools import ToolResult

KEY_META: Final = "corecraft/idempotency-key"

_PLAIN_PARAMS: Final = frozenset({"name", "arguments", "_meta"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainCall:
    """A tool call and the id of the request that asks for it."""

    request_id: int | str
    name: str
    arguments: dict[str, Json] | None
    key: str | None
    """The idempotency key in `_meta`; None when there is none."""

    def response(self, result: ToolResult) -> Response:
        """The JSON-RPC answer."""
        content: Json = [{"type": "text", "text": result.text}]
        told: Json = {"content": content, "isError": result.is_error}
        answer = {"jsonrpc": "2.0", "id": self.request_id, "result": told}
        return Response(json.dumps(answer, separators=(",", ":")), media_type="application/json")


def may_be_plain(scope: Scope) -> bool:
    """True when the headers are those of a JSON request of a handshake-era version."""
    headers = Headers(scope=scope)
    return (
        scope["method"] == "POST"
        and headers.get("mcp-protocol-version") in HANDSHAKE_PROTOCOL_VERSIONS
        and headers.get("content-type", "").split(";")[0].strip() == "application/json"
        and "application/json" in headers.get("accept", "")
    )


def plain_call(body: bytes) -> PlainCall | None:
    """The tool call that a body asks for; None for everything that the SDK should see."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict) or message.get("method") != "tools/call":
        return None
    request_id, params = message.get("id"), message.get("params")
    if message.get("jsonrpc") != "2.0" or not _is_id(request_id) or not isinstance(params, dict):
        return None
    meta = params.get("_meta", {})
    if not params.keys() <= _PLAIN_PARAMS or not isinstance(meta, dict) or "progressToken" in meta:
        return None
    name, arguments = params.get("name"), params.get("arguments")
    if not isinstance(name, str) or not (arguments is None or isinstance(arguments, dict)):
        return None
    key = meta.get(KEY_META)
    return PlainCall(
        request_id=request_id, name=name, arguments=arguments, key=str(key) if key else None
    )


def _is_id(value: object) -> TypeGuard[int | str]:
    return isinstance(value, int | str) and not isinstance(value, bool)
