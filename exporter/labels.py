"""How an image names and labels the bundle in it, whoever builds it."""

from typing import Final

from exporter.bundle import Bundle

DIGEST_LABEL: Final = "dev.corecraft.bundle.digest"
WORLD_LABEL: Final = "dev.corecraft.bundle.world"
VERSION_LABEL: Final = "org.opencontainers.image.version"
TITLE_LABEL: Final = "org.opencontainers.image.title"


def image_tag(bundle: Bundle) -> str:
    """The default tag, such as `corecraft/tutorial:1.0.0`."""
    return f"corecraft/{bundle.name}:{bundle.version.lower()}"


def labels(bundle: Bundle) -> dict[str, str]:
    """What the image says of the bundle in it."""
    return {
        DIGEST_LABEL: bundle.digest,
        WORLD_LABEL: bundle.name,
        VERSION_LABEL: bundle.version,
        TITLE_LABEL: bundle.manifest.title,
    }
