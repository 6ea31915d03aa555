"""The builds on the bench: who has what, what is due, what is overdue."""

from world_builder.worlds.corecraft.company import Build, Company, Employee

LAB_STATUSES = ("assembling", "testing")
"""A build in the lab is being put together or tested; an ordered one still waits."""


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
