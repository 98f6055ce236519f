"""Every policy that the school adopted: its dates, by whom and when."""

from dataclasses import dataclass
from typing import Any

from ledger.clock import iso
from policies.packs import school as school_packs
from projections.amending.policy import Adopted, adopted, no_policy
from projections.history.beside import moment
from projections.queries.question import Answer, Grid, Lines, Question, number_of
from projections.queries.versions import Describer
from projections.queries.view import View

_COLUMNS = ("policy", "from", "until", "replaced", "name", "job_title", "recorded_at", "position")


@dataclass(frozen=True, kw_only=True)
class PoliciesAdopted(Question):
    """attendance policy list: every policy that the school adopted: its dates, by whom and when.

    The one that applies on a day is shown by attendance policy --on.
    """

    def answer(self, view: View) -> Answer:
        """Answer with one row a policy, in order of its first day."""
        describer = Describer(view)
        rows = [_row(view, describer, each) for each in adopted(view)]
        shipped = f"Shipped, to adopt or to copy: {', '.join(school_packs.names())}."
        document = {"as_of": view.as_of(), "shipped": school_packs.names(), "rows": rows}
        if view.knows_nothing:
            return Answer(
                {**document, "knows_nothing": True}, _COLUMNS, [Lines([view.ignorance()])]
            )
        if not rows:
            return Answer(
                document, _COLUMNS, [Lines([no_policy(view), shipped, view.provenance()])]
            )
        headings = ("Policy", "From", "Until", "Adopted", "By", "Position")
        body = [
            (
                r["policy"],
                r["from"],
                _until(r),
                moment(r["recorded_at"]),
                _who(r),
                str(r["position"]),
            )
            for r in rows
        ]
        title = f"{number_of(len(rows), 'adoption')} of a policy"
        grid = Grid(title, headings, body, frozenset({5}), notes=[shipped, view.provenance()])
        return Answer(document, _COLUMNS, [grid])


def _row(view: View, describer: Describer, each: Adopted) -> dict[str, Any]:
    return {
        "policy": each.policy,
        "from": each.since.isoformat(),
        "until": each.until.isoformat() if each.until else None,
        "replaced": each.replaced,
        "name": view.open(each.name),
        "job_title": each.job_title,
        "recorded_at": iso(describer.commit(each.position).at),
        "position": each.position,
    }


def _until(row: dict[str, Any]) -> str:
    return "replaced from the same day" if row["replaced"] else row["until"] or ""


def _who(row: dict[str, Any]) -> str:
    return f"{row['name']} ({row['job_title']})"
