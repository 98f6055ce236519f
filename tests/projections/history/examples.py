"""Ann's mark of one Monday morning, who changes it, and what her history says."""

from datetime import date

from ledger.events.register import MarkAmended
from projections.history.history import History
from projections.rendering.text import as_text
from tests.projections.ledgers import instant, on_mark

SESSION = "2025-09-08/AM"
AT = instant(2025, 9, 8, 7, 50)
ON = {"on": date(2025, 9, 30)}
CLERK = {"by": "s1", "name": "Mrs Then", "job_title": "Clerk"}
HEAD = {"by": "s2", "name": "Mr Teacher", "job_title": "Head"}


def amended(pupil="ann", session=SESSION, **more):
    """An amendment by the clerk."""
    stated = {"original": "N", "code": "I", "reason": "ill"}
    return on_mark(pupil, session, MarkAmended(**stated | CLERK | more))


def ask(book, session=None, who="U-ann", **asked):
    """The answer of Ann's history."""
    return book.ask(History(who=who, session=session, **ON | asked))


def text(answer):
    """An answer as it is read."""
    return "\n".join(as_text(answer.blocks))
