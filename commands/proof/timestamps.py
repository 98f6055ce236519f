"""Have an authority timestamp the newest checkpoint, over HTTP."""

from http import HTTPStatus
from pathlib import Path

from commands.core.command import Context, Errand, Outcome, argument, option
from commands.proof.timestamp_take import kept
from ledger.errors import Refused
from ledger.transparency.asking import post
from ledger.transparency.requests import Requests
from ledger.transparency.timestamps import asked, checked, read_roots

_QUERY = "application/timestamp-query"


class AskTimestamp(Errand):
    """attendance timestamp ask: have an authority timestamp the newest checkpoint, over HTTP.

    Only a hash is sent.
    """

    url: str = argument("where the authority answers")
    tsa_root: tuple[Path, ...] = option("the authority's root certificate (PEM)")

    def carry_out(self, context: Context) -> Outcome:
        """Ask, check the answer and keep it whole."""
        folder, roots = context.folder.required(), read_roots(self.tsa_root)
        note = Requests(folder).note
        query, nonce = asked(note.text)
        status, token = post(self.url, query, _QUERY)
        if status != HTTPStatus.OK:
            what = f"the authority did not answer with a timestamp ({status})"
            raise Refused("timestamp-refused", what, "check the address, and ask again later")
        stamp = checked(note.text, token, roots, nonce)
        return Outcome(None, (kept(folder, note, token, stamp),))
