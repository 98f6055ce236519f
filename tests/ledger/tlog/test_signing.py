"""The signing key: made once, for its owner's eyes only, elsewhere if asked for."""

import pytest

from commands.core.command import Context
from commands.core.execute import execute
from commands.penalties.undercut import watch
from commands.proof.keys import RotateKey
from commands.school.staff import AddStaff
from ledger.errors import Refused
from ledger.ledger import Ledger
from ledger.store.folder import Folder
from ledger.tlog import signing
from ledger.values import Operator
from tests.ledger.refusals import refused_with

ADD = AddStaff(staff_id="S2", name="Ben Reed", job_title="Teacher")


def test_a_key_is_kept_as_written_and_readable_by_its_owner_only(tmp_path):
    made = signing.create(tmp_path / "deep" / "signing.key", "0f")
    assert made.name == "attendance-ledger/0f"
    assert signing.load(tmp_path / "deep" / "signing.key") == made
    assert (tmp_path / "deep" / "signing.key").stat().st_mode & 0o777 == 0o600


def test_a_key_is_never_replaced(tmp_path):
    signing.create(tmp_path / "signing.key", "0f")
    before = (tmp_path / "signing.key").read_bytes()
    with refused_with("signing-key-there"):
        signing.create(tmp_path / "signing.key", "0f")
    assert (tmp_path / "signing.key").read_bytes() == before


def test_a_key_that_is_not_there_is_refused(tmp_path):
    with refused_with("signing-key-missing"):
        signing.load(tmp_path / "signing.key")


def test_a_key_may_live_elsewhere(tmp_path, monkeypatch):
    """On a stick, for example; the environment says where."""
    monkeypatch.setenv("ATTENDANCE_SIGNING_KEY", str(tmp_path / "stick.key"))
    assert Folder(tmp_path / "ledger").signing_key == tmp_path / "stick.key"
    monkeypatch.delenv("ATTENDANCE_SIGNING_KEY")
    assert Folder(tmp_path / "ledger").signing_key == tmp_path / "ledger" / "signing.key"


def test_while_a_rotation_is_under_way_both_keys_sign(tmp_path):
    path = tmp_path / "signing.key"
    old = signing.create(path, "0f")
    assert signing.signers(path) == [old]
    new = signing.create(signing.successor(path), "0f")
    assert signing.signers(path) == [old, new]


def test_without_its_key_nothing_is_recorded(context, folder):
    before = folder.head()
    folder.signing_key.unlink()
    with refused_with("signing-key-missing"):
        execute(context, ADD)
    assert folder.head() == before


def test_the_key_of_another_ledger_signs_nothing_here(context, folder, tmp_path, monkeypatch):
    """One variable carried from school to school must not make a register look forged."""
    signing.create(tmp_path / "other.key", "0f")
    monkeypatch.setenv("ATTENDANCE_SIGNING_KEY", str(tmp_path / "other.key"))
    before = folder.head()
    with pytest.raises(Refused) as caught:
        execute(context, ADD)
    assert (caught.value.code, folder.head()) == ("signing-key-other", before)


def test_a_successor_of_another_ledger_is_refused(context, folder):
    signing.create(signing.successor(folder.signing_key), "0f")
    with refused_with("signing-key-other"):
        RotateKey().carry_out(context)


def test_a_rotation_by_nobody_leaves_no_key_behind(context, folder):
    nobody = Context(Ledger(folder), context.clock, Operator(None, "tests"), watch)
    with refused_with("author-missing"):
        RotateKey().carry_out(nobody)
    assert not signing.successor(folder.signing_key).exists()


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640, 0o604, 0o666])
def test_a_key_that_others_can_read_is_told(context, folder, mode):
    """Whoever reads it can sign another history."""
    folder.signing_key.chmod(mode)
    said = execute(context, ADD).says
    assert any("chmod 600" in line for line in said) == bool(mode & 0o077)
