"""What an API client sends as JSON: any value, or an object for routes that take forms as well."""

import json
from typing import Annotated

from fastapi import Depends, Request

from studio.errors import Invalid
from world_builder.frozen import Json
from world_builder.validation import Problem


async def read_json(request: Request) -> object:
    """The JSON value of the request. Raises Invalid when it is none, or cannot be stored."""
    try:
        body: object = await request.json()
        json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        message, hint = "holds half of a surrogate pair", "send whole characters, as UTF-8"
        raise Invalid((Problem(path="body", message=message, hint=hint),)) from None
    except RecursionError:
        raise Invalid(
            (Problem(path="body", message="is nested too deeply", hint="send flatter data"),)
        ) from None
    except ValueError as error:
        raise Invalid(
            (Problem(path="body", message=f"is not JSON: {error}", hint="send one JSON value"),)
        ) from None
    return body


async def _json_body(request: Request) -> dict[str, Json] | None:
    if not request.headers.get("content-type", "").startswith("application/json"):
        return None
    body = await read_json(request)
    if not isinstance(body, dict):
        raise Invalid((Problem(path="body", message="must be a JSON object", hint="send {...}"),))
    return body


JsonBody = Annotated[dict[str, Json] | None, Depends(_json_body)]
"""The JSON object of the request; None when it brings a form or nothing."""
