"""Scenarios of the build lab and the catalogue: what fits, what it costs, what is there."""

from world_builder.templates import Scenario
from world_builder.worlds.corecraft.company import Company

SCENARIOS: tuple[Scenario[Company], ...] = ()
