"""Names at the door of an import: one form, no two groups that look alike, each change told."""

from datetime import date
from random import Random
from unicodedata import normalize

import pytest

from commands.roll.correct import CorrectPupil
from ledger.errors import Refused
from ledger.events.calendar import SessionsClosed, TermSet
from ledger.events.casework import CaseworkStepTaken
from ledger.events.roll import DetailsAmended, GroupJoined
from tests.commands.exchange.portable.conftest import ADA, CLEO

BEE = "Z999200018002"
UNSEEN = (" ", "\u00a0", "\u2009", "\ufeff", "\t", "\u200b")


def stated(ledger, topic, field):
    """What the events of a kind say in a field."""
    return [state[field] for state in ledger.states(topic)]


@pytest.mark.parametrize("written", ["9A ", " 9A", "9A\u00a0", "\ufeff9A", "9\u200bA"])
def test_a_class_whose_name_differs_by_what_is_not_seen_is_the_same_class(
    ledger, changed, written
):
    """One of four in 9A has a blank after it: all are in one class."""
    ledger.bring(
        changed("groups.csv", (f"{ADA},registration,9A", f"{ADA},registration,{written}"))
    )
    named = [s["name"] for s in ledger.states("GroupJoined") if s["kind"] == "registration"]
    assert set(named) == {"9A", "9B"}


def test_composed_and_decomposed_letters_make_one_class(ledger, changed):
    """An E with an acute accent, in one sign or two."""
    one, two = (f"{upn},cohort,9{form},," for upn, form in ((ADA, "\u00c9"), (CLEO, "E\u0301")))
    ledger.bring(changed("groups.csv", more=f"{one}\n{two}\n"))
    assert stated(ledger, "GroupJoined", "name").count("9\u00c9") == 2


@pytest.mark.parametrize("written", ["9a", "9 A", "9a "])
def test_a_near_twin_of_a_class_of_the_ledger_is_refused(known, changed, written):
    """Both are named, with where each stands."""
    row = f"J999200018008,registration,{written},2026-12-01,\n"
    [problem] = known.faults(changed("groups.csv", more=row)).problems
    assert (problem.line, problem.code) == (23, "group-twin")
    told = f"registration group {written.strip()!r} differs only in case or blanks from '9A'"
    assert problem.what == f"{told} (in the ledger)"


def test_the_same_name_in_two_kinds_is_no_twin(ledger, changed):
    """A year and a class may be called alike."""
    ledger.bring(changed("groups.csv", more=f"{ADA},cohort,9a,2026-11-01,\n"))
    assert "9a" in stated(ledger, "GroupJoined", "name")


@pytest.fixture
def twins(known):
    """A ledger from before: Bee's class has a blank after its name, and so has a term."""
    bee = f"pupil:{known.id(BEE)}"
    known.put(bee, GroupJoined(kind="cohort", name="Choir ", since=date(2026, 9, 1), row=2))
    ada = f"pupil:{known.id(ADA)}"
    known.put(ada, GroupJoined(kind="cohort", name="Choir", since=date(2026, 9, 1), row=3))
    known.put(ada, GroupJoined(kind="cohort", name="CHOIR", since=date(2026, 9, 1), row=4))
    return known


ROWS = f"{BEE},cohort,Choir ,2026-09-01,\n{ADA},cohort,Choir,2026-09-01,\n"


def test_what_an_older_import_took_in_is_known_again(twins, changed):
    """Each pupil stays in the class that is held, however it is written, and no other is made."""
    path = changed("groups.csv", more=ROWS + f"{ADA},cohort,CHOIR,2026-09-01,\n")
    assert twins.brought(path).found == {}


def test_whoever_is_new_to_a_class_that_is_held_twice_joins_the_tidy_one(twins, changed):
    """Nobody joins the name that looks alike."""
    path = changed("groups.csv", more=ROWS + f"{CLEO},cohort,\u00a0Choir,2026-11-02,\n")
    assert twins.brought(path).found == {"GroupJoined": 1}
    assert twins.states("GroupJoined")[-1]["name"] == "Choir"


def test_a_class_that_is_held_with_a_blank_alone_keeps_its_name(known, changed):
    """Whoever is new joins those who are there."""
    bee = f"pupil:{known.id(BEE)}"
    known.put(bee, GroupJoined(kind="cohort", name="Choir ", since=date(2026, 9, 1), row=2))
    known.bring(changed("groups.csv", more=f"{CLEO},cohort,Choir,2026-11-02,\n"))
    assert known.states("GroupJoined")[-1]["name"] == "Choir "


def test_a_closure_is_for_every_way_in_which_its_group_is_held(twins, changed):
    """And the one that is held for one of them is known again."""
    closed = '\n[[closed]]\ndate = 2026-12-01\ngroups = ["Choir"]\n'
    path = changed("groups.csv", more=ROWS)
    twins.bring(changed("school.toml", more=closed))
    assert twins.states("SessionsClosed")[-1]["groups"] == ["Choir", "Choir "]
    assert twins.brought(path).found == {}


def test_a_closure_of_an_older_import_is_known_again(known, changed):
    """Its group and its reason are written otherwise, and nothing else is."""
    bee = f"pupil:{known.id(BEE)}"
    known.put(bee, GroupJoined(kind="cohort", name="Choir ", since=date(2026, 9, 1), row=2))
    closed = SessionsClosed(
        date=date(2026, 12, 1), sessions=("AM", "PM"), groups=("Choir ",), reason="Cafe\u0301 ",
        row=3,
    )  # fmt: skip
    known.put("calendar", closed)
    more = '\n[[closed]]\ndate = 2026-12-01\ngroups = ["Choir"]\nreason = "Caf\u00e9"\n'
    changed("groups.csv", more=f"{BEE},cohort,Choir,2026-09-01,\n")
    assert known.brought(changed("school.toml", more=more)).found == {}


def test_a_closure_that_was_taken_back_is_for_the_group_as_it_is_held(known, changed):
    """Under another writing of the group, it would not be the closure that stands."""
    bee = f"pupil:{known.id(BEE)}"
    known.put(bee, GroupJoined(kind="cohort", name="Choir ", since=date(2026, 9, 1), row=2))
    closed = SessionsClosed(
        date=date(2026, 12, 1), sessions=("AM", "PM"), groups=("Choir ",), reason="Poll", row=3
    )
    known.put("calendar", closed)
    more = '\n[[closed]]\ndate = 2026-12-01\ngroups = ["Choir"]\nreason = "Poll"\n'
    more += "recorded_on = 2026-11-12T10:00:00Z\nwithdrawn_on = 2026-11-13T10:00:00Z\n"
    changed("groups.csv", more=f"{BEE},cohort,Choir,2026-09-01,\n")
    known.once(changed("school.toml", more=more), ClosureWithdrawn=2)
    assert known.states("ClosureWithdrawn")[-1]["groups"] == ["Choir "]


def test_a_term_of_an_older_import_is_known_again(known, changed):
    """It is no second term that begins before the first one ends."""
    term = TermSet(name="Spring  ", first=date(2027, 1, 4), last=date(2027, 3, 25))
    known.put("calendar", term)
    more = '\n[[term]]\nname = "Spring"\nfirst = 2027-01-04\nlast = 2027-03-25\n'
    assert known.brought(changed("school.toml", more=more)).found == {}


def test_a_step_of_an_older_import_is_known_again(known, changed):
    """Casework has no key but what it says."""
    step = CaseworkStepTaken(step="call ", on=date(2026, 11, 9), notes="Zoe\u0308 ill ", row=5)
    known.put(f"casework:{known.id(ADA)}", step)
    path = changed("casework.csv", more=f"{ADA},call,2026-11-09,,,,Zo\u00eb ill\n")
    assert known.brought(path).found == {}


# A re-import that differs in form alone changes nothing and says nothing.

NAMED = "Zo\u00eb Test\u00e9rby"


def reformed(text, random):
    """The cells of a file with margins and in another form, its own words left as they are."""
    lines = [line.split(",") for line in text.splitlines()]
    for cells in lines[1:]:
        for place, cell in enumerate(cells):
            if cell and not cell.startswith('"') and '"' not in cell:
                cells[place] = normalize(random.choice(["NFC", "NFD"]), cell)
    return "\n".join(",".join(cells) for cells in lines) + "\n"


@pytest.mark.parametrize("seed", range(12))
def test_another_form_of_a_folder_changes_nothing(ledger, changed, seed):
    """Names apart or composed, with margins or none: every file but marks and dates."""
    random = Random(seed)  # noqa: S311
    path = changed("pupils.csv", ("Testerby,Ada", "Test\u00e9rby,Zo\u00eb"))
    changed("staff.csv", ("Tariq Tutor", "Tariq T\u00fctor"))
    changed("casework.csv", ("First letter", "F\u00eerst letter"))
    changed("amendments.csv", ("Mother telephoned", "M\u00e8re telephoned"))
    changed("groups.csv", ("cohort,SEND", "cohort,S\u00c9ND"))
    ledger.bring(path)
    before = ledger.head()
    margins = {
        "pupils.csv": ("Test\u00e9rby", "Sampleton", "1003", "Placeholder Academy"),
        "staff.csv": ("Tariq T\u00fctor", "Headteacher"),
        "groups.csv": ("9A", "Year 9", "S\u00c9ND", "EAL"),
        "parents.csv": ("Ms", "Mockridge", "P03"),
        "relations.csv": ("mother", "P03"),
        "casework.csv": ("phone call", "no answer", "P03"),
        "amendments.csv": ("M\u00e8re telephoned: feverish", "A01"),
        "notices.csv": ("P04",),
    }
    for file, cells in margins.items():
        text = (path / file).read_text("utf-8")
        for cell in cells:
            assert cell in text
            edge = random.choice(UNSEEN)
            text = text.replace(f",{cell},", f",{edge}{cell}{edge},")
            text = text.replace(f"\n{cell},", f"\n{cell}{edge},")
        (path / file).write_text(reformed(text, random), "utf-8")
    outcome = ledger.bring(path)
    assert ledger.head() == before
    assert outcome.says == (
        "the ledger already holds all of this; nothing was recorded",
        "passed over: 1 row without a mark, 3 rows where no entry is due",
    )


@pytest.mark.parametrize(
    ("written", "again"),
    [(" Testerby ", "Testerby"), ("Zoe\u0308", "Zo\u00eb"), ("Mary\u00a0 Ann", "Mary Ann")],
)
def test_a_name_of_an_older_import_is_not_amended_for_its_form(known, changed, written, again):
    """What was taken in as it was written stands, and compares as what it says."""
    event = DetailsAmended(field="surname", original="Testerby", amended=written, row=2)
    known.put(f"pupil:{known.id(ADA)}", event)
    path = changed("pupils.csv", ("Testerby,Ada", f"{again},Ada"))
    assert known.brought(path).found == {}


# What an import amends is named.


def test_an_apostrophe_of_another_form_is_an_amendment_told_by_line(ledger, changed):
    """It can be seen, so that it is a change; the register's old and new words stand there."""
    ledger.bring(changed("pupils.csv", ("Testerby,Ada", "O'Test,Ada")))
    path = changed("pupils.csv", ("O'Test,Ada", "O\u2019Test,Ada"))
    line = f'  pupils.csv:2: Ada O\u2019Test ({ADA}), surname: "O\'Test" -> "O\u2019Test"'
    dry = ledger.bring(path, dry_run=True).says
    assert dry[0] == "would be recorded: 1 detail of pupils amended"
    assert dry[-2:] == ("would be amended, detail by detail:", line)
    assert ledger.bring(path).says[-2:] == ("amended, detail by detail:", line)


def test_every_kind_of_detail_that_is_amended_is_named(known, changed):
    """By file, line, whom it is about, what it said and what it says."""
    changed("pupils.csv", ("2026-11-13,a,", "2026-11-16,a,"), (',Bee,no,"2 Im', ',Bee,yes,"2 Im'))
    changed("parents.csv", (",Ms,", ",Mrs,"), ("3 Imaginary", "33 Imaginary"))
    changed("relations.csv", ("mother,yes,yes,1,yes", "mother,no,yes,1,yes"))
    changed("staff.csv", ("Headteacher,head;authoriser", "Principal,head"))
    changed("groups.csv", ("2025-08-31", "2025-08-30"))
    changed("notices.csv", ("2026-07-08,2026-07-20", "2026-07-08,2026-07-21"))
    path = changed("school.toml", ("Boiler failure", "No heating"), ("08:55:00", "08:56:00"),
                   ("Example High", "Sample High"))  # fmt: skip
    says = known.by("H01").bring(path, accept_findings=True).says
    notice = "notice of 2026-07-06 to P04 for F999200018006"
    told = [line.strip() for line in says if "->" in line or "not shown" in line]
    assert told == [
        'school.toml:1: the school, name: "Example High School" -> "Sample High School"',
        'school.toml:9: register times from 2026-09-01, am closes: "08:55:00" -> "08:56:00"',
        'school.toml:29: closure of 2026-11-18 PM, reason: "Boiler failure" -> "No heating"',
        'staff.csv:2: H01, job title: "Headteacher" -> "Principal"',
        'staff.csv:2: H01, roles: "head; authoriser" -> "head"',
        "pupils.csv:3: Brook Sampleton (Z999200018002), boarder: no -> yes",
        "pupils.csv:8: Gus Dummyfield (V999200018007), leaves on: 2026-11-13 -> 2026-11-16",
        "groups.csv:22: N999200018003 in FSM, to: 2025-08-31 -> 2025-08-30",
        'parents.csv:2: parent P01, title: "Ms" -> "Mrs"',
        "parents.csv:4: parent P03, address: confidential, not shown",
        'relations.csv:2: what P01 is to K999200018001, lives with: "yes" -> "no"',
        f"notices.csv:2: {notice}, paid on: 2026-07-20 -> 2026-07-21",
    ]


def test_a_pupils_address_is_shown_unless_it_may_lead_to_a_confidential_one(known, changed):
    """Cleo's mother is not to be found; Ada's parents are."""
    path = changed("pupils.csv", ("1 Imaginary", "11 Imaginary"), ("3 Imaginary", "33 Imaginary"))
    ada, cleo = [line for line in known.bring(path).says if "address" in line]
    assert ada.endswith(
        '"1 Imaginary Road, Exampleton, ZZ99 9ZZ" -> "11 Imaginary Road, Exampleton, ZZ99 9ZZ"'
    )
    assert (
        cleo == "  pupils.csv:4: Cleo Mockridge (N999200018003), address: confidential, not shown"
    )


def test_leaving_that_is_taken_back_is_named(known, changed):
    """The spell goes on: that is an amendment too."""
    says = known.bring(changed("pupils.csv", (",2026-11-13,a,", ",,,"))).says
    who = "pupils.csv:8: Gus Dummyfield (V999200018007)"
    assert f"  {who}, leaves on: 2026-11-13 -> not given" in says


def test_of_many_details_the_first_are_named_and_the_others_counted(known, changed, monkeypatch):
    """A dry run names them all: nothing is recorded that could be asked for instead."""
    monkeypatch.setattr("commands.exchange.importing._AMENDED", 2)
    path = changed("pupils.csv", (",M,", ",X,"))
    assert sum("->" in line for line in known.bring(path, dry_run=True).says) == 4
    *_, first, second, more = known.bring(path).says
    assert "pupils.csv:3" in first
    assert "pupils.csv:5" in second
    assert more == "  and 2 more; attendance admission lists those of pupils and parents"


# What a spreadsheet makes of a number.


def test_a_local_id_that_lost_its_zeros_is_a_finding(ledger, changed):
    """It is amended only where somebody says so; another id is amended."""
    ledger.bring(changed("pupils.csv", (",1001,", ",0001,"), (",1002,", ",0002,")))
    path = changed("pupils.csv", (",0001,", ",1,"), (",0002,", ",3,"))
    [problem] = ledger.faults(path).problems
    assert (problem.line, problem.code) == (2, "local-id-zeros")
    assert problem.what == "local id '1' is '0001' in the ledger: it seems to have lost its zeros"
    ledger.bring(path, accept_findings=True)
    assert ledger.brought(path).found == {}
    back = changed("pupils.csv", (",1,Testerby", ",0001,Testerby"))
    assert ledger.brought(back).found == {"DetailsAmended": 1}


@pytest.mark.parametrize("written", ["1.00E+05", "1E+05", "1e5", "1.23457E+11"])
def test_a_local_id_that_a_spreadsheet_shortened_is_a_finding(ledger, changed, written):
    """Once it is accepted it is an id like any other."""
    path = changed("pupils.csv", (",1001,", f",{written},"))
    assert ledger.codes(path) == ["local-id-exponent"]
    ledger.bring(path, accept_findings=True)
    assert ledger.brought(path).found == {}


def test_names_of_staff_are_settled_in_every_file(ledger, changed):
    """An id with a blank names the same person who made a mark, an amendment or a plan."""
    path = changed("marks.csv", (",T01,", ", T01,"))
    changed("staff.csv", ("T01,", "T01 ,"))
    changed("amendments.csv", (",A01,", ",A01\u00a0,"))
    ledger.bring(path)
    assert {state["by"] for state in ledger.states("MarkAmended")} == {"A01"}


def test_a_name_of_lines_is_refused_by_a_command_line_too(known, changed):
    """The school's own name, whatever a file of TOML may hold."""
    path = changed("school.toml", ('"Example High School"', '"Example\\tSchool"'))
    [problem] = known.faults(path).problems
    assert isinstance(known.faults(path), Refused)
    assert problem.what == "name: 'Example\\tSchool' holds a control character"


def test_what_is_no_name_may_have_lines(ledger, changed):
    """Two telephone numbers in one cell, an address: a text is kept as it is inside."""
    phones = '"01632 960001\n01632 960009"'
    ledger.bring(changed("parents.csv", ("01632 960001", phones), ("1 Imag", "Flat 2\n1 Imag")))
    assert ledger.brought(changed()).found == {}


def test_an_id_that_a_spreadsheet_shortened_is_put_right_here_for_good(ledger, changed):
    """The source goes on stating it, and is no longer asked about it."""
    path = changed("pupils.csv", (",1001,", ",1.00E+05,"))
    ledger.bring(path, accept_findings=True)
    right = CorrectPupil(pupil=ADA, field="local_id", to="100000", reason="Seen in the office")
    ledger.by("H01").do(right)
    assert ledger.brought(path).found == {}
