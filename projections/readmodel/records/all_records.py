"""Every class that has a table: for who makes the tables, and for nobody who asks."""

from projections.readmodel.record import Record
from projections.readmodel.records import (
    amending,
    disclosure,
    leave,
    log,
    penalties,
    proof,
    register,
    roll,
    school,
)

_MODULES = (log, school, roll, register, amending, leave, penalties, disclosure, proof)
RECORDS: tuple[type[Record], ...] = tuple(
    found
    for module in _MODULES
    for found in vars(module).values()
    if isinstance(found, type) and issubclass(found, Record) and "TABLE" in vars(found)
)
