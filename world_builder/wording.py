"""Counts and names as people write them.

For messages, command lines and pages alike. It knows no world.
"""


def counted(num: int, noun: str, plural: str = "") -> str:
    """A count with its noun.

    >>> counted(1, "problem"), counted(1200, "problem"), counted(2, "entity", "entities")
    ('1 problem', '1,200 problems', '2 entities')
    """
    return f"{num:,} {noun if num == 1 else plural or noun + 's'}"


def words(name: str) -> str:
    """A name of the code as words.

    >>> words("held_out"), words("multi_step_workflow")
    ('held out', 'multi-step workflow')
    """
    return name.replace("multi_step", "multi-step").replace("_", " ")
