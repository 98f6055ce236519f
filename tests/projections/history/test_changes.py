"""`changes`: amendments, late entries and restatements, at the edges of each filter; counts."""

from datetime import date

import pytest

from ledger.errors import Refused
from ledger.events import streams
from ledger.events.amending import AmendmentApproved, AmendmentRequested, EvidenceGiven
from ledger.events.register import AbsencePlanned, MarkAmended, MarkCorrected, SourceRestated
from ledger.events.school import StaffJoined
from ledger.store.facts import Fact
from projections.history.changes import Changes
from projections.rendering.text import as_csv
from tests.projections.history import examples
from tests.projections.history.examples import CLERK
from tests.projections.ledgers import instant, marked, on_mark, term

ON = date(2025, 12, 19)


def amended(pupil, session, original="N", code="/", **more):
    """An amendment by s1."""
    return examples.amended(pupil, session, original=original, code=code, **more)


def ask(book, **asked):
    """The answer on the last day of term."""
    return book.ask(Changes(**{"on": ON} | asked), now=instant(2025, 12, 20))


def found(book, **asked):
    """Pupil and session of each change."""
    return [(r["upn"][2:], r["session"][5:]) for r in ask(book, **asked).rows()]


def kinds(book, **asked):
    """Pupil and kind of each change."""
    return [(r["upn"][2:], r["kind"]) for r in ask(book, **asked).rows()]


@pytest.fixture
def changed(school):
    """Three entries, then an amendment, a correction, a late entry and a restatement."""
    monday = instant(2025, 9, 8, 8)
    school.add(
        monday,
        marked("ann", "2025-09-08/AM", "N", by="s1"),
        marked("bob", "2025-09-08/AM", "N", by="s1"),
        marked("cy", "2025-09-08/AM", "/", by="s1", stated=monday, row=2),
        imported=True,
    )
    corrected = MarkCorrected(original="N", code="L", by="s1")
    school.add(monday + 1, on_mark("bob", "2025-09-08/AM", corrected))
    school.add(instant(2025, 9, 9, 9), marked("bob", "2025-09-08/PM", "\\", late=True, by="s2"))
    school.add(
        instant(2025, 9, 10, 9),
        on_mark(
            "ann",
            "2025-09-08/AM",
            MarkAmended(original="N", code="I", reason="ill", by="s1", name="M", job_title="O"),
        ),
    )
    restated = SourceRestated(
        original="/", code="C", stated=instant(2025, 9, 22, 9), row=2, by="s2"
    )
    undated = SourceRestated(original="I", code="M", row=3)
    school.add(
        instant(2025, 9, 23, 9),
        on_mark("cy", "2025-09-08/AM", restated),
        on_mark("ann", "2025-09-08/AM", undated),
        imported=True,
    )
    return school


EVERYTHING = [
    ("ann", "amendment"),
    ("ann", "restated"),
    ("cy", "restated"),
    ("bob", "late_entry"),
]


def test_changes_after_the_end_of_taking_are_listed(changed):
    """Neither entries nor corrections during taking; by session, pupil and position."""
    assert kinds(changed) == EVERYTHING


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"from_code": ("N",)}, ["ann"]),
        ({"to_code": ("C",)}, ["cy"]),
        ({"by_staff": "s2"}, ["cy", "bob"]),
        ({"lag_over": 1}, ["ann", "ann", "cy"]),
        ({"lag_over": 2}, ["ann", "cy"]),
        ({"changed_from": date(2025, 9, 10)}, ["ann", "ann", "cy"]),
        ({"changed_to": date(2025, 9, 10)}, ["ann", "bob"]),
        ({"changed_from": date(2025, 9, 9), "changed_to": date(2025, 9, 9)}, ["bob"]),
        ({"group": "9B"}, ["cy"]),
        ({"pupil": "U-bob"}, ["bob"]),
        ({"cohort": "SEND", "membership": "session"}, ["ann", "ann"]),
        ({"current": True, "on": date(2025, 10, 1)}, ["ann", "ann", "bob"]),
        ({"from_": date(2025, 9, 9)}, []),
    ],
)
def test_filters_narrow_the_changes(changed, asked, expected):
    """By code, author, lag, date of change, group, pupil and date of session."""
    assert [pupil for pupil, _ in kinds(changed, **asked)] == expected


def test_a_filter_holds_where_no_session_is_in_a_term_any_more(changed):
    """The term was shortened after the marks: the others' changes are still left out."""
    for name in ("Autumn 1", "Autumn 2"):
        changed.add(instant(2025, 9, 24), term(name, date(2025, 12, 1), date(2025, 12, 1)))
    asked = {"from_": date(2025, 9, 1)}
    assert kinds(changed, **asked) == EVERYTHING
    assert kinds(changed, pupil="U-bob", **asked) == [("bob", "late_entry")]
    assert kinds(changed, group="9B", **asked) == [("cy", "restated")]


def test_a_version_keeps_the_number_it_has_in_history(changed):
    """The amendment is version 2 of its session, as in `history`."""
    row = ask(changed, from_code=("N",)).rows()[0]
    assert (row["version"], row["by"]["name"], row["reason"]) == (2, "M", "ill")


def test_only_changes_known_by_then_are_listed(changed):
    """At the end of 9 September the amendment of the 10th is not known."""
    assert kinds(changed, known_at="2025-09-09") == [("bob", "late_entry")]


def test_changes_are_shown_with_their_pupil(changed):
    """The table of `history` with a column more."""
    grid = ask(changed).blocks[0]
    assert grid.headings[0] == "UPN"
    assert [row[0] for row in grid.rows] == ["U-ann", "U-ann", "U-cy", "U-bob"]


def test_an_undated_change_is_in_no_range_of_dates(changed):
    """By its source's clock; by the ledger's, a restatement was made when it was first known."""
    asked = {"changed_from": date.min, "changed_to": date.max}
    found = kinds(changed, clock="source", **asked)
    assert found == [change for change in EVERYTHING if change != ("ann", "restated")]
    assert kinds(changed, **asked) == EVERYTHING


# -- at the edges of each filter ---------------------------------------------------------------


@pytest.fixture
def lagging(school):
    """N on Monday 8 September, became present on the fifth and the sixth school day after."""
    monday = "2025-09-08/AM"
    school.add(
        instant(2025, 9, 8, 8), marked("ann", monday, "N", by="s1"),
        marked("bob", monday, "N", by="s1"), marked("cy", monday, "N", by="s1"),
    )  # fmt: skip
    school.add(instant(2025, 9, 15, 22, 59), amended("ann", monday))
    school.add(instant(2025, 9, 15, 23, 1), amended("bob", monday))
    school.add(instant(2025, 9, 16, 9), amended("cy", monday, code="I"))
    return school


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"lag_over": 5}, ["bob", "cy"]),
        ({"lag_over": 4}, ["ann", "bob", "cy"]),
        ({"lag_over": 6}, []),
        ({"lag_under": 6}, ["ann"]),
        ({"lag_under": 5}, []),
        ({"lag_over": 4, "lag_under": 6}, ["ann"]),
    ],
)
def test_lag_of_exactly_five_school_days_and_of_six(lagging, asked, expected):
    """Five are within the law; a minute past midnight in London is the sixth day."""
    assert [pupil for pupil, _ in found(lagging, **asked)] == expected


def test_which_n_became_present_in_a_month_more_than_five_days_late(lagging):
    """The auditor's question, in one command."""
    asked = {"from_code": ("N",), "to_code": ("present",), "lag_over": 5}
    month = {"changed_from": date(2025, 9, 1), "changed_to": date(2025, 9, 30)}
    assert found(lagging, **asked, **month) == [("bob", "09-08/AM")]
    assert found(lagging, **asked, from_=date(2025, 9, 8), on=date(2025, 9, 8)) == [
        ("bob", "09-08/AM")
    ]


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (15, 15, ["ann"]),
        (16, 16, ["bob", "cy"]),
        (15, 16, ["ann", "bob", "cy"]),
        (14, 14, []),
        (17, 18, []),
    ],
)
def test_first_and_last_day_of_change_are_both_included(lagging, first, last, expected):
    """By London date: 23:01 UTC in summer time belongs to the next day."""
    asked = {"changed_from": date(2025, 9, first), "changed_to": date(2025, 9, last)}
    assert [pupil for pupil, _ in found(lagging, **asked)] == expected


def test_days_are_londons_also_when_the_clocks_change(school):
    """The clocks went back on Sunday 26 October 2025: midnight UTC is a new day from then on."""
    session = "2025-10-24/AM"
    school.add(instant(2025, 10, 24, 8), marked("ann", session, "N"), marked("bob", session, "N"))
    school.add(instant(2025, 10, 25, 23, 30), amended("ann", session))
    school.add(instant(2025, 10, 26, 23, 30), amended("bob", session))
    day = date(2025, 10, 26)
    assert [p for p, _ in found(school, changed_from=day, changed_to=day)] == ["ann", "bob"]
    assert not found(school, changed_from=date(2025, 10, 27))
    assert not found(school, changed_to=date(2025, 10, 25))


CODES = {"ann": ("N", "/"), "bob": ("O", "L"), "cy": ("\\", "U")}


@pytest.fixture
def coded(school):
    """Three amendments: N to present, O to late, present to late after closing."""
    session = "2025-09-08/AM"
    first = [marked(pupil, session, was) for pupil, (was, _) in CODES.items()]
    school.add(instant(2025, 9, 8, 8), *first)
    second = [amended(pupil, session, was, is_) for pupil, (was, is_) in CODES.items()]
    school.add(instant(2025, 9, 9, 9), *second)
    return school


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"from_code": ("N",)}, ["ann"]),
        ({"from_code": ("N", "O")}, ["ann", "bob"]),
        ({"from_code": ("absent",)}, ["ann", "bob"]),
        ({"from_code": ("present",)}, ["cy"]),
        ({"to_code": ("present",)}, ["ann", "bob"]),
        ({"to_code": ("late",)}, ["bob", "cy"]),
        ({"to_code": ("unauthorised",)}, ["cy"]),
        ({"to_code": ("authorised",)}, []),
        ({"to_code": ("U", "/")}, ["ann", "cy"]),
        ({"from_code": ("absent",), "to_code": ("present",)}, ["ann", "bob"]),
    ],
)
def test_codes_are_letters_or_words_and_any_of_several(coded, asked, expected):
    """By what a code meant on the day of the session."""
    assert [pupil for pupil, _ in found(coded, **asked)] == expected


def test_a_code_that_meant_nothing_on_its_day_is_in_no_category(school):
    """Only its letters find it."""
    school.add(instant(2025, 9, 8, 8), marked("ann", "2025-09-08/AM", "N"))
    school.add(instant(2025, 9, 9), amended("ann", "2025-09-08/AM", code="H"))
    words = ("present", "late", "authorised", "unauthorised", "absent")
    assert not found(school, to_code=words)
    assert found(school, to_code=("H",)) == [("ann", "09-08/AM")]


def test_the_code_first_entered_is_asked_for_through_every_step(school):
    """N, then O, then present: two changes, neither of them from N to present."""
    session = "2025-09-08/AM"
    plan = Fact(streams.plan("cy", session), AbsencePlanned(code="M", by="s1"))
    school.add(instant(2025, 9, 5), plan)
    school.add(instant(2025, 9, 8, 8), marked("ann", session, "N"), marked("bob", session, "O"),
               marked("cy", session, "N"))  # fmt: skip
    first, other = amended("ann", session, "N", "O"), amended("bob", session, "O", "/")
    school.add(instant(2025, 9, 9), first, other)
    school.add(instant(2025, 9, 10), amended("ann", session, "O", "/"))
    present = {"to_code": ("present",)}
    assert not found(school, from_code=("N",), **present)
    assert found(school, was=("N",), **present) == [("ann", "09-08/AM")]
    assert found(school, was=("unauthorised",), **present) == found(school, **present)
    assert found(school, was=("N",), kind=("entry",)) == [("ann", "09-08/AM"), ("cy", "09-08/AM")]
    assert found(school, was=("M",), kind=("plan",)) == []
    assert ask(school, was=("O",), since="2025-09-01").document["entries_since"] == 3


@pytest.mark.parametrize("staff", ["clerk", "s1", "absent-author"])
def test_whoever_is_named_anywhere_may_be_asked_for(school, staff):
    """On the staff, in the register, or as who recorded; nothing found is an answer then."""
    plan = Fact(streams.plan("bob", "2025-09-09/AM"), AbsencePlanned(code="M", by="absent-author"))
    joined = Fact(streams.staff("clerk"), StaffJoined(name="Mo Marsh", job_title="Clerk"))
    school.add(instant(2025, 9, 8, 8), joined, plan)
    assert found(school, by_staff=staff) == []


def test_the_ids_on_record_are_told_up_to_twenty(school):
    """So that a slip is seen; of more how many."""
    school.add(
        instant(2025, 9, 1),
        *(Fact(streams.staff(f"m{n:02}"), StaffJoined(name="Mo Marsh", job_title="Clerk"))
          for n in range(30)),
    )  # fmt: skip
    with pytest.raises(Refused) as caught:
        found(school, by_staff="ZZZ")
    assert caught.value.remedy.startswith("capitals matter; on the staff are: m00, m01")
    assert "more" in caught.value.remedy


def test_a_batch_is_all_that_one_command_did(school):
    """Asked for by its number, which each row says: entries, plans and changes alike."""
    session = "2025-09-08/AM"
    school.add(instant(2025, 9, 8, 8), marked("ann", session, "N"), marked("bob", session, "/"))
    last = school.add(
        instant(2025, 9, 9),
        amended("ann", session, "I"),
        marked("bob", "2025-09-08/PM", "N"),
        Fact(streams.plan("cy", session), AbsencePlanned(code="M")),
    )
    number = last - 3
    rows = ask(school, batch=str(number)).rows()
    assert [row["kind"] for row in rows] == ["amendment", "plan", "entry"]
    assert {row["batch_number"] for row in rows} == {number}
    assert "Batch" in ask(school).blocks[0].headings
    assert kinds(school, batch=str(number), kind=("amendment",)) == [("ann", "amendment")]
    with pytest.raises(Refused, match="no batch"):
        kinds(school, batch=str(number), known_at="2025-09-08")


def test_a_batch_that_waits_or_has_evidence_only_is_one(school):
    """It has no change yet."""
    request = AmendmentRequested(batch="b7", original="N", code="/", reason="seen",
                                 grounds=("late",), **CLERK)  # fmt: skip
    school.add(instant(2025, 9, 8, 8), marked("ann", "2025-09-08/AM", "N"))
    school.add(instant(2025, 9, 9),
               Fact(streams.approval("ann", "2025-09-08/AM"), request),
               Fact(streams.evidence("ann", "b8"), EvidenceGiven(note="letter")))  # fmt: skip
    assert found(school, batch="b7") == found(school, batch="b8") == []


@pytest.fixture
def mixed(school):
    """Every kind: entry, correction, plan, late entry, amendment here and by a source."""
    session = "2025-09-08/AM"
    plan = Fact(streams.plan("bob", "2025-09-09/AM"), AbsencePlanned(code="M", by="s1"))
    stated = instant(2025, 9, 8, 7, 50)
    school.add(
        instant(2025, 9, 8, 7, 50), marked("ann", session, "N", by="s1"), plan,
        on_mark("ann", session, MarkCorrected(original="N", code="L", by="s1")),
    )  # fmt: skip
    school.add(
        instant(2025, 9, 12, 9),
        marked("bob", session, "N", stated=stated, row=2),
        marked("cy", session, "O", row=3),
        imported=True,
    )
    school.add(instant(2025, 9, 12, 10), amended("ann", session, "L", batch="b1"),
               Fact(streams.evidence("ann", "b1"), EvidenceGiven(note="letter")))  # fmt: skip
    restated = SourceRestated(original="N", code="I", stated=instant(2025, 9, 10, 9), row=2)
    undated = SourceRestated(original="O", code="I", row=3)
    school.add(
        instant(2025, 9, 15, 9),
        on_mark("bob", session, restated), on_mark("cy", session, undated),
        imported=True,
    )  # fmt: skip
    school.add(instant(2025, 9, 15, 10), marked("ann", "2025-09-08/PM", "\\", late=True, by="s1"))
    return school


DATED = [("ann", "amendment"), ("ann", "late_entry"), ("bob", "restated")]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"kind": ("entry",)}, [("ann", "entry"), ("bob", "entry"), ("cy", "entry")]),
        ({"kind": ("taking", "plan")}, [("ann", "taking"), ("bob", "plan")]),
        ({"kind": ("amendment",)}, [("ann", "amendment")]),
        ({"stated": True}, [("bob", "restated"), ("cy", "restated")]),
        ({"recorded_here": True}, [("ann", "amendment"), ("ann", "late_entry")]),
        ({"batch": "b1"}, [("ann", "amendment")]),
        ({"lag_over": 0, "clock": "source"}, DATED),
        ({"lag_under": 99, "clock": "source"}, DATED),
        ({"lag_over": 0}, [*DATED, ("cy", "restated")]),
    ],
)
def test_kinds_batches_and_who_stated_it_are_never_blurred(mixed, asked, expected):
    """An undated change has no lag under the source clock: neither over nor under any number."""
    assert sorted(kinds(mixed, **asked)) == expected


@pytest.mark.parametrize(
    ("since", "clock", "expected"),
    [
        ("2025-09-08T08:50", "ledger", ["amendment", "late_entry", "restated", "restated"]),
        ("2025-09-08T08:49", "ledger", ["amendment", "late_entry", "restated", "restated",
                                        "taking"]),
        ("2025-09-12T11:00", "ledger", ["late_entry", "restated", "restated"]),
        ("2025-09-12T11:00", "source", ["late_entry"]),
        ("2025-09-10T09:59", "source", ["amendment", "late_entry", "restated"]),
        ("2025-09-10T10:00", "source", ["amendment", "late_entry"]),
    ],
)  # fmt: skip
def test_what_changed_since_a_look_at_the_register(mixed, since, clock, expected):
    """Later than the instant, to the microsecond; undated imports are never new by the source."""
    found_kinds = sorted(kind for _, kind in kinds(mixed, since=since, clock=clock))
    assert found_kinds == expected


def test_since_now_is_a_look_of_this_moment(mixed):
    """Nothing has changed since; a later one is refused."""
    assert ask(mixed, since="2025-12-20T00:00").rows() == ()
    with pytest.raises(Refused, match="later than now"):
        ask(mixed, since="2025-12-20T00:00:01")


def test_first_marks_since_are_counted_apart(mixed):
    """They changed nothing that stood; the answer says how many and how to list them."""
    answer = ask(mixed, since="2025-09-11", from_code=("N",))
    assert answer.document["entries_since"] == 2
    assert "2 first marks were recorded since" in answer.blocks[0].notes[0]
    one = ask(mixed, since="2025-09-11", pupil="U-cy")
    assert "1 first mark was recorded since" in one.blocks[0].notes[0]
    listed = ask(mixed, since="2025-09-11", kind=("entry",))
    assert len(listed.rows()) == 2
    assert len(listed.blocks[0].notes) == 1
    none = ask(mixed, since="2025-09-13")
    assert (none.document["entries_since"], len(none.blocks[0].notes)) == (0, 1)


def test_a_row_names_batch_source_and_evidence(mixed):
    """Beside the contract's keys."""
    rows = ask(mixed).rows()
    more = [(r["upn"][2:], r["batch"], r["source"], r["evidence"]) for r in rows]
    assert more == [
        ("ann", "b1", None, 1),
        ("bob", None, "other-system", 0),
        ("cy", None, "other-system", 0),
        ("ann", None, None, 0),
    ]


def test_a_change_that_waits_is_told_and_an_approver_named(school):
    """A requested amendment changes nothing yet; once approved, both people are named."""
    session = "2025-09-08/AM"
    requested = AmendmentRequested(batch="b1", original="N", code="/", reason="seen",
                                   grounds=("late",), **CLERK)  # fmt: skip
    school.add(instant(2025, 9, 8, 8), marked("ann", session, "N"))
    stream = streams.approval("ann", session)
    school.add(instant(2025, 9, 9), Fact(stream, requested))
    waiting = ask(school)
    assert (list(waiting.rows()), len(waiting.blocks[0].notes)) == ([], 2)
    elsewhere = ask(school, pupil="U-bob")
    assert len(elsewhere.blocks[0].notes) == 1
    head = {"by": "s2", "name": "Mr Teacher", "job_title": "Head"}
    approved = AmendmentApproved(batch="b1", **head)
    school.add(instant(2025, 9, 10, 9), Fact(stream, approved), amended("ann", session,
                                                                        batch="b1"))  # fmt: skip
    answer = ask(school)
    assert answer.rows()[0]["approved_by"] == "Mr Teacher, Head, 2025-09-10 10:00"
    assert "approved by Mr Teacher" in answer.blocks[0].rows[0][6]


def test_the_summary_counts_lateness_by_the_law_and_the_total_adds_up(lagging):
    """Five school days are in time, six are not; N to present and N to I are two pairs."""
    answer = ask(lagging, summary=True)
    pair = {"undated": 0, "pupils": 2, "people": 1}
    assert answer.rows() == [
        {"kind": "amendment", "from": "N", "to": "/", "count": 2, "late": 1,
         "median_lag": "5.5", **pair},
        {"kind": "amendment", "from": "N", "to": "I", "count": 1, "late": 1,
         "median_lag": "6", **pair | {"pupils": 1}},
    ]  # fmt: skip
    assert answer.document["total"] == {
        "count": 3, "late": 2, "undated": 0, "median_lag": "6", "pupils": 3, "people": 1,
    }  # fmt: skip
    assert answer.blocks[0].rows[-1][:4] == ("all", "", "", "3")
    assert as_csv(answer).splitlines()[1] == "amendment,N,/,2,1,0,5.5,2,1"


def test_an_undated_change_has_no_lag_and_a_late_entry_no_code_before(mixed):
    """Counted as undated; the median leaves it out."""
    rows = ask(mixed, summary=True, clock="source").rows()
    by_pair = {(r["kind"], r["from"], r["to"]): r for r in rows}
    restated = by_pair["restated", "O", "I"]
    assert (restated["undated"], restated["median_lag"], restated["people"]) == (1, None, 0)
    assert by_pair["late_entry", None, "\\"]["count"] == 1


def test_lateness_is_not_judged_for_days_before_the_law_had_a_number(school):
    """No five school days before 19 August 2024."""
    session = "2024-06-03/AM"
    school.add(instant(2025, 9, 8, 8), marked("ann", session, "N"))
    school.add(instant(2025, 12, 9), amended("ann", session))
    answer = ask(school, from_=date(2024, 6, 1), summary=True)
    assert (answer.rows()[0]["count"], answer.rows()[0]["late"]) == (1, 0)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"from_code": ("QQ",)}, "code-unknown"),
        ({"to_code": ("attended",)}, "code-unknown"),
        ({"was": ("QQ",)}, "code-unknown"),
        ({"stated": True, "recorded_here": True}, "options-contrary"),
        ({"lag_over": 5, "lag_under": 3}, "options-contrary"),
        ({"lag_over": 5, "lag_under": 6}, "options-contrary"),
        ({"by_staff": "ZZZ"}, "staff-unknown"),
        ({"batch": "zzz"}, "batch-unknown"),
        ({"batch": "b1", "known_at": "2025-09-11"}, "batch-unknown"),
        ({"batch": "2"}, "batch-unknown"),
        ({"batch": "0"}, "batch-unknown"),
        ({"batch": "999999"}, "batch-unknown"),
        ({"changed_from": date(2025, 9, 2), "changed_to": date(2025, 9, 1)}, "dates-reversed"),
        ({"since": "2027-01-01"}, "since-future"),
        ({"since": "yesterday"}, "instant"),
    ],
)
def test_what_cannot_be_asked_is_refused(mixed, asked, code):
    """Each says what is wrong and what to do."""
    with pytest.raises(Refused) as caught:
        kinds(mixed, **asked)
    assert caught.value.code == code
    assert caught.value.remedy
