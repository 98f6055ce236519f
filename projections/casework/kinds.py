"""Which kinds of steps with a family there are, what each needs, and what it counts as."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ledger.english import number_of
from policies.packs.kinds import Counts, Kind, kinds
from projections.queries.blocks import Block, Lines
from projections.queries.columns import Column, Listing
from projections.queries.question import Answer, Question, argument
from projections.queries.view import View

_COUNTS: dict[Counts, str] = {
    "support": "support",
    "offered": "offered, not taken",
    "not-appropriate": "not the right step",
    "no": "",
}


@dataclass(frozen=True, kw_only=True)
class KindsOfSteps(Question[Sequence[Kind]]):
    """attendance casework kinds: which kinds of steps with a family can be recorded.

    What each needs, what may come of it, and what counts as support before a penalty notice.
    """

    which: str | None = argument(
        "one kind, by its name or a word for it, or a group of them (meeting)",
        required=False,
        metavar="[KIND]",
    )

    def find(self, view: View) -> Sequence[Kind]:
        """Find the kinds named, or all."""
        del view
        every = list(kinds().by_name.values())
        if self.which is None:
            return every
        group = [each for each in every if each.group == self.which]
        return group or [kinds().get(self.which)]

    def present(self, found: Sequence[Kind]) -> Answer:
        """Show one row a kind; one alone in full."""
        listing = Listing(COLUMNS, found)
        title = number_of(len(found), "kind of step", "kinds of steps")
        blocks: list[Block] = [listing.grid(title)]
        if len(found) == 1:
            blocks = [Lines([*_in_full(found[0])])]
        return Answer({"rows": listing}, blocks=blocks)


def _in_full(kind: Kind) -> Iterator[str]:
    yield f"{kind.label} ({kind.name}), {kind.group}"
    yield f"  needs      {', '.join(kind.needs) or 'nothing more'}"
    yield from (f"  asks       {key}: {asked}" for key, asked in kind.asks.items())
    for outcome, counts in kind.outcomes.items():
        needs = ", ".join(kind.needs_when.get(outcome, ()))
        said = "; ".join(filter(None, [_COUNTS[counts], needs and f"needs {needs}"]))
        yield f"  outcome    {outcome}{f' ({said})' if said else ''}"
    if "staff" not in kind.may:
        yield f"  who may    {', '.join(kind.may)}"
    if kind.on_word_of is not None:
        yield f"  only on the word of {kind.on_word_of}"
    if kind.restricted:
        yield "  its words are for the safeguarding role alone"
    yield f"  from       {kind.reference}"


def _counting(kind: Kind) -> str:
    """Say what it counts as, by itself or by what comes of it."""
    if kind.counts != "no":
        return _COUNTS[kind.counts]
    by_outcome = [name for name, counts in kind.outcomes.items() if counts == "support"]
    return f"support where {', '.join(by_outcome)}" if by_outcome else ""


COLUMNS: tuple[Column[Kind], ...] = (
    Column("kind", "Kind", lambda kind: kind.name),
    Column("label", "What it is"),
    Column("group", "Group"),
    Column("needs", "Needs", csv=lambda kind: "; ".join(kind.needs)),
    Column(
        "outcomes",
        value=lambda kind: dict(kind.outcomes),
        csv=lambda kind: "; ".join(kind.outcomes),
    ),
    Column("counts", "Counts as", _counting),
    Column("may", csv=lambda kind: "; ".join(kind.may)),
    Column("reference"),
)
