"""Every class that has a table: for who makes the tables, and for nobody who asks."""

from projections.readmodel.record import Record
from projections.readmodel.records.amending import AdoptedPolicy, Evidence, Request
from projections.readmodel.records.disclosure import (
    Disclosure,
    NamesShown,
    Redaction,
    ReturnFigure,
    ReturnMade,
)
from projections.readmodel.records.leave import LeaveAsked, LeaveStep
from projections.readmodel.records.log import Commit, Import, LedgerName, SourceFile
from projections.readmodel.records.penalties import (
    AlertSettlement,
    CaseworkStep,
    Confirmation,
    Consideration,
    Notice,
    Undercut,
)
from projections.readmodel.records.proof import Backup, Witness
from projections.readmodel.records.register import Conflict, Mark, Plan, RegisterTaken
from projections.readmodel.records.roll import (
    AdmissionAmendment,
    DetailAmendment,
    Details,
    Membership,
    Parent,
    Pupil,
    Relation,
    Spell,
)
from projections.readmodel.records.school import Closure, School, StaffSpell, Term, Times

RECORDS: tuple[type[Record], ...] = (
    Commit, Import, LedgerName, SourceFile, School, StaffSpell, Term, Times, Closure, Pupil,
    Spell, Details, DetailAmendment, AdmissionAmendment, Membership, Parent, Relation, Mark, Plan,
    RegisterTaken, Conflict, Request, AdoptedPolicy, Evidence, LeaveAsked, LeaveStep, CaseworkStep,
    Notice, Consideration, Confirmation, Undercut, AlertSettlement, Disclosure, Redaction,
    NamesShown, ReturnMade, ReturnFigure, Witness, Backup,
)  # fmt: skip
