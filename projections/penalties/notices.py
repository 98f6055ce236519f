"""Penalty notices as known, and what became of the sessions they rest on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ledger.clock import iso, local_date
from ledger.english import number_of
from ledger.values import parse_session
from projections.penalties.case import age_of, countable_cells, relevant_cells
from projections.penalties.undercut_alerts import Alert, alerts, sentence, upn
from projections.queries import rectangle
from projections.queries.authors import Authors
from projections.queries.blocks import Block, Grid, Lines
from projections.queries.columns import plain
from projections.queries.pending import pending_amendments
from projections.queries.question import Answer, Question, option
from projections.queries.uncounted import Standing
from projections.queries.versions import Describer
from projections.queries.view import View
from projections.readmodel.accessors.changes import newest_calendar_change
from projections.readmodel.accessors.marks import Version, versions
from projections.readmodel.known import Between
from projections.readmodel.records.amending import Request
from projections.readmodel.records.log import Commit
from projections.readmodel.records.penalties import Notice

COLUMNS = (
    "parent_id", "upn", "name", "kind", "issued_on", "offence_first", "offence_last",
    "received_on", "paid_on", "withdrawn_on", "outcome", "outcome_on", "issuer",
    "sessions", "relevant_now", "amended_since_issue", "uncounted", "pending",
)  # fmt: skip
WEEKS = "school-weeks"
"""Why nothing counts as before where no session changed: the school weeks counted together did."""
_DETAILS = COLUMNS[3:13]
_CHANGES = ("amendment", "restated", "late_entry")
_MEANING = (
    "Sessions: those the notice states, else those of its offence period with an entry. Relevant "
    "now: unauthorised or unexplained as the register stands. Not counted: such entries that a "
    "closure, term, roll or age keeps from counting. It is no finding about a parent."
)
_CHANGE_HEADINGS = ("Issued", "UPN", "Session", "Was", "Became", "Made")


@dataclass(frozen=True, kw_only=True)
class Notices(Question):
    """attendance notices: penalty notices as known, and what became of the sessions they rest on.

    Each with the sessions it relied on: those stated, else all of its offence period.
    """

    pupil: str | None = option("one pupil, by UPN or local id")
    amended_since_issue: bool = option(
        "only notices whose sessions were amended, or came not to count, after issue",
        default=False,
    )

    def answer(self, view: View) -> Answer:
        """Answer with one row a notice, by pupil, issue and parent."""
        only = None if self.pupil is None else view.pupil_index(self.pupil)
        if view.knows_nothing:
            document = {"as_of": view.as_of(), "rows": [], "knows_nothing": True}
            return Answer(document, COLUMNS, [Lines([view.ignorance()])])
        notices = _NoticeRows(view)
        rows = [notices.row(each) for each in notices.all_notices if only in (None, each.pupil)]
        if self.amended_since_issue:
            rows = [
                row for row in rows if row["amended_since_issue"] or _uncounted_since_issue(row)
            ]
        rows.sort(key=lambda row: (row["upn"], row["issued_on"], row["parent_id"]))
        document = {"as_of": view.as_of(), "rows": rows}
        return Answer(document, COLUMNS, _blocks(view, rows), flat=[_csv_row(row) for row in rows])


def _uncounted_since_issue(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what came not to count after the issue."""
    return [each for each in row["uncounted"] if each["since_issue"]]


@dataclass
class _NoticeRows:
    view: View

    @cached_property
    def all_notices(self) -> list[Notice]:
        """Every notice known."""
        return self.view.standing(Notice)

    @cached_property
    def describer(self) -> Describer:
        """Who, when and why of a change."""
        return Describer(self.view)

    def row(self, notice: Notice) -> dict[str, Any]:
        """Return the row of a notice."""
        found = self._versions(notice)
        relied = notice.sessions or sorted({v.session for v in found})
        recorded = self._first_commit(notice)
        person = self.view.people.get(notice.pupil) or self.view.first_known_person(notice.pupil)
        return {
            "parent_id": notice.parent,
            "upn": upn(self.view, notice.pupil),
            "name": person.name,
            **{name: plain(getattr(notice, name)) for name in _DETAILS},
            "sessions": list(relied),
            "relevant_now": sum((notice.pupil, s) in self._relevant_entries for s in relied),
            "amended_since_issue": [
                self._change(v) for v in found if self._after_issue(notice, v, recorded)
            ],
            "uncounted": [
                *self._uncounted(notice, {v.session: v for v in found}, recorded),
                *self._weeks(notice),
            ],
            "pending": [
                {"session": each.session, "stands": each.original, "requested": each.code}
                for each in self._waiting
                if each.pupil == notice.pupil and each.session in relied
            ],
        }

    def _versions(self, notice: Notice) -> list[Version]:
        """Return the versions of the marks that a notice relied on."""
        if notice.span is None:
            return []
        found = versions(self.view, pupil=notice.pupil, session=Between(*notice.span))
        named = set(notice.sessions)
        return [v for v in found if v.kind != "plan" and (not named or v.session in named)]

    def _first_commit(self, notice: Notice) -> Commit:
        """Return the transaction in which a notice was recorded here first."""
        return self.view.commits.of(self.view.first_version(Notice, **notice.identity).kf)

    def _after_issue(self, notice: Notice, version: Version, recorded: Commit) -> bool:
        """Tell whether a version is a change since the issue.

        What was recorded here after the notice was is one, whatever time its source states; a
        first entry only where the notice names its session. What came with it or before goes by
        the time stated.
        """
        if version.position > recorded.last:
            return version.kind != "entry" or (bool(notice.sessions) and version.imported)
        return version.kind in _CHANGES and local_date(self._when(version)) > notice.issued_on

    def _uncounted(
        self, notice: Notice, standing: Mapping[str, Version], recorded: Commit
    ) -> Iterator[dict[str, Any]]:
        """Yield the relevant entries relied on that do not count, and why."""
        pupil = Standing(self.view, notice.pupil, threshold=True)
        for session, version in standing.items():
            on = parse_session(session).date
            rule = self.view.rules.codes.find(version.code or "", on)
            if rule is None or not rule.threshold or on > self.view.on:
                continue
            bar = pupil.bar(session)
            if bar is not None:
                yield {
                    "session": session,
                    "code": version.code,
                    "why": bar.kind,
                    **self._cause(notice, bar.words, bar.position, recorded),
                }

    def _weeks(self, notice: Notice) -> Iterator[dict[str, Any]]:
        """Yield where school weeks moved under a notice, which no session shows."""
        for alert in self._alerts:
            ref = f"{notice.parent} {notice.issued_on}"
            named = any(paper["ref"] == ref for paper in alert.papers)
            if alert.pupil == notice.pupil and not alert.sessions and named:
                words = "the school weeks that are counted together moved"
                position = newest_calendar_change(self.view, alert.cause.first, alert.cause.last)
                recorded = self.view.commits.of(alert.cause.first - 1)
                moved = self._cause(notice, words, position or alert.number, recorded)
                yield {"session": None, "code": None, "why": WEEKS, **moved}

    def _cause(
        self, notice: Notice, words: str, position: int | None, recorded: Commit
    ) -> dict[str, Any]:
        """Say what keeps an entry from counting, by whom, and whether since the issue."""
        if position is None:
            nobody = dict.fromkeys(("by", "source", "when", "reason", "position"))
            return {"words": words, **nobody, "since_issue": False}
        told = self._telling.event(position)
        when = told.at if told.source is None or told.stated is None else told.stated
        return {
            "words": sentence(words, told),
            "by": told.by,
            "source": told.source,
            "when": iso(when),
            "reason": told.reason,
            "position": position,
            "since_issue": position > recorded.last or local_date(when) > notice.issued_on,
        }

    @cached_property
    def _telling(self) -> Authors:
        return Authors(self.view, self.describer)

    @cached_property
    def _alerts(self) -> list[Alert]:
        return alerts(self.view)

    @cached_property
    def _waiting(self) -> list[Request]:
        return pending_amendments(self.view)

    def _when(self, version: Version) -> int:
        """Return when a change was made: as its source states, else as it was recorded."""
        return self.describer.made_at(version) or self.describer.recording(version)[0]

    def _change(self, version: Version) -> dict[str, Any]:
        row = self.describer.row(0, version)
        return {
            "session": version.session,
            "was": version.replaced,
            "became": version.code,
            "when": iso(self._when(version)),
            "recorded_at": row["recorded_at"],
            "by": row["by"],
            "source": self.describer.source(version),
            "reason": row["reason"],
            "position": version.position,
        }

    @cached_property
    def _relevant_entries(self) -> set[tuple[int, str]]:
        """Every relevant entry in the time that notices are about: row number and session."""
        spans = [notice.span for notice in self.all_notices if notice.span]
        view, days = self.view, [parse_session(s).date for span in spans for s in span]
        whole = rectangle.rectangle(view, min(days), min(max(days), view.on))
        ages = {n: age_of(p.compulsory_from, p.birth_cohort) for n, p in view.people.items()}
        flags = relevant_cells(whole, view.rules.codes, countable_cells(whole, ages))
        return {
            (int(pupil), str(whole.sessions[at]))
            for pupil, at in zip(*flags.nonzero(), strict=True)
        }


def _blocks(view: View, rows: Sequence[dict[str, Any]]) -> list[Block]:
    """Return the notices, what was amended since, and what does not count."""
    body = [
        (
            row["issued_on"], row["parent_id"], row["upn"], row["name"], row["kind"],
            row["outcome"] or ("paid" if row["paid_on"] else ""), str(len(row["sessions"])),
            str(row["relevant_now"]), str(len(row["amended_since_issue"])),
            str(len(row["uncounted"])),
        )
        for row in rows
    ]  # fmt: skip
    headings = (
        "Issued", "Parent", "UPN", "Pupil", "Kind", "Outcome", "Sessions", "Relevant now",
        "Changes since issue", "Not counted",
    )  # fmt: skip
    waiting = sum(len(row["pending"]) for row in rows)
    notes = [_MEANING, *_pending_notes(waiting), view.provenance()]
    found: list[Block] = [
        Grid(number_of(len(rows), "notice"), headings, body, frozenset({6, 7, 8, 9}), notes=notes)
    ]
    changed = [line for row in rows for line in _change_lines(row)]
    if changed:
        names = (*_CHANGE_HEADINGS, "Recorded here", "By", "Reason")
        found.append(Grid("Sessions amended after issue", names, changed))
    uncounted = [line for row in rows for line in _uncounted_lines(row)]
    if uncounted:
        titles = ("Issued", "UPN", "Sessions", "Which", "Stands", "Why")
        found.append(Grid("Sessions relied on that do not count", titles, uncounted))
    return found


def _change_lines(row: dict[str, Any]) -> list[tuple[str, ...]]:
    return [
        (
            row["issued_on"], row["upn"], c["session"], c["was"] or "-", c["became"],
            c["when"][:10], c["recorded_at"][:10], _author(c), c["reason"] or "",
        )
        for c in row["amended_since_issue"]
    ]  # fmt: skip


def _uncounted_lines(row: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield a line for each reason, with how many sessions it is about, the first and last."""
    grouped: dict[str, list[dict[str, Any]]] = {}
    for each in row["uncounted"]:
        grouped.setdefault(_why_uncounted(each), []).append(each)
    for why, found in grouped.items():
        names = [each["session"] or "-" for each in found]
        sessions = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
        codes = sorted({each["code"] or "-" for each in found})
        yield row["issued_on"], row["upn"], str(len(found)), sessions, ", ".join(codes), why


def _why_uncounted(each: dict[str, Any]) -> str:
    if each["session"] is None:
        return str(each["words"])
    return f"{'no longer counts' if each['since_issue'] else 'does not count'}: {each['words']}"


def _pending_notes(count: int) -> list[str]:
    if not count:
        return []
    what = number_of(count, "requested amendment")
    return [
        f"Waiting for approval: {what} of these sessions, not yet in it: attendance approvals."
    ]


def _author(change: dict[str, Any]) -> str:
    """Name who made a change, else the import that it came by."""
    if change["by"] is not None:
        return str(change["by"]["name"])
    return f"import of {change['source']}" if change["source"] else "not stated"


def _csv_row(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as CSV has it: lists in one cell, separated by semicolons."""
    changes = [
        f"{c['session']} {c['was'] or '-'}>{c['became']} {c['when']} "
        f"{_author(c)}: {c['reason'] or ''}".rstrip(": ")
        for c in row["amended_since_issue"]
    ]
    uncounted = [
        f"{each['session'] or WEEKS} {each['code'] or ''}".rstrip() + f": {_why_uncounted(each)}"
        for each in row["uncounted"]
    ]
    waiting = [f"{p['session']} {p['stands']}>{p['requested']}" for p in row["pending"]]
    lists = {"amended_since_issue": changes, "uncounted": uncounted, "pending": waiting}
    return row | {name: ";".join(items) for name, items in lists.items()}
