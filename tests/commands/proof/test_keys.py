"""`key rotate`: a new signing key is recorded by a named person, beside what others record."""

import errno
import shutil
from dataclasses import replace

import pytest

from commands.penalties.undercut import watch
from commands.proof.keys import RotateKey
from commands.school.staff import AddStaff
from ledger.errors import Incomplete, Refused
from ledger.events.log import KeyAdopted
from ledger.tlog.signing import load, successor
from tests.cli.shell import raising


def test_what_others_record_does_not_meet_a_new_key(desk):
    """It is decided once, and takes the place of the old one."""
    made, old = [], load(desk.folder.signing_key)

    def watching(*decided):
        made.append(decided)
        desk.do(AddStaff(staff_id=f"x{len(made)}", name="Ida Ink", job_title="Clerk"))
        return watch(*decided)

    RotateKey().carry_out(replace(desk.by("head").context, watch=watching))
    new = load(desk.folder.signing_key).verifier.vkey
    assert (len(made), new == old.verifier.vkey) == (1, False)
    adopted = [each for each in desk.log() if isinstance(each[2], KeyAdopted)]
    assert (adopted[-1][1], adopted[-1][2].key) == ("ledger", new)


def test_nobody_named_rotates_no_key(desk):
    desk.staff_id = None
    with pytest.raises(Refused) as caught:
        RotateKey().carry_out(desk.context)
    assert caught.value.code == "author-missing"
    assert not successor(desk.folder.signing_key).exists()


def test_a_key_of_another_ledger_is_refused_before_one_is_made(desk, empty):
    """Else what was made would refuse everybody once the right key is back."""
    shutil.copy(empty.folder.signing_key, desk.folder.signing_key)
    with pytest.raises(Refused) as caught:
        RotateKey().carry_out(desk.by("head").context)
    assert caught.value.code == "signing-key-other"
    assert not successor(desk.folder.signing_key).exists()


def test_an_empty_file_in_the_place_of_the_next_key_stops_nobody(desk):
    """Older software made the file and then wrote it; a full disk left it empty."""
    successor(desk.folder.signing_key).touch()
    desk.do(AddStaff(staff_id="x", name="Ida Ink", job_title="Clerk"))
    RotateKey().carry_out(desk.by("head").context)
    assert not successor(desk.folder.signing_key).exists()


def test_an_old_key_that_cannot_be_deleted_is_told(desk, monkeypatch):
    """The new one is recorded by then; the same command finishes it."""
    full = OSError(errno.EIO, "Input/output error")
    with monkeypatch.context() as patched:
        patched.setattr("commands.proof.keys.sync_folder", raising(full))
        with pytest.raises(Incomplete, match="the old key could not be deleted") as caught:
            RotateKey().carry_out(desk.by("head").context)
    assert "attendance key rotate finishes it" in caught.value.remedy


def test_a_file_that_is_no_key_is_named(desk):
    desk.folder.signing_key.write_text("no key")
    with pytest.raises(Refused, match=f"^{desk.folder.signing_key}: "):
        load(desk.folder.signing_key)
