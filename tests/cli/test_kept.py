"""The school that is kept between commands: in a process that lives, and stored for the next."""

import hmac
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from ledger.ledger import Ledger
from ledger.state import kept
from ledger.state.kept import read_stored
from ledger.state.school import FOLDED, School, fold
from ledger.store.facts import Recorded
from ledger.store.folder import Folder
from ledger.store.store import Store
from ledger.tlog import signing
from tests.cli.shell import done, program


@pytest.fixture
def folder(small: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """A small school whose fold is stored after every command."""
    monkeypatch.setattr(kept, "STORED_EVERY", 1)
    return Folder(small)


@pytest.fixture
def folds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many events were read each time that a school was made from the log alone."""
    found: list[int] = []

    def noted(recorded: list[Recorded]) -> School:
        found.append(len(recorded))
        return fold(recorded)

    monkeypatch.setattr(kept, "fold", noted)
    return found


def record(folder: Folder, staff_id: str) -> None:
    add = ("staff", "add", staff_id, "--name", "Eve", "--job-title", "Clerk")
    done("--ledger", folder.path, *add)


def current(folder: Folder) -> School:
    with Ledger(folder) as ledger, ledger.turn() as (store, _):
        return ledger.school(store.head())


def anew(folder: Folder) -> School:
    """The school of the log as it is, from the log alone."""
    with closing(Store(folder.log)) as store:
        return fold(store.read(FOLDED, upto=store.head()))


def test_the_next_command_goes_on_from_what_is_stored(folder: Folder, folds: list[int]) -> None:
    """Only the first makes the school from the log; each is equal to one made anew."""
    for number in range(3):
        record(folder, f"s{number}")
    assert len(folds) == 1
    assert current(folder) == anew(folder)
    assert {"s0", "s1", "s2"} <= current(folder).staff.keys()


def test_what_is_stored_is_equal_down_to_the_order(folder: Folder) -> None:
    record(folder, "s1")
    stored, there = read_stored(folder), anew(folder)
    assert stored is not None
    assert "s1" not in stored.school.staff
    assert [*stored.school.pupils.items()] == [*there.pupils.items()]
    orders = [[(k, [*v]) for k, v in each.groups.items()] for each in (stored.school, there)]
    assert orders[0] == orders[1]


def test_what_is_stored_is_replaced_by_what_came_since(folder: Folder) -> None:
    """Otherwise every command would go over more and more of the log."""
    places = []
    for number in range(3):
        record(folder, f"s{number}")
        stored = read_stored(folder)
        assert stored is not None
        places.append((stored.position, f"s{number - 1}" in stored.school.staff))
    assert [was for _, was in places] == [False, True, True]
    assert places == sorted(places)


def test_asked_twice_at_one_position_the_school_is_made_once(
    folder: Folder, folds: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a process keeps is good where nothing came after it."""
    monkeypatch.setattr(kept, "STORED_EVERY", folder.head() + 100)
    with Ledger(folder) as ledger:
        for _ in range(2):
            with ledger.turn() as (store, _):
                ledger.school(store.head())
    assert len(folds) == 1


def damaged(content: bytes, folder: Folder) -> Iterator[tuple[str, bytes]]:
    """Every way in which a stored school may not be the one that was stored."""
    key = hmac.digest(signing.load(folder.signing_key).seed, kept._PURPOSE, "sha256")

    def signed(body: bytes) -> bytes:
        return hmac.digest(key, body, "sha256") + body

    body = content[32:]
    stored = msgspec.msgpack.decode(body, type=kept._Stored)
    yield "empty", b""
    yield "cut short", content[:-1]
    yield "another byte", content[:-1] + bytes([content[-1] ^ 1])
    yield "another mac", bytes(32) + body
    yield "no school", signed(b"\x00")
    yield "other code", signed(msgspec.msgpack.encode(stored._replace(code=b"x" * 32)))
    root = stored.checkpoint.replace("\n", "\nx", 1)
    yield "another root", signed(msgspec.msgpack.encode(stored._replace(checkpoint=root)))
    later = stored._replace(position=stored.position + 10**6)
    yield "from later", signed(msgspec.msgpack.encode(later))


def test_what_cannot_be_relied_on_is_made_anew(folder: Folder, folds: list[int]) -> None:
    """Damaged, by other hands, by other software, or of another log: nobody is told anything."""
    record(folder, "s1")
    content = folder.kept_school.read_bytes()
    for name, changed in damaged(content, folder):
        folds.clear()
        folder.kept_school.write_bytes(changed)
        assert current(folder) == anew(folder), name
        assert len(folds) == 1, name
    folds.clear()
    folder.kept_school.write_bytes(content)
    assert current(folder) == anew(folder)
    assert folds == []


def test_without_the_signing_key_nothing_stored_is_relied_on(
    folder: Folder, folds: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It could be anybody's; and nothing is stored either."""
    record(folder, "s1")
    folds.clear()
    monkeypatch.setenv("ATTENDANCE_SIGNING_KEY", str(folder.path / "elsewhere"))
    before = folder.kept_school.read_bytes()
    assert current(folder) == anew(folder)
    assert len(folds) == 1
    assert folder.kept_school.read_bytes() == before


def test_a_small_step_is_not_stored(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """It spares less than it costs."""
    monkeypatch.setattr(kept, "STORED_EVERY", folder.head() + 100)
    record(folder, "s1")
    assert not folder.kept_school.exists()
    monkeypatch.setattr(kept, "STORED_EVERY", 1)
    record(folder, "s2")
    before = folder.kept_school.read_bytes()
    monkeypatch.setattr(kept, "STORED_EVERY", folder.head())
    record(folder, "s3")
    assert folder.kept_school.read_bytes() == before


def test_where_it_cannot_be_stored_the_command_is_done(folder: Folder) -> None:
    """The log has it all."""
    folder.kept_school.mkdir()
    (folder.kept_school / "in-the-way").touch()
    record(folder, "s1")
    assert "s1" in anew(folder).staff


def test_a_log_put_in_its_place_is_seen_by_a_process_that_lives(folder: Folder) -> None:
    """A back-up restored under an open ledger: what was kept is of another log, and is left."""
    earlier = folder.path.with_name("earlier")
    with Ledger(folder) as ledger:
        with ledger.turn() as (store, _):
            ledger.school(store.head())
        shutil.copytree(folder.path, earlier)
        assert program("staff", "add", "s1", "--name", "Bo", "--job-title", "Aide").returncode == 0
        with ledger.turn() as (store, _):
            assert "s1" in ledger.school(store.head()).staff
        for file in (folder.log, folder.keys):
            Path(earlier / file.name).replace(file)
        with ledger.turn() as (store, _):
            assert store.head() == Folder(folder.path).head()
            assert "s1" not in ledger.school(store.head()).staff
