"""Waiting for another writer in short steps, so that Ctrl-C is heard between them."""

import sqlite3
from collections.abc import Callable
from time import monotonic
from typing import Any

LOCK_TIMEOUT_SECONDS = 120
_STEP_MILLISECONDS = 250


def begin_immediate(execute: Callable[[str], Any], timeout: float | None = None) -> None:
    """Begin a write transaction, waiting for other writers: ``timeout`` seconds, else two minutes.

    SQLite waits in C, where no signal is handled, so it is asked to wait a little, many times.
    Raises `sqlite3.OperationalError` (locked) when the time is over.
    """
    until = monotonic() + (LOCK_TIMEOUT_SECONDS if timeout is None else timeout)
    execute(f"PRAGMA busy_timeout={_STEP_MILLISECONDS}")
    try:
        while True:
            try:
                execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or monotonic() >= until:
                    raise
            else:
                return
    finally:
        execute(f"PRAGMA busy_timeout={int(1000 * LOCK_TIMEOUT_SECONDS)}")
