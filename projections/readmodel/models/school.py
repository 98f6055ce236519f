"""The school and its staff, as intervals of knowledge."""

from ledger.events import streams
from ledger.events.school import SchoolOpened, StaffChanged, StaffJoined, StaffLeft
from projections.readmodel.records.school import School, StaffSpell
from projections.readmodel.tables import Handlers, Moment, Writer


def _put_school(writer: Writer, moment: Moment, _: str, e: SchoolOpened) -> None:
    writer.put(School, moment, e)


def _put_staff(writer: Writer, moment: Moment, stream: str, e: StaffJoined | StaffChanged) -> None:
    writer.put(StaffSpell, moment, e, staff=streams.parts(stream)[1])


def _end_staff(writer: Writer, moment: Moment, stream: str, e: StaffLeft) -> None:
    stood = writer.current(StaffSpell, staff=streams.parts(stream)[1], since=e.since)
    writer.put(StaffSpell, moment, stood, until=e.until)


HANDLERS: Handlers = {
    SchoolOpened: _put_school,
    StaffJoined: _put_staff,
    StaffChanged: _put_staff,
    StaffLeft: _end_staff,
}
