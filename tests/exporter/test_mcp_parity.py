"""Our MCP methods answer what the SDK's own server answers, to requests right and wrong.

Where the two differ on purpose, `_is_meant` says why.
"""

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS

from exporter.served import ServedBundle
from exporter.server.app import create_app
from exporter.server.mcp_methods import HANDSHAKE_VERSIONS, MODERN_VERSIONS
from exporter.server.settings import ServerSettings
from tests.exporter.sdk_server import our_client, sdk_client
from tests.exporter.small_world import library

PREFIX = "io.modelcontextprotocol/"
CLIENT = {"name": "test", "version": "1"}
META: dict[str, Any] = {
    f"{PREFIX}protocolVersion": MODERN_VERSIONS[0],
    f"{PREFIX}clientInfo": CLIENT,
    f"{PREFIX}clientCapabilities": {},
}
JSON_TYPES = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
GET_BOOK = {"name": "get_book", "arguments": {"id": "bk-01"}}


@dataclass(frozen=True)
class Sent:
    """A POST to `/mcp`."""

    body: bytes
    headers: dict[str, str] = field(default_factory=lambda: JSON_TYPES)


@dataclass(frozen=True)
class Got:
    """What both eras say in an answer, without the wording of errors."""

    status: int
    result: Any
    code: int | None
    request_id: Any

    @classmethod
    def of(cls, response: httpx2.Response) -> "Got":
        is_json = response.headers.get("content-type") == "application/json"
        body = response.json() if is_json and response.content else {}
        code = body.get("error", {}).get("code")
        return cls(response.status_code, body.get("result"), code, body.get("id"))


def message(method: str, request_id: Any = 1, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}


def handshake(value: Any, version: str = "2025-06-18") -> Sent:
    return Sent(json.dumps(value).encode(), {**JSON_TYPES, "mcp-protocol-version": version})


def modern(value: dict[str, Any], **headers: str) -> Sent:
    routing = {"mcp-protocol-version": MODERN_VERSIONS[0], "mcp-method": value["method"]}
    if value["method"] == "tools/call":
        routing["mcp-name"] = str(value.get("params", {}).get("name", ""))
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Sent(json.dumps(value).encode(), {**JSON_TYPES, **routing, **named})


def initialize(**changes: Any) -> Sent:
    params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": CLIENT, **changes}
    return Sent(json.dumps(message("initialize", **params)).encode())


RIGHT = {
    **{f"initialize {v}": initialize(protocolVersion=v) for v in (*HANDSHAKE_VERSIONS, "new")},
    "no version header": Sent(json.dumps(message("tools/list")).encode()),
    "ping": handshake(message("ping")),
    "ping without params": handshake({"jsonrpc": "2.0", "id": "a", "method": "ping"}),
    "list": handshake(message("tools/list", cursor="x")),
    "call": handshake(message("tools/call", **GET_BOOK)),
    "call with progress": handshake(message("tools/call", **GET_BOOK, _meta={"progressToken": 1})),
    "call without arguments": handshake(message("tools/call", name="find_books")),
    "call of nothing": handshake(message("tools/call", name="none", arguments=None)),
    "notification": handshake({"jsonrpc": "2.0", "method": "notifications/initialized"}),
    "discover": modern(message("server/discover", _meta=META)),
    "modern list": modern(message("tools/list", _meta=META)),
    "modern call": modern(message("tools/call", **GET_BOOK, _meta=META)),
    "modern name in base64": modern(
        message("tools/call", **GET_BOOK, _meta=META), mcp_name="=?base64?Z2V0X2Jvb2s=?="
    ),
    "modern notification": modern({"jsonrpc": "2.0", "method": "notifications/initialized"}),
}
WRONG = {
    "no JSON": Sent(b"{"),
    "too deep": Sent(b"[" * 5000),
    "UTF-16": Sent(json.dumps(message("ping")).encode("utf-16")),
    "initialize without client": initialize(clientInfo=None),
    "initialize of a number": initialize(protocolVersion=3),
    "unknown": handshake(message("rollouts/list")),
    "a method of the other era": handshake(message("server/discover")),
    "ping is of the first era": modern(message("ping", _meta=META)),
    "_meta is a number": handshake(message("ping", _meta=1)),
    "cursor is a number": handshake(message("tools/list", cursor=1)),
    "name is a number": handshake(message("tools/call", name=3)),
    "arguments are a list": handshake(message("tools/call", name="get_book", arguments=[])),
    "no envelope": modern(message("tools/list")),
    "half an envelope": modern(message("tools/list", _meta={f"{PREFIX}clientInfo": CLIENT})),
    "capabilities are a list": modern(
        message("tools/list", _meta={**META, f"{PREFIX}clientCapabilities": []})
    ),
    "client without a name": modern(
        message("tools/list", _meta={**META, f"{PREFIX}clientInfo": {"version": "1"}})
    ),
    "other method in the header": modern(message("tools/list", _meta=META), mcp_method="ping"),
    "other name in the header": modern(
        message("tools/call", **GET_BOOK, _meta=META), mcp_name="lend_book"
    ),
    "bad base64 in the header": modern(
        message("tools/call", **GET_BOOK, _meta=META), mcp_name="=?base64?%%?="
    ),
    "other version in the header": modern(
        message("tools/list", _meta=META), mcp_protocol_version="2027-01-01"
    ),
    "unknown version": modern(
        message("tools/list", _meta={**META, f"{PREFIX}protocolVersion": "2027-01-01"}),
        mcp_protocol_version="2027-01-01",
    ),
    "notification of an unknown version": modern(
        {"jsonrpc": "2.0", "method": "notifications/x"}, mcp_protocol_version="2027-01-01"
    ),
    "accepts a stream only": Sent(
        RIGHT["ping"].body, {**JSON_TYPES, "accept": "text/event-stream"}
    ),
}
HEADER_VALUES = (
    "",
    "2025-06-18",
    MODERN_VERSIONS[0],
    "2027-01-01",
    "tools/list",
    "get_book",
    "*/*",
)


@pytest.fixture(scope="module")
def served(bundle_path: Path) -> ServedBundle:
    return ServedBundle.open(bundle_path)


async def both(served: ServedBundle, requests: list[Sent]) -> list[tuple[Got, Got]]:
    """What the SDK and what ours answers to each request, both with a world of their own."""
    app = create_app(served, ServerSettings())
    async with sdk_client(library(), served.seal.version) as sdk, our_client(app) as ours:
        return [(await _posted(sdk, request), await _posted(ours, request)) for request in requests]


async def _posted(client: httpx2.AsyncClient, sent: Sent) -> Got:
    return Got.of(await client.post("/mcp", content=sent.body, headers=sent.headers))


def test_both_know_the_same_versions() -> None:
    assert HANDSHAKE_VERSIONS == HANDSHAKE_PROTOCOL_VERSIONS
    assert MODERN_VERSIONS == MODERN_PROTOCOL_VERSIONS


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_request_gets_the_same_result(name: str, served: ServedBundle) -> None:
    [(sdk, ours)] = asyncio.run(both(served, [RIGHT[name]]))
    assert ours == sdk
    assert ours.status in {200, 202}
    assert ours.code is None


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_request_gets_the_same_error(name: str, served: ServedBundle) -> None:
    [(sdk, ours)] = asyncio.run(both(served, [WRONG[name]]))
    assert ours == sdk
    assert ours.code is not None


def test_methods_that_change_the_world_answer_alike(served: ServedBundle) -> None:
    lend = {"name": "lend_book", "arguments": {"book": "bk-02", "reader": "Rosa"}}
    requests = [
        handshake(message("tools/call", **lend)),
        handshake(message("tools/call", **lend)),
        modern(message("tools/call", name="lend_book", arguments={"book": 1}, _meta=META)),
    ]
    pairs = asyncio.run(both(served, requests))
    assert [ours for _, ours in pairs] == [sdk for sdk, _ in pairs]
    assert "ln-003" in json.dumps(pairs[1][1].result)


scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "get_book", "x"])
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner),
    max_leaves=4,
)
metas = st.fixed_dictionaries(
    {}, optional={key: st.just(META[key]) | values for key in META}
) | st.just(META)


@st.composite
def requests(draw: st.DrawFn) -> Sent:
    """A right request with some of its parts replaced."""
    origin = draw(st.sampled_from([*RIGHT.values(), *WRONG.values()]))
    headers = dict(origin.headers)
    for name in draw(st.lists(st.sampled_from(sorted(headers)), max_size=1)):
        headers[name] = draw(st.sampled_from(HEADER_VALUES))
    try:
        body = json.loads(origin.body)
    except (ValueError, RecursionError):
        return Sent(origin.body, headers)
    for key in draw(st.lists(st.sampled_from(["jsonrpc", "id", "method", "params"]), max_size=1)):
        body[key] = draw(values)
    if isinstance(body.get("params"), dict) and draw(st.booleans()):
        body["params"] = {**body["params"], "_meta": draw(metas | values)}
    return Sent(json.dumps(body).encode(), headers)


@settings(max_examples=60, deadline=None)
@given(sent=st.lists(requests(), min_size=5, max_size=15))
def test_whatever_is_sent_is_answered_alike(sent: list[Sent], served: ServedBundle) -> None:
    for request, (sdk, ours) in zip(sent, asyncio.run(both(served, sent)), strict=True):
        assert ours.status < 500
        assert ours == sdk or _is_meant(request, sdk, ours), f"{request}\nSDK {sdk}\nours {ours}"


def _is_meant(sent: Sent, sdk: Got, ours: Got) -> bool:
    """Whether two different answers differ on purpose."""
    if ours.status == 415:  # as HTTP says; the SDK gives 400 and plain text
        return sdk.status == 400 and sdk.code is None
    if ours.status == 406:  # said in words; the SDK says nothing in the later era
        return sdk.status == 406 and sdk.code is None
    if ours.code == -32600:  # no message: the SDK says -32602, or takes it for a notification
        return ours.status == 400 and ours.request_id is None and sdk.status in {202, 400}
    # A method that is not served is not found, whatever its parameters.
    return ours.code == -32601 and sdk.code == -32602


@pytest.mark.parametrize(
    "body",
    [
        b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "get_book", '
        b'"arguments": {"id": %s}}}' % number
        for number in (b"NaN", b"-Infinity", b"1e999")
    ],
)
def test_numbers_that_json_lacks_are_refused(body: bytes, served: ServedBundle) -> None:
    """The SDK lets them through to the tool."""
    [(_, ours)] = asyncio.run(both(served, [Sent(body)]))
    assert (ours.status, ours.code) == (400, -32700)


def test_a_stream_is_refused(served: ServedBundle) -> None:
    """The SDK holds a GET open for ever and sends nothing on it."""

    async def got() -> httpx2.Response:
        async with our_client(create_app(served, ServerSettings())) as client:
            return await client.get("/mcp", headers={"accept": "text/event-stream"})

    response = asyncio.run(got())
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
