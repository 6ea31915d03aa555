"""Each gate shuts for its own reason, names the place, and says what to do."""

from exporter.gates import run_gates
from exporter.manifest import Gate
from tests.exporter.small_world import LEND_TASK, YEAR_TASK, criterion, library
from world_builder import checks
from world_builder.entities import EntityType, Field, FieldKind
from world_builder.rubrics import Examples, Rubric
from world_builder.tasks import ReferenceSolution, Task
from world_builder.tools import ToolCall, ToolSurface
from world_builder.world import World


def gate(world: World, name: str) -> Gate:
    [found] = [g for g in run_gates(world).gates if g.name == name]
    return found


def with_rubric(task: Task, *criteria: object, **changes: object) -> Task:
    rubric = Rubric.model_construct(criteria=criteria)  # type: ignore[arg-type]
    return task.model_copy(update={"rubric": rubric, **changes})


def test_all_gates_of_a_sound_world_are_open_and_the_report_is_repeatable() -> None:
    report = run_gates(library())
    assert report.is_met
    assert all(g.is_met for g in report.gates)
    assert run_gates(library()) == report


def test_a_broken_world_shuts_validation_and_runs_nothing() -> None:
    world = library(policies=())
    validation = gate(world, "validation")
    assert {f.path for f in validation.failures} == {
        "tasks.year-of-dune.system_prompt",
        "tasks.lend-emma.system_prompt",
    }
    assert gate(world, "reference_solutions").detail == "not run: the world has errors"
    assert not gate(world, "empty_answer").is_met


def test_a_type_may_not_take_the_name_of_the_schema_file() -> None:
    odd = EntityType(
        name="schema",
        title="S",
        plural="S",
        id_format="s-{n}",
        fields=(Field(name="a", kind=FieldKind.TEXT),),
    )
    world = library(entity_types=(*library().entity_types, odd))
    assert "entity_types.schema" in [f.path for f in gate(world, "validation").failures]


def test_a_dangling_reference_is_named() -> None:
    loan = {"id": "ln-009", "book": "bk-77", "reader": "Ann", "lent_at": "2025-09-01T10:00:00Z"}
    world = library(entities={**library().entities, "loan": (loan,)})
    [failure] = gate(world, "references").failures
    assert (failure.path, failure.message) == ("entities.loan.ln-009.book", "no book 'bk-77'")


def test_a_refused_call_is_a_fault_unless_it_is_meant() -> None:
    solution = YEAR_TASK.reference_solution
    assert solution is not None
    strange = ToolCall(tool="lend_book", arguments={"book": "bk-77", "reader": "Ann"})
    calls = (*solution.calls, strange)
    refused = YEAR_TASK.model_copy(
        update={"reference_solution": solution.model_copy(update={"calls": calls})}
    )
    [failure] = gate(library(tasks=(refused,)), "reference_solutions").failures
    assert failure.path == "tasks.year-of-dune.reference_solution.calls"
    assert failure.message.startswith(f"call {len(calls)} (lend_book) is refused: ")
    meant = solution.model_copy(update={"calls": calls, "expects_refusals": True})
    world = library(tasks=(YEAR_TASK.model_copy(update={"reference_solution": meant}),))
    assert gate(world, "reference_solutions").is_met
    idle = solution.model_copy(update={"expects_refusals": True})
    world = library(tasks=(YEAR_TASK.model_copy(update={"reference_solution": idle}),))
    [failure] = gate(world, "reference_solutions").failures
    assert failure.message == "expects a refusal, but the world takes every call"


def test_a_reference_that_loses_a_criterion_is_told_why() -> None:
    wrong = ReferenceSolution(response="Dune (bk-01) appeared in 1966.")
    world = library(tasks=(YEAR_TASK.model_copy(update={"reference_solution": wrong}), LEND_TASK))
    [failure] = gate(world, "reference_solutions").failures
    assert failure.path == "tasks.year-of-dune.reference_solution"
    assert "year is unmet: expected 1965; found" in failure.message
    assert "looked is unmet" in failure.message


def test_a_missing_reference_shuts_the_gate() -> None:
    world = library(tasks=(YEAR_TASK.model_copy(update={"reference_solution": None}),))
    [failure] = gate(world, "reference_solutions").failures
    assert failure.message == "is missing"


def test_what_only_a_judge_can_decide_is_neither_passed_nor_failed() -> None:
    polite = criterion("polite", "Is polite.", None).model_copy(
        update={"examples": Examples(met=("Gladly!",), unmet=("No.",))}
    )
    task = with_rubric(YEAR_TASK, *YEAR_TASK.rubric.criteria, polite)
    world = library(tasks=(task, LEND_TASK))
    references = gate(world, "reference_solutions")
    assert references.is_met
    assert references.needs_judge == ("year-of-dune",)
    assert references.detail == "1 pass with reward 1.0, 0 fail, 1 need a judge"
    assert gate(world, "decidable_criteria").is_met


def test_a_failed_check_fails_even_beside_a_judge() -> None:
    open_ = criterion("polite", "Is polite.", None)
    wrong = criterion("year", "Says 1900.", checks.Number(value=1900))
    references = gate(library(tasks=(with_rubric(YEAR_TASK, wrong, open_),)), "reference_solutions")
    assert not references.is_met
    assert references.needs_judge == ()


def test_a_criterion_without_check_needs_examples_to_try_a_judge_on() -> None:
    task = with_rubric(YEAR_TASK, *YEAR_TASK.rubric.criteria, criterion("nice", "Is nice.", None))
    [failure] = gate(library(tasks=(task,)), "decidable_criteria").failures
    assert failure.path == "tasks.year-of-dune.rubric.criteria[4]"


def test_an_empty_answer_must_earn_next_to_nothing() -> None:
    always = checks.StateCheck(expression="size(deleted) == 0")
    lazy = with_rubric(YEAR_TASK, *(criterion(f"s-{n}", "Deletes nothing.", always) for n in "abc"))
    failures = gate(library(tasks=(lazy,)), "empty_answer").failures
    assert [f.message for f in failures] == [
        "the empty answer passes",
        "the empty answer earns 1.000 on average; under 0.2 wanted",
    ]
    assert "year-of-dune" in failures[1].hint


def test_the_same_prompt_twice_and_across_the_split() -> None:
    same = LEND_TASK.model_copy(update={"prompt": f"  {YEAR_TASK.prompt.upper()}\n"})
    world = library(tasks=(YEAR_TASK, same))
    assert [f.message for f in gate(world, "distinct_prompts").failures] == [
        "the same prompt as year-of-dune"
    ]
    [leak] = gate(world, "no_leak").failures
    assert leak.path == "tasks.lend-emma.split"


def test_an_unused_tool_shuts_the_gate_unless_no_task_offers_it() -> None:
    world = library(tasks=(YEAR_TASK,))
    coverage = gate(world, "tool_coverage")
    assert not coverage.is_met
    assert [f.path for f in coverage.failures] == ["tools.lend_book"]
    assert not run_gates(world).is_met
    desk = ToolSurface(name="desk", title="Desk", tools=("find_books", "get_book"))
    on_desk = YEAR_TASK.model_copy(update={"tool_surface": "desk"})
    coverage = gate(library(tasks=(on_desk,), surfaces=(desk,)), "tool_coverage")
    assert coverage.is_met
    assert coverage.detail == "2 of 2 tools used by reference solutions"


def test_a_rubric_must_notice_planted_errors() -> None:
    blind = with_rubric(YEAR_TASK, *YEAR_TASK.rubric.criteria[1:])
    mutation = gate(library(tasks=(blind, LEND_TASK)), "mutation_score")
    [failure] = mutation.failures
    assert failure.path == "tasks.year-of-dune.rubric.criteria"
    assert "changes 1965 to" in failure.message
    assert not mutation.needs_judge


def test_a_reference_must_offer_enough_to_go_wrong() -> None:
    brief = YEAR_TASK.reference_solution
    assert brief is not None
    solution = brief.model_copy(update={"calls": brief.calls[:1], "response": "1965"})
    task = with_rubric(YEAR_TASK, YEAR_TASK.rubric.criteria[0], reference_solution=solution)
    world = library(tasks=(task,), tools=library().tools[:2])
    failures = gate(world, "mutation_score").failures
    assert [f.path for f in failures] == ["tasks.year-of-dune.reference_solution"]
    assert "errors can be planted, 8 wanted" in failures[0].message


def test_what_a_judge_may_notice_is_neither_noticed_nor_missed() -> None:
    judged = criterion("year", "Says 1965.", None)
    task = with_rubric(YEAR_TASK, judged, *YEAR_TASK.rubric.criteria[1:])
    mutation = gate(library(tasks=(task, LEND_TASK)), "mutation_score")
    assert mutation.is_met
    assert mutation.needs_judge == ("year-of-dune",)


def test_near_copies_of_a_prompt_shut_the_gate() -> None:
    asked = "Please look up when the book was published and tell me its id and the year it came out"
    tasks = [
        task.model_copy(update={"prompt": f"{asked}, {title}."})
        for task, title in ((YEAR_TASK, "Dune"), (LEND_TASK, "Emma"))
    ]
    world = library(tasks=tuple(tasks))
    assert gate(world, "distinct_prompts").is_met
    [failure] = gate(world, "similar_prompts").failures
    assert failure.path == "tasks.lend-emma.prompt"
    assert "shares 100% of its 5-grams with year-of-dune" in failure.message
