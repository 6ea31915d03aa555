"""What a run's page is told while the run goes on: curves, and the parts of the page that changed.

Reads the run's files about once a second; the process that writes them knows nothing of it. Each
connection starts with everything, so one that was cut misses nothing.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from rl_backend.rundir import RunDir, RunDirError
from studio.services.run_series import ChartView, Points
from studio.services.run_views import charts_of

TICK_S = 1.0

Parts = dict[str, str]
"""Fragments of the page by the id of the element that each one fills."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of the stream."""

    data: str
    event: str | None = None
    """None: markup to swap in. Otherwise the name of a DOM event."""


@dataclass
class _Sent:
    """What this connection has been told."""

    parts: Parts = field(default_factory=dict)
    points: dict[str, Points] = field(default_factory=dict)


async def stream(
    run: RunDir, render_parts: Callable[[], tuple[Parts, bool]], tick_s: float = TICK_S
) -> AsyncIterator[Message]:
    """Messages until the run is over; `render_parts` tells that with its second value."""
    sent = _Sent()
    while True:
        try:
            messages, is_over = await asyncio.to_thread(_news, run, render_parts, sent)
        except (RunDirError, OSError):
            messages, is_over = [], True
        for message in messages:
            yield message
        if is_over:
            yield Message(event="end", data="over")
            return
        await asyncio.sleep(tick_s)


def _news(
    run: RunDir, render_parts: Callable[[], tuple[Parts, bool]], sent: _Sent
) -> tuple[list[Message], bool]:
    parts, is_over = render_parts()
    changed = {name: text for name, text in parts.items() if sent.parts.get(name) != text}
    messages = [Message(data=_partials(changed))] if changed else []
    sent.parts |= changed
    for chart in (chart for row in charts_of(run) for chart in row):
        update = _update(chart, sent.points.get(chart.kind.id))
        if update is not None:
            messages.append(Message(event=f"chart-{chart.kind.id}", data=update))
            sent.points[chart.kind.id] = chart.points
    return messages, is_over


def _update(chart: ChartView, known: Points | None) -> str | None:
    """What a chart needs to be up to date; None when it is."""
    points = chart.points
    if points == known:
        return None
    can_append = known is not None and points.begins_with(known)
    new = points.after(len(known.x)) if known is not None and can_append else points
    data = {"x": new.x, "y": new.y} | ({} if can_append else {"reset": True})
    return json.dumps(data)


def _partials(parts: Parts) -> str:
    return "".join(
        f'<hx-partial hx-target="#{name}" hx-swap="innerMorph">{text}</hx-partial>'
        for name, text in parts.items()
    )
