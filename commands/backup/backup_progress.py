"""How far a back-up is, in one line on a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show a percentage on a terminal, nothing elsewhere; the line is gone afterwards."""
    if not sys.stderr.isatty():
        yield lambda _done, _all: None
        return
    last = ""

    def show(done: int, whole: int) -> None:
        nonlocal last
        line = f"\r{what} {100 * done // max(whole, 1)} %   "
        if line != last:
            sys.stderr.write(line)
            sys.stderr.flush()
            last = line

    try:
        yield show
    finally:
        sys.stderr.write("\r" + " " * len(last) + "\r")
