"""What a dry run prints: on one page, how many jobs of each rule would run, and why.

Snakemake's own `--quiet rules` would do the same, but in a profile it would also hide the errors of real runs.
"""

import logging

from snakemake_interface_logger_plugins.common import LogEvent


class Page(logging.Filter):
    """Of what Snakemake logs, everything but a paragraph for each job and the second table of counts."""

    def __init__(self) -> None:
        super().__init__()
        self._counted = False

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is shown."""
        event = getattr(record, "event", None)
        if event == LogEvent.RUN_INFO:
            self._counted, again = True, self._counted
            return not again
        return event not in (LogEvent.JOB_INFO, LogEvent.SHELLCMD)
