"""What a witness does: it signs a checkpoint that continues what it last saw (C2SP tlog-witness).

It keeps the newest checkpoint of each log in a small database of its own, so that what it has
signed is never forgotten, whether it is asked over HTTP (``POST /add-checkpoint``) or by a file.
"""

import binascii
import re
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import AF_INET6, SHUT_RDWR, socket
from time import monotonic
from typing import NamedTuple, TextIO

from ledger.clock import SECOND, Clock, iso
from ledger.errors import Refused
from ledger.files import (
    Database,
    begin_immediate,
    give_name,
    open_to_write,
    refusal,
    translated,
    workshop,
)
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
            if not self.path.exists():
                self._make()

    def _make(self) -> None:
        """Make the database aside, and give it its name unless somebody else did."""
        with workshop(self.path.parent) as aside:
            made = aside / self.path.name
            with closing(open_to_write(made, create=True)) as db:
                db.execute("PRAGMA synchronous=EXTRA")
                db.execute(_TABLE)
            with suppress(FileExistsError):
                give_name(made, self.path)

    @property
    def origins(self) -> list[str]:
        """The logs that it looks at."""
        return sorted(self._logs)

    @property
    def remembers(self) -> bool:
        """Whether it has signed anything, as far as its folder knows."""
        with translated(self.path), self._database() as db:
            return db.execute("SELECT 1 FROM latest").fetchone() is not None

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
        with self._database() as db:
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
        if not request.note.holds_for(keys):
            return Reply(FORBIDDEN, "no key that is known of that log signed the checkpoint\n")
        if request.old > checkpoint.size:
            return Reply(BAD, "the old size is larger than the checkpoint's\n")
        return None

    @contextmanager
    def _database(self) -> Iterator[Database]:
        """Yield the database; what is not committed when it is closed did not happen.

        ``EXTRA``: a commit has reached the disk, with the directory, when it returns.
        """
        with translated(self.path), closing(open_to_write(self.path)) as db:
            db.execute("PRAGMA synchronous=EXTRA")
            db.execute(_TABLE)  # where older software was cut short
            yield db


def _latest(db: Database, origin: str) -> Checkpoint:
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
    what = "this is not a request to a witness: altered in transit, or not copied whole"
    return Refused("request-unreadable", what, "make one with attendance witness request")


# -- over HTTP ---------------------------------------------------------------------------------

_PATH = "/add-checkpoint"
_SECONDS = 20
"""How long a request and its answer may take together, however slowly they come."""
_MOST_CLIENTS = 64
_BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_PORT, _PORTS = re.compile("[0-9]{1,5}", re.ASCII), range(65_536)


def read_address(listen: str) -> tuple[str, int]:
    """Read ``HOST:PORT`` (an IPv6 address in brackets), or refuse it."""
    host, _, port = listen.rpartition(":")
    if not host or not _PORT.fullmatch(port) or int(port) not in _PORTS:
        what = f"{listen!r} is not an address to listen at"
        raise Refused("listen", what, "write HOST:PORT, for example 127.0.0.1:8339")
    return host.removeprefix("[").removesuffix("]"), int(port)


class Service(ThreadingHTTPServer):
    """The service at an address; each request in a thread, one at a time signs."""

    daemon_threads = True

    def __init__(self, witness: Witness, listen: str, clock: Clock, log: TextIO) -> None:
        self.witness, self.clock, self.log = witness, clock, log
        self._until: dict[socket, float] = {}
        host, port = read_address(listen)
        if ":" in host:
            self.address_family = AF_INET6
        try:
            super().__init__((host, port), _Handler)
        except OSError as error:
            what = f"nothing can listen at {listen}: {error.strerror or error}"
            raise Refused("listen", what, "name an address of this computer") from None
        self.bound = f"[{host}]" if ":" in host else host

    @property
    def url(self) -> str:
        """Where it is asked."""
        return f"http://{self.bound}:{self.server_address[1]}"

    def run(self) -> None:
        """Serve until Ctrl-C."""
        self.say(f"{self.witness.key.name} listens at {self.url}")
        for origin in self.witness.origins:
            self.say(f"signs for {origin}")
        if not self.witness.remembers:
            place = self.witness.path.parent
            self.say(f"{place} remembers nothing: what this key signed before is not known here")
        try:
            self.serve_forever()
        except KeyboardInterrupt:
            self.say("stopped")
        finally:
            self.server_close()

    def say(self, line: str) -> None:
        """Write a line of the log."""
        self.log.write(f"{iso(self.clock() // SECOND * SECOND)} {line}\n")
        self.log.flush()

    def verify_request(self, request: object, client_address: object) -> bool:
        """Tell whether there is room for one more client, who has so long from now on."""
        assert isinstance(request, socket)  # noqa: S101 - of TCP
        if len(self._until) >= _MOST_CLIENTS:
            self.say(f"{client_address}: turned away: too many at once")
            with suppress(OSError):
                request.sendall(_BUSY)
            return False
        self.renew(request)
        return True

    def renew(self, request: socket) -> None:
        """Give a client time for the next request."""
        self._until[request] = monotonic() + _SECONDS

    def service_actions(self) -> None:
        """Break off whose time is over; asked twice a second."""
        for request, until in [*self._until.items()]:
            if until < monotonic():
                with suppress(OSError):
                    request.shutdown(SHUT_RDWR)

    def shutdown_request(self, request: object) -> None:
        """End a connection, and forget it."""
        assert isinstance(request, socket)  # noqa: S101 - of TCP
        self._until.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Note that a client went away, or broke off; the service goes on."""
        del request
        self.say(f"{client_address}: broken off: {type(sys.exc_info()[1]).__name__}")


class _Handler(BaseHTTPRequestHandler):
    """One client's requests."""

    server: Service
    protocol_version = "HTTP/1.1"
    server_version = "attendance-witness"
    sys_version = ""
    timeout = _SECONDS

    def do_POST(self) -> None:
        """Answer a request to sign."""
        if self.path != _PATH:
            self._refuse(HTTPStatus.NOT_FOUND)
            return
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdecimal()) or "Transfer-Encoding" in self.headers:
            self._refuse(HTTPStatus.LENGTH_REQUIRED)
            return
        if len(length) > len(str(MOST_BYTES)) or int(length) > MOST_BYTES:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self._refuse(HTTPStatus.BAD_REQUEST)
            return
        self._answer(self._ask_witness(body))

    def do_GET(self) -> None:
        """Refuse to be read: what was seen is told in answers only."""
        here = self.path == _PATH
        self._refuse(HTTPStatus.METHOD_NOT_ALLOWED if here else HTTPStatus.NOT_FOUND)

    do_HEAD = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_GET  # noqa: N815

    def _ask_witness(self, body: bytes) -> Reply:
        try:
            return self.server.witness.add(body, self.server.clock() // SECOND)
        except Exception as error:  # noqa: BLE001 - whatever the disk does, an answer is given
            path = self.server.witness.path
            why = error if isinstance(error, Refused) else refusal(path, error)
            self.server.say(why.what)
            return Reply(HTTPStatus.INTERNAL_SERVER_ERROR, "the witness cannot sign now\n")

    def _refuse(self, status: HTTPStatus) -> None:
        """Answer without having read what was sent, and end the connection."""
        self.close_connection = True
        self._answer(Reply(status, f"{status.phrase}\n", PLAIN))

    def _answer(self, reply: Reply) -> None:
        body = reply.text.encode()
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.kind)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.server.renew(self.connection)

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Note who asked and what was answered, nothing of what they sent."""
        del size
        self.server.say(f"{self.client_address[0]} {self.command} {int(str(code))}")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as http.server has it
        """Note what http.server itself refuses."""
        text = (format % args).encode("ascii", "backslashreplace").decode()
        self.server.say("".join(each if each.isprintable() else "?" for each in text))
