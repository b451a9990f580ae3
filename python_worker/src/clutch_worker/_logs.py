"""Log records to the supervisor: one escaped line each, written whole or dropped and counted, never waited for."""

from __future__ import annotations

import logging
import os
import re
import traceback

LINE_BYTES_MAX = 4096  # PIPE_BUF: a write of so much is atomic
# C0, DEL, C1 and the separators that terminals and line readers act upon.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def escape(text: str) -> str:
    """The text without any control character: `\\n`, `\\x1b`, a lone surrogate as `\\ud800`."""
    text = _CONTROL.sub(lambda match: _NAMED.get(match[0]) or f"\\x{ord(match[0]):02x}", text)
    return text.encode("utf-8", "backslashreplace").decode()


class PipeHandler(logging.Handler):
    """Writes to `fd`, made non-blocking. A full pipe drops the record; the next line that fits says how many."""

    def __init__(self, fd: int) -> None:
        super().__init__()
        os.set_blocking(fd, False)
        self._fd = fd
        self.dropped = 0

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = record.getMessage()
            if record.exc_info and record.exc_info[1] is not None:
                # Without locals, and never the cached exc_text of another handler's formatter.
                text += "\n" + "".join(traceback.format_exception(record.exc_info[1], limit=32)).rstrip()
            if record.stack_info:
                text += "\n" + record.stack_info
        except Exception as error:  # a bad format string, an argument whose __str__ raises
            text = f"a log record at {record.pathname}:{record.lineno} cannot be formatted: {type(error).__name__}"
        if self.dropped and self._write("WARNING", "clutch_worker", f"{self.dropped} log records were dropped"):
            self.dropped = 0
        if not self._write(record.levelname, record.name, text):
            self.dropped += 1

    def drop(self) -> None:
        """In a forked child, whose records are nobody's."""
        self._fd = -1

    def _write(self, level: str, name: str, text: str) -> bool:
        line = f"{escape(level)[:32]}\t{escape(name)[:256]}\t{escape(text)}".encode()
        if len(line) >= LINE_BYTES_MAX:
            line = line[: LINE_BYTES_MAX - 16].decode("utf-8", "ignore").encode() + " … (cut)".encode()
        try:
            os.write(self._fd, line + b"\n")
        except OSError:  # full, or nobody reads
            return False
        return True


def install(fd: int) -> PipeHandler:
    """Sends what is logged at INFO and above, and warnings, to the supervisor."""
    handler = PipeHandler(fd)
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.captureWarnings(True)
    return handler
