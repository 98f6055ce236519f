"""`reconcile dfe`: totals of another system against ours, pupil by pupil."""

from datetime import date
from pathlib import Path

import pytest

from ledger.errors import Refused
from ledger.events import streams
from ledger.events.calendar import SessionCancelled
from ledger.events.register import MarkAmended
from ledger.store.facts import Fact
from projections.figures.reconcile import ReconcileDfe, read_totals
from projections.rendering.text import as_csv, as_lines
from tests.projections.ledgers import (
    created,
    enrolled,
    instant,
    marked,
    on_mark,
    opened,
    term,
    weekdays,
)

FILES = Path(__file__).parents[3] / "fixtures" / "reconcile"
MONDAY, FRIDAY = date(2025, 9, 8), date(2025, 9, 12)
AT = instant(2025, 9, 12, 16)


@pytest.fixture
def week(school):
    """Ann, Bob and Cy were here all week, but for the first morning; Bob rang in ill."""
    for pupil in ("ann", "bob", "cy"):
        facts = [
            marked(pupil, f"{day}/{half}", code)
            for day in weekdays(MONDAY, FRIDAY)
            for half, code in (("AM", "/"), ("PM", "\\"))
            if (day, half) != (MONDAY, "AM")
        ]
        first = MarkAmended(original="N", code="I", reason="rang", by="s1", name="M")
        provisional = marked(pupil, f"{MONDAY}/AM", "N", late=pupil == "cy")
        change = on_mark(pupil, f"{MONDAY}/AM", first)
        school.add(AT, provisional, *facts, *([change] if pupil == "bob" else []))
    return school


def ask(book, file="totals.csv", **asked):
    given = {"file": FILES / file, "from_": MONDAY, "on": FRIDAY} | asked
    return book.ask(ReconcileDfe(**given))


def by_upn(answer):
    return {row["upn"]: row for row in answer.rows()}


def test_what_agrees_is_counted_and_not_listed(week):
    """Ann agrees; Bob differs; Cy is only here, Zed only there."""
    answer = ask(week)
    assert list(by_upn(answer)) == ["U-bob", "U-cy", "U-zed"]
    assert answer.document["total"] == {
        "compared": 2, "agree": 1, "differ": 1, "only_here": 1, "only_there": 1,
    }  # fmt: skip
    assert answer.document["figures"] == [
        "possible", "attended", "authorised", "unauthorised", "late",
    ]  # fmt: skip


def test_a_difference_is_ours_less_theirs_with_its_causes(week):
    """Those whose number is the size of a difference come first."""
    bob = by_upn(ask(week))["U-bob"]
    assert bob["ours"]["possible"] == 10
    assert bob["theirs"]["possible"] == 8
    assert bob["difference"] == {"possible": 2, "attended": 3, "unauthorised": -1}
    assert bob["causes"] == {"amended": 1}


def test_a_pupil_on_one_side_only_is_a_row(week):
    """No figures of the side where the pupil is not; what is known here besides."""
    rows = by_upn(ask(week))
    assert (rows["U-cy"]["theirs"], rows["U-zed"]["ours"]) == (None, None)
    assert rows["U-cy"]["causes"] == {"only_here": 1, "amended": 1, "provisional": 1}
    assert rows["U-zed"]["causes"] == {"only_there": 1}


def test_only_changes_since_the_file_was_made_may_be_asked_for(week):
    """The amendment was made on the Friday."""
    assert by_upn(ask(week, since=date(2025, 9, 11)))["U-bob"]["causes"] == {"amended": 1}
    answer = ask(week, since=FRIDAY)
    assert by_upn(answer)["U-bob"]["causes"] == {}
    assert answer.document["since"] == "2025-09-12"
    [bob] = [row for row in answer.blocks[0].rows if row[0] == "U-bob"]
    assert bob[3] == "nothing recorded here explains it: compare session by session"


def test_every_cause_that_is_recorded_is_counted(school):
    """Cancelled, without a mark, undated, legacy, joined and left."""
    cancelled = SessionCancelled(date=date(2025, 9, 9), sessions=("AM",))
    school.add(AT, enrolled("dan", date(2025, 9, 9)), Fact(streams.CALENDAR, cancelled))
    school.add(AT, marked("cy", "2025-09-10/AM", "/", row=2), imported=True)
    rows = by_upn(ask(school, on=date(2025, 10, 3), from_=date(2025, 9, 8)))
    assert rows["U-bob"]["causes"] == {"missing": 39, "cancelled": 1}
    assert rows["U-cy"]["causes"] == {
        "only_here": 1, "missing": 32, "cancelled": 1, "undated": 1, "left": 1,
    }  # fmt: skip
    assert rows["U-dan"]["causes"]["joined"] == 1


def test_a_code_that_has_ended_since_is_a_cause(empty, tmp_path):
    """A mark of before 19 August 2024, under the table of codes of its day."""
    day = date(2024, 6, 3)
    empty.add(
        instant(2024, 6, 1), created(), opened(), term("Summer", day, date(2024, 7, 19)),
        enrolled("ann", day), marked("ann", "2024-06-03/AM", "J"),
    )  # fmt: skip
    (tmp_path / "totals.csv").write_text("upn,attended\nU-ann,2\n")
    answer = ask(empty, tmp_path / "totals.csv", from_=day, on=day)
    assert by_upn(answer)["U-ann"]["causes"] == {"missing": 1, "legacy": 1}


def test_lateness_of_ours_is_told_by_code(school, tmp_path):
    """A file has L and U together; ours says of how many of each the difference is."""
    days = weekdays(MONDAY, FRIDAY)
    school.add(AT, *(marked("ann", f"{day}/AM", c) for day, c in zip(days, "LLUU/", strict=True)))
    school.add(AT, *(marked("bob", f"{day}/AM", "L") for day in days))
    (tmp_path / "totals.csv").write_text("upn,late\nU-ann,1\nU-zed,2\n")
    answer = ask(school, tmp_path / "totals.csv")
    ann = by_upn(answer)["U-ann"]
    assert ann["ours"] == {"late": 4, "late_before_close": 2, "late_after_close": 2}
    assert ann["difference"] == {"late": 3}
    told = "\n".join(as_lines(answer.blocks[0]))
    assert "late 4 (L 2, U 2) against 1 (+3)" in told
    assert "late 5 (L 5, U 0)" in told
    assert "late 2 " in told


def test_the_text_says_how_much_and_why(week):
    """With the sign of the difference, and that causes are only likely ones."""
    text = "\n".join(as_lines(ask(week, since=date(2025, 9, 11)).blocks[0]))
    assert "totals.csv: 2 pupils compared, 1 agree, 1 differ; 1 only here, 1 only in" in text
    assert "possible 10 against 8 (+2)" in text
    assert "marks changed or entered late after 2025-09-11: 1" in text
    assert "not in the file" in text
    assert "Causes are likely ones" in text


def test_the_rows_can_be_had_as_csv(week):
    """One line a pupil who differs."""
    heading, bob, *_ = as_csv(ask(week)).splitlines()
    assert heading.startswith("upn,name,ours_possible,theirs_possible,difference_possible")
    assert bob.startswith("U-bob,Bob Baker,10,8,2,9,6,3")
    assert bob.endswith("amended=1")


def test_a_selection_narrows_both_sides_to_whoever_is_asked_about(week):
    """Only Ann is compared; the others of the file are only there."""
    total = ask(week, pupil="U-ann").document["total"]
    assert (total["compared"], total["only_here"], total["only_there"]) == (1, 0, 2)


def test_columns_of_other_names_may_be_mapped(week):
    """Also passed over; a figure left empty is not compared; a mark at the start is none."""
    names = ("Pupil UPN=upn", "Sessions possible=possible", "Present=attended", "Surname=-")
    answer = ask(week, "other-headings.csv", map_=names)
    assert answer.document["figures"] == ["possible", "attended"]
    assert by_upn(answer)["U-bob"]["difference"] == {"attended": 3}
    assert "U-ann" not in by_upn(answer)


def test_a_column_named_like_ours_gives_way_to_the_one_that_is_mapped(tmp_path):
    """The file's own `possible` holds something else."""
    path = tmp_path / "t.csv"
    path.write_text("upn,possible,Sessions\nU-ann,1,10\n")
    found = read_totals(path, ("Sessions=possible", "possible=-"))
    assert found.rows == {"U-ann": {"possible": 10}}
    with pytest.raises(Refused, match="unknown columns: 'possible'"):
        read_totals(path, ("Sessions=possible",))


@pytest.mark.parametrize(
    ("file", "code", "what"),
    [
        ("semicolons.csv", "delimiter", "semicolons.csv:1: is separated by semicolons"),
        ("tabs.csv", "delimiter", "tabs.csv:1: is separated by tabs"),
        ("latin-1.csv", "encoding", "latin-1.csv: is not UTF-8"),
        ("unknown-columns.csv", "column-unknown", ":1: unknown columns: 'punctuality', 'house'"),
        ("no-upn.csv", "column-missing", "no-upn.csv:1: a column for upn and one for any of"),
        ("column-twice.csv", "column-twice", "column-twice.csv:1: possible is there twice"),
        ("not-a-number.csv", "not-a-number", "not-a-number.csv:3: possible is 'ten'"),
        ("upn-twice.csv", "upn-twice", "upn-twice.csv:3: U-ann is there twice"),
        ("upn-missing.csv", "upn-missing", "upn-missing.csv:2: no UPN is given"),
        ("field-count.csv", "field-count", "field-count.csv:2: has 3 fields, the heading 2"),
        ("quotes-wrong.csv", "csv-invalid", "quotes-wrong.csv:2: is no CSV"),
        ("empty.csv", "file-empty", "empty.csv: holds no line"),
        ("not-there.csv", "file-unreadable", "not-there.csv: cannot be read: No such file"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_by_name(school, file, code, what):
    """With its line, what is wrong and what to do."""
    with pytest.raises(Refused) as caught:
        ask(school, file)
    assert caught.value.code == code
    assert what in caught.value.what


def test_a_file_without_figures_is_refused(school):
    """Also where every other column is passed over."""
    with pytest.raises(Refused) as caught:
        ask(school, "no-figures.csv", map_=("house=-",))
    assert caught.value.code == "column-missing"


@pytest.mark.parametrize("pair", ["Present", "Present=here", "=x"])
def test_a_map_that_says_nothing_is_refused(school, pair):
    """The names that there are, are named."""
    with pytest.raises(Refused) as caught:
        ask(school, map_=(pair,))
    assert caught.value.code == "map-unknown"
    assert "possible" in caught.value.remedy


def test_a_ledger_that_knew_nothing_says_so(school):
    """Before the first event; a file that cannot be read is refused all the same."""
    answer = ask(school, known_at="2025-07-01")
    assert answer.document["knows_nothing"] is True
    with pytest.raises(Refused, match="is separated by semicolons"):
        ask(school, "semicolons.csv", known_at="2025-07-01")


def test_two_columns_for_one_figure_are_refused(school):
    """Which of them holds it is for whoever asks to say."""
    with pytest.raises(Refused) as caught:
        ask(school, map_=("Present=attended", "Here=attended"))
    assert caught.value.code == "map-twice"
    assert "'Present' and 'Here'" in caught.value.what
