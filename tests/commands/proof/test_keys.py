"""`key rotate`: a new signing key is recorded by a named person, beside what others record."""

from dataclasses import replace

import pytest

from commands.penalties.undercut import watch
from commands.proof.keys import RotateKey
from commands.school.staff import AddStaff
from ledger.errors import Refused
from ledger.events.log import KeyAdopted
from ledger.tlog.signing import load, successor


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
