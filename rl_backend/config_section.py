"""What every part of a run's configuration is made of."""

from __future__ import annotations

from pydantic import ConfigDict, ValidationError, ValidatorFunctionWrapHandler, field_validator

from world_builder.frozen import Frozen

NONE = "none"


class Section(Frozen):
    """A part of the configuration; its field texts are the help shown to people.

    TOML has no None: the text `none` is one wherever a setting may be None, else a text.
    """

    model_config = ConfigDict(use_attribute_docstrings=True)

    @field_validator("*", mode="wrap")
    @classmethod
    def _none_where_it_may_be(cls, value: object, handler: ValidatorFunctionWrapHandler) -> object:
        if not isinstance(value, str) or value.lower() != NONE:
            return handler(value)
        try:
            return handler(None)
        except ValidationError:
            return handler(value)
