"""What a right answer in the scenario `safety-report` does and says, by the customer's trouble."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from world_builder.rubrics import Criterion
from world_builder.templates.criteria import (
    changes_nothing,
    changes_only,
    creates_one,
    field_is,
    says_any,
    says_date,
    says_matching,
    says_right_not_wrong,
    state_is,
)
from world_builder.worlds.corecraft.company import Company, Employee, Escalation, Ticket
from world_builder.worlds.corecraft.scenarios.tickets.wording import cel_text, reply_says
from world_builder.worlds.corecraft.story.staff import SAFETY_OFFICER


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What is the matter with a part."""

    sign: str = ""
    """A piece of the first message that shows it; empty: only told by phone."""
    call: str = ""
    """What the customer says by phone of `{product}`; empty: only written."""
    told: str
    """How a reference calls it."""
    pattern: str
    """What calls it so in an answer."""


DANGERS = (
    Trouble(
        sign="a pop and then smoke",
        call="The customer has just rung: smoke came out of the {product} when it was switched on.",
        told="smoke",
        pattern=r"smok|fume",
    ),
    Trouble(
        sign="is melted on one side",
        call="Phone call a minute ago: the plug at the {product} has gone soft and lost its shape.",
        told="a melted plug",
        pattern=r"melt|soft|deform|lost its shape",
    ),
    Trouble(
        sign="left a brown mark",
        call="New since this morning, by phone: there is a scorched spot where the {product} sat.",
        told="burn marks",
        pattern=r"burn|brown|scorch|heat|hot\b",
    ),
    Trouble(
        call="They called again: a wire of the {product} glowed briefly, its sleeve is charred.",
        told="a charred wire",
        pattern=r"burn|char|glow|scorch",
    ),
)
HARMLESS = (
    Trouble(
        sign="tea went over",
        told="spilled tea",
        pattern=r"\btea\b|spill|liquid|accident",
    ),
    Trouble(
        sign="noise like a tiny dentist",
        told="a whining noise",
        pattern=r"whin|noise|sound|coil|buzz",
    ),
    Trouble(
        sign="does not work as it should",
        told="a part that does not work as it should",
        pattern=r"n['’]t work|not work|fault|defect|malfunction",
    ),
    Trouble(
        sign="is dead. No lights",
        told="a dead part",
        pattern=r"dead|no lights|never (?:started|worked)|n['’]t (?:work|start|turn|power)"
        r"|not (?:work|start|turn|power)|defect|no sign of life",
    ),
    Trouble(
        call="They called an hour ago: the {product} rattles for some seconds after each start.",
        told="a rattle at the start",
        pattern=r"rattl|noise|sound",
    ),
    Trouble(
        call="Phone note of today: a corner of the {product} broke off when it fell on the floor.",
        told="a corner that broke off",
        pattern=r"corner|broke|fell|fall|drop|accident",
    ),
    Trouble(
        call="The customer phoned: the {product} gives up after an hour and works again next day.",
        told="failures after an hour",
        pattern=r"(?:after|within) (?:an|one|1) hour|fail|gives? up|stops?|crash|quits?",
    ),
)
_REPLY = {
    "unplug": r"unplug|disconnect|pull (?:out )?the plug|power (?:it )?(?:down|off)"
    r"|(?:off|from) the (?:mains|power|wall|socket|outlet)"
    r"|(?:do not|don['’]t|not to|never) (?:plug|connect|use|switch|turn|power)",
    "keep": r"\b(?:keep|hold on|hang on|store|(?:set|put|leave) it (?:aside|with you))"
    r"|(?:do not|don['’]t|not to) (?:throw|discard|send|return|dispose|bin)",
    "call": r"\b(?:call|phone|ring|hear from)\w*\b.{0,80}\b(?:two|2) hours"
    r"|\b(?:two|2) hours\b.{0,80}\b(?:call|phone|ring|hear)"
    r"|\b(?:call|phone|ring)\w*\b.{0,60}(?:\b16:00|\b4(?::00)? ?p\.?m)",
}
_IS_NONE = (
    r"\bno (?:case|matter|question|issue|safety|danger|fire|hazard)"
    r"|\bnot (?:a |one |an? )?(?:safety|case|matter|danger|for (?:the )?safety|apply)"
    r"|n['’]t (?:a |one )?(?:safety|matter|apply|for)|harmless|(?:^|\n)\W*no\b"
    r"|nothing (?:dangerous|smok|burn|melt)|without (?:danger|risk)"
)
_IS_ONE = (
    r"^\W*yes\b|\b(?:i|we)(?:['’]ve| have)? escalated|\bis a (?:safety|case|matter)|not harmless"
)


def trouble_of(ticket: Ticket, known: Sequence[Trouble]) -> Trouble | None:
    """The trouble that the first message shows, or None."""
    first = ticket.messages[0].text
    return next((trouble for trouble in known if trouble.sign and trouble.sign in first), None)


def danger_criteria(
    company: Company, ticket: Ticket, trouble: Trouble, asker: Employee
) -> Iterator[Criterion]:
    officer = company.employee(SAFETY_OFFICER)
    yield creates_one(
        "escalation",
        f"Escalates {ticket.id} to the level safety in the name of {asker.name}.",
        "escalation",
        ticket_id=ticket.id,
        level="safety",
        raised_by_id=asker.id,
    )
    reason = cel_text(f"(?i){trouble.pattern}|safety|danger")
    told = "created.exists(c, c.type == 'escalation' && c.after.reason.matches({}))"
    yield state_is(
        "reason", "Gives the danger as the reason of the escalation.", told.format(reason)
    )
    yield field_is(
        "ticket",
        f"Sets the priority of {ticket.id} to urgent, its status to escalated, nothing else.",
        "support_ticket",
        ticket.id,
        priority="urgent",
        status="escalated",
        assignee_id=ticket.assignee_id,
        internal_note=ticket.internal_note,
    )
    for part, pattern in _REPLY.items():
        told = {
            "unplug": "Replies once on the ticket that the part stays unplugged.",
            "keep": "Tells the customer in the reply to keep the part.",
            "call": "Tells the customer in the reply that somebody calls within two hours.",
        }[part]
        yield reply_says(f"reply-{part}", told, ticket, asker, pattern)
    told = "Changes only the ticket and creates only the escalation."
    yield changes_only(told, (ticket.id,), ("escalation",))
    yield says_right_not_wrong(
        "decision", "Says that it is a safety matter.", r"safety|\byes\b", _IS_NONE
    )
    yield says_matching("urgent", "Says that the priority is urgent.", r"\burgent\b")
    yield says_any("owner", f"Names who has it: {officer.name}.", officer.name)
    until = r"\b16[:.h]?00\b|\b4(?::00)? ?p\.?m|\b(?:two|2) hours"
    yield says_matching("until", "Says until what time: 16:00, in two hours.", until)
    yield says_matching("replied", "Says that the customer was answered.", _TOLD_CUSTOMER)


_TOLD_CUSTOMER = r"\b(?:repl(?:y|ied)|answer\w*|told|wrote|informed|message\w*|knows?|asked)\b"


def escalated_criteria(
    company: Company, ticket: Ticket, escalation: Escalation
) -> Iterator[Criterion]:
    owner = company.employee(escalation.assigned_to_id)
    yield says_matching(
        "known",
        f"Says that {ticket.id} is with safety already.",
        r"already|before|has (?:it|been)|is with|no second|existing|open escalation",
    ).model_copy(update={"is_critical": True})
    yield says_any("escalation", f"Names the escalation: {escalation.id}.", escalation.id)
    yield says_any("owner", f"Names who has it: {owner.name}.", owner.name)
    yield says_date("due", "the day it was due", escalation.due_at.date().isoformat())
    yield changes_nothing()


def harmless_criteria(ticket: Ticket, trouble: Trouble) -> Iterator[Criterion]:
    yield says_right_not_wrong(
        "decision", f"Says that {ticket.id} is no safety matter.", _IS_NONE, _IS_ONE
    ).model_copy(update={"is_critical": True})
    told = "Names the rule: smoke, melting and burn marks are for safety."
    yield says_matching("rule", told, r"smok|melt|burn|scorch|\bfire\b|\bheat")
    yield says_matching("trouble", f"Says what it is instead: {trouble.told}.", trouble.pattern)
    yield says_matching(
        "priority",
        f"Gives the priority that it keeps: {ticket.priority}.",
        rf"priority\W{{1,6}}(?:\w+\W+){{0,4}}?{ticket.priority}\b|\b{ticket.priority}\W{{1,3}}priority",
    )
    yield changes_nothing()
