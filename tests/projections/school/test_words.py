"""`words`, `words copy`: what a school may say in its own words, and a file of ours to change."""

import pytest

from ledger.errors import Refused
from ledger.store.folder import Folder
from projections.rendering.templates import shipped
from projections.rendering.text import as_csv, as_text
from projections.rendering.words import names
from projections.school.words import CopyWords, ListWords

LETTER = "leave-letter.txt"


@pytest.fixture
def folder(tmp_path):
    """A folder with a log, which nothing here reads."""
    found = Folder(tmp_path / "ledger")
    found.path.mkdir()
    found.log.touch()
    return found


def ask(folder, question):
    return question.inspect(folder, lambda _done, _all: None)


def copy(folder, name=LETTER):
    return ask(folder, CopyWords(name=name))


def rows(folder):
    return {row["file"]: row for row in ask(folder, ListWords()).rows()}


def text(answer):
    return "\n".join(as_text(answer.blocks))


def test_every_file_is_listed_with_what_it_is_for_and_what_it_may_print(folder):
    """None of them the school's own yet; the first line of each says what is written from it."""
    found = rows(folder)
    assert list(found) == names()
    assert {(row["own"], row["problem"]) for row in found.values()} == {(False, None)}
    about = "The notes beneath an empty form of a register: attendance register print --blank."
    assert found["register-blank.txt"] == {
        "file": "register-blank.txt",
        "about": about,
        "own": False,
        "problem": None,
        "placeholders": ["planned", "not_met"],
    }
    answer = ask(folder, ListWords())
    (line,) = (line for line in text(answer).splitlines() if "register-blank.txt" in line)
    assert line.split("   ")[-1].strip() == "ours"
    assert about in line
    assert f"register-blank.txt,{about},False,,planned not_met\n" in as_csv(answer)
    assert answer.document["folder"] == str(folder.words)


@pytest.mark.parametrize("name", names())
def test_a_copy_is_ours_to_the_byte_and_counts_from_then_on(folder, name):
    """It can be used as it is; where it is and what each placeholder holds is told."""
    answer = copy(folder, name)
    path = folder.words / name
    assert path.read_bytes() == shipped(name).raw
    assert answer.document["path"] == str(path)
    assert answer.document["placeholders"] == list(shipped(name).placeholders)
    found = rows(folder)
    assert [file for file, row in found.items() if row["own"]] == [name]
    assert found[name]["problem"] is None


def test_a_copy_says_what_each_placeholder_holds(folder):
    """As the head of the file has it, and how they are written."""
    told = text(copy(folder))
    assert f"copied to {folder.words / LETTER}\n  The letter that tells a family" in told
    assert "\n  rest                   the days that were asked for and not granted\n" in told
    assert "\n{{ name }} prints what" in told


@pytest.mark.parametrize("dangling", [False, True], ids=["a file", "a link to nowhere"])
def test_nothing_is_copied_over_a_schools_own(folder, dangling):
    """The file that is there is named."""
    own = folder.words / LETTER
    own.parent.mkdir()
    own.symlink_to("nowhere") if dangling else own.write_text("ours")
    with pytest.raises(Refused, match=f"the school has its own at {own}") as caught:
        copy(folder)
    assert caught.value.code == "already-there"
    assert list(folder.words.iterdir()) == [own]
    assert own.is_symlink() if dangling else own.read_text() == "ours"


def test_a_hidden_file_is_none_of_the_schools(folder):
    """What a desktop leaves beside a file stands in the way of no letter."""
    folder.words.mkdir()
    (folder.words / f"._{LETTER}").write_text("x")
    assert sorted(rows(folder)) == names()
    (folder.words / "leave-leter.txt").write_text("x")
    assert sorted(rows(folder)) == sorted([*names(), "leave-leter.txt"])


@pytest.mark.parametrize("name", ["leave-leter.txt", "leave-letter", "../keys.db", ""])
def test_an_unknown_name_is_refused_with_the_known_ones(folder, name):
    """Nothing is written, in that folder or outside."""
    with pytest.raises(Refused, match=r"no letter or note is written from") as caught:
        copy(folder, name)
    assert caught.value.code == "words-unknown"
    assert caught.value.remedy == f"name one of {', '.join(names())}"
    assert list(folder.path.iterdir()) == [folder.log]


def test_a_file_in_the_place_of_the_folder_is_refused(folder):
    """Nothing is written over it; and the school has no words of its own."""
    folder.words.write_text("notes")
    with pytest.raises(Refused, match="words cannot be used"):
        copy(folder)
    assert folder.words.read_text() == "notes"
    assert not any(row["own"] for row in rows(folder).values())


@pytest.mark.parametrize("question", [ListWords(), CopyWords(name=LETTER)])
def test_without_a_ledger_neither_is_answered(tmp_path, question):
    """No folder of words comes to lie where no ledger is."""
    with pytest.raises(Refused) as caught:
        ask(Folder(tmp_path), question)
    assert caught.value.code == "no-ledger"
    assert list(tmp_path.iterdir()) == []


def test_what_is_wrong_with_a_schools_own_is_told_before_a_letter_is_due(folder):
    """With its line; also a folder in the place of a file, and a name that is none of ours."""
    folder.words.mkdir()
    (folder.words / LETTER).write_text("Dear\n{{ somebody }}\n")
    (folder.words / "alert-letter-foot.txt").write_text("{% if alert %}\n")
    (folder.words / "register-blank.txt").mkdir()
    (folder.words / "leave-leter.txt").write_text("Dear")
    (folder.words / "notes.txt~").write_text("an editor's")
    found = {file: row["problem"] for file, row in rows(folder).items() if row["own"]}
    assert list(found) == [
        "alert-letter-foot.txt", LETTER, "register-blank.txt", "leave-leter.txt",
    ]  # fmt: skip
    place = folder.words / LETTER
    assert found[LETTER] == f"{place}:2: no placeholder has the name somebody"
    assert "alert-letter-foot.txt:2: Unexpected end" in found["alert-letter-foot.txt"]
    assert "cannot be read" in found["register-blank.txt"]
    assert found["leave-leter.txt"] == "no letter or note is written from a file of this name"
