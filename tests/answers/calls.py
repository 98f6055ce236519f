"""All that each ledger is asked: the questions, and beside them help and refusals."""

import shlex
from functools import cache
from pathlib import Path

from tests.answers import packed, questions
from tests.answers.questions import Line

ERRORS = Path(__file__).parents[2] / "fixtures" / "errors"
NOW = "2026-12-04T16:00:00+00:00"
"""When questions are asked: a Friday after the last event of every ledger."""
_CHANCE = {"demo": 8, "portable": 4, "everything": 12}
_STAFF = {"demo": "D01", "portable": "H01", "everything": "H01"}
WRITES = Path(__file__).with_name("writes.txt")
_NOT_WRITTEN = {
    "demo": "takes seconds, and its school is the ledger demo",
    "timestamp ask": "asks over the network",
    "timestamp request": "holds a number by chance",
    "witness ask": "asks over the network",
    "witness serve": "serves until it is stopped",
}
_OF_ERRORS = "errors/"


@cache
def of(ledger: str) -> list[Line]:
    """Return the command lines for a ledger, in an order that stays."""
    if ledger not in _CHANCE:
        return [*questions.plain(ledger), *_errors(ledger)]
    found = questions.lines(ledger, chance=_CHANCE[ledger], bad=ledger == "portable")
    asked = [(*_by(ledger, line), *line) for line in found]
    if ledger == "portable":
        return [*questions.helps(), *asked, *_errors(ledger)]
    return [*asked, *(writes() if ledger == "everything" else ())]


def _by(ledger: str, line: Line) -> Line:
    """Name who asks, where it is recorded that somebody did."""
    recorded = line[0] == "subject-access" or "--names" in line
    return ("--as", _STAFF[ledger]) if recorded and "--csv" not in line else ()


def _errors(ledger: str) -> list[Line]:
    """Return what gives the faulty files of ``fixtures/errors`` to the ledger they are about."""
    batches = sorted(ERRORS.glob("batch-*"))
    folders = sorted(set(ERRORS.iterdir()) - set(batches))
    held = [case for case in folders if (case / "held.txt").exists()]
    if ledger == "small":
        amend = ("--as", "mm", "amend", "--batch")
        return [(*amend, f"{_OF_ERRORS}{case.name}/batch.csv") for case in batches]
    cases = {"portable": held, "empty": [c for c in folders if c not in held]}.get(ledger, [])
    return [("import", "portable", f"{_OF_ERRORS}{case.name}") for case in cases]


@cache
def writes() -> list[Line]:
    """Return the commands of ``writes.txt``, which are given to the ledger of everything."""
    found: dict[Line, None] = {}
    for line in packed.with_ids(WRITES.read_text("utf-8")).splitlines():
        who, *words = shlex.split(line, comments=True) or [""]
        if words:
            found[(*(() if who == "-" else ("--as", who)), *words)] = None
    return list(found)


def unwritten() -> list[str]:
    """Return the commands that record, and are not in ``writes.txt``."""
    written = {" ".join(word for word in line if word) for line in writes()}
    return [
        words
        for words, _ in questions.commands(questions=False)
        if words not in _NOT_WRITTEN and not any(words in line for line in written)
    ]


def case(line: Line) -> Path | None:
    """Return the case of ``fixtures/errors`` that a command line is about."""
    named = (word for word in line if word.startswith(_OF_ERRORS))
    return next((ERRORS / Path(word).parts[1] for word in named), None)


def time(line: Line) -> str:
    """Return when a command line is given: a fault is one at a time of its own."""
    found = case(line)
    if found is None:
        return NOW
    at = "20T09:30" if found.name.startswith("batch-") else "21T12:00"
    return f"2026-11-{at}:00+00:00"
