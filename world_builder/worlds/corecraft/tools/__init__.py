"""The tools of the company: what an agent can look up, work out and change.

Declarations only. The default surface holds 23 tools in the order an agent sees them; the surface
`generic` replaces its look-ups by queries over any type.
"""

from world_builder.tools import Tool, ToolSurface
from world_builder.world import DEFAULT_SURFACE
from world_builder.worlds.corecraft.tools.builds import CREATE_BUILD
from world_builder.worlds.corecraft.tools.details import (
    GET_CUSTOMER_HISTORY,
    GET_ORDER,
    GET_TICKET,
)
from world_builder.worlds.corecraft.tools.fitting import CHECK_BUILD_COMPATIBILITY
from world_builder.worlds.corecraft.tools.generic import (
    DESCRIBE_TYPE,
    FIND_RECORDS,
    GET_RECORD,
    SEARCH_RECORDS,
)
from world_builder.worlds.corecraft.tools.look_ups import (
    SEARCH_BUILDS,
    SEARCH_CUSTOMERS,
    SEARCH_EMPLOYEES,
    SEARCH_KNOWLEDGE_BASE,
    SEARCH_ORDERS,
    SEARCH_PAYMENTS,
    SEARCH_PRODUCTS,
    SEARCH_REFUNDS,
    SEARCH_SHIPMENTS,
    SEARCH_SLACK_MESSAGES,
    SEARCH_TICKETS,
)
from world_builder.worlds.corecraft.tools.orders import UPDATE_ORDER
from world_builder.worlds.corecraft.tools.prices import CALCULATE_PRICE, CHECK_WARRANTY
from world_builder.worlds.corecraft.tools.refunds import CREATE_REFUND
from world_builder.worlds.corecraft.tools.tickets import (
    CREATE_ESCALATION,
    CREATE_RESOLUTION,
    UPDATE_TICKET,
)

LOOK_UP_TOOLS: tuple[Tool, ...] = (
    SEARCH_CUSTOMERS,
    SEARCH_EMPLOYEES,
    SEARCH_PRODUCTS,
    SEARCH_ORDERS,
    SEARCH_TICKETS,
    SEARCH_BUILDS,
    SEARCH_KNOWLEDGE_BASE,
    SEARCH_PAYMENTS,
    SEARCH_SHIPMENTS,
    SEARCH_REFUNDS,
    SEARCH_SLACK_MESSAGES,
    GET_ORDER,
    GET_TICKET,
    GET_CUSTOMER_HISTORY,
)
ACTING_TOOLS: tuple[Tool, ...] = (
    CALCULATE_PRICE,
    CHECK_BUILD_COMPATIBILITY,
    CHECK_WARRANTY,
    CREATE_REFUND,
    UPDATE_ORDER,
    UPDATE_TICKET,
    CREATE_ESCALATION,
    CREATE_RESOLUTION,
    CREATE_BUILD,
)
QUERY_TOOLS: tuple[Tool, ...] = (DESCRIBE_TYPE, GET_RECORD, FIND_RECORDS, SEARCH_RECORDS)

TOOLS: tuple[Tool, ...] = (*LOOK_UP_TOOLS, *ACTING_TOOLS, *QUERY_TOOLS)
GENERIC_SURFACE = "generic"
SURFACES: tuple[ToolSurface, ...] = (
    ToolSurface(
        name=DEFAULT_SURFACE,
        title="A tool for each thing",
        tools=tuple(tool.name for tool in (*LOOK_UP_TOOLS, *ACTING_TOOLS)),
    ),
    ToolSurface(
        name=GENERIC_SURFACE,
        title="Generic queries",
        tools=tuple(tool.name for tool in (*QUERY_TOOLS, *ACTING_TOOLS)),
    ),
)
