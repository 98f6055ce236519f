"""What a witness does: it signs a checkpoint that continues what it last saw (C2SP tlog-witness).

It keeps the newest checkpoint of each log in a small database of its own, so that what it has
signed is never forgotten, whether it is asked over HTTP or by a file.
"""

import binascii
import sqlite3
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from ledger.errors import Refused
from ledger.store.folder import translated
from ledger.store.waiting import begin_immediate
from ledger.tlog.note import Checkpoint, Note, Signer, Verifier, read_checkpoint, read_note
from ledger.tlog.tree import EMPTY_ROOT, HASH_BYTES, is_consistent

OK, BAD, FORBIDDEN, UNKNOWN, CONFLICT, INCONSISTENT = 200, 400, 403, 404, 409, 422
SIZE, PLAIN = "text/x.tlog.size", "text/plain; charset=utf-8"
MOST_BYTES = 65_536
_MOST_HASHES = 63
_MOST_ENTRIES = 2**63 - 1
_OLD = "old "
_TABLE = """
CREATE TABLE IF NOT EXISTS latest(
  origin TEXT PRIMARY KEY, size INTEGER NOT NULL, note TEXT NOT NULL, seconds INTEGER NOT NULL
) STRICT"""


class Request(NamedTuple):
    """A checkpoint for a witness, with the proof that it continues one of ``old`` entries."""

    old: int
    proof: tuple[bytes, ...]
    note: Note

    @property
    def written(self) -> str:
        """The request as it is sent."""
        lines = [f"{_OLD}{self.old}", *(b64encode(each).decode() for each in self.proof)]
        return "\n".join(lines) + "\n\n" + self.note.written

    @property
    def checkpoint(self) -> Checkpoint:
        """The checkpoint of the note."""
        return read_checkpoint(self.note.text)


class Reply(NamedTuple):
    """What a witness answers: the status of HTTP, the body, its type."""

    status: int
    text: str
    kind: str = PLAIN


def read_request(body: bytes) -> Request:
    """Read a request, or refuse it."""
    try:
        text = body.decode()
        head, _, written = text.partition("\n\n")
        first, *lines = head.split("\n")
        old = int(first.removeprefix(_OLD))
        proof = tuple(_hash(line) for line in lines)
        note = read_note(written)
        size = read_checkpoint(note.text).size
    except (ValueError, Refused):
        raise _unreadable() from None
    control = any((each < " " and each != "\n") or each == "\x7f" for each in text)
    if control or first != f"{_OLD}{old}" or old < 0 or max(old, size) > _MOST_ENTRIES:
        raise _unreadable()
    if len(body) > MOST_BYTES or len(proof) > _MOST_HASHES:
        raise _unreadable()
    return Request(old, proof, note)


class Witness:
    """A witness with its key, the keys of the logs that it looks at, and what it last saw."""

    def __init__(self, key: Signer, logs: Sequence[Verifier], state: Path) -> None:
        self.key = key
        self._logs: dict[str, list[Verifier]] = {}
        for log in logs:
            self._logs.setdefault(log.name, []).append(log)
        self.path = state / "witness.db"
        with translated(self.path):
            state.mkdir(parents=True, exist_ok=True)
            with self._opened() as db:
                db.execute(_TABLE)

    @property
    def origins(self) -> list[str]:
        """The logs that it looks at."""
        return sorted(self._logs)

    def add(self, body: bytes, seconds: int) -> Reply:
        """Answer a request at a time in seconds since 1970; what is signed was kept before."""
        try:
            request = read_request(body)
        except Refused as refused:
            return Reply(BAD, f"{refused.what}\n")
        checkpoint = request.checkpoint
        refusal = self._stranger(request, checkpoint)
        if refusal is not None:
            return refusal
        with self._opened() as db:
            begin_immediate(db.execute)
            refusal = _refusal(request, checkpoint, _latest(db, checkpoint.origin))
            if refusal is not None:
                return refusal
            cosignature = self.key.sign(request.note.text, seconds)
            kept = (checkpoint.origin, checkpoint.size, request.note.written, seconds)
            db.execute("INSERT OR REPLACE INTO latest VALUES(?,?,?,?)", kept)
            db.execute("COMMIT")
        return Reply(OK, cosignature.line)

    def _stranger(self, request: Request, checkpoint: Checkpoint) -> Reply | None:
        """Return why a request is not looked at; none where a known log signed it."""
        keys = self._logs.get(checkpoint.origin, ())
        if not keys:
            return Reply(UNKNOWN, "this witness does not look at that log\n")
        if all(key.time_of(request.note) is None for key in keys):
            return Reply(FORBIDDEN, "no key that is known of that log signed the checkpoint\n")
        if request.old > checkpoint.size:
            return Reply(BAD, "the old size is larger than the checkpoint's\n")
        return None

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """Yield the database; what is not committed when it is closed did not happen.

        ``EXTRA``: a commit has reached the disk, with the directory, when it returns.
        """
        with closing(sqlite3.connect(self.path, isolation_level=None)) as db:
            db.execute("PRAGMA synchronous=EXTRA")
            yield db


def _latest(db: sqlite3.Connection, origin: str) -> Checkpoint:
    """Return the newest checkpoint that was signed of a log; the empty tree where none was."""
    row = db.execute("SELECT note FROM latest WHERE origin = ?", [origin]).fetchone()
    if row is None:
        return Checkpoint(origin, 0, EMPTY_ROOT)
    return read_checkpoint(read_note(row[0]).text)


def _refusal(request: Request, checkpoint: Checkpoint, latest: Checkpoint) -> Reply | None:
    """Return why a checkpoint is not signed; none where it continues what was last seen."""
    old, size = request.old, checkpoint.size
    if old != latest.size or (old == size and checkpoint.root != latest.root):
        return Reply(CONFLICT, f"{latest.size}\n", SIZE)
    if not is_consistent(old, latest.root, size, checkpoint.root, request.proof):
        return Reply(INCONSISTENT, "the proof does not lead from the last checkpoint to this\n")
    return None


def _hash(line: str) -> bytes:
    found = b64decode(line, validate=True)
    if len(found) != HASH_BYTES or b64encode(found).decode() != line:
        raise binascii.Error
    return found


def _unreadable() -> Refused:
    what = "this is not a request to a witness"
    return Refused("request-unreadable", what, "make one with attendance witness request")
