"""Who imported stands beside what a file says: its own names are nobody's here."""

import shutil
from getpass import getuser
from html.parser import HTMLParser

import pytest

from tests.cli.shell import ROOT, done, run

UPN, SESSION = "N999200018003", "2026-11-20/AM"
DAY = ("--from", "2026-11-20", "--on", "2026-11-20")
MARK = f"{UPN},2026-11-20,AM,/,,,,T01,2026-11-20T08:51:00Z\n"
AMENDED = f"{UPN},2026-11-20,AM,/,O,Seen in town,H01,2026-11-20T09:00:00Z\n"
SOURCE = "as stated by its source"


class _Texts(HTMLParser):
    """The texts of a page."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_data(self, data):
        self.found.append(data.strip())


@pytest.fixture
def importer(tmp_path, monkeypatch, at):
    """A teacher has imported an amendment that the head is said to have made: who that was."""
    at("2026-11-23T12:00")
    monkeypatch.setenv("ATTENDANCE_LEDGER", str(tmp_path / "ledger"))
    done("init")
    done("import", "portable", ROOT / "fixtures" / "portable")
    folder = tmp_path / "today"
    folder.mkdir()
    columns = "upn,date,session,code,minutes_late,nature,comment,recorded_by,recorded_on\n"
    (folder / "marks.csv").write_text(columns + MARK)
    columns = "upn,date,session,original,amended,reason,amended_by,amended_on\n"
    (folder / "amendments.csv").write_text(columns + AMENDED)
    at("2026-11-23T13:00")
    done("--as", "T01", "import", "portable", folder)
    return f"Tariq Tutor, Teacher (T01, account {getuser()})"


def test_answers_about_a_change_name_whoever_imported_it(importer):
    """History, changes, replay and the grid: with account and day, beside the name stated."""
    page = run("history", UPN, SESSION).out
    assert f"Name             Hope Headworth, Headteacher ({SOURCE})" in page
    assert "Recorded         Monday 23 November 2026, 13:00" in page
    assert f"imported from portable by {importer}, in batch" in page
    first = page[: page.index("Version 2")]
    assert f"imported from portable by nobody named (account {getuser()})" in first
    imported = f"; imported 2026-11-23 13:00 by {importer}"
    assert imported in run("changes", *DAY).out
    assert imported in run("history", UPN, *DAY).out
    known = f"{SOURCE}; imported 2026-11-23 13:00 GMT by {importer}"
    assert known in run("replay", UPN).out
    compared = ("--week", "2026-11-20", "--known-at", "2026-11-23T12:30", "--diff", "now")
    assert known in run("register", "show", "--group", "9A", *compared).out


def test_documents_name_whoever_imported(importer):
    """As a value of each version, and a column of the CSV."""
    [row] = run("changes", *DAY, "--json").json["rows"]
    who = {"staff_id": "T01", "name": "Tariq Tutor", "job_title": "Teacher", "account": getuser()}
    assert row["imported_by"] == who
    assert f',"{importer}",' in run("changes", *DAY, "--csv").out
    printed = ("--group", "9A", "--week", "2026-11-20", "--as-amended", "--json")
    [week] = run("register", "print", *printed).json["rows"]
    assert [r["imported_by"] for r in week["amendments"] if r["reason"] == "Seen in town"] == [who]


def test_paper_names_whoever_imported(importer, tmp_path):
    """The printed register and the copy for the family: never the stated name alone."""
    page = tmp_path / "print.html"
    run("register", "print", "--group", "9A", "--week", "2026-11-20", "--as-amended",
         "--html", page)  # fmt: skip
    known = f"{SOURCE}; imported 2026-11-23 13:00 GMT by {importer}"
    assert known in _Texts(page.read_text("utf-8")).found
    copy = tmp_path / "copy.html"
    run("--as", "A01", "subject-access", UPN, "--for", "Cleo Mockridge", "--out", copy)
    texts = _Texts(copy.read_text("utf-8")).found
    assert f"amendment, {SOURCE}" in texts
    by = f"Hope Headworth, Headteacher ({SOURCE}; imported 2026-11-23 by {importer})"
    assert by in texts
    assert any(t.startswith("Whether an amendment that its source states needed") for t in texts)


def test_gaps_say_who_imported(importer):
    """An import by nobody named is told apart."""
    found = run("gaps").out
    assert f"imports of portable by {importer}: 1, on 2026-11-23T13:00:00" in found
    assert f"imports of portable by nobody named (account {getuser()}): 1, on" in found


@pytest.fixture
def restated(tmp_path, monkeypatch, at):
    """An officer has imported the school again with another title, notice, dob and address."""
    at("2026-11-23T12:00")
    monkeypatch.setenv("ATTENDANCE_LEDGER", str(tmp_path / "ledger"))
    done("init")
    school = ROOT / "fixtures" / "portable"
    done("import", "portable", school)
    folder = tmp_path / "again"
    shutil.copytree(school, folder)
    for file, old, new in (
        ("staff.csv", "T01,Tariq Tutor,Teacher", "T01,Tariq Tutor,Head of year"),
        ("notices.csv", "2026-07-20,,paid", "2026-07-20,2026-07-21,withdrawn"),
        ("pupils.csv", "2013-06-30", "2012-06-30"),
        ("relations.csv", "father,no,yes,2,no", "father,yes,yes,1,yes"),
    ):
        text = (folder / file).read_text("utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new), "utf-8")
    at("2026-11-23T13:00")
    done("--as", "A01", "import", "portable", folder, "--accept-findings")


@pytest.mark.usefixtures("restated")
def test_gaps_and_admission_say_what_an_import_changed_besides_marks():
    """Of staff, notices, details and relations: which import, by whom and when."""
    by = f"Olive Officer, Senior Attendance Officer (A01, account {getuser()})"
    gaps = run("gaps").out
    for what in ("members of staff", "penalty notices", "details of pupils",
                 "relations of parents and pupils"):  # fmt: skip
        said = f"{what} that an import states otherwise than they were held, import of portable"
        assert f"{said} by {by}: 1, on 2026-11-23T13:00:00" in gaps
    found = run("admission").out
    assert found.count(f"import of portable by {by} on 2026-11-23 13:00") >= 3
    rows = run("admission", "--json").json["rows"]
    assert {row["imported_by"]["staff_id"] for row in rows} == {"A01"}
