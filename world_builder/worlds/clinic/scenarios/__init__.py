"""The scenarios of the clinic, one module each, and the tasks they become."""

from world_builder.tasks import Task
from world_builder.templates import Desk, Scenario, SplitSizes, expand
from world_builder.world import World
from world_builder.worlds.clinic.model import Practice
from world_builder.worlds.clinic.scenarios.answer_message import ANSWER_MESSAGE
from world_builder.worlds.clinic.scenarios.book_visit import BOOK_VISIT
from world_builder.worlds.clinic.scenarios.cancel_deadline import CANCEL_DEADLINE
from world_builder.worlds.clinic.scenarios.cancel_visit import CANCEL_VISIT
from world_builder.worlds.clinic.scenarios.co_payment import CO_PAYMENT
from world_builder.worlds.clinic.scenarios.day_sheet import DAY_SHEET
from world_builder.worlds.clinic.scenarios.fill_gap import FILL_GAP
from world_builder.worlds.clinic.scenarios.join_waiting_list import JOIN_WAITING_LIST
from world_builder.worlds.clinic.scenarios.message_cancel import MESSAGE_CANCEL
from world_builder.worlds.clinic.scenarios.move_visit import MOVE_VISIT
from world_builder.worlds.clinic.scenarios.next_visit import NEXT_VISIT
from world_builder.worlds.clinic.scenarios.offer_letter import OFFER_LETTER
from world_builder.worlds.clinic.scenarios.referral_request import REFERRAL_REQUEST
from world_builder.worlds.clinic.scenarios.referral_series import REFERRAL_SERIES
from world_builder.worlds.clinic.scenarios.referral_status import REFERRAL_STATUS
from world_builder.worlds.clinic.scenarios.reminder import REMINDER
from world_builder.worlds.clinic.scenarios.sick_day import SICK_DAY
from world_builder.worlds.clinic.scenarios.slot_possible import SLOT_POSSIBLE
from world_builder.worlds.clinic.scenarios.who_is_free import WHO_IS_FREE

SCENARIOS: tuple[Scenario[Practice], ...] = (
    NEXT_VISIT,
    DAY_SHEET,
    WHO_IS_FREE,
    REFERRAL_STATUS,
    CO_PAYMENT,
    SLOT_POSSIBLE,
    CANCEL_DEADLINE,
    REMINDER,
    OFFER_LETTER,
    REFERRAL_REQUEST,
    ANSWER_MESSAGE,
    CANCEL_VISIT,
    MOVE_VISIT,
    BOOK_VISIT,
    JOIN_WAITING_LIST,
    FILL_GAP,
    REFERRAL_SERIES,
    SICK_DAY,
    MESSAGE_CANCEL,
)
SIZES = SplitSizes(num_train=85, num_held_out=26)
_AUTHOR = "Rosalind Achterberg"


def build_tasks(world: World, practice: Practice) -> tuple[Task, ...]:
    """All tasks; references are computed by calls in the world."""
    return expand(SCENARIOS, Desk(world, practice), SIZES, author=_AUTHOR)
