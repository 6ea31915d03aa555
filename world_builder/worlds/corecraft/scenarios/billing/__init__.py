"""Scenarios about money and rules: payments, limits, loyalty, what counts as a rule."""

from world_builder.templates import Scenario
from world_builder.worlds.corecraft.company import Company

SCENARIOS: tuple[Scenario[Company], ...] = ()
