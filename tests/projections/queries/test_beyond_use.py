"""A pupil whose keys were destroyed: no name, no text, and every total as before."""

from datetime import date

import pytest

from ledger.errors import Refused
from ledger.events.register import MarkAmended
from projections.figures import overview
from projections.figures.rates import Rates
from projections.history.changes import Changes
from projections.history.history import History
from projections.penalties.alerts import Alerts
from projections.readmodel import catch_up
from projections.register.show import RegisterShow
from projections.roll.pupils import PupilFind
from projections.school.status import Status
from projections.school.today import Today
from tests.projections.ledgers import instant, marked, on_mark

GONE = "[beyond use]"
AT = instant(2025, 9, 8, 9)
ON = {"from_": date(2025, 9, 8), "on": date(2025, 9, 8)}


@pytest.fixture
def marks(school):
    """Ann has an entry that was amended, Bob one that was not."""
    school.add(AT, marked("ann", "2025-09-08/AM", "N", comment="secret", by="s1"))
    school.add(AT, marked("bob", "2025-09-08/AM", "/", by="s1"))
    amended = MarkAmended(
        original="N", code="B", nature="visit", reason="secret", by="s1", name="Mrs R"
    )
    school.add(AT + 1, on_mark("ann", "2025-09-08/AM", amended))
    return school


def test_every_total_stays_the_same(marks):
    """Rates, their rows and status count the same before and after."""

    def counted():
        answers = [marks.ask(Rates(by=by, **ON)).document for by in ("pupil", "year")]
        return [
            (a["total"], sorted((r["missing"], r["possible"], r["attended"]) for r in a["rows"]))
            for a in answers
        ], marks.ask(Status(on=ON["on"])).document["pupils_on_roll"]

    before = counted()
    marks.destroy("ann")
    assert counted() == before


def test_the_pupil_is_shown_as_beyond_use_everywhere(marks):
    """Rates, changes, register and today show the words in place of UPN and name."""
    marks.destroy("ann")
    assert marks.ask(Rates(**ON)).rows()[-1]["upn"] == GONE
    assert marks.ask(Rates(**ON)).blocks[0].rows[-2][:2] == (GONE, GONE)
    row = marks.ask(Changes(**ON)).rows()[0]
    assert (row["upn"], row["reason"], row["nature"]) == (GONE, GONE, GONE)
    assert row["by"]["name"] == "Mrs R"
    shown = marks.ask(RegisterShow(group="9A", on=ON["on"])).rows()
    assert {r["name"] for r in shown} == {GONE, "Bob Baker"}
    assert any(c["code"] == "B" for r in shown if r["name"] == GONE for c in r["cells"])
    assert GONE in {r["name"] for r in marks.ask(Today(**ON)).rows()}


def test_nothing_that_named_the_pupil_finds_them(marks):
    """UPN and local id are forgotten; the pupil can be found as beyond use only."""
    marks.destroy("ann")
    for named in ("U-ann", "L-ann"):
        with pytest.raises(Refused, match="no pupil has"):
            marks.ask(History(who=named, **ON))
    assert not marks.ask(PupilFind(text="ann")).rows()
    assert [r["upn"] for r in marks.ask(PupilFind(text="beyond")).rows()] == [GONE]


def test_other_pupils_and_other_answers_are_untouched(marks):
    """Bob's history reads as before; alerts and overview are still answered."""
    before = marks.ask(History(who="U-bob", **ON)).document
    marks.destroy("ann")
    assert marks.ask(History(who="U-bob", **ON)).document == before
    assert not marks.ask(Alerts()).rows()
    assert marks.ask(overview.Overview(on=ON["on"])).document["total"]


def test_the_views_hold_no_clear_text(marks):
    """Names and texts are sealed in the tables, so that a destroyed key leaves nothing."""
    catch_up.catch_up(marks.folder)
    stored = b"".join(p.read_bytes() for p in marks.folder.views.rglob("*") if p.is_file())
    assert b"2025-09-08/AM" in stored  # what is not sealed can be read there
    for text in (b"Able", b"secret", b"U-ann", b"visit"):
        assert text not in stored
