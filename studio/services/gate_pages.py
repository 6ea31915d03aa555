"""What the gates page shows: the failures of each gate, gathered by the thing that is to be mended.

`bundle_views` shows all gates in brief; here is everything, in pages.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from exporter.manifest import Gate, GateReport
from studio.repository.types import Listing
from studio.services.bundle_views import FailureView, GatesView, GateView, failure_view, gates_view
from studio.services.mending import thing_of
from world_builder.world import World

FEW, PAGE = 6, 30
"""How many things of a gate are shown beside the other gates, and alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThingView:
    """One task, entity, tool or type with all that a gate holds against it."""

    label: str
    kind: str
    url: str | None
    failures: tuple[FailureView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GateGroup:
    """A gate with the things that keep it shut."""

    gate: GateView
    things: Listing[ThingView]


@dataclass(frozen=True, slots=True, kw_only=True)
class GatesOverview:
    """A whole report, gate by gate."""

    view: GatesView
    groups: tuple[GateGroup, ...]
    """Gates that pass the filters, the shut ones first."""
    num_failures: int
    """Of all gates."""
    num_things: int


def gates_overview(
    world: str, report: GateReport, draft: World, *, name: str = "", q: str = "", page: int = 1
) -> GatesOverview:
    """A report with the failures of one gate in pages, or the first of every gate."""
    view = gates_view(world, report, draft, most=0)
    shown = sorted(
        (pair for pair in zip(report.gates, view.gates, strict=True) if name in ("", pair[0].name)),
        key=lambda pair: (pair[0].is_met, not pair[0].is_blocking),
    )
    size = PAGE if name else FEW
    groups = tuple(
        GateGroup(
            gate=gate_view, things=_paged(_things(f"/worlds/{world}", gate, draft, q), page, size)
        )
        for gate, gate_view in shown
    )
    failures = [failure for gate in report.gates for failure in gate.failures]
    return GatesOverview(
        view=view,
        groups=groups,
        num_failures=len(failures),
        num_things=len({thing_of(failure.path) for failure in failures}),
    )


def _things(base: str, gate: Gate, draft: World, q: str) -> list[ThingView]:
    """The failures of a gate by thing, those that hold every word of `q`."""
    wanted = q.lower().split()
    found: dict[str, list[FailureView]] = {}
    for failure in gate.failures:
        text = f"{failure.path} {failure.message}".lower()
        if all(word in text for word in wanted):
            shown = failure_view(base, failure, draft)
            found.setdefault(thing_of(failure.path), []).append(shown)
    return [_thing(path, failures) for path, failures in found.items()]


def _thing(path: str, failures: list[FailureView]) -> ThingView:
    part, _, name = path.partition(".")
    url = failures[0].url
    return ThingView(
        label=name.replace(".", " ") or part,
        kind={"entity_types": "entity type", "entities": "entity", "policies": "policy"}.get(
            part, part.removesuffix("s")
        ),
        url=None if url is None else url.partition("#")[0],
        failures=tuple(failures),
    )


def _paged(things: Iterable[ThingView], number: int, size: int) -> Listing[ThingView]:
    every = tuple(things)
    page = min(max(1, number), max(1, -(-len(every) // size)))
    return Listing(
        items=every[(page - 1) * size : page * size], total=len(every), page=page, size=size
    )
