"""Requests to a witness, made from what is kept beside the log, and asking over HTTP."""

from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from queue import Empty, Queue
from threading import Thread
from urllib.parse import SplitResult, urlsplit, urlunsplit

from ledger.errors import Refused
from ledger.store.folder import Folder
from ledger.tlog.note import Note, read_checkpoint
from ledger.transparency.cosigning import Reply, Request
from ledger.transparency.proof import Proofs
from ledger.transparency.witnesses import newest_sighting, trusted_witnesses


class Requests:
    """Makes requests for the newest checkpoint of a ledger."""

    def __init__(self, folder: Folder) -> None:
        self._proofs = Proofs(folder)
        if self._proofs.note is None:
            raise Refused("no-checkpoint", "the log has no checkpoint yet", "record something")
        text, signatures = self._proofs.note
        origin = read_checkpoint(text).origin
        self.note = Note(text, tuple(each for each in signatures if each.name == origin))
        self.size = self._proofs.size

    def since(self, old: int) -> Request:
        """Return the request that continues a checkpoint of ``old`` entries, or refuse it."""
        if old > self.size:
            raise Refused(
                "since-beyond",
                f"the log holds {self.size} entries, and cannot continue {old}",
                "if a witness saw that many, the ledger was rolled back: keep its answer",
            )
        return Request(old, tuple(self._proofs.tree.consistency(old, self.size)), self.note)


def last_seen(folder: Folder) -> int:
    """Return how many entries a trusted witness saw last, as far as is kept here; 0: none."""
    newest = newest_sighting(folder, [each for each in trusted_witnesses(folder) if each.stands])
    return newest.position if newest else 0


# -- over HTTP ---------------------------------------------------------------------------------

_SECONDS = 30
"""How long asking may take in all, however slowly the answer comes."""
_MOST_BYTES = 65_536
_AGAIN = "ask again later; all is kept"
_REDIRECTS = range(300, 400)


def post(url: str, body: bytes, kind: str) -> tuple[int, bytes]:
    """Send bytes of a type to an address; return the status and the bytes that came back.

    To that address only: no proxy is asked and no redirection followed. Refuses where no answer
    came in half a minute, or a longer one than any is.
    """
    parts = _read_address(url)
    connection = _connection(parts)
    answers: Queue[tuple[int, bytes] | Exception] = Queue()

    def ask() -> None:
        try:
            path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
            connection.request("POST", path, body, {"Content-Type": kind})
            reply = connection.getresponse()
            answers.put((reply.status, reply.read(_MOST_BYTES + 1)))
        except (OSError, HTTPException, ValueError) as error:
            answers.put(error)
        finally:
            connection.close()

    Thread(target=ask, daemon=True).start()
    try:
        found = answers.get(timeout=_SECONDS)
    except Empty:
        found = TimeoutError(f"no whole answer came in {_SECONDS} seconds")
    if isinstance(found, Exception):
        raise Refused("not-reached", f"nothing answers at {url}: {found}", _AGAIN)
    if found[0] in _REDIRECTS or len(found[1]) > _MOST_BYTES:
        why = "it names another address" if found[0] in _REDIRECTS else "its answer is too long"
        what = f"{url} does not answer as it should ({found[0]}): {why}"
        raise Refused("not-reached", what, "give the address itself, where the answer comes from")
    return found


def _read_address(url: str) -> SplitResult:
    """Read an address, or refuse it."""
    with suppress(ValueError):
        parts = urlsplit(url)
        plain = url.isascii() and url.isprintable() and " " not in url and "@" not in parts.netloc
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and plain:
            return parts
    raise Refused("url", f"{url!r} is no address", "write http://HOST:PORT")


def _connection(parts: SplitResult) -> HTTPConnection:
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    return kind(parts.hostname or "", parts.port, timeout=_SECONDS)


def ask_witness(url: str, body: str) -> Reply:
    """Hand a request to the witness at an address and return what it answers."""
    where = url.rstrip("/") + "/add-checkpoint"
    status, found = post(where, body.encode(), "text/plain; charset=utf-8")
    return Reply(status, found.decode(errors="replace"))
