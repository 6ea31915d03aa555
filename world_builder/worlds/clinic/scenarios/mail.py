"""What the letters of several scenarios share: the sender, and visits to write about."""

from random import Random

from world_builder.worlds.clinic import rules
from world_builder.worlds.clinic.model import Appointment, Practice
from world_builder.worlds.clinic.scenarios.common import (
    is_child,
    is_only_name,
)

SENDER = "Fernhill Clinic"
CLOSING = f"Kind regards,\n{SENDER}"


def booked_ahead(practice: Practice, rng: Random) -> list[Appointment]:
    """Visits ahead of grown-up patients whose name nobody shares, in random order."""
    found_visits = [
        a
        for a in practice.appointments
        if a.status == "booked"
        and a.day > rules.TODAY
        and is_only_name(practice, practice.patient(a.patient_id))
        and not is_child(practice.patient(a.patient_id))
    ]
    rng.shuffle(found_visits)
    return found_visits
