"""The evidence given for batches of amendments, as rows."""

from collections import Counter
from typing import Any

from ledger.clock import iso
from projections.queries.versions import Describer
from projections.queries.view import View


def counts(view: View) -> Counter[tuple[int, str | None]]:
    """Return how many pieces of evidence were given for a pupil's batch."""
    return Counter((pupil, batch) for pupil, batch in view.stood("pupil, batch", "evidence"))


def rows(view: View, describer: Describer, pupil: int) -> list[dict[str, Any]]:
    """Return the evidence given for one pupil's amendments, as it was given.

    ``sha256`` hex of the file's bytes; ``copied``: whether the ledger keeps a copy.
    """
    columns = "line, batch, file, sha256, note, copy_key"
    found = view.stood(columns, "evidence", "pupil = :v0", pupil)
    return [
        {
            "batch": batch,
            "file": view.open(file),
            "sha256": digest,
            "note": view.open(note),
            "copied": key is not None,
            "recorded_at": iso(describer.commit(line).at),
            "position": line,
        }
        for line, batch, file, digest, note, key in sorted(found)
    ]
