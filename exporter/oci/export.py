"""Writes the image archive of a bundle: base, requirements, bundle and byte code as layers.

No engine, no root, and no network when the requirements are installed or at hand as wheels. What
the image runs, as whom and how it is asked for its health is `container`'s, as in the Dockerfile.
"""

import sysconfig
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from exporter import container, layout
from exporter.bundle import Bundle
from exporter.labels import image_tag, labels
from exporter.oci.base import Base, base_files, read_base
from exporter.oci.byte_code import compiled, imported_by_start
from exporter.oci.image_tar import write_image_tar
from exporter.oci.layers import Blob, Item, Tree, write_layer
from exporter.oci.local_base import local_base
from exporter.oci.packages import package_tree
from exporter.oci.target import this_target
from world_builder.frozen import Frozen, Json

_PACKAGES: Final = "opt/corecraft/"
"""Where the requirements lie in the image, outside of what the base may have installed."""
_BUNDLE: Final = "bundle/"
_HEALTH_CHECK: Final = "exporter/server/healthcheck.py"
_EPOCH: Final = "1970-01-01T00:00:00Z"
_NANOSECONDS: Final = 1_000_000_000


class ExportedImage(Frozen):
    """An image archive."""

    path: str
    id: str
    """As `docker load` knows it."""
    manifest_digest: str
    """As registries and podman know it."""
    tag: str
    digest: str
    """Of the bundle inside."""
    has_byte_code: bool
    """False when the base has another Python than this one: its first start takes longer."""


def export_image(
    bundle: Bundle,
    out: Path,
    *,
    tag: str | None = None,
    base_tar: Path | None = None,
    wheels: Path | None = None,
    on_step: Callable[[str], None] = lambda step: None,
) -> ExportedImage:
    """Writes the archive to `out`; the same bundle, base and wheels give the same bytes.

    `tag` None takes `image_tag`. `base_tar` None takes this machine's Python for a base. `wheels`
    None takes the requirements from what is installed here, or from pip. Raises ImageError.
    """
    with TemporaryDirectory(prefix="corecraft-image-") as folder:
        stage = Path(folder)
        on_step("reading the base and the requirements")
        pins = bundle.files()[layout.SERVER_REQUIREMENTS].decode().splitlines()
        base, packages = _foundation(pins, base_tar, wheels, stage)
        files = {f"{_BUNDLE}{n}": Item(data=data) for n, data in _shipped(bundle).items()}
        byte_code: Tree = {}
        if base.target.is_here:
            on_step("starting the server once, and compiling what it imports")
            byte_code = _byte_code({**packages, **files}, base, stage)
        on_step("writing the archive")
        layers = _layers(base, [packages, {**files, **byte_code}], stage)
        config = _config(base, layers, labels(bundle))
        name = tag or image_tag(bundle)
        written = write_image_tar(out, config, layers, name)
    return ExportedImage(
        path=str(out),
        id=written.id,
        manifest_digest=written.manifest_digest,
        tag=name,
        digest=bundle.digest,
        has_byte_code=bool(byte_code),
    )


def _foundation(
    pins: list[str], base_tar: Path | None, wheels: Path | None, stage: Path
) -> tuple[Base, Tree]:
    """The base, and the requirements for it."""
    base = None if base_tar is None else read_base(base_tar, stage, this_target().architecture)
    target = this_target() if base is None else base.target
    tree = package_tree(pins, target, stage / "packages", wheels)
    if base is None:
        binaries = [
            i.data for n, i in tree.items() if n.endswith(".so") and isinstance(i.data, Path)
        ]
        base = local_base(stage, binaries)
    return base, {f"{_PACKAGES}{name}": item for name, item in tree.items()}


def _shipped(bundle: Bundle) -> dict[str, bytes]:
    """The bundle's files without its solutions."""
    return {n: d for n, d in bundle.files().items() if not n.startswith(layout.SOLUTIONS)}


def _byte_code(tree: Tree, base: Base, stage: Path) -> dict[str, Item]:
    """Byte code of what a start imports: of the image's own files and of the base's library."""
    root = _staged(tree, stage / "root")
    server = root / _BUNDLE / layout.SERVER
    origins = imported_by_start(root / _BUNDLE, [server, root / _PACKAGES])
    own = {o.relative_to(root).as_posix(): o for o in origins if o.is_relative_to(root)}
    own[f"{_BUNDLE}{layout.SERVER}{_HEALTH_CHECK}"] = server / _HEALTH_CHECK
    library = Path(sysconfig.get_path("stdlib"))
    named = [o.relative_to(library).as_posix() for o in origins if o.is_relative_to(library)]
    wanted = {f"{base.python.stdlib}/{name}" for name in named}
    lent = {name: Item(data=data) for name, data in base_files(base, wanted).items()}
    staged = _staged(lent, stage / "library")
    found = compiled({**own, **{name: staged / name for name in lent}}, stage / "byte-code")
    return {name: Item(data=path) for name, path in found.items()}


def _staged(tree: Tree, root: Path) -> Path:
    """The files under a folder, as the image will have them."""
    for name, item in tree.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        data = item.data.read_bytes() if isinstance(item.data, Path) else item.data
        (root / name).write_bytes(data)
    return root


def _layers(base: Base, trees: list[Tree], stage: Path) -> list[Blob]:
    """The base's layers and one for each tree."""
    added = [
        write_layer(tree, stage / f"layer-{number}.tar", known_folders=base.folders)
        for number, tree in enumerate(trees)
    ]
    return [*base.layers, *added]


def _config(base: Base, layers: list[Blob], own_labels: dict[str, str]) -> dict[str, Json]:
    """The image's configuration: the base's, with what the Dockerfile says."""
    settings: dict[str, Any] = {
        **base.settings,
        "User": container.USER,
        "WorkingDir": container.WORKDIR,
        "Env": _environment(base),
        "Entrypoint": [base.python.command, *container.SERVE],
        "Cmd": None,
        "ExposedPorts": {**(base.settings.get("ExposedPorts") or {}), f"{container.PORT}/tcp": {}},
        "Labels": {**(base.settings.get("Labels") or {}), **own_labels},
        "Healthcheck": {
            "Test": ["CMD", base.python.command, *container.HEALTH],
            "Interval": container.HEALTH_INTERVAL_S * _NANOSECONDS,
            "Timeout": container.HEALTH_TIMEOUT_S * _NANOSECONDS,
            "StartPeriod": container.HEALTH_START_S * _NANOSECONDS,
            "Retries": container.HEALTH_RETRIES,
        },
    }
    history: list[Json] = [{"created": _EPOCH, "created_by": "corecraft bundle image"}]
    diff_ids: list[Json] = [f"sha256:{layer.digest}" for layer in layers]
    return {
        "architecture": base.target.architecture,
        "os": "linux",
        "created": _EPOCH,
        "config": {name: settings[name] for name in sorted(settings)},
        "history": history * len(layers),
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
    }


def _environment(base: Base) -> list[str]:
    """The base's variables with ours on top; Python finds the requirements first."""
    known = dict(text.split("=", 1) for text in base.settings.get("Env") or ())
    paths = [f"/{_PACKAGES.rstrip('/')}", *filter(None, [known.get("PYTHONPATH")])]
    variables = {**known, **container.ENVIRONMENT, "PYTHONPATH": ":".join(paths)}
    return [f"{name}={value}" for name, value in variables.items()]
