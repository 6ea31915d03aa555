"""Records of changed entities are valid when the whole record is."""

from random import Random

import pytest

from world_builder.frozen import Json
from world_builder.records import RecordValidator
from world_builder.worlds import build_world

_ODD: tuple[Json, ...] = (None, "", "x", "é", 0, -1, 2.0, True, [], ["x"], {}, "2025-09-15")


@pytest.mark.parametrize("world", ["tutorial", "clinic"])
def test_a_change_is_valid_when_the_whole_record_is(world: str) -> None:
    dice, built, verdicts = Random(5), build_world(world), []
    for entity_type in built.entity_types:
        validator = RecordValidator(entity_type)
        records = built.entities[entity_type.name]
        for _ in range(60):
            known, other = dice.choice(records), dice.choice(records)
            name = dice.choice(("id", "unknown", *(f.name for f in entity_type.fields)))
            changes = {name: dice.choice((*_ODD, other.get(name)))}
            verdicts.append(validator.is_valid({**known, **changes}))
            assert validator.is_valid_change(known, changes) is verdicts[-1], changes
    assert True in verdicts
    assert False in verdicts


def test_a_record_that_was_never_valid_is_looked_at_as_a_whole() -> None:
    built = build_world("tutorial")
    entity_type = built.entity_types[0]
    validator = RecordValidator(entity_type)
    known = built.entities[entity_type.name][0]
    broken = {**known, "unknown": 1}
    assert not validator.is_valid_change(broken, {"id": known["id"]})
    assert validator.is_valid_change(known, {"id": known["id"]})
