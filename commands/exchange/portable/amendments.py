"""The rows of ``amendments.csv``, checked one by one and gathered by the mark that they change."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from commands.core import checks
from commands.core.marks import code_rule
from commands.exchange.portable import calendar
from commands.exchange.portable.links import Link
from commands.exchange.portable.mark_rows import number
from commands.exchange.portable.occasions import Occasion, Occasions, StateBefore
from commands.exchange.portable.rows import AmendmentRow
from commands.exchange.portable.work import Work
from ledger.errors import Refused
from ledger.formats import fields
from ledger.formats.portable import AMENDMENTS, NO_MARK, ChangeKind
from ledger.state.school import Pupil

Key = tuple[str, int]
"""Pupil id and number of the session: which mark."""


def gather(work: Work, occasions: Occasions) -> tuple[Mapping[Key, list[Link]], set[Key]]:
    """Return the changes of each mark in order of ``amended_on``, and the marks with a fault.

    Rows of one time stay in the order of the file. A re-statement follows the row before it
    whatever its time: a source may state late what held before.
    """
    found: dict[Key, list[tuple[int, Link]]] = defaultdict(list)
    faulty: set[Key] = set()
    before = StateBefore(work.state)
    for row in work.content.amendments.rows:
        pupil = work.pupil(AMENDMENTS, row.line, row.upn)
        if pupil is None:
            continue
        key = (pupil.id, number(row.date, row.half))
        occasion = occasions[key[1]]
        faults = _faults(work, occasions, occasion, row)
        if not _is_held(before, occasions, pupil, row) and not work.check(
            AMENDMENTS, row.line, faults
        ):
            faulty.add(key)
            continue
        earlier = found[key][-1][0] if found[key] else 0
        when = row.stated or earlier
        if row.kind == "restated":
            when = max(when, earlier)
        found[key].append((when, _link(work, occasions, occasion, row)))
    ordered = {key: sorted(links, key=lambda each: each[0]) for key, links in found.items()}
    return {key: [link for _, link in links] for key, links in ordered.items()}, faulty


def _is_held(before: StateBefore, occasions: Occasions, pupil: Pupil, row: AmendmentRow) -> bool:
    """Tell whether a row was taken in while its author was on the staff, as then stated."""
    if row.by is None or row.stated is None:
        return False
    absent = before.absent(row.by, occasions.day_of(row.stated))
    return absent and before.holds_change(pupil, row)


def _kind(occasion: Occasion, row: AmendmentRow) -> ChangeKind:
    """Return what a change is: before the register closed it is part of the taking."""
    if row.kind is not None:
        return row.kind
    closing, at = occasion.closing, row.stated
    return "taking" if closing is not None and at is not None and at <= closing else "amendment"


def _faults(
    work: Work, occasions: Occasions, occasion: Occasion, row: AmendmentRow
) -> Iterator[Refused | None]:
    yield _code_fault(work, occasion, row)
    yield fields.future_day(occasion.day, work.today, "date")
    yield fields.future_instant(row.stated, work.now, "amended_on")
    if row.kind == "restated":
        return
    if row.stated is None:
        yield Refused("field-empty", "amended_on is empty", "it must be given")
    if row.by is None:
        yield Refused("field-empty", "amended_by is empty", "say who made the amendment")
    elif row.stated is not None and (
        why := calendar.fault(work, row.by, occasions.day_of(row.stated))
    ):
        work.problems.refuse_once((row.by, why.what), AMENDMENTS, row.line, why)


def _code_fault(work: Work, occasion: Occasion, row: AmendmentRow) -> Refused | None:
    if row.amended == NO_MARK:
        return Refused(
            "mark-blanked", "a mark cannot be taken away", "give the code that stands instead"
        )
    try:
        rule = code_rule(work.rules.codes, row.amended, occasion.session)
    except Refused as why:
        return why
    if rule.category != "administrative":
        return None
    return Refused(
        "code-not-an-entry",
        f"code {row.amended} says that no entry is due",
        "take the row out, or give the code that stands",
    )


def _link(work: Work, occasions: Occasions, occasion: Occasion, row: AmendmentRow) -> Link:
    kind = _kind(occasion, row)
    link = Link(
        kind,
        row.amended,
        row.line,
        stated=row.stated,
        original=row.original,
        by=row.by,
        reason=row.reason,
        minutes_late=row.minutes_late,
        nature=row.nature,
    )
    _judge(work, occasion, link)
    if kind != "amendment" or row.by is None or row.stated is None:
        return link
    author = work.school.staff_on(row.by, occasions.day_of(row.stated))
    if author is None:  # faulty, and said to be
        return link
    return link._replace(name=work.text(author.name), job_title=author.job_title)


def _judge(work: Work, occasion: Occasion, link: Link) -> None:
    """Find what the law asks for and the row does not state."""
    if link.kind == "amendment" and not checks.is_visible(link.reason or ""):
        why = Refused(
            "reason-missing",
            "an amendment without a reason (SI 2024/208 reg 6(1)(c))",
            "state the reason",
        )
        work.problems.find(AMENDMENTS, link.line, why)
    rule = work.rules.codes.rule(link.code, occasion.day)
    if rule.requires and not link.nature:
        work.problems.find(AMENDMENTS, link.line, nature_missing(rule.code, rule.requires))


def nature_missing(code: str, required: str) -> Refused:
    """Return the finding that a code stands without what the law asks for besides."""
    return Refused(
        "nature-missing",
        f"code {code} without the {required} that has to be recorded with it",
        "state it in the nature column",
    )
