"""Signatures of bundles: Ed25519 in the format of minisign, so that its own tool checks them too.

What is signed is `bundle.json`, which names every other file by its hash: one signature holds for
the folder, the tar and the tar without solutions. It lies beside the bundle and is no part of its
digest.
"""

from exporter.signing.files import (
    PublicKey,
    SecretKey,
    SigningError,
    generate,
    read_public_key,
    read_secret_key,
    write_keys,
)
from exporter.signing.signatures import (
    Signature,
    SignatureState,
    SignatureView,
    check,
    read_signature,
    sign,
    signature_path,
    signature_view,
)

__all__ = [
    "PublicKey",
    "SecretKey",
    "Signature",
    "SignatureState",
    "SignatureView",
    "SigningError",
    "check",
    "generate",
    "read_public_key",
    "read_secret_key",
    "read_signature",
    "sign",
    "signature_path",
    "signature_view",
    "write_keys",
]
