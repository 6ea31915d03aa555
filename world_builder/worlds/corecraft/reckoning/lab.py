"""The builds on the bench: who has what, what is due, what is overdue."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from world_builder.worlds.corecraft.company import Build, Company, Employee

LAB_STATUSES = ("assembling", "testing")
"""A build in the lab is being put together or tested; an ordered one still waits."""

_ABSENCE = re.compile(r"until (\d{4}-\d\d-\d\d); (.+) covers")


def days_left(company: Company, build: Build) -> int:
    """Days until a build is due; negative when it is overdue. Raises ValueError without a day."""
    if build.due_on is None:
        raise ValueError(f"{build.id} has no due day")
    return (build.due_on - company.now.date()).days


def lab_builds(company: Company, technician_id: str | None = None) -> list[Build]:
    """The builds in the lab, those due first in front; of one technician unless None."""
    found = [
        build
        for build in company.builds
        if build.status in LAB_STATUSES and technician_id in (None, build.technician_id)
    ]
    return sorted(found, key=lambda build: (days_left(company, build), build.id))


def technicians(company: Company, *, at_work: bool = False) -> list[Employee]:
    """Everybody who builds and works here; only those who are not away if `at_work`."""
    return [
        employee
        for employee in company.employees
        if employee.role == "technician"
        and employee.is_active
        and not (at_work and employee.out_of_office)
    ]


def away_until(employee: Employee) -> date:
    """The last day of an absence. Raises ValueError when there is none."""
    return date.fromisoformat(_absence(employee)[1])


def cover_of(employee: Employee) -> str:
    """The name of whoever covers an absence. Raises ValueError when there is none."""
    return _absence(employee)[2]


def _absence(employee: Employee) -> re.Match[str]:
    found = _ABSENCE.search(employee.out_of_office or "")
    if found is None:
        raise ValueError(f"{employee.name} is not away")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a technician has in the lab, and who else could take more."""

    technician: Employee
    builds: Sequence[Build]
    """The technician's builds in the lab, those due first in front."""
    today: date
    until: date
    """The last day that counts as soon."""
    num_by_name: dict[str, int]
    """Builds that count, of everybody who builds and is at work."""
    away: Sequence[Employee]

    @property
    def overdue(self) -> list[str]:
        return [b.id for b in self.builds if b.due_on and b.due_on < self.today]

    @property
    def due_soon(self) -> list[str]:
        return [b.id for b in self.builds if b.due_on and self.today <= b.due_on <= self.until]

    @property
    def num_fewest(self) -> int:
        return min(self.num_by_name.values())

    @property
    def fewest(self) -> list[str]:
        """Names of those who have the fewest."""
        return [name for name, num in self.num_by_name.items() if num == self.num_fewest]


def load_of(
    company: Company, technician: Employee, days: int, statuses: Sequence[str] = LAB_STATUSES
) -> Load:
    """The load of a technician; soon is within so many days, the fewest go by the statuses."""
    today = company.now.date()
    builds = lab_builds(company)
    return Load(
        technician=technician,
        builds=[build for build in builds if build.technician_id == technician.id],
        today=today,
        until=today + timedelta(days=days),
        num_by_name={
            employee.name: sum(
                b.technician_id == employee.id and b.status in statuses for b in builds
            )
            for employee in technicians(company, at_work=True)
        },
        away=[employee for employee in technicians(company) if employee.out_of_office],
    )
