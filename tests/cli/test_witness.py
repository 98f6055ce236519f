"""Witnesses and timestamps on the command line, from the key to the verification."""

import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing, contextmanager

import pytest

from ledger.tlog.note import COSIGNATURE, read_signer, read_verifier
from ledger.transparency import cosigning
from tests.cli.shell import ROOT, at_this_time, differs, done, refused, run
from tests.ledger.outsiders import Authority, answering

NAME = "trust.example/w1"
NONE_YET = "by no one outside since entry 1"


@pytest.fixture
def keys(small, tmp_path):
    """The school's public key, the witness's private and public one, as files."""
    (tmp_path / "school.pub").write_text(run("--ledger", small, "key", "show").out)
    (tmp_path / "w.pub").write_text(run("witness", "new", NAME, "--out", tmp_path / "w.key").out)
    return tmp_path


def of_witness(keys, **more):
    given = {"key": keys / "w.key", "state": keys / "state", "trust": keys / "school.pub"} | more
    return [text for name, value in given.items() for text in (f"--{name}", value)]


@contextmanager
def opened(ledger):
    """The log, as its owner could change it."""
    with closing(sqlite3.connect(ledger / "ledger.db")) as db, db:
        yield db


def sign(keys, *, since=None):
    """Ask and answer by files; return what `witness sign` said."""
    asked = [] if since is None else ["--since", since]
    assert run("witness", "request", *asked, "--out", keys / "request", "--replace").code == 0
    out = ("--out", keys / "answer", "--replace")
    return run("witness", "sign", keys / "request", *of_witness(keys), *out)


@pytest.fixture
def seen(keys):
    """The files, and how many entries the witness signed, whom the school trusts."""
    done("witness", "trust", keys / "w.pub")
    size = run("status", "--json").json["events"]
    sign(keys)
    done("witness", "take", keys / "answer")
    return keys, size


def test_a_witness_makes_its_key(keys):
    path = keys / "w.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    key = read_signer(path.read_text())
    printed = (keys / "w.pub").read_text().splitlines()
    assert (key.name, key.kind) == (NAME, COSIGNATURE)
    assert read_verifier(printed[0]) == key.verifier
    assert str(path) in printed[1]


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\x07", "a\nb"])
def test_a_name_that_is_none_is_refused(name, tmp_path):
    refused("witness", "new", name, "--out", tmp_path / "key")
    assert not (tmp_path / "key").exists()


def test_a_key_is_not_replaced(keys):
    """It may have signed already."""
    shown = refused("witness", "new", NAME, "--out", keys / "w.key")
    assert ("already" in shown, "--out" in shown) == (True, True)


def test_by_files_from_request_to_verification(keys):
    assert NONE_YET in run("status").out
    assert NONE_YET in run("verify").out
    done("witness", "trust", keys / "w.pub")
    assert run("status", "--json").json["last_witness"] is None
    shown = sign(keys)
    assert (shown.code, "signed: entries 1 to " in shown.out) == (0, True)
    done("witness", "take", keys / "answer")
    position = run("status", "--json").json["events"]
    expected = {"position": position, "at": "2026-11-20T21:00:00Z", "by": NAME}
    assert run("status", "--json").json["last_witness"] == expected
    assert run("verify", "--json").json["witnessed"] == expected
    words = f"up to entry {position} by {NAME} at 2026-11-20 21:00"
    assert words in run("status").out
    assert words in run("verify").out
    assert words in run("witness").out
    run("staff", "add", "zz", "--name", "Bo Reed", "--job-title", "Teacher")
    for words in (("status",), ("verify",), ("witness",)):
        assert f"by no one outside since entry {position + 1}" in run(*words).out
    gaps = [row for row in run("gaps", "--json").json["rows"] if row["kind"] == "unseen"]
    assert [(row["positions"]["from"], row["count"]) for row in gaps] == [(position + 1, 2)]
    seen = run("gaps", "--position", position, "--json").json["rows"]
    assert "unseen" not in [row["kind"] for row in seen]


def test_an_answer_that_was_lost_is_given_again(keys):
    """By the same request: whoever signed may have been stopped before it was written."""
    done("witness", "trust", keys / "w.pub")
    first = sign(keys)
    (keys / "answer").unlink()
    again = run("witness", "sign", keys / "request", *of_witness(keys), "--out", keys / "answer")
    assert (again.code, again.out) == (0, first.out)
    done("witness", "take", keys / "answer")
    assert f"by {NAME} at 2026-11-20 21:00" in run("status").out


def test_a_memory_that_was_cut_short_is_made(keys):
    """By older software, which made it in its place."""
    (keys / "state").mkdir()
    (keys / "state" / "witness.db").touch()
    assert sign(keys).code == 0


def test_another_witness_at_the_same_time_makes_one_memory(keys, monkeypatch):
    """Whoever comes second takes what the first made."""
    made = cosigning.give_name

    def after_another(aside, path):
        made(aside, path)
        made(aside, path)

    monkeypatch.setattr(cosigning, "give_name", after_another)
    assert sign(keys).code == 0
    assert [path.name for path in (keys / "state").iterdir()] == ["witness.db"]


def test_the_list_names_key_author_and_what_was_seen(keys):
    run("witness", "trust", keys / "w.pub")
    before = run("status", "--json").json["events"]
    assert "nothing" in run("witness").out
    sign(keys)
    run("witness", "take", keys / "answer")
    run("witness", "drop", NAME)
    (row,) = run("witness", "--json").json["rows"]
    assert (row["witness"], row["trusted"], row["saw"]) == (NAME, False, before)
    assert row["by"] == {"staff_id": "mm", "name": "Mo Marsh", "job_title": "Attendance Officer"}
    assert "dropped 2026-11-20" in run("witness").out
    assert run("witness", "--position", before, "--json").json["rows"][0]["trusted"]
    assert not run("witness", "--position", before - 1, "--json").json["rows"]
    assert run("witness", "--position", 0, "--json").json["knows_nothing"] is True
    header, line = run("witness", "--csv").out.splitlines()
    assert header.startswith("witness,key_id,trusted,since,by,saw,saw_at,key")
    assert f",mm,{before},2026-11-20T21:00:00Z," in line


@pytest.mark.usefixtures("seen")
def test_at_a_position_what_was_seen_ends_there():
    """The same provenance gives the same answer; an earlier time knows of no witness."""
    assert run("status", "--position", 3, "--json").json["last_witness"]["position"] == 3
    early = run("status", "--known-at", "2026-11-20T20:59", "--json").json
    assert early["last_witness"] is None


@pytest.mark.usefixtures("small")
def test_a_request_may_be_shown():
    shown = run("witness", "request")
    assert shown.out.startswith("old 0\n\nattendance-ledger/")
    assert run("witness", "request", "--since", 99999).code == 1


def test_an_answer_may_be_shown(keys):
    run("witness", "request", "--out", keys / "request", "--replace")
    shown = run("witness", "sign", keys / "request", *of_witness(keys))
    assert shown.out.startswith(f"— {NAME} ")


def test_a_witness_that_saw_something_else_says_so_loudly(keys):
    """A smaller request is to be made anew; a rolled back ledger is exit code 3."""
    assert sign(keys).code == 0
    run("staff", "add", "zz", "--name", "Bo Reed", "--job-title", "Teacher")
    shown = sign(keys, since=0)
    assert shown.code == 1
    assert "--since" in shown.err
    size = int(shown.err.split("--since ")[1])
    assert sign(keys, since=size).code == 0
    old = (keys / "request").read_text()
    run("staff", "add", "yy", "--name", "Cy Reed", "--job-title", "Teacher")
    assert sign(keys, since=run("witness", "request", "--json").json["size"] - 2).code == 0
    (keys / "request").write_text(old)
    shown = differs("witness", "sign", keys / "request", *of_witness(keys))
    assert "ANOTHER HISTORY" in shown
    assert "not signed" in shown


def test_a_witness_that_cannot_be_read_is_a_finding(small):
    """Never an error: the rest is verified all the same."""
    row = (9999, "witness:school", 0, "Nonsense.v1", b"{}")
    with opened(small) as db:
        db.execute("INSERT INTO stored_events VALUES(?,?,?,?,?)", row)
    assert "the witnesses cannot be read" in differs("verify")


def test_keys_that_were_swapped_are_refused(keys):
    (keys / "request").write_text("x")
    cases = (
        {"trust": keys / "w.pub"},
        {"key": keys / "none"},
        {"key": keys / "small" / "signing.key"},
        {"key": keys / "w.pub"},
    )
    for more in cases:
        shown = run("witness", "sign", keys / "request", *of_witness(keys, **more))
        assert shown.code == 1, more
    assert run("witness", "sign", keys / "request", *of_witness(keys)).code == 1
    assert run("witness", "trust", keys / "school.pub").code == 1


def test_only_a_witness_that_was_named_counts(seen):
    """Whoever holds the ledger's key can also trust a witness of their own."""
    keys, _ = seen
    other = run("witness", "new", "council.example", "--out", keys / "c.key").out.splitlines()[0]
    assert f"by {NAME}" in run("verify", "--witness", keys / "w.pub").out
    assert NONE_YET in run("verify", "--witness", other).out


@contextmanager
def served(keys):
    """Serve as a program on a free port; yield where. Ctrl-C ends it."""
    command = ["witness", "serve", *map(str, of_witness(keys)), "--listen", "127.0.0.1:0"]
    process = subprocess.Popen(
        [sys.executable, "-c", at_this_time(), *command],
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    with process:
        try:
            yield process.stderr.readline().rsplit(" ", 1)[1].strip()
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert process.stderr.read().endswith("stopped\n")


def test_over_http_from_the_question_to_the_verification(keys):
    """A real service; a ledger rolled back afterwards is exit code 3."""
    run("witness", "trust", keys / "w.pub")
    with served(keys) as url:
        assert f"were seen by {NAME}" in done("witness", "ask", url).out
        assert f"by {NAME}" in run("verify").out
        run("staff", "add", "zz", "--name", "Bo Reed", "--job-title", "Teacher")
        done("witness", "ask", url)
        old = keys / "old"
        subprocess.run(["cp", "-r", keys / "small", old], check=True)
        run("staff", "add", "yy", "--name", "Cy Reed", "--job-title", "Teacher")
        run("witness", "ask", url)
        assert "rolled back" in differs("--ledger", old, "witness", "ask", url)


def test_serving_without_a_proper_address_is_refused(keys):
    serve = ("witness", "serve", *of_witness(keys))
    assert "HOST:PORT" in refused(*serve, "--listen", "nowhere")


# -- timestamps --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tsa") / "one")


@pytest.mark.usefixtures("small")
def test_timestamps_by_files(tmp_path, authority):
    """Request, answer, take; verify counts it where the root is given, else says it did not."""
    done("timestamp", "request", "--out", tmp_path / "q.tsq")
    (tmp_path / "r.tsr").write_bytes(authority.answer((tmp_path / "q.tsq").read_bytes()))
    take = ("timestamp", "take", tmp_path / "r.tsr", "--tsa-root", authority.root)
    assert "were timestamped by Example Timestamps" in done(*take).out
    assert "had been timestamped" in run(*take).out
    shown = run("verify")
    assert NONE_YET in shown.out
    assert "1 timestamp: give" in shown.out
    assert run("verify", "--json").json["timestamps_unchecked"] == 1
    shown = done("verify", "--tsa-root", authority.root)
    assert "by Example Timestamps at" in shown.out
    assert "Not checked" not in shown.out


def test_what_was_kept_is_verified_by_openssl(small, tmp_path, authority):
    """Against the text of the checkpoint, as it is printed."""
    with answering(200, authority.answer) as url:
        done("timestamp", "ask", url, "--tsa-root", authority.root)
    sql = "SELECT token, note FROM timestamps NATURAL JOIN checkpoints"
    with opened(small) as db:
        token, note = db.execute(sql).fetchone()
    (tmp_path / "r.tsr").write_bytes(token)
    (tmp_path / "text").write_text(note.rpartition("\n\n")[0] + "\n")
    line = f"ts -verify -data {tmp_path / 'text'} -in {tmp_path / 'r.tsr'} -CAfile ca.pem"
    assert "Verification: OK" in authority.openssl(line)


def test_an_authority_that_gives_none_is_refused(small, authority):
    answers = (authority.answer, lambda _: b"x", lambda q: authority.answer(q[:9]))
    for status, answer in zip((500, 200, 200), answers, strict=True):
        with answering(status, answer) as url:
            assert run("timestamp", "ask", url, "--tsa-root", authority.root).code == 1
    assert run("timestamp", "ask", "x", "--tsa-root", small / "signing.key").code == 1
    assert run("verify", "--json").json["timestamps_unchecked"] == 0


def test_a_damaged_timestamp_is_a_finding(small, authority):
    """Under the right root; without it nothing is claimed."""
    with answering(200, authority.answer) as url:
        run("timestamp", "ask", url, "--tsa-root", authority.root)
    with opened(small) as db:
        size, token = db.execute("SELECT * FROM timestamps").fetchone()
        db.execute("INSERT INTO timestamps VALUES(?,?)", [size, token[:-1] + b"\0"])
    assert "timestamp does not hold" in differs("verify", "--tsa-root", authority.root)
