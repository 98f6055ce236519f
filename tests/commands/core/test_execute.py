"""The one writer: what a decision relied on may not change between reading and recording."""

from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from commands.amending.amend import AmendMarks
from commands.core.command import Context, Decision, State, UseCase, decided
from commands.core.execute import _Attempt, _changed_words, execute, look
from commands.exchange.importing import ImportPortable
from commands.penalties.undercut import watch
from commands.register.entries import Row
from commands.register.take import MarkSession, TakeRegister
from commands.roll.enrol import EnrolPupil, MovePupil
from commands.school.staff import AddStaff, ChangeStaff
from ledger.clock import SECOND
from ledger.events import streams
from ledger.events.disclosure import NamesShown
from ledger.events.register import MarkAmended, MarkCorrected, SessionMarked, SourceConflicted
from ledger.formats.portable import FILES, MARKS
from ledger.ledger import Ledger
from ledger.store.facts import Fact
from ledger.values import Operator, parse_session
from policies.packs.codes import Rules
from tests.commands.conftest import MO, refusal, upn

AM = parse_session("2026-11-20/AM")


def overtaken(desk: Any, meanwhile: Any) -> Context:
    """Return a context whose clock lets somebody else do something after the reading has begun."""
    left = [meanwhile]

    def clock() -> int:
        if left:
            by, desk.staff_id = desk.staff_id, "head"
            left.pop()()
            desk.staff_id = by
        return int(desk.now)

    return Context(Ledger(desk.folder), clock, Operator(desk.staff_id, "office"), watch)


@pytest.fixture
def tries(monkeypatch):
    """How often commands were decided."""
    found, plan = [], _Attempt.plan

    def counted(self, command):
        found.append(type(command))
        return plan(self, command)

    monkeypatch.setattr(_Attempt, "plan", counted)
    return found


def marking(pupil: str, code: str = "/") -> MarkSession:
    return MarkSession(pupil=pupil, session=AM, code=code)


def taking(group: str, *pupils: str) -> TakeRegister:
    return TakeRegister(group=group, session=AM, rows=tuple(Row(0, p, "/") for p in pupils))


def amending(pupil: str, code: str) -> AmendMarks:
    return AmendMarks(pupil=pupil, session=AM, code=code, reason="seen in class")


def enrolling(number: int, local_id: str) -> EnrolPupil:
    return EnrolPupil(
        upn=upn(number), local_id=local_id, forename="Eli", surname="Vane", dob=date(2014, 10, 1),
        starts_on=date(2026, 9, 2),
    )  # fmt: skip


def test_a_register_taken_meanwhile_makes_the_mark_a_late_entry(desk: Any) -> None:
    """A stream that was empty when it was read counts among what the decision relied on."""
    desk.at("2026-11-20T08:50")

    def take() -> None:
        desk.do(taking("7A", "P2"))
        desk.now += SECOND

    execute(overtaken(desk, take), marking("P1"))
    (entry,) = desk.marks("P1")["2026-11-20/AM"]
    assert isinstance(entry, SessionMarked)
    assert entry.late


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (taking("7A", "P1", "P2"), taking("7B", "P3")),
        (marking("P1"), marking("P2")),
        (marking("P3"), taking("7A", "P1", "P2")),
        (marking("P1"), MovePupil(pupil="P2", kind="registration", to="7B", from_=AM.date)),
        (AddStaff(staff_id="a", name="A", job_title="B"),
         AddStaff(staff_id="b", name="A", job_title="B")),
        (ChangeStaff(staff_id="head", job_title="Head"), marking("P1")),
        (enrolling(8, "P8"), enrolling(9, "P9")),
        (MovePupil(pupil="P1", kind="registration", to="7B", from_=AM.date),
         MovePupil(pupil="P2", kind="registration", to="7B", from_=AM.date)),
    ],
    ids=lambda command: type(command).__name__,
)  # fmt: skip
def test_who_does_something_else_is_never_met(
    desk: Any, tries: list[type], first: UseCase, second: UseCase
) -> None:
    """Different groups, pupils and staff: both are decided once, whoever is recorded first."""
    desk.at("2026-11-20T08:50")
    assert execute(overtaken(desk, lambda: desk.do(second)), first).header is not None
    assert len(tries) == 2


def test_a_mark_changed_meanwhile_is_not_overwritten_unknowingly(
    desk: Any, tries: list[type]
) -> None:
    """Who is too late is told by whom it was changed and to what; repeated, it is overwritten."""
    desk.at("2026-11-20T09:30").do(marking("P1", "N"))
    ours = amending("P1", "O")
    found = refusal(execute, overtaken(desk, lambda: desk.do(amending("P1", "I"))), ours)
    assert found.code == "changed-meanwhile"
    assert found.what == "changed meanwhile: Ada Quill 2026-11-20/AM is I by Hal Hope (head)"
    assert "repeat the command" in found.remedy
    assert len(tries) == 3
    desk.do(ours)
    changes = desk.marks("P1")["2026-11-20/AM"][1:]
    assert [(c.original, c.code) for c in changes] == [("N", "I"), ("I", "O")]
    assert all(isinstance(change, MarkAmended) for change in changes)


def test_whoever_changed_the_mark_himself_meanwhile_knows(desk: Any) -> None:
    """On a second computer: the later of the two commands stands."""
    desk.at("2026-11-20T09:30").do(marking("P1", "N"))

    def by_himself() -> None:
        desk.staff_id = "mm"
        desk.do(amending("P1", "I"))

    execute(overtaken(desk, by_himself), amending("P1", "O"))
    changes = desk.marks("P1")["2026-11-20/AM"][1:]
    assert [(c.original, c.code) for c in changes] == [("N", "I"), ("I", "O")]


def test_the_same_mark_made_meanwhile_needs_nobody_to_look(desk: Any) -> None:
    """What two people agree on is no conflict: the second is told that it stands."""
    desk.at("2026-11-20T08:50")
    outcome = execute(overtaken(desk, lambda: desk.do(marking("P1"))), marking("P1"))
    assert outcome.header is None
    assert outcome.says == ("Ada Quill 2026-11-20/AM: / already stands; nothing was recorded",)


def test_a_register_is_refused_whole_where_one_of_its_marks_was_changed(desk: Any) -> None:
    """Nothing of it is recorded; repeated, the mark is corrected as part of the taking."""
    desk.at("2026-11-20T08:50")
    ours = taking("7A", "P1", "P2")
    found = refusal(execute, overtaken(desk, lambda: desk.mark("P2", AM, "L")), ours)
    assert found.what == "changed meanwhile: Ben Reed 2026-11-20/AM is L by Hal Hope (head)"
    assert desk.marks("P1") == {}
    desk.do(ours)
    assert isinstance(desk.marks("P2")["2026-11-20/AM"][1], MarkCorrected)


def test_a_mark_from_a_source_is_told_as_one(desk: Any) -> None:
    """Where nobody is named who entered it; who has left the staff is named by the id."""

    def words(by: str | None) -> str:
        def ask(state: State) -> str:
            stream = streams.mark(state.pupil("P1").id, AM)
            return _changed_words(state, stream, SessionMarked(code="L", by=by), desk.now)

        return look(desk.context, ask)

    assert words(None) == "Ada Quill 2026-11-20/AM is L by a source"
    assert words("gone") == "Ada Quill 2026-11-20/AM is L by gone"


def test_one_upn_names_one_pupil_whoever_enrols_him_first(desk: Any, tries: list[type]) -> None:
    """Looking a UPN up is reading: whoever is second finds that it is in use."""
    context = overtaken(desk, lambda: desk.do(enrolling(8, "P8")))
    assert refusal(execute, context, enrolling(9, "P8")).code == "id-in-use"
    assert len(tries) == 3


def test_an_import_compares_what_was_marked_meanwhile_itself(desk: Any, tmp_path: Path) -> None:
    """It overwrites nobody, so it is not refused for a mark: it is decided again, and says so."""
    line = f"{upn(1)},2026-11-20,AM,/,,,,,2026-11-20T08:45"
    (tmp_path / "marks.csv").write_text(f"{','.join(FILES[MARKS].required)}\n{line}\n", "utf-8")
    command = ImportPortable(path=tmp_path).load(StringIO())
    desk.at("2026-11-20T08:50")
    outcome = execute(overtaken(desk, lambda: desk.do(marking("P1", "L"))), command)
    assert outcome.says == ("recorded: 1 conflict with what a person did here",)
    entry, conflict = desk.marks("P1")["2026-11-20/AM"]
    assert (type(entry), type(conflict)) == (SessionMarked, SourceConflicted)


class Looks(UseCase):
    """Names were looked at, two thousand times and once."""

    act = "import portable"

    def reads(self, _state: State) -> tuple[()]:
        """Rest on nothing."""
        return ()

    def decide(self, _state: State, _rules: Rules, _now: int) -> Decision:
        """Record every look."""
        shown = NamesShown(reason="a complaint", seen_at=1, **MO)
        return decided([Fact(streams.audit(), shown)] * 2001)


def test_how_far_the_recording_is_comes_every_thousand_facts(desk):
    """Of how many there are."""
    told: list[tuple[int, int]] = []
    execute(desk.context, Looks(), progress=lambda *far: told.append(far))
    assert told == [(0, 2001), (1000, 2001), (2000, 2001)]
