"""One sealed text put beyond use: its key is nowhere, every other text opens as before."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import Incomplete
from ledger.events.casework import CaseworkStepTaken
from ledger.events.school import StaffJoined
from ledger.sealing import boxes, keys
from ledger.sealing.boxes import Place, Redaction, Where, box_key
from ledger.sealing.keys import BEYOND_USE, REDACTED, KeyRing, parse_box
from ledger.sealing.redaction import every_place, half_done, places, seal_event
from ledger.store.facts import Fact
from tests.cli.shell import raising
from tests.ledger.refusals import refused_with
from tests.ledger.sealing.rings import keys_of, named_in, new_ring

AT = 7


def sealed_in(ring, *texts, subject="p", purpose="casework"):
    """Texts sealed in one transaction, as places of a log at positions 1, 2, 3 …"""
    with ring.writing():
        found = [
            ring.seal(text, subject, purpose, Where("notes", f"casework:{subject}"))
            for text in texts
        ]
        ring.commit()
    return [Place(n, "notes", text) for n, text in enumerate(found, start=1)]


def redaction(place, at=AT):
    return Redaction(*parse_box(place.text)[:3], place.position, place.field, at)


def on_disk(folder):
    return b"".join(path.read_bytes() for path in folder.glob("keys.db*"))


def test_one_text_goes_and_the_others_stay(ring):
    """Those under the same key, sealed before and after, and those under other keys."""
    first, wrong, third = sealed_in(ring, "one", "wrong", "three")
    (other,) = sealed_in(ring, "other", purpose="identity")
    ring.redact(redaction(wrong), [first, wrong, third])
    (later,) = sealed_in(ring, "later")
    opened = [ring.open(place.text) for place in (first, wrong, third, other, later)]
    assert opened == ["one", REDACTED, "three", "other", "later"]


def test_the_key_of_the_text_is_nowhere_on_disk(ring, tmp_path):
    """Neither the subject's key, from which it follows, nor its own; no list forbids it."""
    kept, wrong = sealed_in(ring, "kept", "wrong")
    subject_key = keys_of(ring)["p", "casework"]
    own = box_key(subject_key, parse_box(wrong.text).nonce)
    assert subject_key in on_disk(tmp_path)
    ring.redact(redaction(wrong), [kept, wrong])
    assert subject_key not in on_disk(tmp_path)
    assert own not in on_disk(tmp_path)
    assert box_key(subject_key, parse_box(kept.text).nonce) in on_disk(tmp_path)
    ring._db.execute("DELETE FROM redacted")
    with closing(KeyRing(tmp_path / "keys.db")) as again, refused_with("sealed-unreadable"):
        again.open(wrong.text)


def test_copies_in_split_pages_are_wiped_too(tmp_path):
    """A file written without secure deletion may hold a key twice; it is written anew."""
    with new_ring(tmp_path / "keys.db") as ring:
        ring._db.execute("PRAGMA secure_delete=OFF")
        found = {n: sealed_in(ring, "x", subject=f"p{n * 7919 % 300:03d}") for n in range(300)}
        keys = {subject: key for (subject, _), key in keys_of(ring).items()}
        for (place,) in list(found.values())[::15]:
            ring._db.execute("PRAGMA secure_delete=OFF")
            ring.redact(redaction(place), [place])
    gone = {parse_box(p.text).subject for (p,) in list(found.values())[::15]}
    stored = on_disk(tmp_path)
    assert {s for s, key in keys.items() if key in stored} == keys.keys() - gone


def test_a_second_redaction_takes_the_boxs_own_key_only(ring):
    """The subject's new key stays, and what was sealed under it."""
    first, second, third = sealed_in(ring, "one", "two", "three")
    ring.redact(redaction(first), [first, second, third])
    (later,) = sealed_in(ring, "later")
    key = keys_of(ring)["p", "casework"]
    ring.redact(redaction(second), [first, second, third, later])
    assert keys_of(ring)["p", "casework"] == key
    assert [ring.open(p.text) for p in (first, second, third, later)] == [
        REDACTED,
        REDACTED,
        "three",
        "later",
    ]


def test_where_else_the_same_text_stands_is_told(ring):
    """An original repeats what an earlier event says, under a key of its own."""
    first, copy, other = sealed_in(ring, "wrong", "wrong", "right")
    assert ring.redact(redaction(first), [first, copy, other]) == [copy]
    assert ring.open(copy.text) == "wrong"


def test_repeated_it_changes_nothing(ring):
    """Whoever repeats it after a crash finds it done."""
    kept, wrong = sealed_in(ring, "kept", "wrong")
    ring.redact(redaction(wrong), [kept, wrong])
    key = keys_of(ring)["p", "casework"]
    assert ring.redact(redaction(wrong, at=9), [kept, wrong]) == []
    assert keys_of(ring)["p", "casework"] == key
    assert [r.at for r in ring.redactions()] == [AT]


def test_redactions_are_told_oldest_first(ring):
    """By their time, and those of one time by where they stand in the log."""
    first, second, third = sealed_in(ring, "one", "two", "three")
    for place, at in ((third, AT), (second, AT - 1), (first, AT)):
        ring.redact(redaction(place, at=at), [first, second, third])
    told = [(r.at, r.position) for r in ring.redactions()]
    assert told == [(AT - 1, second.position), (AT, first.position), (AT, third.position)]


def test_an_identity_that_was_redacted_names_nobody(ring):
    """A local id stands in clear among the identities; the other ids of the pupil stay."""
    upn, local_id = sealed_in(ring, "UPN1", "L1", purpose="identity")
    with ring.writing():
        ring.add_identity("UPN1", "upn", "p")
        ring.add_identity("L1", "local_id", "p")
        ring.commit()
    ring.redact(redaction(local_id), [upn, local_id])
    assert named_in(ring) == {"UPN1": "p"}


def test_destroying_takes_the_keys_of_boxes_too(ring, tmp_path):
    """What a puncture kept goes with the subject; what was redacted says so still."""
    kept, wrong = sealed_in(ring, "kept", "wrong")
    own = box_key(keys_of(ring)["p", "casework"], parse_box(kept.text).nonce)
    ring.redact(redaction(wrong), [kept, wrong])
    assert own in on_disk(tmp_path)
    assert ring.destroy("p", at=9) == 1
    assert own not in on_disk(tmp_path)
    assert [ring.open(kept.text), ring.open(wrong.text)] == [BEYOND_USE, REDACTED]


def test_a_restored_back_up_is_brought_to_the_same_state(ring, tmp_path):
    """The redactions remembered are carried out again, each once."""
    kept, wrong = found = sealed_in(ring, "kept", "wrong")
    ring._db.execute("VACUUM INTO ?", [str(tmp_path / "older.db")])
    ring.redact(redaction(wrong), found)
    with closing(KeyRing(tmp_path / "older.db")) as restored:
        assert restored.open(wrong.text) == "wrong"
        assert restored.reapply(ring.redactions(), lambda _: found) == 1
        assert [restored.open(p.text) for p in found] == ["kept", REDACTED]
        assert restored.reapply(ring.redactions(), lambda _: found) == 0
        assert restored.redactions() == ring.redactions()
    assert ring.open(kept.text) == "kept"


def test_a_back_up_without_the_key_remembers_the_redaction(ring, tmp_path):
    """Older than the text, or destroyed since: there is nothing to take away."""
    (wrong,) = sealed_in(ring, "wrong")
    with new_ring(tmp_path / "older.db") as restored:
        restored.reapply([redaction(wrong)], lambda _: [wrong])
        assert restored.open(wrong.text) == REDACTED
        assert keys_of(restored) == {}


def test_a_text_under_another_key_is_left_as_it_is(ring, tmp_path):
    """What the key does not open gets no key of its own, and is refused as before."""
    (wrong,) = sealed_in(ring, "wrong")
    with new_ring(tmp_path / "other.db") as other:
        (foreign,) = sealed_in(other, "foreign")
    ring.redact(redaction(wrong), [wrong, foreign])
    with refused_with("sealed-unreadable"):
        ring.open(foreign.text)


def test_a_failure_half_way_leaves_everything(ring):
    """One transaction: the text opens as before, and nothing is remembered."""
    kept, wrong = sealed_in(ring, "kept", "wrong")

    def broken():
        yield kept
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - the very one that is raised above
        ring.redact(redaction(wrong), broken())
    assert [ring.open(kept.text), ring.open(wrong.text)] == ["kept", "wrong"]
    assert ring.redactions() == []


def test_a_key_file_of_before_works_as_it_did(ring, tmp_path):
    """The tables of redactions are made by the first one; reading does not miss them."""
    (place,) = sealed_in(ring, "text")
    tables = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
    assert [r[0] for r in ring._db.execute(tables)] == ["destroyed", "identities", "subject_keys"]
    with closing(KeyRing(tmp_path / "keys.db", to_write=False)) as reader:
        assert reader.open(place.text) == "text"
    assert ring.redactions() == []
    assert ring.destroy("p", at=AT) == 1


def recorded(ring, log, subject, text):
    event = CaseworkStepTaken(step="call", on=date(2026, 11, 20), notes=text, outcome=text)
    stream = f"casework:{subject}"
    with ring.writing():
        fact = Fact(stream, seal_event(ring, stream, event, 0))
        log.append(fact, before_commit=ring.commit)


@pytest.mark.parametrize("subject", ["p", 'p"é\\'])
def test_the_texts_of_the_log_are_found_with_their_places(ring, ledger_log, db, subject):
    """Of this subject and purpose only, in the log's order, whatever the id is made of."""
    for text in ("one", "two"):
        recorded(ring, ledger_log, subject, text)
        recorded(ring, ledger_log, "q", text)
    found = list(places(db, subject, "casework"))
    assert [(p.position, p.field, ring.open(p.text)) for p in found] == [
        (2, "step", "call"),
        (2, "outcome", "one"),
        (2, "notes", "one"),
        (6, "step", "call"),
        (6, "outcome", "two"),
        (6, "notes", "two"),
    ]
    assert list(places(db, subject, "identity")) == []


def test_every_text_but_names_of_staff_is_found_while_somebody_writes(ring, ledger_log, db):
    """About anybody, in the log's order."""
    for subject in ("p", "q"):
        recorded(ring, ledger_log, subject, "one")
    joined = StaffJoined(name="Mo Marsh", job_title="Clerk")
    with ring.writing():
        fact = Fact("staff:mm", seal_event(ring, "staff:mm", joined, 0))
        ledger_log.append(fact, before_commit=ring.commit)
    with closing(sqlite3.connect(db, isolation_level=None)) as busy:
        busy.execute("BEGIN IMMEDIATE")
        found = list(every_place(db))
    assert [(p.position, p.field, parse_box(p.text).subject) for p in found] == [
        (2, "step", "p"),
        (2, "outcome", "p"),
        (2, "notes", "p"),
        (4, "step", "q"),
        (4, "outcome", "q"),
        (4, "notes", "q"),
    ]


def test_a_writer_who_has_not_finished_is_waited_for(ring, ledger_log, db):
    """While the texts are read, nobody can add one to the log; afterwards they can."""
    recorded(ring, ledger_log, "p", "one")
    reading = places(db, "p", "casework")
    next(reading)
    with closing(sqlite3.connect(db, timeout=0, isolation_level=None)) as writer:
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            writer.execute("BEGIN IMMEDIATE")
        list(reading)
        writer.execute("BEGIN IMMEDIATE")
        assert writer.in_transaction


WRITE_MANY = """
import sys
from contextlib import closing
from datetime import date
from pathlib import Path
from ledger.events.log import Committed
from ledger.errors import Incomplete
from ledger.events.casework import CaseworkStepTaken
from ledger.sealing.keys import KeyRing
from ledger.sealing.redaction import seal_event
from ledger.store.facts import Fact
from ledger.store.store import Batch, Store
folder, number = Path(sys.argv[1]), 0
said = dict(account="a", authenticated="no", software="0", rules="n", command="T")
header = Committed(at=0, count=0, **said)
with closing(Store(folder / "ledger.db")) as store, closing(KeyRing(folder / "keys.db")) as ring:
    for number in range(int(sys.argv[2])):
        event = CaseworkStepTaken(step="call", on=date(2026, 11, 20), notes=str(number))
        with ring.writing():
            fact = Fact("casework:p", seal_event(ring, "casework:p", event, 0))
            batch = Batch(header, [fact], 1, 0)
            store.append(batch, clock=lambda: 0, before_commit=ring.commit)
"""


@pytest.mark.usefixtures("ledger_log")
def test_a_writer_at_the_same_time_loses_nothing(ring, db, tmp_path):
    """Redacting one text after the other while a process adds texts under the same key."""
    count = 60
    writer = subprocess.Popen([sys.executable, "-c", WRITE_MANY, tmp_path, str(count)])
    gone: list[Place] = []
    while writer.poll() is None:
        fresh = [p for p in places(db, "p", "casework") if p.field == "notes" and p not in gone]
        if fresh:
            ring.redact(redaction(fresh[0]), places(db, "p", "casework"))
            gone.append(fresh[0])
    assert writer.returncode == 0
    assert gone
    with closing(KeyRing(tmp_path / "keys.db")) as again:
        found = [p for p in places(db, "p", "casework") if p.field == "notes"]
        opened = [again.open(p.text) for p in found]
    assert opened == [REDACTED] * len(gone) + [str(n) for n in range(len(gone), count)]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("seal"), st.sampled_from(["p", "q"]), st.text(max_size=3)),
        st.tuples(st.just("redact"), st.integers(0, 30), st.none()),
        st.tuples(st.just("open again"), st.none(), st.none()),
    ),
    max_size=25,
)


@settings(max_examples=60)
@given(steps=STEPS)
def test_exactly_the_redacted_texts_are_gone(tmp_path_factory, steps):
    """Whatever the order of sealing, redacting and opening the file anew."""
    path = tmp_path_factory.mktemp("keys") / "keys.db"
    KeyRing.create(path)
    ring, found, expected = KeyRing(path), [], []
    try:
        for what, which, text in steps:
            if what == "seal":
                found += sealed_in(ring, text, subject=which)
                expected.append(text)
            elif what == "redact" and found:
                place = found[which % len(found)]
                subject = parse_box(place.text).subject
                ring.redact(redaction(place), [p for p in found if p.text[1] == subject])
                expected[which % len(found)] = REDACTED
            else:
                ring.close()
                ring = KeyRing(path)
            assert [ring.open(place.text) for place in found] == expected
    finally:
        ring.close()


def cut_short(ring, monkeypatch):
    """Redact a text, killed before the file is wiped; return its subject's destroyed key."""
    kept, wrong = sealed_in(ring, "kept", "wrong")
    gone = keys_of(ring)["p", "casework"]
    with monkeypatch.context() as patched:
        patched.setattr(KeyRing, "wipe", raising(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            ring.redact(redaction(wrong), [kept, wrong])
    return gone


def test_a_destruction_that_was_cut_short_is_finished_by_whoever_comes_next(
    ring, tmp_path, monkeypatch
):
    gone = cut_short(ring, monkeypatch)
    with closing(KeyRing(tmp_path / "keys.db")) as again:
        assert again.owes_wiping
        again.finish()
        assert not again.owes_wiping
        again.finish()
    assert gone not in on_disk(tmp_path)


def test_a_destruction_stays_due_while_somebody_reads_what_was_there(ring, tmp_path, monkeypatch):
    """And where it fails, nobody who wanted something else is refused."""
    cut_short(ring, monkeypatch)
    with closing(sqlite3.connect(tmp_path / "keys.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM subject_keys").fetchall()
        with closing(KeyRing(tmp_path / "keys.db")) as again:
            again._db.execute("PRAGMA busy_timeout=0")
            again.finish()
            assert again.owes_wiping
            monkeypatch.setattr(KeyRing, "wipe", raising(sqlite3.OperationalError("disk I/O")))
            again.finish()
            assert again.owes_wiping


@pytest.mark.usefixtures("ledger_log")
def test_what_is_left_to_do_is_said_in_words(ring, db, monkeypatch):
    cut_short(ring, monkeypatch)
    with closing(KeyRing(db.with_name("keys.db"))) as again:
        said = list(half_done(db, again))
    assert said[0].startswith("bytes of a destroyed key may still be in keys.db")
    assert said[1].startswith("the notes of event 2 is beyond use, but not recorded by whom")
    ring.finish()
    assert list(half_done(db, ring)) == said[1:]


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(keys, "_WAIT_SECONDS", 0.2)


@pytest.mark.usefixtures("impatient")
def test_a_key_is_not_called_destroyed_while_a_reader_keeps_it_in_the_file(ring, tmp_path):
    """Whoever reads since before keeps the old pages in place; what is left to do is said."""
    sealed_in(ring, "text", purpose="identity")
    [old] = boxes.secrets_of(ring._db, "p")
    with closing(sqlite3.connect(tmp_path / "keys.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM subject_keys").fetchall()
        with pytest.raises(Incomplete, match="the key that was deleted may be in keys") as left:
            ring.destroy("p", at=1)
        assert "then repeat this command" in left.value.remedy
        assert ring.destructions("p") == [("identity", 1)]
    ring.wipe([old])
    ring.close()
    assert not any(old in each.read_bytes() for each in tmp_path.iterdir())


def test_what_is_left_of_a_lost_key_file_goes_with_a_destroyed_key(tmp_path):
    path, lost = tmp_path / "keys.db", tmp_path / "keys.db-wal.lost"
    KeyRing.create(path)
    lost.write_bytes(b"keys")
    with closing(KeyRing(path)) as ring:
        ring.destroy("p", at=1)
    assert not lost.exists()


def test_a_copy_of_a_key_that_stays_is_named(ring, tmp_path):
    """One that somebody put beside the file, say."""
    sealed_in(ring, "text", purpose="identity")
    (tmp_path / "keys.db.old").write_bytes(b"x" + boxes.secrets_of(ring._db, "p").pop())
    with pytest.raises(Incomplete, match=r"may be in keys\.db\.old still"):
        ring.destroy("p", at=1)


def test_keys_that_are_destroyed_again_are_looked_for_too(ring, tmp_path):
    """As a restored back-up is brought up to date; a copy of one that stays is no matter."""
    for purpose in ("identity", "casework"):
        sealed_in(ring, "text", purpose=purpose)
    copy = tmp_path / "keys.db.old"
    copy.write_bytes(keys_of(ring)["p", "casework"])
    assert ring.destroy_again([("p", "identity", 1)]) == 1
    with pytest.raises(Incomplete, match=r"may be in keys\.db\.old still"):
        ring.destroy_again([("p", "casework", 1)])


def test_a_text_redacted_again_has_its_key_looked_for_too(ring, tmp_path):
    """The subject's key, from which it follows, is one that goes with it."""
    found = sealed_in(ring, "kept", "wrong")
    (tmp_path / "keys.db.old").write_bytes(keys_of(ring)["p", "casework"])
    with pytest.raises(Incomplete, match=r"may be in keys\.db\.old still"):
        ring.reapply([redaction(found[1])], lambda _: found)


def test_a_disk_that_fails_before_a_key_is_overwritten_is_told(tmp_path, monkeypatch):
    path = tmp_path / "keys.db"
    KeyRing.create(path)
    with closing(KeyRing(path)) as ring:
        monkeypatch.setattr(ring, "_is_written_back", fails)
        with pytest.raises(Incomplete, match="not overwritten yet: the disk is full"):
            ring.destroy("p", at=1)


def fails() -> bool:
    message = "disk is full"
    raise sqlite3.OperationalError(message)
