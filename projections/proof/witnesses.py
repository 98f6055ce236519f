"""The witnesses outside who are trusted to have seen the log, and requests to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ledger.clock import iso, local
from ledger.store.folder import Folder
from ledger.tlog.note import Verifier, read_verifier
from ledger.transparency.requests import Requests, last_seen
from ledger.transparency.witnesses import Sighting, trusted_witnesses
from ledger.verification.verify import Progress
from projections.proof.prove import written
from projections.queries import sightings
from projections.queries.blocks import Block, Lines
from projections.queries.columns import Column, Listing
from projections.queries.people import Author
from projections.queries.question import Answer, Inspection, Question, option
from projections.queries.versions import moment
from projections.queries.view import View
from projections.readmodel.records.proof import Witness


class WitnessRow(NamedTuple):
    """A witness, its key, who decided to trust it or to no longer, and what it saw last."""

    witness: Witness
    key: Verifier
    by: Author
    decided: int
    seen: Sighting | None


class WitnessFindings(NamedTuple):
    """The witnesses, and how many entries there are of which they may have seen some."""

    rows: Sequence[WitnessRow]
    entries: int


def _trusted(row: WitnessRow) -> str:
    word = "since" if row.witness.trusted else "dropped"
    return f"{word} {moment(row.decided)}"


COLUMNS: tuple[Column[WitnessRow], ...] = (
    Column("witness", "Witness", lambda row: row.key.name),
    Column("key_id", "Key", lambda row: row.key.key_id.hex()),
    Column("trusted", "Trusted", lambda row: row.witness.trusted, text=_trusted),
    Column("since", value=lambda row: iso(row.decided)),
    Column("by", "Decided by", lambda row: {"staff_id": row.witness.by, **row.by._asdict()},
           text=lambda row: row.by.words, csv=lambda row: row.witness.by),
    Column("saw", "Saw entries", lambda row: row.seen and row.seen.position,
           text=lambda row: f"1 to {row.seen.position}" if row.seen else "nothing"),
    Column("saw_at", "At", lambda row: row.seen and iso(row.seen.at),
           text=lambda row: f"{local(row.seen.at):%Y-%m-%d %H:%M}" if row.seen else ""),
    Column("key", value=lambda row: row.witness.key),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Witnesses(Question[WitnessFindings]):
    """attendance witness: who outside is trusted to have seen the log, and what each saw last.

    Without any, whoever holds the ledger's key could make it anew, and nobody would know.
    """

    def find(self, view: View) -> WitnessFindings:
        """Find every witness that was ever trusted."""
        trusts = {each.key.vkey: each for each in trusted_witnesses(view.folder)}
        rows = [
            WitnessRow(
                each,
                read_verifier(each.key),
                view.author(each),
                view.commits.of(each.kf).at,
                sightings.newest(view, [trusts[each.key]]),
            )
            for each in sorted(view.standing(Witness), key=lambda each: each.kf)
        ]
        return WitnessFindings(rows, view.position)

    def present(self, found: WitnessFindings) -> Answer:
        """Show one row a witness, and how far any of them saw."""
        listing = Listing(COLUMNS, found.rows)
        last = max((row.seen for row in found.rows if row.seen), default=None)
        fields = {"last_witness": sightings.document(last), "rows": listing}
        tables: list[Block] = [listing.grid("Witnesses")] if found.rows else []
        seen = Lines([f"Seen {sightings.in_words(last, found.entries)}."])
        return Answer(fields, blocks=[*tables, seen])

    def unknown(self) -> Answer:
        """Return no witness."""
        return Answer({"last_witness": None, "rows": Listing(COLUMNS, [])})


@dataclass(frozen=True, kw_only=True)
class RequestWitness(Inspection):
    """attendance witness request: write a request to a witness, to be sent as a file.

    Only hashes are in it. The witness answers with attendance witness sign.
    """

    since: int | None = option("how many entries it saw last [as kept here]", minimum=0)
    out: Path | None = option("write the request to this file")

    def inspect(self, folder: Folder, _progress: Progress) -> Answer:
        """Answer with the request for the newest checkpoint."""
        requests = Requests(folder.required())
        old = last_seen(folder) if self.since is None else self.since
        request = requests.since(old)
        document = {"old": old, "size": requests.size, "request": request.written}
        says = f"a request to sign entries 1 to {requests.size}, for a witness that last saw {old}"
        return written(document, request.written, self.out, says)
