"""The seal of a bundle: what its manifest says each file must be, and what differs from it.

The manifest itself is checked first, then the names, then the files that are wanted; nothing is
parsed before its hash agrees. `manifest` is the whole of `bundle.json` as types.
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from exporter import layout
from exporter.encoding import pretty
from exporter.errors import BundleError
from exporter.files import BundleFiles
from exporter.names import names_fault
from world_builder.ids import content_hash

_TEXTS = ("world", "version", "digest")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """Name, version and digest of a bundle, and the SHA-256 of each of its files."""

    world: str
    version: str
    digest: str
    files: dict[str, str]
    manifest: bytes = field(repr=False)
    """The bytes of `bundle.json`."""

    def expected(self, present: Iterable[str]) -> dict[str, str]:
        """The files that must be there, given those that are: solutions may be withheld whole."""
        if any(name.startswith(layout.SOLUTIONS) for name in present):
            return self.files
        return {n: h for n, h in self.files.items() if not n.startswith(layout.SOLUTIONS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """The files that were read, and the names of all that are not what the seal says."""

    contents: dict[str, bytes] = field(repr=False)
    """By name; those that differ too, so trust it only without a fault."""
    changed: tuple[str, ...]
    missing: tuple[str, ...]
    extra: tuple[str, ...]

    def faults(self) -> tuple[str, ...]:
        """One line for each thing that is wrong."""
        named = (("changed", self.changed), ("missing", self.missing), ("extra", self.extra))
        return tuple(f"{kind} file: {name}" for kind, names in named for name in names)


def read_seal(files: BundleFiles, where: object) -> Seal:
    """The seal in `bundle.json`. Raises BundleError when it is broken or not there."""
    if layout.MANIFEST not in files.names:
        raise BundleError(
            f"{where} has no {layout.MANIFEST}, so it is no bundle; make one with "
            "`corecraft bundle export NAME --version V --out DIR`",
            (layout.MANIFEST,),
        )
    data = files.contents({layout.MANIFEST})[layout.MANIFEST]
    try:
        manifest = json.loads(data)
        rest = {name: value for name, value in manifest.items() if name != "digest"}
        texts = {name: manifest[name] for name in _TEXTS}
        hashes = dict(manifest["files"])
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise unreadable(layout.MANIFEST, error) from error
    if not all(isinstance(text, str) for text in (*texts.values(), *hashes.values())):
        raise unreadable(layout.MANIFEST, TypeError("its names and hashes must be text"))
    if texts["digest"] != (computed := content_hash(rest)):
        raise _changed(f"says digest {texts['digest']}, amounts to {computed}")
    if data != pretty(manifest):
        raise _changed("not the bytes that were written")
    if fault := names_fault(hashes):
        raise unreadable(layout.MANIFEST, ValueError(fault))
    return Seal(**texts, files=hashes, manifest=data)


def compare(
    files: BundleFiles, seal: Seal, is_wanted: Callable[[str], bool] = lambda name: True
) -> Findings:
    """What differs: all names, and the content of the wanted files that are there."""
    present = files.names - {layout.MANIFEST}
    expected = seal.expected(present)
    wanted = {name for name in present & expected.keys() if is_wanted(name)}
    contents = files.contents(wanted)
    return Findings(
        contents=contents,
        changed=tuple(sorted(n for n, data in contents.items() if _sha256(data) != expected[n])),
        missing=tuple(sorted(expected.keys() - present)),
        extra=tuple(sorted(present - expected.keys())),
    )


def trusted(findings: Findings, where: object) -> dict[str, bytes]:
    """The contents that were read. Raises BundleError naming every file at fault."""
    if faults := findings.faults():
        names = sorted({*findings.changed, *findings.missing, *findings.extra})
        message = f"{where} is not what its manifest says: {'; '.join(faults)}"
        raise BundleError(message, tuple(names))
    return findings.contents


def unreadable(name: str, error: Exception) -> BundleError:
    """The error of a file that cannot be parsed."""
    return BundleError(f"{name} cannot be read: {error}; export the bundle again", (name,))


def _changed(detail: str) -> BundleError:
    return BundleError(f"changed file: {layout.MANIFEST} ({detail})", (layout.MANIFEST,))


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
