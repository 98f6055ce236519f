"""`status` and `rebuild`: the ledger at a glance, and its read models made anew."""

from datetime import date
from functools import partial

from ledger.events import streams
from ledger.events.calendar import SessionsClosed
from ledger.events.register import RegisterTaken
from ledger.store.facts import Fact
from ledger.values import parse_session
from projections.audit.gaps import Gaps
from projections.readmodel import catch_up
from projections.register.registers import Registers
from projections.school.status import Rebuild, Status
from projections.school.today import Today
from tests.projections.ledgers import enrolled, instant, joined, marked

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


def test_the_last_command_is_said_as_it_is_typed(school):
    """Not by the name of its class, which the log holds."""
    head = school.add(AT, marked("ann", f"{MONDAY}/AM", "/"), command="ImportPortable")
    answer = school.ask(Status(on=MONDAY))
    assert answer.document["last_event"] == {"position": head, "command": "import portable"}
    assert f" London, import portable, position {head}" in "\n".join(answer.blocks[0].lines)


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
    lines = "\n".join(line for block in answer.blocks for line in block.lines)
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


def test_that_no_register_is_unmarked_is_said_of_so_many(school):
    """Not as if there were none; before the register closes none is due."""
    every = [marked(p, f"{MONDAY}/{h}", "/") for p in ("ann", "bob", "cy") for h in ("AM", "PM")]
    school.add(AT, *every)
    [line] = _unmarked_line(school)
    assert line == "Unmarked     none: all 4 registers due on 2025-09-08 are complete"
    [line] = _unmarked_line(school, on=date(2025, 9, 7))
    assert "no register was due" not in line


def _unmarked_line(school, on=MONDAY):
    found = school.ask(Status(on=on))
    return [each for each in found.blocks[0].lines if each.startswith("Unmarked")]


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


AM_CLOSES = instant(2025, 9, 8, 7, 55)
NOON = instant(2025, 9, 8, 11)


def taken(group, session, at):
    taking = RegisterTaken(by="s1", opened=at, ended=at, marks=1)
    return Fact(streams.register(group, parse_session(session)), taking)


def taken_9a(at):
    return taken("9A", f"{MONDAY}/AM", at)


def test_a_register_that_has_not_closed_is_not_unmarked(school):
    """From the closing time of each session on; what is not due yet is said."""

    def unmarked(now):
        found = school.ask(Status(), now=now)
        [line] = [each for each in found.blocks[0].lines if each.startswith("Unmarked")]
        return found.document["unmarked_registers"], found.document.get("not_due_yet", []), line

    am, pm = f"{MONDAY}/AM", f"{MONDAY}/PM"
    assert unmarked(AM_CLOSES - 1)[:2] == ([], [am, pm])
    assert unmarked(AM_CLOSES)[:2] == (["9A AM", "9B AM"], [pm])
    assert unmarked(NOON)[2] == ("Unmarked     9A AM, 9B AM on 2025-09-08; PM is not due yet")
    assert unmarked(instant(2025, 9, 8, 16))[:2] == (["9A AM", "9A PM", "9B AM", "9B PM"], [])


def test_a_register_that_was_taken_before_it_closed_is_due(school):
    """Bob of 9A was left out; 9B is still being taken."""
    at = instant(2025, 9, 8, 7, 45)
    school.add(at, marked("ann", f"{MONDAY}/AM", "/"), taken_9a(at))
    answer = school.ask(Status(), now=at)
    assert answer.document["unmarked_registers"] == ["9A AM"]


def test_an_afternoon_register_that_was_taken_before_it_closed_is_due(school):
    """Of those in the class that day: Cy comes on Tuesday. The morning is whole."""
    school.add(AM_CLOSES, *(marked(each, f"{MONDAY}/AM", "/") for each in ("ann", "bob", "cy")))
    school.add(AM_CLOSES, joined("cy", "registration", "9A", since=date(2025, 9, 9)))
    at = instant(2025, 9, 8, 12, 45)
    school.add(at, marked("ann", f"{MONDAY}/PM", "/"), taken("9A", f"{MONDAY}/PM", at))
    of_day = {"from_": MONDAY, "on": MONDAY}
    status, today = (school.ask(each, now=at) for each in (Status(), Today()))
    assert status.document["unmarked_registers"] == ["9A PM"]
    assert [r["upn"] for r in today.rows() if r["what"] == "no mark"] == ["U-bob"]
    assert [g["count"] for g in school.ask(Gaps(**of_day), now=at).rows()
            if g["kind"] == "without-a-mark"] == [1]  # fmt: skip


def test_a_register_taken_of_a_session_that_was_closed_since_is_due_of_nobody(school):
    """It stands on record; nobody lacks a mark for it."""
    school.add(AM_CLOSES - 60_000_000, taken_9a(AM_CLOSES - 60_000_000))
    shut = SessionsClosed(date=MONDAY, sessions=("AM",), reason="flood")
    school.add(AM_CLOSES - 1, Fact(streams.CALENDAR, shut))
    answer = school.ask(Status(), now=AM_CLOSES - 1)
    assert answer.document["unmarked_registers"] == []
    assert answer.document["not_due_yet"] == [f"{MONDAY}/PM"]


def test_status_today_registers_and_gaps_count_by_one_rule(school):
    """The pupils without a mark, at each turn of the day."""
    at = instant(2025, 9, 8, 7, 45)
    school.add(at, marked("ann", f"{MONDAY}/AM", "/"), taken_9a(at))
    of_day = {"from_": MONDAY, "on": MONDAY}
    seen = []
    for now in (at, AM_CLOSES - 1, AM_CLOSES, NOON, instant(2025, 9, 8, 16)):
        ask = partial(school.ask, now=now)
        gaps = {g["kind"]: g["count"] for g in ask(Gaps(**of_day)).rows()}
        today = [r for r in ask(Today()).rows() if r["what"] == "no mark"]
        registers = ask(Registers(**of_day)).document["total"]["without"]
        assert gaps.get("without-a-mark", 0) == len(today) == registers
        groups = {f"{group} {r['session'][-2:]}" for r in today for group in r["groups"]}
        assert ask(Status()).document["unmarked_registers"] == sorted(groups)
        seen.append(registers)
    assert seen == [1, 1, 2, 2, 5]
