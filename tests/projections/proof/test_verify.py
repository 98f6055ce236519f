"""attendance verify as its user sees it: text, JSON, exit codes, and every option."""

import shutil
import sqlite3
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from commands.core.command import Context
from commands.core.execute import execute
from commands.penalties.undercut import watch
from commands.proof.witnesses import TrustWitness
from commands.school.staff import AddStaff
from ledger import clock
from ledger.ledger import Ledger
from ledger.store.store import Store
from ledger.tlog import signing
from ledger.tlog.note import COSIGNATURE, new_signer
from ledger.transparency import memory
from ledger.values import Operator
from projections.proof import verify as proof
from projections.readmodel.catch_up import catch_up
from projections.readmodel.sources import log_alone
from tests.cli.shell import run
from tests.projections.ledgers import instant, marked

WITNESS = new_signer("trust.example", bytes(32), COSIGNATURE)
SECONDS = 1_790_000_000
SHOWS = "What this shows: the record is unchanged since its checkpoints were made"


@pytest.fixture
def grown(context):
    """Seven entries: a clerk, and a teacher."""
    execute(context, AddStaff(staff_id="S2", name="Ben", job_title="Teacher"))
    return context.folder


def verify(folder, *options):
    return run("--ledger", folder.path, "verify", *options)


def words(result):
    """What was printed, without the spaces of its columns."""
    return " ".join(result.out.split())


def differs(folder, *options, what):
    """A difference is found, and it is said which."""
    said = verify(folder, *options)
    assert said.code == 3
    assert what in words(said)
    return said


def change(folder, *statements):
    with closing(sqlite3.connect(folder.log)) as db:
        triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        made = triggers.fetchall()
        for name, _ in made:
            db.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            db.execute(statement)
        for _, sql in made:
            db.execute(sql)
        db.commit()


def cosign(folder):
    """The school trusts a witness, which signs the newest checkpoint."""
    context = Context(Ledger(folder), clock.now, Operator("S1", "tests"), watch)
    execute(context, TrustWitness(key=WITNESS.verifier.vkey))
    with closing(Store(folder.log)) as store:
        line = WITNESS.sign(store.checkpoint().text, SECONDS)
        store.keep_cosignature(store.head(), line, WITNESS.verifier)
        return store.head()


def test_an_unaltered_ledger(grown):
    """Says what that shows and what not; nobody outside has seen it."""
    said = verify(grown)
    key = signing.load(grown.signing_key).verifier
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert lines[:2] == [
        f"Ledger       {key.name}",
        "Entries      7: unaltered since its checkpoints were made",
    ]
    assert lines[3:] == [
        f"Signed by    {key.key_id.hex()}",
        "Keys         2 in use: each opens its texts, each UPN its pupil",
        "Views        what the log makes: every answer rests on it",
        "Seen         by no one outside since entry 1",
        f"{SHOWS}; whoever holds its key could have made it anew.",
        (
            "What it does not show: that a mark was true when it was made; without a checkpoint "
            "kept outside, that no entry was cut off its end."
        ),
    ]


def test_the_document(grown):
    """As the contract has it."""
    found = verify(grown, "--json").json
    assert found["as_of"]["position"] == found["entries"] == 7
    assert found["as_of"]["root"] == found["root"]
    assert (found["unaltered"], found["witnessed"], found["problems"]) == (True, None, [])
    change(grown, "UPDATE stored_events SET originator_version = 5 WHERE position = 7")
    said = verify(grown, "--json")
    assert said.code == 3
    assert said.json["unaltered"] is False
    first = said.json["problems"][0]
    assert first == {"position": 7, "what": "version 1 of staff:S2 was expected, 6 found"}
    rows = verify(grown, "--csv")
    assert rows.code == 3
    assert rows.out.splitlines()[:2] == ["position,what", "7," + first["what"].join('""')]


def test_what_is_wrong_is_a_table(grown):
    change(grown, "DELETE FROM stored_events WHERE position = 4")
    said = differs(grown, what="Entries 6: NOT what was recorded")
    assert "4 entry 4 is missing: 5 follows" in words(said)
    assert said.out.endswith("Keep the folder as it is, and compare it with the latest back-up.\n")


def test_what_a_witness_saw(grown):
    """And since when nobody has seen it."""
    size = cosign(grown)
    said = verify(grown)
    assert (
        f"Seen         up to entry {size} by trust.example at 2026-09-21 15:13 London" in said.out
    )
    assert "made anew" not in said.out
    document = verify(grown, "--json").json
    at = "2026-09-21T14:13:20Z"
    assert document["witnessed"] == {"position": size, "at": at, "by": "trust.example"}
    assert verify(grown, "--witness", WITNESS.verifier.vkey).code == 0


def test_a_witness_whose_key_somebody_brings_must_have_signed(grown):
    cosign(grown)
    other = new_signer("governor.example", bytes(32), COSIGNATURE).verifier.vkey
    what = "the witness given has signed no checkpoint that is kept here"
    differs(grown, "--witness", other, what=what)
    both = verify(grown, "--witness", other, "--witness", WITNESS.verifier.vkey)
    assert both.code == 0


def test_a_cosignature_that_was_changed(grown):
    size = cosign(grown)
    change(grown, "UPDATE cosignatures SET line = replace(line, 'trust', 'other')")
    what = f"{size} a cosignature is by other.example, whom the log never trusted"
    differs(grown, what=what)


def test_witnesses_that_cannot_be_read(grown):
    cosign(grown)
    change(grown, "UPDATE stored_events SET state = x'00' WHERE originator_id = 'witness:school'")
    differs(grown, what="WitnessTrusted.v2 cannot be read")


def test_a_checkpoint_kept_earlier(grown, tmp_path):
    """Several may be given; what is no text is refused."""
    for number in (1, 2):
        out = tmp_path / f"kept{number}"
        assert run("--ledger", grown.path, "checkpoint", "--out", out).code == 0
    kept = ("--since", tmp_path / "kept1", "--since", tmp_path / "kept2")
    assert verify(grown, *kept).code == 0
    text = (tmp_path / "kept1").read_text(encoding="utf-8")
    (tmp_path / "kept1").write_text(text.replace("\n7\n", "\n8\n"), encoding="utf-8")
    said = differs(grown, *kept, what="8 kept1 saw 8 entries, the log holds 7: it was rolled back")
    assert "; no key of this log signed that checkpoint" in said.out
    (tmp_path / "kept1").write_bytes(b"\xff\xfe\x00")
    said = verify(grown, *kept)
    assert (said.code, said.out) == (1, "")
    assert "this is not a text in UTF-8: altered in transit" in said.err


def test_the_ledgers_key_as_somebody_holds_it(grown, tmp_path):
    """As a text or a file."""
    key = signing.load(grown.signing_key).verifier
    (tmp_path / "key").write_text(f"# ours\n{key.vkey}\n", encoding="utf-8")
    assert verify(grown, "--key", key.vkey).code == 0
    assert verify(grown, "--key", tmp_path / "key").code == 0
    other = new_signer(key.name, bytes(32)).verifier
    what = f"the log was never signed by the key given ({other.key_id.hex()})"
    differs(grown, "--key", other.vkey, what=what)
    said = verify(grown, "--key", f"{key.vkey}x")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("refused: this is not a public key: altered in transit")
    said = verify(grown, "--key", "nowhere.key")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("refused: 'nowhere.key' is neither a public key")
    assert "nor a file that is there" in said.err


def test_every_signature_when_asked(grown):
    """The newest is always checked, every other one with --all."""
    sql = "UPDATE checkpoints SET note = replace(note, (SELECT substr(note, -20) FROM checkpoints "
    change(grown, sql + "WHERE size = 5), 'AAAAAAAAAAAAAAAAAA=' || char(10)) WHERE size = 5")
    assert verify(grown).code == 0
    differs(grown, "--all", what="5 the checkpoint at entry 5 is not signed by the ledger")


def test_what_this_computer_remembers(grown):
    """A folder that was rolled back; a ledger whose checkpoints say nothing is not looked up."""
    with closing(Store(grown.log)) as store:
        memory.remember(grown, store.checkpoint(), lambda _: True)
    change(
        grown,
        "DELETE FROM stored_events WHERE position > 5",
        "DELETE FROM checkpoints WHERE size > 5",
    )
    said = words(verify(grown))
    assert "6 this computer saw 7 entries, the log holds 5: it was rolled back" in said
    change(grown, "DELETE FROM checkpoints")
    assert "this computer" not in verify(grown).out


def test_the_views_unless_the_log_alone_is_asked(grown):
    """There are none yet; then they are as they should be; then not."""
    assert "Views what the log makes" in words(verify(grown))
    assert run("--ledger", grown.path, "rebuild").code == 0
    assert "Views what the log makes" in words(verify(grown))
    change_views(grown, "UPDATE staff SET staff = 'S9' WHERE staff = 'S2'")
    said = verify(grown, "--log-only")
    assert (said.code, "Views not looked at, as --log-only asks" in words(said)) == (0, True)
    assert "Entries 7: unaltered" in words(
        differs(grown, what="the read models differ from the log")
    )
    change(grown, "DELETE FROM stored_events WHERE position = 7")
    assert "Views not looked at, since the log is not what was recorded" in words(verify(grown))


def test_a_root_certificate_that_is_none(grown, tmp_path):
    """Without timestamps none is needed; what is given must be one."""
    (tmp_path / "root.pem").write_text("rubbish")
    said = verify(grown, "--tsa-root", tmp_path / "root.pem")
    assert (said.code, said.out) == (1, "")
    assert "root.pem" in said.err
    (tmp_path / "root.pem").write_bytes(certificate())
    what = "the authority given has stamped no checkpoint that is kept here"
    differs(grown, "--tsa-root", tmp_path / "root.pem", what=what)


def certificate():
    """A certificate of an authority that stamped nothing."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test Authority")])
    since = datetime(2025, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, since, since)
    return made.sign(key, None).public_bytes(Encoding.PEM)


def test_timestamps_that_nobody_can_check(grown):
    """They are counted, and said not to be checked."""
    change(grown, "INSERT INTO timestamps VALUES(7, x'00')")
    said = verify(grown)
    assert "Not checked  1 timestamp: give the authority's certificate with --tsa-root" in said.out
    assert verify(grown, "--json").json["timestamps_unchecked"] == 1


def test_no_ledger_is_no_difference(tmp_path):
    said = run("--ledger", tmp_path / "none", "verify")
    assert (said.code, said.out) == (1, "")


def test_a_file_that_is_no_database_is_a_difference(grown):
    """Not a refusal: there was a ledger."""
    for path in grown.path.glob("ledger.db*"):
        path.write_bytes(b"no database")
    differs(grown, "--all", what="the database is malformed")


def test_a_computer_that_remembers_nothing(grown, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another-computer"))
    assert verify(grown).code == 0


# -- whether the read models are what a rebuild makes: each way in which they can differ ---------


@pytest.fixture
def book(school):
    catch_up(school.folder)
    return school


def told(book):
    return [what for _, what in proof.look_at_views(book.folder).faults]


def change_views(folder, statement):
    with closing(sqlite3.connect(folder.views / "tables.db")) as db:
        db.execute(statement)
        db.commit()


def test_views_that_are_up_to_date_or_behind_or_not_there_are_no_fault(book):
    """None of them is touched."""
    assert told(book) == []
    book.add(instant(2025, 9, 3, 9), marked("ann", "2025-09-03/AM", "N"))
    before = (book.folder.views / "grid" / "manifest.json").read_bytes()
    assert told(book) == []
    assert (book.folder.views / "grid" / "manifest.json").read_bytes() == before
    shutil.rmtree(book.folder.views)
    assert told(book) == []
    assert not book.folder.views.exists()


STATEMENTS = {
    "DELETE FROM pupils WHERE idx = 2": "differ from the log",
    "CREATE TABLE more(x)": "differ from the log",
    "CREATE TRIGGER t AFTER INSERT ON pupils BEGIN SELECT 1; END": "cannot be read: malformed: "
    "among the tables stands what this software does not make",
    "UPDATE state SET position = 3": "were made from another log",
    "UPDATE state SET anchor = 'x'": "were made from another log",
}


@pytest.mark.parametrize("statement", STATEMENTS)
def test_tables_that_were_changed(book, statement):
    change_views(book.folder, statement)
    [what] = told(book)
    assert what.startswith(f"the read models {STATEMENTS[statement]}")
    assert what.endswith("; attendance rebuild mends it")


def test_tables_of_an_older_layout_are_made_anew(book):
    """As the next question does: what they hold is not used."""
    change_views(book.folder, "UPDATE state SET layout = 1")
    (book.folder.views / "grid" / "manifest.json").write_text("{}")
    assert told(book) == []


def test_an_index_that_leads_elsewhere(book):
    """Look-ups would see what the rows do not hold."""
    path = book.folder.views / "tables.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        sql = "SELECT rootpage FROM sqlite_master WHERE type = 'index' AND tbl_name = 'pupils'"
        [(page,)] = db.execute(sql).fetchall()
    raw = bytearray(path.read_bytes())
    size = int.from_bytes(raw[16:18], "big")
    raw[raw.index(b"bob", (page - 1) * size, page * size)] ^= 1
    path.write_bytes(raw)
    [what] = told(book)
    assert what.startswith("the read models are malformed: ")


def test_files_that_cannot_be_read(book):
    """No database; a grid that is not there."""
    path = book.folder.views / "tables.db"
    path.write_bytes(b"rubbish")
    for side in book.folder.views.glob("tables.db-*"):
        side.unlink()
    [what] = told(book)
    assert what.startswith("the read models cannot be read: ")


def test_entries_that_come_meanwhile_are_no_fault(book, monkeypatch):
    """Somebody records between the replay of the log and the copy's catching up."""
    days = iter(("2025-12-03/PM", "2025-12-04/PM"))

    @contextmanager
    def recording(folder):
        with log_alone(folder) as models:
            if day := next(days, None):
                book.add(instant(2025, 12, 5, 9), marked("ann", day, "\\"))
            yield models

    monkeypatch.setattr(proof, "log_alone", recording)
    before = book.folder.head()
    assert told(book) == []
    assert book.folder.head() == before + 4


def test_an_auditors_copy_that_nobody_may_write_to_is_no_fault(book):
    """The copy that is compared can be written to, whatever the original allows."""
    for path in (*book.folder.views.rglob("*"), book.folder.views):
        path.chmod(0o500 if path.is_dir() else 0o400)
    try:
        assert told(book) == []
    finally:
        for path in (book.folder.views, *book.folder.views.rglob("*")):
            path.chmod(0o700)
