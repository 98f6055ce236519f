"""Reading the small files: every column by its own reader, every fault with its line."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from ledger.errors import Refused
from ledger.formats import fields, portable
from ledger.formats.fields import Field
from ledger.formats.problems import Problems
from ledger.formats.sheet import Sheet

Row = TypeVar("Row")


class Table(NamedTuple, Generic[Row]):
    """The rows of a file that could be read; ``has``: the columns that the file has.

    ``named``: every text of the first column, that of faulty rows too, so that rows of other
    files which name it are not said to name nobody.
    """

    rows: tuple[Row, ...] = ()
    has: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()


_DAY = fields.day
_DATES: Mapping[str, Field] = {"from": Field("since", _DAY), "to": Field("until", _DAY)}
_STATED: Mapping[str, Field] = {"recorded_on": Field("stated", fields.instant)}
_WHEN: Mapping[str, Field] = {
    "date": Field("date", _DAY, mandatory=True),
    "session": Field("half", fields.half, mandatory=True),
}
_OUTCOMES = ("paid", "unpaid", "not_guilty", "guilty", "withdrawn")


def _texts(*names: str, mandatory: bool = False) -> dict[str, Field]:
    return {name: Field(name, fields.text, mandatory) for name in names}


def _flags(*names: str) -> dict[str, Field]:
    return {name: Field(name, fields.yes_no) for name in names}


_FIELDS: Mapping[str, Mapping[str, Field]] = {
    portable.STAFF: {
        **_texts("staff_id", "name", "job_title", mandatory=True),
        "roles": Field("roles", fields.roles, empty=()),
        **_DATES,
    },
    portable.PUPILS: {
        "upn": Field("upn", fields.upn, mandatory=True),
        **_texts("local_id", "sex", "name_used", "address", "last_school", "next_school"),
        **_texts("surname", "forename", mandatory=True),
        "dob": Field("dob", _DAY, mandatory=True),
        "starts_on": Field("starts_on", _DAY, mandatory=True),
        "leaves_on": Field("leaves_on", _DAY),
        "leaving_ground": Field("ground", fields.text, empty=""),
        "boarder": Field("boarder", fields.flag, empty=False),
        **_STATED,
    },
    portable.GROUPS: {
        **_texts("upn", "name", mandatory=True),
        "kind": Field("kind", fields.one_of("year", "registration", "cohort"), mandatory=True),
        **_DATES,
        **_STATED,
    },
    portable.PARENTS: {
        **_texts("parent_id", "surname", mandatory=True),
        **_texts("title", "forename", "address", "phone", "email"),
        "dob": Field("dob", lambda cell: _DAY(cell).isoformat()),
        **_flags("address_confidential"),
    },
    portable.RELATIONS: {
        **_texts("parent_id", "upn", mandatory=True),
        **_texts("relationship"),
        **_flags("lives_with", "parental_responsibility", "care", "no_contact"),
        "contact_order": Field("contact_order", fields.number),
        **_DATES,
        **_STATED,
    },
    portable.AMENDMENTS: {
        **_texts("upn", "original", "amended", mandatory=True),
        **_WHEN,
        **_texts("reason", "nature"),
        "amended_by": Field("by", fields.text),
        "amended_on": Field("stated", fields.instant),
        "minutes_late": Field("minutes_late", fields.number),
        "kind": Field("kind", fields.one_of(*portable.CHANGE_KINDS)),
    },
    portable.NOTICES: {
        **_texts("parent_id", "upn", mandatory=True),
        "kind": Field("kind", fields.one_of("s444A", "s105"), mandatory=True),
        "issued_on": Field("issued_on", _DAY, mandatory=True),
        **{
            name: Field(name, _DAY)
            for name in ("offence_first", "offence_last", "received_on", "paid_on",
                         "withdrawn_on", "outcome_on")
        },
        "outcome": Field("outcome", fields.one_of(*_OUTCOMES)),
        "sessions": Field("sessions", fields.sessions, empty=()),
        **_texts("issuer"),
        **_STATED,
    },
    portable.CASEWORK: {
        **_texts("upn", "step", mandatory=True),
        "on": Field("on", _DAY, mandatory=True),
        **_texts("by", "outcome", "notes"),
        "with": Field("with_whom", fields.text),
    },
    portable.PLANS: {
        **_texts("upn", mandatory=True),
        **_WHEN,
        **_texts("code", "reason", "nature"),
        "planned_by": Field("by", fields.text),
        "planned_on": Field("stated", fields.instant),
        "step": Field("step", fields.one_of(*portable.PLAN_STEPS), mandatory=True),
    },
}  # fmt: skip


def read(sheet: Sheet, make: Callable[..., Row], problems: Problems) -> Table[Row]:
    """Read every row of a file that is in order; add to ``problems`` what is wrong elsewhere."""
    names = portable.FILES[sheet.file].all
    found, named = [], set()
    for line, cells in sheet.rows():
        named.add(cells[0])
        if row := _row(sheet.file, line, dict(zip(names, cells, strict=True)), problems):
            found.append(make(line=line, **row))
    return Table(tuple(found), sheet.has, frozenset(named))


def _row(
    file: str, line: int, cells: Mapping[str, str], problems: Problems
) -> dict[str, Any] | None:
    row: dict[str, Any] = {}
    for name, why_or_value in values(_FIELDS[file], cells):
        if isinstance(why_or_value, Refused):
            problems.refuse(file, line, why_or_value)
            row["faulty"] = True
        else:
            row[name] = why_or_value
    return None if "faulty" in row else row


def values(wanted: Mapping[str, Field], cells: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """Yield each attribute of a row with its value, or with the refusal of its cell."""
    for column, cell in cells.items():
        field = wanted[column]
        if not cell:
            missing = Refused("field-empty", f"{column} is empty", "it must be given")
            yield field.attribute, missing if field.mandatory else field.empty
            continue
        try:
            yield field.attribute, field.read(cell)
        except Refused as why:
            yield field.attribute, Refused(why.code, f"{column}: {why.what}", why.remedy)
