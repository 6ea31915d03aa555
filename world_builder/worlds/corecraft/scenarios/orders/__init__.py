"""Scenarios about orders: what was ordered, what it costs, changing and stopping it."""

from world_builder.templates import Scenario
from world_builder.worlds.corecraft.company import Company

SCENARIOS: tuple[Scenario[Company], ...] = ()
