"""The scenarios of the company, one package per family."""

from world_builder.templates import Scenario
from world_builder.worlds.corecraft.company import Company
from world_builder.worlds.corecraft.scenarios import (
    billing,
    builds,
    orders,
    queries,
    returns,
    shipping,
    tickets,
)

SCENARIOS: tuple[Scenario[Company], ...] = (
    *orders.SCENARIOS,
    *shipping.SCENARIOS,
    *returns.SCENARIOS,
    *builds.SCENARIOS,
    *tickets.SCENARIOS,
    *billing.SCENARIOS,
    *queries.SCENARIOS,
)
