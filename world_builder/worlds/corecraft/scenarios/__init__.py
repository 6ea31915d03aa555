"""The scenarios of the company, one package per family."""

from world_builder.templates import Scenario
from world_builder.worlds.corecraft.company import Company

SCENARIOS: tuple[Scenario[Company], ...] = ()
