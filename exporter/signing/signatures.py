"""Signing a bundle and checking a signature: minisign's detached format over `bundle.json`."""

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from exporter import layout
from exporter.bundle import Bundle
from exporter.signing import ed25519
from exporter.signing.files import PublicKey, SecretKey, SigningError

SUFFIX = ".minisig"
_HASHED = b"ED"
_UNTRUSTED, _TRUSTED = "untrusted comment: ", "trusted comment: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What a signature file says."""

    key_id: bytes
    signature: bytes
    comment: str
    """Signed as well."""
    comment_signature: bytes

    @property
    def key_name(self) -> str:
        """The key's id as minisign prints it."""
        return self.key_id[::-1].hex().upper()

    @property
    def text(self) -> str:
        """The file."""
        return (
            f"{_UNTRUSTED}signature of a corecraft bundle\n"
            f"{base64.b64encode(_HASHED + self.key_id + self.signature).decode()}\n"
            f"{_TRUSTED}{self.comment}\n"
            f"{base64.b64encode(self.comment_signature).decode()}\n"
        )


class SignatureState(StrEnum):
    UNSIGNED = "unsigned"
    VALID = "valid"
    UNKNOWN_KEY = "unknown_key"
    """Signed, but with none of the keys that were given: nothing is known."""
    BAD = "bad"
    """It does not fit the bundle, or cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureView:
    """What is known of who signed a bundle."""

    state: SignatureState
    key: str = ""
    """The id of the key; empty without a signature that can be read."""
    signer: str = ""
    """The name that the key was given; empty for an unknown one."""
    comment: str = ""
    """What the signer wrote; only of a valid signature."""
    problem: str = ""


def sign(bundle: Bundle, key: SecretKey) -> Signature:
    """The signature of a verified bundle: the same each time."""
    signature = ed25519.signed(key.seed, _hashed(bundle.files()[layout.MANIFEST]))
    comment = f"{bundle.name} {bundle.version} digest:{bundle.digest}"
    return Signature(
        key_id=key.id,
        signature=signature,
        comment=comment,
        comment_signature=ed25519.signed(key.seed, signature + comment.encode()),
    )


def check(manifest: bytes, signature: Signature, key: PublicKey) -> bool:
    """True when a manifest was signed with the key's other half, the comment too.

    The bundle is what was signed only when it is verified against that manifest as well.
    """
    is_ours = signature.key_id == key.id and ed25519.is_signed(
        key.key, signature.signature, _hashed(manifest)
    )
    comment = signature.signature + signature.comment.encode()
    return is_ours and ed25519.is_signed(key.key, signature.comment_signature, comment)


def read_signature(path: Path) -> Signature:
    """The signature in a file. Raises SigningError."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        data = base64.b64decode(lines[1], validate=True)
        comment_signature = base64.b64decode(lines[3], validate=True)
        comment = lines[2].removeprefix(_TRUSTED)
    except (OSError, UnicodeDecodeError, IndexError, binascii.Error, ValueError) as error:
        raise SigningError(f"{path.name} is no signature in the format of minisign") from error
    if len(data) != 74 or data[:2] != _HASHED or not lines[2].startswith(_TRUSTED):
        raise SigningError(f"{path.name} is no signature of a kind that is known")
    return Signature(
        key_id=data[2:10], signature=data[10:], comment=comment, comment_signature=comment_signature
    )


def signature_path(bundle: Path) -> Path:
    """Where the signature of a bundle lies: beside its folder or tar."""
    return bundle.with_name(f"{bundle.name}{SUFFIX}")


def signature_view(
    manifest: bytes, path: Path, keys: Iterable[tuple[str, PublicKey]]
) -> SignatureView:
    """Who signed a manifest, as far as the given keys tell; each key with the name it was given.

    `path` is the signature's file, which need not be there.
    """
    if not path.is_file():
        return SignatureView(state=SignatureState.UNSIGNED)
    try:
        signature = read_signature(path)
    except SigningError as error:
        return SignatureView(state=SignatureState.BAD, problem=str(error))
    known = {key.id: (name, key) for name, key in keys}
    if signature.key_id not in known:
        return SignatureView(state=SignatureState.UNKNOWN_KEY, key=signature.key_name)
    name, key = known[signature.key_id]
    if not check(manifest, signature, key):
        problem = "the signature does not fit this bundle"
        return SignatureView(
            state=SignatureState.BAD, key=signature.key_name, signer=name, problem=problem
        )
    return SignatureView(
        state=SignatureState.VALID, key=signature.key_name, signer=name, comment=signature.comment
    )


def _hashed(manifest: bytes) -> bytes:
    return hashlib.blake2b(manifest).digest()
