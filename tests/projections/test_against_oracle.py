"""`rates` over random histories, against the oracle that replays the log event by event."""

import os
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from ledger.errors import Refused
from ledger.keys import KeyRing
from ledger.store import Store
from projections import rates
from tests.projections import oracle
from tests.projections.histories import asked, histories, question, questions
from tests.projections.ledgers import Book

EXAMPLES = int(os.environ.get("LEDGER_HISTORIES", "200"))
"""How many histories: ``LEDGER_HISTORIES=5000 pytest -n 4 -k oracle`` for a thorough run."""
PARTS = 4
thorough = settings(
    max_examples=EXAMPLES // PARTS,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("part", range(PARTS))
@thorough
@given(history=histories(), drawn=questions)
def test_rates_answer_what_the_oracle_answers(part, history, drawn):
    """For any history and point in time, rates and the oracle count the same sessions."""
    del part
    with tempfile.TemporaryDirectory() as folder:
        book = Book(Path(folder) / "ledger")
        history.write(book)
        with closing(Store(book.folder.log)) as store, closing(KeyRing(book.folder.keys)) as ring:
            heads = [0, store.head()]
            for n in drawn:
                of = asked(history, heads, n)
                expected = oracle.rates(store, of, ring.open)
                _compare(book, of, expected, oracle.known(store, of, ring.open))


def _compare(book, of, expected, known):
    try:
        found = book.ask(rates, question(of)).document
    except Refused as refusal:
        assert refusal.code in {"group-unknown", "pupil-unknown"}, refusal
        names = {name for groups in known.groups.values() for _, name, _ in groups}
        upns = set(known.upns.values())
        assert {of.group, of.year, of.cohort} - {None} - names or of.pupil not in upns
        return
    if found.get("knows_nothing"):
        assert expected["rows"] == []
        assert found["rows"] == []
        assert found["total"] is None
        return
    assert {"rows": found["rows"], "total": found["total"]} == expected, of
