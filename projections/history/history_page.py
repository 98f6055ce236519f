"""The history of one session as a page: every version in full, nothing cut off."""

from datetime import date
from typing import Any, NamedTuple

from ledger.clock import local, parse_instant
from projections.history.beside import Beside, author, who
from projections.queries.history_words import what
from projections.queries.question import Lines, number_of
from projections.queries.view import View

_WIDTH = 17


class Told(NamedTuple):
    """The versions of some sessions as rows, what is held beside them, and more of each.

    ``more``: by position, the source system, batch and approval of a version.
    """

    rows: list[dict[str, Any]]
    held: Beside
    more: dict[int, dict[str, Any]]


def page(view: View, title: str, told: Told) -> Lines:
    """Return the versions of one session, each with reg 6(1)'s five where it is an amendment."""
    lines = [title, ""]
    for row in told.rows:
        lines += [*_version(view, row, told.more[row["position"]], told.held), ""]
    if not told.rows:
        lines += ["no mark and no plan is recorded for this session", ""]
    for row in told.held.uncounted:
        lines += [*_uncounted(row), ""]
    if not told.held.takings:
        lines += ["how this register was taken is not recorded", ""]
    return Lines(lines)


def _version(view: View, row: dict[str, Any], more: dict[str, Any], held: Beside) -> list[str]:
    stated = (
        _stands(view, row),
        ("Minutes late", None if row["minutes_late"] is None else str(row["minutes_late"])),
        ("Nature or cause", row["nature"]),
        ("Comment", row["comment"]),
        ("Reason", row["reason"] or _no_reason(row)),
        ("Date", _date(row, more["source"])),
        ("Name", _name(row)),
        ("Approved by", more["approved"]),
        *(("Evidence", _evidence(e)) for e in held.evidence if e["batch"] == more["batch"]),
        ("Recorded", _recorded(row, more["source"])),
    )
    lines = [f"Version {row['version']}: {what(row, more['source'])}"]
    was = row["replaced"]
    if was is not None:
        lines.append(_line("Original entry" if row["code"] else "Planned", _code(view, row, was)))
    return [*lines, *(_line(name, text) for name, text in stated if text)]


def _stands(view: View, row: dict[str, Any]) -> tuple[str, str | None]:
    name = "Entry" if row["replaced"] is None else "Amended entry"
    if row["kind"] == "plan":
        name = "Planned" if row["replaced"] is None else "Planned now"
    return name, None if row["code"] is None else _code(view, row, row["code"])


def _code(view: View, row: dict[str, Any], code: str) -> str:
    rule = view.rules.codes.find(code, date.fromisoformat(row["session"][:10]))
    return code if rule is None else f"{code}: {rule.description}"


def _no_reason(row: dict[str, Any]) -> str | None:
    return "not stated" if row["kind"] in ("amendment", "restated") else None


def _date(row: dict[str, Any], source: str | None) -> str:
    at = row.get("changed_at") or row["stated_at"] or (None if source else row["recorded_at"])
    if at is None:
        return "not stated by its source"
    days = row["late_by_school_days"]
    after = f" ({number_of(days, 'school day')} after the session)" if days else ""
    return f"{_long(at)}{after}"


def _long(text: str) -> str:
    at = local(parse_instant(text))
    return f"{at:%A} {at.day} {at:%B %Y, %H:%M}"


def _name(row: dict[str, Any]) -> str:
    by = row["by"]
    return "not stated" if by is None else f"{who(by)} ({by['authenticated']})"


def _recorded(row: dict[str, Any], source: str | None) -> str:
    how = f", imported from {source}" if source else ""
    return f"{_long(row['recorded_at'])}, as entry {row['position']} of this ledger{how}"


def _uncounted(row: dict[str, Any]) -> list[str]:
    """Return that the mark of a session stands and does not count, with what did it."""
    lines = [f"This mark stands but does not count: {row['words']}"]
    if row["position"] is None:
        return lines
    when = f"{_long(row['recorded_at'])}, as entry {row['position']} of this ledger"
    return [*lines, _line("Recorded", when), _line("By", author(row))]


def _evidence(given: dict[str, Any]) -> str:
    file = f"{given['file']}, SHA-256 {given['sha256']}" if given["file"] else ""
    kept = "a copy is kept" if given["copied"] else ""
    return "; ".join(filter(None, (given["note"], file, kept)))


def _line(name: str, text: str) -> str:
    first, *rest = text.splitlines() or [""]
    return "\n".join([f"    {name:<{_WIDTH}}{first}", *(" " * (4 + _WIDTH) + r for r in rest)])
