"""A world ready to run tools in: loaded, indexed and compiled once per state of the world.

Pages that check tasks or try tools ask here on every request. Tasks are left out, so that saving
one, which happens while people type, keeps everything compiled.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock

from sqlmodel import Session

from studio.repository.loading import load_core
from world_builder.engine import Engine
from world_builder.errors import WorldError
from world_builder.state import WorldBase
from world_builder.validation.tasks import Surroundings
from world_builder.validation.whole import surroundings
from world_builder.world import DEFAULT_SURFACE, World

_MOST_WORLDS = 8


@dataclass(frozen=True)
class Snapshot:
    """One state of a world. Rollouts on it are scratch copies; it never changes itself."""

    world: World
    """Without its tasks."""
    base: WorldBase
    _engines: dict[str, Engine] = field(default_factory=dict, repr=False)

    def engine(self, surface: str = DEFAULT_SURFACE) -> Engine:
        """The compiled tools of a surface. Raises UnknownName, WorldError."""
        if surface not in self._engines:
            self._engines[surface] = Engine(self.world, surface)
        return self._engines[surface]

    @property
    def engines(self) -> dict[str, Engine]:
        """The engine of every surface that compiles."""
        for name in (DEFAULT_SURFACE, *(s.name for s in self.world.surfaces)):
            try:
                self.engine(name)
            except WorldError:
                continue
        return dict(self._engines)

    @cached_property
    def surroundings(self) -> Surroundings:
        """What tasks may name, for `validation.tasks.task_problems`."""
        return surroundings(self.world)


_kept: OrderedDict[tuple[str, str], Snapshot] = OrderedDict()
_lock = Lock()


def snapshot(session: Session, world_name: str) -> Snapshot:
    """The world as it is now; the same object until something but a task changes.

    Raises NotFound.
    """
    key = (str(session.get_bind().engine.url), world_name)
    world = load_core(session, world_name)
    with _lock:
        known = _kept.get(key)
        if known is not None and known.world is world:
            _kept.move_to_end(key)
            return known
    made = Snapshot(world=world, base=WorldBase(world))
    with _lock:
        _kept[key] = made
        _kept.move_to_end(key)
        while len(_kept) > _MOST_WORLDS:
            _kept.popitem(last=False)
    return made
