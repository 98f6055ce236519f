"""What counts as known when, against a brute force over readings and corrections.

Written from what is promised, and not from the code: an entry counts as recorded at what the
clock read, or at the latest instant that the newest correction covering it states; what is known
at an instant is the longest beginning of the log in which no entry counts as recorded later. A
correction is known from its own position on. What an answer once named, an instant and a
position, is the same answer for good.
"""

from contextlib import closing
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands.core import clocks
from ledger.clock import Corrected, iso, local_date
from ledger.errors import Refused
from ledger.store.store import Store
from projections.queries.question import PointInTime
from projections.queries.view import open_view
from projections.readmodel.catch_up import content, rebuild
from projections.readmodel.records.school import StaffSpell
from tests.projections.ledgers import Book, corrected, created, staff

MINUTE = 60_000_000
START = 1_790_000_000_000_000
SCHEDULES = 10
CAMPAIGN = 2000


class Told:
    """A log as it was written: each transaction's first entry, last entry, reading, correction."""

    def __init__(self):
        self.transactions = []

    def add(self, last, reading, wrong=None):
        first = self.transactions[-1][1] + 1 if self.transactions else 1
        self.transactions.append((first, last, reading, wrong))

    @property
    def head(self):
        return self.transactions[-1][1]

    def instant(self, transaction, head):
        """When a transaction counts as recorded, as known at a position."""
        first, _, found, _ = transaction
        for _, last, _, wrong in self.transactions:
            if wrong and last <= head and wrong[0] <= first <= wrong[1]:
                found = wrong[3]
        return found

    def within(self, position, instant, head):
        """Whether nothing up to a position counts as recorded later, as known at another."""
        begun = [each for each in self.transactions if each[0] <= position]
        return all(self.instant(each, head) <= instant for each in begun)

    def known(self, instant):
        ends = [0, *(last for _, last, _, _ in self.transactions)]
        return max(end for end in ends if self.within(end, instant, self.head))

    def known_within(self, instant, bound):
        """As `known`, of some positions only, by all that was ever known of the clocks."""
        heads = range(self.head + 1)
        return max(
            end
            for end in range(bound + 1)
            if self._can_be_asked(end, bound)
            and any(self.within(end, instant, head) for head in heads if head >= end)
        )

    def _can_be_asked(self, end, bound):
        return end in {0, bound, *(last for _, last, _, _ in self.transactions)}


def write(book, chance):
    """Write a log whose clock goes wrong and is corrected, at random; tell of it."""
    told, now = Told(), START
    with book.writing():
        for n in range(chance.randint(1, 9)):
            now += chance.choice([0, 1, 7]) * MINUTE
            off = chance.choice([0, 0, 0, 90, 30, -3, -40]) * MINUTE
            if told.transactions and chance.random() < 0.35:
                first, last = sorted(chance.choices(told.transactions, k=2))
                limits = sorted(now - chance.randint(0, 60) * MINUTE for _ in range(2))
                stated = (first[0], last[1], *limits)
                head = book.commit(now + off, corrected(*stated))
                told.add(head, now + off, stated)
            else:
                facts = [staff(f"t{n}-{m}") for m in range(chance.randint(1, 2))]
                told.add(book.commit(now + off, *facts), now + off)
    return told, now


def position(book, now, **asked):
    with open_view(book.folder, PointInTime(**asked), lambda: now) as view:
        return view.position


@pytest.mark.parametrize("seed", range(2))
def test_known_at_is_what_a_brute_force_says(tmp_path, request, seed):
    """At every position and at every instant that matters, and again for each answer."""
    schedules = CAMPAIGN if request.config.getoption("campaign") else SCHEDULES
    for n in range(schedules):
        book = Book(tmp_path / str(n))
        chance = Random(f"{seed}-{n}")  # noqa: S311
        told, now = write(book, chance)
        _check(book, told, now + 200 * MINUTE, chance)


def _check(book, told, now, chance):
    with closing(Store(book.folder.log)) as store:
        every = (told.instant(each, told.head) for each in told.transactions)
        assert clocks.last_instant(store) == max(every)
    with open_view(book.folder, PointInTime(), lambda: now) as view:
        instants = {told.instant(each, told.head) for each in told.transactions}
        instants |= {reading for _, _, reading, _ in told.transactions}
        for instant in sorted(instants | {each - 1 for each in instants}):
            asked = PointInTime(known_at=iso(instant))
            found = view.at(asked).position
            assert found == told.known(instant)
            assert view.at(replace(asked, position=found)).position == found
            bound = chance.randint(0, told.head + 2)
            within = view.at(replace(asked, position=bound)).position
            assert within == told.known_within(instant, min(bound, told.head))
            assert view.at(replace(asked, position=within)).position == within
        for head in range(1, told.head + 1):
            commits = view.at(PointInTime(position=head)).commits
            for each in told.transactions:
                if each[0] <= head:
                    assert commits.of(each[0]).at == told.instant(each, head)
                    begun = [other for other in told.transactions if other[0] <= each[0]]
                    newest = max(told.instant(other, head) for other in begun)
                    assert commits.known_at(each[1]) == newest


def test_an_answer_that_was_given_is_the_same_after_a_corrected(tmp_path):
    """Its instant and its position are asked again after each later entry."""
    for n in range(SCHEDULES):
        book, chance = Book(tmp_path / str(n)), Random(n)  # noqa: S311
        given, now, told = [], START, Told()
        for turn in range(8):
            now += chance.choice([1, 7, 20]) * MINUTE
            off = chance.choice([0, 0, 60, -20]) * MINUTE
            fact = staff(f"t{turn}")
            if turn > 2 and chance.random() < 0.4:
                first, last, _, _ = chance.choice(told.transactions)
                fact = corrected(first, last, START, now - chance.randint(0, 9) * MINUTE)
            told.add(book.add(now + off, fact), now + off)
            for asked in (PointInTime(), PointInTime(known_at=iso(now - 5 * MINUTE))):
                with open_view(book.folder, asked, lambda: now) as view:  # noqa: B023
                    given.append((iso(view.known_at), view.position, _dates(view)))
            for known_at, place, dates in given:
                again = PointInTime(known_at=known_at, position=place)
                with open_view(book.folder, again, lambda: now) as view:  # noqa: B023
                    assert (iso(view.known_at), view.position) == (known_at, place)
                    assert _dates(view) == dates


@pytest.mark.parametrize("clock", ["ledger", "source"])
def test_rows_known_by_either_clock_are_the_same_after_a_corrected(tmp_path, clock):
    """What was recorded here counts, under the source clock, from our own time as then known."""
    book = Book(tmp_path / "book")
    book.add(START, created(), staff())
    book.add(START + 90 * MINUTE, staff("ahead"))
    book.add(START + 5 * MINUTE, staff("after"))
    asked = PointInTime(known_at=iso(START + 30 * MINUTE), position=7, clock=clock)
    before = _staff(book, asked)
    assert before == ["s1"]
    book.add(START + 20 * MINUTE, corrected(4, 5, START, START + 5 * MINUTE))
    # Without a position it is known when they really were there.
    now_known = replace(asked, position=None)
    assert _staff(book, now_known) == ["after", "ahead", "s1"]
    if clock == "source":
        assert _staff(book, asked) == before


def test_a_clock_that_is_behind_takes_nothing_out_of_an_answer(tmp_path):
    """What was recorded some minutes ahead is known now, and today; its own time can be asked."""
    book = Book(tmp_path / "book")
    now = START + 60 * MINUTE
    head = book.add(now + 5 * MINUTE, created(), staff())
    assert position(book, now) == head
    assert position(book, now, known_at=iso(now)) == 0
    assert position(book, now, known_at=iso(now + 5 * MINUTE)) == head
    assert position(book, now, known_at=local_date(now).isoformat()) == head
    with pytest.raises(Refused):
        position(book, now, known_at=iso(now + 6 * MINUTE))


def _staff(book, question):
    with open_view(book.folder, question, lambda: START + 300 * MINUTE) as view:
        return sorted(each.staff for each in view.standing(StaffSpell))


def _dates(view):
    return [
        (commit.at, getattr(commit.at, "earliest", None))
        for commit in view.commits.upto(view.position)
    ]


def test_views_brought_forward_equal_those_made_anew(tmp_path):
    """A correction makes them anew; their times under the source clock are the corrected ones."""
    for n in range(6):
        book, chance = Book(tmp_path / str(n)), Random(n)  # noqa: S311
        now = START
        for turn in range(6):
            now += 7 * MINUTE
            fact = staff(f"t{turn}")
            if turn in (2, 4):
                fact = corrected(1, 2 * turn, START - MINUTE, now - 3 * MINUTE)
            book.add(now + chance.choice([0, 60, -20]) * MINUTE, fact)
            position(book, now)
        before = list(content(book.folder))
        rebuild(book.folder)
        assert list(content(book.folder)) == before


@settings(max_examples=30)
@given(st.integers(0, 2**40), st.integers(0, 2**40), st.integers(0, 2**40))
def test_a_corrected_instant_is_the_later_one(earliest, latest, said):
    """In every comparison and sum."""
    at = Corrected.between(earliest, latest, said=said, position=1)
    assert (at == latest, at + 0, at.earliest, at.said) == (True, latest, earliest, said)
