"""Amendments from the command line: a batch by stdin, evidence given, listed and copied back."""

from pathlib import Path

import pytest

from tests.cli.shell import done, misused, refused, run
from tests.commands.conftest import upn

HEADER = "upn,date,session,original,amended,reason\n"


@pytest.fixture
def _marked(small):  # noqa: ARG001 - the ledger of the environment
    """Ada and Ben have N on Thursday morning."""
    for pupil in ("P1", "P2"):
        done("mark", pupil, "2026-11-19/AM", "N")


def amended():
    rows = run("changes", "--json").json["rows"]
    return [row["code"] for row in rows if row["kind"] == "amendment"]


def lines(*amended):
    rows = (f"{upn(n)},2026-11-19,AM,N,{code},flu\n" for n, code in enumerate(amended, start=1))
    return (HEADER + "".join(rows)).encode()


@pytest.mark.usefixtures("_marked")
def test_batch_from_stdin_is_previewed_then_recorded():
    shown = run("amend", "--batch", "-", "--dry-run", stdin=lines("I", "O"))
    assert shown.out.endswith("dry run: nothing was recorded\n")
    assert amended() == []
    assert "2 amendments\n" in done("amend", "--batch", "-", stdin=lines("I", "O")).out
    assert sorted(amended()) == ["I", "O"]


@pytest.mark.usefixtures("_marked")
def test_every_fault_of_a_batch_is_told_by_line():
    said = refused("amend", "--batch", "-", stdin=lines("QQ", "-", "I")).splitlines()
    assert [line[:8] for line in said[:3]] == ["stdin:2:", "stdin:3:", "stdin:4:"]
    assert amended() == []


def test_what_is_needed_without_a_batch_is_wrong_usage():
    said = misused("amend", "--session", "2026-11-19/AM", "--reason", "flu")
    assert "Missing option '--pupil' and '--code'" in said


@pytest.mark.usefixtures("_marked")
def test_evidence_is_listed_and_its_copy_comes_back():
    """A question and a command of one word: the list, and the copy by its position."""
    Path("letter.pdf").write_bytes(b"%PDF \x00\xff")
    given = ("--evidence", "letter.pdf", "--evidence-note", "GP letter", "--keep-evidence")
    done("amend", "--batch", "-", *given, stdin=lines("I"))
    [row] = run("evidence", "--pupil", "P1", "--json").json["rows"]
    assert (row["file"], row["note"], row["copy"]) == ("letter.pdf", "GP letter", "unchanged")
    done("evidence", "copy", row["position"], "--out", "back.pdf")
    assert Path("back.pdf").read_bytes() == b"%PDF \x00\xff"
    done("evidence", "copy", row["position"], "--out", "back.pdf")  # it says the same
    Path("back.pdf").write_bytes(b"another")
    again = ("evidence", "copy", row["position"], "--out", "back.pdf")
    assert "write over it with --replace" in refused(*again)
    assert Path("back.pdf").read_bytes() == b"another"
    done(*again, "--replace")
    assert Path("back.pdf").read_bytes() == b"%PDF \x00\xff"
