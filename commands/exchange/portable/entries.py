"""Whether each row of ``marks.csv`` and ``amendments.csv`` may stand: its checks, one by one."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache, partial

from commands.core import checks
from commands.exchange.portable import calendar
from commands.exchange.portable.decided import UncountedRow
from commands.exchange.portable.links import Link
from commands.exchange.portable.occasions import Occasion, Occasions, StateBefore
from commands.exchange.portable.rows import NOT_STATED, AmendmentRow, MarkRows
from commands.exchange.portable.work import Work
from ledger.errors import Refused
from ledger.events import streams
from ledger.formats import fields
from ledger.formats.portable import AMENDMENTS, MARKS, NO_MARK, UNCOUNTED, ChangeKind
from ledger.state.school import Pupil
from policies.law import age
from policies.packs.codes import CodeRule

Key = tuple[str, int]
"""Pupil id and number of the session: which mark."""


_MARKED, _CHANGED = 1, 2
_FOR_GOOD = 10**9


class _Seat:
    """A pupil as the rows need it: days on roll as numbers, and what is known of each session.

    ``sessions``: which of the rows' are marked already, or changed by amendments.csv; ``spell``:
    the first and last day of one on roll, which a row was about.
    """

    __slots__ = ("pupil", "sessions", "spell", "spells")

    def __init__(self, pupil: Pupil, sessions: int) -> None:
        self.pupil = pupil
        self.sessions = bytearray(sessions)
        self.spells = [
            (s.starts_on.toordinal(), s.leaves_on.toordinal() if s.leaves_on else _FOR_GOOD)
            for s in pupil.spells.values()
        ]
        self.spell = (0, 0)

    def on_roll(self, day: int) -> bool:
        """Tell whether the pupil is on roll on a day."""
        found = [spell for spell in self.spells if spell[0] <= day <= spell[1]]
        self.spell = found[0] if found else self.spell
        return bool(found)

    def mark(self, place: int) -> bool:
        """Remember that a session is marked; tell whether it was."""
        already, self.sessions[place] = self.sessions[place] == _MARKED, _MARKED
        return already


class Entries:
    """Goes through the rows of marks.csv once.

    ``pupil(index)`` is good for rows that `standing` yielded. ``faulty``: the marks with a fault;
    ``stopped``: the code of those, by pupil and session, that the folder says stopped counting.
    They stand as they are, though their session is closed or cancelled, or the pupil not on roll.
    ``changed``: the marks that amendments.csv changes; ``anew``: whether the ledger holds none.
    """

    def __init__(
        self, work: Work, occasions: Occasions, changed: Iterable[Key], *, anew: bool
    ) -> None:
        self._work = work
        self._occasions = occasions
        self._anew = anew
        self._changed = defaultdict[str, list[int]](list)
        for pupil_id, number in changed:
            self._changed[pupil_id].append(number)
        self._before = StateBefore(work.state)
        self.rows: MarkRows = work.content.marks
        self.faulty: set[Key] = set()
        self.stopped = _stated_as_stopped(work)
        self._seats: dict[int, _Seat | None] = {}
        self._places = {number: place for place, number in enumerate(self.rows.sessions)}
        self._usual = defaultdict[int, set[int]](set)
        self._rules = dict[tuple[int, int], CodeRule | Refused | None]()
        self._absence = cache(partial(calendar.fault, work))

    def pupil(self, index: int) -> Pupil:
        """Return the pupil of a row."""
        seat = self._seats[self.rows.upn[index]]
        assert seat is not None  # noqa: S101 - only rows with a pupil stand
        return seat.pupil

    def streams(self) -> Mapping[int, str]:
        """Return how the streams of each pupil's marks begin, by the number of the UPN."""
        seats = self._seats.items()
        return {upn: streams.mark(seat.pupil.id, "") for upn, seat in seats if seat is not None}

    def occasion(self, index: int) -> Occasion:
        """Return the session of a row."""
        return self._occasions.at(self.rows.sessions[self.rows.session[index]])

    def holds(self, index: int) -> bool:
        """Tell whether a row's mark was taken in before."""
        code = self.rows.codes[self.rows.code[index]]
        return self._before.holds(self.pupil(index), self.occasion(index).text, code)

    def standing(self) -> Iterator[tuple[int, int, bool]]:
        """Yield the rows that state a mark which may stand, neighbours from one to before another.

        And whether they are usual: first marks of an open session with nothing more to be said.
        Any other row is yielded by itself.
        """
        for first, last in self.rows.registers():
            if self._is_usual(first):
                yield from self._of_register(first, last)
            else:
                yield from ((n, n + 1, False) for n in range(first, last) if self._may_stand(n))

    def _of_register(self, first: int, last: int) -> Iterator[tuple[int, int, bool]]:
        """Yield the rows of one register that may stand.

        What is seen at a glance is settled here, by what was learnt of pupil and code from a row
        that was looked into; every other row is looked into.
        """
        rows, seats, begun = self.rows, self._seats, first
        session, day = rows.session[first], self.occasion(first).day.toordinal()
        usual, extras = self._usual[session], rows.extras
        columns = zip(rows.upn[first:last], rows.code[first:last], strict=True)
        for index, (upn, code) in enumerate(columns, start=first):
            seat = seats.get(upn)
            if (
                seat is not None
                and code in usual
                and not seat.sessions[session]
                and seat.spell[0] <= day <= seat.spell[1]
                and index not in extras
            ):
                seat.sessions[session] = _MARKED
                continue
            if begun < index:
                yield begun, index, True
            begun = index + 1
            if self._may_stand(index):
                yield index, begun, False
        if begun < last:
            yield begun, last, True

    def _is_usual(self, index: int) -> bool:
        """Tell whether nothing is to be said of a row's session, its author and its time."""
        rows, occasion = self.rows, self.occasion(index)
        stated, by = rows.stated[index], rows.staff[rows.by[index]]
        if not (self._anew and occasion.open and stated <= self._work.now):
            return False
        return not by or self._absence(by, self._day_made(stated, occasion)) is None

    def _may_stand(self, index: int) -> bool:
        """Look into a row; tell whether it states a mark that may stand."""
        seat, rule = self._seat(index), self._rule(index)
        if seat is None or rule is None:
            return False
        occasion = self.occasion(index)
        if rule.category == "administrative":
            self._no_entry_due(index, seat, occasion, rule)
            return False
        if not self._stands(index, seat, occasion):
            self.faulty.add((seat.pupil.id, occasion.number))
            return False
        if rule.age is not None or rule.requires is not None:
            self._judge(index, seat, occasion, rule)
        else:
            self._usual[self.rows.session[index]].add(self.rows.code[index])
        return True

    def _seat(self, index: int) -> _Seat | None:
        upn = self.rows.upn[index]
        if upn not in self._seats:
            pupil = self._work.pupil(MARKS, self.rows.line[index], self.rows.upns[upn])
            self._seats[upn] = self._new_seat(pupil) if pupil else None
        return self._seats[upn]

    def _new_seat(self, pupil: Pupil) -> _Seat:
        seat = _Seat(pupil, len(self._places))
        for number in self._changed.get(pupil.id, ()):
            if (place := self._places.get(number)) is not None:
                seat.sessions[place] = _CHANGED
        return seat

    def _rule(self, index: int) -> CodeRule | None:
        """Return the rule of a row's code; none, and said why, where it may not stand."""
        of = (self.rows.code[index], self.rows.session[index])
        if of not in self._rules:
            self._rules[of] = self._find_rule(*of)
        found = self._rules[of]
        if isinstance(found, Refused):
            self._refuse(index, found)
            return None
        if found is None:
            self._work.counts["rows without a mark"] += 1
        return found

    def _find_rule(self, code: int, session: int) -> CodeRule | Refused | None:
        text = self.rows.codes[code]
        occasion = self._occasions.at(self.rows.sessions[session])
        return None if text == NO_MARK else self._work.code_rule(text, occasion.session)

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
            self._refuse(index, why)
        else:
            self._work.counts["rows where no entry is due"] += 1

    def _stands(self, index: int, seat: _Seat, occasion: Occasion) -> bool:
        faults = []
        if not seat.on_roll(occasion.day.toordinal()):
            faults.append(_not_on_roll(occasion))
        if not occasion.open and (why := self._occasions.fault(occasion, seat.pupil)):
            faults.append(why)
        if (seat.pupil.id, occasion.text) in self.stopped and occasion.day <= self._work.today:
            faults = []
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
        if why := fields.future_instant(stated, self._work.now, "recorded_on"):
            self._refuse(index, why)
            return False
        day, by = self._day_made(stated, occasion), rows.staff[rows.by[index]]
        found = self._absence(by, day) if by else None
        if found is None or (self._before.absent(by, day) and self.holds(index)):
            return True
        self._work.problems.refuse_once((by, found.what), MARKS, rows.line[index], found)
        return False

    def _day_made(self, stated: int, occasion: Occasion) -> date:
        """Return the day on which a mark was made, of the session where none is stated."""
        return occasion.day if stated == NOT_STATED else self._occasions.day_of(stated)

    def _judge(self, index: int, seat: _Seat, occasion: Occasion, rule: CodeRule) -> None:
        """Find what the law would not allow, or asks for besides."""
        line, pupil = self.rows.line[index], seat.pupil
        if rule.age is not None:
            compulsory = age.is_compulsory(occasion.day, pupil.compulsory_from, pupil.birth_cohort)
            amended = "dob" in self._work.voices[streams.pupil(pupil.id), "details"].amended
            held = amended and self.holds(index)
            if compulsory != (rule.age == "compulsory") and not held:
                self._work.problems.find(MARKS, line, _wrong_age(rule, compulsory=compulsory))
        extras = self.rows.extras.get(index)
        if rule.requires and not (extras and extras.nature):
            self._work.problems.find(MARKS, line, _nature_missing(rule))

    def _refuse(self, index: int, why: Refused) -> None:
        self._work.problems.refuse(MARKS, self.rows.line[index], why)

    def _upn(self, index: int) -> str:
        return self.rows.upns[self.rows.upn[index]]


def _stated_as_stopped(work: Work) -> dict[tuple[str | None, str], str]:
    table = work.content.decided.get(UNCOUNTED)
    rows = [row for row in table.rows if isinstance(row, UncountedRow)] if table else []
    marks = ((work.pupil_id(row.upn), mark.split()) for row in rows for mark in row.sessions)
    return {(pupil, session): code for pupil, (session, code) in marks}


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


class Changes:
    """The rows of amendments.csv, gathered by the mark that they change.

    ``found``: the changes of each mark in order of ``amended_on``; ``faulty``: the marks with a
    fault. Rows of one time stay in the order of the file. A re-statement follows the row before it
    whatever its time: a source may state late what held before.
    """

    def __init__(self, work: Work, occasions: Occasions) -> None:
        self._work = work
        self._occasions = occasions
        self._before = StateBefore(work.state)
        self.faulty: set[Key] = set()
        timed: dict[Key, list[tuple[int, Link]]] = defaultdict(list)
        for row in work.content.amendments.rows:
            pupil = work.pupil(AMENDMENTS, row.line, row.upn)
            if pupil is None:
                continue
            key = (pupil.id, row.number)
            occasion = occasions.at(key[1])
            faults = self._faults(occasion, row)
            if not self._is_held(pupil, row) and not work.check(AMENDMENTS, row.line, faults):
                self.faulty.add(key)
                continue
            earlier = timed[key][-1][0] if timed[key] else 0
            when = row.stated or earlier
            if row.kind == "restated":
                when = max(when, earlier)
            timed[key].append((when, self._link(occasion, row)))
        self.found: dict[Key, Sequence[Link]] = {
            key: [link for _, link in sorted(links, key=lambda each: each[0])]
            for key, links in timed.items()
        }

    def _is_held(self, pupil: Pupil, row: AmendmentRow) -> bool:
        """Tell whether a row was taken in while its author was on the staff, as then stated."""
        if row.by is None or row.stated is None:
            return False
        absent = self._before.absent(row.by, self._occasions.day_of(row.stated))
        return absent and self._before.holds_change(pupil, row)

    def _faults(self, occasion: Occasion, row: AmendmentRow) -> Iterator[Refused | None]:
        yield self._code_fault(occasion, row)
        yield fields.future_day(occasion.day, self._work.today, "date")
        yield fields.future_instant(row.stated, self._work.now, "amended_on")
        if row.kind == "restated":
            return
        if row.stated is None:
            yield fields.empty("amended_on")
        if row.by is None:
            yield fields.empty("amended_by", "say who made the amendment")
        elif row.stated is not None and (
            why := calendar.fault(self._work, row.by, self._occasions.day_of(row.stated))
        ):
            self._work.problems.refuse_once((row.by, why.what), AMENDMENTS, row.line, why)

    def _code_fault(self, occasion: Occasion, row: AmendmentRow) -> Refused | None:
        if row.amended == NO_MARK:
            return Refused(
                "mark-blanked", "a mark cannot be taken away", "give the code that stands instead"
            )
        rule = self._work.code_rule(row.amended, occasion.session)
        if isinstance(rule, Refused):
            return rule
        if rule.category != "administrative":
            return None
        return Refused(
            "code-not-an-entry",
            f"code {row.amended} says that no entry is due",
            "take the row out, or give the code that stands",
        )

    def _link(self, occasion: Occasion, row: AmendmentRow) -> Link:
        link = Link(
            _kind(occasion, row),
            row.amended,
            row.line,
            stated=row.stated,
            original=row.original,
            by=row.by,
            reason=row.reason,
            minutes_late=row.minutes_late,
            nature=row.nature,
            batch=row.batch,
        )
        self._judge(occasion, link)
        if link.kind != "amendment" or row.by is None or row.stated is None:
            return link
        author = self._work.school.staff_on(row.by, self._occasions.day_of(row.stated))
        if author is None:  # faulty, and said to be
            return link
        name = row.name or self._work.text(author.name)
        return link._replace(
            name=name, job_title=row.job_title or self._work.text(author.job_title)
        )

    def _judge(self, occasion: Occasion, link: Link) -> None:
        """Find what the law asks for and the row does not state."""
        if link.kind == "amendment" and not checks.is_visible(link.reason or ""):
            why = Refused(
                "reason-missing",
                "an amendment without a reason (SI 2024/208 reg 6(1)(c))",
                "state the reason",
            )
            self._work.problems.find(AMENDMENTS, link.row, why)
        rule = self._work.rules.codes.rule(link.code, occasion.day)
        if rule.requires and not link.nature:
            self._work.problems.find(AMENDMENTS, link.row, _nature_missing(rule))


def _kind(occasion: Occasion, row: AmendmentRow) -> ChangeKind:
    """Return what a change is: before the register closed it is part of the taking."""
    if row.kind is not None:
        return row.kind
    closing, at = occasion.closing, row.stated
    return "taking" if closing is not None and at is not None and at <= closing else "amendment"


def _nature_missing(rule: CodeRule) -> Refused:
    """Return the finding that a code stands without what the law asks for besides."""
    return Refused(
        "nature-missing",
        f"code {rule.code} without the {rule.requires} that has to be recorded with it",
        "state it in the nature column",
    )
