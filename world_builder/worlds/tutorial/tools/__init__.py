"""The tools of the shop: what an agent can look up, work out and change.

Declarations only, gathered here in the order an agent sees them.
"""

from world_builder.tools import Tool
from world_builder.worlds.tutorial.tools.look_ups import (
    FIND_BOOKS,
    FIND_CUSTOMERS,
    FIND_ORDERS,
    GET_BOOK,
    GET_ORDER,
)
from world_builder.worlds.tutorial.tools.returns import CHECK_RETURN, CREATE_RETURN
from world_builder.worlds.tutorial.tools.sales import (
    CANCEL_ORDER,
    CHANGE_ADDRESS,
    PLACE_ORDER,
    QUOTE_ORDER,
)

TOOLS: tuple[Tool, ...] = (
    FIND_BOOKS,
    GET_BOOK,
    FIND_CUSTOMERS,
    FIND_ORDERS,
    GET_ORDER,
    QUOTE_ORDER,
    CHECK_RETURN,
    CREATE_RETURN,
    CANCEL_ORDER,
    CHANGE_ADDRESS,
    PLACE_ORDER,
)
