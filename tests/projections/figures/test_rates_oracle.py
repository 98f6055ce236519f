"""`rates` over random histories, against the oracle that replays the log event by event."""

import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from ledger.errors import Refused
from ledger.sealing.keys import KeyRing
from ledger.store.store import Store
from tests.projections import oracle
from tests.projections.histories import asked, histories, question, questions
from tests.projections.ledgers import Book

PARTS = 4
"""So that several processes can share the work; each part draws histories of its own."""


@pytest.mark.parametrize("part", range(PARTS))
def test_rates_answer_what_the_oracle_answers(part, pytestconfig):
    """For any history and point in time, rates and the oracle count the same sessions.

    200 histories; 5,000 with ``pytest tests/projections -n 4 -k oracle --campaign``.
    """
    examples = (5000 if pytestconfig.getoption("campaign") else 200) // PARTS

    @seed(part)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(history=histories(), drawn=questions)
    def check(history, drawn):
        with tempfile.TemporaryDirectory() as folder:
            book = Book(Path(folder) / "ledger")
            history.write(book)
            _ask_all(book, history, drawn)

    check()


def _ask_all(book, history, drawn):
    with closing(Store(book.folder.log)) as store, closing(KeyRing(book.folder.keys)) as ring:
        for n in drawn:
            of = asked(history, store.head(), n)
            _compare(
                book, of, oracle.rates(store, of, ring.open), oracle.known(store, of, ring.open)
            )


def _compare(book, of, expected, known):
    found = _answered(book, of)
    if isinstance(found, Refused):
        names = {name for groups in known.groups.values() for _, name, _ in groups}
        strangers = {of.group, of.year, of.cohort} - {None} - names
        refused = {
            "group-unknown": strangers,
            "pupil-unknown": of.pupil not in known.upns.values(),
            "dates-reversed": of.from_ and of.from_ > of.on,
        }
        assert refused[found.code], of
    elif found.get("knows_nothing"):
        assert (expected["rows"], list(found["rows"]), found["total"]) == ([], [], None)
    else:
        assert {"rows": found["rows"], "total": found["total"]} == expected, of


def _answered(book, of):
    try:
        return book.ask(question(of)).document
    except Refused as refusal:
        return refusal
