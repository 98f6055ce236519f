"""Batches that changed no mark and no plan: the refusal names what takes each of them back."""

import re
from datetime import date
from pathlib import Path

import pytest

import commands
from commands.amending.put_back import PutBack
from commands.amending.ways_back import GOES_BACK, WAYS, remedy_of
from commands.calendar.closures import AddClosure
from commands.calendar.terms import SetTerm
from commands.core.standing import MAY_BE_TAKEN_BACK
from commands.roll.correct import CorrectPupil, MergePupils
from commands.roll.enrol import MovePupil
from ledger.events import register
from ledger.events.log import Committed
from ledger.events.registry import EVENTS
from projections import queries
from tests.commands.conftest import upn

AM = "2026-11-19/AM"


PUT_BACK = {
    register.MarkCorrected, register.MarkAmended, register.SourceRestated,
    register.AbsencePlanned, register.PlanChanged, register.PlanWithdrawn,
}  # fmt: skip
"""Kinds that put-back is about itself."""


def there_are():
    """Return the words of every command and question."""
    floors = (Path(commands.__path__[0]), Path(queries.__path__[0]).parent)
    texts = [each.read_text() for floor in floors for each in floor.rglob("*.py")]
    return {w for text in texts for w in re.findall(r'"""attendance ([a-z -]+): ', text)}


def test_there_is_a_way_back_for_every_kind_of_event():
    """But of the header; each names a command that there is, or that it stays."""
    assert set(GOES_BACK) == PUT_BACK
    assert set(WAYS) | PUT_BACK | {Committed} == set(EVENTS.values())
    assert not set(WAYS) & {*PUT_BACK, Committed}
    for kind in {*WAYS, *PUT_BACK}:
        remedy = remedy_of(kind)
        named = re.findall(r"attendance ([a-z-]+(?: [a-z]+)?)", remedy)
        assert named or "stays on record" in remedy, kind
        assert ("attendance put-back" in remedy) == (kind in PUT_BACK)
        assert ("attendance take-back" in remedy) == (kind in MAY_BE_TAKEN_BACK)
        for words in named:
            assert {words, words.split()[0]} & there_are(), words


BATCHES = {
    "move": (
        MovePupil(pupil="P1", kind="registration", to="7B", from_=date(2026, 11, 20)),
        "moved a pupil to a group", "attendance pupil move",
    ),
    "leave a cohort": (
        MovePupil(pupil="P1", kind="year", leave="Y7", from_=date(2026, 11, 20)),
        "took a pupil out of a group", "attendance pupil move",
    ),
    "detail": (
        CorrectPupil(pupil="P1", field="forename", to="Ade", reason="Certificate"),
        "amended a detail of a pupil", "attendance pupil correct",
    ),
    "merge": (
        MergePupils(duplicate="P4", into="P1", reason="One pupil"),
        "withdrew a pupil's record, as pupil merge does", "where they are two pupils",
    ),
    "closure": (
        AddClosure(day=date(2026, 12, 1), reason="INSET"),
        "closed sessions that were planned not to be held", "attendance closures withdraw",
    ),
    "term": (
        SetTerm(name="Spring", first=date(2027, 1, 4), last=date(2027, 3, 26)),
        "set a term", "attendance terms set",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", BATCHES)
def test_a_batch_that_cannot_be_put_back_names_what_takes_it_back(desk, kind):
    """Never an amendment of marks, which it changed none of."""
    command, did, remedy = BATCHES[kind]
    back = PutBack(batch=str(desk.folder.head() + 1), reason="Wrong day")
    desk.do(command)
    refused = desk.refused(back, "nothing-to-put-back")
    assert refused.what.endswith(f"changed no mark and no plan: it {did}")
    assert refused.remedy.startswith(remedy)


def test_a_merger_is_taken_back_as_the_refusal_says(desk):
    """The withdrawn record keeps a UPN of its own; the pupil is entered anew, and so are marks."""
    desk.mark("P3", AM, "O")
    desk.do(MergePupils(duplicate="P3", into="P1", reason="Slip"))
    desk.do(CorrectPupil(pupil="P3", field="upn", to=upn(33), reason="Not of Ada"))
    desk.do(CorrectPupil(pupil=upn(33), field="local_id", to="", reason="Not of Ada"))
    desk.enrol(3, "Cat", "Stone", dob=date(2014, 12, 3))
    assert desk.mark("P3", AM, "O").header is not None
