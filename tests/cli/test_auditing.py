"""What an auditor asks of a register, one command each, from a shell."""

import csv

import pytest

from tests.cli.shell import misused, run

pytestmark = pytest.mark.usefixtures("demo")

CODES = ("N", "O", "U", "G")


def test_which_n_became_present_so_late_is_one_command():
    everything = run("changes", "--json").json["rows"]
    words = "--from-code N --to-code present --lag-over 0 --changed-from 2026-10-01"
    asked = run("changes", *words.split(), "--changed-to", "2026-11-20", "--json")
    expected = [
        r
        for r in everything
        if r["replaced"] == "N"
        and r["code"] in ("/", "\\", "L", "B", "K", "P", "V", "W")
        and r["late_by_school_days"] > 0
        and r["stated_at"] >= "2026-10-01"
    ]
    assert asked.json["rows"] == expected


def test_options_may_be_given_several_times():
    args = [word for code in CODES for word in ("--from-code", code)]
    rows = run("changes", *args, "--kind", "amendment", "--kind", "taking", "--json").json["rows"]
    assert rows
    assert {r["replaced"] for r in rows} <= set(CODES)
    assert {r["kind"] for r in rows} <= {"amendment", "taking"}


def test_counts_add_up_to_the_list_also_as_csv():
    rows = run("changes", "--json").json["rows"]
    summary = run("changes", "--summary", "--json").json
    assert summary["total"]["count"] == len(rows)
    told = csv.DictReader(run("changes", "--summary", "--csv").out.splitlines())
    assert sum(int(row["count"]) for row in told) == len(rows)


def test_a_kind_that_is_none_is_a_usage_error():
    assert "late_entry" in misused("changes", "--kind", "admission")


def test_one_session_is_a_page_and_ends_with_its_provenance(somebody):
    session = run("history", somebody, "--json").json["rows"][0]["session"]
    page = run("history", somebody, session).out
    assert "Version 1: entry, as stated by portable" in page
    assert page.rstrip().splitlines()[-1].startswith("Exampleton High School")


def test_registers_and_gaps_of_an_imported_school():
    """It is not recorded how registers were taken, and nobody outside has seen the log."""
    registers = run("registers", "--json").json
    assert registers["total"]["due"] == registers["total"]["not_recorded"] > 0
    kinds = {row["kind"] for row in run("gaps", "--json").json["rows"]}
    assert {"unseen", "second-hand", "registers-not-recorded"} <= kinds
