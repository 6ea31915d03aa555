"""Planted errors: plausible, effective, deterministic; and rubrics scored by them."""

from functools import cache
from random import Random

import pytest

from world_builder.checks import ContainsAll, NoCollateral, StateCheck
from world_builder.errors import WorldError
from world_builder.facts import find_fact
from world_builder.mutation import MIN_PLANTED, Mutant, MutantKind, Planter, mutants, mutation_score
from world_builder.mutation.lexicon import Lexicon
from world_builder.mutation.site import Site
from world_builder.mutation.wording import flipped
from world_builder.rubrics import Criterion, CriterionCategory, Rubric
from world_builder.tasks import ReferenceSolution, Task
from world_builder.workbench import Workbench, reference_of
from world_builder.worlds import build_world

LETTER = """Dear Ada,

The refund is $1,299.05. It arrives by September 3rd, 2025; $1,299.05 in all.
1. Drop off by 14:30
2. Keep the slip

Please let us know if you have questions.

Best regards,
Larkspur Books"""


@cache
def planter() -> Planter:
    return Planter(Workbench(build_world("tutorial")))


def task_of(task_id: str) -> Task:
    return planter().bench.world.task(task_id)


def answering(response: str, task_id: str = "stock-check-01") -> Task:
    """The task with another reference response."""
    task = task_of(task_id)
    solution = ReferenceSolution(calls=reference_of(task).calls, response=response)
    return task.model_copy(update={"reference_solution": solution})


def scored_by(task: Task, *criteria: Criterion) -> Task:
    return task.model_copy(update={"rubric": Rubric(criteria=criteria)})


def planted(task: Task, kind: MutantKind, seed: int = 0) -> list[Mutant]:
    return [m for m in mutants(task, planter(), seed) if m.kind is kind]


def responses(task: Task, kind: MutantKind) -> list[str]:
    return [m.solution.response for m in planted(task, kind)]


def criterion(key: str, check: ContainsAll | StateCheck | NoCollateral | None) -> Criterion:
    return Criterion(id=key, text="Is so.", category=CriterionCategory.CORRECTNESS, check=check)


def without_criteria(task: Task, *keys: str) -> Task:
    return scored_by(task, *(c for c in task.rubric.criteria if c.id not in keys))


@pytest.mark.parametrize("task", build_world("tutorial").tasks, ids=lambda task: task.id)
def test_every_mutant_changes_something_and_there_are_enough(task: Task) -> None:
    bench = planter().bench
    reference = bench.run(task, reference_of(task))
    seen = {(reference.response, reference.state_hash)}
    found = mutants(task, planter())
    for mutant in found:
        trajectory = bench.run(task, mutant.solution)
        outcome = (trajectory.response, trajectory.state_hash)
        assert outcome not in seen, mutant.description
        seen.add(outcome)
        assert trajectory.response.strip()
    assert len(found) >= MIN_PLANTED


def test_the_same_seed_plants_the_same_errors() -> None:
    tasks = planter().bench.world.tasks[::7]
    other = Planter(Workbench(build_world("tutorial")))
    first = [mutants(task, planter(), 5) for task in tasks]
    assert first == [mutants(task, other, 5) for task in tasks]
    assert first != [mutants(task, planter(), 6) for task in tasks]


def test_a_value_changes_wherever_it_stands_and_keeps_its_form() -> None:
    changed = responses(answering(LETTER), MutantKind.CHANGE_VALUE)
    amounts = [r for r in changed if "$1,299.05" not in r]
    days = [r for r in changed if find_fact(r, "2025-09-03") is None]
    assert len(amounts) == len(days) == 1
    new_amount = amounts[0].split("The refund is ")[1].split(". ")[0]
    assert amounts[0] == LETTER.replace("$1,299.05", new_amount)
    assert new_amount.startswith("$1,")
    assert new_amount.endswith(".05")
    assert "by September " in days[0]
    assert ", 2025;" in days[0]


def test_times_and_list_numbers_are_no_values() -> None:
    spared = answering("1. Drop it off by 14:30\n2. Keep the slip of bk-217")
    assert responses(spared, MutantKind.CHANGE_VALUE) == []


def test_sentences_are_left_out_in_turn_but_not_frame_or_courtesy() -> None:
    shorter = responses(answering(LETTER), MutantKind.DROP_SENTENCE)
    assert shorter == [
        LETTER.replace("The refund is $1,299.05. ", ""),
        LETTER.replace(" It arrives by September 3rd, 2025; $1,299.05 in all.", ""),
        LETTER.replace("1. Drop off by 14:30\n", ""),
        LETTER.replace("2. Keep the slip\n", ""),
    ]


def test_a_table_loses_its_rows_but_not_its_head() -> None:
    table = "| Title | Price |\n|---|---|\n| Dalia | $11.00 |\n| Hartport | $16.60 |"
    shorter = responses(answering(table), MutantKind.DROP_SENTENCE)
    assert shorter == [
        table.replace("| Dalia | $11.00 |\n", ""),
        table.replace("\n| Hartport | $16.60 |", ""),
    ]


def test_another_person_is_greeted() -> None:
    name = str(planter().bench.world.entities["customer"][0]["name"])
    first = name.split()[0]
    letter = f"Subject: Your parcel\n\nHi {first},\n\nIt is on its way.\n\nBest regards,\nTheo"
    swapped = responses(answering(letter), MutantKind.SWAP_ENTITY)
    greeted = {response.split("Hi ")[1].split(",")[0] for response in swapped}
    names = {str(c["name"]).split()[0] for c in planter().bench.world.entities["customer"]}
    assert greeted
    assert greeted <= names - {first}


def test_an_entity_is_swapped_by_id_and_name_alike() -> None:
    book = planter().bench.world.entities["book"][0]
    text = f"{book['id']} is {book['title']}. I like {book['title']}."
    swapped = responses(answering(text), MutantKind.SWAP_ENTITY)[0]
    others = {str(b["id"]): str(b["title"]) for b in planter().bench.world.entities["book"]}
    new_id = swapped.split(" is ")[0]
    title = others[new_id]
    assert new_id != book["id"]
    assert swapped == f"{new_id} is {title}. I like {title}."


@pytest.mark.parametrize("task_id", ["place-order-02", "stock-check-01"])
def test_it_is_mistaken_for_near_ones_first_then_for_any_that_is_not_named(task_id: str) -> None:
    bench, task = planter().bench, task_of(task_id)
    site = Site(
        task=task,
        bench=bench,
        lexicon=Lexicon(bench.world),
        reference=bench.run(task, reference_of(task)),
        random=Random(task_id),
    )
    random = Random(task_id)
    named = {mention.entity.id for mention in site.mentions}
    for entity in site.lexicon.by_id.values():
        others = [
            other
            for other in site.lexicon.of_type(entity.entity_type)
            if other.id not in named | {entity.id}
        ]
        near = [other for other in others if other.id in site.near_ids]
        far = [other for other in others if other.id not in site.near_ids]
        random.shuffle(near)
        wanted = [*near, *random.sample(far, min(3, len(far)))][:3]
        assert site.mistakable(entity, 3) == wanted


def test_a_new_entity_is_taken_for_an_old_one() -> None:
    task = task_of("place-order-02")
    known = {str(order["id"]) for order in planter().bench.world.entities["order"]}
    swapped = planted(task, MutantKind.SWAP_ENTITY)[0].description
    assert swapped.split()[1] in known


@pytest.mark.parametrize(
    ("said", "turned"),
    [
        ("Yes, it can come back.", "No, it cannot come back."),
        ("No, it can't be returned.", "Yes, it can be returned."),
        ("It is not eligible as it is used.", "It is eligible as it is used."),
        ("They are compatible and it isn't old.", "They are incompatible and it is old."),
        ("The return was approved.", "The return was denied."),
        ("I cancelled the order in the canal.", "I cancelled the order in the canal."),
    ],
)
def test_decisions_are_turned_round(said: str, turned: str) -> None:
    assert flipped(said) == turned


def test_an_e_mail_loses_its_form() -> None:
    plain = responses(answering(LETTER), MutantKind.WRONG_FORMAT)[0]
    assert "\n" not in plain
    assert plain.startswith("The refund is $1,299.05.")
    assert "regards" not in plain


def test_writing_calls_are_skipped_altered_repeated_and_added() -> None:
    task = task_of("place-order-02")
    calls = reference_of(task).calls
    assert [m.solution.calls for m in planted(task, MutantKind.SKIP_WRITE)] == [calls[:-1]]
    assert [m.solution.calls for m in planted(task, MutantKind.REPEAT_WRITE)] == [
        (*calls, calls[-1])
    ]
    extra = planted(task, MutantKind.EXTRA_WRITE)[0]
    assert extra.solution.calls[:-1] == calls
    altered = planted(task, MutantKind.ALTER_WRITE)
    wrong = [m.solution.calls[-1].arguments for m in altered]
    right = calls[-1].arguments
    assert {k for arguments in wrong for k in right if arguments[k] != right[k]} == set(right)
    for mutant in (extra, *altered):
        assert mutant.call_index is not None
        assert not planter().bench.run(task, mutant.solution).calls[mutant.call_index].is_error


def test_a_rubric_without_a_criterion_lets_its_errors_live() -> None:
    whole = mutation_score(task_of("place-order-02"), planter())
    assert whole.score == 1.0
    assert not whole.survivors
    report = mutation_score(without_criteria(task_of("place-order-02"), "total"), planter())
    kinds = {survivor.mutant.kind for survivor in report.survivors}
    assert {MutantKind.CHANGE_VALUE, MutantKind.DROP_SENTENCE} <= kinds
    assert report.num_killed == report.num_planted - len(report.survivors)
    assert "$68.00" in " ".join(map(str, report.survivors))


def test_only_checks_that_the_reference_meets_kill() -> None:
    task = scored_by(
        task_of("place-order-02"),
        criterion("judged", None),
        criterion("wrong", ContainsAll(texts=("no such words",))),
    )
    report = mutation_score(task, planter())
    assert (report.num_killed, report.score) == (0, 0.0)
    assert (report.undecided, report.unmet) == (("judged",), ("wrong",))


def test_a_check_that_cannot_run_kills_nothing() -> None:
    check = StateCheck(expression="created[0].after.lines.size() == 1")
    report = mutation_score(
        scored_by(task_of("place-order-02"), criterion("ordered", check)), planter()
    )
    skipped = [s for s in report.survivors if s.mutant.kind is MutantKind.SKIP_WRITE]
    assert [s.unassessed for s in skipped] == [("ordered",)]
    assert "not assessed: ordered" in str(skipped[0])


def test_a_task_without_solution_is_refused_with_what_to_do() -> None:
    task = task_of("place-order-02").model_copy(update={"reference_solution": None})
    with pytest.raises(WorldError, match="record one"):
        mutants(task, planter())
