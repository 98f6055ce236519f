"""attendance verify as its user sees it: text, JSON, exit codes, and every option."""

import sqlite3
from contextlib import closing
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
from tests.cli.shell import run

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
    assert first == {"position": 7, "what": "version 0 of staff:S2 was expected, 5 found"}
    rows = verify(grown, "--csv")
    assert rows.code == 3
    assert rows.out.splitlines()[:2] == ["position,what", "7," + first["what"].join('""')]


def test_what_is_wrong_is_a_table(grown):
    change(grown, "DELETE FROM stored_events WHERE position = 4")
    said = verify(grown)
    assert said.code == 3
    assert "Entries      6: NOT what was recorded" in said.out
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
    said = verify(grown, "--witness", other)
    assert said.code == 3
    assert "the witness given has signed no checkpoint that is kept here" in said.out
    both = verify(grown, "--witness", other, "--witness", WITNESS.verifier.vkey)
    assert both.code == 0


def test_a_cosignature_that_was_changed(grown):
    size = cosign(grown)
    change(grown, "UPDATE cosignatures SET line = replace(line, 'trust', 'other')")
    said = verify(grown)
    assert said.code == 3
    assert f"{size} a cosignature is by other.example, whom the log never trusted" in words(said)


def test_witnesses_that_cannot_be_read(grown):
    cosign(grown)
    change(grown, "UPDATE stored_events SET state = x'00' WHERE originator_id = 'witness:school'")
    said = verify(grown)
    assert said.code == 3
    assert "WitnessTrusted.v1 cannot be read" in said.out


def test_a_checkpoint_kept_earlier(grown, tmp_path):
    """Several may be given; what is no text is refused."""
    for number in (1, 2):
        out = tmp_path / f"kept{number}"
        assert run("--ledger", grown.path, "checkpoint", "--out", out).code == 0
    kept = ("--since", tmp_path / "kept1", "--since", tmp_path / "kept2")
    assert verify(grown, *kept).code == 0
    text = (tmp_path / "kept1").read_text(encoding="utf-8")
    (tmp_path / "kept1").write_text(text.replace("\n7\n", "\n8\n"), encoding="utf-8")
    said = verify(grown, *kept)
    assert said.code == 3
    assert "8 kept1 saw 8 entries, the log holds 7: it was rolled back" in words(said)
    assert "; no key of this log signed that checkpoint" in said.out
    (tmp_path / "kept1").write_bytes(b"\xff\xfe\x00")
    said = verify(grown, *kept)
    assert (said.code, said.out) == (1, "")
    assert "this is not a signed note" in said.err


def test_the_ledgers_key_as_somebody_holds_it(grown, tmp_path):
    """As a text or a file."""
    key = signing.load(grown.signing_key).verifier
    (tmp_path / "key").write_text(f"# ours\n{key.vkey}\n", encoding="utf-8")
    assert verify(grown, "--key", key.vkey).code == 0
    assert verify(grown, "--key", tmp_path / "key").code == 0
    other = new_signer(key.name, bytes(32)).verifier
    said = verify(grown, "--key", other.vkey)
    assert said.code == 3
    assert f"the log was never signed by the key given ({other.key_id.hex()})" in said.out
    assert verify(grown, "--key", "nonsense").code == 1


def test_every_signature_when_asked(grown):
    """The newest is always checked, every other one with --all."""
    sql = "UPDATE checkpoints SET note = replace(note, (SELECT substr(note, -20) FROM checkpoints "
    change(grown, sql + "WHERE size = 5), 'AAAAAAAAAAAAAAAAAA=' || char(10)) WHERE size = 5")
    assert verify(grown).code == 0
    said = verify(grown, "--all")
    assert said.code == 3
    assert "5 the checkpoint at entry 5 is not signed by the ledger" in words(said)


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


def test_the_views_when_asked(grown):
    """There are none yet; then they are as they should be; then not."""
    assert verify(grown, "--views").code == 0
    assert run("--ledger", grown.path, "rebuild").code == 0
    assert verify(grown, "--views").code == 0
    with closing(sqlite3.connect(grown.views / "tables.db")) as db:
        db.execute("UPDATE staff SET staff = 'S9' WHERE staff = 'S2'")
        db.commit()
    assert verify(grown).code == 0
    said = verify(grown, "--views")
    assert said.code == 3
    assert "the read models differ from the log" in said.out
    change(grown, "DELETE FROM stored_events WHERE position = 7")
    assert "read models" not in verify(grown, "--views").out


def test_a_root_certificate_that_is_none(grown, tmp_path):
    """Without timestamps none is needed; what is given must be one."""
    (tmp_path / "root.pem").write_text("rubbish")
    assert verify(grown, "--tsa-root", tmp_path / "root.pem").code == 1
    (tmp_path / "root.pem").write_bytes(certificate())
    said = verify(grown, "--tsa-root", tmp_path / "root.pem")
    assert said.code == 3
    assert "the authority given has stamped no checkpoint that is kept here" in said.out


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
    said = verify(grown, "--views", "--all")
    assert said.code == 3
    assert "the database is malformed" in said.out
    assert "the witnesses cannot be read" in said.out


def test_a_computer_that_remembers_nothing(grown, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another-computer"))
    assert verify(grown).code == 0
