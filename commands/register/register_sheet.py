"""A register on the screen: one key a pupil. Pure: keys go in, the next sheet comes out."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from commands.core import standing
from commands.core.command import State
from commands.register import entries as register_entries
from commands.register.register_file import Row
from ledger.state.school import Pupil
from ledger.values import Session
from policies.packs.codes import Codes

PRESENT_KEY = " "
KEEP_KEYS = ("\r", "\n")
UP, DOWN, BACKSPACE = "up", "down", "backspace"


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One pupil of the register, with what stands and what is planned (empty: nothing)."""

    pupil_id: str
    upn: str
    name: str
    standing: str = ""
    planned: str = ""


def sheet(state: State, group: str, session: Session) -> list[SheetRow]:
    """Return the group's pupils who are due, by surname and forename.

    The state must hold what `register_entries.needed` asks for.
    """
    pupils = register_entries.due(state, group, session)
    return [_row(state, pupil, session) for pupil in sorted(pupils, key=lambda p: _key(state, p))]


def offered(codes: Codes, session: Session) -> Mapping[str, str | None]:
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


@dataclass(frozen=True, slots=True)
class Sheet:
    """The register while it is taken: where the cursor is, what is chosen, what is half typed.

    ``codes``: those `offered`; ``chosen``: pupil id -> code typed; ``natures``: pupil id -> the
    nature or cause stated. The cursor past the last row means that everybody has had a turn.
    """

    rows: tuple[SheetRow, ...]
    codes: Mapping[str, str | None]
    present: str
    cursor: int = 0
    typed: str = ""
    chosen: Mapping[str, str] = field(default_factory=dict)
    natures: Mapping[str, str] = field(default_factory=dict)

    @property
    def done(self) -> bool:
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
            return replace(self._settled(), cursor=self._next(-1 if key == UP else 1))
        if key == BACKSPACE:
            return self._erased()
        if self.done:
            return self
        if key == PRESENT_KEY or key in KEEP_KEYS:
            return self._confirmed(keep=key != PRESENT_KEY)
        return self._typed(key.upper())

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

    def _typed(self, key: str) -> "Sheet":
        typed = self.typed + key
        longer = any(code.startswith(typed) and code != typed for code in self.codes)
        if longer:
            return replace(self, typed=typed)
        if typed in self.codes:
            return self._choose(typed)
        settled = self._settled()
        return self if settled is self else settled.press(key)

    def _settled(self) -> "Sheet":
        """Return the sheet with a waiting code taken; half a code is dropped."""
        if self.typed in self.codes:
            return self._choose(self.typed)
        return replace(self, typed="") if self.typed else self

    def _confirmed(self, *, keep: bool) -> "Sheet":
        if self.typed:
            return self._settled()
        row = self.rows[self.cursor]
        if keep and self.code(row):
            return replace(self, cursor=self._next(1))
        return self._choose(self.present)

    def _erased(self) -> "Sheet":
        if self.typed or self.done:
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


def _row(state: State, pupil: Pupil, session: Session) -> SheetRow:
    stands = standing.mark_of(state, pupil, session)
    planned = standing.plan_of(state, pupil, session)
    return SheetRow(
        pupil.id,
        _text(state, pupil, "upn"),
        state.name_of(pupil),
        stands.code if stands else "",
        planned.code if planned else "",
    )


def _key(state: State, pupil: Pupil) -> tuple[str, str, str]:
    surname, forename = _text(state, pupil, "surname"), _text(state, pupil, "forename")
    return surname.casefold(), forename.casefold(), pupil.id


def _text(state: State, pupil: Pupil, detail: str) -> str:
    sealed = pupil.details[detail]
    return state.open_text(sealed) if sealed else ""
