"""The school's own policy on amending: what it says on a day, and every one that was adopted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import zip_longest
from typing import NamedTuple

from ledger.english import number_of
from policies.packs import school as school_packs
from policies.packs.values import Rule, parameters
from projections.queries.blocks import Lines
from projections.queries.columns import Column, Listing
from projections.queries.people import Author
from projections.queries.question import Answer, Question
from projections.queries.versions import recorded_columns
from projections.queries.view import View
from projections.readmodel.records.amending import AdoptedPolicy

_DAY = timedelta(days=1)
_MEANS = {
    school_packs.ROLES: "only these roles may amend",
    school_packs.LATE_ROLES: "only these roles may amend late",
    school_packs.LATE_DAYS: "late: after so many school days",
    school_packs.APPROVAL_DAYS: "a second person approves after so many school days",
    school_packs.APPROVAL_MORE: "a second person approves more marks at once than",
    school_packs.APPROVAL_RELIED: "a second person approves where a notice relied on it",
    school_packs.APPROVERS: "who may approve",
}


class Adoption(NamedTuple):
    """One adoption as known, by whom and when.

    ``until``: the last day on which it applies, none where that is open; ``replaced``: by
    another one from the same day, before it applied.
    """

    policy: AdoptedPolicy
    by: Author
    at: int
    until: date | None
    replaced: bool

    @property
    def adopter(self) -> str:
        """Name and title."""
        return self.by.titled


def _end(one: AdoptedPolicy, after: AdoptedPolicy | None) -> tuple[date | None, bool]:
    if after is None:
        return None, False
    replaced = one.since == after.since
    return (None if replaced else after.since - _DAY), replaced


class Policies(NamedTuple):
    """The policies adopted, as asked on a day."""

    on: date
    adopted: Sequence[Adoption]

    @property
    def in_force(self) -> Adoption | None:
        """The policy that applies on the day, none where there is none."""
        begun = [each for each in self.adopted if each.policy.since <= self.on]
        return begun[-1] if begun else None


class _AboutPolicies(Question[Policies]):
    def find(self, view: View) -> Policies:
        """Find the policies adopted, in order; one ends on the day before the next begins."""
        known = sorted(view.standing(AdoptedPolicy), key=lambda each: (each.since, each.position))
        return Policies(
            view.on,
            [
                Adoption(
                    each,
                    view.decider(each, each.position),
                    view.done_at(each.position, each.sf),
                    *_end(each, after),
                )
                for each, after in zip_longest(known, known[1:])
            ],
        )


@dataclass(frozen=True, kw_only=True)
class PolicyInForce(_AboutPolicies):
    """attendance policy: what the school's own policy says on amending, on a day.

    Every rule of the policy that applies, with its dates and where it is written.
    """

    def present(self, found: Policies) -> Answer:
        """Show one row a rule in force on the date."""
        adoption = found.in_force
        if adoption is None:
            return Answer(self.unknown().fields, blocks=[Lines([_no_policy(found.on)])])
        policy, rules = adoption.policy, Listing(_RULES, _rules(adoption, found.on))
        fields = {
            "policy": policy.policy,
            "since": policy.since,
            "adopted_by": {
                "staff": policy.by,
                "name": adoption.by.name,
                "title": adoption.by.job_title,
            },
            "position": policy.position,
            "text": policy.text,
            "rows": rules,
        }
        title = f"Policy {policy.policy}, from {policy.since}, adopted by {adoption.adopter}"
        none = "It has no rule in force: all that the statute allows applies at once."
        notes = [*([] if rules else [none]), "What is in a family's favour applies at once."]
        return Answer(fields, blocks=[rules.grid(title, notes=notes)])

    def unknown(self) -> Answer:
        """Return no policy."""
        return Answer({"policy": None, "rows": Listing(_RULES, [])})


@dataclass(frozen=True, kw_only=True)
class PoliciesAdopted(_AboutPolicies):
    """attendance policy list: every policy that the school adopted: its dates, by whom and when.

    The one that applies on a day is shown by attendance policy --on.
    """

    def present(self, found: Policies) -> Answer:
        """Show one row a policy."""
        listing = Listing(_ADOPTIONS, found.adopted)
        shipped = f"Shipped, to adopt or to copy: {', '.join(school_packs.names())}."
        title = f"{number_of(len(listing), 'adoption')} of a policy"
        table = listing.grid(title, notes=[shipped])
        shown = table if listing else Lines([_no_policy(found.on), shipped])
        return Answer({"shipped": school_packs.names(), "rows": listing}, blocks=[shown])

    def unknown(self) -> Answer:
        """Return what is shipped, and no adoption."""
        return Answer({"shipped": school_packs.names(), "rows": Listing(_ADOPTIONS, [])})


def _no_policy(on: date) -> str:
    """Say that there is none, and what then applies."""
    rule = parameters().find("register.amendment_states", on)
    where = f" ({rule.reference})" if rule else ""
    return f"no policy: the statute restricts nobody{where}, and all applies at once"


class AppliedRule(NamedTuple):
    """A rule of a policy, and the first and last day on which it applies; none where open."""

    key: str
    rule: Rule
    first: date
    last: date | None


def _rules(adoption: Adoption, on: date) -> list[AppliedRule]:
    """Return the rules in force, each with the days on which it and the policy apply."""
    adopted = adoption.policy
    policy, found = school_packs.read(adopted.text, adopted.policy), []
    for key in school_packs.KEYS:
        rule = policy.find(key, on)
        if rule is not None:
            ends = [day for day in (adoption.until, rule.until) if day is not None]
            first = max(adopted.since, rule.since)
            found.append(AppliedRule(key, rule, first, min(ends, default=None)))
    return found


def _days(row: AppliedRule) -> str:
    return f"from {row.first}" + (f" to {row.last}" if row.last else "")


_RULES: tuple[Column[AppliedRule], ...] = (
    Column("key", "Rule"),
    Column("value", "Says", lambda row: row.rule.value),
    Column("", "Which means", lambda row: _MEANS[row.key]),
    Column("", "In force", text=_days),
    Column("from", value=lambda row: row.first),
    Column("until", value=lambda row: row.last),
    Column("reference", "Where it is written", lambda row: row.rule.reference),
    Column("note", value=lambda row: row.rule.note),
)


def _until(row: Adoption) -> str:
    return "replaced from the same day" if row.replaced else str(row.until or "")


_ADOPTIONS: tuple[Column[Adoption], ...] = (
    Column("policy", "Policy", lambda row: row.policy.policy),
    Column("from", "From", lambda row: row.policy.since),
    Column("until", "Until", text=_until),
    Column("replaced"),
    Column("name", value=lambda row: row.by.name),
    Column("job_title", value=lambda row: row.by.job_title),
    *recorded_columns("Adopted", lambda row: row.at),
    Column("", "By", lambda row: row.adopter),
    Column("position", "Position", lambda row: row.policy.position, number=True),
)  # fmt: skip
