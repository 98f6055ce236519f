"""What this computer remembers of a ledger outside its folder: the newest checkpoint it saw.

It notices that the folder was rolled back or cut short behind everybody's back. It is kept by
the ledger's id, with each place in which it was written to, so that a copy that goes on by itself
takes nothing from what is known of the original. A copy opened elsewhere is older rightly, as
long as the newest one is still in its place; so is one that was restored from a back-up, which
is remembered apart.
"""

import json
from bisect import bisect_left
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

from ledger.errors import Refused
from ledger.files import write_new
from ledger.store.folder import Folder
from ledger.tlog.note import Checkpoint, Note, read_checkpoint, read_note
from ledger.transparency.roots import root_at

_PAUSE_SECONDS = 1.0


class Memory(NamedTuple):
    """The newest checkpoint seen, and the folder in which it was."""

    note: Note
    place: Path

    @property
    def checkpoint(self) -> Checkpoint:
        """The checkpoint of the note."""
        return read_checkpoint(self.note.text)


class Memorizer:
    """Remembers the newest checkpoint of a ledger that stays open, once a second at most.

    `close` remembers the last one.
    """

    def __init__(self, folder: Folder, holds: Callable[[Checkpoint], bool]) -> None:
        self._folder, self._holds = folder, holds
        self._next = 0.0
        self._waiting: Note | None = None
        self._misfit: Checkpoint | None = None

    def saw(self, note: Note) -> Checkpoint | None:
        """Take in a checkpoint; return what is known that does not fit, as `remember` does."""
        self._waiting = note
        if monotonic() >= self._next:
            self.close()
            self._next = monotonic() + _PAUSE_SECONDS
        return self._misfit

    def close(self) -> None:
        """Remember what was taken in last."""
        if self._waiting is not None:
            self._misfit = remember(self._folder, self._waiting, self._holds)
            self._waiting = None


def _file(origin: str) -> Path:
    from platformdirs import user_state_path  # noqa: PLC0415 - start-up

    return user_state_path("attendance-ledger", appauthor=False) / f"{Path(origin).name}.json"


def recall(origin: str) -> Memory | None:
    """Return the newest that is remembered of a ledger; none where nothing readable is."""
    return max(
        _places_of(origin, "places").values(), key=lambda each: each.checkpoint.size, default=None
    )


def remember(folder: Folder, note: Note, holds: Callable[[Checkpoint], bool]) -> Checkpoint | None:
    """Remember a checkpoint of the ledger in a folder, where it continues what is known.

    ``holds``: whether the ledger has had a checkpoint; a history that was rolled back, or
    rewritten, and has grown again is not remembered, so that it goes on being noticed: then what
    was known is returned. A disk that cannot be written is no reason to fail a command that has
    been recorded.
    """
    origin, place = read_checkpoint(note.text).origin, folder.path.resolve()
    known = binding(folder, origin)
    if known is not None and not holds(known.checkpoint):
        return known.checkpoint
    which = "restored" if place in _places_of(origin, "restored") else "places"
    _keep_places(origin, which, {**_places_of(origin, which), place: Memory(note, place)})
    return None


def remember_restored(folder: Folder, note: Note) -> None:
    """Remember that the ledger in a folder is rightly as it is: restored from a back-up.

    What is known of the ledger elsewhere stays.
    """
    origin, place = read_checkpoint(note.text).origin, folder.path.resolve()
    others = _places_of(origin, "restored")
    _keep_places(origin, "restored", {**others, place: Memory(note, place)})


def move(origin: str, made: Path, place: Path) -> None:
    """Remember a ledger that was made aside as the one in its place."""
    before, after = made.resolve(), place.resolve()
    for which in ("places", "restored"):
        known = _places_of(origin, which)
        if before in known:
            known[after] = Memory(known.pop(before).note, after)
            _keep_places(origin, which, known)


def forget(origin: str, place: Path) -> None:
    """Forget a place in which a ledger was to be restored."""
    others = _places_of(origin, "restored")
    if others.pop(place.resolve(), None) is not None:
        _keep_places(origin, "restored", others)


def binding(folder: Folder, origin: str) -> Memory | None:
    """Return the checkpoint that the ledger in a folder must reach; none where none binds it.

    A copy is not bound by what its original has come to, as long as the original is there.
    """
    restored, place = _places_of(origin, "restored"), folder.path.resolve()
    here = restored.get(place) or _places_of(origin, "places").get(place)
    newest = recall(origin)
    if here is not None or newest is None:
        return here
    return None if any(map(_is_still_there, (newest, *restored.values()))) else newest


def parted(folder: Folder, origin: str) -> list[str]:
    """Return, in words, which other copies of a ledger on this computer went on differently.

    A copy that only lags behind is none of them, nor is one that was restored from a back-up.
    """
    here, restored = folder.path.resolve(), _places_of(origin, "restored")
    if here in restored:
        return []
    others = _places_of(origin, "places").keys() - restored.keys() - {here}
    found = ((place, _parts_at(folder, Folder(place))) for place in sorted(others))
    return [
        f"another copy of this ledger, at {place}, was written to as well: the two differ from "
        f"entry {at}; go on with one of them, and record there what only the other holds"
        for place, at in found
        if at
    ]


def _parts_at(one: Folder, other: Folder) -> int:
    """Return the first entry that two copies of a ledger do not have in common; 0: none."""
    try:
        upto = min(one.head(), other.head())
        if not upto or root_at(one, upto) == root_at(other, upto):
            return 0
        places = range(1, upto + 1)
        return 1 + bisect_left(places, True, key=lambda n: root_at(one, n) != root_at(other, n))
    except Refused:
        return 0


def _read(origin: str) -> dict[str, Any]:
    try:
        kept = json.loads(_file(origin).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _parse(origin: str, written: Any, place: Any) -> Memory | None:  # noqa: ANN401
    try:
        note = read_note(written)
        if read_checkpoint(note.text).origin != origin:
            return None
        return Memory(note, Path(place))
    except (ValueError, TypeError, AttributeError, Refused):
        return None


def _places_of(origin: str, which: str) -> dict[Path, Memory]:
    found = _read(origin).get(which)
    pairs = found.items() if isinstance(found, dict) else ()
    known = (_parse(origin, written, place) for place, written in pairs)
    return {each.place: each for each in known if each is not None}


def _keep_places(origin: str, which: str, known: Mapping[Path, Memory]) -> None:
    written = {str(place): each.note.written for place, each in known.items()}
    _keep(origin, {**_read(origin), which: written})


def _keep(origin: str, kept: Mapping[str, Any]) -> None:
    path = _file(origin)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_new(path, json.dumps(kept, ensure_ascii=False), replace=True)
    except OSError:
        return


def _is_still_there(known: Memory) -> bool:
    """Tell whether the place in which a state was seen still holds a ledger that reached it."""
    try:
        return Folder(known.place).head() >= known.checkpoint.size
    except Refused:
        return False
