"""Every version of a pupil's marks, who changed them, why and when.

All sessions of a range are a table, one session is a page with SI 2024/208 reg 6(1)'s five of each
amendment.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Any, NamedTuple

from ledger.clock import local, parse_instant
from ledger.english import number_of, weekday
from ledger.values import parse_session
from projections.history.context import Context, approvers, author, context_of, moment, tables
from projections.queries.blocks import Block, Grid, Lines
from projections.queries.question import Answer, Question, argument
from projections.queries.versions import Describer, with_numbers
from projections.queries.view import View
from projections.queries.wording import by_in_words, version_in_words
from projections.readmodel.accessors.marks import Version, versions_of

_WIDTH = 17
COLUMNS = (
    "session",
    "version",
    "kind",
    "code",
    "replaced",
    "reason",
    "by_name",
    "by_job_title",
    "by_authenticated",
    "recorded_at",
    "stated_at",
    "late_by_school_days",
    "position",
    "step",
)
_NO_DETAILS = MappingProxyType({"source": None, "approved": None})


@dataclass(frozen=True, kw_only=True)
class History(Question):
    """attendance history: every version of a pupil's marks, who changed them, why and when.

    One pupil's marks with every change; all sessions of the range, or one.
    """

    who: str = argument("UPN or local id", metavar="PUPIL")
    session: str | None = argument("one session, 2026-11-20/AM", required=False)

    def answer(self, view: View) -> Answer:
        """Answer with every version known, and with what was recorded around them."""
        pupil = view.pupil_index(self.who)
        span = _span(self, view)
        found = _versions_asked(self, view, pupil)
        describer = Describer(view)
        rows = [describer.row(number, version) for number, version in with_numbers(found)]
        person = view.person(pupil)
        document: dict[str, Any] = {"as_of": view.as_of(), "upn": person.upn if person else None}
        document["rows"] = rows
        if view.knows_nothing:
            return Answer(
                {**document, "knows_nothing": True}, COLUMNS, [Lines([view.ignorance()])]
            )
        context = context_of(view, describer, pupil, found, span)
        details = _details(view, describer, found)
        document |= {
            **context._asdict(),
            "sources": _positions_by(details, "source"),
            "batches": _positions_by(details, "batch"),
        }
        title = f"{person.name} ({person.upn})" if person else self.who
        blocks = _blocks(self, view, title, Account(rows, context, details))
        return Answer(document, COLUMNS, blocks)


class Account(NamedTuple):
    """The versions of some sessions as rows, their context, and details that no row holds.

    ``details``: by position, the source system, batch and approval of a version.
    """

    rows: list[dict[str, Any]]
    context: Context
    details: dict[int, dict[str, Any]]


def _versions_asked(question: History, view: View, pupil: int) -> list[Version]:
    if question.session is None:
        return versions_of(view, [pupil], view.first, view.on)
    session = parse_session(question.session)
    found = versions_of(view, [pupil], session.date, session.date)
    return [version for version in found if version.session == str(session)]


def _span(question: History, view: View) -> tuple[str, str]:
    """Return the first and last session, as texts that bound those between."""
    if question.session is not None:
        session = str(parse_session(question.session))
        return session, session
    return view.first.isoformat(), f"{view.on.isoformat()}~"


def _details(view: View, describer: Describer, found: list[Version]) -> dict[int, dict[str, Any]]:
    """Return, by position, a version's source system, its batch, and who approved it."""
    approved = approvers(view)
    return {
        v.position: {
            "source": describer.source(v),
            "batch": v.batch,
            "approved": approved.get((v.pupil, v.session, v.batch)),
        }
        for v in found
    }


def _positions_by(details: dict[int, dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """Return each source or batch with the positions of its versions."""
    places: dict[str, list[int]] = {}
    for position, each in sorted(details.items()):
        if each[name] is not None:
            places.setdefault(each[name], []).append(position)
    return [{name: value, "positions": found} for value, found in places.items()]


def _blocks(question: History, view: View, title: str, account: Account) -> list[Block]:
    """Return the versions, then their context, then the provenance."""
    end = Lines([view.provenance(), ""])
    if question.session is not None:
        page = _page(view, f"{title}, session {question.session}", account)
        rest = account.context._replace(evidence=[], uncounted=[])
        return [page, *tables(rest, [question.session]), end]
    changed = [r["session"] for r in account.rows if r["kind"] not in ("entry", "plan")]
    versions = replace(table(title, account.rows, view, account.details), notes=())
    return [versions, *tables(account.context, changed), end]


def table(
    title: str,
    rows: list[dict[str, Any]],
    view: View,
    details: Mapping[int, Mapping[str, Any]] = MappingProxyType({}),
    *,
    upn: bool = False,
) -> Grid:
    """Return the table of versions that history and changes share.

    ``details``: by position, the source system and the approval of a version.
    """
    first = ("UPN",) if upn else ()
    headings = (
        *first,
        "Session",
        "What",
        "Was",
        "Became",
        "Reason",
        "By",
        "When",
        "School days after",
    )
    body = [
        (*((row["upn"],) if upn else ()), *_cells(row, details.get(row["position"], _NO_DETAILS)))
        for row in rows
    ]
    return Grid(title, headings, body, frozenset({len(headings) - 1}), notes=[view.provenance()])


def _when(row: Mapping[str, Any], when: str | None, stated: str) -> str:
    if when and "changed_at" in row:
        return f"imported {moment(row['recorded_at'])}; the mark stated for {moment(when)}"
    return moment(when) + stated if when else f"not stated; imported {moment(row['recorded_at'])}"


def _cells(row: dict[str, Any], details: Mapping[str, Any]) -> tuple[str, ...]:
    late, source = row["late_by_school_days"], details["source"]
    when = row["stated_at"] or (None if source else row["recorded_at"])
    stated = " (stated)" if row["stated_at"] else ""
    approved = f"; approved by {details['approved']}" if details["approved"] else ""
    return (
        row["session"],
        version_in_words(row, source),
        row["replaced"] or "",
        row["code"] or "",
        row["reason"] or "",
        by_in_words(row["by"]) + approved,
        _when(row, when, stated),
        "" if late is None else str(late),
    )


# -- one session as a page: nothing is cut off -----------------------------------------------


def _page(view: View, title: str, account: Account) -> Lines:
    """Return the versions of one session, each with reg 6(1)'s five where it is an amendment."""
    lines = [title, ""]
    for row in account.rows:
        details = account.details[row["position"]]
        lines += [*_version(view, row, details, account.context), ""]
    if not account.rows:
        lines += ["no mark and no plan is recorded for this session", ""]
    for row in account.context.uncounted:
        lines += [*_no_part_in_figures(row), ""]
    if not account.context.takings:
        lines += ["how this register was taken is not recorded", ""]
    return Lines(lines)


def _version(
    view: View, row: dict[str, Any], details: dict[str, Any], context: Context
) -> list[str]:
    stated = (
        _entry(view, row),
        ("Minutes late", None if row["minutes_late"] is None else str(row["minutes_late"])),
        ("Nature or cause", row["nature"]),
        ("Comment", row["comment"]),
        ("Reason", row["reason"] or _no_reason(row)),
        ("Date", _date(row, details["source"])),
        ("Name", _name(row)),
        ("Approved by", details["approved"]),
        *(("Evidence", _evidence(e)) for e in context.evidence if e["batch"] == details["batch"]),
        ("Recorded", _recording(row, details["source"])),
    )
    lines = [f"Version {row['version']}: {version_in_words(row, details['source'])}"]
    was = row["replaced"]
    if was is not None:
        lines.append(_line("Original entry" if row["code"] else "Planned", _code(view, row, was)))
    return [*lines, *(_line(name, text) for name, text in stated if text)]


def _entry(view: View, row: dict[str, Any]) -> tuple[str, str | None]:
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
    return f"{weekday(at)}, {at:%H:%M}"


def _name(row: dict[str, Any]) -> str:
    by = row["by"]
    return "not stated" if by is None else f"{by_in_words(by)} ({by['authenticated']})"


def _recording(row: dict[str, Any], source: str | None) -> str:
    how = f", imported from {source}" if source else ""
    return f"{_long(row['recorded_at'])}, as entry {row['position']} of this ledger{how}"


def _no_part_in_figures(row: dict[str, Any]) -> list[str]:
    """Return that the mark of a session stands and does not count, with what did it."""
    lines = [f"This mark stands but does not count: {row['words']}"]
    if row["position"] is None:
        return lines
    when = f"{_long(row['recorded_at'])}, as entry {row['position']} of this ledger"
    return [*lines, _line("Recorded", when), _line("By", author(row))]


def _evidence(row: dict[str, Any]) -> str:
    file = f"{row['file']}, SHA-256 {row['sha256']}" if row["file"] else ""
    kept = "a copy is kept" if row["copied"] else ""
    return "; ".join(filter(None, (row["note"], file, kept)))


def _line(name: str, text: str) -> str:
    first, *rest = text.splitlines() or [""]
    return "\n".join([f"    {name:<{_WIDTH}}{first}", *(" " * (4 + _WIDTH) + r for r in rest)])
