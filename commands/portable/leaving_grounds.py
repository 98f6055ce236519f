"""The grounds on which a name may be deleted from the roll, and whether a letter is one."""

import re
import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from ledger.errors import Refused

_FILE = Path(__file__).with_name("leaving_grounds.toml")
_WRITTEN = re.compile(r"(?:(?:reg(?:ulation)?\.? *)?\d+(?:\(\d+\))?)? *\(?([A-Za-z])\)?")


@cache
def _grounds() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads(_FILE.read_text("utf-8"))["grounds"]
    return found


def fault(ground: str, leaves_on: date) -> Refused | None:
    """Return what is wrong with the stated ground of a deletion on a day, if anything.

    A letter may be written alone, in brackets or with its regulation: f, (f), 9(1)(f). No ground
    at all is a gap in what the source says, not a fact that the law would not allow.
    """
    known = max(
        (each for each in _grounds() if each["from"] <= leaves_on), key=lambda each: each["from"]
    )
    written = _WRITTEN.fullmatch(ground)
    if not ground or (written and written[1].lower() in known["letters"]):
        return None
    return Refused(
        "ground-unknown",
        f"{ground!r} is no ground for leaving on {leaves_on} ({known['reference']})",
        f"use one of the letters {' '.join(known['letters'])}",
    )
