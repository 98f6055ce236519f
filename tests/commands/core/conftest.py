"""A school with something going on, for writers who meet."""

import shutil
import sys
from datetime import date
from pathlib import Path

import pytest

from commands.amending.amend import AmendMarks
from commands.amending.policy import AdoptPolicy
from commands.register.take import TakeRegister
from commands.roll.families import RecordParent, RecordRelation
from commands.school.staff import AddStaff
from ledger.clock import parse_instant
from ledger.store.folder import Folder
from tests.commands.conftest import Desk
from tests.commands.core.side_by_side import OLD, THURSDAY, notice


@pytest.fixture(scope="module")
def busy(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small school with registers taken, a family, a notice and a policy."""
    path = tmp_path_factory.mktemp("busy") / "ledger"
    shutil.copytree(built, path)
    desk = Desk(Folder(path), parse_instant("2026-11-19T16:00"))
    desk.do(AddStaff(staff_id="tt", name="Tess Teal", job_title="Teacher", role=("teacher",)))
    desk.do(RecordParent(parent_id="F1", surname="Quill"))
    desk.do(RecordParent(parent_id="F3", surname="Stone"))
    desk.do(RecordRelation(parent_id="F1", pupil="P1", lives_with="yes"))
    for parent, pupil in (("F1", "P2"), ("F1", "P3"), ("F3", "P3")):
        desk.do(RecordRelation(parent_id=parent, pupil=pupil))
    for session in (OLD, THURSDAY):
        for group in ("7A", "7B"):
            desk.do(TakeRegister(group=group, session=session, rest_present=True))
    desk.do(AmendMarks(pupil="P1", session=OLD, code="O", reason="Seen in town"))
    desk.do(notice("F1", "P1", (OLD,)))
    desk.staff_id = "head"
    policy = AdoptPolicy(policy="second-person", from_=date(2026, 11, 19))
    desk.do(policy.load(sys.stdin))
    return path
