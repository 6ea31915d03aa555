"""`python -m tests.conformance`: what answers otherwise than recorded; `--help` for the rest."""

import argparse
import asyncio
import sys

from rl_backend.runtimes.in_process import InProcessRuntime
from tests.conformance.coverage import Coverage
from tests.conformance.drawing import draw
from tests.conformance.recording import RECORDING, Recorded, differences, read, write
from tests.conformance.replaying import replayed_all
from world_builder.state import WorldBase
from world_builder.worlds import build_world

_MOST_SHOWN = 40


def main() -> int:
    """Exit code 1 when something differs and is not written."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("--renew", action="store_true", help="write what is answered now")
    parser.add_argument("--redraw", action="store_true", help="draw other sequences, then write")
    options = parser.parse_args()
    world = build_world("corecraft")
    known = () if options.redraw else read()
    sequences = draw(world) if options.redraw else tuple(each.sequence for each in known)
    seen = asyncio.run(replayed_all(InProcessRuntime(WorldBase(world)), sequences, 1))
    told = differences(known, seen) if known else ["all sequences are drawn anew"]
    _say("\n".join(told[:_MOST_SHOWN]) or "nothing differs")
    if len(told) > _MOST_SHOWN:
        _say(f"and {len(told) - _MOST_SHOWN} more differences")
    if not told or not (options.renew or options.redraw):
        return 1 if told else 0
    write(map(Recorded.of, sequences, seen))
    _say(f"wrote {RECORDING}")
    _say_coverage(Coverage.of(sequences, seen))
    return 0


def _say_coverage(found: Coverage) -> None:
    for title, counts in (("ways to call", found.acts), ("refusals", found.codes)):
        _say(f"{title}: " + ", ".join(f"{num} {name}" for name, num in counts.most_common()))
    least = sorted(found.answered.items(), key=lambda item: item[1])[:5]
    _say("answered least: " + ", ".join(f"{tool} ({surface}) {n}" for (surface, tool), n in least))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
