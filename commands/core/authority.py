"""Who may give a command: the table `policies/roles.toml`, asked in one place, by the writer.

It is asked before anything is decided; and again of what was decided, where that gives or takes a
role, whichever command or import does. Whom ``--as`` names is a claim: what is held against the
table is what the ledger records of that person.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import chain
from typing import Any, NamedTuple

from commands.core.command import Author, Decision, State, UseCase
from commands.core.ranges import CALENDAR, POLICIES, ROLL, STAFF, Range
from ledger.clock import local_date
from ledger.english import alternatives
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.amending import PolicyAdopted
from ledger.events.log import Committed
from ledger.events.school import RolesChanged
from ledger.state.school import School, StaffRow, evolve, row_on
from ledger.store.facts import Fact
from policies.packs import school as school_packs
from policies.packs.roles import ADOPTING, GIVING, Act, acts
from policies.packs.school import SchoolPolicy

_DAY = timedelta(days=1)
_NAMED = 3
"""How many people are named who may do what somebody else may not."""


# -- a command ---------------------------------------------------------------------------------


def check(state: State, words: str, now: int, what: str = "") -> list[Range]:
    """Refuse whoever may not give a command; return what of the ledger that rests on.

    ``words``: the command's, or `GIVING`; ``what``: what of it is meant, told in the refusal.
    """
    act, today = acts().by_command[words], local_date(now)
    for word, (applies, rests) in _WITHOUT_A_ROLE.items():
        if word in act.who and applies(state, today):
            return [*rests]
    if what and state.operator.staff_id is None:
        raise _nobody_named(act, what)
    author = state.author(now)
    if "staff" in act.who:
        return [state.own_row]
    roles = act.roles
    if act.policy is not None and (on_day := policy_in_force(state, today)):
        check_policy_role(state, on_day, act.policy, author, act.may)
        roles = on_day.policy.roles(act.policy, today) or roles
    if not _holds(state, author.staff_id, roles, today):
        raise _refusal(state, author, act, today, what)
    return [state.own_row, POLICIES]


def lacking_roles(state: State, roles: Sequence[str], now: int, what: str) -> Refused | None:
    """Return the refusal of an author who holds none of some roles; the use case named the staff.

    ``what``: what they wanted to do.
    """
    author, today = state.author(now), local_date(now)
    if _holds(state, author.staff_id, roles, today):
        return None
    act = Act(commands=(), may=what, who=tuple(roles), reference="")
    return _refusal(state, author, act, today, "")


def lacking(state: State, words: str, now: int) -> str:
    """Say who may give a command, where whoever is named may not; nothing where they may."""
    act = acts().by_command.get(words)
    if act is None:
        return ""
    try:
        check(state, words, now)
    except Refused:
        today = local_date(now)
        on_day = policy_in_force(state, today) if act.policy is not None else None
        roles = on_day and act.policy and on_day.policy.roles(act.policy, today)
        named = roles or act.roles
        return alternatives(named) if named else "on the staff"
    return ""


def _holds(state: State, staff_id: str, roles: Iterable[str], day: date) -> bool:
    row = state.school.staff_on(staff_id, day)
    return row is not None and not set(row.roles).isdisjoint(roles)


# -- who may without a role --------------------------------------------------------------------


def is_empty(state: State, _today: date) -> bool:
    """Tell whether the ledger knows no school, no pupil, and nobody with a role."""
    school = state.school
    return not (school.opened or school.pupils or _ever_held(school, acts().opening, date.max))


def _is_first(state: State, today: date) -> bool:
    return not state.school.staff or state.operator.staff_id in _first(state, today)


def _first(state: State, today: date) -> list[str]:
    """Return the first of all, where entered by hand, and while nobody could give a role yet."""
    if _ever_held(state.school, giving_roles(), today):
        return []
    facts = state.facts_of(0, state.position, (streams.STAFF,))[:1]
    by_hand = [
        streams.parts(fact.stream)[1] for fact in facts if not _is_imported(state, fact.position)
    ]
    return [each for each in by_hand if state.school.staff_on(each, today)]


def _is_imported(state: State, position: int) -> bool:
    header = state.transaction_of(position)
    return header is not None and isinstance(header.event, Committed) and bool(header.event.source)


def _is_vacant(state: State, today: date) -> bool:
    return not any(state.school.staff_on(staff_id, today) for staff_id in state.school.staff)


def _ever_held(school: School, roles: Iterable[str], until: date) -> bool:
    wanted = set(roles)
    rows = chain.from_iterable(each.values() for each in school.staff.values())
    return any(wanted & set(row.roles) and (row.since or until) <= until for row in rows)


_WITHOUT_A_ROLE: Mapping[str, tuple[Callable[[State, date], bool], tuple[Range, ...]]] = {
    "anyone": (lambda _state, _today: True, ()),
    "unnamed": (lambda state, _today: state.operator.staff_id is None, ()),
    "empty": (is_empty, (CALENDAR, ROLL, STAFF)),
    "vacant": (_is_vacant, (STAFF,)),
    "first": (_is_first, (STAFF,)),
}
"""The words of the table: when each lets somebody do it, and what of the ledger that rests on."""


# -- the school's own policy -------------------------------------------------------------------


class PolicyOnDay(NamedTuple):
    """The school's own policy, and the day as of which it is asked."""

    policy: SchoolPolicy
    day: date


def policy_in_force(state: State, day: date) -> PolicyOnDay | None:
    """Return the school's own policy on a day, none where it has adopted none."""
    adopted = state.school.policy_on(day)
    if adopted is None:
        return None
    return PolicyOnDay(school_packs.read(adopted.text, adopted.policy), day)


def check_policy_role(
    state: State, on_day: PolicyOnDay, key: str, author: Author, what: str
) -> None:
    """Refuse an author who holds none of the roles that a key of the policy names, if any.

    ``what``: what they wanted to do.
    """
    policy, day = on_day
    rule = policy.find(key, day)
    if rule is None or _holds(state, author.staff_id, rule.names, day):
        return
    roles = " or ".join(rule.names)
    raise Refused(
        "policy-role",
        f"{author.name} may not {what}: the school's policy {policy.name} names {roles} "
        f"({key}; {rule.reference})",
        f"ask somebody with the role {roles}; attendance policy shows what applies",
    )


# -- roles that are given or taken -------------------------------------------------------------


def giving_roles() -> tuple[str, ...]:
    """Return the roles whose holders may give roles."""
    return acts().by_command[GIVING].roles


class Move(NamedTuple):
    """Roles that somebody has, or has no more, on some day by what was decided.

    ``since``: the first day on which anything differs; none: from the beginning.
    """

    staff_id: str
    given: frozenset[str]
    taken: frozenset[str]
    since: date | None

    @property
    def words(self) -> str:
        """Say it, with the day from which it differs."""
        gained = [f"would be {', '.join(sorted(self.given))}"] if self.given else []
        lost = [f"would no longer be {', '.join(sorted(self.taken))}"] if self.taken else []
        since = f" from {self.since}" if self.since else ""
        return f"{self.staff_id} {' and '.join(gained + lost)}{since}"


def with_roles(
    state: State, command: UseCase, decision: Decision, now: int
) -> tuple[Decision, list[Range]]:
    """Return a decision with who gives and takes the roles in it, and what that rests on.

    Refused where whoever decided may not give roles. A role that opens nothing, neither in the
    table nor by a policy of the school, is free.
    """
    moves = list(_moves(state.school, decision))
    if not moves:
        return decision, []
    opening, rests = _opening(state), [POLICIES]
    if guarded := [move for move in moves if opening & (move.given | move.taken)]:
        what = "; ".join(move.words for move in guarded)
        rests += check(state, command.giving, now, what)
    vacant, staff_id = command.giving != GIVING, state.operator.staff_id
    named = staff_id is not None and state.school.staff_on(staff_id, local_date(now))
    if not (named or vacant):
        return decision, rests
    said: dict[str, Any] = dict(state.author(now).fields) if named else {}
    if vacant:
        said |= {"vacant": True, "reason": decision.reason}
    given = [Fact(streams.staff(move.staff_id), _event(move, said)) for move in moves]
    facts = decision.facts
    both = [*facts, *given] if isinstance(facts, Sequence) else chain(given, facts)
    return replace(decision, facts=both, count=decision.count + len(given)), rests


def check_policies(state: State, command: UseCase, decision: Decision, now: int) -> list[Range]:
    """Refuse a policy in a file from whoever may not adopt one; return what that rests on.

    It says who may amend and approve: it is guarded like a role.
    """
    if command.act == ADOPTING:
        return []
    brought = [each.event for each in _decided(decision) if isinstance(each.event, PolicyAdopted)]
    what = "; ".join(f"the policy {each.policy} would be adopted" for each in brought)
    return check(state, ADOPTING, now, what) if brought else []


def check_acts(state: State, decision: Decision, now: int) -> list[Range]:
    """Refuse a named person what a file does and they may not; return what that rests on.

    What nobody here is named for is a source's own word.
    """
    if state.operator.staff_id is None or not decision.acts:
        return []
    if is_empty(state, local_date(now)):
        return [CALENDAR, ROLL, STAFF]
    rests = [check(state, words, now, what) for words, what in decision.acts.items()]
    return [*chain.from_iterable(rests)]


def _decided(decision: Decision) -> Sequence[Fact]:
    """Return the facts of a decision, where they are made on the way those of the school."""
    return decision.facts if isinstance(decision.facts, Sequence) else decision.held


def _event(move: Move, said: Mapping[str, Any]) -> RolesChanged:
    return RolesChanged(
        given=tuple(sorted(move.given)),
        taken=tuple(sorted(move.taken)),
        since=move.since,
        **said,
    )


def _opening(state: State) -> frozenset[str]:
    """Return the roles that open anything: by the table, or by any policy that was adopted."""
    policies = (school_packs.read(each.text, each.policy) for each in state.school.policies)
    rules = (policy.rules.get(key, ()) for policy in policies for key in school_packs.OF_ROLES)
    return acts().opening.union(*(rule.names for rule in chain.from_iterable(rules)))


def _moves(school: School, decision: Decision) -> Iterator[Move]:
    facts = [each for each in _decided(decision) if each.stream.startswith(streams.STAFF)]
    after = School()
    for staff_id in {streams.parts(fact.stream)[1]: None for fact in facts}:
        rows = school.staff.get(staff_id, {})
        after.staff[staff_id] = {since: replace(row) for since, row in rows.items()}
    for stream, event in facts:
        evolve(after, stream, event)
    for staff_id, rows in after.staff.items():
        if move := _move(staff_id, school.staff.get(staff_id, {}).values(), rows.values()):
            yield move


def _move(staff_id: str, before: Iterable[StaffRow], after: Iterable[StaffRow]) -> Move | None:
    """Return how the roles of one person differ, on every day on which they may."""
    rows = [*before, *after]
    days = {row.since or date.min for row in rows}
    days |= {row.until + _DAY for row in rows if row.until not in (None, date.max)}
    differing = [
        (day, _roles(before, day), _roles(after, day))
        for day in sorted(days)
        if _roles(before, day) != _roles(after, day)
    ]
    if not differing:
        return None
    given = frozenset().union(*(now - then for _, then, now in differing))
    taken = frozenset().union(*(then - now for _, then, now in differing))
    first = differing[0][0]
    return Move(staff_id, given, taken, None if first == date.min else first)


def _roles(rows: Iterable[StaffRow], day: date) -> frozenset[str]:
    row = row_on(rows, day)
    return frozenset(row.roles) if row is not None else frozenset()


# -- refusals ----------------------------------------------------------------------------------


def _nobody_named(act: Act, what: str) -> Refused:
    return Refused(
        "by-nobody",
        f"{what}; only {alternatives(act.roles)} may {act.may}, and nobody is named",
        "let one of them name themselves with --as STAFF_ID, or leave that out",
    )


def _refusal(state: State, author: Author, act: Act, today: date, what: str) -> Refused:
    about = f" ({what})" if what else ""
    return Refused(
        "not-authorised",
        f"{author.name} holds none of the roles that may {act.may}: {', '.join(act.roles)}{about}",
        _remedy(state, act, today),
    )


def _remedy(state: State, act: Act, today: date) -> str:
    """Say who may do it; where nobody may, who may give the role; where nobody may, the way in."""
    able = [each for each in state.school.staff if _holds(state, each, act.roles, today)]
    if able:
        return f"let somebody who does do it: {_named(state, able, today)}"
    giving = giving_roles()
    if first := _first(state, today):
        role = alternatives([f"--role {role}" for role in act.roles])
        who = f"{_named(state, first, today)}, the first member of staff,"
        return f"nobody does; {who} may give it: attendance staff change STAFF_ID {role}"
    return (
        f"nobody on the staff is {alternatives(giving)}: attendance staff appoint STAFF_ID "
        f"--role {giving[0]} --reason WHY gives a role, and is shown from then on"
    )


def _named(state: State, staff_ids: Sequence[str], today: date) -> str:
    found = [f"{state.author_on(each, today).name} ({each})" for each in staff_ids[:_NAMED]]
    return ", ".join([*found, *(["…"] if len(staff_ids) > _NAMED else [])])
