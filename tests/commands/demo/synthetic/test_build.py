"""What a caller asks of the builder: the columns, the same bytes again, clear refusals."""

from datetime import date
from filecmp import cmpfiles

import pytest

from commands.demo.synthetic import build
from commands.demo.synthetic.plan import absence_of

COLUMNS = {
    "staff": "staff_id,name,job_title,roles,from,to",
    "pupils": "upn,local_id,surname,forename,dob,sex,starts_on,leaves_on,leaving_ground,"
    "name_used,boarder,address,last_school,next_school",
    "groups": "upn,kind,name,from,to",
    "parents": "parent_id,title,surname,forename,address,phone,email,address_confidential",
    "relations": "parent_id,upn,relationship,lives_with,parental_responsibility,contact_order,"
    "no_contact",
    "marks": "upn,date,session,code,minutes_late,nature,comment,recorded_by,recorded_on",
    "amendments": "upn,date,session,original,amended,reason,amended_by,amended_on,nature,"
    "minutes_late",
    "notices": "parent_id,upn,kind,issued_on,offence_first,offence_last,received_on,paid_on,"
    "withdrawn_on,outcome",
    "casework": "upn,step,on,by,with,outcome,notes",
}
FILES = ["school.toml", *(f"{name}.csv" for name in COLUMNS)]
UNTIL = date(2026, 10, 9)


def test_files_have_the_columns_of_the_portable_folder(tmp_path):
    build(tmp_path / "new" / "folder", pupils=20, until=UNTIL)
    written = {path.name for path in (tmp_path / "new" / "folder").iterdir()}
    assert written == set(FILES)
    for name, columns in COLUMNS.items():
        content = (tmp_path / "new" / "folder" / f"{name}.csv").read_bytes()
        assert content.decode("utf-8").splitlines()[0] == columns
        assert b"\r" not in content


def test_same_arguments_give_the_same_bytes(tmp_path):
    for name, seed in (("one", 4), ("two", 4), ("other", 5)):
        build(tmp_path / name, pupils=40, seed=seed, until=UNTIL)
    same, different, missing = cmpfiles(tmp_path / "one", tmp_path / "two", FILES, shallow=False)
    assert (same, different, missing) == (FILES, [], [])
    _, different, _ = cmpfiles(tmp_path / "one", tmp_path / "other", FILES, shallow=False)
    assert {"pupils.csv", "marks.csv", "amendments.csv"} <= set(different)


def test_a_longer_build_begins_with_the_shorter_one(tmp_path):
    """The marks and amendments of an earlier `until` come back unchanged: a daily top-up."""
    for name, until in (("short", UNTIL), ("long", date(2026, 12, 4))):
        build(tmp_path / name, pupils=60, until=until)
    for table in ("marks.csv", "amendments.csv"):
        short, long = ((tmp_path / name / table).read_text("utf-8") for name in ("short", "long"))
        assert len(short) < len(long)
        assert long.startswith(short)


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        ({"phase": "nursery"}, "'nursery'; choose one of secondary, primary"),
        ({"pupils": 0}, "needs pupils and years"),
        ({"years": 0}, "needs pupils and years"),
        (
            {"until": date(2010, 5, 4), "years": 5},
            "no attendance codes are known before 2006-09-01",
        ),
    ],
)
def test_school_that_cannot_be_built_is_refused(asked, what):
    with pytest.raises(ValueError, match=what):
        build("unused", **({"until": UNTIL} | asked))


@pytest.mark.parametrize("pupils", [1, 5, 13])
@pytest.mark.parametrize("phase", ["secondary", "primary", "special", "all-through"])
def test_smallest_schools_can_be_built(tmp_path, phase, pupils):
    build(tmp_path, pupils=pupils, phase=phase, until=UNTIL)
    assert (tmp_path / "marks.csv").read_text("utf-8").count("\n") > pupils


def test_date_in_the_summer_belongs_to_the_year_before(school):
    """Built until August, a school has the whole of the school year that ended in July."""
    found = school(pupils=20, until=date(2026, 8, 20))
    assert [str(t["first"].year) for t in found.toml["term"]] == ["2025"] * 2 + ["2026"] * 4
    assert max(row["date"] for row in found.tables["marks"]) >= "2026-07-15"


def test_spring_term_begins_after_a_new_year_bank_holiday(tmp_path):
    """In January 2028 the Monday is a holiday: no mark is made and the term starts later."""
    build(tmp_path, pupils=10, until=date(2028, 1, 7))
    days = {line.split(",")[1] for line in (tmp_path / "marks.csv").read_text().splitlines()[1:]}
    assert "2028-01-03" not in days
    assert max(days) == "2028-01-07"


def test_school_of_one_pupil_can_be_built(tmp_path):
    build(tmp_path, pupils=1, until=date(2026, 7, 17), seed=3)
    assert len((tmp_path / "pupils.csv").read_text().splitlines()) > 1


def test_rank_beyond_every_knot_is_an_error():
    """A share of absence is never guessed."""
    with pytest.raises(ValueError, match="beyond the last knot"):
        absence_of(1.5, "secondary")
