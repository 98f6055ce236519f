"""The steps of the third ledger: every kind of event that there is, within a fortnight."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Protocol

FIXTURES = Path(__file__).parents[2] / "fixtures"
ADA, BROOK, CLEO, DEX = "K999200018001", "Z999200018002", "N999200018003", "C999200018004"
EDIE, FABLE, HETTIE, IVO = "R999200018005", "F999200018006", "J999200018008", "Y999200018009"
JAY = "J999200018010"
_BATCH = r"batch ([\w-]+)"
_LEAVE = r"leave ([a-z0-9]+):"


class Desk(Protocol):
    """Where commands are given, at a time and by somebody."""

    def at(self, now: str, staff: str = "") -> None: ...
    def do(self, line: str, *more: str, stdin: bytes = b"", ends: int = 0) -> str: ...
    def finds(self, pattern: str, line: str, *more: str) -> str: ...


def make_everything(desk: Desk) -> None:
    """Make the ledger, from the Friday on which the school is imported to the next."""
    Path("beside").mkdir()
    shutil.copytree(FIXTURES / "portable", "school")
    desk.at("2026-11-20T16:00")
    desk.do("init --staff H01 --name", "Hope Headworth", "--job-title", "Headteacher")
    desk.do("import portable school")
    _office(desk)
    _leave(desk)
    _monday(desk)
    _tuesday(desk)
    _wednesday(desk)
    _thursday(desk)
    _outside(desk)
    _papers(desk)
    _restored(desk)


def _office(desk: Desk) -> None:
    """Staff, calendar and roll, on the Friday afternoon."""
    desk.at("2026-11-20T16:30", "H01")
    role = "--role attendance_officer --name"
    desk.do(f"staff add A02 {role}", "Avery Almond", "--job-title", "Attendance Assistant")
    desk.do("staff change A02 --role attendance_officer --job-title", "Attendance Lead")
    desk.do("staff add X01 --name", "Xen Example", "--job-title", "Cover Supervisor")
    desk.do("staff leave X01 --last-day 2026-11-20")
    times = "--am-opens 08:40 --am-closes 08:55 --pm-opens 13:45 --pm-closes 14:00"
    desk.do(f"register times --from 2026-11-23 {times}")
    desk.do("terms set --first 2027-01-04 --last 2027-02-12", "Spring 1")
    desk.do("school set --type academy")
    desk.do("closures add 2026-12-04 --reason", "Polling station")
    desk.do("closures add 2026-12-18 --session PM --group 9A --reason", "Early close")
    desk.do("closures withdraw 2026-12-18 --session PM --group 9A --reason", "Not needed")
    _enrol(desk, IVO, "1009", "Ivo", "2013-02-02")
    _enrol(desk, JAY, "1010", "Jay", "2013-04-05")
    desk.do("policy adopt second-person --from 2026-11-25")
    desk.do("returns agree --sessions 10 --weeks 10 --from 2026-11-20")


def _enrol(desk: Desk, upn: str, local_id: str, forename: str, dob: str) -> None:
    names = f"--surname Newcomer --forename {forename}"
    groups = "--registration 9A --year Y9 --new-group"
    more = f"--local-id {local_id} --dob {dob} --starts-on 2026-11-23 {groups}"
    desk.do(f"pupil enrol --upn {upn} {names} {more} --address", "9 Imaginary Road")


def _leave(desk: Desk) -> None:
    """Requests for leave and the decisions on them, and plans."""
    desk.at("2026-11-20T16:45", "A01")
    asked = "--asked-on 2026-11-20 --asked-by"
    wednesday, tuesday = (
        "--from 2026-11-25/AM --to 2026-11-25/PM",
        "--from 2026-11-24 --to 2026-11-24",
    )
    interview = desk.finds(
        _LEAVE,
        f"leave request {ADA} {wednesday} --purpose interview {asked}",
        "Anna Testerby",
        "--parent",
        "P01",
        "--reason",
        "Interview at a college",
    )
    holiday = desk.finds(
        _LEAVE,
        f"leave request {CLEO} {tuesday} --purpose holiday {asked}",
        "Carys Mockridge",
        "--parent",
        "P03",
        "--reason",
        "A cheap flight",
    )
    exceptional = desk.finds(
        _LEAVE,
        f"leave request {FABLE} {tuesday} --purpose exceptional {asked}",
        "Fred Fictitious",
        "--parent",
        "P04",
        "--reason",
        "A funeral",
    )
    desk.finds(
        _LEAVE,
        f"leave request {EDIE} --from 2026-12-07 --to 2026-12-08 --purpose exceptional {asked}",
        "An aunt",
        "--reason",
        "A wedding",
    )
    visit = desk.finds(
        _LEAVE, f"leave request {DEX} {wednesday} --purpose exceptional {asked}", "A neighbour"
    )
    desk.at("2026-11-20T17:00", "H01")
    desk.do(f"leave grant {interview} --letter-on 2026-11-20 --reason", "As asked")
    desk.do(f"leave refuse {holiday} --letter-on 2026-11-20 --reason", "No exception")
    desk.do(f"leave grant {exceptional} --reason", "A funeral in the family")
    desk.do(f"leave grant {visit} --reason", "As asked")
    desk.do(f"leave withdraw {visit} --reason", "No longer wanted")
    desk.at("2026-11-20T17:10", "A01")
    desk.do(f"plan add --pupil {EDIE} --session 2026-11-24/AM --code M --reason Dentist")
    desk.do(f"plan change --pupil {EDIE} --session 2026-11-24/AM --code C1 --reason Stage")
    desk.do(f"plan add --pupil {EDIE} --session 2026-11-25/AM --code M --reason Dentist")
    desk.do(f"plan withdraw --pupil {EDIE} --session 2026-11-25/AM --reason Cancelled")
    Path("beside/leaves.txt").write_text(f"{interview} {holiday} {exceptional} {visit}")


def _monday(desk: Desk) -> None:
    """Registers taken on the day, one correction while a register is open."""
    desk.at("2026-11-23T08:45", "T01")
    rows = f"upn,code,minutes_late,nature\n{CLEO},N,,\n{BROOK},L,4,\n{JAY},N,,\n"
    desk.do(
        "register take - --group 9A --session 2026-11-23/AM --rest-present", stdin=rows.encode()
    )
    desk.at("2026-11-23T08:50", "T02")
    desk.do(f"mark {FABLE} 2026-11-23/AM N --comment", "Not in the corridor either")
    desk.do(f"amend --pupil {FABLE} --session 2026-11-23/AM --code / --reason", "Came in")
    desk.do(
        "register take - --group 9B --session 2026-11-23/AM --rest-present", stdin=b"upn,code\n"
    )
    desk.at("2026-11-23T13:50", "T01")
    desk.do(
        "register take - --group 9A --session 2026-11-23/PM --rest-present",
        stdin=f"upn,code\n{CLEO},N\n".encode(),
    )
    desk.at("2026-11-23T15:30", "A01")
    desk.do(f"amend --pupil {CLEO} --session 2026-11-23/AM --code O --reason", "None established")
    desk.do(f"mark {HETTIE} 2026-11-23/PM \\ --reason", "Was there, register not taken")
    note = Path("beside/note.txt")
    note.write_text("A note from a doctor\n")
    desk.do(
        f"amend --pupil {BROOK} --from 2026-11-16 --to 2026-11-17 --code I --keep-evidence "
        f"--evidence {note} --reason",
        "Doctor's note",
        "--evidence-note",
        "seen by the office",
        ends=0,
    )
    desk.do("move-mark 2026-11-23/AM --from 1010 --to 1009 --code / --reason", "Wrong line")


def _tuesday(desk: Desk) -> None:
    """Plans become marks; falsified leave; the roll changes; papers leave the school."""
    for group in ("9A", "9B"):  # the second time, the machine's clock has gone back
        for half in ("AM", "PM"):
            desk.at(f"2026-11-24T{'08:45' if half == 'AM' else '13:50'}", "T01")
            rows = f"upn,code\n{CLEO},N\n" if group == "9A" else "upn,code\n"
            desk.do(
                f"register take - --group {group} --session 2026-11-24/{half} --rest-present",
                stdin=rows.encode(),
            )
    desk.at("2026-11-24T15:00", "A01")
    falsified = Path("beside/leaves.txt").read_text().split()[2]
    desk.do(f"leave falsified {falsified} --reason", "Seen on a beach, by his own post")
    desk.do("pupil move 1004 --kind registration --from 2026-11-25 --to 9B")
    desk.do(f"pupil move {CLEO} --kind cohort --from 2026-11-24 --to PP")
    desk.do("pupil move 1001 --kind cohort --from 2026-11-24 --leave FSM")
    desk.do(f"pupil correct {BROOK} --field surname --to Sampletown --reason", "Deed poll seen")
    desk.do(f"pupil correct {DEX} --field boarder --to yes --reason", "Boards since September")
    desk.do("pupil merge 1010 --into 1009 --reason", "Entered twice")
    desk.do(f"pupil remove {EDIE} --last-day 2026-12-11 --ground a --next-school", "New Academy")
    desk.do("parent record P05 --title Ms --surname Exemplar --forename Enid --dob 1980-05-06")
    desk.do(f"relation record P05 {EDIE} --relationship mother --lives-with yes --care yes")
    desk.do("parent record P02 --phone", "01632 960022", "--reason", "Telephoned: a new number")
    desk.do(f"relation record P02 {ADA} --no-contact yes --reason", "Order of the court seen")
    desk.do("returns made --kind sickness --on 2026-11-24")
    desk.do(f"returns made --kind attendance --on 2026-11-24 --pupil {CLEO}")


def _wednesday(desk: Desk) -> None:
    """What adds unauthorised absence late waits for a second person; papers are undercut."""
    desk.at("2026-11-25T10:00", "H01")
    desk.do(
        f"disclosures record --kind certificate --to Court --what Certificate --pupil {CLEO} "
        "--first 2026-11-09 --last 2026-11-20"
    )
    desk.do(
        f"disclosures record --kind certificate --to Court --what Certificate --pupil {FABLE} "
        "--first 2026-11-09 --last 2026-11-24"
    )
    desk.do(
        f"disclosures record --kind letter --to P01 --what Letter --pupil {ADA} --on 2026-11-23 "
        "--seen-at 250"
    )
    desk.do(f"penalties consider {FABLE} --decision refer --reason", "Five sessions and a beach")
    desk.do(f"penalties consider {CLEO} --decision not-now --reason", "Ill, as it seems")
    desk.do(
        f"notice record P04 {FABLE} --kind s444A --issued-on 2026-11-25 --issuer Council "
        "--offence-first 2026-11-09 --offence-last 2026-11-24"
    )
    desk.do(f"notices confirm P04 {FABLE} --la-ref LA/77 --on 2026-11-25 --notices 1")
    desk.at("2026-11-25T11:00", "A01")
    late = "--from 2026-11-11/AM --to 2026-11-12/PM --from-code"
    wanted = [
        desk.finds(_BATCH, f"amend --pupil {CLEO} {late} / --code O --reason", "Seen in town"),
        desk.finds(_BATCH, f"amend --pupil {BROOK} {late} / --code O --reason", "Seen in town"),
        desk.finds(_BATCH, f"amend --pupil {ADA} {late} / --code O --reason", "Seen in town"),
        desk.finds(_BATCH, f"amend --pupil {DEX} {late} / --code O --reason", "Seen in town"),
    ]
    Path("beside/batches.txt").write_text(" ".join(wanted))
    desk.do(f"approvals withdraw {wanted[2]} --reason", "A twin was seen")
    desk.at("2026-11-25T12:00", "H01")
    desk.do(f"approvals give {wanted[0]} --reason", "The shop has a film of it")
    desk.do(f"approvals decline {wanted[1]} --reason", "Nobody can say when")
    desk.do(
        f"amend --pupil {FABLE} --from 2026-11-24 --to 2026-11-24 --code I --reason", "Ill there"
    )


def _thursday(desk: Desk) -> None:
    """Alerts are settled; the source states things anew; sessions are cancelled; texts go."""
    desk.at("2026-11-26T09:30", "H01")
    desk.do("session cancel 2026-11-26/AM --group 9B --reason", "Burst pipe")
    desk.do("alerts sent 405 --to", "The authority's officer", "--on", "2026-11-26")
    desk.do("alerts dismiss 411 --reason", "The notice was for other days as well")
    desk.do(f"amend --pupil {CLEO} --session 2026-11-13/AM --code I --reason", "Doctor rang")
    marks = Path("school/marks.csv")
    text = marks.read_text("utf-8")
    for before, after in (
        (f"{BROOK},2026-11-16,AM,/,", f"{BROOK},2026-11-16,AM,L,7"),
        (f"{DEX},2026-11-12,AM,/,", f"{DEX},2026-11-12,AM,L,9"),
    ):
        if before not in text:
            raise SystemExit(before)
        text = text.replace(before + ",", after + ",")
    marks.write_text(text, "utf-8")
    pupils = Path("school/pupils.csv")
    pupils.write_text(pupils.read_text("utf-8").replace("8 Imaginary Road", "18 Imaginary Road"))
    desk.do("import portable school --accept-findings")


def _outside(desk: Desk) -> None:
    """Witnesses, a timestamp, a back-up, another key."""
    desk.at("2026-11-26T14:00", "H01")
    desk.do("checkpoint --out beside/checkpoint.txt")
    for name in ("one", "two"):
        public = desk.do(f"witness new example.org/{name} --out beside/{name}.key").split("\n")[0]
        Path(f"beside/{name}.pub").write_text(public + "\n")
        desk.do(f"witness trust {public}")
    Path("beside/ledger.pub").write_text(desk.do("key show"))
    desk.do("witness request --out beside/request.txt")
    signing = "--key beside/one.key --state beside/seen --trust beside/ledger.pub"
    desk.do(f"witness sign beside/request.txt {signing} --out beside/answer.txt")
    desk.do("witness take beside/answer.txt")
    desk.do("witness drop example.org/two")
    desk.do("timestamp request --out beside/request.tsq")
    _stamped()
    desk.do("timestamp take beside/response.tsr --tsa-root beside/tsa-root.pem")
    desk.do("key rotate")
    Path("beside/passphrase.txt").write_text("a passphrase of several words\n")


_AUTHORITY = """
[tsa]
default_tsa = one
[one]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
tsa_name = yes
ess_cert_id_alg = sha256
[ext]
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
"""


def _stamped() -> None:
    """Let an authority of this machine answer; openssl knows no other time than the machine's."""
    place = Path("authority")
    place.mkdir()
    (place / "tsa.cnf").write_text(_AUTHORITY)
    (place / "serial").write_text("01\n")
    new = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
    certified = "-CA ca.pem -CAkey ca.key -CAcreateserial -days 3650 -extfile tsa.cnf"
    reply = "ts -reply -config tsa.cnf -section one -signer tsa.pem -inkey tsa.key"
    for line in (
        f"req -x509 {new} -keyout ca.key -out ca.pem -days 3650 -subj /CN=Root",
        f"req {new} -keyout tsa.key -out tsa.csr -subj /CN=Timestamps",
        f"x509 -req -in tsa.csr {certified} -extensions ext -out tsa.pem",
        f"{reply} -queryfile ../beside/request.tsq -out ../beside/response.tsr",
    ):
        subprocess.run(["openssl", *line.split()], cwd=place, check=True, capture_output=True)
    shutil.copy(place / "ca.pem", "beside/tsa-root.pem")
    shutil.rmtree(place)


def _papers(desk: Desk) -> None:
    """Names are shown, a copy is given to a parent, texts are put beyond use."""
    desk.at("2026-11-27T10:00", "H01")
    desk.do("audit --names --reason", "Asked by the governors' attendance panel")
    desk.do(f"subject-access {ADA} --parent P01 --asked-on 2026-11-23 --for", "Anna Testerby")
    first = r'"position": (\d+),\s+"step"'
    position = desk.finds(first, f"history {FABLE} 2026-11-23/AM --json")
    desk.do(f"redact {position} comment --reason", "Said of another pupil")
    desk.do(
        f"disclosures record --kind pack --to Court --what Pack --pupil {FABLE} "
        "--first 2026-11-09 --last 2026-11-20"
    )


def _restored(desk: Desk) -> None:
    """The ledger is restored from its back-up, and goes on."""
    desk.at("2026-11-27T15:00", "H01")
    words = "--passphrase-file beside/passphrase.txt"
    desk.do(f"backup create --to before.attendance-backup {words}")
    desk.at("2026-11-27T15:30", "H01")
    desk.do(f"backup create --to beside/one.attendance-backup {words}")
    desk.do(f"backup restore beside/one.attendance-backup --to again {words}")
    shutil.rmtree("everything")
    Path("again").rename("everything")
    shutil.rmtree(os.environ["XDG_STATE_HOME"])  # this is another computer from here on
    desk.at("2026-11-27T16:00", "A01")
    desk.do(f"amend --pupil {IVO} --session 2026-11-23/AM --code I --reason", "Mother telephoned")
    desk.do("verify --all")


def ids() -> dict[str, str]:
    """Return the ids that the ledger made up, by the names under which questions use them."""
    leaves = Path("beside/leaves.txt").read_text().split()
    batches = Path("beside/batches.txt").read_text().split()
    named = [("leave", leaves), ("batch", batches)]
    return {f"{name}{n}": found for name, some in named for n, found in enumerate(some)}
