"""Loggers of loguru: like those of logging, the one of the process that they arrive in.

Takes apart: options: what a logger was bound to, its patchers, depth and the rest. Travels as: wire.loguru_logger.
Keeps: these. Loses: sinks, which belong to a process.
"""

from __future__ import annotations

from typing import Any

from pickleloaf.reducers._dump import Dump
from pickleloaf.wire import verb


def reduce_logger(logger: Any, dump: Dump) -> Any:
    return rebuild_loguru_logger, logger._options


@verb
def rebuild_loguru_logger(*options: Any) -> Any:
    """Make a logger with some options on the sinks of this process."""
    from loguru import logger

    return logger if options == logger._options else type(logger)(logger._core, *options)
