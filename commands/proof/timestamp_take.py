"""Keep the timestamp that an authority sent as a file."""

from contextlib import closing
from pathlib import Path

from commands.core.command import Context, Errand, Outcome, argument, option
from ledger.clock import local
from ledger.store.folder import Folder, translated
from ledger.store.store import Store
from ledger.tlog.note import Note, read_checkpoint
from ledger.transparency.timestamps import checked, read_roots, stamped_note


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
        note = stamped_note(folder, token)
        at, by = checked(note.text, token, roots)
        return Outcome(None, (kept(folder, note, token, (at, by)),))


def kept(folder: Folder, note: Note, token: bytes, stamp: tuple[int, str]) -> str:
    """Keep a timestamp that was checked; say of what, by whom and when."""
    size, (at, by) = read_checkpoint(note.text).size, stamp
    with closing(Store(folder.log)) as store:
        new = store.keep_timestamp(size, token, note.text.__eq__)
    had = "were" if new else "had been"
    return f"entries 1 to {size} {had} timestamped by {by} at {local(at):%Y-%m-%d %H:%M:%S} London"
