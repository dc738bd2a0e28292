"""Log lines as JSON objects, one a line, with nothing in them that a sender wrote.

A request's line has its route's template, status and time: no path, query, header or body. An error that nobody foresaw
is told by its class and its places in the code; its text is left out, for it could hold anything.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any

LOGGER = "zkmargin.service"
FIELDS = "fields"
MAX_FRAMES = 12


class JsonLines(logging.Formatter):
    """`logger.info("request", extra={"fields": {...}})` becomes one object."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **getattr(record, FIELDS, {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = type(record.exc_info[1]).__name__
            frames = traceback.extract_tb(record.exc_info[2])[-MAX_FRAMES:]
            line["places"] = [f"{frame.filename}:{frame.lineno}" for frame in frames]
        return json.dumps(line)


def log_to_stderr(level: str = "INFO") -> None:
    """Send the service's log and its server's to stderr as JSON lines, once for the process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    for name in (LOGGER, "uvicorn", "uvicorn.error", "asyncio"):
        logger = logging.getLogger(name)
        logger.handlers = [handler] if name not in ("uvicorn.error",) else []
        logger.setLevel(level)
        logger.propagate = name == "uvicorn.error"
