"""Structured logs: JSON lines, or colours on a terminal.

Only named fields are logged. Bodies, prompts, headers, cookies, keys and query strings never are.
"""

import logging
import sys
import traceback
from pathlib import Path
from typing import cast

import structlog


def configure(level: str, style: str) -> None:
    """Set up logging once per process; `style` is "json", "console" or "auto" (by terminal)."""
    console = style == "console" or (style == "auto" and sys.stderr.isatty())
    processors: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if console:
        processors.append(structlog.dev.ConsoleRenderer())
    else:
        processors += [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ]
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=max(number, logging.WARNING), stream=sys.stderr, format="%(message)s")


def where(fault: BaseException | None) -> str | None:
    """Kind and place of a fault, without its message: that may quote a prompt or a key."""
    if fault is None:
        return None
    frames = traceback.extract_tb(fault.__traceback__)
    at = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(fault).__name__}{at}"


def get(name: str) -> structlog.typing.FilteringBoundLogger:
    return cast("structlog.typing.FilteringBoundLogger", structlog.get_logger(source=name))
