"""Scenarios of the build lab and the catalogue: what fits, what it costs, what is there."""

from world_builder.templates import Scenario
from world_builder.worlds.corecraft.company import Company
from world_builder.worlds.corecraft.scenarios.builds.availability import STOCK_ANSWER
from world_builder.worlds.corecraft.scenarios.builds.cards import CARD_UPGRADE
from world_builder.worlds.corecraft.scenarios.builds.comparison import COMPARE_PARTS
from world_builder.worlds.corecraft.scenarios.builds.facts import PRODUCT_FACTS
from world_builder.worlds.corecraft.scenarios.builds.fit_mail import FIT_EMAIL
from world_builder.worlds.corecraft.scenarios.builds.fixing import FIX_BUILD
from world_builder.worlds.corecraft.scenarios.builds.load import TECHNICIAN_LOAD
from world_builder.worlds.corecraft.scenarios.builds.memory import MEMORY_UPGRADE
from world_builder.worlds.corecraft.scenarios.builds.progress import BUILD_PROGRESS
from world_builder.worlds.corecraft.scenarios.builds.quote_mail import QUOTE_EMAIL
from world_builder.worlds.corecraft.scenarios.builds.quoting import QUOTE_BUILD
from world_builder.worlds.corecraft.scenarios.builds.supplies import PSU_CHECK
from world_builder.worlds.corecraft.scenarios.builds.validity import QUOTE_VALID

SCENARIOS: tuple[Scenario[Company], ...] = (
    PRODUCT_FACTS,
    BUILD_PROGRESS,
    FIX_BUILD,
    PSU_CHECK,
    MEMORY_UPGRADE,
    CARD_UPGRADE,
    QUOTE_VALID,
    QUOTE_BUILD,
    STOCK_ANSWER,
    COMPARE_PARTS,
    FIT_EMAIL,
    QUOTE_EMAIL,
    TECHNICIAN_LOAD,
)
