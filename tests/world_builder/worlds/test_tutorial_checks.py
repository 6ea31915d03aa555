"""The checks of the tutorial's rubrics: other wordings pass, changed facts do not."""

import re

import pytest

from tests.world_builder.worlds.test_tutorial import TASKS, answered, reference_of
from world_builder.tasks import Task

BY_ID = {task.id: task for task in TASKS}

FACT = re.compile(
    r"\$\d+\.\d\d|\b\d{4}-\d\d-\d\d\b|\b(?:ord|ret|bk|cus)-\d+\b"
    r"|\b\d+(?= copies)|\b\d+(?= \w+ \w+,)"
)
CLAIMS = (
    ("cannot come back", "can come back"),
    ("can come back", "cannot come back"),
    ("cannot be cancelled", "is cancelled"),
    ("cannot be sent elsewhere", "now goes elsewhere"),
    ("cannot place this order", "placed this order"),
    ("still in packing", "delivered"),
    ("is shipped", "is cancelled"),
    ("is delivered", "is still in packing"),
    ("final-sale", "popular"),
    ("no discount", "a discount of $2.00"),
    ("free shipping", "$4.00 shipping"),
    ("it is out of stock", "12 copies are in stock"),
    ("Dear ", "Regarding "),
    ("Best regards,\n", ""),
)


def changed(fact: str) -> str:
    """The fact with its last digit turned, still well-formed."""
    return fact[:-1] + str((int(fact[-1]) + 1) % 10) if fact[-1] != "9" else fact[:-1] + "7"


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.id)
def test_a_changed_fact_fails(task: Task) -> None:
    response = reference_of(task).response
    facts = list(FACT.finditer(response))
    for fact in facts:
        wrong = response[: fact.start()] + changed(fact[0]) + response[fact.end() :]
        assert answered(task, wrong).is_pass is False, wrong
    claims = [pair for pair in CLAIMS if pair[0] in response]
    for right, wrong in claims:
        assert answered(task, response.replace(right, wrong)).is_pass is False, wrong
    assert facts or claims


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.id)
def test_a_dropped_sentence_fails(task: Task) -> None:
    body = reference_of(task).response
    sentences = re.findall(r"[^\n]+?[.!](?=\s|$)", body)
    for sentence in sentences if len(sentences) > 1 else ():
        assert answered(task, body.replace(sentence, "").strip()).is_pass is False, sentence


@pytest.mark.parametrize(
    ("pattern", "other"),
    [
        (r"still in packing", "being packed right now"),
        (r"is shipped", "is on its way"),
        (r"already shipped", "in transit"),
        (r"is delivered", "has been delivered"),
        (r"cannot", "can't"),
        (r"cannot come back", "is not returnable"),
        (r"cannot be cancelled", "can no longer be cancelled"),
        (r"Yes, (\S+) can come back", r"\1 is eligible"),
        (r"the 30-day window has passed", "that is more than 30 days ago"),
        (r"it is a final-sale title", "this title was sold as final sale"),
        (r"it was already returned", "that copy came back already"),
        (r"it is out of stock", "none are left"),
        (r"no discount", "no loyalty discount"),
        (r"with no discount", "without any discount"),
        (r"free shipping", "shipping at no charge"),
        (r"\$(\d+\.\d\d)", r"\1 dollars"),
        (r"\$(\d+\.\d\d)", r"**$\1**"),
        (r"(\d{4})-04-(\d\d)", r"April \2, \1"),
        (r"(\d{4})-03-(\d\d)", r"\2 March \1"),
        (r"^Dear (\w+),", r"Hi \1,"),
        (r"Best regards,", "Kind regards,"),
        (r" - |; ", ", "),
    ],
)
def test_another_wording_passes(pattern: str, other: str) -> None:
    reworded = {
        task.id: text
        for task in TASKS
        if (text := re.sub(pattern, other, reference_of(task).response))
        != reference_of(task).response
    }
    failed = {i: text for i, text in reworded.items() if not answered(BY_ID[i], text).is_pass}
    assert failed == {}


def test_facts_may_stand_in_a_list() -> None:
    task = BY_ID["order-status-01"]
    facts = re.findall(r"\$[\d.]+\d|\d{4}-\d\d-\d\d", reference_of(task).response)
    listed = "\n".join(["- Status: shipped", *(f"- {fact}" for fact in facts)])
    assert answered(task, listed).is_pass


def test_a_status_with_all_others_beside_it_fails() -> None:
    task = BY_ID["order-status-01"]
    hedge = reference_of(task).response.replace("shipped", "packing, shipped, delivered, cancelled")
    assert answered(task, hedge).is_pass is False
