"""Logs: one line per source and one per run, on stderr, for people or as JSON."""

from __future__ import annotations

import logging
import sys
from typing import Literal, TextIO

import structlog
import structlog.tracebacks


def configure(
    format: Literal["text", "json"], *, verbose: bool, stream: TextIO | None = None
) -> None:
    """Send this program's log lines to a stream; stdout stays for data.

    Args:
        format: lines for people, or one JSON object a line.
        verbose: also what went well; otherwise warnings and errors alone. JSON is always verbose,
            because a machine reads it.
        stream: stderr unless given.
    """
    level = logging.INFO if verbose or format == "json" else logging.WARNING
    out = stream or sys.stderr
    shown: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="%Y-%m-%dT%H:%M:%SZ", utc=True),
    ]
    # Tracebacks without local variables: those may hold answers and credentials.
    if format == "json":
        trace = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        shown += [
            structlog.processors.ExceptionRenderer(trace),
            structlog.processors.JSONRenderer(),
        ]
    else:
        if not verbose:
            shown.append(_without_traceback)
        plain = structlog.dev.plain_traceback
        shown.append(structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=plain))
    structlog.configure(
        processors=shown,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )


def _without_traceback(
    logger: object, method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """A traceback is for whoever asked for more than what a user needs."""
    event.pop("exc_info", None)
    return event
