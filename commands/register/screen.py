"""A register taken on a terminal: one key a pupil, then a summary to confirm.

Keys that arrive together (typed ahead, a key held down, a slow line) are taken apart: one that
went missing would move every later code to the wrong pupil.
"""

import codecs
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from commands.core import marks as mark_rules
from commands.core.command import Context, Outcome, Screen, State
from commands.core.execute import look
from commands.register import entries as register_entries
from commands.register import register_sheet
from commands.register.register_sheet import BACKSPACE, DOWN, UP, Sheet, SheetRow
from commands.register.take import TakeRegister
from ledger.errors import Refused
from policies.packs.rules import rules

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
_AROUND = 4
"""Lines of the screen that are not pupils."""

Terminal = Any


def take(command: TakeRegister, screen: Screen) -> Outcome:
    """Take a register on the terminal and record it.

    What cannot be recorded so is explained, and the list comes back: nothing typed is lost.
    """
    opened, terminal = screen.context.clock(), screen.terminal
    sheet, title = _blank(screen.context, command, opened), f"{command.group} {command.session}"
    while True:
        sheet = _described(_pressed(sheet, title, terminal), title, terminal)
        if terminal.confirm("Record this register? (no: back to the list)", default=True):
            taken = {"rows": sheet.entries(), "opened": opened}
            try:
                return screen.record(command.model_copy(update=taken))
            except Refused as refused:
                screen.explain(refused)
                terminal.echo("Press a key to go back to the list, or Ctrl-C to give up.")
                with listening(terminal) as key:
                    key()
        sheet = sheet.press(UP)


def _blank(context: Context, command: TakeRegister, opened: int) -> Sheet:
    """Return the register as it stands; refuse at once what could not be recorded later."""
    codes, group, session = rules().codes, command.group, command.session

    def rows(state: State) -> list[SheetRow]:
        state.author(opened)
        mark_rules.check_not_future(session, opened)
        return register_sheet.sheet(state, group, session)

    found = look(context, rows, lambda state: register_entries.needed(state, group, session))
    offered = register_sheet.offered(codes, session)
    return Sheet(tuple(found), offered, codes.present(session.half))


def _pressed(sheet: Sheet, title: str, terminal: Terminal) -> Sheet:
    """Take keys until everybody has had a turn."""
    with listening(terminal) as key:
        while not sheet.done:
            terminal.clear()
            terminal.echo("\n".join(lines(sheet, title, shutil.get_terminal_size().lines)))
            sheet = sheet.press(key())
    return sheet


def _described(sheet: Sheet, title: str, terminal: Terminal) -> Sheet:
    """Ask for what is lacking, then show a summary."""
    for row in sheet.lacking():
        wanted = f"{row.name}: {sheet.codes[sheet.code(row)]}"
        sheet = sheet.describe(row, terminal.prompt(wanted))
    counts = ", ".join(f"{code or 'no mark'} {n}" for code, n in sheet.counts().items())
    terminal.echo(f"{title}: {counts}")
    return sheet


def lines(sheet: Sheet, title: str, height: int) -> list[str]:
    """Return what the screen shows: as many pupils around the cursor as it has room for."""
    room = max(5, height - _AROUND)
    start = max(0, min(sheet.cursor - room // 2, len(sheet.rows) - room))
    found = [f"{title}   space: present   enter: as shown   arrows: move   a code: its letters"]
    for n, row in enumerate(sheet.rows[start : start + room], start=start):
        here = n == sheet.cursor
        code = f"{sheet.typed}…" if here and sheet.typed else sheet.code(row)
        planned = f"  (planned {row.planned})" if row.planned else ""
        found.append(f"{'>' if here else ' '} {code or '.':3} {row.name}{planned}")
    return found


# -- keys ------------------------------------------------------------------------------------


@contextmanager
def listening(terminal: Terminal) -> Iterator[Callable[[], str]]:
    """Yield a function that waits for the next key typed at stdin.

    Meanwhile the terminal echoes nothing. What is typed beyond the last key asked for is thrown
    away at the end, so that a key held down confirms nothing. Raises `EOFError` at the end of
    input; the interrupt key still interrupts.
    """
    if find_spec("termios") is None:  # another platform: the command line knows its keys
        yield lambda: _named(terminal.getchar())
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
    while found := os.read(place, 1024):
        waiting += decoder.decode(found)
        if not _UNFINISHED.search(waiting):
            for key in _KEY.findall(waiting):
                if key == _END:
                    raise EOFError
                yield _named(key)
            waiting = ""
    raise EOFError


def _named(key: str) -> str:
    return _NAMES.get(key, key)
