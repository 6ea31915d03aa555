"""A bundle from another studio: verified first, then a world; the same digest on the way out."""

import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from typer.testing import CliRunner

from exporter.archive import tar_bytes
from exporter.bundle import Bundle
from exporter.gates import run_gates
from exporter.manifest import GateReport, ParentVersion, Release
from exporter.writer import pack, write_bundle
from studio import cli
from studio.app import create_app
from studio.database import Database
from studio.history import revisions
from studio.repository.loading import load_world
from studio.repository.worlds import list_worlds, world_id
from studio.routes import uploads
from studio.settings import Settings
from tests.exporter.small_world import library
from tests.studio.conftest import ORIGIN
from world_builder.world import World
from world_builder.worlds import build_world

HTML = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
RELEASE = Release(
    notes="Better **prompts**.", parent=ParentVersion(version="1.1.0", digest="0" * 64)
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "var", sample_worlds=(), is_checking_pages=True)


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), base_url=ORIGIN, follow_redirects=False) as client:
        yield client


@pytest.fixture
def database(client: TestClient) -> Database:
    app = client.app
    assert isinstance(app, FastAPI)
    database: Database = app.state.studio.database
    return database


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return Bundle.open(write_bundle(library(), "1.2.0", tmp_path / "dist", release=RELEASE))


def packed(bundle: Bundle, tmp_path: Path, **options: bool) -> bytes:
    return pack(bundle, tmp_path / "sent.tar.gz", **options).read_bytes()


def send(client: TestClient, data: bytes, name: str = "sent.tar.gz", **headers: str) -> object:
    return client.post("/worlds/import", files={"bundle": (name, data)}, headers=headers)


def in_studio(database: Database, name: str) -> World:
    with database.read() as session:
        return load_world(session, name)


@pytest.mark.parametrize("shipped", ["library", "tutorial", "clinic"])
def test_what_goes_in_comes_out_with_the_same_digest(
    shipped: str, tmp_path: Path, client: TestClient, database: Database
) -> None:
    world = library() if shipped == "library" else build_world(shipped)
    report = run_gates(world) if shipped == "library" else GateReport(gates=())
    sent = Bundle.open(
        write_bundle(world, "1.2.0", tmp_path / "dist", gates=report, release=RELEASE)
    )
    told = client.post(
        "/worlds/import", files={"bundle": ("b.tar", tar_bytes(sent.files(), prefix="b/"))}
    )
    assert told.status_code == 201, told.text
    client.post(f"/worlds/import/{sent.digest}").raise_for_status()
    again = write_bundle(
        in_studio(database, shipped), "1.2.0", tmp_path / "again", gates=report, release=RELEASE
    )
    assert Bundle.open(again).digest == sent.digest


def test_a_person_sends_looks_and_takes(
    client: TestClient, database: Database, settings: Settings, bundle: Bundle, tmp_path: Path
) -> None:
    assert "webkitdirectory" in client.get("/worlds/import", headers=HTML).text
    answer = client.post(
        "/worlds/import", files={"bundle": ("sent.tar.gz", packed(bundle, tmp_path))}, headers=HTML
    )
    assert answer.status_code == 303
    url = answer.headers["location"]
    looked = client.get(url, headers=HTML).text
    assert "<strong>prompts</strong>" in looked
    assert bundle.digest in looked
    with database.read() as session:
        assert list_worlds(session) == ()
    taken = client.post(url, data={"name": "library"}, headers=HTML)
    assert taken.headers["location"] == "/worlds/library"
    with database.read() as session:
        (first,) = revisions(session, world_id(session, "library"))
    assert first.act == "created"
    assert bundle.digest in first.note
    assert (first.after or {})["digest"] == bundle.digest
    version = client.get("/worlds/library/bundles/1.2.0").json()
    assert version["version"]["digest"] == bundle.digest
    assert version["version"]["lineage"]["parent"] == "1.1.0"
    assert [e["kind"] for e in version["events"]] == ["imported"]
    assert client.get("/worlds/library/bundles").json()["next"]["bump"] == "none"
    assert client.post(f"/revisions/{first.id}/undo").status_code == 409
    history = client.get("/worlds/library/history", headers=HTML).text
    assert "imported from library 1.2.0" in history
    assert f"/revisions/{first.id}/undo" not in history
    assert client.get(url).status_code == 404
    assert list((settings.data_dir / "imports").iterdir()) == []


def test_a_taken_name_asks_for_another_one(
    client: TestClient, database: Database, bundle: Bundle, tmp_path: Path
) -> None:
    for _ in range(2):
        send(client, packed(bundle, tmp_path))
        client.post(f"/worlds/import/{bundle.digest}")
    send(client, packed(bundle, tmp_path))
    url = f"/worlds/import/{bundle.digest}"
    assert "there is a world &#39;library&#39; already" in client.get(url, headers=HTML).text
    refused = client.post(url, data={"name": "library"}, headers=HTML)
    assert refused.status_code == 422
    assert "such as library-2" in refused.text
    assert client.post(url, data={"name": "No Name!"}, headers=HTML).status_code == 422
    assert client.post(url, data={"name": "import"}).status_code == 422
    told = client.post(url, data={"name": "library-2"}).json()
    assert (told["world"], told["version"]) == ("library-2", None)
    assert in_studio(database, "library-2").tasks == library().tasks
    assert client.get("/worlds/library-2/bundles").json()["rows"] == []


def test_solutions_may_stay_behind(
    client: TestClient, database: Database, settings: Settings, bundle: Bundle, tmp_path: Path
) -> None:
    send(client, packed(bundle, tmp_path))
    url = f"/worlds/import/{bundle.digest}"
    told = client.post(url, data={"with_solutions": "false"}).json()
    assert told["has_solutions"] is False
    assert all(t.reference_solution is None for t in in_studio(database, "library").tasks)
    kept = Bundle.open(settings.bundles / "library-1.2.0")
    assert (kept.has_solutions, kept.digest) == (False, bundle.digest)
    assert client.get("/worlds/library/bundles").json()["next"]["bump"] == "none"


def test_a_bundle_without_solutions_is_taken_as_it_is(
    client: TestClient, database: Database, bundle: Bundle, tmp_path: Path
) -> None:
    send(client, packed(bundle, tmp_path, with_solutions=False))
    url = f"/worlds/import/{bundle.digest}"
    assert "without reference solutions" in client.get(url, headers=HTML).text
    client.post(url).raise_for_status()
    assert all(t.reference_solution is None for t in in_studio(database, "library").tasks)


def test_a_folder_can_be_sent(client: TestClient, database: Database, bundle: Bundle) -> None:
    files = [("folder", (f"library-1.2.0/{n}", data)) for n, data in bundle.files().items()]
    answer = client.post("/worlds/import", files=files)
    assert answer.status_code == 201, answer.text
    assert answer.json()["digest"] == bundle.digest


@pytest.mark.parametrize("name", ["../bundle.json", "/etc/bundle.json", "a\\b.json"])
def test_a_file_outside_its_folder_is_refused(client: TestClient, name: str) -> None:
    files = [("folder", (name, b"{}")), ("folder", ("x/y.json", b"{}"))]
    answer = client.post("/worlds/import", files=files)
    assert answer.status_code == 422
    assert "plain file name" in answer.json()["message"]


def test_a_changed_file_is_named_and_nothing_is_kept(
    client: TestClient, settings: Settings, bundle: Bundle
) -> None:
    files = dict(bundle.files()) | {"README.md": b"changed"}
    answer = client.post("/worlds/import", files={"bundle": ("b.tar", tar_bytes(files))})
    assert answer.status_code == 422
    assert "changed file: README.md" in answer.json()["message"]
    shown = client.post(
        "/worlds/import", files={"bundle": ("b.tar", tar_bytes(files))}, headers=HTML
    )
    assert "changed file: README.md" in shown.text
    assert not (settings.data_dir / "imports").exists()


def test_a_broken_world_is_refused_even_with_a_sound_manifest(
    client: TestClient, bundle: Bundle
) -> None:
    import hashlib

    files = dict(bundle.files())
    name = "tasks/year-of-dune.json"
    task = json.loads(files[name])
    files[name] = json.dumps(task | {"system_prompt": "nowhere"}).encode()
    hashes = bundle.manifest.files | {name: hashlib.sha256(files[name]).hexdigest()}
    manifest = bundle.manifest.model_copy(update={"files": hashes}).sealed()
    from exporter.encoding import pretty_model

    files["bundle.json"] = pretty_model(manifest)
    answer = client.post("/worlds/import", files={"bundle": ("b.tar", tar_bytes(files))})
    assert answer.status_code == 422
    assert "tasks.year-of-dune.system_prompt" in answer.json()["message"]


@pytest.mark.parametrize("data", [b"", b"no tar", b"\x1f\x8b\x08 truncated"])
def test_what_is_no_bundle_is_said(client: TestClient, data: bytes) -> None:
    answer = client.post("/worlds/import", files={"bundle": ("b.tar.gz", data)})
    assert answer.status_code == 422
    assert client.post("/worlds/import", data={"name": "x"}).status_code == 422


def test_an_upload_is_bounded(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_BYTES", 10_000)
    answer = client.post("/worlds/import", files={"bundle": ("b.tar", b"x" * 20_000)})
    assert answer.status_code == 413

    def chunks() -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="bundle"; filename="b.tar"\r\n\r\n'
        yield from (b"x" * 1_000 for _ in range(20))
        yield b"\r\n--b--\r\n"

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    streamed = client.post("/worlds/import", content=chunks(), headers=headers)
    assert streamed.status_code == 413


def test_a_bomb_is_refused(client: TestClient) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        entry = tarfile.TarInfo("bundle.json")
        entry.size = 100_000_000
        tar.addfile(entry, io.BytesIO(b"\0" * entry.size))
    answer = client.post("/worlds/import", files={"bundle": ("b.tgz", buffer.getvalue())})
    assert answer.status_code == 422
    message = answer.json()["message"]
    assert message.startswith("bundle.tgz")
    assert "more than any bundle needs" in message


def test_the_command_line_imports_into_a_studio(bundle: Bundle, tmp_path: Path) -> None:
    data_dir = tmp_path / "studio"
    command = ["world", "import", str(bundle.path), "--data-dir", str(data_dir)]
    runner = CliRunner()
    assert bundle.digest in runner.invoke(cli.app, command).output
    taken = runner.invoke(cli.app, command)
    assert taken.exit_code == 1
    assert "there is a world 'library' already" in taken.output
    named = runner.invoke(cli.app, [*command, "--name", "mine", "--no-solutions", "--json"])
    assert json.loads(named.output)["has_solutions"] is False
    database = Database(Settings(data_dir=data_dir).url)
    assert {t.id for t in in_studio(database, "mine").tasks} == {t.id for t in library().tasks}
    database.close()
    assert runner.invoke(cli.app, ["world", "import", str(tmp_path / "none")]).exit_code == 1
