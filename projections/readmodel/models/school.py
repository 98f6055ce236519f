"""The school and its staff, as intervals of knowledge."""

from ledger.events import streams
from ledger.events.school import SchoolOpened, StaffChanged, StaffJoined, StaffLeft
from projections.readmodel.tables import Handlers, Moment, Table, Writer, iso

TABLES = {
    "school": Table(
        key=(),
        columns={"urn": str, "name": str, "la_code": str, "estab": str, "type": str, "phase": str},
    ),
    "staff": Table(
        key=("staff", "since"),
        columns={
            "staff": str,
            "since": str,
            "name": str,
            "job_title": str,
            "roles": str,
            "until": str,
        },
    ),
}


def _put_school(writer: Writer, moment: Moment, _: str, e: SchoolOpened) -> None:
    writer.put("school", (), (e.urn, e.name, e.la_code, e.estab, e.type, e.phase), moment)


def _put_staff(writer: Writer, moment: Moment, stream: str, e: StaffJoined | StaffChanged) -> None:
    key = (streams.parts(stream)[1], iso(e.since))
    writer.put("staff", key, (e.name, e.job_title, ";".join(e.roles), iso(e.until)), moment)


def _end_staff(writer: Writer, moment: Moment, stream: str, e: StaffLeft) -> None:
    key = (streams.parts(stream)[1], iso(e.since))
    row = writer.current("staff", "name, job_title, roles", "staff IS ? AND since IS ?", key)
    writer.put("staff", key, (*row, iso(e.until)), moment)


HANDLERS: Handlers = {
    SchoolOpened: _put_school,
    StaffJoined: _put_staff,
    StaffChanged: _put_staff,
    StaffLeft: _end_staff,
}
