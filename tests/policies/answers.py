"""Readable cases, and what a rule answers in the form in which they expect it."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ledger.errors import Refused

_CASES = Path(__file__).parents[2] / "fixtures" / "cases"


def cases(name: str) -> list[dict[str, Any]]:
    """Return the cases of a file, ``topic/name``."""
    found: list[dict[str, Any]] = tomllib.loads((_CASES / f"{name}.toml").read_text("utf-8"))[
        "case"
    ]
    return found


def answered(ask: Callable[[], Any], *, in_full: bool = False) -> Any:
    """Return the answer, or the code of the refusal; ``in_full``: with its words."""
    try:
        return ask()
    except Refused as refused:
        words = {"what": refused.what, "remedy": refused.remedy} if in_full else {}
        return {"refused": refused.code, **words}
