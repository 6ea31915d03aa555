"""`corecraft bundle diff`: what changed between two worlds, and which version that calls for."""

from typing import Annotated

import typer

from exporter.cli_output import print_json, stdout, told
from exporter.versioning import Part, propose
from world_builder.frozen import Json

_SOURCE = "A bundle (folder or tar), a shipped world, or a world's JSON file."


def diff_command(
    before: Annotated[str, typer.Argument(help=_SOURCE)],
    after: Annotated[str, typer.Argument(help="The same, later.")],
    only: Annotated[
        list[Part] | None, typer.Option(help="This part alone; may be given several times.")
    ] = None,
    brief: Annotated[bool, typer.Option("--brief", help="Leave out what differs inside.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Say what changed between two worlds and which version that calls for.

    Schema or tool: major. Task or entity: minor. Wording: patch.

    Example: corecraft bundle diff bundles/tutorial-1.0.0 tutorial --only tasks
    """
    from exporter.differences import compare
    from exporter.differences.as_json import to_json
    from exporter.differences.telling import tell
    from exporter.sources import load_world

    with told():
        old, new = load_world(before), load_world(after)
    found = compare(old, new)
    if only:
        found = found.only(only)
    if not as_json:
        for line in tell(found, with_fields=not brief):
            stdout.print(line, soft_wrap=True, highlight=False)
        return
    wanted = {part.value for part in only or ()}
    reasons: list[Json] = [
        {"bump": r.bump.label, "path": r.path, "message": r.message}
        for r in propose(old, new).reasons
        if not wanted or r.path.split(".", 1)[0] in wanted
    ]
    print_json({**to_json(found, with_fields=not brief), "reasons": reasons})
