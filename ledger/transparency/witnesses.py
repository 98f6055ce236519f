"""Who outside has seen the log, up to which entry and when: cosignatures by trusted keys.

Which keys are trusted is recorded in the log. What a dropped witness signed of the log as it was
before it was dropped goes on counting.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ledger.clock import SECOND
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.codec import Decoder
from ledger.events.proof import WitnessTrusted, WitnessTurn
from ledger.files import Database, translated
from ledger.store.folder import Folder
from ledger.tlog.note import (
    COSIGNATURE,
    ED25519,
    Note,
    Signature,
    Verifier,
    read_note,
    read_signature,
    read_verifier,
    received,
)
from ledger.verification.keys import Fault


class Sighting(NamedTuple):
    """Somebody outside saw the first ``position`` entries at an instant."""

    position: int
    at: int
    by: str


class Hearing(NamedTuple):
    """The newest that somebody trusted saw, and what is wrong with what they signed."""

    newest: Sighting | None
    faults: Sequence[Fault]


class Trust(NamedTuple):
    """A witness's key; ``turns``: at which positions it was trusted (True) or dropped."""

    key: Verifier
    turns: tuple[tuple[int, bool], ...] = ()

    @property
    def stands(self) -> bool:
        """Whether it is trusted now; a key that somebody brings is trusted by them."""
        return not self.turns or self.turns[-1][1]

    def counts(self, size: int) -> bool:
        """Tell whether its cosignature of the first ``size`` entries counts."""
        return next((on for since, on in reversed(self.turns) if since <= size), True)


def trusted_witnesses(folder: Folder) -> list[Trust]:
    """Return every witness that the log ever trusted, in order."""
    with folder.reading() as db:
        rows = db.execute(
            "SELECT position, topic, state FROM stored_events WHERE originator_id = ? "
            "ORDER BY position",
            [streams.WITNESSES],
        ).fetchall()
    decoder, found = Decoder(), dict[str, Trust]()
    events = ((position, decoder.decode(name, state)) for position, name, state in rows)
    for position, event in ((at, each) for at, each in events if isinstance(each, WitnessTurn)):
        known = found.get(event.key) or Trust(read_verifier(event.key))
        turn = (position, isinstance(event, WitnessTrusted))
        found[event.key] = known._replace(turns=(*known.turns, turn))
    return list(found.values())


def hear_witnesses(folder: Folder, trusts: Sequence[Trust]) -> Hearing:
    """Return what these witnesses saw; every signature of theirs is checked."""
    newest, faults, _ = heard(folder, "cosignatures", lambda db: _sightings(db, trusts))
    return Hearing(newest, faults)


def heard(
    folder: Folder, kind: str, sightings: Callable[[Database], Iterator[Sighting | Fault | None]]
) -> tuple[Sighting | None, list[Fault], int]:
    """Return the newest that was seen, what is wrong, and of how many neither can be told."""
    try:
        with folder.reading() as db:
            found = list(sightings(db))
    except Refused as refused:
        return None, [Fault(None, f"the {kind} cannot be read: {refused.what}")], 0
    faults = [each for each in found if isinstance(each, Fault)]
    seen = [each for each in found if isinstance(each, Sighting)]
    return max(seen, default=None), faults, found.count(None)


def newest_sighting(
    folder: Folder, trusts: Sequence[Trust], *, known_at: int | None = None
) -> Sighting | None:
    """Return the newest that these witnesses saw, at an instant or before; looks no further."""
    with folder.reading() as db:
        for each in _sightings(db, trusts):
            if isinstance(each, Sighting) and (known_at is None or each.at <= known_at):
                return each
    return None


def timestamps_kept(folder: Folder) -> tuple[int, int]:
    """Return how many timestamps are kept, and up to which entry the newest of them is."""
    with folder.reading() as db:
        count, newest = db.execute("SELECT count(*), max(size) FROM timestamps").fetchone()
    return count, newest or 0


def notes_newest_first(folder: Folder) -> Iterator[tuple[int, Note]]:
    """Yield the checkpoints with their sizes, the newest first."""
    with folder.reading() as db:
        for size, written in db.execute("SELECT size, note FROM checkpoints ORDER BY size DESC"):
            yield size, read_note(written)


def seconds_of(key: Verifier, text: str, cosignature: Signature) -> int | None:
    """Return when a key signed a checkpoint's text, in seconds; none where it did not."""
    return key.time_of(Note(text, (cosignature,)))


def _sightings(db: Database, trusts: Sequence[Trust]) -> Iterator[Sighting | Fault]:
    """Yield what was seen and what is wrong, the newest checkpoint first."""
    rows = db.execute(
        "SELECT c.size, c.line, p.note FROM cosignatures c "
        "LEFT JOIN checkpoints p ON p.size = c.size ORDER BY c.size DESC, c.line"
    )
    for size, line, note in rows:
        yield from _judge(size, line, note, trusts)


def _judge(
    size: int, line: str, note: str | None, trusts: Sequence[Trust]
) -> Iterator[Sighting | Fault]:
    if note is None:
        yield Fault(size, "a cosignature is of no checkpoint")
        return
    try:
        text = read_note(note).text
        cosignature = read_signature(line)
    except Refused:
        cosignature = None
    if cosignature is None or cosignature.line != line:
        yield Fault(size, "a cosignature cannot be read")
        return
    if all((each.key.name, each.key.key_id) != cosignature[:2] for each in trusts):
        yield Fault(size, f"a cosignature is by {cosignature.name}, whom the log never trusted")
    for trust in trusts:
        key = trust.key
        if (key.name, key.key_id) == cosignature[:2] and trust.counts(size):
            seconds = seconds_of(key, text, cosignature)
            if seconds is None:
                yield Fault(size, f"the cosignature by {key.name} is not of this checkpoint")
            else:
                yield Sighting(size, seconds * SECOND, key.name)


# -- public keys as somebody hands them over ---------------------------------------------------

_KINDS = {ED25519: "a ledger (attendance key show)", COSIGNATURE: "a witness (witness new)"}


def read_keys(given: str, kind: bytes) -> list[Verifier]:
    """Return the keys of a text or of the file that it names; refuse those of another kind.

    In a file, empty lines and those that begin with ``#`` are skipped.
    """
    path, lines = Path(given), [given]
    with translated(path):
        if "\n" not in given and path.is_file():
            lines = received(path.read_bytes()).split("\n")
        elif "\n" not in given and "+" not in given:
            what = f"{given!r} is neither a public key, NAME+ID+BASE64, nor a file that is there"
            raise Refused("key-missing", what, "check the name of the file")
    found = [read_verifier(line) for line in lines if line.strip() and line[0] != "#"]
    if not found:
        raise Refused("key-missing", f"no key is in {given}", "give the file of a public key")
    for key in found:
        if key.kind != kind:
            what = f"{key.name} is the key of {_KINDS[key.kind]}, not of {_KINDS[kind]}"
            raise Refused("key-kind", what, "ask for the other key")
    return found
