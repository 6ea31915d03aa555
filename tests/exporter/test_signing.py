"""Keys and signatures: made, read back, refused; a signature holds for every form of a bundle."""

import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from exporter.bundle import Bundle
from exporter.cli import app
from exporter.manifest import GateReport
from exporter.signing import (
    PublicKey,
    SecretKey,
    SignatureState,
    SigningError,
    check,
    generate,
    read_public_key,
    read_secret_key,
    read_signature,
    sign,
    signature_path,
    signature_view,
    write_keys,
)
from exporter.writer import pack, write_bundle
from tests.exporter.small_world import library

KEY = SecretKey(id=b"8 bytes.", seed=bytes(range(32)))


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return Bundle.open(
        write_bundle(library(), "1.0.0", tmp_path / "dist", gates=GateReport(gates=()))
    )


def manifest_of(bundle: Bundle) -> bytes:
    return bundle.files()["bundle.json"]


def run(*arguments: object, **options: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(a) for a in arguments], **options)  # type: ignore[arg-type]
    return result.exit_code, result.output


@pytest.mark.parametrize("password", ["", "open sesame"])
def test_keys_come_back_from_their_files(tmp_path: Path, password: str) -> None:
    path = tmp_path / "keys" / "release.key"
    public = write_keys(KEY, path, password)
    assert read_secret_key(path, password) == KEY
    assert read_public_key(str(public)) == KEY.public == read_public_key(KEY.public.text)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert bytes(range(32)).hex() not in repr(KEY)
    with pytest.raises(SigningError, match="a key is never replaced"):
        write_keys(KEY, path)


def test_a_secret_key_needs_its_password_and_its_privacy(tmp_path: Path) -> None:
    path = tmp_path / "release.key"
    write_keys(KEY, path, "open sesame")
    with pytest.raises(SigningError, match="wrong password"):
        read_secret_key(path, "open barley")
    path.chmod(0o644)
    with pytest.raises(SigningError, match="chmod 600"):
        read_secret_key(path, "open sesame")


@pytest.mark.parametrize("text", ["", "untrusted comment: x\n", "!!!", "RWQ=", "aGVsbG8="])
def test_what_is_no_key_is_said(tmp_path: Path, text: str) -> None:
    path = tmp_path / "odd.key"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(SigningError):
        read_secret_key(path)
    with pytest.raises(SigningError):
        read_public_key(str(path))
    with pytest.raises(SigningError):
        read_secret_key(tmp_path / "none.key")


def test_a_key_that_asks_for_too_much_memory_is_refused(tmp_path: Path) -> None:
    import base64

    path = tmp_path / "release.key"
    write_keys(KEY, path, "x")
    comment, body = path.read_text().splitlines()
    data = bytearray(base64.b64decode(body))
    data[46:54] = (2**50).to_bytes(8, "little")
    path.write_text(f"{comment}\n{base64.b64encode(data).decode()}\n")
    with pytest.raises(SigningError, match="more memory"):
        read_secret_key(path, "x")


def test_one_signature_holds_for_every_form_of_a_bundle(bundle: Bundle, tmp_path: Path) -> None:
    signature = sign(bundle, KEY)
    assert sign(bundle, KEY) == signature
    assert signature.comment == f"library 1.0.0 digest:{bundle.digest}"
    for path in (
        pack(bundle, tmp_path / "a.tar"),
        pack(bundle, tmp_path / "b.tgz", with_solutions=False),
    ):
        assert check(manifest_of(Bundle.open(path)), signature, KEY.public)
    other = write_bundle(
        library(title="Other"), "1.0.0", tmp_path / "other", gates=GateReport(gates=())
    )
    assert not check(manifest_of(Bundle.open(other)), signature, KEY.public)
    assert not check(manifest_of(bundle), signature, generate().public)
    assert not check(
        manifest_of(bundle), signature, PublicKey(id=KEY.id, key=generate().public.key)
    )


def test_a_changed_comment_is_noticed(bundle: Bundle, tmp_path: Path) -> None:
    path = tmp_path / "x.minisig"
    path.write_text(sign(bundle, KEY).text)
    assert read_signature(path) == sign(bundle, KEY)
    path.write_text(path.read_text().replace("library 1.0.0", "library 9.0.0"))
    view = signature_view(manifest_of(bundle), path, [("release", KEY.public)])
    assert (view.state, view.signer, view.comment) == (SignatureState.BAD, "release", "")


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_any_bytes_are_a_signature_or_are_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("any") / "x.minisig"
    path.write_bytes(data)
    with pytest.raises(SigningError):
        read_signature(path)


def test_what_is_known_of_a_signer(bundle: Bundle, tmp_path: Path) -> None:
    path = tmp_path / "x.minisig"
    assert signature_view(manifest_of(bundle), path, []).state is SignatureState.UNSIGNED
    path.write_text(sign(bundle, KEY).text)
    unknown = signature_view(manifest_of(bundle), path, [("other", generate().public)])
    assert (unknown.state, unknown.key) == (SignatureState.UNKNOWN_KEY, KEY.public.name)
    known = signature_view(manifest_of(bundle), path, [("release", KEY.public)])
    assert (known.state, known.signer) == (SignatureState.VALID, "release")
    path.write_text("nothing")
    assert signature_view(manifest_of(bundle), path, []).state is SignatureState.BAD


def test_the_command_line_signs_and_verifies(bundle: Bundle, tmp_path: Path) -> None:
    key, digest = tmp_path / "release.key", bundle.digest
    assert run("keygen", key, "--no-password")[0] == 0
    assert run("verify", bundle.path)[1].splitlines()[1] == "not signed"
    assert run("verify", bundle.path, "--public-key", f"{key}.pub")[0] == 1
    code, told = run("sign", bundle.path, "--key", key)
    assert (code, signature_path(bundle.path).is_file()) == (0, True)
    assert digest in told
    assert Bundle.open(bundle.path).digest == digest
    code, told = run("verify", bundle.path, "--public-key", f"{key}.pub")
    assert (code, told.splitlines()[1]) == (
        0, f"signed by key {read_public_key(f'{key}.pub').name}: library 1.0.0 digest:{digest}",
    )  # fmt: skip
    assert "is not known" in run("verify", bundle.path)[1]
    assert (
        '"state": "valid"' in run("verify", bundle.path, "--public-key", f"{key}.pub", "--json")[1]
    )
    run("keygen", tmp_path / "other.key", "--no-password")
    assert run("verify", bundle.path, "--public-key", tmp_path / "other.key.pub")[0] == 1
    signature_path(bundle.path).write_text("nothing")
    code, told = run("verify", bundle.path)
    assert (code, "bad signature" in told) == (1, True)
    assert run("verify", bundle.path, "--public-key", "no key")[0] == 1


def test_a_password_is_asked_for_or_taken_from_the_environment(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "release.key"
    code, told = run("keygen", key, input="secret\nsecret\n")
    assert (code, "secret\n" in told) == (0, False)
    assert run("sign", bundle.path, "--key", key, input="wrong\n")[0] == 1
    monkeypatch.setenv("CORECRAFT_KEY_PASSWORD", "secret")
    assert run("sign", bundle.path, "--key", key)[0] == 0


def test_a_damaged_bundle_is_not_signed(bundle: Bundle, tmp_path: Path) -> None:
    key = tmp_path / "release.key"
    run("keygen", key, "--no-password")
    (bundle.path / "README.md").write_text("changed")
    code, told = run("sign", bundle.path, "--key", key)
    assert (code, "changed file: README.md" in told) == (1, True)
    assert not signature_path(bundle.path).exists()
