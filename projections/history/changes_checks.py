"""What cannot be asked of changes, or could only be answered with a misleading nothing."""

from collections.abc import Iterable
from datetime import date

from ledger.clock import parse_instant
from ledger.errors import Refused
from projections.history.change_filters import WORDS, Filters
from projections.queries.view import View

_STAFF = (
    ("staff", "staff", "kf"),
    ("marks", '"by"', "kf"),
    ("plans", '"by"', "kf"),
    ("commits", '"by"', "first"),
)
"""Tables and columns that name members of staff, each with that of the position."""
_LISTED = 20
_BATCHES = (("marks", "batch", "kf"), ("approvals", "batch", "kf"), ("evidence", "batch", "kf"))


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
    if question.changed_from and question.changed_to:
        _in_order(question.changed_from, question.changed_to)
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
    if question.by_staff is not None and not _named(view, _STAFF, question.by_staff):
        raise Refused(
            "staff-unknown",
            f"nobody with the id {question.by_staff!r} was ever on the staff, or is named in the "
            "log, as it was known then",
            f"capitals matter; {_some_staff(view)}",
        )
    if question.batch is not None and not _named(view, _BATCHES, question.batch):
        raise Refused(
            "batch-unknown",
            f"no batch {question.batch!r} was ever recorded, as it was known then",
            "attendance changes --json names the batch of each change",
        )


def _some_staff(view: View) -> str:
    sql = "SELECT DISTINCT staff FROM staff WHERE kf <= ? ORDER BY staff"
    ids = [row[0] for row in view.db.execute(sql, [view.position])]
    more = f" and {len(ids) - _LISTED} more" if len(ids) > _LISTED else ""
    return f"on the staff are: {', '.join(ids[:_LISTED]) or 'nobody'}{more}"


def _named(view: View, places: Iterable[tuple[str, str, str]], name: str) -> bool:
    """Tell whether a column of one of the tables has ever held a name, up to the position."""
    found = (
        f"SELECT 1 FROM {table} WHERE {column} = :name AND {position} <= :position"  # noqa: S608
        for table, column, position in places
    )
    sql = f"SELECT EXISTS({' UNION ALL '.join(found)})"
    bound = {"name": name, "position": view.position}
    return bool(view.db.execute(sql, bound).fetchone()[0])


def _in_order(first: date, last: date) -> None:
    if first > last:
        raise Refused(
            "dates-reversed",
            f"--changed-from {first} is later than --changed-to {last}",
            "give the earlier date first",
        )
