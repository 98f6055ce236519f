"""What asking a witness, over HTTP or by files, has in common: its answer, judged and kept."""

from collections.abc import Sequence
from contextlib import closing
from typing import NamedTuple

from ledger.clock import SECOND, local
from ledger.errors import Refused
from ledger.store.folder import Folder
from ledger.store.store import Store
from ledger.tlog.note import Note, Signature, Verifier, read_checkpoint, read_signature
from ledger.transparency.cosigning import CONFLICT, INCONSISTENT, OK, Reply, Request
from ledger.transparency.witnesses import seconds_of, trusted

_AHEAD = 3600
"""How many seconds the clock of a witness may be ahead of ours."""


class Verdict(NamedTuple):
    """What an answer means: signed, to be asked again from another size, or another history."""

    signed: bool = False
    again: int | None = None
    alarm: str = ""


def judged(request: Request, reply: Reply) -> Verdict:
    """Judge a witness's answer to a request; refuse one that is neither yes nor alarm."""
    size, who = request.checkpoint.size, "THE WITNESS SAW ANOTHER HISTORY"
    if reply.status == OK:
        return Verdict(signed=True)
    if reply.status == INCONSISTENT:
        what = f"the first {request.old} entries are not those that it signed"
        return Verdict(alarm=f"{who}: {what}: the history was rewritten")
    if reply.status == CONFLICT and reply.text.strip().isdecimal():
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


def cosignatures(text: str) -> list[Signature]:
    """Read the lines of an answer, or refuse it."""
    found = [read_signature(line) for line in text.split("\n") if line]
    if not found:
        raise Refused("answer-empty", "the answer holds no signature", "ask the witness again")
    return found


def kept(folder: Folder, note: Note, found: Sequence[Signature], now: int) -> tuple[str, ...]:
    """Keep those cosignatures of a checkpoint that trusted witnesses made; say what was kept."""
    keys = [each.key for each in trusted(folder) if each.stands]
    pairs = [(each, key) for each in found for key in keys if each[:2] == (key.name, key.key_id)]
    with closing(Store(folder.log)) as store:
        return tuple(_kept(store, note, each, key, now) for each, key in pairs)


def _kept(store: Store, note: Note, cosignature: Signature, key: Verifier, now: int) -> str:
    size = read_checkpoint(note.text).size
    seconds = seconds_of(key, note.text, cosignature)
    if seconds is None:
        raise Refused(
            "signature-of-another",
            f"the signature by {key.name} is not of the checkpoint of {size} entries",
            "ask the witness again",
        )
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


def untrusted(found: Sequence[Signature]) -> Refused:
    """Return the refusal of an answer by nobody that the ledger trusts."""
    names = ", ".join(sorted({each.name for each in found}))
    return Refused(
        "witness-not-trusted",
        f"the answer is by {names}, which this ledger does not trust",
        "record whom it trusts with attendance witness trust KEY, then ask again",
    )
