"""What an agent can do at the clinic, gathered in the order an agent sees it."""

from world_builder.tools import Tool
from world_builder.worlds.clinic.tools.changes import (
    BOOK_APPOINTMENT,
    CANCEL_APPOINTMENT,
    MOVE_APPOINTMENT,
)
from world_builder.worlds.clinic.tools.look_ups import (
    FIND_APPOINTMENTS,
    FIND_MESSAGES,
    FIND_PATIENTS,
    FIND_REFERRALS,
    FIND_WAITING_LIST,
    LOOK_UP_DIRECTORY,
)
from world_builder.worlds.clinic.tools.notes import (
    ADD_TO_WAITING_LIST,
    ANSWER_MESSAGE,
    RECORD_REFERRAL,
)
from world_builder.worlds.clinic.tools.prices import QUOTE_VISIT
from world_builder.worlds.clinic.tools.slots import CHECK_BOOKING, FIND_FREE_SLOTS

TOOLS: tuple[Tool, ...] = (
    FIND_PATIENTS,
    FIND_APPOINTMENTS,
    FIND_REFERRALS,
    FIND_MESSAGES,
    FIND_WAITING_LIST,
    LOOK_UP_DIRECTORY,
    FIND_FREE_SLOTS,
    CHECK_BOOKING,
    QUOTE_VISIT,
    BOOK_APPOINTMENT,
    MOVE_APPOINTMENT,
    CANCEL_APPOINTMENT,
    ADD_TO_WAITING_LIST,
    RECORD_REFERRAL,
    ANSWER_MESSAGE,
)
