"""What is answered where a request cannot be honoured: one shape for every error."""

from __future__ import annotations

import logging

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from docstra_tui.engine.server.frames import as_json
from docstra_tui.engine.server.requests import OtherModel, TooLarge
from docstra_tui.error_forms import to_wire
from docstra_tui.errors import (
    ContextOverflow,
    EngineError,
    ModelError,
    ModelNotFound,
    RemoteError,
    UsageError,
)

logger = logging.getLogger(__name__)


async def refuse(request: Request, error: Exception) -> Response:
    """Any exception as `{error: {kind, message, hint, details, param, type, code}}`; the last two are
    OpenAI's."""
    if isinstance(error, TooLarge):
        status, wire = error.status_code, to_wire(error.error)
    elif isinstance(error, HTTPException):
        status = error.status_code
        wire = to_wire(RemoteError(error.detail) if status == 404 else UsageError(error.detail))
    else:
        wire = to_wire(error)
        status = _status(error)
        if isinstance(error, OtherModel):
            wire["kind"] = ModelNotFound.kind
        if status == 500:
            logger.error("a request failed", exc_info=error)
    wire |= {
        "param": getattr(error, "param", None),
        "type": "invalid_request_error" if status < 500 else "server_error",
        "code": wire["kind"],
    }
    return as_json({"error": wire}, status)


async def to_nobody(request: Request, error: Exception) -> Response:
    """The client is gone: whatever is answered, nobody reads it."""
    return Response(status_code=499)


def _status(error: Exception) -> int:
    if isinstance(error, OtherModel):
        return 404
    if isinstance(error, (ContextOverflow, UsageError)):
        return 400
    if isinstance(error, (ModelError, EngineError)):
        return 503
    return 500
