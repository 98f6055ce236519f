"""How a call ends: 0 done, 1 refused, 2 usage; what is said, and where; never a traceback."""

import errno
import os
import pty
import re
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, redirect_stdout
from pathlib import Path
from select import select
from unittest import mock

import pytest

import cli
from ledger.errors import Refused
from ledger.store.folder import Folder
from projections.readmodel.freshness import MADE_ANEW
from tests.cli.shell import ROOT, at_this_time, done, ended, raising, refused, run, typed
from tests.commands.conftest import upn

AMEND = ("amend", "--pupil", "P1", "--session", "2026-11-20/AM", "--code", "I", "--reason", "Ill")


@pytest.mark.usefixtures("small")
def test_command_that_is_done_ends_with_0_and_says_so():
    shown = done("mark", "P1", "2026-11-20/AM", "N")
    assert shown.out == "Ada Quill 2026-11-20/AM: N recorded (late entry)\n"


def test_refusal_says_what_and_what_to_do_on_stderr(small):
    head = Folder(small).head()
    said = refused(*AMEND)
    assert said.splitlines() == [
        "refused: no mark stands for 2026-11-20/AM",
        "  do:    record one with attendance mark",
    ]
    assert Folder(small).head() == head


@pytest.mark.usefixtures("small")
def test_problems_of_a_file_are_listed_before_the_refusal():
    lines = b"upn,code\nP1,Q9\nnobody,/\n"
    said = refused("register", "take", "-", "--group", "7A", "--session", "2026-11-20/AM",
                   stdin=lines)  # fmt: skip
    assert said.startswith("stdin:2: ")
    assert "\nstdin:3: nobody is named 'nobody'" in said
    assert "2 problems; nothing was recorded" in said


@pytest.mark.usefixtures("small")
def test_register_is_taken_from_stdin():
    lines = b"upn,code\nP1,N\n"
    taken = ("register", "take", "-", "--group", "7A", "--session", "2026-11-20/AM")
    done(*taken, "--rest-present", stdin=lines)
    assert run("rates", "--json").json["total"]["codes"] == {"/": 2, "N": 1}


@pytest.mark.usefixtures("small")
def test_register_without_file_or_terminal_is_refused():
    """Nobody is there to press a key."""
    assert "no code is given" in refused(
        "register", "take", "--group", "7A", "--session", "2026-11-20/AM"
    )


@pytest.mark.usefixtures("demo")
def test_refusal_without_a_remedy_is_one_line(capsys):
    cli._explain(Refused("so", "it is so"))
    assert capsys.readouterr().err == "refused: it is so\n"


@pytest.mark.usefixtures("demo")
def test_exit_code_of_a_command_is_the_program_s(monkeypatch):
    def differs(*_: object) -> None:
        cli.click.get_current_context().exit(3)

    monkeypatch.setattr("projections.school.status.Status.answer", differs)
    assert run("status").code == 3


@pytest.mark.usefixtures("demo")
def test_interrupt_is_told_and_is_no_refusal(monkeypatch):
    monkeypatch.setattr("projections.school.status.Status.answer", raising(KeyboardInterrupt))
    shown = run("status")
    assert (shown.code, shown.out) == (130, "")
    assert shown.err.strip().startswith("interrupted; ")


@pytest.mark.usefixtures("small")
def test_views_that_fall_behind_are_noted_after_recording(monkeypatch):
    full = Refused("disk-full", "the disk is full or failing", "free some space")
    monkeypatch.setattr("projections.readmodel.catch_up.catch_up", raising(full))
    shown = run("mark", "P1", "2026-11-20/AM", "N")
    assert shown.code == 0
    assert shown.err == "note: recorded, but the views are behind: the disk is full or failing\n"
    assert "recorded" in shown.out


# -- ledgers that cannot be used ---------------------------------------------------------------


@pytest.mark.parametrize("args", [("rates",), ("status",), ("rebuild",), AMEND])
def test_missing_ledger_is_refused(args):
    assert "attendance --ledger nowhere init" in refused(
        "--ledger", "nowhere", "--as", "mm", *args
    )


@pytest.mark.parametrize("args", [("rates",), ("rebuild",), ("init",), AMEND])
def test_ledger_that_is_a_file_is_refused(args, tmp_path):
    file = tmp_path / "register.txt"
    file.write_text("paper", "utf-8")
    refused("--ledger", file, "--as", "mm", *args)
    assert file.read_text("utf-8") == "paper"


@pytest.mark.usefixtures("small")
def test_ledger_cannot_be_made_where_one_is():
    assert "already" in refused("init")


@pytest.mark.parametrize("args", [("rates",), ("status",), ("rebuild",), AMEND])
@pytest.mark.parametrize("damage", ["garbage", "empty", "cut"])
@pytest.mark.parametrize("name", ["ledger.db", "keys.db"])
def test_damaged_ledger_is_refused(small, args, damage, name):
    file = small / name
    bytes_ = {"garbage": os.urandom(9000), "empty": b"", "cut": file.read_bytes()[:5000]}[damage]
    for beside in small.glob(f"{name}-*"):
        beside.unlink()
    file.write_bytes(bytes_)
    if (name, args) == ("keys.db", ("rebuild",)):
        assert run(*args).code == 0  # the read models hold names sealed, and need no key
    else:
        refused(*args)
    assert file.read_bytes() == bytes_


@pytest.mark.parametrize("args", [("rates",), ("pupil", "find", "a"), AMEND])
def test_missing_keys_are_refused(small, args):
    """Without its keys a ledger's names cannot be read; the back-up has them."""
    (small / "keys.db").unlink()
    said = refused(*args)
    assert f"keys are not at {small / 'keys.db'}" in said
    assert "the latest back-up: attendance backup restore FILE --keys-only" in said
    assert not (small / "keys.db").exists()


# -- views that are lost, damaged or from another log ------------------------------------------


def _each(name: str, damage):
    """Return what damages every file of the views with a name."""
    return lambda views: [damage(path) for path in views.glob(name)]


def _garbage(path):
    path.write_bytes(os.urandom(7000))


def _cut(size: int):
    return lambda path: path.write_bytes(path.read_bytes()[:size])


def _a_file(views):
    shutil.rmtree(views)
    views.write_text("not a folder", "utf-8")


def _tables_are_a_folder(views):
    _each("tables.db*", Path.unlink)(views)
    (views / "tables.db").mkdir()


DAMAGES = {
    "deleted": shutil.rmtree,
    "a file": _a_file,
    "garbage tables": _each("tables.db*", _garbage),
    "cut tables": _each("tables.db", _cut(20_000)),
    "empty tables": _each("tables.db*", _cut(0)),
    "tables are a folder": _tables_are_a_folder,
    "garbage manifest": _each("grid/manifest.json", _garbage),
    "cut manifest": _each("grid/manifest.json", _cut(40)),
    "no manifest": _each("grid/manifest.json", Path.unlink),
    "missing arrays": _each("grid/*.codes.npy", Path.unlink),
    "garbage arrays": _each("grid/*.npy", _garbage),
    "cut arrays": _each("grid/*.kf.npy", _cut(500)),
    "empty arrays": _each("grid/*.sf.npy", _cut(0)),
    "grid is a file": _each("grid", _a_file),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damaged_views_are_healed_with_a_word_beside_the_answer(own, damage):
    """The read models are disposable: whoever asks gets the same answer as before."""
    asked = ("rates", "--by", "year", "--json")
    before = run(*asked)
    damage(own / "views")
    healed = run(*asked)
    assert (healed.code, healed.out) == (0, before.out)
    assert healed.err in ("", f"{MADE_ANEW}\n")
    assert run(*asked) == before
    assert not list(own.glob("views.*"))


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_rebuild_heals_damaged_views(small, damage):
    run("status")
    damage(small / "views")
    assert run("rebuild").code == 0
    done("status")


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_command_is_recorded_whatever_its_views_are_like(small, damage):
    run("mark", "P2", "2026-11-20/AM", "N")
    damage(small / "views")
    assert run("mark", "P1", "2026-11-20/AM", "N").code == 0
    assert run("rates", "--json").json["total"]["codes"] == {"N": 2}


def test_views_are_put_back_when_making_them_anew_does_not_help(small, monkeypatch):
    """They may be the last copy of a damaged log."""
    run("status")
    before = sorted(p.name for p in (small / "views").iterdir())
    unreadable = raising(ValueError("no good"))
    monkeypatch.setattr("projections.school.status.Status.answer", unreadable)
    with pytest.raises(ValueError, match="no good"):
        run("status")
    assert sorted(p.name for p in (small / "views").iterdir()) == before
    assert not list(small.glob("views.*"))


def test_views_of_a_longer_log_are_made_anew(small, tmp_path):
    """A ledger restored from an older copy answers from its own log, without a word."""
    older = tmp_path / "older.db"
    run("mark", "P1", "2026-11-20/AM", "N")
    with closing(sqlite3.connect(small / "ledger.db")) as db:
        db.execute("VACUUM INTO ?", [str(older)])
    run("mark", "P2", "2026-11-20/AM", "N")
    assert run("rates", "--json").json["total"]["codes"] == {"N": 2}
    for path in small.glob("ledger.db*"):
        path.unlink()
    shutil.copy(older, small / "ledger.db")
    assert done("rates", "--json").json["total"]["codes"] == {"N": 1}
    run("mark", "P3", "2026-11-20/AM", "B", "--nature", "museum visit")
    assert run("rates", "--json").json["total"]["codes"] == {"B": 1, "N": 1}


# -- as a program ------------------------------------------------------------------------------


@pytest.mark.parametrize("module", ["click", "ledger.ledger", "projections.school.status"])
def test_ctrl_c_while_the_program_is_loaded_is_no_fault(module, demo):
    """It comes as a module is imported, by the command line or by the question."""
    words = (
        "import os, signal, sys\nfrom ledger import start\n"
        "class Interrupts:\n"
        "    def find_spec(self, name, *_):\n"
        f"        if name == {module!r}: os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupts())\n"
        "start.main()"
    )
    command = [sys.executable, "-c", words, "--ledger", str(demo), "status"]
    shown = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    assert (shown.returncode, shown.stdout) == (130, "")
    assert shown.stderr.strip().startswith("interrupted; ")
    assert "Traceback" not in shown.stderr
    if module == "projections.school.status":
        assert f"attendance --ledger {demo} status tells" in shown.stderr


def test_ctrl_c_is_ignored_where_it_was():
    """As by a shell that put the program in the background."""
    words = (
        "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); import cli\n"
        "from ledger import start\n"
        "cli.main = lambda ready: (ready(), print(signal.getsignal(signal.SIGINT).name))\n"
        "start.main()"
    )
    shown = subprocess.run(
        [sys.executable, "-c", words], check=False, capture_output=True, cwd=ROOT
    )
    assert shown.stdout == b"SIG_IGN\n"


@pytest.mark.parametrize("args", [("rates",), ("rates", "--json"), ("changes", "--csv")])
@pytest.mark.usefixtures("demo")
def test_reader_that_goes_away_is_no_failure(args):
    command = [sys.executable, "-c", "import cli; cli.main()", *args]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, cwd=ROOT) as process:
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (0, b"")


def test_ctrl_c_at_the_prompt_records_nothing(small):
    """The interrupt key of a real terminal leaves the ledger as it was, and the terminal too."""
    head = Folder(small).head()
    words = (
        "import cli; from ledger import clock; now = clock.parse_instant('2026-11-20T08:50'); "
        "clock.now = lambda: now; cli.main()"
    )
    take = ["register", "take", "--group", "7A", "--session", "2026-11-20/AM"]
    child, master = pty.fork()
    if child == 0:
        os.chdir(ROOT)
        os.execv(sys.executable, [sys.executable, "-c", words, *take])  # noqa: S606
    said = _read_until(master, "space: present")
    os.write(master, b" ")
    said += _read_until(master, "> .   Ben Reed")
    os.write(master, b"\x03")
    said += _read_until(master, "recorded")
    deadline = time.monotonic() + 20
    while (ended := os.waitpid(child, os.WNOHANG))[0] == 0 and time.monotonic() < deadline:
        time.sleep(0.02)
    if ended[0] == 0:
        os.kill(child, signal.SIGKILL)
    os.close(master)
    assert os.waitstatus_to_exitcode(ended[1]) == 130
    assert "interrupted; attendance status tells what is recorded" in said
    assert "Traceback" not in said
    assert Folder(small).head() == head


def _read_until(master: int, expected: str) -> str:
    said, deadline = "", time.monotonic() + 20
    while expected not in said and select([master], [], [], deadline - time.monotonic())[0]:
        try:
            said += os.read(master, 4096).decode(errors="replace")
        except OSError:
            break
    assert expected in said, said
    return said


@pytest.mark.usefixtures("small")
def test_bytes_that_are_no_text_are_refused():
    run("mark", "P1", "2026-11-20/AM", "N")
    before = run("status", "--json").json["events"]
    assert "no text" in refused(*AMEND[:-1], os.fsdecode(b"bad \xff byte"))
    assert run("status", "--json").json["events"] == before


def called(*args: str) -> int:
    """Call the program where stdout is a disk without room; return its exit code."""
    argv = mock.patch.object(sys, "argv", ["attendance", *args])
    with Path("/dev/full").open("w", encoding="utf-8") as full, argv, redirect_stdout(full):
        return ended()


def test_what_is_done_stays_done_where_it_cannot_be_told(small, capsys):
    """Exit code 0, since it was recorded; what was not told is said beside it."""
    head = Folder(small).head()
    assert called("mark", "P1", "2026-11-20/AM", "N") == 0
    assert Folder(small).head() == head + 2
    said = "note: done, but what there is to tell cannot be written: No space left on device\n"
    assert capsys.readouterr().err == said


@pytest.mark.usefixtures("small")
def test_an_answer_that_cannot_be_written_is_refused(capsys):
    assert called("today", "--json") == 1
    assert capsys.readouterr().err.splitlines() == [
        "refused: what there is to tell cannot be written: No space left on device",
        "  do:    let it go to a place with room",
    ]


def test_what_fails_after_it_was_recorded_says_which_entry_it_is(small, monkeypatch):
    """Exit code 1 is only for what was not recorded."""
    entry = Folder(small).head() + 1
    full = OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr(cli.Door, "bring_up", raising(full))
    shown = run("mark", "P1", "2026-11-20/AM", "N")
    assert shown.code == 4
    assert shown.err.splitlines() == [
        f"recorded as entry {entry}, but the disk is full or failing (the ledger)",
        "  do:    free some space on it, then repeat the command",
    ]
    monkeypatch.setattr(cli.Door, "bring_up", raising(KeyboardInterrupt))
    shown = run("mark", "P2", "2026-11-20/AM", "N")
    assert (shown.code, shown.err.strip()) == (130, f"interrupted; recorded as entry {entry + 2}")


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize(
    ("error", "says"),
    [
        (sqlite3.OperationalError("disk I/O error"), "the disk is full or failing"),
        (OSError(errno.EACCES, "Permission denied", "a.csv"), "cannot be written here (a.csv)"),
        (RecursionError(), "nested too deeply"),
        (MemoryError(), "too large"),
    ],
)
def test_what_a_disk_or_a_file_can_bring_about_is_told(monkeypatch, error, says):
    monkeypatch.setattr(cli.Door, "ask", raising(error))
    assert says in refused("status")


@pytest.mark.usefixtures("demo")
def test_a_fault_of_ours_is_no_answer(monkeypatch):
    monkeypatch.setattr(cli.Door, "ask", raising(KeyError("x")))
    with pytest.raises(KeyError):
        run("status")


@pytest.mark.usefixtures("demo")
def test_ctrl_c_is_one_whatever_was_made_of_it(monkeypatch):
    """A pool of connections that was closed by it fails in its own way."""

    def closed(*_: object) -> None:
        try:
            raise KeyboardInterrupt
        finally:
            raise KeyError

    monkeypatch.setattr(cli.Door, "ask", closed)
    assert run("status").code == 130


@pytest.mark.usefixtures("demo")
def test_what_cannot_be_told_at_all_ends_as_it_should(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["attendance", "pupil", "find"])
    with (
        Path("/dev/full").open("w", encoding="utf-8") as full,
        mock.patch.object(sys, "stderr", full),
    ):
        assert ended() == 2


WAITS = """
import signal, time
from ledger import files
signal.signal(signal.SIGTERM, signal.SIG_DFL)  # what measures the tests hears it, too
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever runs the tests may have it ignored
files.sleep = lambda _: (print("waiting", flush=True), time.sleep(0.2))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_an_order_to_end_is_heard_like_ctrl_c(small, number):
    """What waits for another writer ends, tidies up and says so."""
    with closing(sqlite3.connect(Folder(small).log, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        command = [
            sys.executable,
            "-c",
            WAITS + at_this_time(),
            "mark",
            "P1",
            "2026-11-20/AM",
            "N",
        ]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
        ) as process:
            assert process.stdout.readline() == b"waiting\n"
            process.send_signal(number)
            said = process.stderr.read()
    assert process.returncode == 128 + number
    assert said.strip() == b"interrupted; attendance status tells what is recorded"


def test_a_redaction_that_was_cut_short_is_named_until_it_is_done(small, monkeypatch):
    """The next command that records finishes the destruction; who and why is the user's to say."""
    done("mark", "P1", "2026-11-20/AM", "N", "--comment", "Ben was at the clinic")
    redact = ("redact", Folder(small).head(), "comment", "--reason", "about another child")
    with monkeypatch.context() as patched:
        patched.setattr("ledger.sealing.keys.KeyRing.wipe", raising(KeyboardInterrupt))
        assert run(*redact).code == 130
    assert "Half done    bytes of a destroyed key may still be in keys.db" in run("status").out
    assert len(run("status", "--json").json["half_done"]) == 2
    done("mark", "P2", "2026-11-20/AM", "N")
    [left] = run("status", "--json").json["half_done"]
    assert left.endswith(f"attendance redact {redact[1]} comment --reason WHY records that")
    done(*redact)
    assert "half_done" not in run("status", "--json").json


PREPARED = f"""
mark P1 2026-11-20/AM N
mark P1 2026-11-20/PM N
closures add 2026-12-09 --reason Funeral
pupil enrol --upn {upn(4)} --local-id P4 --forename Ada --surname Quill --dob 2014-10-01
    --starts-on 2026-11-20 --year Y7 --registration 7A
"""
WAITING = {
    "put-back": "put-back {batch} --reason Mistaken",
    "closures withdraw": "closures withdraw 2026-12-09 --reason Mistaken",
    "pupil merge": "pupil merge P4 --into P1 --reason Duplicate",
    "clock confirm": "clock confirm 2027-03-01",
    "clock correct": "clock correct 1 2 --reason Battery --earliest 2026-09-28T11:00 "
    "--latest 2026-09-28T11:30",
}


@pytest.mark.parametrize("file", ["log", "keys"])
@pytest.mark.parametrize("words", WAITING)
def test_who_waits_for_another_writer_is_refused_in_words_or_stopped(
    small, at, monkeypatch, words, file
):
    """A ledger that stays locked, and Ctrl-C while waiting for it: nothing is recorded."""
    typed(PREPARED)
    ill = ("--from", "2026-11-20", "--to", "2026-11-20", "--code", "I", "--reason", "Ill")
    batch = re.search(r"put-back (\d+)", done("amend", "--pupil", "P1", *ill).out)[1]
    if words == "clock confirm":
        at("2027-03-01T10:00")
    head = Folder(small).head()
    command = shlex.split(WAITING[words].format(batch=batch))
    path = getattr(Folder(small), file)
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with monkeypatch.context() as patched:
            patched.setattr("ledger.files.LOCK_TIMEOUT_SECONDS", 0)
            said = refused(*command)
        assert "another command has been writing to the ledger for minutes" in said
        assert "nothing was recorded" in said
        with monkeypatch.context() as patched:
            patched.setattr("ledger.files.sleep", raising(KeyboardInterrupt))
            stopped = run(*command)
        assert (stopped.code, stopped.err.strip()) == (
            130, "interrupted; attendance status tells what is recorded",
        )  # fmt: skip
    assert Folder(small).head() == head
    done(*command)
    assert Folder(small).head() > head


@pytest.mark.usefixtures("demo")
def test_an_order_to_end_is_heard_once(monkeypatch):
    """A second one does not interrupt the tidying up after the first."""
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    monkeypatch.setattr(cli.Door, "ask", lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    try:
        assert run("status").code == 143
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)
