"""Audits of a whole world: the bookshop stands them, and each planted flaw is found and named."""

from functools import cache
from typing import Any

import pytest

from world_builder.audit import AUDIT_NAMES, AuditReport, run_audits
from world_builder.audit.similarity import grams_of, quoted_phrases, similar_pairs
from world_builder.audit.solutions import audit_other_variation
from world_builder.checks import ContainsAny, Number
from world_builder.errors import UnknownName
from world_builder.phrases import PhraseBook
from world_builder.rubrics import Criterion, CriterionCategory, CriterionKind, Rubric
from world_builder.tasks import Task
from world_builder.tools import ToolCall
from world_builder.workbench import Workbench
from world_builder.world import World
from world_builder.worlds import build_world

TASK = "order-status-02"


@cache
def bookshop() -> World:
    return build_world("tutorial")


def only(task_id: str, **changes: Any) -> World:
    """The bookshop with one task alone, changed."""
    task = bookshop().task(task_id).model_copy(update=changes)
    return bookshop().model_copy(update={"tasks": (task,)})


def demanding(*checks: Any, kind: CriterionKind = CriterionKind.PRIMARY) -> Rubric:
    category = CriterionCategory.CORRECTNESS
    return Rubric(
        criteria=tuple(
            Criterion(id=f"c{i}", text="Is so.", category=category, kind=kind, check=check)
            for i, check in enumerate(checks)
        )
    )


def report_of(name: str, world: World) -> AuditReport:
    return next(iter(run_audits(world, [name])))


def assert_named(report: AuditReport, task_id: str, words: str) -> None:
    """The audit fails, and says of which task, why, and how to mend it."""
    assert not report.is_met
    failure = report.failures[0]
    assert failure.task_id == task_id
    assert words in failure.message
    assert failure.hint


def test_the_bookshop_stands_every_audit() -> None:
    counted: list[int] = []
    reports = list(run_audits(bookshop(), on_task=lambda: counted.append(1)))
    assert [report.name for report in reports] == list(AUDIT_NAMES)
    assert [(report.name, report.failures) for report in reports if not report.is_met] == []
    assert len(counted) == len(AUDIT_NAMES) * len(bookshop().tasks)


def test_a_reference_that_fails_its_rubric_is_named() -> None:
    world = only(TASK, rubric=demanding(Number(value=-1)))
    assert_named(report_of("references", world), TASK, "c0 is unmet: expected -1")


def test_a_refused_call_is_named_unless_it_is_meant() -> None:
    solution = bookshop().task(TASK).reference_solution
    assert solution is not None
    wrong = ToolCall(tool="cancel_order", arguments={"id": "ord-0"})
    tried = solution.model_copy(update={"calls": (*solution.calls, wrong)})
    report = report_of("references", only(TASK, reference_solution=tried))
    assert_named(report, TASK, "refused calls: cancel_order: ")
    meant = tried.model_copy(update={"expects_refusals": True})
    assert report_of("references", only(TASK, reference_solution=meant)).is_met
    vain = solution.model_copy(update={"expects_refusals": True})
    assert_named(report_of("references", only(TASK, reference_solution=vain)), TASK, "no call")


def test_a_missing_reference_is_named() -> None:
    world = only(TASK, reference_solution=None)
    assert_named(report_of("references", world), TASK, "no reference solution")
    assert not report_of("mutation", world).is_met


def test_extra_credit_is_not_demanded_of_a_reference() -> None:
    extra = demanding(Number(value=-1), kind=CriterionKind.EXTRA_CREDIT)
    assert report_of("references", only(TASK, rubric=extra)).is_met


def test_a_rubric_that_nothing_fails_is_found_by_the_empty_answer() -> None:
    extra = demanding(Number(value=-1), kind=CriterionKind.EXTRA_CREDIT)
    world = only(TASK, rubric=extra)
    assert_named(report_of("empty", world), TASK, "the empty answer passes")


def test_what_only_a_judge_decides_is_neither_passed_nor_failed() -> None:
    world = only(TASK, rubric=demanding(None))
    for name in ("empty", "restated", "references"):
        report = report_of(name, world)
        assert report.is_met
        assert "judge" in report.detail


@pytest.mark.parametrize("source", ["prompt", "title", "policy"])
def test_a_rubric_that_asks_for_what_was_said_is_found(source: str) -> None:
    task = bookshop().task(TASK)
    policy = bookshop().policy(task.system_prompt).text
    text = {"prompt": task.prompt, "title": task.title, "policy": policy}[source].split("\n")[0]
    world = only(TASK, rubric=demanding(ContainsAny(texts=(text,))))
    assert_named(report_of("restated", world), TASK, "restated passes")


def test_a_rubric_that_another_variation_satisfies_is_found() -> None:
    tasks = tuple(t for t in bookshop().tasks if t.scenario == "order-status")
    lenient = tuple(t.model_copy(update={"rubric": demanding(Number(value=2025))}) for t in tasks)
    says_year = tuple(
        t.model_copy(
            update={
                "reference_solution": t.reference_solution.model_copy(
                    update={"response": "In 2025."}
                )
            }
        )
        for t in lenient
        if t.reference_solution is not None
    )
    world = bookshop().model_copy(update={"tasks": says_year})
    report = audit_other_variation(Workbench(world), lambda: None, num_others=None)
    assert len(report.failures) == len(tasks) * (len(tasks) - 1)
    assert_named(report, tasks[0].id, "the solution of order-status-02 passes")
    assert report_of("other_variation", bookshop()).is_met


def test_a_rubric_that_overlooks_errors_is_found_with_its_survivors() -> None:
    kept = [c for c in bookshop().task(TASK).rubric.criteria if c.id != "total"]
    report = report_of("mutation", only(TASK, rubric=Rubric(criteria=tuple(kept))))
    assert_named(report, TASK, "unnoticed: ")
    assert any("change_value: changes $" in seen for seen in report.observations)


def test_a_reference_too_poor_to_plant_errors_in_is_found() -> None:
    solution = bookshop().task(TASK).reference_solution
    assert solution is not None
    bare = solution.model_copy(update={"response": "Fine."})
    report = report_of("mutation", only(TASK, reference_solution=bare))
    assert any("8 are wanted" in failure.message for failure in report.failures)


def worded(*prompts: tuple[str, str]) -> World:
    """The bookshop with tasks of these scenarios and prompts."""
    model = bookshop().task(TASK)
    tasks: list[Task] = [
        model.model_copy(update={"id": f"t-{i}", "scenario": scenario, "prompt": prompt})
        for i, (scenario, prompt) in enumerate(prompts)
    ]
    return bookshop().model_copy(update={"tasks": tuple(tasks)})


def test_the_share_is_of_the_smaller_prompts_grams() -> None:
    first = "one two three four five six"
    second = "one two three four five nine ten eleven"
    (pair,) = similar_pairs(worded(("a", first), ("b", second)))
    assert pair.share == 1 / 2


def test_quoted_facts_do_not_set_prompts_apart() -> None:
    books = bookshop().entities["book"]
    frame = "please tell me whether {} was sent to {} on {} for {} as the order {} says"
    prompts = [
        frame.format(books[0]["title"], "a@b.example", "May 3", "$12.40", "ord-5996"),
        frame.format(books[1]["title"], "c.d@e.example", "2025-04-16", "$7", "ORD-99999"),
    ]
    book = quoted_phrases(bookshop())
    assert grams_of(prompts[0], book) == grams_of(prompts[1], book)


def test_near_copies_across_scenarios_are_named_with_the_nearest_pair() -> None:
    prompt = "could you please tell me where my parcel is now"
    report = report_of("similarity", worded(("a", prompt), ("b", prompt.upper())))
    assert_named(report, "t-1", "shares 100% of its 5-grams with t-0")
    assert report.observations == ("100% shared by t-0 and t-1",)


def test_a_scenario_may_repeat_a_wording_now_and_then() -> None:
    different = [
        ("a", " ".join(f"w{chr(97 + i)}{chr(97 + j)}" for j in range(9))) for i in range(7)
    ]
    once = report_of("similarity", worded(*different, different[0]))
    assert once.is_met
    assert once.observations == ("100% shared by t-0 and t-7",)
    often = report_of("similarity", worded(*different[:4], different[0]))
    assert_named(often, "t-4", "1 of 10 pairs of prompts in scenario 'a'")


def test_phrases_are_found_as_whole_words_longest_first() -> None:
    book = PhraseBook(["Ada Byron", "ada", "#help-desk", "ord-17"])
    text = "ADA BYRON asked in #help-desk, not Adam; ord-175 is not ord-17's."
    found = [text[start:end] for start, end in book.find(text)]
    assert found == ["ADA BYRON", "#help-desk", "ord-17"]


def test_an_unknown_audit_is_refused_with_the_names() -> None:
    with pytest.raises(UnknownName, match="similarity"):
        list(run_audits(bookshop(), ["speed"]))
