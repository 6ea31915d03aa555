"""Voices: who asks sounds like herself, and a world may bring voices of its own."""

from dataclasses import replace
from random import Random

from world_builder.templates import VOICES, Requester, Voice
from world_builder.templates.voices import prompt_of

PATIENT = Voice(
    name="patient",
    openings=("Good morning,",),
    identities=("My name is {name}.",),
    is_signed=False,
    closings=("",),
)
ADA = Requester(name="Ada Byron", role="front desk", seed="ada")


def prompt(seed: int, requester: Requester | None, voices: tuple[Voice, ...] = VOICES) -> str:
    slots = {"day": "November 3"}
    return prompt_of("When on {day} am I due?", (), slots, requester, Random(seed), voices)


def test_a_world_may_bring_its_own_voices() -> None:
    told = {prompt(seed, ADA, (PATIENT,)) for seed in range(5)}
    assert told == {"Good morning, My name is Ada Byron. When on November 3 am I due?"}


def test_facts_are_never_misspelt_and_one_person_keeps_one_voice() -> None:
    told = [prompt(seed, ADA) for seed in range(40)]
    assert all("November 3" in text and "Ada" in text for text in told)
    assert len({text.isupper() or text == text.lower() for text in told}) == 1


def test_a_request_without_a_name_may_come_in_any_voice() -> None:
    told = {prompt(seed, None) for seed in range(60)}
    assert len(told) > 5
    assert not any("Ada" in text for text in told)


def test_parts_on_one_line_end_before_the_next_begins() -> None:
    plain = replace(PATIENT, closings=("thanks",), detail_share=1.0)
    told = prompt_of("mail it today", ("she is kind",), {}, ADA, Random(0), (plain,))
    assert told == "Good morning, My name is Ada Byron. mail it today. she is kind. thanks"
