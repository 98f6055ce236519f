"""One ledger, opened once: its log, its keys and the school that its events make."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock, RLock
from typing import TYPE_CHECKING, NamedTuple, Self

from ledger.files import clear_unfinished
from ledger.store.folder import Folder

if TYPE_CHECKING:
    from ledger.sealing.keys import KeyRing
    from ledger.state.kept import Kept
    from ledger.state.school import School
    from ledger.store.store import Store
    from ledger.tlog.note import Checkpoint, Note
    from ledger.transparency.memory import Memorizer

# What a question never needs (the event-sourcing library, the ciphers) is imported when a log or
# a key ring is opened: a question through the same door stays as quick as it was.


class _Opened(NamedTuple):
    """The log and the keys, and which files they were when they were opened."""

    store: "Store"
    ring: "KeyRing"
    memory: "Memorizer"
    files: tuple[tuple[int, int] | None, ...]


class Ledger:
    """A ledger that commands are carried out on, one at a time, from any thread.

    Log and keys are opened by the first command and closed when the last ``with`` ends: whoever
    lives long (a web interface) holds one around its life, a command line around a command.
    Questions open the read models themselves, each its own snapshot: views may be made anew, and
    keys destroyed, by another program between two of them.
    """

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.recorded: int | None = None
        """The first entry of what was recorded last through it; none as long as nothing was."""
        self._lock = RLock()
        self._counting, self._reading = Lock(), Lock()  # nobody who asks waits for who records
        self._users = self._turns = 0
        self._read_files = folder.files()
        self._opened: _Opened | None = None
        self._kept: Kept | None = None
        self._reader: KeyRing | None = None

    def __enter__(self) -> Self:
        with self._counting:
            self._users += 1
        return self

    def __exit__(self, *_: object) -> None:
        with self._counting:
            self._users -= 1
            if not self._users:
                self._close()

    def _close(self) -> None:
        opened, self._opened = self._opened, None
        kept, self._kept = self._kept, None
        if opened is not None:
            opened.memory.close()
            opened.store.close()
            opened.ring.close()
        self._close_reader()
        if kept is not None:
            from ledger.state.kept import write_stored  # noqa: PLC0415 - as above

            write_stored(self.folder, kept)

    def _close_reader(self) -> None:
        with self._reading:
            reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()

    def reader(self) -> "KeyRing":
        """Return the keys for questions, which all threads share, as they are now.

        What was opened for one answer is not opened again for the next, as long as no key has
        changed.
        """
        from ledger.sealing.keys import KeyRing  # noqa: PLC0415 - as above

        with self._reading:
            here = self.folder.files()
            if self._reader is None or self._read_files != here:
                if self._reader is not None:
                    self._reader.close()
                self._reader, self._read_files = KeyRing(self.folder.keys, to_write=False), here
            self._reader.read_all()
            return self._reader

    @contextmanager
    def turn(self) -> Iterator[tuple["Store", "KeyRing"]]:
        """Wait for the other threads; yield the log and the keys as they are now."""
        with self, self._lock:
            opened, inside = self._opened, self._turns
            if opened is None or not inside:
                opened = self._open()
                opened.ring.refresh()
            self._turns += 1
            try:
                yield opened.store, opened.ring
            finally:
                self._turns -= 1

    def _open(self) -> _Opened:
        """Open the files, anew where others were put in their place (a restored back-up).

        What commands that were ended left half-done is cleared, or finished, first.
        """
        from ledger.sealing.keys import KeyRing  # noqa: PLC0415 - as above
        from ledger.store.store import Store  # noqa: PLC0415 - as above
        from ledger.transparency.memory import Memorizer  # noqa: PLC0415 - as above

        folder = self.folder
        folder.tighten()
        files = folder.files()
        if self._opened is not None and self._opened.files != files:
            self._close()
        if self._opened is None:
            folder.required()
            clear_unfinished(folder.path)
            clear_unfinished(folder.path.parent)
            with ExitStack() as half_open:
                store = Store(folder.log)
                half_open.callback(store.close)
                ring, memory = KeyRing(folder.keys), Memorizer(folder, store.holds)
                ring.finish()
                self._opened = _Opened(store, ring, memory, files)
                half_open.pop_all()
        return self._opened

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold both writers' places, in a `turn`: nobody seals, and nobody records.

        The keys' first, then the log's, always in this order; so `redact` takes them too.
        """
        with self.turn() as (store, ring), ring.writing(), store.writing():
            yield

    def saw(self, note: "Note") -> "Checkpoint | None":
        """Let this computer remember a checkpoint; return what it knows that does not fit.

        Within a `turn`.
        """
        with self._lock:
            assert self._opened is not None  # noqa: S101 - by the turn
            return self._opened.memory.saw(note)

    def school(self, upto: int) -> "School":
        """Return the school that the events up to a position make, within a `turn`.

        The last one made is kept and brought forward by the events since, as long as the log
        still has the root that it had then; nobody changes it. Where none is kept, the one that
        is stored beside the log is taken, or it is made from the log.
        """
        from ledger.state.kept import bring_forward  # noqa: PLC0415 - as above

        with self.turn() as (store, _):
            # Taken out while it is brought forward: broken off half-way, it is made anew.
            known, self._kept = self._kept, None
            self._kept = bring_forward(store, self.folder, known, upto)
            return self._kept.school
