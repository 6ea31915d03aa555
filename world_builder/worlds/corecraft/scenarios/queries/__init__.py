"""Scenarios on the generic surface: the same company, asked through queries.

None of them is trained on, so that they show what carries over to tools never seen.
"""

from world_builder.templates import Scenario
from world_builder.worlds.corecraft.company import Company
from world_builder.worlds.corecraft.scenarios.queries.approvals import QUERY_APPROVALS
from world_builder.worlds.corecraft.scenarios.queries.articles import QUERY_ARTICLE_TRAIL
from world_builder.worlds.corecraft.scenarios.queries.assigning import QUERY_ASSIGN
from world_builder.worlds.corecraft.scenarios.queries.decisions import QUERY_DECISION
from world_builder.worlds.corecraft.scenarios.queries.order_trail import QUERY_ORDER_TRAIL
from world_builder.worlds.corecraft.scenarios.queries.refund_mail import QUERY_REFUND_EMAIL

__all__ = [
    "QUERY_APPROVALS",
    "QUERY_ARTICLE_TRAIL",
    "QUERY_ASSIGN",
    "QUERY_DECISION",
    "QUERY_ORDER_TRAIL",
    "QUERY_REFUND_EMAIL",
    "SCENARIOS",
]

SCENARIOS: tuple[Scenario[Company], ...] = (
    QUERY_ORDER_TRAIL,
    QUERY_APPROVALS,
    QUERY_ARTICLE_TRAIL,
    QUERY_DECISION,
    QUERY_REFUND_EMAIL,
    QUERY_ASSIGN,
)
