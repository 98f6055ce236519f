"""A register taken on the screen: keys in at a terminal, marks out."""

import sys
from types import SimpleNamespace

import click
import pytest

from commands.register.screen import DOWN, UP, Sheet, SheetRow, _keys, key_reader, screen_lines
from ledger.store.folder import Folder
from tests.cli.shell import at_terminal, done, run

SESSION = "2026-11-20/AM"
TAKE = ("register", "take", "--group", "7A", "--session", SESSION)
OPENED = "a code: its letters"
SUMMARY = "Record this register?"


pytestmark = pytest.mark.usefixtures("small")


@pytest.fixture(autouse=True)
def _ten_to_nine(at):
    """The register of the small school is open."""
    at("2026-11-20T08:50")


def marks() -> dict[str, str | None]:
    rows = run("register", "show", "--group", "7A", "--json").json["rows"]
    cells = {row["name"].split()[0]: row["cells"] for row in rows}
    return {n: c["code"] for n, row in cells.items() for c in row if c["session"] == SESSION}


def taken(*script: tuple[str, str]) -> str:
    code, screen = at_terminal(*TAKE, script=[*script])
    assert code == 0, screen
    return screen


def test_one_key_a_pupil_takes_a_register():
    screen = taken((OPENED, " n "), (SUMMARY, "\n"))
    assert "> .   Ada Quill" in screen
    assert f"7A {SESSION}: / 2, N 1" in screen
    assert "7A 2026-11-20/AM: 3 entered, 0 corrected, 0 as they stood" in screen
    assert marks() == {"Ada": "/", "Ben": "N", "Cat": "/"}


def test_keys_that_arrive_together_are_all_taken():
    """Typed ahead or held down: no key is lost, none goes to another pupil."""
    taken((OPENED, "l\x1b[A\x1b[Bni"), (SUMMARY, "y\n"))
    assert marks() == {"Ada": "L", "Ben": "N", "Cat": "I"}


def test_keys_beyond_the_last_pupil_confirm_nothing():
    taken((OPENED, " " * 3 + "\r\r\r"), (SUMMARY, "n\n"), (OPENED, "n"), (SUMMARY, "\n"))
    assert marks() == {"Ada": "/", "Ben": "/", "Cat": "N"}


def test_arrows_and_backspace_put_right_what_was_typed():
    keys = "n\x1bOA\x7f" + "\x1b[A" + "i" + "\x1b[3~" + "  "
    screen = taken((OPENED, keys), (SUMMARY, "\n"))
    assert "> .   Ada Quill" in screen
    assert marks() == {"Ada": "I", "Ben": "/", "Cat": "/"}


def test_enter_takes_what_is_shown():
    """What is planned or stands already is kept by Enter; nobody is typed twice."""
    done("plan", "add", "--pupil", "P1", "--session", SESSION, "--code", "M", "--reason", "x")
    run("mark", "P2", SESSION, "N")
    screen = taken((OPENED, "\r\r\r"), (SUMMARY, "\n"))
    assert "> M   Ada Quill  (planned M)" in screen
    assert "planned absence became the entry: Ada Quill (M)" in screen
    assert marks() == {"Ada": "M", "Ben": "N", "Cat": "/"}


def test_no_leads_back_to_the_list():
    taken((OPENED, "   "), (SUMMARY, "n\n"), (OPENED, "n"), (SUMMARY, "\n"))
    assert marks() == {"Ada": "/", "Ben": "/", "Cat": "N"}


def test_nature_is_asked_for_where_the_law_wants_one():
    """Code B needs the nature of the activity: asked for by the pupil's name, recorded."""
    taken((OPENED, "b  "), ("Ada Quill: nature", "museum visit\n"), (SUMMARY, "\n"))
    row = run("history", "P1", "--json").json["rows"][0]
    assert (row["code"], row["nature"]) == ("B", "museum visit")


def test_register_that_is_refused_comes_back():
    """A code that cannot stand is explained, and nothing else has to be typed again."""
    screen = taken(
        (OPENED, " x "),
        (SUMMARY, "\n"),
        ("Press a key", " "),
        (OPENED, "\x1b[An\r"),
        (SUMMARY, "\n"),
    )
    assert "Ben Reed: the pupil is of compulsory school age" in screen
    assert marks() == {"Ada": "/", "Ben": "N", "Cat": "/"}


@pytest.mark.parametrize(
    ("args", "what"),
    [
        (("--as", "zz", *TAKE), "zz is not on the staff"),
        ((*TAKE[:-1], "2026-11-23/AM"), "has not come yet"),
        ((*TAKE[:-1], "2026-11-21/AM"), "has not come yet"),
        (("register", "take", "--group", "9Z", "--session", SESSION), "ever belonged to '9Z'"),
    ],
)
def test_register_that_could_not_be_recorded_is_refused_at_once(args, what):
    code, screen = at_terminal(*args)
    assert code == 1
    assert what in screen
    assert OPENED not in screen


@pytest.mark.parametrize(
    "script",
    [
        [(OPENED, " \x04")],
        [(OPENED, "   "), (SUMMARY, "\x04")],
        [(OPENED, "b  "), ("Ada Quill: nature", "\x04")],
    ],
)
def test_end_of_input_records_nothing(small, script):
    head = Folder(small).head()
    code, screen = at_terminal(*TAKE, script=script)
    assert code == 1
    assert "interrupted" in screen
    assert Folder(small).head() == head


def test_file_is_read_also_at_a_terminal(tmp_path):
    file = tmp_path / "7A.csv"
    file.write_text("upn,code\nP1,N\n", "utf-8")
    code, screen = at_terminal("register", "take", file, *TAKE[2:])
    assert code == 0
    assert "without a mark: Ben Reed, Cat Stone" in screen
    assert OPENED not in screen


# -- the parts -----------------------------------------------------------------------------------


def test_long_list_scrolls_with_the_cursor():
    rows = tuple(SheetRow(str(n), str(n), f"Pupil {n}") for n in range(30))
    sheet = Sheet(rows, {"/": None, "L": None, "L1": None}, "/")
    seen = []
    for _ in rows:
        shown = screen_lines(sheet, "9B", 14)
        assert len(shown) == 11
        assert len([line for line in shown if line.startswith(">")]) == 1
        seen.append(shown[2:])
        sheet = sheet.press(DOWN)
    assert seen[0][0] == "> .   Pupil 0"
    assert seen[-1][-1] == "> .   Pupil 29"
    assert len(screen_lines(sheet, "9B", 0)) == 7


def test_what_the_keys_do_stays_on_one_line_of_a_terminal():
    """A line that is wrapped would push the first pupil off the screen."""
    group = "A group of forty characters and no fewer"
    title, keys, _ = screen_lines(
        Sheet((SheetRow("1", "1", "Ada Quill"),), {"/": None}, "/"), f"{group} {SESSION}", 24
    )
    assert title == f"{group} {SESSION}"
    assert OPENED in keys
    assert len(keys) <= 80


def test_half_a_code_is_shown_as_such():
    rows = (SheetRow("1", "1", "Ada Quill"),)
    sheet = Sheet(rows, {"Y": None, "Y1": None}, "/").press("y")
    assert screen_lines(sheet, "9B", 9)[2] == "> Y…  Ada Quill"


@pytest.mark.parametrize(
    ("chunks", "keys"),
    [
        ([b" n", b"\r"], [" ", "n", "\r"]),
        ([b"\x1b", b"[", b"A "], [UP, " "]),
        ([b"\x1b[", b"3~n"], ["\x1b[3~", "n"]),
        ([b"\x1bO", b"B"], [DOWN]),
        ([b"\x1b", b"n"], ["\x1b", "n"]),
        ([b"\xc5", b"\x81"], ["Ł"]),
    ],
)
def test_keys_that_arrive_in_pieces_are_put_together(monkeypatch, chunks, keys):
    """A slow line may break a key in two; no piece of an arrow is taken for a code."""
    arriving = iter([*chunks, b""])
    monkeypatch.setattr("os.read", lambda _place, _size: next(arriving))
    found = _keys(0)
    assert [next(found) for _ in keys] == keys
    with pytest.raises(EOFError):
        next(found)


def test_platform_without_termios_uses_the_command_line_s_keys(monkeypatch):
    """Windows names its arrows in another way."""
    monkeypatch.setattr("commands.register.screen.find_spec", lambda _: None)
    pressed = iter(["\xe0H", "n", "\xe0P"])
    terminal = SimpleNamespace(getchar=lambda: next(pressed))
    with key_reader(terminal) as key:
        assert [key(), key(), key()] == [UP, "n", DOWN]


def test_terminal_needs_what_click_has():
    for name in ("echo", "clear", "confirm", "prompt", "getchar"):
        assert callable(getattr(click, name))
    assert "click" not in vars(sys.modules["commands.register.screen"])


def test_a_clock_that_is_wrong_is_told_before_the_first_key(at):
    """Nothing that was typed is lost."""
    at("2026-09-28T11:00")
    code, screen = at_terminal(*TAKE)
    assert code == 1
    assert "clock says Monday 28 September 2026, 11:00:00" in screen
    assert OPENED not in screen
