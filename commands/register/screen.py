"""A register taken on a terminal: one key a pupil, then a summary to confirm.

The sheet is pure: a key goes in, the next sheet comes out. Keys that arrive together (typed ahead,
a key held down, a slow line) are taken apart: one that went missing would move every later code to
the wrong pupil.
"""

import codecs
import os
import re
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from select import select
from types import MappingProxyType
from typing import Any

from commands.core import marks
from commands.core.command import Context, Outcome, Screen, State
from commands.core.execute import check_first, look
from commands.register import entries
from commands.register.entries import Row
from commands.register.take import TakeRegister
from ledger.errors import Refused
from ledger.state.school import Pupil
from ledger.values import Session
from policies.packs.codes import Codes, rules

PRESENT_KEY = " "
KEEP_KEYS = ("\r", "\n")
UP, DOWN, BACKSPACE = "up", "down", "backspace"

_KEY = re.compile(r"\x1b\[[0-9;]*[@-~]|\x1bO.|.", re.DOTALL)
_UNFINISHED = re.compile(r"\x1b(\[[0-9;]*|O)?\Z")
_END = "\x04"
_NAMES = {
    "\x1b[A": UP,
    "\x1b[B": DOWN,
    "\x1bOA": UP,
    "\x1bOB": DOWN,
    "\xe0H": UP,
    "\xe0P": DOWN,
    "\x7f": BACKSPACE,
    "\x08": BACKSPACE,
}

_STEP_SECONDS = 0.25
_AROUND = 5
"""Lines of the screen that are not pupils."""
_KEYS = "space: present   enter: as shown   arrows: move   a code: its letters"
"""On a line of its own, which is not wrapped: whoever counts lines counts what is shown."""

Terminal = Any


def take(command: TakeRegister, screen: Screen) -> Outcome:
    """Take a register on the terminal and record it.

    What cannot be recorded so is explained, and the list comes back: nothing typed is lost.
    """
    check_first(screen.context, command)
    opened, terminal = screen.context.clock(), screen.terminal
    command = look(screen.context, command.as_held)
    sheet = _blank_sheet(screen.context, command, opened)
    title = f"{command.group} {command.session}"
    while True:
        sheet = _complete(_press_keys(sheet, title, terminal), title, terminal)
        if terminal.confirm("Record this register? (no: back to the list)", default=True):
            taken = replace(command, rows=sheet.entries(), opened=opened)
            try:
                return screen.record(taken)
            except Refused as refused:
                screen.explain(refused)
                terminal.echo("Press a key to go back to the list, or Ctrl-C to give up.")
                with key_reader(terminal) as key:
                    key()
        sheet = sheet.press(UP)


# The sheet: pure.


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One pupil of the register, with what stands and what is planned (empty: nothing)."""

    pupil_id: str
    upn: str
    name: str
    standing: str = ""
    planned: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The register while it is taken: where the cursor is, what is chosen, what is half typed.

    ``codes``: those of `offered_codes`; ``chosen``: pupil id -> code typed; ``natures``: pupil id
    -> the nature or cause stated. The cursor past the last row means that everybody has had a
    turn.
    """

    rows: tuple[SheetRow, ...]
    codes: Mapping[str, str | None]
    present: str
    cursor: int = 0
    typed: str = ""
    chosen: Mapping[str, str] = field(default_factory=dict)
    natures: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        """Tell whether the cursor has passed the last pupil."""
        return self.cursor >= len(self.rows)

    def code(self, row: SheetRow) -> str:
        """Return what the register says of a pupil so far: typed, standing or planned."""
        return self.chosen.get(row.pupil_id) or row.standing or row.planned

    def press(self, key: str) -> "Sheet":
        """Return the sheet after one key.

        Space: present. Enter: what is shown, else present. Characters: a code; one that may go
        on waits for the next key. Up and down move. Any other key changes nothing.
        """
        if key in (UP, DOWN):
            return replace(self._settle(), cursor=self._next(-1 if key == UP else 1))
        if key == BACKSPACE:
            return self._erase()
        if self.is_done:
            return self
        if key == PRESENT_KEY or key in KEEP_KEYS:
            return self._confirm(keep=key != PRESENT_KEY)
        return self._type(key.upper())

    def counts(self) -> dict[str, int]:
        """Return how many pupils have each code, in order of code; empty: without one."""
        return dict(sorted(Counter(self.code(row) for row in self.rows).items()))

    def lacking(self) -> list[SheetRow]:
        """Return the pupils whose typed code still needs its nature or cause."""
        return [
            row
            for row in self.rows
            if self.codes.get(self.chosen.get(row.pupil_id, ""))
            and row.pupil_id not in self.natures
        ]

    def describe(self, row: SheetRow, nature: str) -> "Sheet":
        """Return the sheet with the nature or cause of one pupil's code."""
        return replace(self, natures={**self.natures, row.pupil_id: nature})

    def entries(self) -> tuple[Row, ...]:
        """Return what was typed, as the rows of `TakeRegister`."""
        return tuple(
            Row(0, row.upn, self.chosen[row.pupil_id], "", self.natures.get(row.pupil_id, ""))
            for row in self.rows
            if row.pupil_id in self.chosen
        )

    def _type(self, key: str) -> "Sheet":
        typed = self.typed + key
        longer = any(code.startswith(typed) and code != typed for code in self.codes)
        if longer:
            return replace(self, typed=typed)
        if typed in self.codes:
            return self._choose(typed)
        settled = self._settle()
        return self if settled is self else settled.press(key)

    def _settle(self) -> "Sheet":
        """Return the sheet with a waiting code taken; half a code is dropped."""
        if self.typed in self.codes:
            return self._choose(self.typed)
        return replace(self, typed="") if self.typed else self

    def _confirm(self, *, keep: bool) -> "Sheet":
        if self.typed:
            return self._settle()
        row = self.rows[self.cursor]
        if keep and self.code(row):
            return replace(self, cursor=self._next(1))
        return self._choose(self.present)

    def _erase(self) -> "Sheet":
        if self.typed or self.is_done:
            return replace(self, typed="")
        here = self.rows[self.cursor].pupil_id
        return replace(self, chosen={k: v for k, v in self.chosen.items() if k != here})

    def _choose(self, code: str) -> "Sheet":
        here = self.rows[self.cursor].pupil_id
        natures = {k: v for k, v in self.natures.items() if k != here}
        chosen = {**self.chosen, here: code}
        moved = self._next(1)
        return replace(self, chosen=chosen, natures=natures, typed="", cursor=moved)

    def _next(self, by: int) -> int:
        return min(max(self.cursor + by, 0), len(self.rows))


def sheet_rows(state: State, group: str, session: Session) -> list[SheetRow]:
    """Return the group's pupils who are due, by surname and forename.

    The state must hold what `entries.register_ranges` asks for.
    """
    members = state.school.members(group, session.date)
    pupils = entries.due_pupils(state.calendar(), group, session, members)
    return [
        _row(state, pupil, session) for pupil in sorted(pupils, key=lambda p: _sort_key(state, p))
    ]


def offered_codes(codes: Codes, session: Session) -> Mapping[str, str | None]:
    """Return the codes that may be typed, each with the extra it needs (nature, cause) or none."""
    return MappingProxyType(
        {
            rule.code: rule.requires
            for rule in codes.in_force(session.date)
            if session.half in rule.sessions
            and rule.category != "administrative"
            and not rule.cancels
        }
    )


def _row(state: State, pupil: Pupil, session: Session) -> SheetRow:
    stands = marks.mark_of(state, pupil, session)
    planned = marks.plan_of(state, pupil, session)
    return SheetRow(
        pupil.id,
        _text(state, pupil, "upn"),
        state.name_of(pupil),
        stands.code if stands else "",
        planned.code if planned else "",
    )


def _sort_key(state: State, pupil: Pupil) -> tuple[str, str, str]:
    surname, forename = _text(state, pupil, "surname"), _text(state, pupil, "forename")
    return surname.casefold(), forename.casefold(), pupil.id


def _text(state: State, pupil: Pupil, detail: str) -> str:
    sealed = pupil.details[detail]
    return state.open_text(sealed) if sealed else ""


# The terminal.


def _blank_sheet(context: Context, command: TakeRegister, opened: int) -> Sheet:
    """Return the register as it stands; refuse at once what could not be recorded later."""
    codes, group, session = rules().codes, command.group, command.session

    def allowed_rows(state: State) -> list[SheetRow]:
        state.author(opened)
        marks.check_not_future(session, opened)
        return sheet_rows(state, group, session)

    rows = look(
        context, allowed_rows, lambda state: entries.register_ranges(state, group, session)
    )
    return Sheet(tuple(rows), offered_codes(codes, session), codes.present(session.half))


def _press_keys(sheet: Sheet, title: str, terminal: Terminal) -> Sheet:
    """Take keys until everybody has had a turn."""
    with key_reader(terminal) as key:
        while not sheet.is_done:
            terminal.clear()
            terminal.echo(*screen_lines(sheet, title, shutil.get_terminal_size().lines))
            sheet = sheet.press(key())
    return sheet


def _complete(sheet: Sheet, title: str, terminal: Terminal) -> Sheet:
    """Ask for what is lacking, then show a summary."""
    for row in sheet.lacking():
        wanted = f"{row.name}: {sheet.codes[sheet.code(row)]}"
        sheet = sheet.describe(row, terminal.prompt(wanted))
    counts = ", ".join(f"{code or 'no mark'} {n}" for code, n in sheet.counts().items())
    terminal.echo(f"{title}: {counts}")
    return sheet


def screen_lines(sheet: Sheet, title: str, height: int) -> list[str]:
    """Return what the screen shows: as many pupils around the cursor as it has room for."""
    room = max(5, height - _AROUND)
    start = max(0, min(sheet.cursor - room // 2, len(sheet.rows) - room))
    found = [title, _KEYS]
    for n, row in enumerate(sheet.rows[start : start + room], start=start):
        here = n == sheet.cursor
        code = f"{sheet.typed}…" if here and sheet.typed else sheet.code(row)
        planned = f"  (planned {row.planned})" if row.planned else ""
        found.append(f"{'>' if here else ' '} {code or '.':3} {row.name}{planned}")
    return found


@contextmanager
def key_reader(terminal: Terminal) -> Iterator[Callable[[], str]]:
    """Yield a function that waits for the next key typed at stdin.

    Meanwhile the terminal echoes nothing. What is typed beyond the last key asked for is thrown
    away at the end, so that a key held down confirms nothing. Raises `EOFError` at the end of
    input; the interrupt key still interrupts.
    """
    if find_spec("termios") is None:  # another platform: the command line knows its keys
        yield lambda: _key_name(terminal.getchar())
        return
    import termios  # noqa: PLC0415 - not on every platform
    import tty  # noqa: PLC0415

    place = sys.stdin.fileno()
    before = termios.tcgetattr(place)
    tty.setcbreak(place, termios.TCSADRAIN)
    keys = _keys(place)
    try:
        yield lambda: next(keys)
    finally:
        termios.tcsetattr(place, termios.TCSAFLUSH, before)


def _keys(place: int) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    waiting = ""
    while found := _typed(place):
        waiting += decoder.decode(found)
        if not _UNFINISHED.search(waiting):
            for key in _KEY.findall(waiting):
                if key == _END:
                    raise EOFError
                yield _key_name(key)
            waiting = ""
    raise EOFError


def _typed(place: int) -> bytes:
    """Wait for what is typed next, in short steps.

    An interrupt that comes just before a wait begins is heard when it ends.
    """
    while not select([place], [], [], _STEP_SECONDS)[0]:
        continue
    return os.read(place, 1024)


def _key_name(key: str) -> str:
    return _NAMES.get(key, key)
