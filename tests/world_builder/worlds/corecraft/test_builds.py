"""Scenarios of the build lab: right answers in other words pass, plausible wrong ones do not."""

import pytest

from world_builder.checking import CheckContext, judge_by_checks
from world_builder.checks import StateCheck
from world_builder.rubrics import VerdictValue
from world_builder.tasks import ReferenceSolution, Task
from world_builder.tools import ToolCall
from world_builder.workbench import Workbench, reference_of
from world_builder.worlds import build_world
from world_builder.worlds.corecraft.scenarios.builds import SCENARIOS

DECISIONS = {
    "fix-build": ("verdict", "does not fit"),
    "psu-check": ("verdict", "is not enough"),
    "memory-upgrade": ("verdict", "cannot be added"),
    "card-upgrade": ("verdict", "cannot go in"),
    "quote-valid": ("verdict", "no longer holds"),
    "quote-build": ("refused", "no quote was written"),
    "stock-answer": ("verdict", "is not in stock"),
}
"""By scenario with a decision: the criterion that says so, and what marks the refusals."""


@pytest.fixture(scope="module")
def bench() -> Workbench:
    return Workbench(build_world("corecraft"))


def tasks_of(bench: Workbench, scenario: str) -> list[Task]:
    return [task for task in bench.world.tasks if task.scenario == scenario]


def about(bench: Workbench, scenario: str, *words: str) -> Task:
    """The first task of a scenario whose title and prompt hold the words, in any case."""
    for task in tasks_of(bench, scenario):
        text = f"{task.title} {task.prompt}".lower()
        if all(word.lower() in text for word in words):
            return task
    raise LookupError(f"no task of {scenario} is about {words}")


def lost(
    bench: Workbench, task: Task, response: str, calls: tuple[ToolCall, ...] | None = None
) -> set[str]:
    """The criteria that an answer does not meet, after the reference's calls unless others."""
    made = reference_of(task).calls if calls is None else calls
    run = bench.run(task, ReferenceSolution(calls=made, response=response))
    judged = judge_by_checks(CheckContext(task=task, trajectory=run, base=bench.base))
    return {v.criterion_id for v in judged.verdicts if v.value is not VerdictValue.MET}


@pytest.mark.parametrize("scenario", [s.name for s in SCENARIOS])
def test_each_scenario_gives_its_tasks(bench: Workbench, scenario: str) -> None:
    tasks = tasks_of(bench, scenario)
    assert len(tasks) >= (12 if scenario == "technician-load" else 14)
    assert len({task.title for task in tasks}) >= len(tasks) // 3
    assert all(4 <= len(task.rubric.criteria) <= 15 for task in tasks)


@pytest.mark.parametrize("scenario", DECISIONS)
def test_both_decisions_occur_often(bench: Workbench, scenario: str) -> None:
    key, refusal = DECISIONS[scenario]
    tasks = tasks_of(bench, scenario)
    texts = ["".join(c.text for c in t.rubric.criteria if c.id == key) for t in tasks]
    refused = sum(refusal in text for text in texts)
    assert len(tasks) / 3 <= refused <= len(tasks) * 2 / 3 + 1


def test_unseen_tasks_are_held_out(bench: Workbench) -> None:
    assert {t.split.value for t in tasks_of(bench, "technician-load")} == {"held_out"}


def test_facts_of_a_product(bench: Workbench) -> None:
    task = about(bench, "product-facts", "Ember 5070 Ti 16 GB Trio")
    table = (
        "| | |\n|---|---|\n| List price | $799.99 |\n| Stock | 31 pieces |\n"
        "| Warranty | 3 years |\n| Length | 332mm |\n| Power draw | 300 W |\n"
        "| Maker recommends | 750-watt supply |"
    )
    assert not lost(bench, task, table)
    sibling = (
        "$749.99, 4 in stock, 36 months of warranty, 304 mm long, draws 300 W, maker recommends "
        "750 W."
    )
    assert lost(bench, task, sibling) == {"price", "stock", "length-mm"}


def test_progress_of_a_build(bench: Workbench) -> None:
    task = about(bench, "build-progress", "Imogen Thackeray")
    lines = (
        "- Build: bld-100\n- Order: ord-250909-017\n- Status: assembling\n- Technician: Mei Huang\n"
        "- Due: 2025-09-14\n- Overdue: yes, 1 day"
    )
    assert not lost(bench, task, lines)
    assert not lost(bench, task, lines.replace("yes, 1 day", "since yesterday"))
    assert lost(bench, task, lines.replace("yes, 1 day", "not overdue")) == {"overdue"}
    today = about(bench, "build-progress", "Benedict Dalgaard")
    told = "bld-090 for ord-250908-005 is in testing with Soren Dalgaard. It's due today, Sept. 15."
    assert not lost(bench, today, told)
    assert lost(bench, today, f"{told} It is already overdue.") == {"overdue"}
    waiting = about(bench, "build-progress", "Lorenzo Calloway")
    told = (
        "bld-104 (ord-250910-008) is waiting to be started, no technician assigned. Due September "
        "17, 2 days to go."
    )
    assert not lost(bench, waiting, told)
    assert lost(bench, waiting, told.replace("no technician assigned", "Mei Huang has it")) == {
        "technician"
    }


def test_a_machine_is_mended_and_priced(bench: Workbench) -> None:
    task = about(bench, "fix-build", "bld-078")
    answer = (
        "bld-078 can't be sold as it is. Power supply: Fennick Quiet 600, rated 600 W; we need "
        "702 W and the Halcyon Ember 5080 16 GB wants 850 W by its maker.\n\nCheapest fix in "
        "stock: Corewell Gold 850, $119.99.\n\n- Parts: $2,013.92\n- Loyalty discount: $0.00\n"
        "- Assembly: $99\n- Standard shipping: $15.00\n- Total: $2,127.92"
    )
    assert not lost(bench, task, answer)
    pricier = answer.replace("Corewell Gold 850, $119.99", "Fennick Quiet 850, $149.99")
    assert lost(bench, task, pricier) == {"fix", "fix-price"}
    assert lost(bench, task, answer.replace("702 W", "660 W")) == {"psu-power-takes"}
    fits = about(bench, "fix-build", "bld-080")
    good = (
        "All parts are compatible. Parts $1,129.92, platinum discount $90.39, no assembly fee, "
        "expedited shipping free, total $1,039.53."
    )
    assert not lost(bench, fits, good)
    wrong = good.replace("All parts are compatible", "The parts do not fit together")
    assert lost(bench, fits, wrong) == {"verdict"}


def test_a_supply_is_judged(bench: Workbench) -> None:
    weak = about(bench, "psu-check", "bld-086")
    told = (
        "**Verdict:** insufficient.\n- Supply: Corewell Gold 750, rated 750 W\n- Needed with "
        "headroom: 678 W\n- Card maker recommends: 850 W\n- Shortfall: 100 W"
    )
    assert not lost(bench, weak, told)
    rule_of_thumb = "Yes, the Corewell Gold 750 is enough: twice the card is 720 W, 30 W to spare."
    assert "verdict" in lost(bench, weak, rule_of_thumb)
    exact = about(bench, "psu-check", "bld-092")
    told = (
        "It just suffices. The Fennick Quiet 1000 is rated at 1,000 W, the machine needs 888 W and "
        "the maker asks for 1,000 W, so there is no margin."
    )
    assert not lost(bench, exact, told)
    assert lost(bench, exact, told.replace("just suffices", "does not suffice")) == {"verdict"}
    cardless = about(bench, "psu-check", "bld-114")
    told = (
        "Yes. Corewell Basic 500 (500 W) against 270 W needed; the build has no graphics card, "
        "hence no recommendation. 230 W in reserve."
    )
    assert not lost(bench, cardless, told)


def test_memory_is_added_only_where_it_fits(bench: Workbench) -> None:
    task = about(bench, "memory-upgrade", "Wesley Stapleton")
    told = (
        "No. Type: DDR5 on both sides. Slots: 2 free, but two kits are 4 modules. Total: 256 GB of "
        "at most 256 GB."
    )
    assert not lost(bench, task, told)
    kits_for_modules = "Yes, they can: DDR5 both, 2 slots free, 2 needed, 256 GB of 256 GB at most."
    assert lost(bench, task, kits_for_modules) == {"verdict", "needed-slots"}
    mixed = about(bench, "memory-upgrade", "Lucia Alvarado")
    told = (
        "It won't work: the board is DDR4, the kit DDR5. Two slots are free and two would be "
        "needed; the total would be 128 GB and the board supports up to 128 GB."
    )
    assert not lost(bench, mixed, told)
    assert lost(bench, mixed, told.replace("the kit DDR5", "the kit too")) == {"type"}


def test_a_card_is_judged_by_length_and_power(bench: Workbench) -> None:
    weak = about(bench, "card-upgrade", "Marguerite Fairbanks")
    told = (
        "It won't work. The card is 330 mm long and the case takes up to 330 mm, so that is fine. "
        "The supply is rated at 650 W; we'd need 563 W, but the maker recommends 750 W, so the "
        "supply is insufficient. Compared with the present Halcyon Ember 5060 8 GB it is $300 more."
    )
    assert not lost(bench, weak, told)
    blames_length = told.replace("so that is fine", "so it is too long")
    assert lost(bench, weak, blames_length) == {"obstacle"}
    fits = about(bench, "card-upgrade", "Lionel Shirazi")
    told = (
        "Yes, it fits: 330 mm against 400 mm in the case. 629 W needed, 750 W recommended, supply "
        "rated 750 W. Old card: Halcyon Ember 5070 12 GB, $50.00 cheaper."
    )
    assert not lost(bench, fits, told)
    assert lost(bench, fits, told.replace("Yes, it fits", "It does not fit")) == {"verdict"}


def test_a_quote_lapses_after_its_last_day(bench: Workbench) -> None:
    today = about(bench, "quote-valid", "bld-063")
    told = (
        "bld-063 is still valid, through today (2025-09-15). Parts 3,404.92 dollars, assembly $99, "
        "sum $3,503.92."
    )
    assert not lost(bench, today, told)
    assert lost(bench, today, told.replace("is still valid", "is not valid")) == {"verdict"}
    lapsed = about(bench, "quote-valid", "bld-052")
    told = (
        "The quote lapsed: bld-052 was good until September 13. Parts $1,784.92, no assembly fee "
        "for platinum, $1,784.92 in all."
    )
    assert not lost(bench, lapsed, told)
    thirty_days = told.replace("The quote lapsed: bld-052 was", "Yes, bld-052 is")
    assert "verdict" in lost(bench, lapsed, thirty_days)
    assert "last-day" in lost(bench, lapsed, told.replace("September 13", "September 29"))


def test_a_quote_is_written_or_refused(bench: Workbench) -> None:
    written = about(bench, "quote-build", "Understudy")
    reference = reference_of(written)
    assert lost(bench, written, reference.response, reference.calls[:-1]) >= {"quote", "parts"}
    create = reference.calls[-1]
    items = create.arguments["items"]
    assert isinstance(items, list)
    turned = create.model_copy(update={"arguments": {**create.arguments, "items": items[::-1]}})
    assert not lost(bench, written, reference.response, (*reference.calls[:-1], turned))
    fewer = create.model_copy(update={"arguments": {**create.arguments, "items": items[:-1]}})
    assert "parts" in lost(bench, written, reference.response, (*reference.calls[:-1], fewer))
    refused = about(bench, "quote-build", "Corner desk")
    told = (
        "I did not create a quote. The Borea Low 47 has no bracket for LGA1851, the socket of the "
        "Orrin Meridian 225; it fits AM4, AM5 and LGA1700."
    )
    assert not lost(bench, refused, told)
    claimed = f"Done, the quote is bld-121. {told.removeprefix('I did not create a quote. ')}"
    assert lost(bench, refused, claimed) == {"refused", "no-id"}
    unsold = about(bench, "quote-build", "Tower Silent")
    assert not lost(
        bench, unsold, "No quote: we no longer sell the Quayside Tower Silent (discontinued)."
    )


def test_quotes_are_checked_in_the_state(bench: Workbench) -> None:
    written = [t for t in tasks_of(bench, "quote-build") if "refused" not in str(t.rubric)]
    for task in written:
        checks = [c.check for c in task.rubric.criteria if isinstance(c.check, StateCheck)]
        assert len(checks) == 2


def test_decisions_count_before_the_catalogue_and_talk_does_not(bench: Workbench) -> None:
    decided = about(bench, "stock-answer", "Tessel B650 Harbor")
    told = (
        "Yes, prod-0050 is available: 9 pieces by Latoya Galloway's decision of 2025-09-10. The "
        "catalogue still shows 7."
    )
    assert not lost(bench, decided, told)
    catalogue = "Yes, prod-0050 is available: 7 pieces, says the catalogue."
    assert lost(bench, decided, catalogue) == {"count", "author", "decided"}
    talked = about(bench, "stock-answer", "Studio 32 UHD")
    told = "prod-0143: 18 in stock by the catalogue; nobody with a say decided otherwise."
    assert not lost(bench, talked, told)
    believed = "prod-0143: 16 in stock, as Enrique Sandoval decided on September 13, 2025."
    assert lost(bench, talked, believed) == {"count", "source"}
    coming = about(bench, "stock-answer", "Vantor Falcon 7700")
    told = (
        "Out of stock. prod-0008 comes back on Sept 24 (Helena Montrose, message of September 10), "
        "not on the 23rd as the catalogue has it."
    )
    assert not lost(bench, coming, told)
    assert "back" in lost(bench, coming, told.replace("Sept 24", "Sept 23"))
    gone = about(bench, "stock-answer", "Linkward 2.5G Network Card")
    assert not lost(bench, gone, "None left of prod-0161, no longer sold, per the catalogue.")


def test_a_table_holds_the_parts_and_nothing_else(bench: Workbench) -> None:
    task = about(bench, "compare-parts", "motherboards with socket AM5")
    rows = (
        "| Tessel B650M Cove | 144.99 | 2 |",
        "| Tessel B650 Harbor | 179.99 | 3 |",
        "| Norwick B850 Terrace | 209.99 | 3 |",
        "| Norwick B650I Pocket | 219.99 | 2 |",
    )
    head = "Here you are:\n\n| Board | USD | M.2 |\n| --- | ---: | :-: |\n"
    assert not lost(bench, task, head + "\n".join(rows))
    sold_out = "| Tessel A620M Cove | 94.99 | 1 |\n"
    assert lost(bench, task, head + sold_out + "\n".join(rows)) == {"table"}
    assert lost(bench, task, head + "\n".join(rows[::-1])) == {"order"}
    swapped = "\n".join(rows).replace("179.99 | 3", "179.99 | 2")
    assert lost(bench, task, head + swapped) == {"row-2"}


def test_a_misfit_is_explained_by_mail(bench: Workbench) -> None:
    task = about(bench, "fit-email", "bld-109", "cooler")
    told = (
        "Subject: Your Streaming setup\n\nDear Felix,\n\nThank you for your patience. In your "
        "streaming setup the Hollin Mesa case leaves 165 mm for the cooler, and the Fennick Hush "
        "Tower needs 168 mm, so the two don't go together.\n\nWe suggest the Borea Breeze 120 at "
        "$34.99 in its place. Just let us know if that suits you.\n\nKind regards,\nCoreCraft "
        "Support"
    )
    assert not lost(bench, task, told)
    assert lost(bench, task, told.replace("Borea Breeze 120", "Borea Gale 120")) == {"fix"}
    assert lost(bench, task, told.replace("168 mm", "158 mm")) == {"cooler-height-has"}


def test_a_quote_is_presented_by_mail(bench: Workbench) -> None:
    task = about(bench, "quote-email", "bld-080")
    told = (
        "Hi Jonas,\n\nyour Lab workstation: Vantor Falcon 7500F, Norwick B850M Terrace, Lumenrow "
        "Glow 32 GB (2x16) DDR5-6400, Ravelin Comet 7600 8 GB, Oakvale Acorn 2 TB NVMe, Corewell "
        "Gold 850, Hollin Barn Glass and Borea Low 47. That is $1,129.92 for the parts; assembly "
        "is on us (no fee). Valid until 17 September 2025. Confirm by replying and we start.\n\n"
        "Best wishes,\nCoreCraft Support"
    )
    assert not lost(bench, task, told)
    assert lost(bench, task, told.replace("assembly is on us (no fee)", "assembly is $99.00")) == {
        "assembly"
    }
    assert lost(bench, task, told.replace("Hollin Barn Glass", "Hollin Barn")) == {"parts"}


def test_the_load_of_a_technician(bench: Workbench) -> None:
    task = about(bench, "technician-load", "Soren Dalgaard", "September 18, 2025", "in testing")
    told = (
        "1. bld-092 - assembling - due 2025-09-13\n2. bld-090 - testing - due 2025-09-15\n"
        "3. bld-102 - testing - due 2025-09-18\n\n**Overdue:** bld-092\n**Due soon:** bld-102 and "
        "bld-090\n**Fewest:** Tamara Novak (none in testing)\n**Away:** Wesley Barlow until Sept "
        "17, covered by Soren Dalgaard"
    )
    assert not lost(bench, task, told)
    today_is_late = told.replace("**Overdue:** bld-092", "**Overdue:** bld-092, bld-090")
    assert lost(bench, task, today_is_late) == {"overdue"}
    counts_the_absent = told.replace("Tamara Novak (none in testing)", "Ines Carrasco, 1")
    assert lost(bench, task, counts_the_absent) == {"fewest"}


def test_no_two_prompts_are_the_same(bench: Workbench) -> None:
    for scenario in SCENARIOS:
        prompts = [task.prompt for task in tasks_of(bench, scenario.name)]
        assert len(set(prompts)) == len(prompts)
