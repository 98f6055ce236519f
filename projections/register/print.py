"""A group's register on paper, as amended or blank."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from ledger.errors import Refused
from projections.queries.question import Answer, Block, Lines, Page, Question, option
from projections.queries.versions import Describer
from projections.queries.view import View
from projections.queries.wording import instant_in_words
from projections.register import register_print_amended as amended
from projections.register import register_print_blank as blank
from projections.register.week import Week, monday_of
from projections.rendering import html

_COLUMNS = ("week", "number", "session", "upn", "name", "kind", "was", "became", "reason",
            "by", "recorded_at", "stated_at", "late_by_school_days", "position")  # fmt: skip
_WEEK = timedelta(days=7)
_TO_FRIDAY = timedelta(days=4)


@dataclass(frozen=True, kw_only=True)
class RegisterPrint(Question):
    """attendance register print: a group's register on paper, as amended or blank.

    Whole weeks, of one day or from --from to --to; amended as any copy has to show it.
    """

    group: str | None = option("the group (9B)", required=True)
    week: date | None = option("any day of the week [the week of --on]")
    to: date | None = option("with --from: the last day; every week from one to the other")
    as_amended: bool = option("the entries with every amendment", default=False)
    blank: bool = option("an empty form with names and what is planned", default=False)
    html: Path | None = option("write it as a page to this file")

    def answer(self, view: View) -> Answer:
        """Answer with the weeks, each with a row a pupil."""
        _check(self)
        mondays = _mondays(self, view)
        # What is printed is the weeks, whatever day it is: the provenance says so.
        days = replace(self, from_=mondays[0], on=mondays[-1] + _TO_FRIDAY)
        grid, view = view.grid, replace(view, question=days)
        view.grid = grid
        document: dict[str, Any] = {
            "as_of": view.as_of(),
            "group": self.group,
            "print": _kind(self),
            "rows": [],
        }
        if view.knows_nothing:
            document["knows_nothing"] = True
            return Answer(document, (), [Lines([view.ignorance()])])
        weeks = [Week(view, self.group or "", monday) for monday in mondays]
        held = [week for week in weeks if week.pupils]
        found = _blank(held) if self.blank else _amended(view, held)
        blocks = found.blocks if held else [Lines([weeks[0].nobody, ""])]
        document["rows"] = found.rows
        pages = []
        if self.html:
            body = html.joined(html.tag("section", sheet, css="sheet") for sheet in found.sheets)
            pages = [Page(self.html, _page(self, view, body if held else weeks[0].nobody))]
        columns = () if self.blank else _COLUMNS
        return Answer(document, columns, [*blocks, Lines([view.provenance()])], flat=found.flat,
                      pages=pages)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Found:
    """The weeks printed: for JSON, for reading, for paper, for CSV."""

    rows: list[dict[str, Any]]
    blocks: list[Block]
    sheets: list[html.Markup]
    flat: list[dict[str, Any]]


def _amended(view: View, weeks: list[Week]) -> _Found:
    describer = Describer(view)
    found = [amended.Printed(week, describer) for week in weeks]
    notes = [{"week": each.week.monday.isoformat(), **n} for each in found for n in each.notes]
    blocks = [block for each in found for block in amended.blocks(each)]
    return _Found([e.document() for e in found], blocks, [amended.sheet(e) for e in found], notes)


def _blank(weeks: list[Week]) -> _Found:
    found = [blank.form(week) for week in weeks]
    blocks = [block for each in found for block in blank.blocks(each)]
    return _Found([e.document() for e in found], blocks, [blank.sheet(e) for e in found], [])


def _check(question: RegisterPrint) -> None:
    if question.as_amended == question.blank:
        raise Refused(
            "print-what",
            "a register is printed either as amended or blank",
            "give one of --as-amended and --blank",
        )
    ranged = question.from_ is not None or question.to is not None
    if ranged and (question.week is not None or question.from_ is None or question.to is None):
        raise Refused(
            "print-when",
            "the weeks to print are not clear",
            "give --week, or --from and --to together, or none for this week",
        )


def _mondays(question: RegisterPrint, view: View) -> list[date]:
    if question.from_ is None or question.to is None:
        return [monday_of(question.week or view.on)]
    if question.from_ > question.to:
        raise Refused(
            "dates-reversed",
            f"--from {question.from_} is later than --to {question.to}",
            "give the earlier date first",
        )
    first, last = monday_of(question.from_), question.to
    return [first + n * _WEEK for n in range((last - first) // _WEEK + 1)]


def _kind(question: RegisterPrint) -> str:
    return "blank" if question.blank else "as amended"


def _page(question: RegisterPrint, view: View, body: str) -> str:
    school = (view.school or {}).get("name", "")
    known = f"as known at {instant_in_words(view.known_at)}"
    title = f"{school}: register of {question.group}, {_kind(question)}"
    above = html.tag("p", f"Printed {instant_in_words(view.now)}, {known}.")
    return html.page(title.removeprefix(": "), html.joined([above, html.tag("div", body)]),
                     landscape=True, foot=view.provenance())  # fmt: skip
