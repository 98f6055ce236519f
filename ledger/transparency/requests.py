"""Requests to a witness, made from what is kept beside the log, and asking over HTTP."""

import urllib.error
import urllib.request
from http.client import HTTPException
from urllib.parse import urlsplit

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
_MOST_BYTES = 1_048_576


def post(url: str, body: bytes, kind: str) -> tuple[int, bytes]:
    """Send bytes of a type; return the status and the bytes that came back, or refuse."""
    if not _is_address(url):
        raise Refused("url", f"{url!r} is no address", "write http://HOST:PORT")
    asked = urllib.request.Request(url, body, {"Content-Type": kind})  # noqa: S310 - checked
    try:
        with urllib.request.urlopen(asked, timeout=_SECONDS) as reply:  # noqa: S310 - checked
            return reply.status, reply.read(_MOST_BYTES)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(_MOST_BYTES)
    except (OSError, HTTPException, ValueError) as error:
        why = error.reason if isinstance(error, urllib.error.URLError) else error
        raise Refused(
            "not-reached", f"nothing answers at {url}: {why}", "ask again later; all is kept"
        ) from None


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def ask_witness(url: str, body: str) -> Reply:
    """Hand a request to the witness at an address and return what it answers."""
    where = url.rstrip("/") + "/add-checkpoint"
    status, found = post(where, body.encode(), "text/plain; charset=utf-8")
    return Reply(status, found.decode(errors="replace"))
