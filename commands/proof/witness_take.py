"""Keep the signatures that a witness sent as a file."""

from pathlib import Path

from commands.core.command import Context, Errand, Outcome, argument
from commands.proof.witnesses import cosignatures, kept, untrusted
from ledger.errors import Refused
from ledger.store.folder import Folder, translated
from ledger.tlog.note import Note, Signature
from ledger.transparency.witnesses import notes_down, seconds_of, trusted


class TakeAnswer(Errand):
    """attendance witness take: keep the signatures that a witness sent as a file.

    The answer to attendance witness request; the ledger may have grown in between.
    """

    answer: Path = argument("the file with the witness's signatures")

    def carry_out(self, context: Context) -> Outcome:
        """Find the checkpoint that was signed, and keep the signatures of it."""
        folder = context.folder.required()
        with translated(self.answer):
            text = self.answer.read_text(encoding="utf-8", errors="replace")
        found = cosignatures(text)
        return Outcome(None, kept(folder, _signed(folder, found), found, context.clock()))


def _signed(folder: Folder, found: list[Signature]) -> Note:
    """Return the checkpoint that trusted witnesses signed, the newest if there are several."""
    keys = {(t.key.name, t.key.key_id): t.key for t in trusted(folder) if t.stands}
    ours = [(keys[each[:2]], each) for each in found if each[:2] in keys]
    if not ours:
        raise untrusted(found)
    for _, note in notes_down(folder):
        if all(seconds_of(key, note.text, each) is not None for key, each in ours):
            return note
    raise Refused(
        "signature-of-another",
        "the signatures are of no checkpoint of this ledger",
        "check that the answer is to a request of this ledger, and was copied whole",
    )
