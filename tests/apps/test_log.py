"""Lines of the log: one JSON object each, whatever a message holds."""

from __future__ import annotations

import json
import logging
import sys

from apps.api.log import JsonLines


def record(message: str, *arguments: object, failed: bool = False) -> logging.LogRecord:
    return logging.LogRecord("a.b", logging.ERROR, __file__, 1, message, arguments, sys.exc_info() if failed else None)


def test_a_traceback_stays_in_its_line() -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError:
        line = JsonLines().format(record("broken", failed=True))
    told = json.loads(line)
    assert "\n" not in line and told["exception"].endswith("ValueError: two\nlines")


def test_what_a_message_is_given_by_name_is_a_field() -> None:
    told = json.loads(JsonLines().format(record("%(path)s %(status)s", {"path": "/é\n", "status": 200})))
    assert (told["message"], told["path"], told["status"]) == ("/é\n 200", "/é\n", 200)
    assert (told["level"], told["logger"]) == ("ERROR", "a.b")


def test_a_message_with_values_in_their_order_is_a_text() -> None:
    told = json.loads(JsonLines().format(record("%s of %s", 1, 2)))
    assert told["message"] == "1 of 2" and set(told) == {"at", "level", "logger", "message"}
