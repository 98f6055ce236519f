"""Entries are exported to a file that a stranger can check, and never over another file."""

from base64 import b64decode

from commands.core.execute import execute
from commands.school.staff import AddStaff
from ledger import attendance_verify
from projections.exports.stretch import ExportStretch
from tests.ledger.cosigned import witnessed
from tests.ledger.outsiders import WITNESS


def export(folder, path, **options):
    return ExportStretch(out=path, **options).inspect(folder, lambda *_: None)


def test_the_file_is_accepted_by_the_verifier_for_strangers(folder, tmp_path):
    answer = export(folder, tmp_path / "out", from_position=2)
    [page] = answer.pages
    page.path.write_text(page.text, encoding="utf-8")
    assert attendance_verify.main([str(page.path)]) == 0
    assert answer.document == {"path": str(page.path), "first": 2, "last": folder.head()}
    assert f"entries 2 to {folder.head()}" in answer.blocks[0].lines[0]


def test_when_the_log_has_grown_a_witness_still_vouches_for_what_it_saw(context, tmp_path):
    """Under the newest checkpoint it does not any more."""
    size = witnessed(context)
    execute(context, AddStaff(staff_id="S2", name="Ben", job_title="Teacher"))
    for asked, status in [(True, 0), (False, 3)]:
        answer = export(context.folder, tmp_path / f"{asked}", witnessed=asked)
        [page] = answer.pages
        page.path.write_text(page.text, encoding="utf-8")
        given = [str(page.path), "--witness", WITNESS.verifier.vkey]
        assert attendance_verify.main(given) == status
        assert answer.document["last"] == (size if asked else size + 2)
        assert f"under a checkpoint of {answer.document['last']} ent" in answer.blocks[0].lines[0]


def test_sealed_texts_stay_sealed(folder, tmp_path):
    """What is not sealed can be read from the entries: who has joined, in which roles."""
    [page] = export(folder, tmp_path / "out").pages
    leaves = [line.removeprefix("leaf ") for line in page.text.splitlines() if "leaf " in line]
    entries = b"".join(map(b64decode, leaves))
    assert b"StaffJoined" in entries
    assert b"Clerk" not in entries
    assert b"Ada Marsh" not in entries
