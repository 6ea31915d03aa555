"""The JSON object that an API client sends, for routes that take forms as well."""

from typing import Annotated

from fastapi import Depends, Request

from studio.errors import Invalid
from world_builder.frozen import Json
from world_builder.validation import Problem


async def _json_body(request: Request) -> dict[str, Json] | None:
    if not request.headers.get("content-type", "").startswith("application/json"):
        return None
    try:
        body = await request.json()
    except ValueError as error:
        raise Invalid((Problem(path="body", message=f"is not JSON: {error}"),)) from None
    if not isinstance(body, dict):
        raise Invalid((Problem(path="body", message="must be a JSON object"),))
    return body


JsonBody = Annotated[dict[str, Json] | None, Depends(_json_body)]
"""The JSON object of the request; None when it brings a form or nothing."""
