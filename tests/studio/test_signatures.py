"""The studio says who signed a version, by the keys in its data folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from exporter.bundle import Bundle
from exporter.manifest import GateReport
from exporter.signing import SecretKey, generate, sign, signature_path
from exporter.writer import pack, write_bundle
from studio.app import create_app
from studio.settings import Settings
from tests.exporter.small_world import library
from tests.studio.conftest import ORIGIN

HTML = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
VERSION = "/worlds/library/bundles/1.0.0"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "var", sample_worlds=(), is_checking_pages=True)


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), base_url=ORIGIN, follow_redirects=False) as client:
        yield client


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return Bundle.open(
        write_bundle(library(), "1.0.0", tmp_path / "dist", gates=GateReport(gates=()))
    )


def trust(settings: Settings, name: str, key: SecretKey) -> None:
    folder = settings.data_dir / "keys"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.pub").write_text(key.public.text)


def send(client: TestClient, bundle: Bundle, tmp_path: Path, signature: str) -> str:
    """Sends a bundle with a signature; where it waits."""
    data = pack(bundle, tmp_path / "sent.tgz").read_bytes()
    files = {"bundle": ("sent.tgz", data), "signature": ("x.minisig", signature.encode())}
    answer = client.post("/worlds/import", files=files)
    assert answer.status_code == 201, answer.text
    return f"/worlds/import/{bundle.digest}"


def test_a_trusted_signer_is_named_on_the_way_in_and_after(
    client: TestClient, settings: Settings, bundle: Bundle, tmp_path: Path
) -> None:
    key = generate()
    url = send(client, bundle, tmp_path, sign(bundle, key).text)
    assert "unknown signer" in client.get(url, headers=HTML).text
    (settings.data_dir / "keys").mkdir()
    (settings.data_dir / "keys" / "broken.pub").write_text("no key")
    trust(settings, "release-team", key)
    assert "signed by release-team" in client.get(url, headers=HTML).text
    client.post(url).raise_for_status()
    shown = client.get(VERSION).json()["signature"]
    assert (shown["state"], shown["signer"]) == ("valid", "release-team")
    assert "signed by release-team" in client.get(VERSION, headers=HTML).text
    assert Bundle.open(settings.bundles / "library-1.0.0").digest == bundle.digest


def test_an_unsigned_and_a_badly_signed_version_are_told_apart(
    client: TestClient, settings: Settings, bundle: Bundle, tmp_path: Path
) -> None:
    key = generate()
    url = send(client, bundle, tmp_path, "")
    client.post(url).raise_for_status()
    assert "not signed" in client.get(VERSION, headers=HTML).text
    trust(settings, "release-team", key)
    other = Bundle.open(
        write_bundle(library(title="x"), "1.0.0", tmp_path / "x", gates=GateReport(gates=()))
    )
    place = signature_path(settings.bundles / "library-1.0.0")
    place.write_text(sign(other, key).text)
    assert "bad signature" in client.get(VERSION, headers=HTML).text


def test_an_endless_signature_is_left_behind(
    client: TestClient, settings: Settings, bundle: Bundle, tmp_path: Path
) -> None:
    url = send(client, bundle, tmp_path, "x" * 10_000)
    assert client.get(url).json()["signature"]["state"] == "unsigned"
