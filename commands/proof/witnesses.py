"""Witnesses: those outside the school who sign what they see of the ledger (C2SP tlog-witness).

On the school's side: whom it trusts, asking over HTTP or by files, judging the answer and keeping
it. On the witness's own side, which needs no ledger: its key, and signing by file or over HTTP.
"""

import re
import sys
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, Self, TextIO

from commands.core.command import (
    Context,
    Decision,
    Errand,
    Outcome,
    State,
    UseCase,
    argument,
    decided,
    option,
)
from commands.core.ranges import Range, one
from ledger.clock import SECOND, local
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.proof import WitnessDropped, WitnessTrusted
from ledger.files import refuse_output, translated, write_output
from ledger.store.facts import Fact
from ledger.store.folder import Folder
from ledger.store.store import Store
from ledger.tlog import signing
from ledger.tlog.note import (
    COSIGNATURE,
    ED25519,
    Note,
    Signature,
    Verifier,
    read_checkpoint,
    read_signature,
    read_verifier,
    received,
)
from ledger.transparency.cosigning import (
    CONFLICT,
    INCONSISTENT,
    OK,
    Reply,
    Request,
    Service,
    Witness,
    read_request,
)
from ledger.transparency.requests import Requests, ask_witness, last_seen
from ledger.transparency.witnesses import (
    notes_newest_first,
    read_keys,
    seconds_of,
    trusted_witnesses,
)
from policies.packs.codes import Rules

_AHEAD = 3600
"""How many seconds the clock of a witness may be ahead of ours."""

_SIZE = re.compile("[0-9]{1,19}", re.ASCII)
_TRIES = 3  # a witness may move on between two requests, but not for ever


# The school's side.


class _OfTrust(UseCase):
    def reads(self, state: State) -> Iterable[Range]:
        """Name who decides; ask for whom the school trusted and dropped."""
        return state.own_row, one(streams.WITNESSES)


class TrustWitness(_OfTrust):
    """attendance witness trust: record a witness whose signatures count.

    Somebody outside the school: a trust, a governor, an authority.
    """

    key: str = argument("the public key that the witness gave, or its file")

    def load(self, _stdin: TextIO) -> Self:
        """Read the key's file, where one is named."""
        keys = read_keys(self.key, COSIGNATURE)
        if len(keys) > 1:
            raise Refused("keys-many", f"{self.key} holds {len(keys)} keys", "give one at a time")
        return replace(self, key=keys[0].vkey)

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Record the key with who decided to trust it."""
        staff_id, name, job_title = state.author(now)
        key = read_keys(self.key, COSIGNATURE)[0]
        if key.vkey in _trusted_keys(state):
            return decided([], f"{key.name} is trusted already; nothing was recorded")
        event = WitnessTrusted(key=key.vkey, by=staff_id, name=name, job_title=job_title)
        return decided([Fact(streams.WITNESSES, event)], f"the signatures of {key.name} count")


class DropWitness(_OfTrust):
    """attendance witness drop: record that a witness's later signatures do not count.

    What it signed of the ledger as it was before goes on counting.
    """

    witness: str = argument("its name, the id of its key, or the key")

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Record the drop with who decided it."""
        staff_id, author, job_title = state.author(now)
        known = [read_verifier(key) for key in _trusted_keys(state)]
        named = [key for key in known if self.witness in (key.name, key.key_id.hex(), key.vkey)]
        if len(named) != 1:
            several = "several trusted witnesses are" if named else "no trusted witness is"
            raise Refused(
                "witness-unknown",
                f"{several} called {self.witness!r}",
                "attendance witness lists them; give the id of the key",
            )
        key = named[0]
        event = WitnessDropped(key=key.vkey, by=staff_id, name=author, job_title=job_title)
        says = f"the signatures of {key.name} do not count from here on"
        return decided([Fact(streams.WITNESSES, event)], says)


class AskWitness(Errand):
    """attendance witness ask: have a witness sign the newest checkpoint, over HTTP.

    Only hashes are sent. A witness that saw another history says so, and the exit code is 3.
    """

    url: str = argument("where the witness listens, such as https://witness.trust.example")

    def carry_out(self, context: Context) -> Outcome:
        """Ask from the size that it last saw, check the answer and keep it."""
        folder = context.folder.required()
        requests = Requests(folder)
        verdict, reply = _ask(self.url, requests, min(last_seen(folder), requests.size))
        if verdict.alarm:
            does = "Keep the folder as it is, and compare it with the latest back-up."
            return Outcome(None, (verdict.alarm, does), differs=True)
        found = _read_cosignatures(reply.text)
        says = _keep(folder, requests.note, found, context.clock())
        if not says:
            raise _untrusted_answer(found)
        return Outcome(None, says)


class TakeAnswer(Errand):
    """attendance witness take: keep the signatures that a witness sent as a file.

    The answer to attendance witness request; the ledger may have grown in between.
    """

    answer: Path = argument("the file with the witness's signatures")

    def carry_out(self, context: Context) -> Outcome:
        """Find the checkpoint that was signed, and keep the signatures of it."""
        folder = context.folder.required()
        with translated(self.answer):
            text = received(self.answer.read_bytes())
        found = _read_cosignatures(text)
        note = _signed_checkpoint(folder, found)
        return Outcome(None, _keep(folder, note, found, context.clock()))


# The witness's own side, without a ledger.


class NewWitness(Errand):
    """attendance witness new: make the key of a witness, who signs what it sees of a ledger.

    For a trust, a governor or an authority: the school trusts the public key printed.
    """

    name: str = argument("the name it signs with, such as trust.example/w1")
    out: Path = option("the file for the private key, readable by its owner only")

    def carry_out(self, _context: Context) -> Outcome:
        """Write the private key and print the public one; no ledger is needed."""
        if not self.name.isprintable():
            raise Refused("key-name", f"{self.name!r} cannot name a key", "use letters and digits")
        made = signing.create_witness(self.out, self.name)
        kept = f"# the private key is in {self.out}; give the line above to the school"
        return Outcome(None, (made.verifier.vkey, kept))


class _AsWitness(Errand):
    key: Path = option("the witness's private key")
    state: Path = option("the folder that remembers what was signed")
    trust: tuple[str, ...] = option("the public key of a ledger it looks at, or a file of keys")

    def open(self) -> Witness:
        """Return the witness with that key, or refuse."""
        logs = [each for keys in self.trust for each in read_keys(keys, ED25519)]
        return Witness(signing.load_witness(self.key), logs, self.state)


class SignRequest(_AsWitness):
    """attendance witness sign: sign the checkpoint in a request that was sent as a file.

    For a trust, a governor or an authority that does not serve HTTP.
    """

    request: Path = argument("the file that attendance witness request wrote")
    out: Path | None = option("write the answer to this file, for the school", default=None)
    replace: bool = option("write over the file that is there", default=False)

    def carry_out(self, context: Context) -> Outcome:
        """Sign, or tell that the request is of another history than the one last seen."""
        if self.out is not None:
            refuse_output(self.out, replace=self.replace)
        witness = self.open()
        with translated(self.request):
            body = received(self.request.read_bytes()).encode()
        request, seconds = read_request(body), context.clock() // SECOND
        reply = witness.add(body, seconds)
        verdict = judge(request, reply)
        if verdict.again == request.checkpoint.size:
            # Signed before, by a command whose answer may never have been written: from there on.
            request = Request(verdict.again, (), request.note)
            reply = witness.add(request.written.encode(), seconds)
            verdict = judge(request, reply)
        if verdict.again is not None:
            raise Refused(
                "witness-size",
                f"this witness last saw {verdict.again} entries, "
                f"the request continues {request.old}",
                f"have it made with attendance witness request --since {verdict.again}",
            )
        if verdict.alarm:
            return Outcome(None, (verdict.alarm, "it was not signed: keep the file"), differs=True)
        if self.out is None:
            return Outcome(None, (reply.text.rstrip("\n"),))
        write_output(self.out, reply.text, replace=self.replace)
        says = f"signed: entries 1 to {request.checkpoint.size} of {request.checkpoint.origin}"
        return Outcome(None, (says, f"the answer is in {self.out}"))


class ServeWitness(_AsWitness):
    """attendance witness serve: sign the checkpoints of ledgers over HTTP, until Ctrl-C.

    For a trust, a governor or an authority: C2SP tlog-witness, POST /add-checkpoint.
    """

    listen: str = option("where to listen, HOST:PORT [127.0.0.1:8339]", default="127.0.0.1:8339")

    def carry_out(self, context: Context) -> Outcome:
        """Serve; every signature was kept before it was given."""
        Service(self.open(), self.listen, context.clock, sys.stderr).run()
        return Outcome(None, ())


# What an answer means, to both sides.


class Verdict(NamedTuple):
    """What an answer means: signed, to be asked again from another size, or another history."""

    signed: bool = False
    again: int | None = None
    alarm: str = ""


def judge(request: Request, reply: Reply) -> Verdict:
    """Judge a witness's answer to a request; refuse one that is neither yes nor alarm."""
    size, who = request.checkpoint.size, "THE WITNESS SAW ANOTHER HISTORY"
    if reply.status == OK:
        return Verdict(signed=True)
    if reply.status == INCONSISTENT:
        what = f"the first {request.old} entries are not those that it signed"
        return Verdict(alarm=f"{who}: {what}: the history was rewritten")
    if reply.status == CONFLICT and _SIZE.fullmatch(reply.text.strip()):
        last = int(reply.text)
        if last > size:
            what = f"it signed {last} entries, this checkpoint is of {size}"
            return Verdict(alarm=f"{who}: {what}: the ledger was rolled back or cut short")
        if last == request.old:
            what = f"it signed another checkpoint of {last} entries"
            return Verdict(alarm=f"{who}: {what}: the history was rewritten")
        return Verdict(again=last)
    said = "".join(each for each in reply.text[:200] if each.isprintable() or each == " ")
    raise Refused(
        "witness-refused",
        f"the witness did not sign ({reply.status}): {said or 'no reason given'}",
        "give it the ledger's key (attendance key show), and ask again",
    )


def _trusted_keys(state: State) -> list[str]:
    """Return the keys that are trusted now."""
    events = state.histories.get(streams.WITNESSES, ())
    found = {e.key: e for e in events if isinstance(e, WitnessTrusted | WitnessDropped)}
    return [key for key, last in found.items() if isinstance(last, WitnessTrusted)]


def _ask(url: str, requests: Requests, old: int) -> tuple[Verdict, Reply]:
    """Return the answer; where the witness names another size, ask again from that."""
    for _ in range(_TRIES):
        request: Request = requests.since(old)
        reply = ask_witness(url, request.written)
        verdict = judge(request, reply)
        if verdict.again is None:
            return verdict, reply
        old = verdict.again
    raise Refused(
        "witness-moving", "the witness names another size each time", "ask again in a minute"
    )


def _read_cosignatures(text: str) -> list[Signature]:
    """Read the lines of an answer, or refuse it."""
    found = [read_signature(line) for line in text.split("\n") if line]
    if not found:
        raise Refused("answer-empty", "the answer holds no signature", "ask the witness again")
    return found


def _signed_checkpoint(folder: Folder, found: list[Signature]) -> Note:
    """Return the checkpoint that trusted witnesses signed, the newest if there are several."""
    keys = {(t.key.name, t.key.key_id): t.key for t in trusted_witnesses(folder) if t.stands}
    ours = [(keys[each[:2]], each) for each in found if each[:2] in keys]
    if not ours:
        raise _untrusted_answer(found)
    for _, note in notes_newest_first(folder):
        if all(seconds_of(key, note.text, each) is not None for key, each in ours):
            return note
    raise Refused(
        "signature-of-another",
        "the signatures are of no checkpoint of this ledger",
        "check that the answer is to a request of this ledger, and was copied whole",
    )


def _keep(folder: Folder, note: Note, found: Sequence[Signature], now: int) -> tuple[str, ...]:
    """Keep those cosignatures of a checkpoint that trusted witnesses made; say what was kept."""
    keys = [each.key for each in trusted_witnesses(folder) if each.stands]
    pairs = [(each, key) for each in found for key in keys if each[:2] == (key.name, key.key_id)]
    with closing(Store(folder.log)) as store:
        return tuple(_keep_one(store, note, each, key, now) for each, key in pairs)


def _keep_one(store: Store, note: Note, cosignature: Signature, key: Verifier, now: int) -> str:
    size = read_checkpoint(note.text).size
    seconds = seconds_of(key, note.text, cosignature)
    if seconds is None:
        what = f"the signature by {key.name} is not of the checkpoint of {size} entries"
        raise Refused("signature-of-another", what, "ask the witness again")
    if seconds * SECOND > now + _AHEAD * SECOND:
        raise Refused(
            "witness-clock",
            f"{key.name} signed at {local(seconds * SECOND):%Y-%m-%d %H:%M} London, not yet here",
            "compare the clock of this computer with that of the witness",
        )
    new = store.keep_cosignature(size, cosignature, key)
    when = f"{local(seconds * SECOND):%Y-%m-%d %H:%M:%S} London"
    if seconds * SECOND > now:
        when += " (its clock is ahead of this computer's: answers count it from then on)"
    if new:
        return f"entries 1 to {size} were seen by {key.name} at {when}"
    return f"entries 1 to {size} were seen by {key.name} already; again at {when}"


def _untrusted_answer(found: Sequence[Signature]) -> Refused:
    """Return the refusal of an answer by nobody that the ledger trusts."""
    names = ", ".join(sorted({each.name for each in found}))
    return Refused(
        "witness-not-trusted",
        f"the answer is by {names}, which this ledger does not trust",
        "record whom it trusts with attendance witness trust KEY, then ask again",
    )
