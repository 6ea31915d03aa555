"""MCP's methods over one world: all that a server with tools alone has to answer.

Two eras of the protocol are served. The handshake era begins with `initialize`; a 2026 request
carries its version and its client's capabilities in `_meta`, and its results say that they are
complete and who gave them. No state is kept between requests of either. `mcp_endpoint` has the
rules of HTTP; the MCP SDK is the measure of both (`tests/exporter/test_mcp_parity.py`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from exporter.server.jsonrpc import Call, Code, Fault
from exporter.server.rollouts import Rollout, call_tool
from world_builder.errors import SandboxError
from world_builder.frozen import Json

HANDSHAKE_VERSIONS: Final = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
"""Versions that begin with `initialize`, oldest first."""
MODERN_VERSIONS: Final = ("2026-07-28",)
"""Versions whose every request stands alone."""

KEY_META: Final = "corecraft/idempotency-key"

_PREFIX: Final = "io.modelcontextprotocol/"
_VERSION_META: Final = f"{_PREFIX}protocolVersion"
_CLIENT_META: Final = f"{_PREFIX}clientInfo"
_CAPABILITIES_META: Final = f"{_PREFIX}clientCapabilities"
_SERVER_META: Final = f"{_PREFIX}serverInfo"

_CAPABILITIES: Final[dict[str, Json]] = {"tools": {"listChanged": False}}
_UNCACHED: Final[dict[str, Json]] = {"ttlMs": 0, "cacheScope": "private"}
"""A world may be reset onto another tool surface, so no list is worth keeping."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request and what it is about."""

    call: Call
    rollout: Rollout
    header_key: str | None = None
    """The idempotency key that the HTTP request names; one in `_meta` comes first."""


class McpMethods:
    """The methods of a server of a given name and version."""

    def __init__(self, name: str, version: str) -> None:
        self._server_info: dict[str, Json] = {"name": name, "version": version}
        self._handshake: Mapping[str, Callable[[Asked], dict[str, Any]]] = {
            "initialize": self._initialize,
            "ping": lambda asked: {},
            "tools/list": _list_tools,
            "tools/call": _call_tool,
        }
        self._modern: Mapping[str, Callable[[Asked], dict[str, Any]]] = {
            "server/discover": _discover,
            "tools/list": lambda asked: {**_list_tools(asked), **_UNCACHED},
            "tools/call": _call_tool,
        }

    def handshake(self, asked: Asked) -> dict[str, Any]:
        """The result of a request of the handshake era. Raises Fault."""
        return _method(self._handshake, asked.call)(asked)

    def modern(self, asked: Asked) -> dict[str, Any]:
        """The result of a request that stands alone. Raises Fault."""
        method = _method(self._modern, asked.call)
        _check_envelope(asked.call)
        return {
            **method(asked),
            "resultType": "complete",
            "_meta": {_SERVER_META: self._server_info},
        }

    def _initialize(self, asked: Asked) -> dict[str, Any]:
        params = asked.call.params
        wanted = params.get("protocolVersion")
        if not isinstance(wanted, str) or not isinstance(params.get("capabilities"), dict):
            raise _bad_params()
        if not _is_implementation(params.get("clientInfo")):
            raise _bad_params()
        return {
            "protocolVersion": wanted if wanted in HANDSHAKE_VERSIONS else HANDSHAKE_VERSIONS[-1],
            "capabilities": _CAPABILITIES,
            "serverInfo": self._server_info,
        }


def envelope_version(call: Call) -> str:
    """The protocol version that a 2026 request says it is of.

    Raises Fault when it has no envelope.
    """
    meta = call.params.get("_meta")
    needed = (_VERSION_META, _CAPABILITIES_META)
    if not isinstance(meta, dict) or any(key not in meta for key in needed):
        raise Fault(Code.INVALID_PARAMS, f"params._meta must have the keys {' and '.join(needed)}")
    return str(meta[_VERSION_META])


def _check_envelope(call: Call) -> None:
    meta = call.params["_meta"]
    client = meta.get(_CLIENT_META)
    if not isinstance(meta[_CAPABILITIES_META], dict):
        raise _bad_params()
    if client is not None and not _is_implementation(client):
        raise _bad_params()


def _method(
    methods: Mapping[str, Callable[[Asked], dict[str, Any]]], call: Call
) -> Callable[[Asked], dict[str, Any]]:
    if call.method not in methods:
        raise Fault(Code.METHOD_NOT_FOUND, "Method not found", call.method)
    if not isinstance(call.params.get("_meta", {}), dict | None):
        raise _bad_params()
    return methods[call.method]


def _discover(asked: Asked) -> dict[str, Any]:
    return {
        "supportedVersions": list(MODERN_VERSIONS),
        "capabilities": _CAPABILITIES,
        **_UNCACHED,
    }


def _list_tools(asked: Asked) -> dict[str, Any]:
    cursor = asked.call.params.get("cursor")
    if not (cursor is None or isinstance(cursor, str)):
        raise _bad_params()
    return {"tools": asked.rollout.listing}


def _call_tool(asked: Asked) -> dict[str, Any]:
    """The canonical text alone: the same bytes that a rollout in process reads."""
    params = asked.call.params
    name, arguments, meta = params.get("name"), params.get("arguments"), params.get("_meta") or {}
    if not isinstance(name, str) or not (arguments is None or isinstance(arguments, dict)):
        raise _bad_params()
    key = meta.get(KEY_META) or asked.header_key
    try:
        result = call_tool(asked.rollout, name, arguments, str(key) if key else None)
    except SandboxError as error:  # not the tool's answer: whoever asks must not score it
        raise Fault(Code.INTERNAL_ERROR, str(error)) from error
    return {"content": [{"type": "text", "text": result.text}], "isError": result.is_error}


def _is_implementation(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(value.get(name), str) for name in ("name", "version")
    )


def _bad_params() -> Fault:
    return Fault(Code.INVALID_PARAMS, "Invalid request parameters")
