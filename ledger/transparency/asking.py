"""Asking a service outside over HTTP: a witness, an authority for timestamps."""

import urllib.error
import urllib.request
from http.client import HTTPException
from urllib.parse import urlsplit

from ledger.errors import Refused
from ledger.transparency.cosigning import Reply

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
        why = getattr(error, "reason", error)
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
