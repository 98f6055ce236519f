"""Undercut alerts as known: what raised each, which papers and entries, what was done since.

An entry that stands as before, and counts no longer (or counts again), is shown as it stands,
with what the register says of its day and who said so.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

from msgspec.structs import asdict

from ledger.clock import iso, local_date
from ledger.english import day
from ledger.values import parse_session
from policies.law import papers
from policies.packs.values import parameters
from projections.queries.authors import Authors, Authorship, author_in_words
from projections.queries.uncounted import Bar, Standing
from projections.queries.versions import Describer
from projections.queries.view import View
from projections.readmodel.accessors.changes import newest_calendar_change
from projections.readmodel.accessors.marks import Version, versions
from projections.readmodel.known import Between
from projections.readmodel.records.amending import Request
from projections.readmodel.records.disclosure import Disclosure
from projections.readmodel.records.log import Commit
from projections.readmodel.records.penalties import AlertSettlement, Consideration, Undercut


class Settlement(NamedTuple):
    """What was done about an alert; texts opened, instants in microseconds."""

    outcome: str
    to: str | None
    on: str | None
    reason: str | None
    name: str | None
    job_title: str
    at: int


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert: its number is the position of its event; ``pupil`` a row number.

    ``papers``: kind, ref, counts before and after; ``sessions``: ``2026-11-20/AM O>I``.
    """

    number: int
    pupil: int
    papers: list[dict[str, Any]]
    sessions: list[str]
    cause: Commit
    settled: Settlement | None

    @property
    def state(self) -> str:
        """``open``, ``sent`` or ``dismissed``."""
        return self.settled.outcome if self.settled else "open"


def alerts(view: View) -> list[Alert]:
    """Return every alert known, in the order of the log."""
    settled = {each.alert: _settlement(view, each) for each in view.standing(AlertSettlement)}
    return [
        Alert(
            each.alert,
            each.pupil,
            [asdict(paper) for paper in each.about],
            list(each.sessions),
            view.commits.of(each.alert),
            settled.get(each.alert),
        )
        for each in sorted(view.standing(Undercut), key=lambda each: each.alert)
    ]


def upn(view: View, pupil: int) -> str:
    """Return a pupil's UPN, known by now or not."""
    return (view.people.get(pupil) or view.first_known_person(pupil)).upn


def paper_words(view: View, paper: Mapping[str, Any]) -> str:
    """Say which paper it is, for somebody who reads of it."""
    ref = paper["ref"]
    if paper["kind"] == "notice":
        parent, _, issued = ref.partition(" ")
        return papers.notice_words(parent, date.fromisoformat(issued))
    position = int(ref)
    if paper["kind"] == "consideration":
        [considered] = view.in_log(Consideration, line=position)
        on = day(local_date(view.commits.of(position).at))
        return f"{papers.CONSIDERED[considered.decision]} of {on}"
    [given] = view.in_log(Disclosure, line=position)
    return given.words


def paper_row(view: View, alert: Alert, paper: Mapping[str, Any]) -> dict[str, Any]:
    """Return a paper with what happened to it; without counts where it has no case.

    ``effect``: ``case-undercut`` where the case fell below the number of the rule of that day,
    else ``session-changed``: a session that it relied on was changed.
    """
    effect = "case-undercut" if case_fell(alert, paper) else "session-changed"
    counted = {} if paper["kind"] != "certificate" else {"before": None, "after": None}
    return {**paper, **counted, "what": paper_words(view, paper), "effect": effect}


def case_fell(alert: Alert, paper: Mapping[str, Any]) -> bool:
    """Tell whether the case of a paper fell below the number of the rule of that day."""
    rule = parameters().find("penalty_notices.threshold", local_date(alert.cause.at))
    if rule is None or paper["kind"] == "certificate":
        return False
    number: int = rule.table["sessions"]
    return bool(paper["after"] < number <= paper["before"])


def counts_text(paper: Mapping[str, Any]) -> str:
    """Write the counts of a case: ``10 -> 9``; a certificate has none."""
    return "" if paper["kind"] == "certificate" else f"{paper['before']} -> {paper['after']}"


def author(describer: Describer, cause: Commit) -> dict[str, Any] | None:
    """Return who gave the command, by name and title of that day; an account is nobody's name."""
    if cause.by is None:
        return None
    name, title = describer.name_and_title(cause.by, local_date(cause.at))
    return {"name": name, "job_title": title, "authenticated": cause.authenticated}


class Approval(NamedTuple):
    """Who asked for the change of an alert, and who approved it."""

    asked: dict[str, Any]
    by: dict[str, Any]


def approval(view: View, alert: Alert) -> Approval | None:
    """Return who asked for what raised an alert and who approved it, none without approval."""
    cause = alert.cause
    known = view.standing(
        Request,
        pupil=alert.pupil,
        decision="approved",
        decided=Between(cause.first, cause.last),
    )
    if not known:
        return None
    request = min(known, key=lambda each: each.position)
    return Approval(
        {
            "name": view.open(request.name),
            "job_title": request.job_title,
            "authenticated": view.commits.of(request.position).authenticated,
        },
        {
            "name": view.open(request.decided_name),
            "job_title": request.decided_title,
            "authenticated": cause.authenticated,
        },
    )


def _settlement(view: View, each: AlertSettlement) -> Settlement:
    return Settlement(
        each.outcome,
        view.open(each.to_whom),
        each.on_date.isoformat() if each.on_date else None,
        view.open(each.reason),
        view.open(each.name),
        each.job_title,
        view.commits.of(each.kf).at,
    )


_NO_MARK = "-"
_UNCHANGED = "the entry stands as it did"


@dataclass
class Changes:
    """The changes of some alerts."""

    view: View

    @cached_property
    def _describer(self) -> Describer:
        return Describer(self.view)

    @cached_property
    def _telling(self) -> Authors:
        return Authors(self.view, self._describer)

    def rows(self, alert: Alert) -> list[dict[str, Any]]:
        """Return a row for each session: original, amended (`-` without a mark), who, when, why.

        ``effect``: none where the entry changed, else whether it counts: ``no longer counts``,
        ``counts again`` or ``is held`` (of a code that is no possible session, and of no mark).
        """
        return list(self._rows(alert))

    def _rows(self, alert: Alert) -> Iterator[dict[str, Any]]:
        cause = alert.cause
        before = Standing.at(self.view, alert.pupil, cause.first - 1)
        after = Standing.at(self.view, alert.pupil, cause.last)
        made = {
            v.session: v
            for v in versions(after.view, pupil=alert.pupil)
            if v.kind != "plan" and cause.first <= v.position <= cause.last
        }
        for each in alert.sessions:
            session = each.partition(" ")[0]
            codes = before.code(session), after.code(session)
            original, amended = (code or _NO_MARK for code in codes)
            row = {"session": session, "original": original, "amended": amended}
            if codes[0] != codes[1]:
                now = after.bar(session)
                yield row | {"effect": None, **self._amendment(made[session], alert, now)}
            else:
                yield row | self._count_change(alert, before, after, session)

    def _amendment(self, version: Version, alert: Alert, bar: Bar | None) -> dict[str, Any]:
        """Say who amended an entry, as the register has to show it (SI 2024/208 reg 6).

        Without a reason of its own, what the same change says of the day is the reason.
        """
        row = self._describer.row(0, version)
        at, _ = self._describer.recording(version)
        reason = row["reason"]
        if reason is None and bar and bar.position and bar.position >= alert.cause.first:
            reason = sentence(bar.words, self._telling.event(bar.position))
        return {
            "date": local_date(self._describer.made_at(version) or at).isoformat(),
            "recorded_on": local_date(at).isoformat(),
            "by": row["by"],
            "source": self._describer.source(version),
            "reason": reason,
            "position": version.position,
        }

    def _count_change(
        self, alert: Alert, before: Standing, after: Standing, session: str
    ) -> dict[str, Any]:
        """Say what the register now says of the day of an entry that stands as before."""
        was, now = before.bar(session), after.bar(session)
        if now is not None:
            effect, fact, position = "no longer counts", now.words, now.position
        elif was is not None:
            _, fact, position = after.last_bar(session)
            effect = self._effect_of_lifting(after, session)
        else:
            effect, fact, position = _UNCHANGED, "", None
        told = self._telling.event(alert.cause.first if position is None else position)
        return {
            "effect": effect,
            "date": local_date(told.at).isoformat(),
            "recorded_on": local_date(told.at).isoformat(),
            "by": told.by,
            "source": told.source,
            "reason": f"{effect}: {sentence(fact, told)}" if fact else effect,
            "position": position,
        }

    def _effect_of_lifting(self, after: Standing, session: str) -> str:
        code = after.code(session)
        on = parse_session(session).date
        rule = self.view.rules.codes.find(code, on) if code else None
        return "counts again" if rule is not None and rule.possible else "is held"

    def weeks(self, alert: Alert) -> str:
        """Say what moved the school weeks of an alert that names no session."""
        position = newest_calendar_change(self.view, alert.cause.first, alert.cause.last)
        fact = "no entry changed; the school weeks that are counted together did"
        if position is None:
            return fact
        return sentence(fact, self._telling.event(position))

    def people(self, alert: Alert, rows: list[dict[str, Any]]) -> str:
        """Name who made the change, or the import that brought it, and who approved it."""
        cause = alert.cause
        if cause.source is not None:
            return f"import of {cause.source}"
        made = dict.fromkeys(author_in_words(row["by"], None) for row in rows if row["by"])
        people = "; ".join(made) or author_in_words(author(self._describer, cause), None)
        approved = approval(self.view, alert)
        return people + (f"; approved by {author_in_words(approved.by, None)}" if approved else "")

    def row(self, alert: Alert) -> dict[str, Any]:
        """Return an alert as a row of the answer."""
        view, settled, cause = self.view, alert.settled, alert.cause
        approved = approval(view, alert)
        changed = self.rows(alert)
        return {
            "kind": "undercut",
            "alert": alert.number,
            "upn": upn(view, alert.pupil),
            "papers": [paper_row(view, alert, paper) for paper in alert.papers],
            "sessions": [change_in_short(change) for change in changed],
            "changes": changed,
            "cause": {
                "command": cause.command,
                "by": approved.asked if approved else author(self._describer, cause),
                "approved_by": approved and approved.by,
                "source": cause.source,
                "at": iso(cause.at),
            },
            "state": alert.state,
            "settled": settled and {**settled._asdict(), "at": iso(settled.at)},
            "position": alert.number,
        }


def change_in_short(change: Mapping[str, Any]) -> str:
    """Write a change in short: ``2026-11-20/AM O>I``, ``2026-11-20/AM O no longer counts``."""
    if change["effect"] is None:
        return f"{change['session']} {change['original']}>{change['amended']}"
    return f"{change['session']} {change['amended']} {change['effect']}"


def sentence(fact: str, told: Authorship) -> str:
    """Say what is so, with the reason given where it is not said yet, by whom and since when."""
    reason = "" if told.reason is None or told.reason in fact else f" ({told.reason})"
    return f"{fact}{reason}, {told.words()}"
