"""RFC 3161 timestamps of the newest checkpoint: asked for over HTTP, or by files.

Only a hash leaves the school.
"""

from contextlib import closing
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from commands.core.command import Context, Errand, Outcome, argument, option
from ledger.clock import local
from ledger.errors import Refused
from ledger.files import translated, write_output
from ledger.store.folder import Folder
from ledger.store.store import Store
from ledger.tlog.note import Note, read_checkpoint
from ledger.transparency.requests import Requests, post

if TYPE_CHECKING:
    from ledger.transparency.timestamps import Stamp

_QUERY = "application/timestamp-query"


class AskTimestamp(Errand):
    """attendance timestamp ask: have an authority timestamp the newest checkpoint, over HTTP.

    Only a hash is sent.
    """

    url: str = argument("where the authority answers")
    tsa_root: tuple[Path, ...] = option("the authority's root certificate (PEM)")

    def carry_out(self, context: Context) -> Outcome:
        """Ask, check the answer and keep it whole."""
        from ledger.transparency.timestamps import (  # noqa: PLC0415 - start-up
            check_token,
            read_roots,
            request_for,
        )

        folder, roots = context.folder.required(), read_roots(self.tsa_root)
        note = Requests(folder).note
        query, nonce = request_for(note.text)
        status, token = post(self.url, query, _QUERY)
        if status != HTTPStatus.OK:
            what = f"the authority did not answer with a timestamp ({status})"
            raise Refused("timestamp-refused", what, "check the address, and ask again later")
        stamp = check_token(note.text, token, roots, nonce)
        return Outcome(None, (_keep(folder, note, token, stamp),))


class RequestTimestamp(Errand):
    """attendance timestamp request: write a request for an RFC 3161 timestamp to a file.

    Of the newest checkpoint. Only a hash of it is in the request.
    """

    out: Path = option("the file for the request (.tsq)")
    replace: bool = option("write over the file that is there", default=False)

    def carry_out(self, context: Context) -> Outcome:
        """Write the request."""
        from ledger.transparency.timestamps import request_for  # noqa: PLC0415 - start-up

        requests = Requests(context.folder.required())
        query = request_for(requests.note.text).query
        write_output(self.out, query, replace=self.replace)
        what = f"a request to timestamp entries 1 to {requests.size} is in {self.out}"
        return Outcome(None, (what, "keep the answer with attendance timestamp take"))


class TakeTimestamp(Errand):
    """attendance timestamp take: keep the timestamp that an authority sent as a file.

    The answer to attendance timestamp request; the ledger may have grown in between.
    """

    response: Path = argument("the file with the answer (.tsr)")
    tsa_root: tuple[Path, ...] = option("the authority's root certificate (PEM)")

    def carry_out(self, context: Context) -> Outcome:
        """Find the checkpoint that was timestamped, check the answer, and keep it whole."""
        from ledger.transparency.timestamps import (  # noqa: PLC0415 - start-up
            check_token,
            note_of,
            read_roots,
        )

        folder, roots = context.folder.required(), read_roots(self.tsa_root)
        with translated(self.response):
            token = self.response.read_bytes()
        note = note_of(folder, token)
        stamp = check_token(note.text, token, roots)
        return Outcome(None, (_keep(folder, note, token, stamp),))


def _keep(folder: Folder, note: Note, token: bytes, stamp: "Stamp") -> str:
    """Keep a timestamp that was checked; say of what, by whom and when."""
    size = read_checkpoint(note.text).size
    with closing(Store(folder.log)) as store:
        new = store.keep_timestamp(size, token, note.text.__eq__)
    had = "were" if new else "had been"
    when = f"{local(stamp.at):%Y-%m-%d %H:%M:%S} London"
    return f"entries 1 to {size} {had} timestamped by {stamp.by} at {when}"
