"""What every question and answer is made of; how a percentage is written."""

from datetime import date
from fractions import Fraction
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import Refused
from projections.audit.audit import Audit
from projections.audit.gaps import Gaps
from projections.audit.weeks import AuditWeeks
from projections.disclosure.disclosures import Disclosures
from projections.figures.persistent import PersistentAbsence
from projections.figures.rates import Rates
from projections.figures.unresolved import Unresolved
from projections.history.changes import Changes
from projections.history.history import History
from projections.leave.leave import LeaveOfAbsence
from projections.penalties.penalties import Penalties
from projections.queries.columns import natural_order, percent, share_of
from projections.queries.question import Answer, PointInTime, argument, option
from projections.rendering.text import as_text
from projections.returns.returns import Returns
from projections.roll.admission import Admission
from projections.roll.pupils import PupilFind
from projections.school.today import Today
from projections.why.why import Why
from tests.projections import oracle
from tests.projections.ledgers import instant, marked


@pytest.mark.parametrize(
    ("part", "whole", "written"),
    [
        (0, 1, "0.0"),
        (1, 1, "100.0"),
        (1, 16, "6.3"),  # 6.25
        (49, 400, "12.3"),  # 12.25
        (1, 2000, "0.1"),  # 0.05
        (1, 2001, "0.0"),
        (1999, 2000, "100.0"),  # 99.95
        (1998, 2000, "99.9"),
        (15, 16, "93.8"),  # 93.75
        (1, 3, "33.3"),
        (2, 3, "66.7"),
    ],
)
def test_a_percentage_is_rounded_half_up_once(part, whole, written):
    """Exactly half of a tenth goes up, also where a float or half-even would not."""
    assert percent(part, whole) == oracle.one_decimal(part, whole) == written


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_a_percentage_is_never_off_by_more_than_half_a_tenth(part, whole):
    """What is written lies within half a tenth of the exact ratio, for any counts."""
    written = percent(part, whole)
    assert written is not None
    exact = Fraction(100 * part, whole)
    assert exact - Fraction(1, 20) < Fraction(written) <= exact + Fraction(1, 20)
    assert written == oracle.one_decimal(part, whole)


def test_nothing_of_nothing_is_no_percentage():
    """Without a possible session there is no rate, and 0 % would accuse."""
    assert percent(0, 0) is None
    assert share_of(0, 0) == "no sessions"


def test_a_percentage_is_written_with_the_counts_behind_it():
    """The reader can check it."""
    assert share_of(9, 10) == "90.0 % (9 of 10)"


@pytest.mark.parametrize(
    ("part", "whole", "lines", "written"),
    [
        (350, 389, (), "89.97 % (350 of 389)"),  # persistently absent, and no 90.0 %
        (351, 390, (), "90.0 % (351 of 390)"),
        (9003, 10_000, (), "90.03 % (9003 of 10000)"),
        (39, 389, (), "10.03 % (39 of 389)"),
        (99_999, 1_000_000, (), "9.9999 % (99999 of 1000000)"),
        (249, 499, (), "49.9 % (249 of 499)"),
        (2499, 5000, (), "49.98 % (2499 of 5000)"),
        (240, 250, (96,), "96.0 % (240 of 250)"),
        (2399, 2500, (96,), "95.96 % (2399 of 2500)"),
        (2399, 2500, (), "96.0 % (2399 of 2500)"),
    ],
)
def test_a_percentage_never_stands_on_a_line_that_it_is_not_on(part, whole, lines, written):
    """10, 50 and 90 % decide on a flag, and what is asked for on a list: 0 to 4 sessions off."""
    assert share_of(part, whole, *lines) == written


def test_group_names_sort_as_people_read_them():
    """Numbers by value, letters after them."""
    assert sorted(["10A", "9B", "9A", "Y10", "Y9"], key=natural_order) == [
        "9A", "9B", "10A", "Y9", "Y10",
    ]  # fmt: skip


def test_an_answer_without_rows_has_none():
    """Rows are those of the document."""
    assert not Answer({}).rows()
    assert Answer({"rows": [{"a": 1}]}).rows() == [{"a": 1}]


BEFORE = {"known_at": "2025-07-01"}


@pytest.mark.parametrize(
    ("question", "asked", "more"),
    [
        (Admission, {}, {}),
        (Audit, {}, {"checks": []}),
        (AuditWeeks, {}, {}),
        (Changes, {"group": "of a later day"}, {}),
        (Changes, {"summary": True}, {}),
        (Gaps, {}, {}),
        (History, {"who": "U-ann"}, {"upn": None}),
        (PupilFind, {"text": "ann"}, {}),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "-".join(value) or "none",
)
def test_a_ledger_that_knew_nothing_says_so_whatever_is_asked(school, question, asked, more):
    """Before its first event: no row, and a sentence, not that there is none."""
    answer = school.ask(question(**BEFORE, **asked))
    found = dict(answer.document)
    assert found.pop("as_of")["position"] == 0
    assert found == {"rows": [], "knows_nothing": True} | more
    assert answer.blocks[0].lines[0].endswith("it knew nothing before")


def test_where_something_was_imported_the_way_to_it_is_named(school):
    """By the clock of its sources, not again where that is asked already."""
    school.add(instant(2025, 9, 9), marked("ann", "2025-09-08/AM", "/"), imported=True)
    [lines] = school.ask(Changes(**BEFORE)).blocks
    assert lines.lines[0].endswith("; --clock source asks what its sources state for then")
    [lines] = school.ask(Changes(**BEFORE, position=0)).blocks
    assert lines.lines[0].endswith("it knew nothing before")


@pytest.mark.parametrize(
    ("asked", "code"), [({"who": "nobody"}, "pupil-unknown"), ({"session": "noon"}, "session")]
)
def test_a_slip_in_what_history_is_asked_is_refused_before_the_first_event_too(
    school, asked, code
):
    """Nobody of that name, and no such session, at any time."""
    with pytest.raises(Refused) as caught:
        school.ask(History(**BEFORE, **{"who": "U-ann"} | asked))
    assert caught.value.code == code


def test_options_and_arguments_carry_their_help():
    """The command line is made from the fields' metadata."""
    assert option("what", choices=("a",)).metadata == {"help": "what", "choices": ("a",)}
    assert argument("who").metadata["argument"] is True
    assert argument("who", required=False).metadata["required"] is False
    assert PointInTime().clock == "ledger"


BY_SESSION = {
    "each session in the group of its day": [
        Rates, PersistentAbsence, Unresolved, Today, Audit, AuditWeeks,
        partial(Why, what="rates", and_="2025-09-09"),
    ],
    "who was a member when a counted entry was made; the counts are those of the whole register, "
    "in the group or not": [Penalties, partial(Why, what="penalties", and_="2025-09-09")],
    "whoever was a member at any of the sessions looked at": [
        Changes, Admission, LeaveOfAbsence, Disclosures, partial(Returns, kind="joiners"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("said", "question"), [(said, each) for said, kind in BY_SESSION.items() for each in kind]
)
def test_a_group_by_session_says_whether_it_chooses_sessions_or_pupils(school, said, question):
    """In the words of the question, once; by the group as at a day it is the members."""
    asked = {"on": date(2025, 9, 8), "group": "9A"}
    for membership, words in (
        ("session", said),
        ("on", "members on 2025-09-08, with all their sessions"),
    ):
        answer = school.ask(question(**asked, membership=membership))
        assert answer.document["membership"] == membership
        shown = " ".join("\n".join(as_text(answer.blocks)).split())
        assert shown.count("Groups (--membership") == 1
        assert f"Groups (--membership {membership}): {words}" in shown
