"""Scenarios about orders: what was ordered, what it costs, changing and stopping it."""

from world_builder.templates import Scenario
from world_builder.worlds.corecraft.company import Company
from world_builder.worlds.corecraft.scenarios.orders.after_ticket import ORDERS_AFTER_TICKET
from world_builder.worlds.corecraft.scenarios.orders.breakdown import ORDER_BREAKDOWN
from world_builder.worlds.corecraft.scenarios.orders.cancelling import CANCEL_ORDER
from world_builder.worlds.corecraft.scenarios.orders.confirmation import ORDER_CONFIRMATION_EMAIL
from world_builder.worlds.corecraft.scenarios.orders.in_time import CHEAPEST_IN_TIME
from world_builder.worlds.corecraft.scenarios.orders.lab import CANCEL_LAB_ORDER
from world_builder.worlds.corecraft.scenarios.orders.notes import DELIVERY_NOTE
from world_builder.worlds.corecraft.scenarios.orders.one_of_two import STOP_ONE_OF_TWO
from world_builder.worlds.corecraft.scenarios.orders.quoting import PRICE_QUOTE
from world_builder.worlds.corecraft.scenarios.orders.redirecting import REDIRECT_ORDER
from world_builder.worlds.corecraft.scenarios.orders.spending import CUSTOMER_SPEND
from world_builder.worlds.corecraft.scenarios.orders.status import ORDER_STATUS

SCENARIOS: tuple[Scenario[Company], ...] = (
    ORDER_STATUS,
    ORDER_BREAKDOWN,
    CUSTOMER_SPEND,
    ORDERS_AFTER_TICKET,
    PRICE_QUOTE,
    CHEAPEST_IN_TIME,
    CANCEL_ORDER,
    REDIRECT_ORDER,
    STOP_ONE_OF_TWO,
    DELIVERY_NOTE,
    ORDER_CONFIRMATION_EMAIL,
    CANCEL_LAB_ORDER,
)
