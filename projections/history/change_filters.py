"""Which changes are asked for: by kind, code, author, lag, batch, date and who stated them.

What cannot be asked is refused: it could only be answered with a misleading nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from ledger.clock import parse_instant
from ledger.errors import Refused
from policies.packs.codes import Codes
from projections.queries.question import Selection, option
from projections.queries.versions import Describer
from projections.queries.view import View
from projections.readmodel.accessors.log import names_batch, names_staff, staff_ids
from projections.readmodel.accessors.marks import Version

Kind = Literal["amendment", "late_entry", "restated", "uncounted", "taking", "plan", "entry"]
AFTER_THE_TAKING: tuple[Kind, ...] = ("amendment", "late_entry", "restated", "uncounted")
"""The kinds listed where none is asked for: changes after the register had ended.

What stopped counting is a change of no mark, and of what is counted of it.
"""
WORDS = ("present", "late", "authorised", "unauthorised", "absent")
_CODE = "from this code, or: " + ", ".join(WORDS)


@dataclass(frozen=True, kw_only=True)
class Filters(Selection):
    """What narrows the changes, beside the pupils and the dates of the sessions."""

    changed_from: date | None = option("changed on or after this date")
    changed_to: date | None = option("changed on or before this date")
    since: str | None = option("recorded after this instant (--known-at of an earlier look)")
    from_code: tuple[str, ...] = option(_CODE + " (may be given several times)", ())
    to_code: tuple[str, ...] = option(_CODE.replace("from", "to", 1), ())
    was: tuple[str, ...] = option(
        "whose session was first entered so, whatever came between (may be given several times)",
        (),
    )
    by_staff: str | None = option("by this member of staff (id)")
    lag_over: int | None = option("more than so many school days after the session", minimum=0)
    lag_under: int | None = option("fewer than so many school days after it", minimum=1)
    batch: str | None = option("of this batch: all that one command did, or one request asked")
    kind: tuple[Kind, ...] = option(
        "only this kind [amendment, late_entry, restated, uncounted; with --since also taking]", ()
    )
    stated: bool = option("only what another system states (imported)", default=False)
    recorded_here: bool = option("only what was recorded in this ledger itself", default=False)


def kinds(question: Filters) -> tuple[Kind, ...]:
    """Return the kinds asked for."""
    if question.kind:
        return question.kind
    if question.batch is not None:
        return get_args(Kind)
    return (*AFTER_THE_TAKING, "taking") if question.since else AFTER_THE_TAKING


class Filter:
    """Tells whether a version is asked for."""

    def __init__(self, question: Filters, view: View, describer: Describer) -> None:
        self._q, self._view, self._describer = question, view, describer
        self._kinds = kinds(question)
        self._since = None if question.since is None else parse_instant(question.since)

    def wants(self, version: Version, was: str | None) -> bool:
        """Tell whether a version is of the kind, by whom, of the codes and times asked for.

        ``was``: the code that was first entered for its session, none where only planned.
        """
        q = self._q
        return (
            version.kind in self._kinds
            and q.by_staff in (None, version.by)
            and self._of_batch(version)
            and not (q.stated and not version.imported)
            and not (q.recorded_here and version.imported)
            and self._coded(version, was)
            and self._after(version)
            and self._dated(version)
            and self._lagging(version)
        )

    def _of_batch(self, version: Version) -> bool:
        """Tell whether a version is of the command, or of the request, asked for."""
        batch = self._q.batch
        if batch is None or batch == version.batch:
            return True
        return batch == str(self._view.commits.of(version.position).first)

    def _coded(self, version: Version, was: str | None) -> bool:
        day = date.fromisoformat(version.session[:10])
        codes, q = self._view.rules.codes, self._q
        wishes = ((q.from_code, version.replaced), (q.to_code, version.code), (q.was, was))
        return all(not asked or matches(codes, code, day, asked) for asked, code in wishes)

    def _after(self, version: Version) -> bool:
        """Tell whether a version became known after ``--since``, by the clock asked for."""
        if self._since is None:
            return True
        if self._q.clock == "source":
            return version.known_by_source > self._since
        return self._describer.recorded_at(version) > self._since

    def _dated(self, version: Version) -> bool:
        if self._q.changed_from is None and self._q.changed_to is None:
            return True
        on = self._describer.changed_on(version)
        earliest, latest = self._q.changed_from or date.min, self._q.changed_to or date.max
        return on is not None and earliest <= on <= latest

    def _lagging(self, version: Version) -> bool:
        over, under = self._q.lag_over, self._q.lag_under
        if over is None and under is None:
            return True
        late = self._describer.school_days_late(version)
        if late is None:
            return False
        return (over is None or late > over) and (under is None or late < under)


def first_codes(found: Iterable[Version]) -> Mapping[tuple[int, str], str | None]:
    """Return the code first entered for each pupil and session; plans are no entries.

    What stopped counting comes last: where nothing else is found, its entry was never changed.
    """
    firsts: dict[tuple[int, str], str | None] = {}
    for version in found:
        if version.kind != "plan":
            firsts.setdefault((version.pupil, version.session), version.code or version.replaced)
    return firsts


def matches(codes: Codes, code: str | None, day: date, asked: Sequence[str]) -> bool:
    """Tell whether a code is one of those asked for, or of a category that is, on its day."""
    if code is None:
        return False
    if code in asked:
        return True
    rule = codes.find(code, day)
    if rule is None:
        return False
    meaning = {
        "present": rule.attended,
        "late": rule.late,
        "authorised": rule.category == "authorised",
        "unauthorised": rule.unauthorised,
        "absent": rule.possible and not rule.attended,
    }
    return any(meaning.get(word) for word in asked)


# -- what cannot be asked -------------------------------------------------------------------

_LISTED = 20


def check(question: Filters, view: View) -> None:
    """Refuse what cannot be asked: unknown codes, two contrary wishes, a time to come."""
    for code in (*question.from_code, *question.to_code, *question.was):
        if code not in WORDS and not view.rules.codes.known(code):
            raise Refused(
                "code-unknown",
                f"{code!r} is neither a register code nor one of {', '.join(WORDS)}",
                "capitals matter; attendance rules lists the codes",
            )
    if question.stated and question.recorded_here:
        raise Refused(
            "options-contrary",
            "--stated and --recorded-here leave nothing",
            "give one of them, or neither for both",
        )
    _check_lags(question)
    _check_named(question, view)
    first, last = question.changed_from, question.changed_to
    if first and last and first > last:
        raise Refused(
            "dates-reversed",
            f"--changed-from {first} is later than --changed-to {last}",
            "give the earlier date first",
        )
    if question.since is not None and parse_instant(question.since) > view.now:
        raise Refused(
            "since-future",
            f"--since {question.since} is later than now",
            "give the time of an earlier look at the register",
        )


def _check_lags(question: Filters) -> None:
    over, under = question.lag_over, question.lag_under
    if over is not None and under is not None and under <= over + 1:
        raise Refused(
            "options-contrary",
            f"no number of school days is both more than {over} and fewer than {under}",
            "give a smaller --lag-over or a greater --lag-under",
        )


def _check_named(question: Filters, view: View) -> None:
    """Refuse a member of staff or a batch that nothing names: a slip would read as no change."""
    if question.by_staff is not None and not names_staff(view, question.by_staff):
        raise Refused(
            "staff-unknown",
            f"nobody with the id {question.by_staff!r} was ever on the staff, or is named in the "
            "log, as it was known then",
            f"capitals matter; {_some_staff(view)}",
        )
    if question.batch is not None and not names_batch(view, question.batch):
        raise Refused(
            "batch-unknown",
            f"no batch {question.batch!r} was ever recorded, as it was known then",
            "attendance changes shows the batch of each change",
        )


def _some_staff(view: View) -> str:
    ids = staff_ids(view)
    more = f" and {len(ids) - _LISTED} more" if len(ids) > _LISTED else ""
    return f"on the staff are: {', '.join(ids[:_LISTED]) or 'nobody'}{more}"
