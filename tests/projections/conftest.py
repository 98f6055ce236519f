"""A small school in a ledger, made once and copied for each test."""

import shutil
from datetime import date

import pytest

from ledger.events import streams
from ledger.events.roll import GroupLeft, PupilRemoved
from ledger.store.facts import Fact
from ledger.store.folder import Folder
from tests.projections.ledgers import (
    Book,
    created,
    enrolled,
    instant,
    joined,
    opened,
    staff,
    term,
    times,
)

FOUNDED = instant(2025, 8, 1, 8)
FILLED = instant(2025, 9, 1, 8)


@pytest.fixture(scope="session")
def founded(tmp_path_factory) -> Book:
    """Ann and Bob in 9A, Cy in 9B until 30 September, when Cy leaves; nobody is marked."""
    book = Book(tmp_path_factory.mktemp("school") / "ledger")
    left = PupilRemoved(starts_on=date(2025, 9, 3), leaves_on=date(2025, 9, 30))
    parted = GroupLeft(kind="cohort", name="SEND", since=None, until=date(2025, 9, 12))
    with book.writing():
        book.commit(
            FOUNDED,
            created(),
            opened(),
            staff(),
            staff("s2", "Mr Teacher", job_title="Teacher", until=date(2025, 9, 30)),
            times(date(2024, 9, 1)),
            term("Summer", date(2025, 6, 2), date(2025, 7, 18)),
            term("Autumn 1", date(2025, 9, 3), date(2025, 10, 24)),
            term("Autumn 2", date(2025, 11, 3), date(2025, 12, 19)),
            by=None,
        )
        book.commit(
            FILLED,
            enrolled("ann", date(2025, 6, 2), surname="Able", forename="Ann"),
            enrolled("bob", date(2025, 9, 3), surname="Baker", forename="Robert", name_used="Bob"),
            enrolled("cy", date(2025, 9, 3), surname="Cole", forename="Cy", local_id=None),
            joined("ann", "registration", "9A"),
            joined("ann", "year", "Y9"),
            joined("ann", "cohort", "FSM"),
            joined("ann", "cohort", "SEND"),
            Fact(streams.pupil("ann"), parted),
            joined("bob", "registration", "9A"),
            joined("bob", "year", "Y9"),
            joined("cy", "registration", "9B"),
            Fact(streams.pupil("cy"), left),
        )
    return book


@pytest.fixture
def school(founded, tmp_path) -> Book:
    """A copy of the small school, to write into."""
    book = object.__new__(Book)
    shutil.copytree(founded.folder.path, tmp_path / "ledger")
    book.folder = Folder(tmp_path / "ledger")
    book.versions = dict(founded.versions)
    return book


@pytest.fixture
def empty(tmp_path) -> Book:
    """A ledger that holds no event."""
    return Book(tmp_path / "empty")
