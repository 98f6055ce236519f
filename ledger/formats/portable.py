"""The portable folder: which files it holds, and their columns in order.

Import and export share this page. Columns beyond the contract are ours: they let an export say
what no source system states (``kind``, plans), so that it can be imported without loss.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Literal

from msgspec import Struct

SCHOOL = "school.toml"
STAFF = "staff.csv"
PUPILS = "pupils.csv"
GROUPS = "groups.csv"
PARENTS = "parents.csv"
RELATIONS = "relations.csv"
MARKS = "marks.csv"
AMENDMENTS = "amendments.csv"
NOTICES = "notices.csv"
CASEWORK = "casework.csv"
PLANS = "plans.csv"
CORRECTIONS = "corrections.csv"
LEAVE = "leave.csv"
CONSIDERATIONS = "considerations.csv"
CONFIRMATIONS = "confirmations.csv"
REGISTERS = "registers.csv"
APPROVALS = "approvals.csv"
EVIDENCE = "evidence.csv"
POLICIES = "policies.csv"
RETURNS = "returns.csv"
DISCLOSURES = "disclosures.csv"
UNCOUNTED = "uncounted.csv"

NO_MARK = "-"
"""In the code column: no mark was made."""
LIST_SEPARATOR = ";"
"""Between the roles of a member of staff, and between the sessions of a notice."""

EntryKind = Literal["entry", "late_entry"]
ChangeKind = Literal["taking", "amendment", "restated"]
PlanStep = Literal["planned", "changed", "withdrawn"]
LeaveStep = Literal["requested", "granted", "refused", "withdrawn", "falsified"]
ApprovalStep = Literal["requested", "approved", "declined", "withdrawn"]
UncountedStep = Literal["stopped", "dismissed"]
ReturnStep = Literal["agreed", "made"]


class Columns(Struct, frozen=True):
    """The columns that a file must have, in order, and those that it may have besides."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Return every column, in the order in which an export writes them."""
        return (*self.required, *self.optional)


def _columns(required: str, optional: str = "") -> Columns:
    return Columns(tuple(required.split()), tuple(optional.split()))


def _signed(required: str) -> Columns:
    """Return the columns of what somebody decided: by whom, as they were then called, and when."""
    return _columns(f"{required} by name job_title recorded_on")


FILES: Mapping[str, Columns] = MappingProxyType(
    {
        STAFF: _columns("staff_id name job_title roles from to", "recorded_on"),
        PUPILS: _columns(
            "upn local_id surname forename dob sex starts_on leaves_on leaving_ground",
            "name_used boarder address last_school next_school recorded_on",
        ),
        GROUPS: _columns("upn kind name from to", "recorded_on"),
        PARENTS: _columns(
            "parent_id title surname forename address phone email",
            "dob address_confidential recorded_on",
        ),
        RELATIONS: _columns(
            "parent_id upn relationship lives_with parental_responsibility contact_order",
            "care no_contact from to recorded_on",
        ),
        MARKS: _columns(
            "upn date session code minutes_late nature comment recorded_by recorded_on",
            "kind reason",
        ),
        AMENDMENTS: _columns(
            "upn date session original amended reason amended_by amended_on",
            "nature minutes_late kind batch name job_title",
        ),
        NOTICES: _columns(
            "parent_id upn kind issued_on offence_first offence_last received_on paid_on "
            "withdrawn_on outcome",
            "outcome_on sessions issuer withdrawn_ground recorded_on",
        ),
        CASEWORK: _columns(
            "upn step on by with outcome notes",
            "recorded_on at parent_id said next_review from to sessions id reviews ends answers "
            "name job_title corrects reason",
        ),
        PLANS: _columns("upn date session code reason nature planned_by planned_on step"),
        # What a system before this one decided, kept or sent: a row a fact, by whom and when.
        CORRECTIONS: _signed("upn parent_id field original amended reason"),
        REGISTERS: _columns("date session group taken_by opened ended marks recorded_on"),
        EVIDENCE: _columns("upn batch file sha256 note given_by recorded_on"),
        APPROVALS: _signed(
            "upn date session step batch original code minutes_late nature grounds reason"
        ),
        POLICIES: _signed("policy from text"),
        LEAVE: _signed(
            "upn leave step first last purpose asked_on asked_by parent_id paragraph code reason "
            "letter_on batch"
        ),
        CONSIDERATIONS: _signed("upn decision reason count settled peak entries"),
        CONFIRMATIONS: _signed("parent_id upn la_ref confirmed_on notices"),
        RETURNS: _signed("kind step on sessions weeks upns"),
        DISCLOSURES: _signed("upn kind to what on first last sha256"),
        UNCOUNTED: _signed("upn step alert_on sessions of_age peak_before peak_after reason"),
    }
)
"""Every CSV file of the folder; ``school.toml`` stands beside them."""

RESTS_ON: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        GROUPS: (PUPILS,),
        RELATIONS: (PUPILS, PARENTS),
        MARKS: (SCHOOL, STAFF, PUPILS, GROUPS),
        AMENDMENTS: (SCHOOL, STAFF, PUPILS, MARKS),
        NOTICES: (PUPILS, PARENTS),
        CASEWORK: (PUPILS,),
        PLANS: (SCHOOL, STAFF, PUPILS),
    }
)
"""The files against which the rows of a file are checked."""

REQUIRED = (SCHOOL, STAFF, PUPILS, MARKS)
"""What a folder must hold that brings a school, and not only a day's marks."""
TOP_UP = FILES.keys() - {STAFF, PUPILS, GROUPS, PARENTS, RELATIONS, CORRECTIONS}
"""What may come alone to a ledger that knows the school, its calendar and its people."""

_EXTENSIONS = {"csv": "csv|txt|tsv|xlsx?|xlsm|ods|numbers", "toml": "toml|txt"}
_COPIES = (
    r"\s*\(\d+\)",  # marks (1).csv: downloaded again
    r"\s*-\s*copy\b.*",  # marks - Copy.csv, marks - Copy (2).csv
    r"\s+copy\b.*",
    r"[-_ ](?:desktop|laptop)-.*",  # of a synchronised folder: marks-DESKTOP-AB12.csv
    r"\s*\(?.*\bconflict(?:ed)?\b.*",
)


def meant(file: str) -> str | None:
    """Return the file of the folder that a file may have been meant to be, by its name.

    Its name differs by case, by what a copy or a download adds, by its extension, by an s.
    """
    found = unicodedata.normalize("NFKC", file).strip().casefold()
    return next((name for name in (SCHOOL, *FILES) if _meant(name).fullmatch(found)), None)


@cache
def _meant(name: str) -> re.Pattern[str]:
    stem, _, extension = name.partition(".")
    one = f"{stem.removesuffix('s')}s?"
    copies = f"(?:{'|'.join(_COPIES)})*"
    ends = rf"(?:\s*\.\s*(?:{_EXTENSIONS[extension]}))*"
    return re.compile(rf"(?:copy of )?{one}{copies}\s*{ends}{copies}")
