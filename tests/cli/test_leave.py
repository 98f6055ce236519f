"""Leave from the first request to a pupil who turns up, as the office types it."""

from tests.cli.shell import run


def office(ledger, *words, as_="mm"):
    done = run("--ledger", ledger, "--as", as_, *words)
    assert done.code == 0, done.err
    return done


def built(tmp_path):
    """Return a school with a head and one pupil."""
    ledger = tmp_path / "leave"
    run(
        "--ledger", ledger, "init", "--staff", "mm", "--name", "Mo Marsh", "--job-title", "Officer"
    )
    lines = """
        school set --urn 123456 --name Example --la-code 887 --estab 4001 --type maintained
        terms set Autumn --first 2026-11-02 --last 2026-12-18
        register times --from 2026-11-02 --am-opens 08:45 --am-closes 08:55 --pm-opens 13:50
        staff add head --name Hope --job-title Head --role head
        pupil enrol --upn D887400126001 --local-id P1 --surname Quill --forename Ada
    """
    more = {
        "school": "--phase secondary",
        "register": "--pm-closes 14:00",
        "pupil": "--dob 2014-10-01 --starts-on 2026-11-02 --registration 7A",
    }
    for line in lines.strip().splitlines():
        words = line.split()
        office(ledger, *words, *more.get(words[0], "").split())
    return ledger


def test_leave_from_request_to_return(tmp_path, at):
    """Asked, granted, planned, entered over: each step shows where it should and nowhere else."""
    ledger = built(tmp_path)
    line = "leave request P1 --from 2026-11-23 --to 2026-11-23 --purpose holiday --asked-on"
    told = office(ledger, *line.split(), "2026-11-19", "--asked-by", "Una Quill")
    leave_id = (told.out + told.err).split("leave ", 1)[1].split(":")[0]
    refused = run("--ledger", ledger, "--as", "mm", "leave", "grant", leave_id, "--reason", "x")
    assert (refused.code, "roles that may decide on leave" in refused.err) == (1, True)
    office(ledger, "leave", "grant", leave_id, "--reason", "A wedding", as_="head")

    [planned] = office(ledger, "leave", "--json").json["rows"]
    assert (planned["state"], planned["met"], planned["planned"]) == ("granted", 2, 2)
    expected = office(ledger, "today", "--on", "2026-11-23", "--json").json["rows"]
    assert [(r["what"], r["planned"]) for r in expected] == [("planned absence", "C")] * 2
    assert office(ledger, "rates", "--on", "2026-11-23", "--json").json["total"]["possible"] == 0

    at("2026-11-23T08:50")
    office(ledger, "mark", "P1", "2026-11-23/AM", "/")
    at("2026-11-23T14:30")
    office(ledger, "register", "take", "--group", "7A", "--session", "2026-11-23/PM",
           "--rest-present")  # fmt: skip
    [row] = office(ledger, "leave", "--json").json["rows"]
    assert [row[n] for n in ("planned", "as_planned", "otherwise")] == [0, 1, 1]
    kinds = [r["kind"] for r in office(ledger, "history", "P1", "--json").json["rows"]]
    assert sorted(kinds) == ["entry", "entry", "plan", "plan"]
    assert office(ledger, "changes", "--json").json["rows"] == []


def test_a_letter_is_written_to_a_file(tmp_path):
    """And shown."""
    ledger = built(tmp_path)
    line = "leave request P1 --from 2026-11-23 --to 2026-11-23 --purpose holiday --asked-on"
    office(ledger, *line.split(), "2026-11-19", "--asked-by", "Una Quill")
    [row] = office(ledger, "leave", "--open", "--json").json["rows"]
    page = tmp_path / "letter.html"
    early = run("--ledger", ledger, "leave", "letter", row["id"], "--html", page)
    assert (early.code, page.exists()) == (1, False)
    office(ledger, "leave", "refuse", row["id"], "--reason", "Not exceptional", as_="head")
    shown = office(ledger, "leave", "letter", row["id"], "--html", page)
    assert "Leave is refused." in shown.out
    assert "Leave is refused." in page.read_text(encoding="utf-8")


def test_a_school_lays_its_own_words_over_ours(tmp_path):
    """They are in its letter; a broken file is refused with its line, and taken away is ours."""
    ledger = built(tmp_path)
    line = "leave request P1 --from 2026-11-23 --to 2026-11-23 --purpose holiday --asked-on"
    office(ledger, *line.split(), "2026-11-19", "--asked-by", "Una Quill")
    [row] = office(ledger, "leave", "--open", "--json").json["rows"]
    office(ledger, "leave", "refuse", row["id"], "--reason", "Not exceptional", as_="head")
    words, page = ledger / "words" / "leave-letter.txt", tmp_path / "letter.html"
    words.parent.mkdir()

    words.write_text("Dear {{ asked_by }}, no: {{ reason }}\n", encoding="utf-8")
    shown = office(ledger, "leave", "letter", row["id"], "--html", page)
    assert "Dear Una Quill, no: Not exceptional" in shown.out
    assert "Leave is refused." not in shown.out
    assert "<p>Dear Una Quill, no: Not exceptional</p>" in page.read_text(encoding="utf-8")

    words.write_text("Dear {{ asked_by }},\n{{ why }}\n", encoding="utf-8")
    broken = run("--ledger", ledger, "leave", "letter", row["id"])
    assert (broken.code, broken.out) == (1, "")
    refused, remedy = broken.err.splitlines()
    assert refused == f"refused: {words}:2: no placeholder has the name why"
    assert remedy.startswith("  do:    correct that line, or take the file away")

    words.unlink()
    assert "Leave is refused." in office(ledger, "leave", "letter", row["id"]).out
