"""One door to a ledger that stays open: from many threads, whatever other programs do."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from cli import Door
from commands.core.command import UseCase
from commands.register.take import MarkSession
from commands.school.staff import AddStaff
from ledger.errors import Refused
from ledger.events.school import StaffChanged
from ledger.ledger import Ledger
from ledger.state.school import FOLDED, evolve, fold
from ledger.store.facts import Recorded
from ledger.store.folder import Folder
from ledger.values import Operator, parse_session
from projections.figures.rates import Rates
from projections.school.status import Rebuild
from tests.cli.shell import program, run

WHO = Operator("mm", "office")
DAY = date(2026, 11, 20)
CHANGED = ("staff:mm", 1, StaffChanged(name="X", job_title="Nobody"))


@pytest.fixture
def folder(small: Path) -> Folder:
    return Folder(small)


def clerk(n: int) -> AddStaff:
    return AddStaff(staff_id=f"s{n}", name=f"Eve {n}", job_title="Clerk")


def test_eight_threads_record_and_ask_through_one_door(folder):
    before = folder.head()
    with Ledger(folder) as ledger, ThreadPoolExecutor(8) as threads:
        door = Door(ledger)
        asked = [threads.submit(door.ask, Rates(on=DAY), WHO) for _ in range(8)]
        done = [threads.submit(door.do, clerk(n), WHO) for n in range(24)]
        headers = [each.result().header for each in done]
        answers = [each.result() for each in asked]
    assert all(header is not None and header.count == 1 for header in headers)
    assert folder.head() == before + 2 * 24
    assert len({str(a.document["rows"]) for a in answers}) == 1
    assert ledger._opened is None


def test_nobody_who_asks_waits_for_who_records(folder):
    """A question is answered while another thread's command holds both writers' places."""
    with Ledger(folder) as ledger, ThreadPoolExecutor(1) as threads:
        door = Door(ledger)
        first = door.ask(Rates(on=DAY), WHO).document
        with ledger.alone():
            asked = threads.submit(door.ask, Rates(on=DAY), WHO)
            assert asked.result(timeout=20).document["rows"] == first["rows"]


def test_keys_put_in_their_place_are_read_for_the_next_question(folder):
    with Ledger(folder) as ledger:
        before, aside = ledger.reader(), folder.keys.with_name("aside")
        shutil.copy(folder.keys, aside)
        aside.replace(folder.keys)
        assert ledger.reader() is not before
        assert ledger.reader() is ledger.reader()


def test_what_other_programs_record_is_seen(folder):
    """The school that is kept between commands is brought forward, and no name is lost."""
    with Ledger(folder) as ledger:
        door = Door(ledger)
        door.do(clerk(1), WHO)
        assert program("staff", "add", "s2", "--name", "Bo", "--job-title", "Aide").returncode == 0
        with pytest.raises(Refused) as refused:
            door.do(clerk(2), WHO)
    assert "s2" in refused.value.what


def test_the_school_that_is_kept_equals_one_made_anew(folder):
    """Down to the order of its pupils, after each of many commands."""
    with Ledger(folder) as ledger:
        door = Door(ledger)
        for step in range(4):
            door.do(clerk(step), WHO)
            assert program("pupil", "move", "P1", "--kind", "cohort", "--to", f"C{step}",
                           "--from", "2026-11-20", "--new-group").returncode == 0  # fmt: skip
            with ledger.turn() as (store, _):
                kept = ledger.school(store.head())
                anew = fold(store.read(FOLDED, upto=store.head()))
            assert kept == anew
            assert list(kept.pupils) == list(anew.pupils)


def test_a_school_brought_forward_half_way_is_made_anew(folder, monkeypatch):
    """Ctrl-C between two events leaves nothing that would count one of them twice."""

    def broken_off(kept, recorded):
        evolve(kept, recorded[0].stream, recorded[0].event)
        raise KeyboardInterrupt

    with Ledger(folder) as ledger, ledger.turn() as (store, _):
        head = store.head()
        ledger.school(head)
        with monkeypatch.context() as patched:
            patched.setattr("ledger.state.kept.advance", broken_off)
            patched.setattr(store, "since", lambda *_, **__: [Recorded(head, *CHANGED)])
            with pytest.raises(KeyboardInterrupt):
                ledger.school(head)
        assert ledger.school(head) == fold(store.read(FOLDED, upto=head))


def test_an_earlier_position_is_no_later_one(folder):
    with Ledger(folder) as ledger:
        before = folder.head()
        Door(ledger).do(clerk(1), WHO)
        with ledger.turn():
            assert "s1" in ledger.school(folder.head()).staff
            assert "s1" not in ledger.school(before).staff


def test_a_key_destroyed_by_another_program_is_not_used_again(folder):
    """What a long life has opened before is beyond use once its key is gone."""
    with Ledger(folder) as ledger:
        with ledger.turn() as (store, ring):
            pupil = next(iter(ledger.school(store.head()).pupils.values()))
            assert ring.open(pupil.details["surname"]) != "[beyond use]"
        with Ledger(folder) as other, other.turn() as (_, theirs):
            theirs.destroy(pupil.id, at=0)
        with ledger.turn() as (_, ring):
            assert ring.open(pupil.details["surname"]) == "[beyond use]"


def test_views_made_anew_between_two_questions_answer_the_same(folder):
    with Ledger(folder) as ledger:
        door = Door(ledger)
        first = door.ask(Rates(on=DAY), WHO).document["rows"]
        assert door.ask(Rebuild(), WHO).document["events"] == folder.head()
        assert door.ask(Rates(on=DAY), WHO).document["rows"] == first


def test_a_mark_made_through_the_door_is_in_the_next_answer(folder):
    """Nobody has to bring views up by hand."""
    with Ledger(folder) as ledger:
        door = Door(ledger)
        mark: UseCase = MarkSession(
            pupil="P1", session=parse_session("2026-11-20/AM"), code="N", reason="no word"
        )
        door.do(mark, WHO)
        total = door.ask(Rates(on=DAY), WHO).document["total"]
    assert total["codes"] == run("rates", "--on", str(DAY), "--json").json["total"]["codes"]
    assert total["codes"]["N"] == 1
