"""Scenarios about tickets: what is open, who has it, how it goes on."""

from world_builder.templates import Scenario
from world_builder.worlds.corecraft.company import Company

SCENARIOS: tuple[Scenario[Company], ...] = ()
