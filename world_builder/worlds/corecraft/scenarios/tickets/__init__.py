"""Scenarios about tickets: what is open, who has it, how it goes on."""

from world_builder.templates import Scenario
from world_builder.worlds.corecraft.company import Company
from world_builder.worlds.corecraft.scenarios.tickets.apology import APOLOGY_EMAIL
from world_builder.worlds.corecraft.scenarios.tickets.closing import CLOSE_WITH_INFORMATION
from world_builder.worlds.corecraft.scenarios.tickets.escalations import ESCALATION_STATUS
from world_builder.worlds.corecraft.scenarios.tickets.handover import HANDOVER_NOTE
from world_builder.worlds.corecraft.scenarios.tickets.load import TICKET_LOAD
from world_builder.worlds.corecraft.scenarios.tickets.open_tickets import OPEN_TICKETS_OF
from world_builder.worlds.corecraft.scenarios.tickets.reassign import REASSIGN_ABSENT
from world_builder.worlds.corecraft.scenarios.tickets.reopen import REOPEN_TICKET
from world_builder.worlds.corecraft.scenarios.tickets.repeats import REPEAT_CONTACTS
from world_builder.worlds.corecraft.scenarios.tickets.reply_draft import REPLY_DRAFT
from world_builder.worlds.corecraft.scenarios.tickets.safety import SAFETY_REPORT
from world_builder.worlds.corecraft.scenarios.tickets.stale import STALE_TICKET
from world_builder.worlds.corecraft.scenarios.tickets.summary import TICKET_SUMMARY
from world_builder.worlds.corecraft.scenarios.tickets.weekly import WEEKLY_REPORT

SCENARIOS: tuple[Scenario[Company], ...] = (
    TICKET_SUMMARY,
    OPEN_TICKETS_OF,
    ESCALATION_STATUS,
    TICKET_LOAD,
    STALE_TICKET,
    SAFETY_REPORT,
    REASSIGN_ABSENT,
    REOPEN_TICKET,
    CLOSE_WITH_INFORMATION,
    REPLY_DRAFT,
    HANDOVER_NOTE,
    APOLOGY_EMAIL,
    REPEAT_CONTACTS,
    WEEKLY_REPORT,
)
