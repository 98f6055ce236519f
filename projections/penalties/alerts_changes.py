"""What changed under an alert: each entry before and after, who changed it, and why.

An entry that stands as before, and counts no longer (or counts again), is shown as it stands, with
what the register says of its day and who said so.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ledger.clock import iso, local_date
from ledger.values import parse_session
from projections.penalties.undercut import Alert, approval, author, paper_row, upn
from projections.queries.authors import Telling, Told, who
from projections.queries.uncounted import Bar, Standing, weeks_moved
from projections.queries.versions import Describer, Version, versions
from projections.queries.view import View

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
    def _telling(self) -> Telling:
        return Telling(self.view, self._describer)

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
            for v in versions(after.view, "m.pupil = :v0", alert.pupil)
            if v.kind != "plan" and cause.first <= v.position <= cause.last
        }
        for each in alert.sessions:
            session = each.partition(" ")[0]
            codes = before.code(session), after.code(session)
            original, amended = (code or _NO_MARK for code in codes)
            row = {"session": session, "original": original, "amended": amended}
            if codes[0] != codes[1]:
                now = after.bar(session)
                yield row | {"effect": None, **self._amended(made[session], alert, now)}
            else:
                yield row | self._moved(alert, before, after, session)

    def _amended(self, version: Version, alert: Alert, bar: Bar | None) -> dict[str, Any]:
        """Say who amended an entry, as the register has to show it (SI 2024/208 reg 6).

        Without a reason of its own, what the same change says of the day is the reason.
        """
        row = self._describer.row(0, version)
        at, _ = self._describer.recorded(version)
        reason = row["reason"]
        if reason is None and bar and bar.position and bar.position >= alert.cause.first:
            reason = sentence(bar.words, self._telling.event(bar.position))
        return {
            "date": local_date(self._describer.when(version) or at).isoformat(),
            "recorded_on": local_date(at).isoformat(),
            "by": row["by"],
            "source": self._describer.source(version),
            "reason": reason,
            "position": version.position,
        }

    def _moved(
        self, alert: Alert, before: Standing, after: Standing, session: str
    ) -> dict[str, Any]:
        """Say what the register now says of the day of an entry that stands as before."""
        was, now = before.bar(session), after.bar(session)
        if now is not None:
            effect, words, position = "no longer counts", now.words, now.position
        elif was is not None:
            _, words, position = after.lifted(session)
            effect = self._again(after, session)
        else:
            effect, words, position = _UNCHANGED, "", None
        told = self._telling.event(alert.cause.first if position is None else position)
        return {
            "effect": effect,
            "date": local_date(told.at).isoformat(),
            "recorded_on": local_date(told.at).isoformat(),
            "by": told.by,
            "source": told.source,
            "reason": f"{effect}: {sentence(words, told)}" if words else effect,
            "position": position,
        }

    def _again(self, after: Standing, session: str) -> str:
        code = after.code(session)
        on = parse_session(session).date
        rule = self.view.rules.codes.find(code, on) if code else None
        return "counts again" if rule is not None and rule.possible else "is held"

    def weeks(self, alert: Alert) -> str:
        """Say what moved the school weeks of an alert that names no session."""
        position = weeks_moved(self.view, alert.cause.first, alert.cause.last)
        words = "no entry changed; the school weeks that are counted together did"
        if position is None:
            return words
        return sentence(words, self._telling.event(position))

    def people(self, alert: Alert, rows: list[dict[str, Any]]) -> str:
        """Name who made the change, or the import that brought it, and who approved it."""
        cause = alert.cause
        if cause.source is not None:
            return f"import of {cause.source}"
        made = dict.fromkeys(who(row["by"], None) for row in rows if row["by"])
        people = "; ".join(made) or who(author(self._describer, cause), None)
        approved = approval(self.view, alert)
        return people + (f"; approved by {who(approved.by, None)}" if approved else "")

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
            "sessions": [written(change) for change in changed],
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


def written(change: Mapping[str, Any]) -> str:
    """Write a change in short: ``2026-11-20/AM O>I``, ``2026-11-20/AM O no longer counts``."""
    if change["effect"] is None:
        return f"{change['session']} {change['original']}>{change['amended']}"
    return f"{change['session']} {change['amended']} {change['effect']}"


def sentence(words: str, told: Told) -> str:
    """Say what is so, with the reason given where it is not said yet, by whom and since when."""
    reason = "" if told.reason is None or told.reason in words else f" ({told.reason})"
    return f"{words}{reason}, {told.words()}"
