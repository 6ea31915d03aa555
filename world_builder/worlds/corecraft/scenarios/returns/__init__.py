"""Scenarios of the returns desk: who may send what back, and what that comes to."""

from world_builder.templates import Scenario
from world_builder.worlds.corecraft.company import Company
from world_builder.worlds.corecraft.scenarios.returns.above_limit import RETURN_ABOVE_LIMIT
from world_builder.worlds.corecraft.scenarios.returns.create_return import CREATE_RETURN
from world_builder.worlds.corecraft.scenarios.returns.damage_claim import DAMAGE_CLAIM
from world_builder.worlds.corecraft.scenarios.returns.defect_refund import DEFECT_REFUND
from world_builder.worlds.corecraft.scenarios.returns.eligibility import RETURN_ELIGIBILITY
from world_builder.worlds.corecraft.scenarios.returns.opened_return import OPENED_RETURN
from world_builder.worlds.corecraft.scenarios.returns.refund_amount import REFUND_AMOUNT
from world_builder.worlds.corecraft.scenarios.returns.refund_status import REFUND_STATUS
from world_builder.worlds.corecraft.scenarios.returns.return_letter import RETURN_LETTER
from world_builder.worlds.corecraft.scenarios.returns.settle_ticket import SETTLE_TICKET
from world_builder.worlds.corecraft.scenarios.returns.slack_exception import SLACK_EXCEPTION
from world_builder.worlds.corecraft.scenarios.returns.warranty_claim import WARRANTY_CLAIM
from world_builder.worlds.corecraft.scenarios.returns.warranty_end import WARRANTY_END

SCENARIOS: tuple[Scenario[Company], ...] = (
    RETURN_ELIGIBILITY,
    REFUND_STATUS,
    WARRANTY_END,
    WARRANTY_CLAIM,
    DAMAGE_CLAIM,
    REFUND_AMOUNT,
    RETURN_LETTER,
    CREATE_RETURN,
    OPENED_RETURN,
    RETURN_ABOVE_LIMIT,
    DEFECT_REFUND,
    SLACK_EXCEPTION,
    SETTLE_TICKET,
)

__all__ = [
    "CREATE_RETURN",
    "DAMAGE_CLAIM",
    "DEFECT_REFUND",
    "OPENED_RETURN",
    "REFUND_AMOUNT",
    "REFUND_STATUS",
    "RETURN_ABOVE_LIMIT",
    "RETURN_ELIGIBILITY",
    "RETURN_LETTER",
    "SCENARIOS",
    "SETTLE_TICKET",
    "SLACK_EXCEPTION",
    "WARRANTY_CLAIM",
    "WARRANTY_END",
]
