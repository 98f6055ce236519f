"""Who may do what only some may, by the roles that the staff hold today."""

from collections.abc import Sequence

from commands.core.command import Author, State
from ledger.clock import local_date
from ledger.errors import Refused

DECIDERS = ("head", "authoriser")
"""The head, and whom the head or the proprietor authorises (SI 2007/1867 reg 10)."""


def check(state: State, author: Author, allowed: Sequence[str], now: int, what: str) -> None:
    """Refuse somebody who holds none of the roles that may do something; ``what``, in words.

    Where nobody on the staff holds any role today, the ledger cannot tell, and nobody is refused.
    """
    today = local_date(now)
    rows = {staff_id: state.school.staff_on(staff_id, today) for staff_id in state.school.staff}
    held = {staff_id: set(row.roles) for staff_id, row in rows.items() if row is not None}
    if not any(held.values()) or held.get(author.staff_id, set()).intersection(allowed):
        return
    raise Refused(
        "not-authorised",
        f"{author.name} holds none of the roles that may {what}: {', '.join(allowed)}",
        "let somebody who does do it, or record the role with attendance staff change --role",
    )
