"""The fourteen entity types of the company; declarations only."""

from world_builder.entities import EntityType
from world_builder.worlds.corecraft.types.goods import BUILD, PRODUCT
from world_builder.worlds.corecraft.types.people import (
    CUSTOMER,
    EMPLOYEE,
    SLACK_CHANNEL,
    SLACK_MESSAGE,
)
from world_builder.worlds.corecraft.types.sales import ORDER, PAYMENT, REFUND, SHIPMENT
from world_builder.worlds.corecraft.types.service import (
    ESCALATION,
    KNOWLEDGE_BASE_ARTICLE,
    RESOLUTION,
    SUPPORT_TICKET,
)

ENTITY_TYPES: tuple[EntityType, ...] = (
    CUSTOMER,
    EMPLOYEE,
    PRODUCT,
    ORDER,
    SUPPORT_TICKET,
    BUILD,
    KNOWLEDGE_BASE_ARTICLE,
    REFUND,
    ESCALATION,
    RESOLUTION,
    SLACK_CHANNEL,
    SLACK_MESSAGE,
    SHIPMENT,
    PAYMENT,
)
