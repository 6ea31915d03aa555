"""Key files in the format of minisign: a public one to hand out, a secret one to keep.

The secret file is written for its owner alone and refused when others may read it. Its bytes never
appear in a message or a log. Source: the file formats described by minisign's manual.
"""

import base64
import binascii
import hashlib
import hmac
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from exporter.errors import ExporterError
from exporter.signing import ed25519

_ALGORITHM, _SCRYPT, _PLAIN, _CHECKSUM = b"Ed", b"Sc", b"\0\0", b"B2"
_LOG_N = 16
_MEMORY = (1 << _LOG_N) * 1024
"""64 MiB; minisign derives N from it."""
_MOST_LOG_N = 20
_SECRET_SIZE, _KEYS_SIZE = 158, 104


class SigningError(ExporterError):
    """A key or a signature cannot be used; the message never holds a part of a key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    id: bytes
    """8 bytes that name the pair."""
    key: bytes

    @property
    def name(self) -> str:
        """The id as minisign prints it."""
        return self.id[::-1].hex().upper()

    @property
    def text(self) -> str:
        """The key as one line, to hand out."""
        return base64.b64encode(_ALGORITHM + self.id + self.key).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretKey:
    id: bytes
    seed: bytes = field(repr=False)

    @property
    def public(self) -> PublicKey:
        return PublicKey(id=self.id, key=ed25519.public_of(self.seed))


def generate() -> SecretKey:
    """A new key pair."""
    return SecretKey(id=os.urandom(8), seed=ed25519.new_seed())


def write_keys(key: SecretKey, path: Path, password: str = "") -> Path:
    """Writes the secret key, readable by its owner alone, and the public one beside it (`.pub`).

    The path of the public one. An empty password leaves the secret key as it is. Raises
    SigningError when one of the files exists.
    """
    public_path = path.with_name(f"{path.name}.pub")
    if path.exists() or public_path.exists():
        raise SigningError(f"{path} or {public_path} exists; a key is never replaced")
    path.parent.mkdir(parents=True, exist_ok=True)
    body = base64.b64encode(_packed(key, password)).decode()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(f"untrusted comment: corecraft secret key {key.public.name}\n{body}\n")
    told = f"untrusted comment: corecraft public key {key.public.name}\n{key.public.text}\n"
    public_path.write_text(told, encoding="ascii")
    return public_path


def read_public_key(source: str) -> PublicKey:
    """A public key from a file, or from the line itself. Raises SigningError."""
    path = Path(source)
    try:
        text = path.read_text(encoding="utf-8") if path.is_file() else source
    except (OSError, UnicodeDecodeError) as error:
        raise SigningError(f"{path} cannot be read as a public key") from error
    data = _decoded(text, "a public key")
    if len(data) != 42 or not data.startswith(_ALGORITHM):
        raise SigningError("this is no public key; give the file that ends in .pub, or its line")
    return PublicKey(id=data[2:10], key=data[10:])


def read_secret_key(path: Path, password: str = "") -> SecretKey:
    """The secret key in a file.

    Raises SigningError when others may read it, when it is none, and for a wrong password.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise SigningError(f"{path} cannot be read as a secret key") from error
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise SigningError(f"others may read {path}; make it yours alone with chmod 600")
    return _unpacked(_decoded(text, "a secret key"), password)


def needs_password(path: Path) -> bool:
    """True for a secret key that was written with a password. Raises SigningError."""
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise SigningError(f"{path} cannot be read as a secret key") from error
    return _decoded(text, "a secret key").startswith(_SCRYPT, 2)


def _packed(key: SecretKey, password: str) -> bytes:
    secret = key.seed + key.public.key
    keys = key.id + secret + _checksum(key.id, secret)
    salt = os.urandom(32)
    limits = (_MEMORY // 32).to_bytes(8, "little") + _MEMORY.to_bytes(8, "little")
    if not password:
        return _ALGORITHM + _PLAIN + _CHECKSUM + bytes(48) + keys
    mask = ed25519.stretched(password.encode(), salt, log_n=_LOG_N, length=_KEYS_SIZE)
    return _ALGORITHM + _SCRYPT + _CHECKSUM + salt + limits + _xor(keys, mask)


def _unpacked(data: bytes, password: str) -> SecretKey:
    if len(data) != _SECRET_SIZE or data[:2] != _ALGORITHM or data[4:6] != _CHECKSUM:
        raise SigningError("this is no secret key that can be used")
    keys = data[54:]
    if data[2:4] == _SCRYPT:
        log_n = (int.from_bytes(data[46:54], "little") // 1024).bit_length() - 1
        if not 1 <= log_n <= _MOST_LOG_N:
            raise SigningError("the secret key asks for more memory than is given")
        mask = ed25519.stretched(password.encode(), data[6:38], log_n=log_n, length=_KEYS_SIZE)
        keys = _xor(keys, mask)
    key_id, secret, checksum = keys[:8], keys[8:72], keys[72:]
    if not hmac.compare_digest(checksum, _checksum(key_id, secret)):
        raise SigningError("wrong password, or a damaged secret key")
    return SecretKey(id=key_id, seed=secret[:32])


def _checksum(key_id: bytes, secret: bytes) -> bytes:
    return hashlib.blake2b(_ALGORITHM + key_id + secret, digest_size=32).digest()


def _xor(data: bytes, mask: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(data, mask, strict=True))


def _decoded(text: str, what: str) -> bytes:
    """The base64 line of a file; a comment may stand before it."""
    lines = [line for line in text.splitlines() if line.strip()]
    try:
        return base64.b64decode(lines[-1].strip(), validate=True)
    except (IndexError, binascii.Error, ValueError) as error:
        raise SigningError(f"this is not {what} in the format of minisign") from error
