"""The kinds of a version in words, so that none is taken for another."""

from collections.abc import Mapping
from typing import Any

KINDS = {
    "entry": "entry",
    "late_entry": "late entry",
    "taking": "corrected during taking",
    "amendment": "amendment",
    "restated": "restated by its source",
    "plan": "plan",
}
_PLANS = {
    "planned": "absence planned",
    "changed": "plan changed before the register was taken",
    "withdrawn": "plan withdrawn before the register was taken",
}


def what(row: Mapping[str, Any], source: str | None) -> str:
    """Return what a version is, and which system states it where it was imported.

    A late entry says how late; a correction during taking is no amendment.
    """
    words = _PLANS.get(row.get("step") or "", KINDS[row["kind"]])
    if source is None:
        return words
    return (
        f"{words} ({source})" if row["kind"] == "restated" else f"{words}, as stated by {source}"
    )
