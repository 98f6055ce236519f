"""attendance notices: penalty notices as known, and what became of the sessions they rest on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from ledger.clock import iso, local_date
from ledger.values import parse_session
from projections import rectangle
from projections.alerts_undercut import upn
from projections.penalties_register import age_of, countable, relevant
from projections.query import Answer, Block, Grid, Lines, Question, number_of, option
from projections.versions import Describer, Version, versions
from projections.view import View

COLUMNS = (
    "parent_id", "upn", "name", "kind", "issued_on", "offence_first", "offence_last",
    "received_on", "paid_on", "withdrawn_on", "outcome", "outcome_on", "issuer",
    "sessions", "relevant_now", "amended_since_issue",
)  # fmt: skip
_DETAILS = COLUMNS[3:13]
_FAILURE_TO_ATTEND = "s444A"
_CHANGES = ("amendment", "restated", "late_entry")
_RECORDED = (
    "SELECT min(kf) FROM notices WHERE parent = ? AND pupil = ? AND kind = ? AND issued_on = ? "
    "AND offence_first IS ?"
)


@dataclass(frozen=True, kw_only=True)
class Notices(Question):
    """Each with the sessions it relied on: those stated, else all of its offence period."""

    pupil: str | None = option("one pupil, by UPN or local id")
    amended_since_issue: bool = option(
        "only notices that rest on sessions amended after issue", default=False
    )


def answer(question: Notices, view: View) -> Answer:
    """Answer with one row a notice, by pupil, issue and parent."""
    only = None if question.pupil is None else view.pupil_index(question.pupil)
    if view.knows_nothing:
        document = {"as_of": view.as_of(), "rows": [], "knows_nothing": True}
        return Answer(document, COLUMNS, [Lines([view.ignorance()])])
    work = _Work(view)
    rows = [work.row(each) for each in work.notices if only in (None, each.pupil)]
    if question.amended_since_issue:
        rows = [row for row in rows if row["amended_since_issue"]]
    rows.sort(key=lambda row: (row["upn"], row["issued_on"], row["parent_id"]))
    document = {"as_of": view.as_of(), "rows": rows}
    return Answer(document, COLUMNS, _blocks(view, rows), flat=[_flat(row) for row in rows])


@dataclass(frozen=True, slots=True)
class _Notice:
    """A notice as stored; ``sessions``: those stated; ``first`` and ``last``: its days."""

    parent: str
    pupil: int
    details: dict[str, Any]
    sessions: Sequence[str]

    @property
    def issued(self) -> date:
        return date.fromisoformat(self.details["issued_on"])

    @property
    def span(self) -> tuple[str, str] | None:
        """The first and the last session that it may have relied on."""
        if self.sessions:
            return min(self.sessions), max(self.sessions)
        first, last = self.details["offence_first"], self.details["offence_last"]
        if first is None or self.details["kind"] != _FAILURE_TO_ATTEND:
            return None
        return f"{first}/AM", f"{last or self.details['issued_on']}/PM"


@dataclass
class _Work:
    view: View

    @cached_property
    def notices(self) -> list[_Notice]:
        """Every notice known."""
        stored = self.view.stood(f"parent, pupil, sessions, {', '.join(_DETAILS)}", "notices")
        return [
            _Notice(
                parent,
                pupil,
                dict(zip(_DETAILS, details, strict=True)),
                sessions.split(";") if sessions else [],
            )
            for parent, pupil, sessions, *details in stored
        ]

    @cached_property
    def describer(self) -> Describer:
        """Who, when and why of a change."""
        return Describer(self.view)

    def row(self, notice: _Notice) -> dict[str, Any]:
        """Return the row of a notice."""
        found = self._versions(notice)
        relied = notice.sessions or sorted({v.session for v in found})
        person = self.view.people.get(notice.pupil) or self.view.named(notice.pupil)
        return {
            "parent_id": notice.parent,
            "upn": upn(self.view, notice.pupil),
            "name": person.name,
            **notice.details,
            "sessions": list(relied),
            "relevant_now": sum((notice.pupil, s) in self._relevant for s in relied),
            "amended_since_issue": [self._change(v) for v in self._after_issue(notice, found)],
        }

    def _versions(self, notice: _Notice) -> list[Version]:
        """Return the versions of the marks that a notice relied on."""
        if notice.span is None:
            return []
        where = "m.pupil = :v0 AND m.session BETWEEN :v1 AND :v2"
        found = versions(self.view, where, notice.pupil, *notice.span)
        named = set(notice.sessions)
        return [v for v in found if v.kind != "plan" and (not named or v.session in named)]

    def _after_issue(self, notice: _Notice, found: list[Version]) -> list[Version]:
        details = (notice.details[name] for name in ("kind", "issued_on", "offence_first"))
        key = [notice.parent, notice.pupil, *details]
        (recorded,) = self.view.db.execute(_RECORDED, key).fetchone()
        return [
            v
            for v in found
            if v.kind in _CHANGES
            and (
                (on := local_date(self._when(v))) > notice.issued
                or (on == notice.issued and not v.imported and v.position > recorded)
            )
        ]

    def _when(self, version: Version) -> int:
        """Return when a change was made: as its source states, else as it was recorded."""
        if version.imported and version.stated is not None:
            return version.stated
        return self.describer.recorded(version)[0]

    def _change(self, version: Version) -> dict[str, Any]:
        row = self.describer.row(0, version)
        return {
            "session": version.session,
            "was": version.replaced,
            "became": version.code,
            "when": iso(self._when(version)),
            "by": row["by"],
            "reason": row["reason"],
            "position": version.position,
        }

    @cached_property
    def _relevant(self) -> set[tuple[int, str]]:
        """Every relevant entry in the time that notices are about: row number and session."""
        spans = [notice.span for notice in self.notices if notice.span]
        view, days = self.view, [parse_session(s).date for span in spans for s in span]
        whole = rectangle.rectangle(view, min(days), min(max(days), view.on))
        ages = {n: age_of(p.compulsory_from, p.birth_cohort) for n, p in view.people.items()}
        flags = relevant(whole, view.rules.codes, countable(whole, ages))
        return {
            (int(pupil), str(whole.sessions[at]))
            for pupil, at in zip(*flags.nonzero(), strict=True)
        }


def _blocks(view: View, rows: Sequence[dict[str, Any]]) -> list[Block]:
    body = [
        (
            row["issued_on"], row["parent_id"], row["upn"], row["name"], row["kind"],
            row["outcome"] or ("paid" if row["paid_on"] else ""), str(len(row["sessions"])),
            str(row["relevant_now"]), str(len(row["amended_since_issue"])),
        )
        for row in rows
    ]  # fmt: skip
    headings = (
        "Issued", "Parent", "UPN", "Pupil", "Kind", "Outcome", "Sessions", "Relevant now",
        "Changes since issue",
    )  # fmt: skip
    notes = [_MEANING, view.provenance()]
    found: list[Block] = [
        Grid(number_of(len(rows), "notice"), headings, body, frozenset({6, 7, 8}), notes=notes)
    ]
    changed = [line for row in rows for line in _changed(row)]
    if changed:
        columns = ("Issued", "UPN", "Session", "Was", "Became", "When", "By", "Reason")
        found.append(Grid("Sessions amended after issue", columns, changed))
    return found


_MEANING = (
    "Sessions: those the notice states, else those of its offence period with an entry. Relevant "
    "now: unauthorised or unexplained as the register stands. It is no finding about a parent."
)


def _changed(row: dict[str, Any]) -> list[tuple[str, ...]]:
    return [
        (
            row["issued_on"], row["upn"], c["session"], c["was"] or "-", c["became"],
            c["when"][:10], (c["by"] or {"name": "not stated"})["name"], c["reason"] or "",
        )
        for c in row["amended_since_issue"]
    ]  # fmt: skip


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as CSV has it: lists in one cell, separated by semicolons."""
    changes = [
        f"{c['session']} {c['was'] or '-'}>{c['became']} {c['when']} "
        f"{(c['by'] or {'name': 'not stated'})['name']}: {c['reason'] or ''}".rstrip(": ")
        for c in row["amended_since_issue"]
    ]
    return {**row, "amended_since_issue": ";".join(changes)}
