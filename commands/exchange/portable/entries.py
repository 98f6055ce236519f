"""Whether each row of ``marks.csv`` may stand: the checks that every one of them goes through."""

from collections.abc import Iterator

from commands.core.marks import code_rule
from commands.exchange.portable import calendar
from commands.exchange.portable.amendments import nature_missing
from commands.exchange.portable.mark_rows import NOT_STATED, MarkRows
from commands.exchange.portable.occasions import Occasion, Occasions, StateBefore
from commands.exchange.portable.work import Work
from ledger.errors import Refused
from ledger.formats import fields
from ledger.formats.portable import MARKS, NO_MARK
from ledger.state.school import Pupil
from policies.law import age
from policies.packs.codes import CodeRule


class _Seat:
    """A pupil as the rows need it: days on roll as numbers, sessions already marked."""

    __slots__ = ("marked", "pupil", "spells")

    def __init__(self, pupil: Pupil) -> None:
        self.pupil = pupil
        self.marked = bytearray()
        self.spells = [
            (s.starts_on.toordinal(), s.leaves_on.toordinal() if s.leaves_on else _FOR_GOOD)
            for s in pupil.spells.values()
        ]

    def mark(self, place: int) -> bool:
        """Remember that a session is marked; tell whether it was."""
        if place >= len(self.marked):
            self.marked.extend(bytes(place + 1 - len(self.marked)))
        already, self.marked[place] = self.marked[place], 1
        return bool(already)


_FOR_GOOD = 10**9


class Entries:
    """Goes through the rows once; ``ignored`` counts those that ask for no entry, by why.

    ``pupil(index)`` is good for rows that `standing` yielded. ``faulty``: the marks with a fault.
    """

    def __init__(self, work: Work, occasions: Occasions) -> None:
        self._work = work
        self._occasions = occasions
        self._before = StateBefore(work.state)
        self.rows: MarkRows = work.content.marks
        self.faulty: set[tuple[str, int]] = set()
        self._numbers = self.rows.sessions
        self._seats: dict[int, _Seat | None] = {}
        self._rules: dict[tuple[int, int], CodeRule | Refused] = {}
        self._staff: dict[tuple[int, object], Refused | None] = {}

    def pupil(self, index: int) -> Pupil:
        """Return the pupil of a row."""
        seat = self._seats[self.rows.upn[index]]
        assert seat is not None  # noqa: S101 - only rows with a pupil stand
        return seat.pupil

    def occasion(self, index: int) -> Occasion:
        """Return the session of a row."""
        return self._occasions[self._numbers[self.rows.session[index]]]

    def holds(self, index: int) -> bool:
        """Tell whether a row's mark was taken in before."""
        code = self.rows.codes[self.rows.code[index]]
        return self._before.holds(self.pupil(index), self.occasion(index).text, code)

    def standing(self) -> Iterator[int]:
        """Yield the index of each row that states a mark which may stand."""
        rows = self.rows
        for index in range(len(rows)):
            seat = self._seat(index)
            rule = self._rule(index)
            if seat is None or rule is None:
                continue
            occasion = self._occasions[self._numbers[rows.session[index]]]
            if rule.category == "administrative":
                self._no_entry_due(index, seat, occasion, rule)
            elif self._stands(index, seat, occasion):
                if rule.age is not None or rule.requires is not None:
                    self._judge(index, seat, occasion, rule)
                yield index
            else:
                self.faulty.add((seat.pupil.id, self._numbers[rows.session[index]]))

    def _seat(self, index: int) -> _Seat | None:
        upn = self.rows.upn[index]
        if upn not in self._seats:
            pupil = self._work.pupil(MARKS, self.rows.line[index], self.rows.upns[upn])
            self._seats[upn] = _Seat(pupil) if pupil else None
        return self._seats[upn]

    def _rule(self, index: int) -> CodeRule | None:
        """Return the rule of a row's code; none, and said why, where it may not stand."""
        rows = self.rows
        key = (rows.code[index], rows.session[index])
        found = self._rules.get(key)
        if found is None:
            found = self._rules[key] = self._find_rule(*key)
        if not isinstance(found, Refused):
            return found
        if found.code == NO_MARK:
            self._work.counts["rows without a mark"] += 1
        else:
            self._work.problems.refuse(MARKS, rows.line[index], found)
        return None

    def _find_rule(self, code: int, session: int) -> CodeRule | Refused:
        letters = self.rows.codes[code]
        if letters == NO_MARK:
            return Refused(NO_MARK, "")
        try:
            occasion = self._occasions[self._numbers[session]]
            return code_rule(self._work.rules.codes, letters, occasion.session)
        except Refused as why:
            return why

    def _no_entry_due(self, index: int, seat: _Seat, occasion: Occasion, rule: CodeRule) -> None:
        """Pass over a code which says that no entry is due, where none is."""
        due = seat.pupil.on_roll(occasion.day) and self._occasions.meets(occasion, seat.pupil)
        if due and self._occasions.stated(occasion, seat.pupil, self._upn(index)):
            why = Refused(
                "code-not-an-entry",
                f"code {rule.code} says that no entry is due, but the school meets "
                f"{occasion.session} and the pupil is on roll",
                "give the code that stands, or close the session in school.toml",
            )
            self._work.problems.refuse(MARKS, self.rows.line[index], why)
        else:
            self._work.counts["rows where no entry is due"] += 1

    def _stands(self, index: int, seat: _Seat, occasion: Occasion) -> bool:
        day = occasion.day.toordinal()
        faults = []
        if not any(first <= day <= last for first, last in seat.spells):
            faults.append(_not_on_roll(occasion))
        if not occasion.open and (why := self._occasions.fault(occasion, seat.pupil)):
            faults.append(why)
        if faults and self.holds(index):
            faults = faults if self._before.meets(seat.pupil, occasion) else []
        for fault in faults:
            self._refuse(index, fault)
        stands = not faults
        if seat.mark(self.rows.session[index]):
            self._refuse(index, fields.twice(f"the mark of {self._upn(index)} {occasion.text}"))
            stands = False
        return self._stated_well(index, occasion) and stands

    def _stated_well(self, index: int, occasion: Occasion) -> bool:
        """Check who is said to have made a mark, and when."""
        rows, stated = self.rows, self.rows.stated[index]
        day = occasion.day
        if stated != NOT_STATED:
            if why := fields.future_instant(stated, self._work.now, "recorded_on"):
                self._refuse(index, why)
                return False
            day = self._occasions.day_of(stated)
        by = rows.by[index]
        key = (by, day)
        if key not in self._staff:
            staff_id = rows.staff[by]
            self._staff[key] = calendar.fault(self._work, staff_id, day) if staff_id else None
        found = self._staff[key]
        if found is None:
            return True
        if self._before.absent(rows.staff[by], day) and self.holds(index):
            return True
        about = (rows.staff[by], found.what)
        self._work.problems.refuse_once(about, MARKS, rows.line[index], found)
        return False

    def _judge(self, index: int, seat: _Seat, occasion: Occasion, rule: CodeRule) -> None:
        """Find what the law would not allow, or asks for besides."""
        line, pupil = self.rows.line[index], seat.pupil
        if rule.age is not None:
            compulsory = age.is_compulsory(occasion.day, pupil.compulsory_from, pupil.birth_cohort)
            amended = "dob" in self._work.voices.pupil(pupil.id).amended
            held = amended and self.holds(index)
            if compulsory != (rule.age == "compulsory") and not held:
                self._work.problems.find(MARKS, line, _wrong_age(rule, compulsory=compulsory))
        extras = self.rows.extras.get(index)
        if rule.requires and not (extras and extras.nature):
            self._work.problems.find(MARKS, line, nature_missing(rule.code, rule.requires))

    def _refuse(self, index: int, why: Refused) -> None:
        self._work.problems.refuse(MARKS, self.rows.line[index], why)

    def _upn(self, index: int) -> str:
        return self.rows.upns[self.rows.upn[index]]


def _not_on_roll(occasion: Occasion) -> Refused:
    return Refused(
        "not-on-roll",
        f"the pupil is not on roll on {occasion.day}",
        "correct the date, or starts_on and leaves_on in pupils.csv",
    )


def _wrong_age(rule: CodeRule, *, compulsory: bool) -> Refused:
    return Refused(
        "code-age",
        f"code {rule.code} for a pupil who is {'' if compulsory else 'not '}"
        "of compulsory school age that day",
        "correct the code, or the date of birth in pupils.csv",
    )
