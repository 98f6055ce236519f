"""Where in a TOML file something stands: the parser says so only of what it cannot parse."""

import re
from itertools import takewhile

_HEADER = re.compile(r"\s*\[\[?\s*([\w-]+)\s*\]\]?")
_AT_LINE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


class Lines:
    """Finds the lines of tables and keys; 0 where one is written in a way not looked for."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()
        self._headers: list[tuple[int, str]] = []
        for line, content in enumerate(self._lines, start=1):
            if found := _HEADER.match(content):
                self._headers.append((line, found[1]))

    def table(self, name: str, index: int = 0) -> int:
        """Return the line of the header of a table, of an array's ``index``-th."""
        found = [line for line, header in self._headers if header == name]
        return found[index] if index < len(found) else 0

    def key(self, key: str, after: int = 0) -> int:
        """Return the line of a key in the table that begins at line ``after``, else ``after``."""
        lines = enumerate(self._lines[after:], start=after + 1)
        table = takewhile(lambda numbered: not _HEADER.match(numbered[1]), lines)
        found = (line for line, text in table if re.match(rf"\s*{re.escape(key)}\b", text))
        return next(found, after or self.table(key))


def place(error: str, text: str) -> tuple[int, str]:
    """Split a parser's message into the line that it names and what it says."""
    line = _AT_LINE.search(error)
    last = len(text.splitlines())
    return int(line[1]) if line and line[1] else last, _AT_LINE.sub("", error)
