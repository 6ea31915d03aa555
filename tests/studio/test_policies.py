"""Policies with their preview, and the history of everything."""

from starlette.testclient import TestClient

from studio.database import Database
from studio.services import authoring

BASE = "/worlds/shop/policies"
HISTORY = "/worlds/shop/history"


def test_policies_say_how_many_tasks_use_them(api: TestClient, browser: TestClient) -> None:
    rows = api.get(BASE).json()["policies"]
    assert rows == [{"name": "support", "title": "Support", "num_words": 2, "num_tasks": 1}]
    assert "Be kind." in browser.get(f"{BASE}/support").text
    assert api.delete(f"{BASE}/support").status_code == 409


def test_the_preview_shows_html_as_text(htmx: TestClient) -> None:
    text = "# Rules\n\n- one\n\n<script>x</script> [a](javascript:x) ![i](/x.png)"
    html = htmx.post(f"{BASE}/preview", data={"text": text}).text
    assert ("<h1>Rules</h1>" in html, "<li>one</li>" in html) == (True, True)
    for danger in ("<script", 'href="javascript', "<img"):
        assert danger not in html


def test_a_policy_is_made_saved_refused_and_deleted(
    browser: TestClient, htmx: TestClient, api: TestClient
) -> None:
    empty = browser.post(BASE, data={"name": "Not A Name", "title": "", "text": "kept"})
    assert empty.status_code == 422
    assert all(t in empty.text for t in ("kept", "the title is needed", "not a name"))
    made = browser.post(BASE, data={"name": "returns", "title": "Returns", "text": "None."})
    assert made.headers["location"] == f"{BASE}/returns"
    saved = htmx.post(f"{BASE}/returns", data={"title": "Returns", "text": "Some.", "version": "1"})
    assert (saved.status_code, 'name="version" value="2"' in saved.text) == (200, True)
    late = htmx.post(f"{BASE}/returns", data={"title": "Mine", "text": "All.", "version": "1"})
    assert (late.status_code, 'value="Mine"' in late.text) == (409, True)
    put = api.put(f"{BASE}/returns", json={"data": {"title": "R", "text": "T"}, "version": 2})
    assert put.status_code == 200
    assert browser.post(f"{BASE}/returns/delete").status_code == 303


def test_history_lists_pages_and_filters(db: Database, api: TestClient) -> None:
    for version in range(30):
        record = {"id": "cus-001", "name": f"name {version}"}
        authoring.save_entity(db, "shop", "customer", record, version=version + 1, who="mo")
    authoring.save_entity(
        db, "shop", "customer", {"id": "cus-009", "name": "Zoe"}, version=None, who="li"
    )
    page = api.get(HISTORY).json()
    assert (page["changes"]["total"], len(page["changes"]["items"])) == (31, 25)
    assert api.get(page["next_url"]).json()["changes"]["items"][-1]["revision"]["id"] == 1
    found = api.get(f"{HISTORY}?kind=entity&key=cus-009").json()["changes"]["items"]
    assert [c["revision"]["who"] for c in found] == ["li"]
    assert api.get(f"{HISTORY}?who=mo").json()["changes"]["total"] == 30
    newest = [c["revision"]["id"] for c in page["changes"]["items"] if c["is_newest"]]
    assert newest == [31, 30]


def test_history_shows_what_differed_and_restores(db: Database, browser: TestClient) -> None:
    for version, name in ((1, "Ida"), (2, "Eda")):
        record = {"id": "cus-001", "name": name}
        authoring.save_entity(db, "shop", "customer", record, version=version, who="mo")
    text = browser.get(f"{HISTORY}/1").text
    assert ("<del>Ada</del>" in text, "<ins>Ida</ins>" in text) == (True, True)
    assert "/revisions/1/undo" not in text
    headers = {"Referer": f"http://127.0.0.1:8000{HISTORY}"}
    assert browser.post("/revisions/1/restore", headers=headers).headers["location"] == HISTORY
    assert "Ida" in browser.get("/worlds/shop/entities/customer/cus-001").text
    assert browser.get(f"{HISTORY}/99").status_code == 404
