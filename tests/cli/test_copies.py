"""What leaves and what goes, as it is done at a shell: record, copy for the family, redact."""

import json

from ledger.store.folder import Folder
from tests.cli.shell import done, refused, run
from tests.commands.conftest import upn

ADA = upn(1)


def position(session: str) -> int:
    return run("history", ADA, session, "--json").json["rows"][-1]["position"]


def test_a_copy_is_recorded_before_it_is_made(small):
    """The page is written, and the list names to whom it went; nobody named, nothing made."""
    run("mark", ADA, "2026-11-20/AM", "/")
    shown = run("subject-access", ADA, "--for", "Ada Quill", "--out", "copy.html")
    assert shown.code == 0
    assert "What the register of Example High School holds about Ada Quill" in shown.out
    assert "Present, morning" in (small.parent / "copy.html").read_text()
    [row] = run("disclosures", "--json").json["rows"]
    assert (row["kind"], row["to"], row["upn"]) == ("subject-access", "Ada Quill", ADA)
    refused("--as", "", "subject-access", ADA, "--for", "Ada Quill")
    assert len(run("disclosures", "--json").json["rows"]) == 1


def test_a_pack_that_left_and_a_change_since(small):
    run("mark", ADA, "2026-11-20/AM", "N")
    (small.parent / "pack.pdf").write_bytes(b"pack")
    days = ["--first", "2026-11-16", "--last", "2026-11-20"]
    pack = ["--kind", "pack", "--to", "Mallow Council", "--what", "pack", "--pupil", ADA]
    done("disclosures", "record", *pack, *days, "--sha256-of", "pack.pdf")
    amended = ["--session", "2026-11-20/AM", "--code", "I", "--reason", "call from home"]
    done("amend", "--pupil", ADA, *amended)
    [row] = run("disclosures", "--pupil", ADA, "--json").json["rows"]
    assert (row["changed_since"], len(row["sha256"])) == (1, 64)
    missing = refused("disclosures", "record", *pack, *days, "--sha256-of", "none.pdf")
    assert "there is no file none.pdf" in missing


def test_a_text_is_redacted_and_says_so(small):
    """No file of the ledger holds it; the list says why; what is no text is refused."""
    run("mark", ADA, "2026-11-20/AM", "I", "--comment", "Ben was at the clinic")
    at = position("2026-11-20/AM")
    assert run("redact", at, "code", "--reason", "x").code == 1
    assert "beyond use" in done("redact", at, "comment", "--reason", "about another child").out
    shown = run("history", ADA, "2026-11-20/AM", "--json").json["rows"][-1]
    assert shown["comment"] == "[redacted]"
    assert run("redactions", "--json").json["rows"][0]["reason"] == "about another child"
    stored = b"".join(path.read_bytes() for path in small.rglob("*") if path.is_file())
    assert b"clinic" not in stored
    assert json.dumps("[redacted]").encode() not in stored


def test_keys_of_before_a_redaction_are_told_by_verify(small):
    """Whoever puts an older key file back reads again what was put beyond use."""
    folder = Folder(small)
    run("mark", ADA, "2026-11-20/AM", "I", "--comment", "about another child")
    first = position("2026-11-20/AM")
    run("mark", ADA, "2026-11-19/AM", "I", "--comment", "and about a third")
    second = position("2026-11-19/AM")
    done("redact", first, "comment", "--reason", "another's")
    kept = folder.keys.read_bytes()
    done("redact", second, "comment", "--reason", "another's")
    assert run("verify").code == 0
    for end in ("-wal", "-shm"):
        folder.keys.with_name(folder.keys.name + end).unlink(missing_ok=True)
    folder.keys.write_bytes(kept)
    told = run("verify", "--json")
    assert told.code == 3
    [problem] = told.json["problems"]
    told = f"comment of entry {second}, put beyond use by this one, can be read: keys.db is of"
    assert problem["what"] == f"{told} before that"
