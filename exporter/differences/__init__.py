"""What differs between two worlds, down to the field: added, removed and changed things, each with
the version bump it calls for.

`versioning` has the rule; `compare` finds which things differ, `details` what differs inside one,
`wording` shows how a text changed; `telling` writes them for a terminal, `notes` as a draft of
release notes.
"""

from exporter.differences.compare import compare
from exporter.differences.details import details
from exporter.differences.types import (
    CriterionChange,
    Details,
    Differences,
    FieldChange,
    How,
    ItemChange,
    PartCount,
)

__all__ = [
    "CriterionChange",
    "Details",
    "Differences",
    "FieldChange",
    "How",
    "ItemChange",
    "PartCount",
    "compare",
    "details",
]
