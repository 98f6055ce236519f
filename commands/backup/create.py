"""Write a back-up of everything the ledger needs, to one file."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from commands.core.command import (
    Context,
    Decision,
    Errand,
    Outcome,
    State,
    UseCase,
    hidden,
    option,
)
from commands.core.execute import check_first, execute
from commands.core.ranges import Range
from ledger.backup import backup, passphrases
from ledger.backup.file import SUFFIX
from ledger.clock import local
from ledger.errors import Incomplete, Refused
from ledger.events import streams
from ledger.events.backup import BackupMade
from ledger.files import refuse_within_ledger
from ledger.store.facts import Fact
from ledger.terminal import progress
from policies.packs.codes import Rules


class OfAFile(UseCase, Errand):
    """A command that records what was made, or put together, before: it rests on nothing else."""

    size: int = hidden(default=0)
    sha256: str = hidden(default="")

    def reads(self, _state: State) -> Iterable[Range]:
        """Name nothing."""
        return ()


class CreateBackup(OfAFile):
    """attendance backup create: write a back-up of everything the ledger needs, to one file.

    The log stays readable without the passphrase; the keys, and so the names, do not.

    The law asks for a back-up at least once a month. Keep it away from the ledger's computer.
    """

    to: Path | None = option("the file to write, or the folder to write it to", default=None)
    passphrase_file: Path | None = option(
        "a file with the passphrase for the keys [ATTENDANCE_PASSPHRASE, or asked for]",
        default=None,
    )

    def decide(self, _state: State, _rules: Rules, _now: int) -> Decision:
        """Record that the back-up was made."""
        return Decision([Fact(streams.BACKUPS, BackupMade(size=self.size, sha256=self.sha256))], 1)

    def carry_out(self, context: Context) -> Outcome:
        """Write the file, and record it once it is in its place."""
        folder, now = context.folder.required(), context.clock()
        check_first(context, self)
        target = _target(self.to, now)
        passphrase = passphrases.choose(self.passphrase_file)
        with progress("backing up") as shown:
            made = backup.create(folder, target, passphrase, now, shown)
        says = [
            f"{target}: entries 1 to {made.size}, {made.bytes / 1_000_000:.1f} MB",
            f"SHA-256 {made.sha256}",
            "without the passphrase nobody can open the names in it: keep both, apart",
        ]
        if made.words:
            says.append(f"the school's own words are in it: {', '.join(made.words)}")
        if made.left_out:
            says.append(
                f"WARNING: of the school's own words it lacks {', '.join(made.left_out)}; it "
                "takes plain files of 64 kB at most, under names that attendance words lists"
            )
        says += (
            f"WARNING: entry {each.position}: the copy of evidence {each.name} is missing; put it "
            f"back from an earlier back-up, or attendance redact {each.position} key --reason WHY "
            "says that it is gone"
            for each in made.missing
        )
        recorded = replace(self, size=made.size, sha256=made.sha256)
        try:
            outcome = execute(context, recorded)
        except Refused as refused:
            what = (
                f"{target} was written, and can be restored, but is not recorded: {refused.what}"
            )
            raise Incomplete(refused.code, what, refused.remedy) from None
        return Outcome(outcome.header, tuple(says))


def _target(to: Path | None, now: int) -> Path:
    """Return the file to write, which is not there yet."""
    place = to or Path()
    if to is None or to.is_dir():
        place /= f"attendance-{local(now):%Y-%m-%d-%H%M%S}{SUFFIX}"
    elif not to.parent.is_dir():
        raise Refused(
            "backup-folder", f"there is no folder {to.parent}", "make it, or name another"
        )
    refuse_within_ledger(place)
    if place.exists() or place.is_symlink():
        raise backup.already_there(place)
    return place
