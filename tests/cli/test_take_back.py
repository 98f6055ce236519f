"""A penalty notice to the wrong parent, taken back: what every answer says of it afterwards."""

import csv
import json
import shutil
from pathlib import Path

import pytest

from tests.cli.shell import done, refused, run, typed

SCHOOL = Path(__file__).parents[2] / "fixtures" / "portable"
FABLE, ISSUED = "F999200018006", "2026-11-18"


@pytest.fixture
def ledger(tmp_path, monkeypatch):
    """The example school, with a notice recorded to the wrong parent; its entry."""
    monkeypatch.setenv("ATTENDANCE_LEDGER", str(tmp_path / "school"))
    monkeypatch.setenv("ATTENDANCE_AS", "H01")
    typed('init --staff H01 --name "Hope Headworth" --job-title Headteacher')
    done("import", "portable", SCHOOL)
    said = done(
        "notice", "record", "P04", FABLE, "--kind", "s444A", "--issued-on", ISSUED,
        "--offence-first", "2026-11-09", "--offence-last", "2026-11-16",
    ).out  # fmt: skip
    return int(said.split("attendance take-back ")[1].split()[0])


def notices():
    rows = run("notices", "--json").json["rows"]
    return [r["position"] for r in rows if r["issued_on"] == ISSUED]


def test_it_counts_nowhere_and_stays_on_record(ledger, tmp_path):
    """Notices, a copy for the family, export: it is none; `taken-back` says all of it."""
    assert notices() == [ledger]
    before = run("status", "--json").json["as_of"]["position"]
    done("take-back", ledger, "--reason", "P05 was meant")
    assert notices() == []
    earlier = run("notices", "--json", "--position", before).json["rows"]
    assert ledger in [r["position"] for r in earlier]

    [row] = run("taken-back", "--json").json["rows"]
    assert (row["entry"], row["upn"], row["reason"]) == (ledger, FABLE, "P05 was meant")
    assert row["what"] == f"penalty notice s444A of {ISSUED} to P04"
    assert (row["recorded_by"]["name"], row["by"]["name"]) == ("Hope Headworth",) * 2
    [line] = csv.DictReader(done("taken-back", "--pupil", FABLE, "--csv").out.splitlines())
    assert line["entry"] == str(ledger)
    assert "P05 was meant" in done("taken-back").out
    assert run("taken-back", "--json", "--pupil", "N999200018003").json["rows"] == []

    copy = done("subject-access", FABLE, "--for", "Fable Fictitious").out
    assert "Recorded wrongly and taken back" in copy
    told = done("export", "portable", tmp_path / "out").out
    assert "1 entry that was taken back" in told
    assert ISSUED not in (tmp_path / "out" / "notices.csv").read_text()


def test_an_export_of_a_notice_recorded_anew_holds_nothing_of_what_was_taken_back(
    ledger, tmp_path, at
):
    """Neither the first record nor its withdrawal: a copy says of the notice what stands."""
    said = ("--kind", "s444A", "--issued-on", ISSUED, "--offence-first", "2026-11-09")
    last, withdrawn = ("--offence-last", "2026-11-16"), ("--withdrawn-on", "2026-11-19")
    ground = ("--withdrawn-ground", "8(1)(a)")
    at("2026-11-20T21:05")
    done("notice", "record", "P04", FABLE, *said, *last, *withdrawn, *ground)
    at("2026-11-20T21:10")
    done("take-back", ledger, "--reason", "P05 was meant")
    at("2026-11-20T21:15")
    done("notice", "record", "P04", FABLE, *said, *last, "--received-on", "2026-11-20")
    done("export", "portable", tmp_path / "out")
    with (tmp_path / "out" / "notices.csv").open(encoding="utf-8", newline="") as file:
        [row] = [row for row in csv.DictReader(file) if row["issued_on"] == ISSUED]
    assert row["withdrawn_on"] == ""
    copy = ("--ledger", tmp_path / "copy")
    done(*copy, "init", "--staff", "H01", "--name", "Hope Headworth", "--job-title", "Headteacher")
    told = done(*copy, "import", "portable", tmp_path / "out").out
    assert "amended" not in told
    for places in ((), copy):
        rows = run(*places, "notices", "--json").json["rows"]
        [again] = [row for row in rows if row["issued_on"] == ISSUED]
        assert (again["outcome"], again["withdrawn_on"]) == (None, None)


def test_a_source_that_states_it_again_does_not_bring_it_back(ledger, tmp_path):
    """It is told, like everything that a person here has put right."""
    folder = tmp_path / "again"
    shutil.copytree(SCHOOL, folder)
    with (folder / "notices.csv").open("a") as file:
        columns = (SCHOOL / "notices.csv").read_text().splitlines()[0].split(",")
        said = {"parent_id": "P04", "upn": FABLE, "kind": "s444A", "issued_on": ISSUED,
                "offence_first": "2026-11-09", "offence_last": "2026-11-16"}  # fmt: skip
        file.write(",".join(said.get(name, "") for name in columns) + "\n")
    done("take-back", ledger, "--reason", "P05 was meant")
    assert "1 notice (notices.csv:" in done("import", "portable", folder).out
    assert notices() == []


def test_nothing_is_taken_back_before_the_first_entry(tmp_path, monkeypatch):
    """An empty answer, and no pupil."""
    monkeypatch.setenv("ATTENDANCE_LEDGER", str(tmp_path / "school"))
    typed('init --staff H01 --name "Hope Headworth" --job-title Headteacher --role head')
    assert run("taken-back", "--json", "--known-at", "2020-01-01").json["rows"] == []
    assert "the ledger has no entry 77" in refused(
        "--as", "H01", "take-back", "77", "--reason", "x"
    )
    assert json.loads(done("taken-back", "--json").out)["rows"] == []
