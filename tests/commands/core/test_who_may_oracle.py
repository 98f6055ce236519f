"""Random people give, take and import roles; no sequence gives a right that nobody gave.

The oracle is written from the rules alone and keeps, for every person, the roles of every day of
a small calendar. It knows nothing of rows, streams, folds or the table: whoever is head or
authoriser that day gives and takes roles, or the first of all until somebody was one; a file
brings roles only into a ledger that knows nothing; where nobody is head or authoriser, somebody
is appointed. Beside it stands a ledger to which the same commands are given. Who is refused, and
what everybody may do after each step, has to be the same.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from commands.calendar.terms import SetTerm
from commands.core import authority
from commands.core.execute import look
from commands.exchange.importing import ImportPortable
from commands.school.school import CreateLedger
from commands.school.staff import AddStaff, AppointStaff, ChangeStaff, LeaveStaff
from ledger.clock import parse_instant
from ledger.errors import Refused
from ledger.store.folder import Folder
from tests.commands.conftest import Desk

FIRST = date(2026, 9, 1)
DAYS = [FIRST + timedelta(days=n) for n in range(40)]
PEOPLE = ("a", "b", "c", "d")
ROLES = ("teacher", "attendance_officer", "head", "authoriser", "safeguarding")
GIVERS, OFFICE = {"head", "authoriser"}, {"head", "authoriser", "attendance_officer"}
SEEDS, CAMPAIGN = 6, 200
STEPS = 30

Roles = frozenset[str]


@dataclass
class Oracle:
    """Which roles everybody has on every day; none on a day: they are not on the staff."""

    held: dict[str, dict[date, Roles]] = field(default_factory=dict)
    last_row: dict[str, date | None] = field(default_factory=dict)
    founder: str | None = None
    knows_school: bool = False

    def has(self, who, day) -> Roles | None:
        return self.held.get(who, {}).get(day)

    def is_one(self, who, day, roles) -> bool:
        return bool((self.has(who, day) or frozenset()) & roles)

    def is_first(self, who, today) -> bool:
        if not self.held:
            return True
        given = any(
            roles & GIVERS
            for days in self.held.values()
            for day, roles in days.items()
            if day <= today
        )
        return (
            who is not None
            and who == self.founder
            and not given
            and self.has(who, today) is not None
        )

    def is_empty(self) -> bool:
        opened = any(roles - {"teacher"} for days in self.held.values() for roles in days.values())
        return not (self.knows_school or opened)

    def may_give(self, who, today) -> bool:
        return self.is_one(who, today, GIVERS) or self.is_first(who, today) or self.is_empty()

    def may_keep_staff(self, who, today) -> bool:
        return self.is_one(who, today, OFFICE) or self.is_first(who, today)

    def is_vacant(self, today) -> bool:
        return not any(self.is_one(who, today, GIVERS) for who in self.held)

    def after(self, who, since, roles, until=None):
        """Return somebody's days where a row begins on a day, as the one before it ends then."""
        days = {d: r for d, r in self.held.get(who, {}).items() if d < since}
        return days | {d: roles for d in DAYS if since <= d and (until is None or d <= until)}

    def moves(self, who, days) -> bool:
        """Tell whether a role that opens anything is held on other days than before."""
        before = self.held.get(who, {})
        return any(
            (before.get(d, frozenset()) ^ days.get(d, frozenset())) - {"teacher"} for d in DAYS
        )


@dataclass
class Play:
    """A ledger, its oracle, and who does what next."""

    desk: Desk
    folder: "object"
    random: Random
    oracle: Oracle = field(default_factory=Oracle)
    today: date = FIRST
    refused: int = 0
    done: int = 0

    def give(self, who, command, *, may: bool) -> bool:
        """Give a command; it has to be refused for who gives it, or done, as the oracle says."""
        at = self.desk.by(who).at(f"{self.today}T12:00")
        if may:
            at.do(command)
            self.done += 1
        else:
            assert at.refused(command).code in REFUSALS
            self.refused += 1
        return may

    def on_staff(self, who) -> bool:
        return self.oracle.has(who, self.today) is not None

    def step(self):
        kinds = [
            self.add,
            self.change,
            self.leave,
            self.bring,
            self.appoint,
            self.later,
            self.term,
        ]
        self.random.choice(kinds)()
        self.compare()

    def _who(self):
        return self.random.choice([*PEOPLE, None])

    def _roles(self) -> tuple[str, ...]:
        return tuple(sorted(self.random.sample(ROLES, self.random.choice([0, 1, 1, 2]))))

    def _day(self, since):
        later = [d for d in DAYS if d >= (since or FIRST)]
        return self.random.choice(later)

    def add(self):
        who, whom, roles = self._who(), self.random.choice(PEOPLE), self._roles()
        if whom in self.oracle.held:
            return
        since = self._day(FIRST)
        days = self.oracle.after(whom, since, frozenset(roles))
        may = self.oracle.may_keep_staff(who, self.today)
        may = may and (not self.oracle.moves(whom, days) or self.oracle.may_give(who, self.today))
        command = AddStaff(staff_id=whom, name="A B", job_title="C", role=roles, from_=since)
        founding = not self.oracle.held
        if self.give(who, command, may=may):
            self.oracle.held[whom] = days
            self.oracle.last_row[whom] = since
            if founding:
                self.oracle.founder = whom

    def change(self):
        who, whom, roles = self._who(), self.random.choice(PEOPLE), self._roles()
        if whom not in self.oracle.held:
            return
        since = self._day(self.oracle.last_row[whom])
        before = self.oracle.held[whom]
        newest = frozenset(roles) or self.newest[whom]
        if before.get(since) == newest:
            return
        days = self.oracle.after(whom, since, newest)
        may = self.oracle.may_keep_staff(who, self.today)
        may = may and (not self.oracle.moves(whom, days) or self.oracle.may_give(who, self.today))
        if self.give(who, ChangeStaff(staff_id=whom, role=roles, from_=since), may=may):
            self.oracle.held[whom], self.oracle.last_row[whom] = days, since

    @property
    def newest(self):
        """The roles of everybody's newest row, whether they are there still or not."""
        return {
            who: days.get(self.oracle.last_row[who] or FIRST, frozenset())
            for who, days in self.oracle.held.items()
        }

    def leave(self):
        who, whom = self._who(), self.random.choice(PEOPLE)
        if whom not in self.oracle.held:
            return
        last = self._day(self.oracle.last_row[whom])
        days = {d: r for d, r in self.oracle.held[whom].items() if d <= last}
        if days == self.oracle.held[whom]:
            return
        may = self.oracle.may_keep_staff(who, self.today)
        may = may and (not self.oracle.moves(whom, days) or self.oracle.may_give(who, self.today))
        if self.give(who, LeaveStaff(staff_id=whom, last_day=last), may=may):
            self.oracle.held[whom] = days

    def bring(self):
        """Import a file that states somebody new, or otherwise than a source did."""
        who, whom, roles = self._who(), self.random.choice(PEOPLE), self._roles()
        if whom in self.oracle.held:
            return
        since = self._day(FIRST)
        days = self.oracle.after(whom, since, frozenset(roles))
        empty = self.oracle.is_empty()
        may = who is None or empty or self.oracle.may_keep_staff(who, self.today)
        may = may and (not self.oracle.moves(whom, days) or self.oracle.may_give(who, self.today))
        (self.folder / "staff.csv").write_text(
            "staff_id,name,job_title,roles,from,to\n"
            f"{whom},{whom} B,C,{';'.join(roles)},{since},\n"
        )
        command = ImportPortable(path=self.folder).load(None)
        if self.give(who, command, may=may):
            self.oracle.held[whom], self.oracle.last_row[whom] = days, since
            self.oracle.knows_school = True

    def appoint(self):
        who, whom = self._who(), self.random.choice(PEOPLE)
        role, known = self.random.choice(sorted(GIVERS)), whom in self.oracle.held
        if known and (self.oracle.last_row[whom] or FIRST) > self.today:
            return
        anybody = any(self.oracle.has(each, self.today) is not None for each in self.oracle.held)
        may = self.oracle.is_vacant(self.today) and (self.on_staff(who) or not anybody)
        new = {} if known else {"name": "A B", "job_title": "C"}
        command = AppointStaff(staff_id=whom, role=(role,), reason="Nobody else is there", **new)
        roles = (self.oracle.has(whom, self.today) or frozenset()) | {role}
        founding = not self.oracle.held
        if self.give(who, command, may=may):
            self.oracle.held[whom] = self.oracle.after(whom, self.today, roles)
            self.oracle.last_row[whom] = self.today
            if founding:
                self.oracle.founder = whom

    def term(self):
        """Something that the office may, and the first of all."""
        who, name = self._who(), f"T{self.done}{self.refused}"
        term = SetTerm(name=name, first=date(2030, 1, 1), last=date(2030, 1, 1))
        may = self.oracle.may_keep_staff(who, self.today)
        at = self.desk.by(who).at(f"{self.today}T12:00")
        found = look(at.context, lambda state: allowed(state, "terms set", at.now))
        assert (found is None) is may, (who, term, found)

    def later(self):
        self.today = min(self.today + timedelta(days=self.random.randrange(4)), DAYS[-2])

    def compare(self):
        """Hold what everybody may, today and on some other days, against the oracle."""
        for who in PEOPLE:
            roles = self.oracle.has(who, self.today)
            at = self.desk.by(who).at(f"{self.today}T12:00")

            def ask(state, now=at.now):
                return [
                    allowed(state, words, now) is None
                    for words in ("leave grant", "mark", "redact")
                ]

            expected = [
                self.oracle.is_one(who, self.today, GIVERS),
                roles is not None,
                self.oracle.is_one(who, self.today, GIVERS | {"safeguarding"}),
            ]
            assert look(at.context, ask) == expected, who


REFUSALS = {
    "not-authorised",
    "author-missing",
    "author-not-on-staff",
    "by-nobody",
    "not-vacant",
}


def allowed(state, words, now):
    """Return why somebody may not do something, if so."""
    try:
        authority.check(state, words, now)
    except Refused as refused:
        return refused.code
    return None


SCHOOL = """[school]
urn = "123456"
name = "Example High School"
la_code = "887"
estab = "4001"
type = "academy"
phase = "secondary"
"""


def test_no_sequence_gives_a_right_that_nobody_gave(tmp_path, request):
    """Grants, changes, ends, appointments and imports, by people with the right and without."""
    seeds = CAMPAIGN if request.config.getoption("--campaign") else SEEDS
    done = refused = 0
    for seed in range(seeds):
        path = tmp_path / str(seed)
        (path / "files").mkdir(parents=True)
        (path / "files" / "school.toml").write_text(SCHOOL)
        (path / "files" / "pupils.csv").write_text(
            "upn,local_id,surname,forename,dob,sex,starts_on,leaves_on,leaving_ground\n"
        )
        (path / "files" / "marks.csv").write_text(
            "upn,date,session,code,minutes_late,nature,comment,recorded_by,recorded_on\n"
        )
        desk = Desk(Folder(path / "ledger"), parse_instant(f"{FIRST}T12:00"), staff_id=None)
        CreateLedger().carry_out(desk.context)
        play = Play(desk, path / "files", Random(seed))  # noqa: S311
        for _ in range(STEPS):
            play.step()
        done, refused = done + play.done, refused + play.refused
    assert min(done, refused) > 2 * seeds
