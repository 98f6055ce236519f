"""A new ledger, or nothing at all; and whose register it is."""

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from commands.core.command import Context
from commands.core.execute import check_first, execute
from commands.penalties.undercut import watch
from commands.proof.keys import RotateKey
from commands.school.school import CreateLedger, SetSchool
from commands.school.staff import AddStaff
from ledger.clock import parse_instant
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.log import Committed
from ledger.events.school import SchoolOpened, StaffJoined
from ledger.ledger import Ledger
from ledger.sealing.boxes import Where
from ledger.sealing.keys import KeyRing
from ledger.store.facts import Fact
from ledger.store.folder import Folder
from ledger.store.store import Batch, Store
from ledger.tlog import signing
from ledger.values import Operator

NOW = parse_instant("2026-11-20T09:30")

HEAD = {"staff": "hh", "name": "Hope Headworth", "job_title": "Headteacher"}


def context(path: Path, clock: Any = lambda: NOW) -> Context:
    return Context(Ledger(Folder(path)), clock, Operator(None, "office"), watch)


def refusal(path: Path, **given: str) -> Refused:
    with pytest.raises(Refused) as caught:
        CreateLedger(**given).carry_out(context(path))
    return caught.value


def test_a_ledger_is_made_with_its_first_member_of_staff(tmp_path):
    outcome = CreateLedger(**HEAD).carry_out(context(tmp_path / "ledger"))
    assert Folder(tmp_path / "ledger").exists()
    assert outcome.says[-1] == "hh is its first member of staff"


@pytest.mark.parametrize("left_out", HEAD)
def test_half_a_member_of_staff_is_refused(tmp_path, left_out):
    given = {k: v for k, v in HEAD.items() if k != left_out}
    assert refusal(tmp_path / "ledger", **given).code == "first-staff"
    assert not (tmp_path / "ledger").exists()


def test_an_id_that_would_split_a_stream_is_refused(tmp_path):
    """As for everybody added later; the folder is taken away again."""
    assert refusal(tmp_path / "ledger", **{**HEAD, "staff": "h:h"}).code == "id-form"
    assert not (tmp_path / "ledger").exists()


def test_a_folder_that_is_not_empty_is_refused_and_kept(tmp_path):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "kept.txt").write_text("kept")
    assert "something else" in refusal(tmp_path / "letters").what
    assert (tmp_path / "letters" / "kept.txt").read_text() == "kept"
    CreateLedger().carry_out(context(tmp_path / "ledger"))
    assert "a ledger" in refusal(tmp_path / "ledger").what


def test_an_interrupted_creation_leaves_nothing_behind(tmp_path):
    """Half a ledger would be refused as one that is already there."""

    def interrupted() -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        CreateLedger().carry_out(context(tmp_path / "ledger", interrupted))
    assert not (tmp_path / "ledger").exists()


def test_a_key_kept_apart_goes_where_no_ledger_comes_to_be(tmp_path, monkeypatch):
    """Else the next try would be refused for it; a key that was there before stays."""
    apart = tmp_path / "safe" / "key"
    monkeypatch.setenv("ATTENDANCE_SIGNING_KEY", str(apart))
    refusal(tmp_path / "ledger", **{**HEAD, "staff": "h:h"})
    assert not apart.exists()
    CreateLedger().carry_out(context(tmp_path / "ledger"))
    key = apart.read_bytes()
    assert refusal(tmp_path / "other").code == "signing-key-there"
    assert apart.read_bytes() == key


def test_what_a_killed_init_left_is_cleared_with_its_key(tmp_path, monkeypatch):
    """The folder aside is called by the ledger's id, and the key names that; another's stays."""
    apart = tmp_path / "safe" / "key"
    monkeypatch.setenv("ATTENDANCE_SIGNING_KEY", str(apart))
    for name, goes in (("a" * 32, True), ("b" * 32, False)):
        (tmp_path / f".{'a' * 32}.unfinished").mkdir()
        signing.create(apart, name)
        if goes:
            CreateLedger().carry_out(context(tmp_path / "ledger"))
            assert signing.load(apart).name != signing.ORIGIN + name
            apart.unlink()
        else:
            assert refusal(tmp_path / "other").code == "signing-key-there"
        assert list(tmp_path.glob(".*")) == []


def test_the_key_of_a_ledger_that_was_being_moved_to_its_place_stays(tmp_path, monkeypatch):
    """It was whole: what is left of it is moved, and it is there."""
    monkeypatch.setenv("ATTENDANCE_SIGNING_KEY", str(tmp_path / "key"))
    folder = Folder(tmp_path / "ledger")
    CreateLedger().carry_out(context(folder.path))
    born = signing.load(folder.signing_key).name.removeprefix(signing.ORIGIN)
    whole = folder.path / f".{born}.whole"
    whole.mkdir()
    folder.log.rename(whole / folder.log.name)
    assert refusal(folder.path).code == "already-there"
    assert folder.head() > 0
    assert folder.signing_key.exists()


def half_made(path: Path) -> Folder:
    """A ledger as older software left it, killed between its files and its first entry."""
    folder = Folder(path)
    path.mkdir()
    KeyRing.create(folder.keys)
    Store.create(folder.log).close()
    return folder


@pytest.mark.parametrize("left", [("keys.db",), ("keys.db", "signing.key"), None])
def test_a_ledger_that_was_begun_in_its_place_is_made_anew(tmp_path, left):
    folder = half_made(tmp_path / "ledger")
    for path in folder.path.iterdir():
        if left and path.name not in left:
            path.unlink()
    CreateLedger(**HEAD).carry_out(context(folder.path))
    assert folder.head() > 0


def test_keys_without_their_log_are_no_half_made_ledger(tmp_path):
    folder = half_made(tmp_path / "ledger")
    folder.log.unlink()
    with closing(KeyRing(folder.keys)) as ring, ring.writing():
        ring.seal("Ada", "pupil:1", "identity", Where("surname", "pupil:1"))
        ring.commit()
    assert refusal(folder.path).code == "already-there"
    assert folder.keys.exists()


def test_nobody_records_in_a_ledger_that_was_not_born(tmp_path):
    """Nothing in it could ever be proved; an errand is refused before it does anything."""
    folder = half_made(tmp_path / "ledger")
    clerk = AddStaff(staff_id="mm", name="Mo Marsh", job_title="Clerk")
    for attempt in (lambda: execute(context(folder.path), clerk), lambda: check(folder)):
        with pytest.raises(Refused, match="never finished") as caught:
            attempt()
        assert caught.value.remedy == "attendance init makes it anew"
    assert folder.head() == 0


def check(folder: Folder) -> None:
    check_first(context(folder.path), RotateKey())


def test_entries_without_a_beginning_are_told_apart(tmp_path):
    folder = half_made(tmp_path / "ledger")
    clerk = StaffJoined(name="Mo Marsh", job_title="Clerk")
    header = Committed(
        at=0, account="", authenticated="", software="", rules="", command="Test", count=1
    )
    batch = Batch(header, [Fact(streams.staff("mm"), clerk)], 1, 0)
    with closing(Store(folder.log)) as store:
        store.append(batch, clock=lambda: NOW, before_commit=lambda: None)
    with pytest.raises(Refused, match="no record of its own beginning"):
        check(folder)


WHOLE = {
    "urn": "123456", "name": "Example High School", "la_code": "887", "estab": "4001",
    "type": "academy", "phase": "secondary",
}  # fmt: skip


def test_what_is_not_given_stays(desk):
    expected = SchoolOpened(**(WHOLE | {"name": "Example Academy"}))
    assert desk.recorded(SetSchool(name="Example Academy")) == [("calendar", expected)]


def test_repeated_details_record_nothing(desk):
    assert "nothing was recorded" in desk.do(SetSchool(**WHOLE)).says[0]


def test_first_time_every_detail_is_needed(empty):
    empty.do(AddStaff(staff_id="mm", name="Mo Marsh", job_title="Attendance Officer"))
    empty.staff_id = "mm"
    refused = empty.refused(SetSchool(**(WHOLE | {"la_code": None})))
    assert (refused.code, refused.remedy) == ("la-code-missing", "give it with --la-code")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"type": "castle"}, "type-unknown"),
        ({"phase": "tertiary"}, "phase-unknown"),
        ({"urn": "12345"}, "urn-form"),
        ({"la_code": "88x"}, "la-code-form"),
        ({"estab": "40012"}, "estab-form"),
    ],
)
def test_unknown_details_are_refused(desk, fields, code):
    assert desk.refused(SetSchool(**fields)).code == code
