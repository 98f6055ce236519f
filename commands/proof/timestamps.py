"""Have an authority timestamp the newest checkpoint, over HTTP."""

from collections.abc import Iterable
from contextlib import closing
from http import HTTPStatus
from pathlib import Path

from commands.core.command import (
    Context,
    Decision,
    Errand,
    Outcome,
    Range,
    State,
    UseCase,
    argument,
    decided,
    hidden,
    one,
    option,
)
from commands.core.execute import execute, look
from ledger.clock import local
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.log import KeyAdopted
from ledger.files import translated
from ledger.store.folder import Folder
from ledger.store.store import Fact, Store
from ledger.tlog import signing
from ledger.tlog.note import Note, Signer, read_checkpoint
from ledger.transparency.requests import Requests, post
from ledger.transparency.timestamps import check_token, note_of, read_roots, request_for
from policies.packs.codes import Rules

# -- timestamp_take ------------------------------------------------------------------------
# Keep the timestamp that an authority sent as a file.


class TakeTimestamp(Errand):
    """attendance timestamp take: keep the timestamp that an authority sent as a file.

    The answer to attendance timestamp request; the ledger may have grown in between.
    """

    response: Path = argument("the file with the answer (.tsr)")
    tsa_root: tuple[Path, ...] = option("the authority's root certificate (PEM)")

    def carry_out(self, context: Context) -> Outcome:
        """Find the checkpoint that was timestamped, check the answer, and keep it whole."""
        folder, roots = context.folder.required(), read_roots(self.tsa_root)
        with translated(self.response):
            token = self.response.read_bytes()
        note = note_of(folder, token)
        at, by = check_token(note.text, token, roots)
        return Outcome(None, (kept(folder, note, token, (at, by)),))


def kept(folder: Folder, note: Note, token: bytes, stamp: tuple[int, str]) -> str:
    """Keep a timestamp that was checked; say of what, by whom and when."""
    size, (at, by) = read_checkpoint(note.text).size, stamp
    with closing(Store(folder.log)) as store:
        new = store.keep_timestamp(size, token, note.text.__eq__)
    had = "were" if new else "had been"
    return f"entries 1 to {size} {had} timestamped by {by} at {local(at):%Y-%m-%d %H:%M:%S} London"


# -- timestamps ----------------------------------------------------------------------------
# Have an authority timestamp the newest checkpoint, over HTTP.


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
        query, nonce = request_for(note.text)
        status, token = post(self.url, query, _QUERY)
        if status != HTTPStatus.OK:
            what = f"the authority did not answer with a timestamp ({status})"
            raise Refused("timestamp-refused", what, "check the address, and ask again later")
        stamp = check_token(note.text, token, roots, nonce)
        return Outcome(None, (kept(folder, note, token, stamp),))


# -- timestamp_request ---------------------------------------------------------------------
# Write a request for an RFC 3161 timestamp to a file.


class RequestTimestamp(Errand):
    """attendance timestamp request: write a request for an RFC 3161 timestamp to a file.

    Of the newest checkpoint. Only a hash of it is in the request.
    """

    out: Path = option("the file for the request (.tsq)")

    def carry_out(self, context: Context) -> Outcome:
        """Write the request."""
        requests = Requests(context.folder.required())
        with translated(self.out):
            self.out.write_bytes(request_for(requests.note.text).query)
        what = f"a request to timestamp entries 1 to {requests.size} is in {self.out}"
        return Outcome(None, (what, "keep the answer with attendance timestamp take"))


# -- key_rotate ----------------------------------------------------------------------------
# Let a new signing key take the place of the ledger's own.


class RotateKey(UseCase, Errand):
    """attendance key rotate: let a new signing key take the place of the ledger's own.

    The old key signs the new one and is deleted; what it signed stays provable.
    """

    key: str = hidden(default="")
    signature: str = hidden(default="")

    def reads(self, _state: State) -> Iterable[Range]:
        """Ask for the keys that the ledger has had."""
        yield one(streams.LEDGER)

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Record the new public key with the old one's signature, once."""
        state.author(now)
        last = state.histories[streams.LEDGER][-1]
        if isinstance(last, KeyAdopted) and last.key == self.key:
            return decided([], "the new key was recorded before; the old one is deleted now")
        event = KeyAdopted(key=self.key, signature=self.signature)
        says = f"checkpoints are signed by {self.key} from now on; tell whoever pinned the old key"
        return decided([Fact(streams.LEDGER, event)], says)

    def carry_out(self, context: Context) -> Outcome:
        """Make the new key, record it, and only then delete the old one.

        Interrupted in between, both keys sign, and the command can be given again.
        """
        path = context.folder.required().signing_key
        look(context, lambda state: state.author(context.clock()))  # before a key is made
        old = signing.load(path)
        new = _next(context, old)
        signature = old.hand_over(new.verifier.vkey)
        filled = self.model_copy(update={"key": new.verifier.vkey, "signature": signature})
        outcome = execute(context, filled)
        with translated(path):
            signing.successor(path).replace(path)
        return outcome


def _next(context: Context, old: Signer) -> Signer:
    place = signing.successor(context.folder.signing_key)
    if place.is_file():
        return signing.load_successor(place, old)
    return signing.create(place, old.name.removeprefix(signing.ORIGIN))
