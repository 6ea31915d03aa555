"""The clinic's checks: other wordings and other forms of a right answer pass."""

import re
from collections import Counter
from datetime import date
from functools import cache

import pytest

from world_builder.audit.outcomes import attempt
from world_builder.tasks import ReferenceSolution, Task
from world_builder.workbench import Workbench, reference_of
from world_builder.worlds import build_world


@cache
def bench() -> Workbench:
    return Workbench(build_world("clinic"))


def refused(task: Task, solution: ReferenceSolution) -> list[str]:
    """The criteria that a solution does not meet."""
    return [verdict.criterion_id for verdict in attempt(bench(), task, solution).refused_by]


def in_other_forms(text: str) -> str:
    """Days, times and amounts written as people write them.

    >>> in_other_forms("2025-11-03 at 14:30 for $45.00")
    'November 3, 2025 at 2:30 p.m. for $45'
    """

    def day(match: re.Match[str]) -> str:
        found = date.fromisoformat(match[0])
        return f"{found:%B} {found.day}, {found.year}"

    def time(match: re.Match[str]) -> str:
        hour, minute = int(match[1]), match[2]
        told = f"{(hour - 1) % 12 + 1}" + ("" if minute == "00" else f":{minute}")
        return f"{told} {'am' if hour < 12 else 'p.m.'}"

    text = re.sub(r"\d{4}-\d\d-\d\d", day, text)
    text = re.sub(r"\b([01]\d):(\d\d)\b", time, text)
    return re.sub(r"\$(\d+)\.00", r"$\1", text)


def test_days_times_and_amounts_may_be_told_in_any_form() -> None:
    failed: Counter[tuple[str, str]] = Counter()
    for task in bench().world.tasks:
        known = reference_of(task)
        calls = tuple(
            call.model_copy(
                update={
                    "arguments": {
                        name: in_other_forms(str(value)) if name == "reply" else value
                        for name, value in call.arguments.items()
                    }
                }
            )
            for call in known.calls
        )
        update = {"response": in_other_forms(known.response), "calls": calls}
        other = known.model_copy(update=update)
        failed.update((task.scenario, name) for name in refused(task, other))
    assert failed == Counter()


WORDINGS: tuple[tuple[str, str, str], ...] = (
    (
        "next-visit",
        r"next visit is (\S+) on (\S+) at (\S+)\. You see (.+?) in the (.+?)\.$",
        r"You're booked for \2, \3, with \4 (\5). Reference \1.",
    ),
    (
        "next-visit",
        r"I can't deal with this: the details given for (.+?) do not.*$",
        r"Sorry, I couldn't verify the details you gave for \1, so I can't share anything. Please "
        r"visit the front desk with photo identification.",
    ),
    (
        "referral-status",
        r"^Yes, (\S+) can be used, authorisation (\S+)\. It has (\d+) \w+ left and is valid until "
        r"(\S+)\.",
        r"Yes - it's covered. Referral \1 (auth \2): \3 remaining, expires \4.",
    ),
    (
        "referral-status",
        r"^No, (\S+) cannot be used: it expired on (\S+)\. .* of (\S+)\.$",
        r"Unfortunately it can't be used. \1 (\3) ran out on \2.",
    ),
    (
        "co-payment",
        r"The (.+?) costs the patient (\S+) and the (.+?) (\S+), together (\S+)\. The insurer pays "
        r"(\S+)\. (.*)$",
        r"- \1: \2\n- \3: \4\n- Total for the patient: \5\n- Insurance pays \6\n\7",
    ),
    (
        "slot-possible",
        r"^No: (.+?)\. The next start that works is (\S+), in the (.+?)\.$",
        r"That doesn't work, \1. It isn't possible then; \2 is the next option (\3).",
    ),
    (
        "slot-possible",
        r"^Yes: (.+?) is free, until (\S+)\. The room to take is the (.+?), (\S+)\.$",
        r"Yes, possible. \1, ending \2, in \4 (\3).",
    ),
    (
        "cancel-deadline",
        r"^.* cancel (\S+) free is (\S+) at (\S+)\. After that the late fee of (\S+) would be "
        r"charged because of (.+)\.$",
        r"For \1 you have until \3 on \2 to cancel free of charge. Later than that you would owe "
        r"\4. It would not be waived: there is \5.",
    ),
    (
        "cancel-deadline",
        r"^.* cancel (\S+) free is (\S+) at (\S+)\. After that the late fee of (\S+) would be "
        r"waived.*$",
        r"\1: free of charge until \2, \3. The fee is then \4, but for you it would be waived.",
    ),
    (
        "cancel-visit",
        r"^(\S+) is cancelled\. There is no fee, the notice ran until (\S+) at (\S+)\.$",
        r"Done, I have cancelled \1. You were in time (the cut-off was \3 on \2), so nothing is "
        r"charged and it's free of charge.",
    ),
    (
        "cancel-visit",
        r"^(\S+) is cancelled\. The notice ran until (\S+) at (\S+), but the late fee of (\S+) is "
        r"waived.*$",
        r"\1 has been cancelled. The deadline was \2 at \3, so it is late, but we waive the \4 fee "
        r"since it is your first in 12 months.",
    ),
    (
        "cancel-visit",
        r"^(\S+) is cancelled\. The notice ran until (\S+) at (\S+), and the late fee of (\S+) is "
        r"charged because of (.+)\.$",
        r"I cancelled \1. The free period ended on \2 at \3. You have to pay the late fee of \4, "
        r"because of \5.",
    ),
    (
        "move-visit",
        r"^(\S+) is moved to (\S+) at (\S+), until (\S+)\. You see (.+?) in the (.+?)\.$",
        r"All set! \1: \2, \3-\4, \6, with \5.",
    ),
    (
        "move-visit",
        r"^I can't move (\S+): its notice ran out on (\S+) at (\S+)\. .* fee of\s*(\S+) would.*$",
        r"Sorry, \1 can no longer be moved; the notice period ended \2 at \3. You could still "
        r"cancel it: the \4 late fee would be waived for you.",
    ),
    (
        "book-visit",
        r"^(\S+) is booked: (\S+) at (\S+), until (\S+), with (.+?) in the (.+?)\. The co-payment "
        r"is (\S+)\.$",
        r"Booked as \1. \5, \2, \3 to \4, \6. Patient pays \7.",
    ),
    (
        "fill-gap",
        r"^(.+?) gets the time: (\S+) is booked in the (.+?)\. The entry was (\S+), the phone "
        r"number is (\S+)\.$",
        r"Next in line was \1 (\4), phone \5. Visit \2 is in the \3.",
    ),
    (
        "reminder",
        r"We expect you on (\S+) at (\S+) in the (.+?)\. (.+?) will see you\.\n\nYou may cancel it "
        r"free of charge until (\S+) at (\S+)\.",
        r"this is a reminder of your visit:\n\n- Day: \1\n- Time: \2\n- Room: \3\n- With: \4\n\n"
        r"If you can't come, please cancel by \6 on \5; until then it is free of charge.",
    ),
    (
        "join-waiting-list",
        r"^(.+?) has no free time that (\w+)\. (.+?) is on the waiting list as (\S+), with "
        r"priority (\w+)\.$",
        r"Nothing is available with \1 that \2, so I put \3 on the waiting list: \4, priority \5.",
    ),
    (
        "who-is-free",
        r"The earliest is (.+?), at (\S+)\.$",
        r"\1 can do it soonest (\2).",
    ),
)
"""Scenario, what its reference says, and the same facts in other words."""


@pytest.mark.parametrize(("scenario", "said", "otherwise"), WORDINGS)
def test_other_words_for_the_same_facts_pass(scenario: str, said: str, otherwise: str) -> None:
    tasks = [
        task
        for task in bench().world.tasks
        if task.scenario == scenario and re.search(said, reference_of(task).response)
    ]
    assert tasks
    for task in tasks:
        known = reference_of(task)
        response = re.sub(said, otherwise, known.response)
        assert refused(task, known.model_copy(update={"response": response})) == [], response


@pytest.mark.parametrize(
    ("scenario", "old", "new", "criterion"),
    [
        ("slot-possible", "Yes: ", "No: ", "decision"),
        ("cancel-visit", "There is no fee", "A late fee of $45.00 is charged", "fee"),
        ("cancel-visit", "is waived", "is charged", "waived"),
        ("cancel-deadline", "would be charged", "would be waived", "charged"),
        ("reminder", "We expect you", "We expect you for your eye test", "privacy"),
        ("who-is-free", "no free start", "first free at 15:00", "of-prc-"),
    ],
)
def test_a_wrong_fact_is_noticed_by_its_criterion(
    scenario: str, old: str, new: str, criterion: str
) -> None:
    found: list[list[str]] = []
    for task in bench().world.tasks:
        known = reference_of(task)
        if task.scenario == scenario and old in known.response:
            wrong = known.model_copy(update={"response": known.response.replace(old, new)})
            found.append(refused(task, wrong))
    assert any(name.startswith(criterion) for names in found for name in names), found
