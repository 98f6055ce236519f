"""Who outside has seen the log: whom it trusts, and what counts."""

import sqlite3
from contextlib import closing

import pytest

from commands.core.execute import execute
from commands.proof.witnesses import DropWitness, TrustWitness
from commands.school.staff import AddStaff
from ledger.clock import SECOND
from ledger.errors import Refused
from ledger.store.folder import Folder
from ledger.store.store import Store
from ledger.tlog.note import COSIGNATURE, ED25519, Note, read_checkpoint
from ledger.tlog.tree import is_consistent
from ledger.transparency.requests import Requests, last_seen
from ledger.transparency.witnesses import (
    Sighting,
    Trust,
    hear_witnesses,
    newest_sighting,
    notes_newest_first,
    read_keys,
    timestamps_kept,
    trusted_witnesses,
)
from tests.ledger.outsiders import NOON, OTHER, WITNESS
from tests.ledger.refusals import refused_with

LAST_YEAR = 7_258_118_400
"""The first second of 2200."""


def cosign(folder, key=WITNESS, seconds=NOON, size=None):
    notes = dict(notes_newest_first(folder))
    size = max(notes) if size is None else size
    with closing(Store(folder.log)) as store:
        store.keep_cosignature(size, key.sign(notes[size].text, seconds), key.verifier)
    return size


def grow(context, staff_id):
    execute(context, AddStaff(staff_id=staff_id, name="Bo Reed", job_title="Teacher"))
    return context.folder.head()


def trust(context, key=WITNESS):
    execute(context, TrustWitness(key=key.verifier.vkey))
    return context.folder.head()


def drop(context, key=WITNESS):
    execute(context, DropWitness(witness=key.name))
    return context.folder.head()


def test_without_a_witness_nothing_was_seen(folder):
    assert trusted_witnesses(folder) == []
    assert newest_sighting(folder, []) is None
    assert last_seen(folder) == 0


def test_a_cosignature_tells_up_to_where_and_when(context):
    size = trust(context)
    assert cosign(context.folder) == size
    trusts = trusted_witnesses(context.folder)
    grow(context, "S2")
    seen = Sighting(size, NOON * SECOND, WITNESS.name)
    assert hear_witnesses(context.folder, trusts) == (seen, [])
    assert newest_sighting(context.folder, trusts) == seen
    assert last_seen(context.folder) == size


def test_what_was_seen_later_was_not_known_before(context):
    """At an earlier time, the newest seen until then."""
    folder, first = context.folder, trust(context)
    cosign(folder)
    grow(context, "S2")
    cosign(folder, seconds=NOON + 60)
    trusts = trusted_witnesses(folder)
    at = (NOON + 59) * SECOND
    assert newest_sighting(folder, trusts, known_at=at) == Sighting(
        first, NOON * SECOND, WITNESS.name
    )
    assert newest_sighting(folder, trusts, known_at=NOON * SECOND - 1) is None


def test_of_a_dropped_witness_what_it_signed_before_counts(context):
    """By the position of the drop against the checkpoint's size."""
    folder, before = context.folder, trust(context)
    cosign(folder)
    dropped = drop(context)
    cosign(folder)
    (one,) = trusted_witnesses(folder)
    assert not one.stands
    assert one.turns == ((before, True), (dropped, False))
    assert newest_sighting(folder, [one]).position == before
    assert last_seen(folder) == 0
    again = trust(context)
    cosign(folder)
    (one,) = trusted_witnesses(folder)
    assert one.stands
    assert newest_sighting(folder, [one]).position == again
    assert [one.counts(size) for size in (1, before, dropped, again)] == [True, True, False, True]


def test_the_signature_of_somebody_else_does_not_count(context):
    """It is a fault: no command keeps the signature of somebody who was never trusted."""
    trust(context)
    cosign(context.folder, key=OTHER)
    newest, (fault,) = hear_witnesses(context.folder, trusted_witnesses(context.folder))
    assert newest is None
    assert OTHER.name in fault.what
    assert hear_witnesses(context.folder, [Trust(OTHER.verifier)]).newest.by == OTHER.name


def put(folder, sql, *values):
    with closing(sqlite3.connect(folder.log)) as db, db:
        db.execute(sql, values)


def test_a_cosignature_that_is_wrong_is_a_fault(context):
    """Of another text, of no checkpoint, in no year, unreadable; each is named with its entry."""
    size = trust(context)
    trusts, insert = trusted_witnesses(context.folder), "INSERT INTO cosignatures VALUES(?,?)"
    (_, note), (older, _) = list(notes_newest_first(context.folder))[:2]
    lines = {
        (size, WITNESS.sign("another", NOON).line): "is not of this checkpoint",
        (size, WITNESS.sign(note.text, LAST_YEAR).line): "is not of this checkpoint",
        (older, "no line"): "cannot be read",
        (size + 1, WITNESS.sign(note.text, NOON).line): "of no checkpoint",
    }
    for at, line in lines:
        put(context.folder, insert, at, line)
    newest, faults = hear_witnesses(context.folder, trusts)
    assert newest is None
    found = sorted((fault.position, fault.what.split("cosignature ")[1]) for fault in faults)
    assert [at for at, _ in found] == sorted(at for at, _ in lines)
    assert all(any(what in said for _, said in found) for what in lines.values())


def test_what_was_seen_at_an_instant_was_known_at_it(context):
    """Of several that were seen, the newest up to then."""
    trust(context)
    size = cosign(context.folder, seconds=NOON)
    grow(context, "S2")
    cosign(context.folder, seconds=NOON + 60)
    trusts = trusted_witnesses(context.folder)
    found = newest_sighting(context.folder, trusts, known_at=NOON * SECOND)
    assert found == Sighting(size, NOON * SECOND, WITNESS.name)
    later = newest_sighting(context.folder, trusts, known_at=(NOON + 60) * SECOND)
    assert later.at == (NOON + 60) * SECOND


def test_a_log_without_the_table_is_a_fault(context):
    put(context.folder, "DROP TABLE cosignatures")
    newest, (fault,) = hear_witnesses(context.folder, [])
    assert newest is None
    assert "cannot be read" in fault.what


def test_the_store_refuses_what_is_not_a_signature_of_the_checkpoint(context):
    """Another text, a size without a checkpoint; nothing is kept."""
    size, note = next(notes_newest_first(context.folder))
    with closing(Store(context.folder.log)) as store:
        for at, text, code in (
            (size, "another", "signature-of-another"),
            (size + 1, note.text, "no-checkpoint"),
        ):
            with refused_with(code):
                store.keep_cosignature(at, WITNESS.sign(text, NOON), WITNESS.verifier)
    assert hear_witnesses(context.folder, [Trust(WITNESS.verifier)]) == (None, [])


def test_the_store_keeps_the_first_of_each_witness(context):
    """It shows the earliest time; another witness's is kept beside it."""
    size, note = next(notes_newest_first(context.folder))
    with closing(Store(context.folder.log)) as store:
        kept = [
            store.keep_cosignature(size, key.sign(note.text, seconds), key.verifier)
            for key, seconds in ((WITNESS, 5), (WITNESS, 5), (WITNESS, 6), (OTHER, 7))
        ]
    assert kept == [True, False, False, True]
    trusts = [Trust(WITNESS.verifier), Trust(OTHER.verifier)]
    assert newest_sighting(context.folder, trusts[:1]).at == 5 * SECOND
    assert hear_witnesses(context.folder, trusts).newest.at == 7 * SECOND


def test_a_timestamp_is_kept_once(context):
    """Where it holds; how many there are can be asked cheaply."""
    folder = context.folder
    size, note = next(notes_newest_first(folder))
    assert timestamps_kept(folder) == (0, 0)
    with closing(Store(folder.log)) as store:
        assert store.keep_timestamp(size, b"token", note.text.__eq__)
        assert not store.keep_timestamp(size, b"token", note.text.__eq__)
        with pytest.raises(Refused):
            store.keep_timestamp(size, b"other", lambda _: False)
    assert timestamps_kept(folder) == (1, size)


def test_a_request_continues_what_was_seen(context):
    """With the log's own signatures only, and a proof that holds."""
    older = context.folder.head()
    root = read_checkpoint(dict(notes_newest_first(context.folder))[older].text).root
    trust(context)
    cosign(context.folder)
    requests = Requests(context.folder)
    request = requests.since(older)
    checkpoint = request.checkpoint
    assert requests.note == dict(notes_newest_first(context.folder))[requests.size]
    assert is_consistent(older, root, checkpoint.size, checkpoint.root, request.proof)
    assert requests.since(checkpoint.size).proof == ()
    with refused_with("since-beyond"):
        requests.since(requests.size + 1)


def test_a_log_without_a_checkpoint_has_nothing_to_ask_for(tmp_path, ledger_log):
    with refused_with("no-checkpoint"):
        Requests(Folder(tmp_path))
    assert ledger_log.positions() == []


def test_keys_are_read_from_text_or_a_file(tmp_path):
    """Empty lines and remarks in a file are skipped."""
    path = tmp_path / "keys"
    lines = f"# two\n{WITNESS.verifier.vkey}\n\n{OTHER.verifier.vkey}\n"
    path.write_text(lines)
    assert read_keys(WITNESS.verifier.vkey, COSIGNATURE) == [WITNESS.verifier]
    assert read_keys(str(path), COSIGNATURE) == [WITNESS.verifier, OTHER.verifier]


def test_a_key_of_the_wrong_kind_is_refused(tmp_path):
    """A ledger's is no witness's; a file without any, and a text that is none, are refused."""
    (tmp_path / "none").write_text("# none\n")
    for given, kind, code in (
        (WITNESS.verifier.vkey, ED25519, "key-kind"),
        (str(tmp_path / "none"), ED25519, "key-missing"),
        (str(tmp_path / "not there"), ED25519, "key-missing"),
        ("a\nb", ED25519, "note-unreadable"),
    ):
        with refused_with(code):
            read_keys(given, kind)


def test_notes_come_newest_first(context):
    grow(context, "S2")
    sizes = [size for size, _ in notes_newest_first(context.folder)]
    assert sizes == sorted(sizes, reverse=True)
    assert all(isinstance(note, Note) for _, note in notes_newest_first(context.folder))
