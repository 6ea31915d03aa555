"""`/worlds/<world>/bundles/compare`: any two of the draft and the published versions of a world."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Session

from exporter.differences import How, PartCount
from exporter.differences.notes import headline
from exporter.errors import BundleError
from exporter.versioning import Part
from studio.deps import Db
from studio.pages import render
from studio.repository.bundles import BundleVersion, list_versions
from studio.repository.loading import load_world
from studio.services.comparison_views import GroupView, Wanted, groups, label_of
from studio.services.comparisons import DRAFT, Compared, compared, state_of
from studio.shell import Link, Shell, make_shell
from world_builder.world import World

router = APIRouter(prefix="/worlds/{world}/bundles/compare", tags=["bundles"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The two states that are compared, as the address names them."""

    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparePage:
    shell: Shell
    base: str
    states: tuple[tuple[str, str], ...]
    """What can be chosen, with its label."""
    pair: Pair
    wanted: Wanted
    bump: str
    headline: str
    counts: tuple[tuple[str, PartCount], ...]
    """By part, with its label."""
    groups: tuple[GroupView, ...]
    parts: tuple[tuple[str, str], ...]
    hows: tuple[str, ...]
    query: str
    """The address without part, kind, page and item, for links."""
    problem: str
    """Why they cannot be compared; empty when they were."""


def _wanted(
    part: str = "", how: str = "", q: str = "", item: str = "", page: int = 1
) -> Wanted:  # fmt: skip
    known = part if part in set(Part) else ""
    return Wanted(
        part=item.split(".", 1)[0] if item else known,
        how=how if how in ("added", "removed", "changed") else "",
        q=q.strip(),
        item=item,
        page=page,
    )


@router.get("", response_class=Response)
def show(
    request: Request, db: Db, world: str, wanted: Annotated[Wanted, Depends(_wanted)],
    before: Annotated[str, Query(alias="from")] = "", after: Annotated[str, Query(alias="to")] = "",
) -> Response:  # fmt: skip
    """What differs between two states, with the version bump it calls for.

    Without `from` the last published version, without `to` the draft.
    """
    with db.read() as session:
        draft = load_world(session, world)
        versions = list_versions(session, world)
        newest = versions[0].version if versions else DRAFT
        pair = Pair(before=before or newest, after=after or DRAFT)
        page = _page(request, session, world, draft, versions, pair, wanted)
    return render(request, "bundles/compare.html", page, block="differences")


def _page(
    request: Request, session: Session, world: str, draft: World,
    versions: tuple[BundleVersion, ...], pair: Pair, wanted: Wanted,
) -> ComparePage:  # fmt: skip
    url = f"/worlds/{world}/bundles"
    shell = make_shell(
        request, session, "Compare", world=world, current="Bundles",
        breadcrumbs=(Link(label="Bundles", url=url),),
    )  # fmt: skip
    found, problem = _found(draft, versions, pair)
    counts = () if found is None else found.differences.counts()
    return ComparePage(
        shell=shell,
        base=url,
        states=((DRAFT, "draft"), *((v.version, v.label) for v in versions)),
        pair=pair,
        wanted=wanted,
        bump="" if found is None else found.differences.bump.label,
        headline="" if found is None else headline(found.differences),
        counts=tuple((label_of(count.part), count) for count in counts),
        groups=() if found is None else groups(world, found, draft, wanted),
        parts=tuple((part.value, label_of(part)) for part in Part),
        hows=tuple(how.value for how in How if how is not How.REORDERED),
        query=urlencode({"from": pair.before, "to": pair.after}),
        problem=problem,
    )


def _found(
    draft: World, versions: tuple[BundleVersion, ...], pair: Pair
) -> tuple[Compared | None, str]:
    """The comparison, or why there is none."""
    try:
        before = state_of(pair.before, draft, versions)
        after = state_of(pair.after, draft, versions)
    except BundleError as error:
        return None, str(error)
    return compared(before, after), ""
