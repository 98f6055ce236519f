"""`status` and `rebuild`: the ledger at a glance, and its read models made anew."""

from datetime import date

from projections.readmodel import catch_up
from projections.school.status import Rebuild, Status
from tests.projections.ledgers import enrolled, instant, marked

MONDAY = date(2025, 9, 8)
AT = instant(2025, 9, 8, 9)


def document(book, **asked):
    """The document."""
    return book.ask(Status(**{"on": MONDAY} | asked)).document


def test_registers_with_a_pupil_without_a_mark_are_named(school):
    """9A is unmarked until each of its pupils has a mark."""
    school.add(AT, marked("ann", f"{MONDAY}/AM", "/"), marked("cy", f"{MONDAY}/AM", "/"))
    assert document(school)["unmarked_registers"] == ["9A AM", "9A PM", "9B PM"]
    school.add(AT, marked("bob", f"{MONDAY}/AM", "/"))
    assert document(school)["unmarked_registers"] == ["9A PM", "9B PM"]
    assert not document(school, on=date(2025, 9, 7))["unmarked_registers"]


def test_the_last_event_is_that_of_the_position(school):
    """Position and command of the last transaction, cut where the question cuts it."""
    head = school.add(AT, marked("ann", f"{MONDAY}/AM", "/"), marked("bob", f"{MONDAY}/AM", "/"))
    assert document(school)["last_event"] == {"position": head, "command": "Test"}
    assert document(school, position=head - 1)["last_event"]["position"] == head - 1


def test_a_pupil_of_two_spells_is_one_on_roll(school):
    """Spells that overlap do not make two pupils of one."""
    school.add(AT, enrolled("ann", date(2025, 9, 5)))
    assert document(school)["pupils_on_roll"] == 3


def test_only_pupils_on_roll_that_day_are_counted(school):
    """Ann alone in June; Cy to the last day on roll."""
    days = (date(2025, 6, 2), date(2025, 9, 3), date(2025, 9, 30), date(2025, 10, 1))
    assert [document(school, on=day)["pupils_on_roll"] for day in days] == [1, 3, 3, 2]


def test_an_empty_ledger_says_that_it_holds_nothing(empty):
    """No school, no event, nothing known."""
    answer = empty.ask(Status(on=MONDAY))
    assert answer.document["knows_nothing"] is True
    assert answer.document["last_event"] is None
    lines = "\n".join(answer.blocks[0].lines)
    assert "not recorded yet" in lines
    assert "holds no event yet" in lines


def test_the_lines_say_where_and_when(school):
    """Folder, school and the last event in London time."""
    lines = "\n".join(school.ask(Status(on=MONDAY)).blocks[0].lines)
    assert str(school.folder.path) in lines
    assert "Test School" in lines
    assert "2025-09-01 09:00:00 London" in lines
    assert "9A AM, 9A PM, 9B AM, 9B PM on 2025-09-08" in lines


def test_a_day_without_school_is_no_clean_day(school):
    """It says that the school is not open, and what the last day of school left."""
    now = instant(2025, 9, 14, 12)
    school.add(AT, *(marked(p, f"2025-09-12/{h}", c) for p in ("ann", "bob") for h, c in
                     (("AM", "/"), ("PM", "\\"))))  # fmt: skip
    answer = school.ask(Status(), now=now)
    assert answer.document["not_open"] == "Sunday"
    assert answer.document["last_school_day"] == {
        "on": "2025-09-12", "unmarked_registers": ["9B AM", "9B PM"],
    }  # fmt: skip
    lines = "\n".join(answer.blocks[0].lines)
    assert (
        "Unmarked     the school is not open on 2025-09-14: Sunday; 9B AM, 9B PM on 2025-09-12, "
        "the last day of school"
    ) in lines
    before = "\n".join(school.ask(Status(on=date(2025, 9, 2)), now=now).blocks[0].lines)
    assert before.split("Unmarked")[1].count("last day of school") <= 1


def test_a_day_to_come_has_no_unmarked_register_yet(school):
    lines = "\n".join(school.ask(Status(on=date(2025, 9, 9)), now=AT).blocks[0].lines)
    assert "Unmarked     2025-09-09 has not been yet" in lines


def test_a_rebuild_says_how_far_it_came_and_reports_progress(school):
    """The words name the log's head; progress is reported in events."""
    seen = []
    said = Rebuild().inspect(school.folder, lambda done, of: seen.append((done, of)))
    head = school.folder.head()
    assert said.document == {"events": head}
    assert str(head) in said.blocks[0].lines[0]
    assert seen == [(head, head)]


def test_a_rebuild_equals_what_there_was(school):
    """Byte for byte, and again."""
    catch_up.catch_up(school.folder)
    before = list(catch_up.content(school.folder))
    Rebuild().inspect(school.folder, lambda *_: None)
    assert list(catch_up.content(school.folder)) == before
