"""TOML as people write it: what only a program would write is refused before it costs much."""

import re
import tomllib
from tomllib import TOMLDecodeError
from typing import Any

_MOST_PARTS = 100
_PART = r"""(?:[A-Za-z0-9_-]++|"[^"\n]*+"|'[^'\n]*+')"""
_TOO_LONG = re.compile(rf"(?<![A-Za-z0-9_-]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{_MOST_PARTS}}}")


def read_toml(text: str) -> dict[str, Any]:
    """Return the tables of a text; raises `TOMLDecodeError`: where it is wrong, and how."""
    if found := _TOO_LONG.search(text):
        line = text.count("\n", 0, found.start()) + 1
        message = f"a name of more than {_MOST_PARTS} parts (at line {line}, column 1)"
        raise TOMLDecodeError(message)
    try:
        return tomllib.loads(text)
    except TOMLDecodeError:
        raise
    except ValueError:
        message = "a number of more digits than can be read"
        raise TOMLDecodeError(message) from None
    except RecursionError:
        message = "lists or tables nested too deeply"
        raise TOMLDecodeError(message) from None
