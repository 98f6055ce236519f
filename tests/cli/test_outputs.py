"""What is written for whoever asks: a new file, its owner's alone, never in a ledger's folder."""

import os
import stat

import pytest

from ledger.store.folder import Folder
from tests.cli.shell import refused, run

SESSION = "2026-11-19/AM"
WEEK = ("--group", "7A", "--week", "2026-11-16")
OUTPUTS = {
    "a page": ("register", "print", *WEEK, "--as-amended", "--html"),
    "an empty form": ("register", "print", *WEEK, "--blank", "--html"),
    "a checkpoint": ("checkpoint", "--out"),
    "a proof": ("prove", "--position", "3", "--out"),
    "a stretch": ("export", "stretch"),
    "a request to a witness": ("witness", "request", "--out"),
    "a request for a timestamp": ("timestamp", "request", "--out"),
    "a copy for a family": ("--as", "mm", "subject-access", "P1", "--for", "Ada Quill", "--out"),
    "a folder": ("export", "portable"),
    "a back-up": ("backup", "create", "--passphrase-file", "{passphrase}", "--to"),
}


@pytest.fixture
def words(tmp_path, small):  # noqa: ARG001 - the ledger that is named
    (tmp_path / "passphrase").write_text("correct horse battery staple\n")

    def of(name: str) -> list[str]:
        return [each.format(passphrase=tmp_path / "passphrase") for each in OUTPUTS[name]]

    return of


@pytest.fixture(params=[0o022, 0o000])
def umask(request):
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize("name", OUTPUTS)
def test_an_output_is_its_owners_alone(words, name, tmp_path):
    """Whatever the umask is."""
    out = tmp_path / "out"
    assert run(*words(name), out).code == 0
    assert mode(out) == (0o700 if out.is_dir() else 0o600)
    assert {mode(each) for each in out.glob("*")} <= {0o600}


@pytest.mark.parametrize("name", OUTPUTS)
def test_nothing_is_written_in_the_folder_of_a_ledger(words, name, small):
    """Not over its keys, not beside them, nor in another ledger's."""
    for place in ("keys.db", "signing.key", "new", "views/new"):
        assert "folder of a ledger" in refused(*words(name), small / place)
    assert not (small / "new").exists()
    assert mode(small / "keys.db") == 0o600
    assert run("verify").code == 0


@pytest.mark.parametrize("name", [*OUTPUTS][:8])
def test_a_file_that_is_there_is_written_over_only_when_asked(words, name, tmp_path):
    out = tmp_path / "out"
    out.write_text("mine")
    said = refused(*words(name), out)
    assert "out exists already and is another" in said
    assert out.read_text() == "mine"
    done = run(*words(name), out, "--replace")
    assert (done.code, out.read_bytes() != b"mine") == (0, True), done


def test_a_refused_copy_for_a_family_is_not_on_record(words, tmp_path):
    """What would be recorded first is refused first."""
    out = tmp_path / "out"
    out.write_text("mine")
    before = run("status", "--json").json["events"]
    refused(*words("a copy for a family"), out)
    assert run("status", "--json").json["events"] == before


@pytest.mark.usefixtures("umask")
def test_a_ledger_is_its_owners_alone(tmp_path):
    path = tmp_path / "new"
    first = ("--staff", "H1", "--name", "A", "--job-title", "B")
    assert run("--ledger", path, "init", *first).code == 0
    assert run("--ledger", path, "status").code == 0
    assert mode(path) == 0o700
    for each in path.rglob("*"):
        assert mode(each) == (0o700 if each.is_dir() else 0o600), each


def test_an_older_ledger_is_tightened_by_the_next_command(small):
    """As far as its own files go; the folder may hold others."""
    for each in (small, small / "ledger.db", small / "views"):
        each.chmod(0o755)
    assert run("--as", "mm", "mark", "P1", SESSION, "N").code == 0
    modes = [mode(small), mode(small / "ledger.db"), mode(small / "views")]
    assert modes == [0o755, 0o700, 0o700]
    assert Folder(small).required()


@pytest.mark.parametrize("content", [b"PRIVATE+KEY+x+00+AAAA\n", b"SQLite format 3\0rest"])
def test_nothing_is_written_over_a_key_or_a_database_wherever_it_lies(words, content, tmp_path):
    """Not with --replace either: neither can be made again."""
    out = tmp_path / "out"
    out.write_bytes(content)
    said = refused(*words("a proof"), out, "--replace")
    assert "holds a private key, or is a database: nothing is written over it" in said
    assert out.read_bytes() == content
