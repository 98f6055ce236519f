"""What a system before this one decided, kept or sent is recorded as it states it, or refused."""

from datetime import date

import pytest

from commands.amending.policy import AdoptPolicy
from commands.disclosure.redact import RedactField
from commands.leave.request import RequestLeave
from commands.penalties.consider import ConsiderPenalty
from ledger.errors import Refused
from ledger.events.register import MarkAmended, MarksUncounted
from ledger.formats.portable import FILES
from policies.packs import school as school_packs
from tests.commands.exchange.portable.conftest import ADA, CLEO

HOPE = "H01,Hope Headworth,Headteacher"
AT = "2026-11-12T10:00:00Z"
LATER = "2026-11-13T10:00:00Z"
DAY = "2026-12-01/AM,2026-12-01/PM"
ASKED = f"{ADA},l1,requested,{DAY},exceptional,2026-11-12,Anna,P01,,,,,,A01,,,{AT}"
GRANTED = f"{ADA},l1,granted,{DAY},,,,,11(11),C,A wedding,2026-11-13,,{HOPE},{LATER}"
REQUEST = f"{ADA},2026-11-09,AM,requested,b1,/,O,,,late,Seen in town,{HOPE},{AT}"
POLICY = school_packs.shipped("second-person").replace('"', '""')
ROWS = {
    "registers.csv": f"2026-11-09,AM,9A,T01,2026-11-09T08:45:00Z,2026-11-09T08:52:00Z,4,{AT}",
    "evidence.csv": f"{ADA},b1,note.txt,{'a' * 64},A note,A01,{AT}",
    "approvals.csv": f"{REQUEST}\n{ADA},2026-11-09,AM,declined,b1,/,O,,,late,No,{HOPE},{LATER}",
    "policies.csv": f'second-person,2026-11-01,"{POLICY}",{HOPE},{AT}',
    "leave.csv": f"{ASKED}\n{GRANTED}",
    "considerations.csv": f"{ADA},not-now,All of it,1,1,1,2026-11-09/AM U,{HOPE},{AT}",
    "confirmations.csv": f"P01,{ADA},LA/1,2026-11-10,1,{HOPE},{AT}",
    "returns.csv": f"attendance,agreed,2026-11-01,10,10,,H01,,,{AT}\n"
    f"attendance,made,2026-11-10,,,{ADA};{CLEO},{HOPE},{AT}",
    "disclosures.csv": f"{ADA},letter,Home,A letter,2026-11-10,,,,{HOPE},{AT}\n"
    f",inspection,Ofsted,The register,2026-11-10,,,,{HOPE},{AT}",
    "uncounted.csv": f"{ADA},stopped,,2026-11-09/AM O,,10,9,Moved,{HOPE},{AT}\n"
    f"{ADA},stopped,,2026-11-10/AM O,,,,Accepted,,,,\n"
    f"{ADA},dismissed,{AT},,,,,Looked,{HOPE},{LATER}",
    "corrections.csv": f",P01,phone,1,2,Rang,{HOPE},{AT}\n{ADA},P01,care,no,yes,Rang,{HOPE},{AT}",
}
FOUND = {
    "RegisterTaken": 1, "EvidenceGiven": 1, "AmendmentRequested": 1, "AmendmentDeclined": 1,
    "PolicyAdopted": 1, "LeaveRequested": 1, "LeaveDecided": 1, "PenaltyConsidered": 1,
    "NoticesConfirmed": 1, "ReturnAgreed": 1, "ReturnMade": 1, "Disclosed": 2,
    "AdmissionAmended": 2, "MarksUncounted": 2, "AlertSettled": 1,
}  # fmt: skip


@pytest.fixture
def stated(changed):
    """Return a function that writes files of decisions into a copy of the example school."""

    def write(**files: str):
        folder = changed()
        for stem, rows in files.items():
            name = f"{stem}.csv"
            header = ",".join(FILES[name].all)
            (folder / name).write_text(f"{header}\n{rows}\n", "utf-8", newline="")
        return folder

    return write


def all_of(stated):
    return stated(**{name.removesuffix(".csv"): rows for name, rows in ROWS.items()})


def test_every_fact_is_recorded_once_with_its_time_and_author(known, stated):
    """Brought again, the same folder adds nothing."""
    folder = all_of(stated)
    known.by("H01").once(folder, **FOUND)
    [considered] = known.states("PenaltyConsidered")
    assert (considered["by"], considered["seen_at"]) == ("H01", 0)
    assert known.said("PenaltyConsidered", "job_title") == ["Headteacher"]
    assert considered["row"] == 2
    [adopted] = known.states("PolicyAdopted")
    assert adopted["text"] == school_packs.shipped("second-person")


def test_what_the_folder_states_no_more_is_told(known, stated):
    """Nothing is taken back."""
    known.by("H01").bring(all_of(stated))
    again = known.brought(stated(leave=ASKED, considerations="").parent / "changed")
    assert again.found == {}
    assert again.told("1 step of leave")
    assert again.told("1 consideration")


def test_leave_that_was_asked_for_here_is_decided_here(known, stated):
    """A source adds no step to it: that is told by its place."""
    asked = RequestLeave(
        pupil=ADA, from_="2026-12-01", to_="2026-12-01", purpose="exceptional",
        asked_by="Anna Testerby", asked_on="2026-11-20",
    )  # fmt: skip
    [says, *_] = known.by("A01").do(asked).says
    leave = says.split()[1].rstrip(":")
    found = known.brought(stated(leave=GRANTED.replace(",l1,", f",{leave},")))
    assert found.found == {}
    assert found.told("1 step of leave (leave.csv:2)")


def test_a_policy_that_was_adopted_here_stands(known, stated):
    """Whoever brings a folder changes nothing of who may amend."""
    adopted = AdoptPolicy(policy="second-person", from_=date(2026, 11, 21)).load(None)
    known.by("H01").do(adopted)
    found = known.brought(stated(policies=ROWS["policies.csv"]))
    assert found.found == {}
    assert found.told("1 policy (policies.csv:2)")


@pytest.mark.parametrize(("who", "code"), [(None, "by-nobody"), ("T01", "not-authorised")])
def test_a_policy_is_brought_by_whoever_may_adopt_one(known, stated, who, code):
    """It says who may amend and approve; into an empty ledger anybody brings it."""
    folder = stated(policies=ROWS["policies.csv"])
    with pytest.raises(Refused, match="the policy second-person would be adopted") as refused:
        known.by(who).bring(folder)
    assert refused.value.code == code


def test_a_policy_that_was_brought_is_not_replaced_by_bringing_another(known, stated):
    """Once the ledger knows one, the next is adopted here, by somebody who may."""
    known.by("H01").bring(stated(policies=ROWS["policies.csv"]))
    looser = ROWS["policies.csv"].replace("2026-11-01", "2026-11-02")
    found = known.brought(stated(policies=f"{ROWS['policies.csv']}\n{looser}"))
    assert found.found == {}
    assert found.told("1 policy (policies.csv:")


def test_considerations_of_a_source_stand_beside_ours(known, stated):
    """Who considered here considered here; what the source states is added as stated."""
    known.by("H01").do(ConsiderPenalty(pupil=ADA, decision="not-now", reason="Ill"))
    assert known.brought(stated(considerations=ROWS["considerations.csv"])).found == {
        "PenaltyConsidered": 1
    }


def test_an_export_of_what_was_decided_here_is_held(known, stated):
    """The same decision without a time of its source is the ledger's own."""
    known.by("H01").do(ConsiderPenalty(pupil=ADA, decision="not-now", reason="All of it"))
    [ours] = known.states("PenaltyConsidered")
    entries = ";".join(ours["entries"])
    counts = f"{ours['count']},{ours['settled']},{ours['peak']},{entries}"
    row = f"{ADA},not-now,All of it,{counts},{HOPE},2026-11-21T12:00:00Z"
    assert known.brought(stated(considerations=row)).found == {}


def test_who_looked_at_what_was_recorded_here_is_said_here(known, stated):
    """A source may say so of what it stated itself, and of nothing else."""
    lost = MarksUncounted(sessions=("2026-11-09/AM O",), reason="Moved")
    known.put(f"uncounted:{known.id(ADA)}", lost)
    row = f"{ADA},dismissed,,,,,,Looked,{HOPE},{LATER}"
    assert known.codes(stated(uncounted=row)) == ["uncounted-order"]


def test_a_confirmation_about_no_parent_on_record_of_the_child_is_a_finding(known, stated):
    """Recorded as stated where it is accepted."""
    row = ROWS["confirmations.csv"].replace("P01", "P03")
    assert known.codes(stated(confirmations=row)) == ["parent-not-related"]
    known.bring(stated(confirmations=row), accept_findings=True)
    assert known.counts()["NoticesConfirmed"] == 1


WRONG = {
    "a time to come": ("leave", ASKED.replace(AT, "2026-11-22T10:00:00Z"), "future"),
    "no time": ("considerations", ROWS["considerations.csv"].replace(AT, ""), "field-empty"),
    "no such pupil": ("evidence", ROWS["evidence.csv"].replace(ADA, "X1"), "pupil-unknown"),
    "no such pupil in a return": (
        "returns", ROWS["returns.csv"].replace(CLEO, "X1"), "pupil-unknown",
    ),
    "no such parent": (
        "confirmations", ROWS["confirmations.csv"].replace("P01", "P99"), "parent-unknown",
    ),
    "no such parent to amend": (
        "corrections", f",P99,phone,1,2,Rang,{HOPE},{AT}", "parent-unknown",
    ),
    "decided without a request": (
        "approvals", f"{ADA},2026-11-09,AM,approved,b1,,,,,,Yes,{HOPE},{AT}", "approval-order",
    ),
    "requested while one waits": ("approvals", f"{REQUEST}\n{REQUEST}", "approval-order"),
    "requested with no code": (
        "approvals", REQUEST.replace(",/,O,", ",/,,"), "field-empty",
    ),
    "requested with a code that is none": (
        "approvals", REQUEST.replace(",/,O,", ",/,ZZ,"), "code-unknown",
    ),
    "a step on leave that was not asked for": ("leave", GRANTED, "leave-order"),
    "leave asked for twice": (
        "leave", f"{ASKED}\n{ASKED.replace('Anna', 'Alan')}", "leave-order",
    ),
    "a purpose that the law does not know": (
        "leave", ASKED.replace("exceptional", "sunshine"), "purpose-unknown",
    ),
    "granted without a code": (
        "leave", f"{ASKED}\n{GRANTED.replace(',C,', ',,')}", "field-empty",
    ),
    "refused by nobody": (
        "leave", f"{ASKED}\n{ADA},l1,refused,,,,,,,,,No,,,H01,,,{LATER}", "field-empty",
    ),
    "looked at what did not stop": (
        "uncounted", f"{ADA},dismissed,{AT},,,,,Looked,{HOPE},{LATER}", "uncounted-order",
    ),
    "looked at by nobody": (
        "uncounted", f"{ADA},dismissed,{AT},,,,,Looked,,,,{LATER}", "field-empty",
    ),
    "a policy that is none": ("policies", f"own,2026-11-01,x,{HOPE},{AT}", ""),
    "agreed without its figure": (
        "returns", f"attendance,agreed,2026-11-01,,,,H01,,,{AT}", "field-empty",
    ),
    "entries that are none": (
        "considerations", ROWS["considerations.csv"].replace("/AM U", "/AM"), "entries",
    ),
    "a reference that would not be one": ("leave", ASKED.replace("l1", "l:1"), "reference"),
    "a digest that is none": (
        "evidence", ROWS["evidence.csv"].replace("a" * 64, "abc"), "digest",
    ),
    "a session that is none": (
        "leave", ASKED.replace("2026-12-01/AM", "2026-12-01"), "session",
    ),
    "a detail that is none": (
        "corrections", f"{ADA},,hobby,1,2,Told,{HOPE},{AT}", "word",
    ),
    "a detail that was not so": (
        "corrections", f"{ADA},,surname,Other,Another,Told,{HOPE},{AT}", "correction-order",
    ),
    "the day of a move amended by nobody": (
        "corrections", f"{ADA},,registration,joins 9A,joins 9B,Told,,,,{AT}", "correction-author",
    ),
    "a birthday that is none": (
        "corrections", f"{ADA},,dob,2012-10-03,soon,Told,{HOPE},{AT}", "date",
    ),
    "an amendment to come": (
        "corrections", f"{ADA},,sex,F,M,Told,{HOPE},2027-01-01", "future",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_cannot_be_so_is_refused(known, stated, what):
    """With file and line, and nothing is recorded."""
    stem, rows, code = WRONG[what]
    [problem] = known.faults(stated(**{stem: rows})).problems
    assert problem.file == f"{stem}.csv"
    assert code in ("", problem.code)


def test_steps_of_leave_say_what_they_were(known, stated):
    """Refused, withdrawn and falsified leave; the code of a refusal is none."""
    refused = f"{ADA},l1,refused,2026-12-01/AM,,,,,,,C,No,,,{HOPE},{LATER}"
    gone = refused.replace("refused", "withdrawn").replace(LATER, "2026-11-14T10:00:00Z")
    false = refused.replace("refused", "falsified").replace(LATER, "2026-11-15T10:00:00Z")
    known.once(
        stated(leave=f"{ASKED}\n{refused}\n{gone}\n{false}"),
        LeaveRequested=1, LeaveDecided=1, LeaveWithdrawn=1, LeaveFalsified=1,
    )  # fmt: skip
    [decided] = known.states("LeaveDecided")
    assert not decided["granted"]
    assert "code" not in decided


def test_a_new_pupil_begins_as_the_entry_was_before_it_was_amended(ledger, stated):
    """Each amendment then follows, and the pupil is as pupils.csv has it."""
    rows = "\n".join((
        f"{ADA},,surname,Testaby,Testerby,Deed poll,{HOPE},{AT}",
        f"{ADA},,dob,2012-10-02,2012-10-03,Certificate,{HOPE},{LATER}",
        f"{ADA},,boarder,yes,no,Left,{HOPE},{LATER}",
    ))  # fmt: skip
    folder = stated(corrections=rows)
    found = ledger.brought(folder)
    assert (found.found["DetailsAmended"], found.found["PupilEnrolled"]) == (3, 8)
    assert ledger.brought(folder).found == {}
    details = [(each["field"], each["row"]) for each in ledger.states("DetailsAmended")]
    assert details == [("surname", 2), ("dob", 3), ("boarder", 4)]


def test_an_amendment_of_a_pupil_held_is_that_of_whom_the_source_names(known, changed, stated):
    """What pupils.csv states otherwise is explained by it."""
    changed("pupils.csv", ("Testerby,Ada,", "Testaby,Ada,"))
    folder = stated(corrections=f"{ADA},,surname,Testerby,Testaby,Deed poll,{HOPE},{AT}")
    known.once(folder, DetailsAmended=1)
    [amended] = known.states("DetailsAmended")
    assert amended["by"] == "H01"


def test_the_day_of_a_move_is_amended_once(known, stated):
    """Its groups are in groups.csv; nothing of the pupil changes by it."""
    row = f"{ADA},,registration,joins 9A on 2026-09-02,joins 9A on 2026-09-01,Form,{HOPE},{AT}"
    folder = stated(corrections=row)
    known.once(folder, AdmissionAmended=1)
    [amended] = known.states("AdmissionAmended")
    assert amended["field"] == "registration"


def test_a_birthday_before_an_amendment_that_is_none_is_refused(ledger, stated):
    """With the line of the pupil's row."""
    rows = f"{ADA},,dob,once,2012-10-03,Certificate,{HOPE},{AT}"
    assert "date" in ledger.codes(stated(corrections=rows))


def test_a_spell_that_was_recorded_again_keeps_the_details_of_then(ledger, changed, stated):
    """Each version of it, and each amendment between them, in the order of their times."""
    folder = changed()
    header, *lines = (folder / "pupils.csv").read_text("utf-8").splitlines()
    [ada] = [line for line in lines if line.startswith(ADA)]
    rows = [f"{line}," for line in lines if line != ada]
    rows += [f"{ada},2026-09-02T08:00:00Z", f"{ada.replace(',no,', ',yes,')},{LATER}"]
    text = "\n".join([f"{header},recorded_on", *rows, ""])
    (folder / "pupils.csv").write_text(text, "utf-8", newline="")
    found = ledger.brought(stated(corrections=f"{ADA},,surname,Testaby,Testerby,Deed,{HOPE},{AT}"))
    assert (found.found["PupilEnrolled"], found.found["DetailsAmended"]) == (9, 1)
    assert ledger.brought(folder).found == {}


def test_a_text_beyond_use_may_be_in_what_a_former_system_sent_after_it(ledger, stated):
    """By the times that it states: its positions are another log's."""
    letter = f"{ADA},letter,{{}},A letter,2026-11-10,,,,{HOPE},{{}}"
    rows = f"{letter.format('Home', AT)}\n{letter.format('Court', '2026-11-10T08:00:00Z')}"
    ledger.bring(stated(disclosures=rows))
    amended = next(at for at, stream, event in ledger.log()
                   if isinstance(event, MarkAmended) and stream.endswith(":2026-11-10/AM")
                   and event.reason == "Mother telephoned: feverish")  # fmt: skip
    redaction = RedactField(position=amended, field="reason", reason="Wrong child")
    says = redaction.carry_out(ledger.by("H01").context).says
    assert [line for line in says if "A letter" in line] == [
        "  2026-11-10 letter to Home: A letter (ask for it back, or to destroy it)"
    ]
