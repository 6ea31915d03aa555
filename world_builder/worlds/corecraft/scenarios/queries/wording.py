"""What the scenarios on the generic surface share: look-ups by query."""

from world_builder.frozen import Json
from world_builder.templates import Session
from world_builder.worlds.corecraft.company import Employee


def queried_employee(session: Session, employee: Employee) -> str:
    """The id of an employee, looked up by name; raises LookupError when it is not shown."""
    found = session.call("search_records", type="employee", text=employee.name)["results"]
    return only(found, employee.id)


def only(rows: Json, wanted: str) -> str:
    """The id, once it is sure that the rows show it. Raises LookupError."""
    shown = [row["id"] for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    if wanted not in shown:
        raise LookupError(f"{wanted} is not among {shown}")
    return wanted
