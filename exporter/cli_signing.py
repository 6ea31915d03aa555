"""`corecraft bundle keygen` and `sign`, and what `verify` says of signatures."""

import os
from pathlib import Path
from typing import Annotated

import typer

from exporter import layout
from exporter.bundle import Bundle
from exporter.cli_output import told
from exporter.signing import (
    SignatureState,
    SignatureView,
    generate,
    read_public_key,
    read_secret_key,
    sign,
    signature_path,
    signature_view,
    write_keys,
)
from exporter.signing.files import needs_password
from world_builder.frozen import Json

PASSWORD = "CORECRAFT_KEY_PASSWORD"  # noqa: S105 - the name of a variable


def keygen_command(
    key: Annotated[Path, typer.Argument(help="The file for the secret key; .pub comes beside.")],
    password: Annotated[
        bool, typer.Option(help="Ask for a password that guards the secret key.")
    ] = True,
) -> None:
    """Make a key pair for signing bundles, in the format of minisign.

    The secret key is readable by you alone. Its password is asked for, or taken from
    CORECRAFT_KEY_PASSWORD.
    """
    given = os.environ.get(PASSWORD, "") if password else ""
    if password and not given:
        given = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    with told():
        public = write_keys(generate(), key, given)
        name = read_public_key(str(public)).name
    typer.echo(f"key {name}\n{key} (secret)\n{public} (to hand out)")


def sign_command(
    path: Annotated[Path, typer.Argument(help="The folder or the tar of a bundle.")],
    key: Annotated[Path, typer.Option(help="The file of your secret key.")],
    out: Annotated[
        Path | None, typer.Option(help="The signature's file; beside the bundle if not given.")
    ] = None,
) -> None:
    """Sign a bundle, once every hash of it agrees with its manifest.

    The signature lies beside the bundle and is no part of its digest. It holds for the folder and
    for every tar of it. minisign checks it too, against bundle.json.
    """
    with told():
        bundle = Bundle.open(path)
        given = os.environ.get(PASSWORD, "")
        if needs_password(key) and not given:
            given = typer.prompt("Password", hide_input=True)
        signature = sign(bundle, read_secret_key(key, given))
        target = out or signature_path(path)
        target.write_text(signature.text, encoding="utf-8")
    typer.echo(f"{target}\nsigned with key {signature.key_name}: {signature.comment}")


def looked_at(path: Path, public_key: str | None, signature: Path | None) -> SignatureView:
    """What is known of the signature of an intact bundle."""
    with told():
        keys = [] if public_key is None else [(public_key, read_public_key(public_key))]
        manifest = Bundle.open(path).files()[layout.MANIFEST]
        return signature_view(manifest, signature or signature_path(path), keys)


def signature_line(view: SignatureView) -> str:
    """What `verify` says of a signature, in a line."""
    match view.state:
        case SignatureState.VALID:
            return f"signed by key {view.key}: {view.comment}"
        case SignatureState.UNKNOWN_KEY:
            return f"signed with key {view.key}, which is not known; give its --public-key"
        case SignatureState.BAD:
            return f"bad signature: {view.problem}"
        case SignatureState.UNSIGNED:
            return "not signed"


def signature_json(view: SignatureView) -> dict[str, Json]:
    """The same for programs."""
    return {
        "state": view.state.value,
        "key": view.key,
        "comment": view.comment,
        "problem": view.problem,
    }
