"""The archive of an image: a docker-archive and an OCI layout in one tar.

`docker load` reads `manifest.json`, podman, skopeo and containerd read either; both name the same
blobs, so the image has one id everywhere.
"""

import hashlib
from pathlib import Path
from typing import Final, NamedTuple

from exporter.oci.layers import Blob, Item, write_layer
from world_builder.frozen import Json
from world_builder.ids import canonical_json

_CONFIG: Final = "application/vnd.oci.image.config.v1+json"
_LAYER: Final = "application/vnd.oci.image.layer.v1.tar"
_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
_INDEX: Final = "application/vnd.oci.image.index.v1+json"


class WrittenImage(NamedTuple):
    """What an archive holds."""

    id: str
    """As `docker load` knows it: the digest of the configuration."""
    manifest_digest: str
    """As registries and podman know it."""


def write_image_tar(
    path: Path, config: dict[str, Json], layers: list[Blob], tag: str
) -> WrittenImage:
    """Writes the archive; the file appears whole or not at all."""
    config_data = _encoded(config)
    image_id = _sha256(config_data)
    described: list[Json] = [_descriptor(_LAYER, blob.digest, blob.size) for blob in layers]
    manifest_data = _encoded(
        {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": _descriptor(_CONFIG, image_id, len(config_data)),
            "layers": described,
        }
    )
    manifest_id = _sha256(manifest_data)
    tree = {
        **{_blob_name(blob.digest): Item(data=blob.path) for blob in layers},
        _blob_name(image_id): Item(data=config_data),
        _blob_name(manifest_id): Item(data=manifest_data),
        "index.json": Item(data=_index(manifest_id, len(manifest_data), tag)),
        "manifest.json": Item(data=_docker_manifest(image_id, layers, tag)),
        "oci-layout": Item(data=_encoded({"imageLayoutVersion": "1.0.0"})),
    }
    partial = path.with_name(f".{path.name}.partial")
    try:
        write_layer(tree, partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return WrittenImage(f"sha256:{image_id}", f"sha256:{manifest_id}")


def _index(manifest_id: str, size: int, tag: str) -> bytes:
    manifest = _descriptor(_MANIFEST, manifest_id, size)
    reference: dict[str, Json] = {
        "org.opencontainers.image.ref.name": tag.rpartition(":")[2],
        "io.containerd.image.name": f"docker.io/{tag}",
    }
    return _encoded(
        {
            "schemaVersion": 2,
            "mediaType": _INDEX,
            "manifests": [{**manifest, "annotations": reference}],
        }
    )


def _docker_manifest(image_id: str, layers: list[Blob], tag: str) -> bytes:
    names: list[Json] = [_blob_name(blob.digest) for blob in layers]
    return _encoded([{"Config": _blob_name(image_id), "RepoTags": [tag], "Layers": names}])


def _descriptor(media_type: str, digest: str, size: int) -> dict[str, Json]:
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": size}


def _blob_name(digest: str) -> str:
    return f"blobs/sha256/{digest}"


def _encoded(value: Json) -> bytes:
    return canonical_json(value).encode()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
