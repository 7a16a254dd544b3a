"""What the bot's process logs: to stderr, quietly, and never a secret."""

from __future__ import annotations

import logging
import re
from typing import Any


def keep_out_of_logs(secret: str) -> None:
    """Replace `secret` in every log record of this process, whatever the logger, level or handler.

    Done where records are made, because handlers can be added later and filters are not inherited by loggers.
    """
    make = logging.getLogRecordFactory()
    parts = (secret, *(part for part in secret.split(":") if len(part) > 12))
    hidden = re.compile("|".join(map(re.escape, parts)))
    formatter = logging.Formatter()

    def make_redacted(*args: Any, **kwargs: Any) -> logging.LogRecord:  # noqa: ANN401
        record = make(*args, **kwargs)
        try:
            message = record.getMessage()
        except (TypeError, ValueError):  # logging reports such a mistake itself, with the arguments
            message = f"{record.msg} {record.args}"
        if record.exc_info and record.exc_info[0]:
            record.exc_text = hidden.sub("***", formatter.formatException(record.exc_info))
            record.exc_info = None
        record.msg, record.args = hidden.sub("***", message), None
        return record

    logging.setLogRecordFactory(make_redacted)


def log_quietly() -> None:
    """Log to stderr: of the libraries, which log each address and message, only warnings unless told otherwise before."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger(__package__).setLevel(logging.INFO)
