"""Make a ledger from a back-up, or put lost keys back."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from commands.backup.create import OfAFile
from commands.core import clocks
from commands.core.command import Context, Decision, Outcome, State, argument, option
from commands.core.execute import execute
from ledger import times
from ledger.backup import backup, check, file, passphrases
from ledger.backup.backup import Secrets
from ledger.backup.file import Archive
from ledger.clock import local
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.backup import LedgerRestored
from ledger.events.disclosure import FieldRedacted
from ledger.files import (
    give_name,
    new_folder,
    translated,
    workshop,
    write_new,
)
from ledger.sealing.boxes import LOST, Redaction, parse_box
from ledger.sealing.keys import BEYOND_USE, KeyRing
from ledger.sealing.redaction import places, sealed_texts
from ledger.store.facts import Fact
from ledger.store.folder import Folder
from ledger.store.store import Store
from ledger.terminal import progress
from ledger.tlog.signing import successor
from ledger.transparency import memory
from ledger.verification.keys import destroyed_keys
from policies.packs.codes import Rules


class RestoreBackup(OfAFile):
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

    # Whatever the clock says: a ledger is to be had back. The next command asks.
    admits = ("behind", "ahead")

    def decide(self, _state: State, _rules: Rules, _now: int) -> Decision:
        """Record in the restored ledger that it was restored."""
        event = LedgerRestored(size=self.size, sha256=self.sha256)
        return Decision([Fact(streams.BACKUPS, event)], 1)

    def carry_out(self, context: Context) -> Outcome:
        """Put the ledger together aside, prove it, record that, and only then give it its name."""
        if self.keys_only == (self.to is not None):
            what = "say where the ledger is to be restored, or that only its keys are"
            raise Refused("restore-where", what, "give --to DIR, or --keys-only with --ledger")
        with progress("reading") as shown:
            archive = file.read(self.archive, shown)
        secrets = backup.secrets_of(archive, passphrases.require(self.passphrase_file))
        if self.to is None:
            return Outcome(None, _put_keys_back(context.folder.required(), archive, secrets))
        return _restore(context, self, archive, secrets)


def _restore(
    context: Context, command: RestoreBackup, archive: Archive, secrets: Secrets
) -> Outcome:
    target, size = Folder(command.to or Path()), archive.manifest.size
    _refuse_taken(target.path)
    with (
        translated(target.path),
        new_folder(target.path) as place,
        _temporary_memory(archive, place),
    ):
        made = Folder(place)
        with progress("restoring") as shown:
            backup.unpack(archive, made, secrets, shown)
            found = check.prove(made, archive, secrets, shown)
            if found.faults:
                raise file.damage(command.archive, f"does not verify: {found.faults[0].what}")
        for name in found.unnamed:
            (made.attachments / name).unlink()
        replayed = _replay(made, command.destroyed_since or _keys_of(context.folder, archive))
        _put_signing_keys(made, secrets)
        recorded = replace(command, size=size, sha256=archive.sha256)
        doubt = _doubt_of_clock(context, made)
        outcome = execute(context.at(made), recorded)
        memory.move(archive.manifest.ledger, place, target.path)
    words = archive.manifest.names_of_words
    says = (
        f"{target.path}: entries 1 to {size} restored and verified",
        *(f"WARNING: entry {each.position}: {each.what}" for each in found.copies),
        *([f"the school's own words are back: {', '.join(words)}"] if words else ()),
        "what was recorded after the back-up is not in it",
        replayed,
        "a witness that saw more than that will say so: tell it of the restore",
        *doubt,
    )
    return Outcome(outcome.header, says)


def _doubt_of_clock(context: Context, made: Folder) -> tuple[str, ...]:
    """Return what to say of a clock by which nothing else would be recorded."""
    with closing(Store(made.log)) as store:
        refused = times.refusal(context.clock(), clocks.all_stamps(store))
    if refused is None:
        return ()
    return (f"note: {refused.what}; if the clock is wrong, set it before anything is recorded",)


def _refuse_taken(target: Path) -> None:
    with translated(target):
        if target.is_symlink() or (target.exists() and not target.is_dir()):
            raise Refused("already-there", f"{target} is no folder", "choose another --to")
        if target.is_dir() and any(target.iterdir()):
            raise Refused("already-there", f"{target} is not empty", "choose another --to")


@contextmanager
def _temporary_memory(archive: Archive, place: Path) -> Iterator[None]:
    """Let this computer know the ledger that is put together in a place, and only as long."""
    checkpoint = backup.checkpoint_of(archive)
    memory.remember_restored(Folder(place), backup.note_of(archive))
    try:
        yield
    finally:
        memory.forget(checkpoint.origin, place)


def _keys_of(folder: Folder, archive: Archive) -> Path | None:
    """Return the keys of the ledger that --ledger names, if it was backed up."""
    if not (folder.exists() and folder.keys.is_file()):
        return None
    try:
        same = check.origin(folder) == archive.manifest.ledger
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
    keys, texts = check.replay(made, newer)
    return f"put beyond use again, as {newer} remembers it: {keys} keys, {texts} redacted texts"


# Keys of a back-up, put beside a ledger that has lost its own


def _put_keys_back(folder: Folder, archive: Archive, secrets: Secrets) -> tuple[str, ...]:
    """Write the key files that are missing; tell what they do not open."""
    fit = check.fit(folder, archive.manifest)
    if check.origin(folder) != archive.manifest.ledger:
        what = f"the back-up is not of the ledger at {folder.path}"
        raise Refused("backup-of-another", what, "name the ledger that it is of with --ledger")
    if fit.faults:
        raise Refused("backup-differs", fit.faults[0].what, "run attendance verify")
    lost_signing = not folder.signing_key.is_file()
    if folder.keys.exists() and not lost_signing:
        what = f"keys are already at {folder.path}"
        raise Refused("keys-there", what, "move them away first, if they are not the right ones")
    says = []
    if lost_signing:
        _put_signing_keys(folder, secrets)
        says.append("the key that signs is back; one that was adopted later is lost")
    if not folder.keys.exists():
        says += _put_keys(folder, archive, secrets)
    return tuple(says)


def _put_keys(folder: Folder, archive: Archive, secrets: Secrets) -> list[str]:
    """Make keys.db aside, without what was put beyond use since, and then give it its name."""
    size, made_at = archive.manifest.size, archive.manifest.made_at
    day = f"{local(made_at):%Y-%m-%d %H:%M}"
    with translated(folder.keys), workshop(folder.path) as place:
        keys = Folder(place).keys
        write_new(keys, secrets.keys)
        _redact_again(folder, keys)
        texts, whose = _give_up_lost(folder, keys, size)
        _put_aside(folder.keys)
        give_name(keys, folder.keys)
    if not texts:
        return [f"the keys are back, as of {day}: every text of the ledger opens"]
    return [
        f"the keys are back, as of {day}",
        f"LOST: keys made after that, in entries {size + 1} to {folder.head()}",
        f"{texts} texts about {whose} people or subjects read [beyond use] from now on",
        "if a later back-up has their keys, move keys.db away and restore that one",
    ]


def _put_signing_keys(folder: Folder, secrets: Secrets) -> None:
    """Write the keys that sign where the ledger looks for them; never over another one."""
    own = folder.signing_key
    for path, key in ((own, secrets.signing), (successor(own), secrets.successor)):
        if key is None:
            continue
        with translated(path):
            there = path.read_bytes().strip() if path.exists() else None
        if there is None:
            backup.put_secret(path, key + b"\n")
        elif there != key.strip():
            what = f"another signing key is at {path}"
            raise Refused(
                "signing-key-there", what, "move it away, or unset ATTENDANCE_SIGNING_KEY"
            )


def _put_aside(keys: Path) -> None:
    """Keep SQLite from writing what the lost file's last commits left onto the one put back."""
    for ending in ("-wal", "-shm"):
        left = keys.with_name(keys.name + ending)
        if left.exists():
            left.replace(left.with_name(left.name + ".lost"))


def _redact_again(folder: Folder, keys: Path) -> None:
    """Put beyond use again what the log says was redacted and keys put back still open."""
    with closing(Store(folder.log)) as store, closing(KeyRing(keys)) as ring:
        said = [e for e in store.stream(streams.redaction()) if isinstance(e, FieldRedacted)]
        texts = [(each, _sealed_text(store, each)) for each in said]
        redactions = [
            Redaction(*parse_box(text)[:3], each.position, each.field, 1)
            for each, text in texts
            if _opens(ring, text)
        ]
        ring.reapply(redactions, lambda each: places(folder.log, each.subject, each.purpose))


def _sealed_text(store: Store, said: FieldRedacted) -> str:
    target = store.at(said.position)
    return str(getattr(target and target.event, said.field))


def _give_up_lost(folder: Folder, keys: Path, after: int) -> tuple[int, int]:
    """Give up the texts after a position that do not open; count them, and whose they are."""
    gone = destroyed_keys(Folder(keys.parent))
    with closing(KeyRing(keys)) as ring:
        lost = [
            Redaction(box.subject, box.purpose, box.nonce, box.position, box.field, LOST)
            for box in sealed_texts(folder, after)
            if (box.subject, box.purpose) not in gone and not _opens(ring, box.text)
        ]
        if lost:
            ring.give_up(lost)
    return len(lost), len({each.subject for each in lost})


def _opens(ring: KeyRing, text: str) -> bool:
    """Tell whether a text opens; one that was sealed under a later key does not."""
    try:
        return ring.open(text) != BEYOND_USE
    except Refused:
        return False
