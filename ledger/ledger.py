"""One ledger, opened once: its log, its keys and the school that its events make."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING, Self

from ledger.store.folder import Folder

if TYPE_CHECKING:
    from ledger.sealing.keys import KeyRing
    from ledger.state.school import School
    from ledger.store.store import Store

# What a question never needs (the event-sourcing library, the ciphers) is imported when a log or
# a key ring is opened: a question through the same door stays as quick as it was.


class Ledger:
    """A ledger that commands are carried out on, one at a time, from any thread.

    Log and keys are opened by the first command and closed when the last ``with`` ends: whoever
    lives long (a web interface) holds one around its life, a command line around a command.
    Questions open the read models themselves, each its own snapshot: views may be made anew, and
    keys destroyed, by another program between two of them.
    """

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self._lock = RLock()
        self._users = 0
        self._store: Store | None = None
        self._ring: KeyRing | None = None
        self._schools: dict[tuple[str, ...], tuple[int, School]] = {}

    def __enter__(self) -> Self:
        with self._lock:
            self._users += 1
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._users -= 1
            if not self._users:
                self._close()

    def _close(self) -> None:
        opened = (self._store, self._ring)
        self._store = self._ring = None
        self._schools = {}
        for each in opened:
            if each is not None:
                each.close()

    @contextmanager
    def turn(self) -> Iterator[tuple["Store", "KeyRing"]]:
        """Wait for the other threads; yield the log and the keys as they are now."""
        from ledger.sealing.keys import KeyRing  # noqa: PLC0415 - as above
        from ledger.store.store import Store  # noqa: PLC0415 - as above

        with self, self._lock:
            folder = self.folder.required()
            if self._store is None:
                self._store = Store(folder.log)
            if self._ring is None:
                self._ring = KeyRing(folder.keys)
            self._ring.refresh()
            yield self._store, self._ring

    def school(self, prefixes: Sequence[str], upto: int) -> "School":
        """Return the school that the streams with these prefixes make, up to a position.

        The last one made is kept and brought forward by the events since, within a `turn`;
        nobody changes it. It is equal to one made from nothing, down to the order of its pupils:
        where a stream is new, it is made from nothing.
        """
        from ledger.state.school import advance, fold  # noqa: PLC0415 - as above

        with self.turn() as (store, _):
            key = tuple(prefixes)
            # Taken out while it is brought forward: broken off half-way, it is made anew.
            position, school = self._schools.pop(key, (upto + 1, None))
            newer = () if position > upto else tuple(store.since(position, key, upto=upto))
            if school is None or position > upto or any(r.version == 0 for r in newer):
                school = fold(store.read(key, upto=upto))
            else:
                advance(school, newer)
            self._schools[key] = (upto, school)
        return school
