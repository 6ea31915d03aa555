"""From an expert's scenario to many grounded tasks.

An author writes a `Scenario` once: phrasings, a query for its cases, and a program that solves a
case with real tool calls. `expand` turns scenarios into tasks with prompts in many voices, exact
rubrics and leakage-free splits. Source: paper section 6 (expert cores, synthetic variations).
"""

from world_builder.templates.desk import Desk, ReferenceRefused, Session
from world_builder.templates.expansion import SplitSizes, expand
from world_builder.templates.scenario import Draft, Scenario, TemplateError
from world_builder.templates.voices import VOICES, Requester, Voice

__all__ = [
    "VOICES",
    "Desk",
    "Draft",
    "ReferenceRefused",
    "Requester",
    "Scenario",
    "Session",
    "SplitSizes",
    "TemplateError",
    "Voice",
    "expand",
]
