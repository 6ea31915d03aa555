"""A report counts tasks, never unscored rollouts."""

from rl_backend.evaluation.report import EvalReport, make_report
from rl_backend.records import RolloutRecord
from tests.rl_backend.factories import CRITERIA, make_record, make_task
from world_builder.rubrics import CriterionCategory
from world_builder.tasks import Category, Task

EASY = make_task("easy")
HARD = make_task("hard", category=Category.COMMUNICATION)
BROKEN = make_task("broken")


def report(records: list[RolloutRecord], *tasks: Task) -> EvalReport:
    return make_report(records, tasks, policy="p", bundle="b", split="all")


def test_figures_by_hand() -> None:
    made = report(
        [
            make_record(EASY, index=0),
            make_record(EASY, index=1, met=("states-price",)),
            make_record(HARD, index=0, met=()),
            make_record(HARD, index=1, met=None),
            make_record(BROKEN, met=None),
        ],
        EASY,
        HARD,
        BROKEN,
    )
    # easy: one of two passed, rewards 1 and 0.5; hard: none of one, reward 0; broken: unscored
    assert made.tasks == 3
    assert made.pass_rate == 0.25
    assert made.mean_reward == (0.75 + 0.0) / 2
    assert made.pass_rate_interval is not None
    assert made.pass_rate_interval.value == 0.25
    assert (made.num_rollouts, made.num_scored, made.num_unscored) == (5, 3, 2)
    assert made.unscored_reasons == {"runtime_error": 2}
    assert made.stop_reasons == {"final_response": 3, "runtime_error": 2}
    assert [(k.k, k.num_tasks, k.pass_at_k, k.pass_hat_k) for k in made.k_rates] == [
        (1, 2, 0.25, 0.25),
        (2, 1, 1.0, 0.0),
    ]
    rates = {r.category: (r.num_met, r.num_assessed) for r in made.by_criterion_category}
    assert rates == {CriterionCategory.CORRECTNESS: (3, 6)}


def test_slices_name_their_tasks() -> None:
    made = report([make_record(EASY), make_record(HARD, met=())], EASY, HARD)
    assert [(s.name, s.num_tasks, s.mean_reward) for s in made.by_category] == [
        ("communication", 1, 0.0),
        ("reasoning", 1, 1.0),
    ]


def test_scenarios_never_trained_on_stand_apart() -> None:
    new = make_task("new").model_copy(update={"scenario": "new"})
    records = [make_record(EASY), make_record(new, met=())]
    made = make_report(
        records, [EASY, new], policy="p", bundle="b", split="all", unseen_scenarios={"new"}
    )
    assert [(s.name, s.num_tasks, s.mean_reward) for s in made.by_exposure] == [
        ("seen", 1, 1.0),
        ("unseen scenario", 1, 0.0),
    ]
    assert [o.is_unseen for o in made.outcomes] == [False, True]


def test_criteria_are_counted_per_task() -> None:
    made = report([make_record(EASY), make_record(EASY, index=1, met=CRITERIA[:1])], EASY)
    outcome = made.outcome("easy")
    assert outcome is not None
    assert [(c.id, c.num_met, c.num_assessed) for c in outcome.criteria] == [
        (CRITERIA[0], 2, 2),
        (CRITERIA[1], 1, 2),
    ]
    assert made.outcome("absent") is None


def test_nothing_scored_is_unknown_and_not_zero() -> None:
    made = report([make_record(EASY, met=None)], EASY)
    assert (made.pass_rate, made.pass_rate_interval, made.mean_reward) == (None, None, None)
    assert made.k_rates == ()
