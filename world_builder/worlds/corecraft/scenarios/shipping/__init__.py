"""Scenarios about parcels: where they are, whether they are late, what follows."""

from world_builder.templates import Scenario
from world_builder.worlds.corecraft.company import Company
from world_builder.worlds.corecraft.scenarios.shipping.delay_mail import DELAY_EMAIL
from world_builder.worlds.corecraft.scenarios.shipping.estimate import NEW_ESTIMATE
from world_builder.worlds.corecraft.scenarios.shipping.late import LATE_OR_NOT
from world_builder.worlds.corecraft.scenarios.shipping.late_refund import LATE_SHIPPING_REFUND
from world_builder.worlds.corecraft.scenarios.shipping.lost import LOST_PARCEL
from world_builder.worlds.corecraft.scenarios.shipping.missing import WHAT_IS_MISSING
from world_builder.worlds.corecraft.scenarios.shipping.on_time import CARRIER_ON_TIME
from world_builder.worlds.corecraft.scenarios.shipping.returned import RETURNED_PARCEL
from world_builder.worlds.corecraft.scenarios.shipping.split_mail import SPLIT_ORDER_EMAIL
from world_builder.worlds.corecraft.scenarios.shipping.status_mail import SHIPMENT_EMAIL
from world_builder.worlds.corecraft.scenarios.shipping.stuck import STUCK_PARCELS
from world_builder.worlds.corecraft.scenarios.shipping.track import TRACK_PARCEL

SCENARIOS: tuple[Scenario[Company], ...] = (
    SHIPMENT_EMAIL,
    TRACK_PARCEL,
    STUCK_PARCELS,
    LATE_OR_NOT,
    LATE_SHIPPING_REFUND,
    NEW_ESTIMATE,
    LOST_PARCEL,
    SPLIT_ORDER_EMAIL,
    DELAY_EMAIL,
    WHAT_IS_MISSING,
    RETURNED_PARCEL,
    CARRIER_ON_TIME,
)
