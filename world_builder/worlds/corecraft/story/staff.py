"""Who works here, written by hand: teams, managers, limits, who left and who is away."""

from datetime import date, timedelta

from world_builder.worlds.corecraft.company import Employee
from world_builder.worlds.corecraft.rules import REFUND_LIMIT_CENTS

_PEOPLE = (
    # name, team, role, job title, number of the manager (0: none)
    ("Marguerite Haldane", "support", "manager", "Head of Customer Care", 0),
    ("Desmond Okonkwo", "support", "team_lead", "Support Team Lead", 1),
    ("Priya Ramaswamy", "support", "team_lead", "Support Team Lead, evenings", 1),
    ("Jonas Lindqvist", "support", "senior_agent", "Senior Support Agent", 2),
    ("Carmen Escarra", "support", "senior_agent", "Senior Support Agent", 2),
    ("Hollis Redfern", "support", "agent", "Support Agent", 2),
    ("Nadia Farouk", "support", "agent", "Support Agent", 2),
    ("Theo Merriweather", "support", "agent", "Support Agent", 2),
    ("Keiko Nakagawa", "support", "agent", "Support Agent", 3),
    ("Milo Brannigan", "support", "agent", "Support Agent", 3),
    ("Zora Adeyemi", "support", "agent", "Support Agent", 3),
    ("Dana Whitlock", "returns", "manager", "Returns Manager", 1),
    ("Ravi Mukherjee", "returns", "team_lead", "Returns Desk Lead", 12),
    ("Fiona Corrigan", "returns", "senior_agent", "Senior Returns Agent", 13),
    ("Emeka Obuya", "returns", "senior_agent", "Senior Returns Agent", 13),
    ("Tessa Blomqvist", "returns", "agent", "Returns Agent", 13),
    ("Arlo Dunmore", "returns", "agent", "Returns Agent", 13),
    ("Simone Toussaint", "returns", "agent", "Returns Agent", 13),
    ("Gareth Penhale", "returns", "agent", "Returns Agent", 13),
    ("Astrid Solberg", "builds", "manager", "Build Lab Manager", 0),
    ("Kofi Mbeki", "builds", "team_lead", "Lead Technician", 20),
    ("Soren Dalgaard", "builds", "technician", "System Builder", 21),
    ("Ines Carrasco", "builds", "technician", "System Builder", 21),
    ("Wesley Barlow", "builds", "technician", "System Builder", 21),
    ("Mei Huang", "builds", "technician", "System Builder", 21),
    ("Jude Castellan", "builds", "specialist", "Build Advisor", 20),
    ("Victor Marchetti", "warehouse", "manager", "Warehouse Manager", 0),
    ("Latoya Galloway", "warehouse", "team_lead", "Shipping Lead", 27),
    ("Enrique Sandoval", "warehouse", "specialist", "Inventory Controller", 28),
    ("Bridget Mahoney", "warehouse", "specialist", "Carrier Coordinator", 28),
    ("Oscar Jablonski", "warehouse", "specialist", "Receiving Clerk", 28),
    ("Clara Eberhardt", "billing", "manager", "Billing Manager", 0),
    ("Nate Pickering", "billing", "team_lead", "Payments Lead", 32),
    ("Salma Shirazi", "billing", "specialist", "Disputes Specialist", 33),
    ("Antonio Grimaldi", "billing", "specialist", "Billing Specialist", 33),
    ("Rosalind Thackeray", "escalations", "manager", "Escalations Manager", 1),
    ("Ibrahim Khoury", "escalations", "team_lead", "Escalations Lead", 36),
    ("Sabine Achterberg", "escalations", "senior_agent", "Escalations Agent", 37),
    ("Darius Vandermeer", "escalations", "senior_agent", "Safety Officer", 37),
    ("Helena Montrose", "product", "manager", "Catalogue Manager", 0),
    ("Sunil Ghosh", "product", "team_lead", "Knowledge Base Editor", 40),
    ("Paloma Ibarra", "product", "specialist", "Product Specialist", 40),
    ("Felix Osterman", "product", "specialist", "Compatibility Analyst", 40),
    ("Dana Becerra", "support", "agent", "Support Agent", 2),
    ("Percy Oldfield", "support", "agent", "Support Agent", 3),
    ("Yara Zapata", "returns", "agent", "Returns Agent", 13),
    ("Lionel Garrow", "support", "senior_agent", "Senior Support Agent", 3),
    ("Tamara Novak", "builds", "technician", "System Builder", 21),
)
SUPPORT_LEAD, RETURNS_LEAD, BUILDS_LEAD = "emp-002", "emp-013", "emp-021"
SHIPPING_LEAD, PAYMENTS_LEAD, ESCALATIONS_LEAD = "emp-028", "emp-033", "emp-037"
SAFETY_OFFICER, EDITOR, CATALOGUE_MANAGER = "emp-039", "emp-041", "emp-040"
LEADS = {
    "support": SUPPORT_LEAD,
    "returns": RETURNS_LEAD,
    "builds": BUILDS_LEAD,
    "warehouse": SHIPPING_LEAD,
    "billing": PAYMENTS_LEAD,
    "escalations": ESCALATIONS_LEAD,
    "product": EDITOR,
}
_LEFT = {45: date(2025, 6, 27), 46: date(2025, 8, 22), 47: date(2025, 9, 5)}
"""Last days of people who no longer work here, though old tickets still carry their names."""
_AWAY = {
    5: (date(2025, 9, 8), "Away until 2025-09-22; Jonas Lindqvist covers."),
    14: (date(2025, 7, 7), "Parental leave until 2026-01-05; Emeka Obuya covers."),
    24: (date(2025, 9, 3), "Away until 2025-09-17; Soren Dalgaard covers."),
    38: (date(2025, 9, 12), "Training until 2025-09-19; Ibrahim Khoury covers."),
}
"""First days of absences that last until after now, and what the calendar says."""


def build_staff() -> tuple[Employee, ...]:
    """Everybody, in the order of ids."""
    return tuple(_employee(i, *person) for i, person in enumerate(_PEOPLE, 1))


def was_at_work(employee: Employee, day: date) -> bool:
    """Whether somebody worked here and was not away on a day."""
    number = int(employee.id.removeprefix("emp-"))
    away_from, _ = _AWAY.get(number, (None, ""))
    left_on = _LEFT.get(number)
    return (
        employee.hired_on <= day
        and (left_on is None or day <= left_on)
        and (away_from is None or day < away_from)
    )


def at_work_or_lead(employee: Employee, day: date) -> str:
    """The id of somebody, or of the lead who steps in on a day when they are not at work."""
    return employee.id if was_at_work(employee, day) else LEADS[employee.team]


def _employee(
    number: int, name: str, team: str, role: str, job_title: str, manager: int
) -> Employee:
    first, last = name.lower().split()
    return Employee(
        id=f"emp-{number:03}",
        name=name,
        email=f"{first}.{last}@corecraft.example",
        slack_handle=f"@{first}.{last[0]}",
        job_title=job_title,
        team=team,
        role=role,
        refund_limit_cents=REFUND_LIMIT_CENTS[role],
        manager_id=f"emp-{manager:03}" if manager else None,
        hired_on=date(2018, 3, 5) + timedelta(days=(number * 97) % 2050),
        is_active=number not in _LEFT,
        out_of_office=_AWAY[number][1] if number in _AWAY else None,
    )
