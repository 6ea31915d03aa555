"""The image archive that needs no engine: the same bytes, a sound layout, the same image."""

import gzip
import hashlib
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from exporter import container
from exporter.bundle import Bundle
from exporter.cli import app
from exporter.errors import ImageError
from exporter.labels import labels
from exporter.oci.base import read_base
from exporter.oci.export import ExportedImage, export_image
from exporter.oci.layers import Item, write_layer
from exporter.oci.packages import package_tree
from exporter.oci.target import HERE, Target, this_target
from tests.exporter.docker_base import base_tar

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def archive(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The image of the library on this machine's Python."""
    out = tmp_path_factory.mktemp("oci") / "library.tar"
    export_image(bundle, out)
    return out


@pytest.fixture(scope="module")
def root_tar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root file system with Python and pip."""
    return base_tar(tmp_path_factory.mktemp("base") / "root.tar", ())


def contents(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as tar:
        return {m.name: tar.extractfile(m).read() for m in tar if m.isfile()}  # type: ignore[union-attr]


def parsed(files: Mapping[str, bytes], name: str) -> Any:
    return json.loads(files[name])


def blob_name(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def config_of(files: Mapping[str, bytes]) -> dict[str, Any]:
    [manifest] = parsed(files, "manifest.json")
    config: dict[str, Any] = parsed(files, manifest["Config"])
    return config


def in_image(files: Mapping[str, bytes], folder: Path) -> dict[str, tarfile.TarInfo]:
    """What the layers hold, by path."""
    [manifest] = parsed(files, "manifest.json")
    found: dict[str, tarfile.TarInfo] = {}
    for name in manifest["Layers"]:
        (folder / "layer.tar").write_bytes(files[name])
        with tarfile.open(folder / "layer.tar") as tar:
            found |= {member.name: member for member in tar}
    return found


def test_two_machines_write_the_same_bytes(
    archive: Path, bundle_path: Path, tmp_path: Path
) -> None:
    for seed, zone in (("1", "Asia/Tokyo"), ("2", "America/New_York")):
        cwd = tmp_path / seed
        cwd.mkdir()
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT), "TZ": zone}
        code = "from exporter.cli import app; app()"
        command = [sys.executable, "-c", code, "image", str(bundle_path), "--oci", "image.tar"]
        subprocess.run(command, cwd=cwd, env=environment, check=True, capture_output=True)
        assert (cwd / "image.tar").read_bytes() == archive.read_bytes()


def test_both_layouts_name_the_same_blobs(archive: Path) -> None:
    files = contents(archive)
    blobs = {n: d for n, d in files.items() if n.startswith("blobs/sha256/")}
    assert all(hashlib.sha256(d).hexdigest() == n.rpartition("/")[2] for n, d in blobs.items())
    assert parsed(files, "oci-layout") == {"imageLayoutVersion": "1.0.0"}
    [described] = parsed(files, "index.json")["manifests"]
    manifest = parsed(files, blob_name(described["digest"]))
    [docker_manifest] = parsed(files, "manifest.json")
    layers = manifest["layers"]
    named = [blob_name(layer["digest"]) for layer in layers]
    assert docker_manifest["Layers"] == named
    assert docker_manifest["Config"] == blob_name(manifest["config"]["digest"])
    assert docker_manifest["RepoTags"] == ["corecraft/library:1.0.0"]
    assert [layer["digest"] for layer in layers] == config_of(files)["rootfs"]["diff_ids"]
    assert [layer["size"] for layer in layers] == [len(files[name]) for name in named]
    assert len(blobs) == len(named) + 2


def test_the_image_holds_what_it_should_and_no_solutions(
    archive: Path, bundle: Bundle, tmp_path: Path
) -> None:
    members = in_image(contents(archive), tmp_path)
    shipped = {n for n in bundle.files() if not n.startswith("solutions/")}
    assert {f"bundle/{n}" for n in shipped} <= members.keys()
    assert not [n for n in members if "solutions" in n or n.endswith(("/RECORD", "/INSTALLER"))]
    assert "bundle/server/exporter/server/__pycache__/app.cpython-311.pyc" in members
    assert {(m.uid, m.gid, m.uname, m.mtime) for m in members.values()} == {(0, 0, "", 0)}
    assert not [n for n, m in members.items() if m.mode & 0o022 and n != "tmp"]


def test_the_image_runs_as_the_dockerfile_says(archive: Path, bundle: Bundle) -> None:
    config = config_of(contents(archive))["config"]
    lines = container.dockerfile(bundle.world, bundle.version).splitlines()
    assert f"USER {config['User']}" in lines
    assert f"WORKDIR {config['WorkingDir']}" in lines
    assert f"ENTRYPOINT {json.dumps(config['Entrypoint'])}" in lines
    assert f"    CMD {json.dumps(config['Healthcheck']['Test'][1:])}" in lines
    assert config["ExposedPorts"] == {"8000/tcp": {}}
    assert config["Labels"] == labels(bundle)
    assert {f"{n}={v}" for n, v in container.ENVIRONMENT.items()} <= set(config["Env"])


def test_an_image_stands_on_a_saved_image_or_a_root(
    archive: Path, root_tar: Path, bundle: Bundle, tmp_path: Path
) -> None:
    """The archive itself is a saved image: two layers come on top of its three."""
    packed = tmp_path / "packed.tar.gz"
    packed.write_bytes(gzip.compress(archive.read_bytes(), 1))
    for base, num_layers in ((archive, 5), (packed, 5), (root_tar, 3)):
        out = tmp_path / "image.tar"
        written = export_image(bundle, out, base_tar=base, tag="other/name:2")
        files = contents(out)
        assert len(config_of(files)["rootfs"]["diff_ids"]) == num_layers
        assert written.has_byte_code
        assert parsed(files, "manifest.json")[0]["RepoTags"] == ["other/name:2"]


def test_the_settings_of_a_base_are_kept(tmp_path: Path) -> None:
    root = tmp_path / "root.tar"
    write_layer({n: Item(data=b"") for n in PYTHON}, root)
    settings = {"Env": ["PATH=/usr/bin", "PYTHONPATH=/x"], "Labels": {"a": "b"}, "Cmd": ["sh"]}
    layer = root.read_bytes()
    digest = hashlib.sha256(layer).hexdigest()
    config = {
        "architecture": "arm64",
        "config": settings,
        "rootfs": {"diff_ids": [f"sha256:{digest}"]},
    }
    saved = {
        "manifest.json": json.dumps([{"Config": "c.json", "Layers": ["l.tar"]}]).encode(),
        "c.json": json.dumps(config).encode(),
        "l.tar": layer,
    }
    write_layer({n: Item(data=d) for n, d in saved.items()}, tmp_path / "saved.tar")
    base = read_base(tmp_path / "saved.tar", tmp_path, "amd64")
    assert base.target == Target(architecture="arm64", version="3.13")
    assert base.settings == settings
    assert (base.python.command, base.python.stdlib) == ("python3", "usr/local/lib/python3.13")
    assert not base.target.is_here
    saved["l.tar"] = layer + b"\0" * 512
    write_layer({n: Item(data=d) for n, d in saved.items()}, tmp_path / "saved.tar")
    with pytest.raises(ImageError, match="not those that its configuration names"):
        read_base(tmp_path / "saved.tar", tmp_path, "amd64")


PYTHON = ("usr/lib/python3.11/os.py", "usr/local/lib/python3.13/os.py", "usr/bin/python3")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("usr/bin/python3",), "no Python in"),
        (("usr/lib/python3.11/os.py",), "neither `python` nor `python3`"),
        (("index.json",), "cannot be read as the tar of a base"),
    ],
)
def test_what_is_no_base_is_refused(names: tuple[str, ...], message: str, tmp_path: Path) -> None:
    write_layer({name: Item(data=b"") for name in names}, tmp_path / "base.tar")
    with pytest.raises(ImageError, match=message):
        read_base(tmp_path / "base.tar", tmp_path, "amd64")


def test_a_file_that_is_no_tar_is_no_base(tmp_path: Path, bundle_path: Path) -> None:
    (tmp_path / "text.tar").write_text("no tar")
    asked = ["image", str(bundle_path), "--oci", str(tmp_path / "out.tar"), "--base-tar"]
    result = CliRunner().invoke(app, [*asked, str(tmp_path / "text.tar")])
    assert result.exit_code == 1
    assert "cannot be read as the tar of a base" in result.stderr
    assert not (tmp_path / "out.tar").exists()


def test_a_base_of_another_python_has_no_byte_code(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The requirements then come from wheels; here, from what is installed."""
    here = this_target()
    write_layer({n: Item(data=b"") for n in PYTHON}, tmp_path / "base.tar")
    monkeypatch.setattr(
        "exporter.oci.export.package_tree",
        lambda pins, target, folder, wheels: package_tree(pins, here, folder, wheels),
    )
    written = export_image(bundle, tmp_path / "out.tar", base_tar=tmp_path / "base.tar")
    assert not written.has_byte_code
    assert not [n for n in in_image(contents(tmp_path / "out.tar"), tmp_path) if n.endswith(".pyc")]


def test_wheels_and_installed_packages_give_the_same_files(tmp_path: Path) -> None:
    pins = [p for p in container.REQUIREMENTS.splitlines() if p.startswith(("typing-", "h11"))]
    wheels = tmp_path / "wheels"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-d", str(wheels)]
    subprocess.run([*command, *pins], check=True)
    installed = package_tree(pins, this_target(), tmp_path / "a", None)
    unpacked = package_tree(pins, this_target(), tmp_path / "b", wheels)
    for name, tree in (("a", installed), ("b", unpacked)):
        write_layer(tree, tmp_path / f"{name}.tar")
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()
    assert "h11/_connection.py" in installed


def test_wheels_that_are_not_there_are_asked_for(tmp_path: Path) -> None:
    target = Target(architecture="arm64", version=HERE)
    with pytest.raises(ImageError, match=r"(?s)aarch64.*name the folder with --wheels"):
        package_tree(["h11==0.0.1"], target, tmp_path / "out", tmp_path)


def test_a_server_that_does_not_start_stops_the_export(bundle: Bundle, tmp_path: Path) -> None:
    files = {**bundle.files(), "server/exporter/server/app.py": b"raise SystemExit('broken')\n"}
    broken = Bundle(path=bundle.path, manifest=bundle.manifest, _files=files)
    with pytest.raises(ImageError, match="does not start on this bundle"):
        export_image(broken, tmp_path / "out.tar")
    assert list(tmp_path.iterdir()) == []


def test_the_command_tells_what_was_written(bundle_path: Path, tmp_path: Path) -> None:
    out = tmp_path / "image.tar"
    result = CliRunner().invoke(app, ["image", str(bundle_path), "--oci", str(out), "--json"])
    told = ExportedImage.model_validate_json(result.stdout)
    assert told.path == str(out)
    assert told.digest == Bundle.open(bundle_path).digest
    config = config_of(contents(out))
    data = json.dumps(config, sort_keys=True, separators=(",", ":")).encode()
    assert told.id == f"sha256:{hashlib.sha256(data).hexdigest()}"


def test_an_export_writes_the_image_too(bundle_path: Path, tmp_path: Path) -> None:
    """Of the world of a bundle, so that the gates have little to do."""
    out = tmp_path / "image.tar"
    asked = ["export", str(bundle_path), "--version", "3.0.0", "--out", str(tmp_path / "b")]
    result = CliRunner().invoke(app, [*asked, "--oci", str(out), "--json"])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["image"]["digest"] == told["digest"]
    assert told["image"]["tag"].endswith(":3.0.0")
    assert out.stat().st_size > 1_000_000
