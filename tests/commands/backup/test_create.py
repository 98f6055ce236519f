"""`backup create`: that a back-up was made is recorded beside whatever others record."""

from dataclasses import replace
from pathlib import Path

from commands.backup.create import CreateBackup
from commands.backup.restore import RestoreBackup
from commands.roll.families import RecordParent
from ledger.events.backup import BackupMade, LedgerRestored
from tests.commands.meanwhile import tries

MADE = CreateBackup(size=3, sha256="ab" * 32)
RESTORED = RestoreBackup(archive=Path("b.tar"), size=3, sha256="ab" * 32)


def test_a_back_up_and_a_restore_meet_nobody(desk):
    other = replace(MADE, sha256="cd" * 32)
    assert tries(desk, MADE, other, RecordParent(parent_id="F1", surname="Quill")) == 1
    assert desk.log()[-1][2] == BackupMade(size=3, sha256="ab" * 32)
    assert tries(desk, RESTORED, other) == 1
    assert desk.log()[-1][2] == LedgerRestored(size=3, sha256="ab" * 32)
