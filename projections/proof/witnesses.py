"""The witnesses outside who are trusted to have seen the log, and requests to them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.clock import iso, local
from ledger.store.folder import Folder
from ledger.tlog.note import read_verifier
from ledger.transparency.requests import Requests, last_seen
from ledger.transparency.witnesses import Sighting, trusted_witnesses
from ledger.verification.verify import Progress
from projections.queries import sightings
from projections.queries.blocks import Grid, Lines
from projections.queries.question import Answer, Inspection, Page, Question, option
from projections.queries.view import View
from projections.readmodel.records.proof import Witness

_HEADINGS = ("Witness", "Key", "Trusted", "Decided by", "Saw entries", "At")
_COLUMNS = ("witness", "key_id", "trusted", "since", "by", "saw", "saw_at", "key")


@dataclass(frozen=True, kw_only=True)
class Witnesses(Question):
    """attendance witness: who outside is trusted to have seen the log, and what each saw last.

    Without any, whoever holds the ledger's key could make it anew, and nobody would know.
    """

    def answer(self, view: View) -> Answer:
        """Answer with every witness that was ever trusted."""
        trusts = {each.key.vkey: each for each in trusted_witnesses(view.folder)}
        stored = sorted(view.standing(Witness), key=lambda each: each.kf)
        seen = [sightings.newest(view, [trusts[each.key]]) for each in stored]
        last = max((each for each in seen if each), default=None)
        rows = [_row(view, row, each) for row, each in zip(stored, seen, strict=True)]
        document: dict[str, Any] = {
            "as_of": view.as_of(),
            "last_witness": sightings.document(last),
            "rows": rows,
        }
        cells = [_cells(view, row, each) for row, each in zip(stored, seen, strict=True)]
        blocks: list[Grid | Lines] = [Grid("Witnesses", _HEADINGS, cells)] if rows else []
        if view.knows_nothing:
            document["knows_nothing"] = True
            return Answer(document, _COLUMNS, [Lines([view.ignorance()])])
        says = Lines([f"Seen {sightings.in_words(last, view.position)}.", view.provenance()])
        flat = [row | {"by": row["by"]["staff_id"]} for row in rows]
        return Answer(document, _COLUMNS, [*blocks, says], flat)


def _row(view: View, witness: Witness, seen: Sighting | None) -> dict[str, Any]:
    key = read_verifier(witness.key)
    return {
        "witness": key.name,
        "key_id": key.key_id.hex(),
        "trusted": witness.trusted,
        "since": iso(witness.at),
        "by": {
            "staff_id": witness.by,
            "name": view.open(witness.name),
            "job_title": witness.job_title,
        },
        "saw": seen.position if seen else None,
        "saw_at": iso(seen.at) if seen else None,
        "key": witness.key,
    }


def _cells(view: View, witness: Witness, seen: Sighting | None) -> list[str]:
    key = read_verifier(witness.key)
    return [
        key.name,
        key.key_id.hex(),
        f"{'since' if witness.trusted else 'dropped'} {local(witness.at):%Y-%m-%d %H:%M}",
        f"{view.open(witness.name)}, {witness.job_title}",
        f"1 to {seen.position}" if seen else "nothing",
        f"{local(seen.at):%Y-%m-%d %H:%M}" if seen else "",
    ]


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
        if self.out is None:
            return Answer(document, (), [Lines(request.written.rstrip("\n").split("\n"))])
        says = f"a request to sign entries 1 to {requests.size}, for a witness that last saw {old}"
        return Answer(document, (), [Lines([says])], pages=[Page(self.out, request.written)])
