"""When names of staff were looked up in an audit, by whom and why."""

from ledger.events.disclosure import NamesShown
from projections.readmodel.tables import Moment, Table, Writer

_SHOWN = {"reason": str, "seen_at": int, "by": str, "name": str, "job_title": str}
TABLES = {"names_shown": Table(key=("line",), columns={"line": int, **_SHOWN})}


def _shown(writer: Writer, moment: Moment, _: str, e: NamesShown) -> None:
    payload = (e.reason, e.seen_at, e.by, e.name, e.job_title)
    writer.put("names_shown", (moment.position,), payload, moment)


HANDLERS = {NamesShown: _shown}
