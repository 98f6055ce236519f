"""To whom a letter about leave may go, and which address may be printed on it.

Flags count by the newest that is recorded, whenever the letter is as at: a letter leaves today.
"""

from collections.abc import Iterator

from ledger.errors import Refused
from policies.law import parents
from projections.leave.requests import Found
from projections.queries.view import View

_RELATED = """SELECT parent, no_contact, until, parental_responsibility, care, relationship
    FROM relations WHERE pupil = ? AND kt IS NULL"""
CONFIDENTIAL = "(address confidential: not printed)"


def check(view: View, leave: Found) -> None:
    """Refuse a letter to somebody who is none of the pupil's parents or may not be contacted."""
    related = {row[0]: row[1:] for row in view.db.execute(_RELATED, [leave.pupil])}
    for parent, (no_contact, *_) in sorted(related.items()):
        named = leave.parent is None and _names(view, parent, leave.asked_by or "")
        if no_contact == "yes" and (parent == leave.parent or named):
            raise _barred(parent, "no_contact is yes", "take advice before anything leaves")
    if leave.parent is None:
        return
    if leave.parent not in related:
        remedy = "record the relation first (attendance relation record)"
        raise _barred(leave.parent, "no relation to the pupil is recorded", remedy)
    _, until, *flags = related[leave.parent]
    responsible, care, relationship = flags
    as_what = view.open(relationship)
    if parents.liable(responsible, care, as_what, view.today) is None:
        remedy = "check who asked, or what is recorded of them (attendance relation record)"
        raise _barred(leave.parent, "they are recorded as no parent of the pupil", remedy)
    if until is not None and until < view.today.isoformat():
        remedy = "check who is to be told"
        raise _barred(leave.parent, f"the relation ended on {until}", remedy)


def _barred(parent: str, flag: str, remedy: str) -> Refused:
    return Refused("parent-barred", f"no letter goes to parent {parent}: {flag}", remedy)


def _names(view: View, parent: str, text: str) -> bool:
    """Tell whether a text holds both names of a parent, as they are recorded now."""
    sql = "SELECT forename, surname FROM parents WHERE parent = ? AND kt IS NULL"
    for sealed in view.db.execute(sql, [parent]):
        names = [view.open(name) for name in sealed]
        if all(name and name.casefold() in text.casefold() for name in names):
            return True
    return False


def address(view: View, leave: Found) -> Iterator[str]:
    """Yield the address on record of the parent who asked, unless it was ever confidential."""
    if leave.parent is None:
        return
    sql = "SELECT 1 FROM parents WHERE parent = ? AND address_confidential = 'yes' LIMIT 1"
    if view.db.execute(sql, [leave.parent]).fetchone():
        yield CONFIDENTIAL
        return
    for (sealed,) in view.stood("address", "parents", "parent = :v0", leave.parent):
        if sealed:
            yield view.open(sealed) or ""
