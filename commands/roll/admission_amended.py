"""Amendments of a record that is stated whole: each detail with reg 6(1)'s five and the title."""

from collections.abc import Mapping
from typing import Any

from commands.core.command import Author
from ledger.errors import Refused
from ledger.events.amending import AdmissionAmended
from ledger.store.store import Fact


def amendments(
    stream: str,
    author: Author,
    reason: str | None,
    changed: tuple[Mapping[str, Any], Mapping[str, Any]],
) -> list[Fact]:
    """Return one amendment for each detail that differs (SI 2024/208 reg 6(1), reg 8(7)).

    ``changed``: the record as it was and as it is to be; nothing was: a first recording, which
    amends nothing. Refused without a reason.
    """
    before, after = changed
    names = [n for n in after if after[n] != before.get(n)] if before else []
    why = (reason or "").strip()
    if names and not why:
        words = ", ".join(name.replace("_", " ") for name in names)
        raise Refused(
            "reason-missing",
            f"this changes what the admission register says ({words}), and no reason is given",
            "say why with --reason",
        )
    return [
        Fact(
            stream,
            AdmissionAmended(
                field=name,
                original=_text(before.get(name)),
                amended=_text(after[name]),
                reason=why,
                by=author.staff_id,
                name=author.name,
                job_title=author.job_title,
            ),
        )
        for name in names
    ]


def _text(value: object) -> str | None:
    return None if value is None else str(value)
