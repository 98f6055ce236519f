"""Make a ledger from a back-up, or put lost keys back."""

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from commands.backup import backup_keys
from commands.backup.backup_progress import progress
from commands.core.command import (
    Context,
    Decision,
    Errand,
    Outcome,
    Range,
    State,
    UseCase,
    argument,
    hidden,
    one,
    option,
)
from commands.core.execute import execute
from ledger.backup import backup, passphrases
from ledger.backup import check as backup_check
from ledger.backup import file as backup_file
from ledger.backup.backup import Secrets
from ledger.backup.file import Archive
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.proof import LedgerRestored
from ledger.store.folder import Folder, translated
from ledger.store.store import Fact, Store
from ledger.transparency import memory
from policies.packs.rules import Rules


class RestoreBackup(UseCase, Errand):
    """attendance backup restore: make a ledger from a back-up, or put lost keys back.

    It is verified first. What was put beyond use after the back-up is put beyond use again.
    """

    archive: Path = argument("the back-up")
    to: Path | None = option("the folder of the restored ledger: new, or empty", default=None)
    keys_only: bool = option(
        "put only the keys back, beside the ledger named with --ledger", default=False
    )
    destroyed_since: Path | None = option(
        "the newest keys.db there is: what it remembers as destroyed is destroyed again "
        "[that of --ledger, if it is the same ledger]",
        default=None,
    )
    passphrase_file: Path | None = option(
        "a file with the passphrase for the keys [ATTENDANCE_PASSPHRASE, or asked for]",
        default=None,
    )
    size: int = hidden(default=0)
    sha256: str = hidden(default="")

    def reads(self, _state: State) -> Iterable[Range]:
        """Ask for the back-ups before."""
        yield one(streams.BACKUPS)

    def decide(self, _state: State, _rules: Rules, _now: int) -> Decision:
        """Record in the restored ledger that it was restored."""
        event = LedgerRestored(size=self.size, sha256=self.sha256)
        return Decision([Fact(streams.BACKUPS, event)], 1)

    def carry_out(self, context: Context) -> Outcome:
        """Put the ledger together aside, prove it, record that, and only then give it its name."""
        if self.keys_only == (self.to is not None):
            raise Refused(
                "restore-where",
                "say where the ledger is to be restored, or that only its keys are",
                "give --to DIR, or --keys-only with --ledger",
            )
        with progress("reading") as shown:
            archive = backup_file.read(self.archive, shown)
        secrets = backup.secrets_of(archive, passphrases.required(self.passphrase_file))
        if self.to is None:
            return Outcome(None, backup_keys.put_back(context.folder.required(), archive, secrets))
        return _restored(context, self, archive, secrets)


def _restored(
    context: Context, command: RestoreBackup, archive: Archive, secrets: Secrets
) -> Outcome:
    target, size = Folder(command.to or Path()), archive.manifest.size
    _refuse_taken(target.path)
    with backup.unfinished(target.path) as place, _told(archive, place):
        made = Folder(place)
        with progress("restoring") as shown:
            backup.unpack(archive, made, secrets, shown)
            faults = backup_check.proven(made, archive, shown).faults
            if faults:
                raise backup_file.damaged(command.archive, f"does not verify: {faults[0].what}")
        replayed = _replay(made, command.destroyed_since or _keys_of(context.folder, archive))
        backup_keys.put_signing(made, secrets)
        recorded = command.model_copy(update={"size": size, "sha256": archive.sha256})
        outcome = execute(replace(context, folder=made), recorded)
        with closing(Store(made.log)) as store:
            note = store.checkpoint()
        assert note is not None  # noqa: S101 - `execute` has just made one
        backup.put_in_place(place, target.path)
        memory.restored(target, note, instead_of=place)
    says = (
        f"{target.path}: entries 1 to {size} restored and verified",
        "what was recorded after the back-up is not in it",
        replayed,
        "a witness that saw more than that will say so: tell it of the restore",
    )
    return Outcome(outcome.header, says)


def _refuse_taken(target: Path) -> None:
    with translated(target):
        if target.is_symlink() or (target.exists() and not target.is_dir()):
            raise Refused("already-there", f"{target} is no folder", "choose another --to")
        if target.is_dir() and any(target.iterdir()):
            raise Refused("already-there", f"{target} is not empty", "choose another --to")


@contextmanager
def _told(archive: Archive, place: Path) -> Iterator[None]:
    """Let this computer know the ledger that is put together in a place, and only as long."""
    checkpoint = backup.checkpoint_of(archive)
    memory.restored(Folder(place), backup.note_of(archive))
    try:
        yield
    finally:
        memory.forget(checkpoint.origin, place)


def _keys_of(folder: Folder, archive: Archive) -> Path | None:
    """Return the keys of the ledger that --ledger names, if it was backed up."""
    if not (folder.exists() and folder.keys.is_file()):
        return None
    try:
        same = backup_check.origin(folder) == archive.manifest.ledger
    except Refused:
        return None
    return folder.keys if same else None


def _replay(made: Folder, newer: Path | None) -> str:
    if newer is None:
        return (
            "no newer keys.db was there to tell what was put beyond use since the back-up: "
            "if anything was, restore again with --destroyed-since"
        )
    if not newer.is_file():
        raise Refused("keys-missing", f"there is no file {newer}", "name the newest keys.db")
    keys, texts = backup_check.replay(made, newer)
    return f"put beyond use again, as {newer} remembers it: {keys} keys, {texts} redacted texts"
