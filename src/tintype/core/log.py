"""Structured logs on stderr: JSON lines, or colours on a terminal.

Only named fields are logged. Bodies, prompts, headers, cookies, keys and query strings never are. A
fault's own message may quote any of them (a database driver names the value it could not bind), so
neither our lines nor those of libraries show it: a fault is told by its kinds and places.
"""

import logging
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, cast

import structlog

_FRAMES_MAX: Final = 12
_FOREIGN_CHARACTERS_MAX: Final = 200


def configure(level: str, style: str) -> None:
    """Set up logging for this process; `style` is "json", "console" or "auto" (by terminal).

    Libraries are heard from "warning" on, whatever `level` says.
    """
    console = style == "console" or (style == "auto" and sys.stderr.isatty())
    number = logging.getLevelNamesMapping()[level.upper()]
    processors: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_message,
        structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer(),
    ]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Foreign(processors[-1]))
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler])


def where(fault: BaseException | None) -> str | None:
    """Kind and place of a fault, without its message: that may quote a prompt or a key."""
    if fault is None:
        return None
    frames = traceback.extract_tb(fault.__traceback__)
    at = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(fault).__name__}{at}"


def get(name: str) -> structlog.typing.FilteringBoundLogger:
    return cast("structlog.typing.FilteringBoundLogger", structlog.get_logger(source=name))


def told(fault: BaseException) -> list[str]:
    """A fault and its causes as kinds and places, the outermost first, without any message."""
    lines: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = fault
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        lines.append(type(current).__qualname__)
        lines += [
            f"  {Path(frame.filename).name}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(current.__traceback__)[-_FRAMES_MAX:]
        ]
        current = current.__cause__ or (
            None if current.__suppress_context__ else current.__context__
        )
    return lines


def _without_message(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Put kinds and places of `exc_info` in its stead."""
    given = event.pop("exc_info", None)
    fault = sys.exc_info()[1] if given is True else given
    if isinstance(fault, tuple):
        fault = fault[1]
    if isinstance(fault, BaseException):
        event["trace"] = told(fault)
    return event


class _Foreign(logging.Formatter):
    """Lines of libraries, in our form: the first line of what they say, and where it failed."""

    def __init__(self, render: structlog.types.Processor) -> None:
        super().__init__()
        self._render = render

    def format(self, record: logging.LogRecord) -> str:
        fields: structlog.typing.EventDict = {
            "source": record.name,
            "event": record.getMessage().partition("\n")[0][:_FOREIGN_CHARACTERS_MAX],
            "level": record.levelname.lower(),
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
        }
        if record.exc_info and record.exc_info[1] is not None:
            fields["trace"] = told(record.exc_info[1])
        return str(self._render(None, record.levelname.lower(), fields))
