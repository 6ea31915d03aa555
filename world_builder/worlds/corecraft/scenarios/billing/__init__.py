"""Scenarios about money and rules: payments, limits, loyalty, what counts as a rule."""

from world_builder.templates import Scenario
from world_builder.worlds.corecraft.company import Company
from world_builder.worlds.corecraft.scenarios.billing.credit import REFUND_REPORT, STORE_CREDIT
from world_builder.worlds.corecraft.scenarios.billing.goodwill import GOODWILL
from world_builder.worlds.corecraft.scenarios.billing.loyalty import LOYALTY_WHAT_IF
from world_builder.worlds.corecraft.scenarios.billing.payments import (
    PAYMENT_EMAIL,
    PAYMENT_TROUBLE,
)
from world_builder.worlds.corecraft.scenarios.billing.people import WHO_DECIDES
from world_builder.worlds.corecraft.scenarios.billing.refunding import (
    REFUND_LIMIT,
    REFUNDABLE_REST,
)
from world_builder.worlds.corecraft.scenarios.billing.rule_check import RULE_CHECK
from world_builder.worlds.corecraft.scenarios.billing.rule_email import RULE_EMAIL
from world_builder.worlds.corecraft.scenarios.billing.statement import COMPANY_STATEMENT

__all__ = [
    "COMPANY_STATEMENT",
    "GOODWILL",
    "LOYALTY_WHAT_IF",
    "PAYMENT_EMAIL",
    "PAYMENT_TROUBLE",
    "REFUNDABLE_REST",
    "REFUND_LIMIT",
    "REFUND_REPORT",
    "RULE_CHECK",
    "RULE_EMAIL",
    "SCENARIOS",
    "STORE_CREDIT",
    "WHO_DECIDES",
]

SCENARIOS: tuple[Scenario[Company], ...] = (
    PAYMENT_TROUBLE,
    PAYMENT_EMAIL,
    REFUNDABLE_REST,
    REFUND_LIMIT,
    REFUND_REPORT,
    STORE_CREDIT,
    RULE_CHECK,
    RULE_EMAIL,
    LOYALTY_WHAT_IF,
    WHO_DECIDES,
    GOODWILL,
    COMPANY_STATEMENT,
)
