"""Each kind of check, met and unmet, and what cannot be assessed."""

import pytest
from pydantic import TypeAdapter

from tests.world_builder.conftest import make_task
from world_builder.checking import CheckContext, check_criterion, check_rubric, judge_by_checks
from world_builder.checks import Check
from world_builder.facts import find_fact
from world_builder.frozen import Json
from world_builder.replay import replay
from world_builder.rubrics import Criterion, CriterionCategory, VerdictValue
from world_builder.state import WorldBase
from world_builder.tasks import ReferenceSolution
from world_builder.tools import ToolCall

SALE = ToolCall(tool="sell", arguments={"item": "it-01", "quantity": 2})
LOOK = ToolCall(tool="get_item", arguments={"id": "it-01"})
BAD = ToolCall(tool="get_item", arguments={"id": "it-99"})
EMAIL = "Hello Ana,\n\nyour soda is here.\n\nKind regards,\nThe kiosk"
TABLE = "| item | price |\n|---|---|\n| soda | $2.50 |"


def verdict(
    base: WorldBase, check: dict[str, Json], response: str, calls: tuple[ToolCall, ...] = ()
) -> VerdictValue:
    criterion = Criterion(
        id="c",
        text="c",
        category=CriterionCategory.CORRECTNESS,
        check=TypeAdapter(Check).validate_python(check),
    )
    task = make_task((criterion,))
    trajectory = replay(base, task, ReferenceSolution(calls=calls, response=response))
    found = check_criterion(criterion, CheckContext(task, trajectory, base))
    assert found is not None
    assert all(quote in response for quote in found.evidence)
    return found.value


@pytest.mark.parametrize(
    ("check", "met", "unmet"),
    [
        (
            {"kind": "contains_any", "texts": ["$2.50", "2.5 dollars"]},
            "It is $2.50.",
            "It is 12.50",
        ),
        ({"kind": "contains_all", "texts": ["Pear", "soda"]}, "A pear **SODA**", "A pear"),
        ({"kind": "not_contains", "texts": ["refund"]}, "No money back.", "A refund comes."),
        ({"kind": "not_contains", "texts": ["refund"]}, "No money back.", ""),
        ({"kind": "number", "value": 1299, "tolerance": 0.5}, "about $1,299.40", "it-1299"),
        ({"kind": "matches", "pattern": r"\bsa-\d+"}, "Sale SA-250914-01", "sale"),
        ({"kind": "format", "format": "email"}, EMAIL, "Your soda is here."),
        ({"kind": "format", "format": "list", "minimum": 2}, "- a\n- b", "- a"),
        ({"kind": "format", "format": "table"}, TABLE, "soda: $2.50"),
        ({"kind": "format", "format": "json"}, '```json\n{"a": 1}\n```', "{a: 1}"),
        ({"kind": "format", "format": "word_count", "maximum": 3}, "one two", "one two three four"),
        (
            {
                "kind": "all_of",
                "checks": [{"kind": "number", "value": 2}, {"kind": "number", "value": 3}],
            },
            "2 and 3",
            "2",
        ),
        (
            {
                "kind": "any_of",
                "checks": [{"kind": "number", "value": 2}, {"kind": "number", "value": 3}],
            },
            "3",
            "4",
        ),
    ],
)
def test_checks_of_the_response(
    base: WorldBase, check: dict[str, Json], met: str, unmet: str
) -> None:
    assert verdict(base, check, met) is VerdictValue.MET
    assert verdict(base, check, unmet) is VerdictValue.UNMET


@pytest.mark.parametrize(
    ("check", "met", "unmet"),
    [
        (
            {
                "kind": "tool_called",
                "tool": "sell",
                "arguments": [{"name": "quantity", "equals": 2}],
            },
            (SALE,),
            (LOOK,),
        ),
        ({"kind": "tool_called", "tool": "get_item"}, (LOOK,), (BAD,)),
        ({"kind": "tool_called", "tool": "get_item", "at_most": 1}, (LOOK,), (LOOK, LOOK)),
        ({"kind": "tool_not_called", "tool": "sell"}, (LOOK,), (SALE,)),
        ({"kind": "tool_order", "tools": ["get_item", "sell"]}, (LOOK, SALE), (SALE, LOOK)),
        ({"kind": "no_collateral", "may_create": ["sale"]}, (SALE,), ()),
        ({"kind": "no_collateral"}, (LOOK,), (SALE,)),
        (
            {
                "kind": "state",
                "expression": "created.exists(c, c.type == 'sale' && c.after.quantity == 2)",
            },
            (SALE,),
            (LOOK,),
        ),
        ({"kind": "state", "expression": "size(find('sale', 'item', 'it-01')) == 3"}, (SALE,), ()),
    ],
)
def test_checks_of_calls_and_state(
    base: WorldBase,
    check: dict[str, Json],
    met: tuple[ToolCall, ...],
    unmet: tuple[ToolCall, ...],
) -> None:
    assert verdict(base, check, "Done.", met) is VerdictValue.MET
    if unmet or check.get("may_create") is None:
        assert verdict(base, check, "Done.", unmet) is VerdictValue.UNMET
    else:
        assert verdict(base, check, "", unmet) is VerdictValue.UNMET


def test_a_check_that_cannot_run_is_not_unmet(base: WorldBase) -> None:
    broken: dict[str, Json] = {"kind": "state", "expression": "created[7].id == 'x'"}
    assert verdict(base, broken, "Done.") is VerdictValue.CANNOT_ASSESS
    assert verdict(base, {"kind": "matches", "pattern": "("}, "x") is VerdictValue.CANNOT_ASSESS


def test_criteria_without_a_check_are_left_and_leave_the_judgement_unscored(
    base: WorldBase,
) -> None:
    task = make_task()
    trajectory = replay(base, task, ReferenceSolution(response="$2.50"))
    context = CheckContext(task, trajectory, base)
    assert check_rubric(context) == ((), task.rubric.criteria)
    judged = judge_by_checks(context)
    assert judged.reward is None
    assert judged.is_pass is None
    assert judged.unscored_reason == "not assessed: says"


@pytest.mark.parametrize(
    ("text", "fact", "passage"),
    [
        ("You get $1,299.00 back", "$1299", "$1,299.00"),
        ("it's 174.99", "74.99", None),
        ("order ord-10421", "ord-1042", None),
        ("the order **ord-1042**.", "ord-1042", "ord-1042"),
        ("by Sept. 15th, 2025.", "2025-09-15", "Sept. 15th, 2025"),
        ("by 15 September", "2025-09-15", "15 September"),
        ("at 2025-09-15T14:00", "September 15, 2025", "2025-09-15T"),
        ("by September 16", "2025-09-15", None),
        ("9/15/2025", "2025-09-15", "9/15/2025"),
        ("the “Night” Owl", '"night" owl', "“Night” Owl"),
        ("stock_count is 3", "stock_count", "stock_count"),
        ("5 % off", "5%", "5 %"),
        ("3–5 business days", "3-5 business  days", "3–5 business days"),
    ],
)
def test_facts_are_found_however_they_are_spelled(
    text: str, fact: str, passage: str | None
) -> None:
    found = find_fact(text, fact)
    assert found == passage or (
        found is not None and passage is not None and found.strip("T") == passage.strip("T")
    )
