"""What this computer remembers of a ledger outside its folder: the newest checkpoint it saw.

It notices that the folder was rolled back or cut short behind everybody's back. It is kept by
the ledger's id, with the place where that state was seen: a copy opened elsewhere is older
rightly, as long as the newer one is still in its place; so is one that was restored from a
back-up, whose own newest checkpoint is remembered apart, by its place.
"""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from platformdirs import user_state_path

from ledger.errors import Refused
from ledger.folder import Folder
from ledger.note import Checkpoint, Note, read_checkpoint, read_note


class Remembered(NamedTuple):
    """The newest checkpoint seen, and the folder in which it was."""

    note: Note
    place: Path

    @property
    def checkpoint(self) -> Checkpoint:
        """The checkpoint of the note."""
        return read_checkpoint(self.note.text)


def _file(origin: str) -> Path:
    return user_state_path("attendance-ledger", appauthor=False) / f"{Path(origin).name}.json"


def recall(origin: str) -> Remembered | None:
    """Return what is remembered of the ledger with an origin; none where nothing readable is."""
    kept = _kept(origin)
    return _remembered(origin, kept.get("note"), kept.get("place"))


def remember(folder: Folder, note: Note, holds: Callable[[Checkpoint], bool]) -> None:
    """Remember a checkpoint of the ledger in a folder, where it continues what is known.

    ``holds``: whether the ledger has had a checkpoint; a history that was rolled back, or
    rewritten, and has grown again is not remembered, so that it goes on being noticed. A disk
    that cannot be written is no reason to fail a command that has been recorded.
    """
    origin, place = read_checkpoint(note.text).origin, folder.path.resolve()
    restored = _restored(origin)
    known = restored.get(place) or recall(origin)
    if known is not None and not holds(known.checkpoint):
        return
    if place in restored:
        _keep_restored(origin, {**restored, place: Remembered(note, place)})
    else:
        _keep(origin, {**_kept(origin), "note": note.written, "place": str(place)})


def restored(folder: Folder, note: Note, *, instead_of: Path | None = None) -> None:
    """Remember that the ledger in a folder is rightly as it is: restored from a back-up.

    ``instead_of``: where it was put together. What is known of the ledger elsewhere stays.
    """
    origin, place = read_checkpoint(note.text).origin, folder.path.resolve()
    others = _restored(origin)
    if instead_of is not None:
        others.pop(instead_of.resolve(), None)
    _keep_restored(origin, {**others, place: Remembered(note, place)})


def forget(origin: str, place: Path) -> None:
    """Forget a place in which a ledger was to be restored."""
    others = _restored(origin)
    if others.pop(place.resolve(), None) is not None:
        _keep_restored(origin, others)


def expected(folder: Folder, origin: str) -> Remembered | None:
    """Return the checkpoint that the ledger in a folder must reach; none where none binds it.

    A copy is not bound by what its original has come to, as long as the original is there.
    """
    known, restored, place = recall(origin), _restored(origin), folder.path.resolve()
    if place in restored:
        return restored[place]
    if known is None or known.place == place:
        return known
    return None if any(map(_still_there, (known, *restored.values()))) else known


def _kept(origin: str) -> dict[str, Any]:
    try:
        kept = json.loads(_file(origin).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _remembered(origin: str, written: Any, place: Any) -> Remembered | None:  # noqa: ANN401
    try:
        note = read_note(written)
        if read_checkpoint(note.text).origin != origin:
            return None
        return Remembered(note, Path(place))
    except (ValueError, TypeError, AttributeError, Refused):
        return None


def _restored(origin: str) -> dict[Path, Remembered]:
    found = _kept(origin).get("restored")
    pairs = found.items() if isinstance(found, dict) else ()
    known = (_remembered(origin, written, place) for place, written in pairs)
    return {each.place: each for each in known if each is not None}


def _keep_restored(origin: str, known: Mapping[Path, Remembered]) -> None:
    written = {str(place): each.note.written for place, each in known.items()}
    _keep(origin, {**_kept(origin), "restored": written})


def _keep(origin: str, kept: Mapping[str, Any]) -> None:
    path = _file(origin)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = path.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
        part.replace(path)
    except OSError:
        return


def _still_there(known: Remembered) -> bool:
    """Tell whether the place in which a state was seen still holds a ledger that reached it."""
    try:
        return Folder(known.place).head() >= known.checkpoint.size
    except Refused:
        return False
