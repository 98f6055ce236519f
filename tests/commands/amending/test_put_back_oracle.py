"""What is put back after random commands, held against an account kept mark by mark.

The account is read from the events alone: of every mark and plan the versions in order, with the
transaction that made each; of every session who cancelled it and whether that was withdrawn. From
it follows what stood before a transaction, and whether anybody changed it since. It knows nothing
of folds, calendars or ranges.
"""

import random
import shutil
from datetime import date
from typing import Any, NamedTuple

from commands.amending.amend import AmendMarks, MoveMark
from commands.amending.put_back import PutBack
from commands.calendar.closures import CancelSessions, WithdrawClosure
from commands.core.command import UseCase
from commands.register.plans import ChangePlan, PlanAbsence, WithdrawPlan
from commands.register.take import MarkSession
from commands.roll.enrol import MovePupil
from ledger.clock import parse_instant
from ledger.errors import Refused
from ledger.events.calendar import ClosureWithdrawn, SessionCancelled
from ledger.events.log import Committed
from ledger.events.roll import GroupJoined, GroupLeft
from ledger.store.folder import Folder
from ledger.values import parse_session
from projections.figures.rates import Rates
from projections.penalties.alerts import Alerts
from projections.queries import view
from tests.commands.conftest import Desk, upn

DAYS = ("2026-11-18", "2026-11-19")
HALVES = ("AM", "PM")
PUPILS = ("P1", "P2", "P3", "P4")
GROUPS = ("7A", "7B", "Y7")
PRESENT = {"AM": "/", "PM": "\\"}
COMMANDS = 14
NORMAL, CAMPAIGN = 8, 1500
"""How many schools are tried."""
MARKING = (AmendMarks, MoveMark, CancelSessions)
"""What changes the figures by marks alone, or by a calendar that is put back too."""
NOT_HELD = "Y4"
"""The code of a cancelled session (SI 2024/208 reg 10(10))."""

Said = tuple[str, int | None] | None
"""A code and minutes late; none where there is nothing."""


class Version(NamedTuple):
    """A version of a mark or plan, and the number of the transaction that made it."""

    batch: int
    says: Said


class Account:
    """What the events say, transaction by transaction."""

    def __init__(self, desk: Desk) -> None:
        self.marks: dict[tuple[str, str], list[Version]] = {}
        self.plans: dict[tuple[str, str], list[Version]] = {}
        self.cancelled: set[tuple[str, tuple[str, ...]]] = set()
        self.groups: dict[str, list[list[Any]]] = {}
        self.batches: list[int] = []
        for position, stream, event in desk.log():
            if isinstance(event, Committed):
                self.batches.append(position)
            self._take(stream, event)

    def _take(self, stream: str, event: Any) -> None:
        kind, _, rest = stream.partition(":")
        if kind in ("mark", "plan"):
            code = getattr(event, "code", None)
            says = None if code is None else (code, getattr(event, "minutes_late", None))
            held = self.marks if kind == "mark" else self.plans
            pupil, _, session = rest.partition(":")
            held.setdefault((pupil, session), []).append(Version(self.batches[-1], says))
        elif isinstance(event, SessionCancelled | ClosureWithdrawn):
            sessions = {(f"{event.date}/{half}", event.groups) for half in event.sessions}
            ends = isinstance(event, ClosureWithdrawn)
            self.cancelled = self.cancelled - sessions if ends else self.cancelled | sessions
        elif isinstance(event, GroupJoined):
            self.groups.setdefault(rest, []).append([event.name, event.since, None])
        elif isinstance(event, GroupLeft):
            [row] = [row for row in self.groups[rest] if row[:2] == [event.name, event.since]]
            row[2] = event.until

    def standing(self) -> tuple[dict[Any, Said], dict[Any, Said]]:
        """Return what stands of marks and plans."""
        return (
            {place: versions[-1].says for place, versions in self.marks.items()},
            {place: versions[-1].says for place, versions in self.plans.items()},
        )

    def is_cancelled(self, pupil: str, session: str) -> bool:
        """Tell whether a session is recorded as cancelled for a pupil."""
        day = date.fromisoformat(session[:10])
        mine = {
            name
            for name, since, until in self.groups[pupil]
            if (since or date.min) <= day <= (until or date.max)
        }
        concerned = (groups for at, groups in self.cancelled if at == session)
        return any(not groups or mine.intersection(groups) for groups in concerned)

    def before(self, versions: list[Version], batch: int) -> Said:
        """Return what stood when a transaction began."""
        found = [version.says for version in versions if version.batch < batch]
        return found[-1] if found else None

    def after(self, batch: int) -> tuple[dict[Any, Said], dict[Any, Said]]:
        """Return what is to stand once a transaction is put back."""
        marks, plans = self.standing()
        for place, versions in self.marks.items():
            was = self.before(versions, batch)
            if versions[-1].batch == batch and was is not None:
                not_held = was[0] == NOT_HELD
                if self.is_cancelled(*place) == not_held:
                    marks[place] = was
        for place, versions in self.plans.items():
            if versions[-1].batch == batch and place not in self.marks:
                plans[place] = self.before(versions, batch)
        return marks, plans


def some_command(chance: random.Random, numbers: list[int]) -> UseCase:
    """Return a command about few pupils and sessions, so that they meet."""
    half = chance.choice(HALVES)
    day = chance.choice(DAYS)
    session, pupil = f"{day}/{half}", chance.choice(PUPILS)
    code = chance.choice((PRESENT[half], "I", "O", "N", "L", "U"))
    late = {"minutes_late": chance.choice((5, 12))} if code in ("L", "U") else {}
    group = chance.choice(((), ("7A",), ("Y7",)))
    ahead = {"from_": "2026-11-23", "to_": chance.choice(("2026-11-23", "2026-11-24"))}
    one = {"pupil": pupil, "session": parse_session(session)}
    kinds: list[Any] = [
        lambda: MarkSession(**one, code=code, **late),
        lambda: MarkSession(**one, code=code, **late),
        lambda: AmendMarks(**one, code=code, reason="Telephoned", **late),
        lambda: AmendMarks(pupil=pupil, from_=DAYS[0], to_=DAYS[-1], code="O", reason="Seen"),
        lambda: MoveMark(
            session=parse_session(session),
            from_=pupil,
            to=chance.choice(PUPILS),
            code="N",
            reason="Wrong row",
        ),
        lambda: CancelSessions(
            sessions=(chance.choice((session, day)),), group=group, reason="Snow"
        ),
        lambda: CancelSessions(sessions=(day,), group=group, reason="Snow"),
        lambda: WithdrawClosure(
            day=date.fromisoformat(day), group=group, reason="Held", put_back=chance.random() < 0.3
        ),
        lambda: MovePupil(
            pupil=pupil,
            kind="registration",
            from_=date(2026, 11, 18),
            to=chance.choice(GROUPS[:2]),
        ),
        lambda: PlanAbsence(pupil=pupil, code="M", **ahead),
        lambda: ChangePlan(pupil=pupil, code="C", reason="Other", **ahead),
        lambda: WithdrawPlan(pupil=pupil, reason="Off", **ahead),
        lambda: PutBack(batch=str(chance.choice(numbers or [1])), reason="Wrong"),
    ]
    return chance.choice(kinds)()


def tried(desk: Desk, command: UseCase) -> bool:
    """Carry a command out; tell whether something was recorded."""
    try:
        return desk.do(command).header is not None
    except Refused:
        return False


def figures(desk: Desk) -> list[dict[str, Any]]:
    """Return every pupil's figures of the days."""
    asked = Rates(from_=date.fromisoformat(DAYS[0]), on=date.fromisoformat(DAYS[-1]))
    with view.open_view(desk.folder, asked, lambda: desk.now) as opened:
        return asked.answer(opened).rows()


def check_alerts(desk: Desk) -> None:
    """Alerts tell of each mark that denies a session which nobody cancelled, and of no other."""
    account, upns = Account(desk), {desk.id(f"P{n}"): upn(n) for n in range(1, 5)}
    expected = {
        (upns[pupil], session)
        for (pupil, session), says in account.standing()[0].items()
        if says is not None and says[0] == NOT_HELD and not account.is_cancelled(pupil, session)
    }
    asked = Alerts()
    with view.open_view(desk.folder, asked, lambda: desk.now) as opened:
        rows = asked.answer(opened).rows()
    told = [(each, row["session"]) for row in rows for each in row["upns"]]
    assert len(told) == len(set(told)) == sum(row["marks"] for row in rows)
    assert set(told) == expected


def check_put_back(desk: Desk, batch: int) -> None:
    """Put a batch back; every mark and plan then stands as the account says."""
    account = Account(desk)
    expected = account.after(batch)
    dry, head = PutBack(batch=str(batch), reason="Wrong", dry_run=True), desk.folder.head()
    assert not tried(desk, dry)
    recorded = tried(desk, PutBack(batch=str(batch), reason="Wrong"))
    assert recorded == (desk.folder.head() > head)
    assert recorded == (expected != account.standing())
    assert Account(desk).standing() == expected
    assert not tried(desk, PutBack(batch=str(batch), reason="Again"))


def check_figures(desk: Desk, command: UseCase) -> None:
    """Where a command is put back at once and leaves nothing, the figures are as they were."""
    before, stood = figures(desk), Account(desk).standing()
    number = desk.folder.head() + 1
    if not isinstance(command, MARKING) or not tried(desk, command):
        return
    check_put_back(desk, number)  # of a cancellation nothing: the sessions are cancelled
    if isinstance(command, CancelSessions):
        for day in {date.fromisoformat(each[:10]) for each in command.sessions}:
            for half in HALVES:
                withdraw = {"day": day, "session": (half,), "reason": "Held", "put_back": True}
                tried(desk, WithdrawClosure(group=command.group, **withdraw))
    if Account(desk).standing() == stood:
        assert figures(desk) == before


def test_what_is_put_back_stands_as_before_and_so_do_the_figures(built, tmp_path, request):
    """Random commands over a small school; then each batch, the newest first, or any."""
    number = CAMPAIGN if request.config.getoption("--campaign") else NORMAL
    for seed in range(number):
        chance = random.Random(seed)  # noqa: S311 - seeded trials
        path = tmp_path / str(seed)
        shutil.copytree(built, path)
        desk = Desk(Folder(path), parse_instant("2026-11-20T09:30"))
        numbers: list[int] = []
        for _ in range(COMMANDS):
            number = desk.folder.head() + 1
            if tried(desk, some_command(chance, numbers)):
                numbers.append(number)
        for _ in range(COMMANDS):
            check_figures(desk, some_command(chance, numbers))
        check_alerts(desk)
        for batch in chance.sample(numbers, min(4, len(numbers))):
            check_put_back(desk, batch)
        check_alerts(desk)
        shutil.rmtree(path)
