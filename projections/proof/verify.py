"""Recompute everything from the stored bytes, and name what is wrong."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import ledger
from ledger.english import number_of
from ledger.errors import Refused
from ledger.files import only_writer, translated
from ledger.sealing.keys import KeyRing
from ledger.sealing.redaction import half_done
from ledger.store.folder import Folder
from ledger.tlog.note import COSIGNATURE, ED25519, Verifier, read_checkpoint, read_note, received
from ledger.transparency import memory
from ledger.transparency.witnesses import (
    Sighting,
    Trust,
    hear_witnesses,
    read_keys,
    timestamps_kept,
    trusted_witnesses,
)
from ledger.verification.keys import Fault
from ledger.verification.verify import (
    KeptCheckpoint,
    Progress,
    Verification,
    origin_of,
    verify,
)
from policies.packs.codes import rules
from projections.queries import sightings
from projections.queries.blocks import Grid, Lines, titled
from projections.queries.columns import Column, Listing
from projections.queries.question import Answer, Inspection, option
from projections.readmodel import manifest, tables
from projections.readmodel.catch_up import catch_up
from projections.readmodel.freshness import follows
from projections.readmodel.sources import Models, as_they_are, log_alone
from projections.readmodel.tables import DatabaseError, Reach, open_tables

_ALONE = "; whoever holds its key could have made it anew"
_SHOWS = (
    "What this shows: the record is unchanged since its checkpoints were made{}.",
    (
        "What it does not show: that a mark was true when it was made; without a checkpoint kept "
        "outside, that no entry was cut off its end."
    ),
)


@dataclass(frozen=True, kw_only=True)
class Verify(Inspection):
    """attendance verify: recompute everything from the stored bytes, and name what is wrong.

    Every entry, the tree over them, every checkpoint; whether the keys beside the log are those of
    its pupils, and the read models what the log makes. Nothing is written or repaired.
    """

    all: bool = option("check the signatures of all checkpoints", default=False)
    log_only: bool = option(
        "check the log and the keys beside it only, not the read models", default=False
    )
    since: tuple[Path, ...] = option("a checkpoint kept earlier, which the log must continue", ())
    key: str | None = option("the ledger's public key as somebody outside holds it, or its file")
    witness: tuple[str, ...] = option(
        "count only this witness: its public key as it gave it, or its file", ()
    )
    tsa_root: tuple[Path, ...] = option(
        "check timestamps against this root certificate of their authority (PEM)", ()
    )

    def inspect(self, folder: Folder, progress: Progress) -> Answer:
        """Verify a ledger; its faults make the answer a difference, never an error."""
        folder.required()
        pinned = [] if self.key is None else read_keys(self.key, ED25519)
        kept = [_read_checkpoint_file(path) for path in self.since]
        found = verify(
            folder,
            every_signature=self.all,
            kept=[*kept, *_checkpoints_remembered(folder)],
            progress=progress,
        )
        seen = _check_outsiders(self, folder) if found.is_ours else _Outside(None, [], 0)
        of_log = [*found.faults, *_faults_of_pins(found, pinned), *seen.faults]
        views = _Views.unread(_NOT_ASKED if self.log_only else _LOG_FIRST)
        if not (self.log_only or of_log):
            views = look_at_views(folder)
        compared = [f"the checkpoint in {each.by}" for each in kept]
        compared += ["the key given"] * bool(pinned)
        if found.is_ours:
            telling = [*_half_done(folder), *memory.parted(folder, found.origin)]
            seen = seen._replace(told=telling)
        return _answer(found, of_log, views, seen, compared)


_NOT_ASKED = "not looked at, as --log-only asks"
_LOG_FIRST = "not looked at, since the log is not what was recorded"


class _Views(NamedTuple):
    """What the read models are, in words, and what is wrong with them."""

    says: str
    faults: list[Fault]

    @classmethod
    def unread(cls, why: str) -> "_Views":
        """Return those that were not looked at."""
        return cls(why, [])


_AS_MADE = _Views("what the log makes: every answer rests on it", [])


class _Outside(NamedTuple):
    """What was seen outside, by witnesses or authorities, and the timestamps not checked.

    ``told``: which other copies on this computer went on differently, and what was left half-done.
    """

    newest: Sighting | None
    faults: list[Fault]
    unchecked: int
    pinned: bool = False
    told: Sequence[str] = ()


def _check_outsiders(question: Verify, folder: Folder) -> _Outside:
    """Check what witnesses and authorities signed; those that somebody names count alone."""
    pinned = [Trust(key) for text in question.witness for key in read_keys(text, COSIGNATURE)]
    try:
        known = trusted_witnesses(folder)
        faults = list(dict.fromkeys(hear_witnesses(folder, [*known, *pinned]).faults))
        seen = hear_witnesses(folder, pinned or known).newest
        unchecked, _ = timestamps_kept(folder)
    except (Refused, ValueError, TypeError, AttributeError) as error:
        return _Outside(None, [Fault(None, f"the witnesses cannot be read: {error}")], 0)
    if pinned and seen is None:
        faults.append(Fault(None, "the witness given has signed no checkpoint that is kept here"))
    newest = [seen]
    if question.tsa_root:
        from ledger.transparency import timestamps  # noqa: PLC0415 - slow to import

        stamped = timestamps.check_timestamps(folder, timestamps.read_roots(question.tsa_root))
        newest, unchecked = [*newest, stamped.newest], stamped.others
        faults += stamped.faults
        if stamped.newest is None:
            what = "the authority given has stamped no checkpoint that is kept here"
            faults.append(Fault(None, what))
    outsiders = bool(pinned or question.tsa_root)
    best = max((each for each in newest if each), default=None)
    return _Outside(best, faults, unchecked, outsiders)


def _checkpoints_remembered(folder: Folder) -> Iterator[KeptCheckpoint]:
    """Yield what this computer remembers of the ledger, where that binds it."""
    origin = origin_of(folder)
    known = memory.binding(folder, origin) if origin else None
    if known is not None:
        yield KeptCheckpoint("this computer", known.checkpoint, known.note)


def _half_done(folder: Folder) -> list[str]:
    """Return what is left to do of redactions, or was done without a word in the log."""
    with suppress(Refused), closing(KeyRing(folder.keys, to_write=False)) as ring:
        return list(half_done(folder.log, ring))
    return []  # keys that are missing, or not ours, are told as such


def _read_checkpoint_file(path: Path) -> KeptCheckpoint:
    with translated(path):
        note = read_note(received(path.read_bytes()))
    return KeptCheckpoint(path.name, read_checkpoint(note.text), note)


def _faults_of_pins(found: Verification, pinned: Sequence[Verifier]) -> Iterator[Fault]:
    """Yield a fault where the log does not descend from a key that somebody outside holds."""
    signed = [key for _, key in found.keys]
    for key in pinned:
        if key not in signed:
            yield Fault(None, f"the log was never signed by the key given ({key.key_id.hex()})")


FAULTS: tuple[Column[Fault], ...] = (
    Column("position", "Entry", number=True),
    Column("what", "What is wrong"),
)


def _answer(
    found: Verification,
    of_log: Sequence[Fault],
    views: _Views,
    seen: _Outside,
    compared: Sequence[str],
) -> Answer:
    faults = [*of_log, *found.beside, *views.faults]
    warnings = [*map(str, found.losses), *seen.told]
    problems = Listing(FAULTS, faults)
    document = {
        "as_of": _as_of(found),
        "unaltered": not faults,
        "entries": found.entries,
        "root": found.root_text,
        "witnessed": sightings.document(seen.newest),
        "timestamps_unchecked": seen.unchecked,
        "compared": list(compared),
        "keys_beside": _keys_in_words(found),
        "views": views.says,
        "warnings": warnings,
        "problems": problems,
        "keys": [key.vkey for _, key in found.keys],
    }
    blocks: list[Lines | Grid] = [Lines(_head(found, of_log, views, warnings), suggests=True)]
    if faults:
        blocks.append(problems.grid(number_of(len(faults), "problem")))
    blocks.append(Lines(list(_end(found, faults, seen, compared)), suggests=True))
    return Answer(document, blocks=blocks, listed=problems, differs=bool(faults))


def _as_of(found: Verification) -> dict[str, Any]:
    return {
        "school": found.urn,
        "on": None,
        "from": None,
        "known_at": None,
        "clock": "ledger",
        "position": found.entries,
        "root": found.root_text,
        "rules": rules().digest,
        "software": ledger.__version__,
    }


def _head(
    found: Verification, of_log: Sequence[Fault], views: _Views, warnings: Sequence[str]
) -> list[str]:
    keys = ", ".join(key.key_id.hex() for _, key in found.keys) or "none"
    verdict = "NOT what was recorded" if of_log else "unaltered since its checkpoints were made"
    return [
        f"Ledger       {found.origin or 'unknown'}",
        f"Entries      {found.entries}: {verdict}",
        f"Root         {found.root_text}",
        f"Signed by    {keys}",
        f"Keys         {_keys_in_words(found)}",
        f"Views        {views.says}",
        *(line for each in warnings for line in titled("Warning", each)),
    ]


def _keys_in_words(found: Verification) -> str:
    """Say what was found of the keys of personal data; what is missing is said apart."""
    if found.beside:
        return "NOT as they should be"
    if found.opened is None:
        return "not looked at"
    destroyed = f", {found.opened.destroyed} destroyed" if found.opened.destroyed else ""
    return f"{found.opened.keys} in use{destroyed}: each opens its texts, each UPN its pupil"


def _end(
    found: Verification, faults: Sequence[Fault], seen: _Outside, compared: Sequence[str]
) -> Iterator[str]:
    yield f"Seen         {sightings.in_words(seen.newest, found.entries)}"
    if seen.unchecked:
        kept = number_of(seen.unchecked, "timestamp")
        yield f"Not checked  {kept}: give the authority's certificate with --tsa-root"
    if faults:
        yield "Keep the folder as it is, and compare it with the latest back-up."
        return
    yield from (f"Compared     it continues {each}" for each in compared)
    # Only a witness named from outside shows that nobody made the log anew.
    covered = seen.pinned and seen.newest is not None and seen.newest.position >= found.entries
    yield _SHOWS[0].format("" if covered else _ALONE)
    yield _SHOWS[1]


# Whether the read models are what a rebuild makes: compared aside, none of them is touched.


_MENDS = "attendance rebuild mends it"
_UNREADABLE = (Refused, OSError, ValueError, LookupError, TypeError, DatabaseError)


@dataclass(frozen=True, slots=True)
class _Aside(Folder):
    """A ledger whose read models are kept somewhere else."""

    elsewhere: Path

    @property
    def views(self) -> Path:
        """Where they are."""
        return self.elsewhere


def look_at_views(folder: Folder) -> _Views:
    """Compare the read models, brought up to date, with a rebuild."""
    if not folder.views.is_dir():
        return _AS_MADE  # by the next question
    with tempfile.TemporaryDirectory() as place:
        there = _Aside(folder.path, Path(place) / "there")
        try:
            _copy_views(folder, there.views)
            tables.leave(there)  # what they hold is looked at, not where it came from
            wrong = _wrong(there)
        except _UNREADABLE as error:
            wrong = f"cannot be read: {error}"
    if wrong is None:
        return _AS_MADE
    return _Views("NOT what the log makes", [Fault(None, f"the read models {wrong}; {_MENDS}")])


def _copy_views(folder: Folder, place: Path) -> None:
    """Copy the read models while nobody writes to them, so that the copy can be written to."""
    with only_writer(folder.views):
        shutil.copytree(folder.views, place, copy_function=shutil.copyfile)
    for each in (place, *(path for path in place.rglob("*") if path.is_dir())):
        each.chmod(0o700)
    (place / "tables.db-shm").unlink(missing_ok=True)


def _wrong(there: Folder) -> str | None:
    """Say what is wrong with the read models; none: nothing is."""
    if any(place and not follows(there, place) for place in _reaches(there)):
        return "were made from another log, or from entries that it has no more"
    with closing(open_tables(there)) as db:
        if malformed := tables.malformed(db):
            return f"are malformed: {malformed}"
    with log_alone(there) as anew:
        head, found = catch_up(there), None
        if head == anew.head:
            with as_they_are(there) as copied:
                pairs = zip_longest(_contents(copied), _contents(anew))
                found = next((pair for pair in pairs if pair[0] != pair[1]), None)
    if head != anew.head:  # others go on recording meanwhile
        return _wrong(there)
    if found is None:
        return None
    return f"differ from the log ({found[0]!s:.100} is there, a rebuild makes {found[1]!s:.100})"


def _reaches(folder: Folder) -> Iterator[Reach | None]:
    """Yield how far the tables and the grid say that they have come; none: to be made anew."""
    with closing(open_tables(folder)) as db:
        yield tables.reach(db)
    grid = manifest.read(manifest.grid_path(folder))
    yield None if grid is None else grid.reach


def _contents(models: Models) -> Iterator[str]:
    """Yield what the tables are made of, and everything that the read models hold."""
    yield from tables.made_of(models.db)
    yield from models.content()
