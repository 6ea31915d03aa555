"""Pages, JSON, errors and the guards around every request."""

import base64

import pytest
from starlette.testclient import TestClient

from studio.csrf import SECURITY_HEADERS
from studio.database import Database
from studio.htmx import NOTICE_COOKIE
from studio.services import authoring
from world_builder.frozen import Record


def test_a_browser_gets_a_page_and_a_client_data(browser: TestClient, api: TestClient) -> None:
    page = browser.get("/worlds/shop")
    assert page.headers["content-type"].startswith("text/html")
    assert "<!doctype html>" in page.text
    assert "Tasks by category" in page.text
    data = api.get("/worlds/shop").json()
    assert data["entities"] == {"customer": 2, "order": 1}
    assert "shell" not in data
    assert "HX-Request" in page.headers["vary"]


def test_htmx_gets_the_block_alone(htmx: TestClient) -> None:
    text = htmx.get("/worlds").text
    assert "Shop" in text
    assert "<html" not in text


def test_every_answer_has_strict_headers(browser: TestClient) -> None:
    for path in ("/worlds", "/health", "/nowhere", "/static/css/base.css"):
        headers = browser.get(path).headers
        assert {name: headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert "unsafe-inline" not in SECURITY_HEADERS["Content-Security-Policy"]


def test_what_is_not_there_says_so(browser: TestClient, api: TestClient, htmx: TestClient) -> None:
    assert "There is no world" in browser.get("/worlds/none").text
    lost = browser.get("/worlds/shop/tasks/none")
    assert lost.status_code == 404
    assert "/worlds/shop/entities" in lost.text
    assert api.get("/worlds/none").status_code == 404
    fragment = htmx.get("/worlds/none")
    assert (fragment.status_code, fragment.headers["HX-Reswap"]) == (404, "none")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:8000"}, 404),
        ({"Sec-Fetch-Site": "same-origin"}, 404),
        ({}, 404),
    ],
)
def test_other_sites_cannot_write(api: TestClient, headers: dict[str, str], status: int) -> None:
    assert api.post("/revisions/99/undo", headers=headers).status_code == status


def test_other_host_names_are_refused(api: TestClient) -> None:
    assert api.get("/worlds", headers={"Host": "evil.example"}).status_code == 400


def test_undo_answers_three_ways(
    db: Database, browser: TestClient, htmx: TestClient, api: TestClient
) -> None:
    def change(version: int) -> str:
        record: Record = {"id": "cus-001", "name": f"name {version}"}
        outcome = authoring.save_entity(db, "shop", "customer", record, version=version, who="mo")
        assert outcome.undo_url is not None
        return outcome.undo_url

    plain = browser.post(change(1), headers={"Referer": "http://127.0.0.1:8000/worlds/shop"})
    assert (plain.status_code, plain.headers["location"]) == (303, "/worlds/shop")
    assert "Undone: cus-001" in browser.get("/worlds/shop").text
    assert "Undone" not in browser.get("/worlds/shop").text
    swapped = htmx.post(change(3), headers={"HX-Current-URL": "http://127.0.0.1:8000/worlds"})
    assert (swapped.status_code, swapped.headers["HX-Redirect"]) == (200, "/worlds")
    undone = change(5)
    assert api.post(undone).json()["after"] == {"id": "cus-001", "name": "Ada"}
    assert api.post(undone).status_code == 409


def test_a_forged_notice_is_ignored(browser: TestClient) -> None:
    forged = base64.urlsafe_b64encode(b'{"text": 1}').decode()
    browser.cookies.set(NOTICE_COOKIE, forged)
    assert browser.get("/worlds").status_code == 200


def test_hashed_static_files_are_kept(browser: TestClient) -> None:
    kept = browser.get("/static/css/base.css?v=1").headers["cache-control"]
    assert "immutable" in kept
    assert browser.get("/static/css/base.css").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"{nope", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
        (b'{"data": {"name": "\\ud800", "title": "\\ud800"}}', "half of a surrogate pair"),
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/worlds/shop/tools"),
        ("POST", "/worlds/shop/policies/preview"),
        ("POST", "/worlds/shop/tasks"),
        ("PUT", "/worlds/shop/tasks/total-of-order"),
        ("POST", "/worlds/shop/tasks/total-of-order/preview"),
    ],
)
def test_a_body_that_cannot_be_read_is_no_crash(
    api: TestClient, method: str, path: str, body: bytes, what: str
) -> None:
    answer = api.request(method, path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert what in answer.json()["problems"][0]["message"]


def test_an_impossible_revision_is_not_found(api: TestClient) -> None:
    assert api.get(f"/revisions/{2**70}").status_code == 404
    assert api.post(f"/revisions/{2**70}/undo").status_code == 404
