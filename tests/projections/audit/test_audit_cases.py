"""The cases of fixtures/cases/audit/audit.toml: what an audit finds, and what it does not."""

from datetime import date, timedelta

import pytest

from ledger.events import streams
from ledger.events.penalties import NoticeStated
from ledger.events.register import MarkAmended, SessionMarked
from ledger.store.facts import Fact
from projections.audit.audit import Audit
from tests.projections import office_cases as cases
from tests.projections.ledgers import enrolled, instant

NOW = instant(2027, 1, 2, 12)
CASES = cases.load("audit/audit")
PRESENT = {"AM": "/", "PM": "\\"}


@pytest.fixture(scope="session")
def founded(tmp_path_factory):
    """The school of the cases, with Ann in it."""
    return cases.school(tmp_path_factory.mktemp("audit") / "ledger", enrolled("ann", cases.FIRST))


@pytest.mark.parametrize("name", CASES)
def test_every_case_comes_out_as_it_says(founded, tmp_path, name):
    """Each finding's evidence is compared where the case states it."""
    book, case = cases.copied(founded, tmp_path / "ledger"), CASES[name]
    given, expect = case["given"], case["expect"]
    record(book, given)
    options = {key: listed(value) for key, value in given.get("options", {}).items()}
    shown = {"names": True, "reason": "why"}
    question = Audit(only=(given["check"],), on=given["on"], **shown, **options)
    document = book.ask(question, now=NOW).document
    found = [subset(row, wanted) for row, wanted in matched(document["rows"], expect["found"])]
    assert found == [plain(wanted) for wanted in expect["found"]]
    [summary] = document["checks"]
    assert summary["findings"] == len(expect["found"])
    assert {k: summary[k] for k in expect.get("summary", {})} == expect.get("summary", {})


def matched(rows, wanted):
    """Each row with what is wanted of it; a row too many or too few shows as such."""
    return [(row, wanted[n] if n < len(wanted) else row) for n, row in enumerate(rows)]


def subset(row, wanted):
    """What a row says of the keys that are wanted."""
    return {k: subset(row[k], v) if isinstance(v, dict) else row[k] for k, v in wanted.items()}


def plain(wanted):
    """A case's expectation: TOML has no null."""
    return {k: None if v == "" else v for k, v in wanted.items()}


def listed(value):
    return tuple(value) if isinstance(value, list) else value


def record(book, given):
    """Record the marks, then their changes day by day, then the notice."""
    taken = {row["session"] for row in given.get("marks", ())}
    facts = [first(s, "O") for s in given.get("absent", ())]
    facts += [
        first(s, PRESENT[s[-2:]])
        for s in between(given)
        if s not in taken and s not in given.get("absent", ())
    ]
    facts += [first(r["session"], r["code"]) for r in given.get("marks", ()) if "late_on" not in r]
    book.add(instant(2026, 9, 2, 9), *facts)
    for day, made in sorted(by_day(given).items()):
        book.add(instant(day.year, day.month, day.day, 12), *made)
    if "notice" in given:
        stated = {"kind": "s444A", **given["notice"]}
        notice = NoticeStated(**stated | {"sessions": tuple(stated.get("sessions", ()))})
        book.add(cases.LATER, Fact(streams.notices("P1", "ann"), notice))


def first(session, code, **more):
    return Fact(streams.mark("ann", session), SessionMarked(code=code, by="s1", **more))


def between(given):
    """Every session of the days that are marked present."""
    span = given.get("present", {"from": date(2026, 1, 1), "to": date(2025, 1, 1)})
    days = [span["from"] + timedelta(days=n) for n in range((span["to"] - span["from"]).days + 1)]
    return [f"{day}/{half}" for day in days if day.weekday() < 5 for half in PRESENT]


def by_day(given):
    """The late entries and amendments, by the day on which they are made."""
    found = {}
    for row in given.get("marks", ()):
        code = row["code"]
        if "late_on" in row:
            found.setdefault(row["late_on"], []).append(first(row["session"], code, late=True))
        for change in row.get("changes", ()):
            amended = MarkAmended(
                original=code, code=change["code"], reason="known now", by="s1", name="Mo Marsh"
            )
            code = change["code"]
            fact = Fact(streams.mark("ann", row["session"]), amended)
            found.setdefault(change["on"], []).append(fact)
    return found
