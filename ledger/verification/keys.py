"""The keys beside the log, held against it; and what is missing, with what follows from that.

Keys of another ledger open and sign nothing; a table of UPNs that was changed lets an entry be
looked up, or made, for another pupil than is named. Nobody's name or UPN is shown.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from ledger.english import number_of
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.amending import EvidenceGiven
from ledger.events.codec import Decoder
from ledger.events.disclosure import FieldRedacted
from ledger.events.log import KeyAdopted
from ledger.events.roll import ids_stated
from ledger.files import Database, open_read_only, translated
from ledger.sealing import attachments
from ledger.sealing.keys import BEYOND_USE, REDACTED, KeyRing, schema_faults
from ledger.sealing.redaction import sealed_texts
from ledger.store.folder import Folder
from ledger.tlog import signing
from ledger.tlog.note import Verifier, read_verifier

_KNOWN = """
SELECT pupil FROM identities UNION SELECT subject FROM subject_keys
UNION SELECT subject FROM destroyed"""
_SIGNING_KEY = "signing.key"
_FEW = 3
_FROM_BACKUP = "attendance backup restore FILE --keys-only puts it back from a back-up"


class Fault(NamedTuple):
    """What is wrong, and at which position where there is one."""

    position: int | None
    what: str


class Loss(NamedTuple):
    """What is missing or cannot be looked at, what follows from it, and what to do."""

    what: str
    follows: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what}: {self.follows}; {self.remedy}"


class OpenedKeys(NamedTuple):
    """How many keys there are texts for, and how many of them were destroyed.

    ``strays``: UPNs and local ids that find a pupil, and that no entry states.
    """

    keys: int
    destroyed: int
    faults: list[Fault]
    strays: Sequence[Loss] = ()


def faults_of_signing(folder: Folder, adopted: Sequence[Verifier]) -> Iterator[Fault]:
    """Yield a fault where the folder's signing key is another log's, as far as it can be read.

    ``adopted``: the keys that the log names, in order. During a rotation either key may be the
    last of them.
    """
    own = folder.path / _SIGNING_KEY
    if adopted and _may_be_read(own) and not _signs(own, adopted[-1]):
        what = f"{own.name} is not the key of this log ({adopted[-1].key_id.hex()})"
        yield Fault(None, what)


def _signs(path: Path, newest: Verifier) -> bool:
    """Tell whether a key, or its successor, is one of a ledger."""
    try:
        return newest in [signer.verifier for signer in signing.signers(path)]
    except Refused:
        return False


def look_at_keys(folder: Folder, *, log_is_sound: bool) -> OpenedKeys | None:
    """Hold the keys of personal data against the log; none where they cannot be looked at.

    Only whether they are of this ledger, where the log is not sound itself.
    """
    if not _may_be_read(folder.keys):
        return None
    try:
        faults = list(_faults_of_file(folder)) or list(_faults_of_content(folder))
        if not log_is_sound and not faults:
            return None
        if faults:
            return OpenedKeys(0, 0, faults)
        opened, ids = open_sample(folder), _Ids(folder)
        faults = [*ids.faults(), *_opening_again(folder), *opened.faults]
        return opened._replace(faults=faults, strays=list(ids.strays()))
    except (sqlite3.Error, Refused, ValueError, TypeError) as error:
        return OpenedKeys(0, 0, [Fault(None, f"{folder.keys.name} cannot be read: {error}")])


def _faults_of_file(folder: Folder) -> Iterator[Fault]:
    """Yield what the file is made of that is not ours; only that is read."""
    with closing(open_read_only(folder.keys)) as db:
        name = folder.keys.name
        for what in schema_faults(db):
            yield Fault(None, f"{name} {what}")


def _faults_of_content(folder: Folder) -> Iterator[Fault]:
    with closing(open_read_only(folder.keys)) as db:
        if not _keeps_its_pupils(folder, db):
            what = f"{folder.keys.name} holds the keys of none of the pupils in the log"
            yield Fault(None, what)
            return
        for (said,) in db.execute("PRAGMA integrity_check(5)"):
            if said != "ok":
                yield Fault(None, f"{folder.keys.name} is malformed: {' '.join(said.split())}")


def _keeps_its_pupils(folder: Folder, keys: Database) -> bool:
    """Tell whether the key file knows at least one pupil of the log, where there is one."""
    pupils = {streams.subject(stream) for _, stream, _ in _events_in(folder, streams.PUPIL)}
    return not pupils or any(pupil in pupils for (pupil,) in keys.execute(_KNOWN))


def open_sample(folder: Folder) -> OpenedKeys:
    """Open a text under every key; one that was destroyed on purpose, or given up, is no fault.

    Where single texts have keys of their own, each of these.
    """
    gone, seen, done = destroyed_keys(folder), set(), set()
    faults: list[Fault] = []
    with closing(KeyRing(folder.keys, to_write=False)) as ring:
        own, given_up = ring.single_keys(), ring.given_up()
        for text in sealed_texts(folder):
            whose, box = (text.subject, text.purpose), text[2:5]
            seen.add(whose)
            if (whose in done and box not in own) or box in given_up:
                continue
            try:
                opened = ring.open(text.text)
            except Refused as refused:
                faults.append(Fault(text.position, refused.what))
            else:
                if opened == REDACTED:
                    continue
                if opened == BEYOND_USE and whose not in gone:
                    what = (
                        f"the key of {text.subject} ({text.purpose}) is not in {folder.keys.name}"
                    )
                    faults.append(Fault(text.position, what))
            done.add(whose)
    return OpenedKeys(len(seen), len(gone & seen), faults)


def _opening_again(folder: Folder) -> Iterator[Fault]:
    """Yield the texts that were put beyond use and can be read: the keys are of before that."""
    decoder, sql = Decoder(), "SELECT topic, state FROM stored_events WHERE position = ?"
    with closing(KeyRing(folder.keys, to_write=False)) as ring, folder.reading() as db:
        for position, _, stored in _events_in(folder, streams.REDACTION):
            gone = decoder.decode(*stored)
            assert isinstance(gone, FieldRedacted)  # noqa: S101 - of its stream
            event = decoder.decode(*db.execute(sql, [gone.position]).fetchone())
            text = getattr(event, gone.field)
            if isinstance(text, str) and ring.open(text) not in (REDACTED, BEYOND_USE):
                what = f"{gone.field} of entry {gone.position}, put beyond use by this one"
                yield Fault(position, f"{what}, can be read: {folder.keys.name} is of before that")


def destroyed_keys(folder: Folder) -> set[tuple[str, str]]:
    """Return the subjects and purposes whose keys were destroyed."""
    with translated(folder.keys), closing(open_read_only(folder.keys)) as db:
        return set(db.execute("SELECT subject, purpose FROM destroyed"))


# -- whom a UPN or local id names ----------------------------------------------------------------


class _Stated(NamedTuple):
    """Whom an id names, by the newest entry that states it."""

    pupil: str
    position: int


class _Ids:
    """Who is found by which UPN or local id, and what the log says, sealed, of each."""

    def __init__(self, folder: Folder) -> None:
        self._file = folder.keys.name
        self._events = _events_in(folder, streams.PUPIL)
        self._stated: dict[str, _Stated] = {}
        decoder = Decoder()
        with closing(KeyRing(folder.keys, to_write=False)) as ring:
            self._redacted = {each.subject for each in ring.redactions()}
            for position, stream, stored in self._events:
                with suppress(Refused):  # a text that does not open is told of by `open_sample`
                    for sealed in filter(None, ids_stated(decoder.decode(*stored)).values()):
                        stated = _Stated(streams.subject(stream), position)
                        self._stated[ring.open(sealed)] = stated
        for gone in (BEYOND_USE, REDACTED):
            self._stated.pop(gone, None)
        with closing(open_read_only(folder.keys)) as db:
            self._kept = dict(db.execute("SELECT value, pupil FROM identities"))

    def faults(self) -> Iterator[Fault]:
        """Yield where an id finds another pupil, or nobody; one may go with a redaction."""
        for value, (pupil, position) in self._stated.items():
            found = self._kept.get(value)
            if found is None and pupil not in self._redacted:
                what = f"{self._file} does not know the UPN or local id of pupil {pupil}"
                yield Fault(position, f"{what}: nobody is found by it")
            elif found not in (None, pupil):
                what = f"{self._file} takes the UPN or local id of pupil {pupil} for {found}'s"
                yield Fault(position, what)

    def strays(self) -> Iterator[Loss]:
        """Yield the pupils found by an id that no entry states; of nobody in the log, it is none.

        A command that was cut short between keys and log leaves one.
        """
        known = {streams.subject(stream) for _, stream, _ in self._events}
        for value, pupil in sorted(self._kept.items()):
            if value not in self._stated and pupil in known - self._redacted:
                yield Loss(
                    f"{self._file} finds pupil {pupil} by a UPN or local id that no entry states",
                    "a command that was cut short left it, or somebody put it there, and an entry "
                    "might be made for another pupil than is named",
                    "compare attendance admission with what the school knows; " + _FROM_BACKUP,
                )


# -- what is missing -----------------------------------------------------------------------------


def warnings(folder: Folder) -> Iterator[str]:
    """Yield, in words, what a glance finds missing or wrong beside a log; `verify` finds more."""
    decoder = Decoder()
    events = [decoder.decode(*stored) for *_, stored in _events_in(folder, streams.LEDGER)]
    adopted = [read_verifier(each.key) for each in events if isinstance(each, KeyAdopted)]
    yield from map(str, losses(folder, adopted))
    if _may_be_read(folder.keys):
        for fault in _faults_of_content(folder):
            yield f"{fault.what}: names cannot be trusted; run attendance verify"


def losses(folder: Folder, adopted: Sequence[Verifier]) -> Iterator[Loss]:
    """Yield what is missing beside the log, or may not be read, and what follows from it."""
    keys, own = folder.keys, folder.signing_key
    if not keys.is_file():
        follows = "no name can be read, no pupil found by UPN, nothing recorded"
        yield Loss(f"{keys.name} is missing", follows, _FROM_BACKUP)
    elif not _may_be_read(keys):
        follows = "no name can be read by this account, and whom a UPN names was not checked"
        yield Loss(f"{keys.name} may not be read", follows, "ask whoever keeps the ledger")
    if not own.is_file():
        follows = "nothing can be recorded and no back-up made"
        yield Loss(f"the signing key is not at {own}", follows, _FROM_BACKUP)
    elif adopted and _may_be_read(own) and not _signs(own, adopted[-1]):
        follows = "nothing can be recorded and no back-up made with it"
        does = "move it away; " + _FROM_BACKUP
        yield Loss(f"the signing key at {own} is not that of this ledger", follows, does)
    if _may_be_read(keys):
        yield from _destroyed(folder)
    if missing := missing_copies(folder):
        copies = number_of(len(missing), "copy", "copies")
        what = f"{copies} of evidence missing in {folder.attachments}"
        follows = "what was recorded of it stands, the copy cannot be shown"
        yield Loss(what, follows, "put the folder back from a back-up")


def _destroyed(folder: Folder) -> Iterator[Loss]:
    """Yield that keys were destroyed: nothing here does so, and no entry says who did and why."""
    if gone := sorted({subject for subject, _ in destroyed_keys(folder)}):
        whose = ", ".join(gone[:_FEW]) + (" …" if len(gone) > _FEW else "")
        yield Loss(
            f"keys were destroyed, of {whose}",
            "their texts read [beyond use], and no entry says who destroyed them and why",
            f"if nobody meant to, {_FROM_BACKUP}",
        )


class KeptCopy(NamedTuple):
    """A copy of evidence that the log says is kept: at which entry, its file's name, its key."""

    position: int
    name: str
    key: str


def missing_copies(folder: Folder) -> list[KeptCopy]:
    """Return which copies the log says are kept that are not there.

    One whose key was put beyond use is not missed, where the keys can be read.
    """
    missing = [copy for copy in kept_copies(folder) if not _is_there(folder, copy)]
    if not (missing and _may_be_read(folder.keys)):
        return missing
    with closing(KeyRing(folder.keys, to_write=False)) as ring:
        return [copy for copy in missing if ring.open(copy.key) not in (BEYOND_USE, REDACTED)]


def _is_there(folder: Folder, copy: KeptCopy) -> bool:
    return (folder.attachments / copy.name).is_file()


def kept_copies(folder: Folder) -> list[KeptCopy]:
    """Return the copies of evidence that the log says are kept; its keys as sealed in it."""
    decoder = Decoder()
    return [
        KeptCopy(position, attachments.name_of(stream), event.key)
        for position, stream, stored in _events_in(folder, streams.EVIDENCE)
        if isinstance(event := decoder.decode(*stored), EvidenceGiven) and event.key
    ]


class _Found(NamedTuple):
    """An event as it lies in the log: its position and stream, its name and bytes."""

    position: int
    stream: str
    stored: tuple[str, bytes]


def _events_in(folder: Folder, prefix: str) -> list[_Found]:
    """Return the events of the streams with a prefix, in the order of the log."""
    sql = """SELECT position, originator_id, topic, state FROM stored_events
    WHERE originator_id BETWEEN ? AND ? ORDER BY position"""
    with folder.reading() as db:
        rows = db.execute(sql, [prefix, prefix + "\U0010ffff"])
        return [_Found(position, stream, (name, state)) for position, stream, name, state in rows]


def _may_be_read(path: Path) -> bool:
    """Tell whether a file is there for whoever asks; an auditor may lack the owner's keys."""
    return path.is_file() and os.access(path, os.R_OK)
