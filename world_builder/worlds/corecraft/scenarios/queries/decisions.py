"""The scenario `query-decision`: whether a word in Slack about an order is a decision."""

import re
from collections.abc import Iterator
from random import Random

from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    says_any,
    says_date,
    says_no,
    says_reason,
    says_yes,
)
from world_builder.worlds.corecraft.company import Company, SlackMessage
from world_builder.worlds.corecraft.policies import BACK_OFFICE
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import asked_by, requester, spoken_day
from world_builder.worlds.corecraft.scenarios.queries.wording import only
from world_builder.worlds.corecraft.tools import GENERIC_SURFACE

_ORDER = re.compile(r"\bord-\d{6}-\d{3}\b")
_DECIDERS = ("team_lead", "manager")
_PHRASINGS = (
    "Somebody said there is a word about {order} in Slack. Is it binding? Tell me which message, "
    "in which channel, written by whom in what position, and when.",
    "{order}: found anything in slack? need msg id, channel, author + their job, date, and whether "
    "it counts as a decision",
    "Before I act on hearsay: what was written about {order} in Slack, where, by whom (name and "
    "job title), on which day, and does it count?",
    "Please check the Slack records for {order}. If a message exists, judge whether it is a "
    "decision we must follow, and give its id, its channel, the author with job title and the day.",
    "May I rely on what Slack says of {order}? I want yes or no, then message, place, person, "
    "role, day.",
    "There's a rumour of a decision on {order}. Confirm or deny, and show me the source: message "
    "id, channel name, who wrote it and as what, when.",
    "For the file of {order} I need the Slack reference. Which message is it, posted in which "
    "channel and when, by whom, holding which job? And is the author somebody whose word decides?",
    "slack on {order} - decision or just talk? who, job, where, when, which message",
    "One of the returns people swears that {order} is settled in Slack. Is it? Cite message id, "
    "channel, author, job title, date.",
)
_DETAILS = (
    "I don't need the wording.",
    "Pinned or not does not matter to me.",
    "I'd rather not ask around.",
    "The rule about who may decide is the usual one.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("query-decision")
    mentions = _mentions(desk.model)
    rng.shuffle(mentions)
    for order_id, message in by_turns(mentions, lambda m: _is_decision(desk.model, m[1])):
        yield _draft(desk, order_id, message, rng)


def _mentions(company: Company) -> list[tuple[str, SlackMessage]]:
    """Orders that exactly one message speaks of."""
    found: dict[str, list[SlackMessage]] = {}
    for message in company.messages:
        for order_id in set(_ORDER.findall(message.text)):
            found.setdefault(order_id, []).append(message)
    return [(order, said[0]) for order, said in sorted(found.items()) if len(said) == 1]


def _is_decision(company: Company, message: SlackMessage) -> bool:
    """Whether a lead or manager wrote it as a statement; a question settles nothing."""
    author = company.employee(message.author_id)
    return author.role in _DECIDERS and "?" not in message.text


def _draft(desk: Desk[Company], order_id: str, message: SlackMessage, rng: Random) -> Draft:
    company = desk.model
    author, channel = company.employee(message.author_id), company.channel(message.channel_id)
    is_decision = _is_decision(company, message)
    session = desk.session(GENERIC_SURFACE)
    session.call("describe_type", type="slack_message")
    found = session.call("search_records", type="slack_message", text=order_id)
    only(found["results"], message.id)
    session.call("get_record", type="slack_channel", id=channel.id)
    session.call("get_record", type="employee", id=author.id)
    if is_decision:
        verdict = "Yes, it counts as a decision, because a team lead or manager wrote it."
        judged = (
            says_yes("Says that it counts as a decision.", key="verdict"),
            says_reason("Names why: a lead or manager wrote it.", r"team lead|manager|\blead\b"),
        )
    else:
        told = "it is only a question" if "?" in message.text else "its author may not decide"
        verdict = f"No, it cannot be relied on as a decision, because {told}."
        judged = (
            says_no("Says that it does not count as a decision.", key="verdict"),
            says_reason(
                "Names why: a question, or somebody who may not decide.",
                r"\bquestions?\b|\bask(?:s|ed|ing)?\b|may not decide|talk|no (?:team )?lead|neither"
                r"|not a (?:team )?(?:lead|manager)",
            ),
        )
    return Draft(
        title=f"What Slack says of {order_id}",
        keys=(order_id,),
        slots={"order": order_id},
        calls=session.calls,
        response=f"{verdict} The message about {order_id} is {message.id} in {channel.name}. "
        f"{author.name}, {author.job_title}, wrote it on {spoken_day(message.sent_at)}.",
        criteria=(
            *judged,
            says_any("order", f"Names the order: {order_id}.", order_id),
            says_any("message", f"Names the message: {message.id}.", message.id),
            says_any("channel", f"Names the channel: {channel.name}.", channel.name,
                     channel.name.removeprefix("#")),
            says_any("author", f"Names the author: {author.name}.", author.name),
            says_any("job", f"Gives the author's job: {author.job_title}.", author.job_title),
            says_date("day", "the day it was written", message.sent_at.date().isoformat()),
            changes_nothing(),
        ),
        requester=requester(asked_by(company, rng, "support", "returns", "escalations")),
    )  # fmt: skip


QUERY_DECISION: Scenario[Company] = Scenario(
    name="query-decision",
    category=Category.REASONING,
    difficulty=Difficulty.MEDIUM,
    system_prompt=BACK_OFFICE,
    intent="Know whether what Slack says of {order} must be followed, and from whom it comes.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=12,
    is_unseen=True,
    tool_surface=GENERIC_SURFACE,
)
