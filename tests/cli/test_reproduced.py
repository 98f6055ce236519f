"""What was printed once can be printed again: its provenance line names all that it takes."""

import re
from contextlib import closing

import pytest

from ledger.events.log import Committed
from ledger.events.register import MarkAmended
from ledger.store.facts import Fact
from ledger.store.folder import Folder
from ledger.store.store import Batch, Store
from tests.cli.shell import run

LINE = re.compile(r"; (\S+) to (\S+); as known at (.+?) \((\w+) clock\), position (\d+), ")
EVENTS = 10_000
QUESTIONS = (
    ("rates",),
    ("rates", "--by", "registration", "--clock", "source"),
    ("persistent", "--all"),
    ("penalties", "--at-least", "3"),
    ("changes",),
    ("unresolved",),
    ("today",),
)


def amended_over_and_over(folder: Folder) -> int:
    """Record ten thousand more amendments, in one transaction; return how many."""
    with closing(Store(folder.log)) as store:
        marks = list(store.read(["mark:"], upto=store.head()))
        versions: dict[str, int] = {}
        for r in marks:
            versions[r.stream] = r.version + 1
        streams = sorted(versions)
        facts = [
            Fact(streams[n % len(streams)], MarkAmended(original="/", code="O"))
            for n in range(EVENTS)
        ]
        header = Committed(at=0, account="a", authenticated="b", software="c", rules="d",
                           command="e", count=0)  # fmt: skip
        batch = Batch(header, facts, EVENTS, store.head())
        header = store.append(batch, clock=lambda: 1_800_000_000_000_000, before_commit=int)
    return header.header.event.count


@pytest.mark.parametrize("question", QUESTIONS, ids=" ".join)
def test_a_printed_answer_is_printed_again_after_ten_thousand_events(own, at, question):
    """Asked with what its provenance line names, an answer is the same byte for byte."""
    before = run(*question, "--on", "2026-11-20")
    first, on, known, clock, position = LINE.search(before.out).groups()
    named = ("--from", first, "--on", on, "--known-at", known, "--position", position)
    asked = (*(q for q in question if q not in {"--clock", "source"}), *named, "--clock", clock)
    assert amended_over_and_over(Folder(own)) == EVENTS
    at("2027-03-01T09:00")
    assert run(*question, "--on", "2026-11-20").out != before.out
    assert run(*asked).out == before.out
