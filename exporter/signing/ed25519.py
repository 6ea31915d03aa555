"""The one place that touches the cryptography package: Ed25519 and scrypt."""

import os

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt


def new_seed() -> bytes:
    """32 random bytes, from which a key pair is made."""
    return os.urandom(32)


def public_of(seed: bytes) -> bytes:
    """The public key of a seed, 32 bytes."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def signed(seed: bytes, message: bytes) -> bytes:
    """The signature of a message, 64 bytes, the same each time."""
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message)


def is_signed(public: bytes, signature: bytes, message: bytes) -> bool:
    """True when the signature of the message was made with the key's other half."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def stretched(password: bytes, salt: bytes, *, log_n: int, length: int) -> bytes:
    """Bytes made of a password by scrypt with r = 8 and p = 1."""
    return Scrypt(salt=salt, length=length, n=2**log_n, r=8, p=1).derive(password)
