"""Who signed a published bundle, as far as the studio's own keys tell.

The public keys that are trusted lie in `keys/` of the data folder, each in a file `<signer>.pub`. A
signature is checked against the manifest; that the files are what the manifest says is `verify`'s.
"""

from pathlib import Path

from exporter import layout
from exporter.signing import (
    PublicKey,
    SignatureState,
    SignatureView,
    SigningError,
    read_public_key,
    signature_path,
    signature_view,
)
from studio.repository.bundles import BundleVersion


def trusted_keys(data_dir: Path) -> tuple[tuple[str, PublicKey], ...]:
    """The keys with the names of their files; one that cannot be read is left out."""
    found: list[tuple[str, PublicKey]] = []
    for path in sorted((data_dir / "keys").glob("*.pub")):
        try:
            found.append((path.stem, read_public_key(str(path))))
        except SigningError:
            continue
    return tuple(found)


def signature_of(version: BundleVersion, data_dir: Path) -> SignatureView:
    """What is known of who signed a published version."""
    return signature_at(Path(version.path), data_dir)


def signature_at(bundle: Path, data_dir: Path) -> SignatureView:
    """The same for a bundle's folder with the signature beside it."""
    try:
        manifest = (bundle / layout.MANIFEST).read_bytes()
    except OSError as error:
        problem = f"{layout.MANIFEST} cannot be read: {error.strerror}"
        return SignatureView(state=SignatureState.BAD, problem=problem)
    return signature_view(manifest, signature_path(bundle), trusted_keys(data_dir))
