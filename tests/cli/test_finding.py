"""Commands are found by the first lines of their docstrings, and tell what they do."""

import inspect
import os
import pkgutil
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import click
import pytest

import cli
import commands
import projections
from commands.core.command import Errand, UseCase
from ledger import clock
from projections.queries.question import Inspection, Question
from tests.cli.shell import ROOT, done, model, program, run

PROMISED = """init; demo; import portable; export portable; status; register show; register take;
mark; amend; today; pupil find; rates; history; changes; rebuild; alerts"""
WORDS = [" ".join(p.words) for p in cli.places()]
HEAVY = ("pydantic", "numpy", "eventsourcing", "sqlite_utils", "rich", "cryptography")


@pytest.mark.parametrize("words", [w.strip() for w in PROMISED.split(";")])
def test_words_that_others_rely_on_are_there(words):
    assert words in WORDS


def classes(root: type) -> set[type]:
    """Return every class below one that is no base of others alone."""
    found = {c for each in root.__subclasses__() for c in (each, *classes(each))}
    return {c for c in found if c.__module__.partition(".")[0] in ("commands", "projections")}


def test_what_the_text_says_is_what_the_classes_are():
    """Found in source text without importing: the same classes, words and help as imported."""
    for package in (commands, projections):
        for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            import_module(each.name)
    every = {c for root in (UseCase, Errand, Question, Inspection) for c in classes(root)}
    asked_by_questions = {"ShowNames", "CopyForSubject"}
    concrete = {c for c in every if not inspect.isabstract(c)}
    said = {place.load(): place for place in cli.places()}
    assert {c.__name__ for c in concrete - said.keys()} == asked_by_questions
    assert said.keys() <= concrete
    assert len(WORDS) == len(set(WORDS)) == len(said)
    for found, place in said.items():
        first = inspect.cleandoc(found.__doc__).splitlines()[0]
        assert first == f"attendance {' '.join(place.words)}: {place.help}"


def test_no_command_hides_another():
    for words in WORDS:
        further = [w.removeprefix(f"{words} ") for w in WORDS if w.startswith(f"{words} ")]
        for word in further:
            assert f"\n  {word} " in run(*words.split(), "--help").out
            done(*words.split(), word, "--help")


def test_help_of_the_program_lists_each_command_once():
    listed = run("--help").out.split("Commands:")[1]
    for words in WORDS:
        assert sum(line.startswith(f"  {words}  ") for line in listed.splitlines()) == 1, words


def imported(modules: tuple[str, ...], *args: str) -> tuple[str, str]:
    """Call the program apart, now; return what it said and which of the modules it imported."""
    code = f"""
import sys, cli
from ledger import clock
clock.now = lambda: {clock.now()}
sys.argv = {["attendance", *args]}
try:
    cli.main()
except SystemExit as ended:
    assert not ended.code
print([m for m in {modules!r} if m in sys.modules], file=sys.stderr)"""
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return found.stdout, found.stderr.strip()


def test_help_of_the_program_imports_nothing_slow():
    """Start-up stays short: no model, array, database or event library for the first help."""
    assert imported(HEAVY, "--help")[1] == "[]"


@pytest.mark.usefixtures("small")
def test_a_command_that_records_imports_only_what_it_needs():
    """A mark is on record without the libraries that read files or draw tables."""
    add = ("staff", "add", "--name", "A", "--job-title", "T", "a9")
    assert imported(("pydantic", "rich"), *add) == ("a9 is on the staff\n", "[]")


@pytest.mark.parametrize("place", cli.places(), ids=WORDS)
def test_help_of_a_command_explains_every_option(place):
    shown = done(*place.words, "--help")
    assert shown.out.startswith(f"Usage: attendance {' '.join(place.words)} ")
    command = cli.build(place)
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
            assert parameter.opts[0] in shown.out
        else:
            assert f"{parameter.metavar}: " in shown.out
        assert not parameter.human_readable_name.startswith("_")


@pytest.mark.parametrize("place", cli.places(), ids=WORDS)
def test_help_of_a_command_says_what_it_is_in_a_sentence(place):
    assert place.help.endswith(".")
    assert model(place).__doc__.splitlines()[0].endswith(".")


def test_help_speaks_of_schools_and_not_of_software():
    """A school's data manager can read every option."""
    jargon = {"boolean", "none", "null", "int", "tuple", "pydantic", "dataclass", "iterable"}
    for place in cli.places():
        for parameter in cli.build(place).params:
            said = set((getattr(parameter, "help", None) or "").lower().split())
            assert not said & jargon, (place.words, parameter.name)


def test_group_of_commands_lists_its_own():
    shown = run("register")
    assert shown.code == 2
    assert "take" in shown.err
    assert run("register", "-h").out.count("show") == 2


def test_version_is_the_package_s():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert run("--version").out.strip().endswith(project["version"])


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_offered_to_a_shell(shell, tmp_path):
    found = program(env=environment(f"{shell}_source"), cwd=tmp_path)
    assert found.returncode == 0
    assert "_ATTENDANCE_COMPLETE" in found.stdout


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("attendance r", ["rates", "rebuild", "register", "relation"]),
        ("attendance re", ["rebuild", "register", "relation"]),
        ("attendance register t", ["take", "times"]),
        ("attendance rates --b", ["--by"]),
        ("attendance rates --by y", ["year"]),
    ],
)
def test_completion_offers_words_options_and_choices(typed, offered, tmp_path):
    typing = {"COMP_WORDS": typed, "COMP_CWORD": str(len(typed.split()) - 1)}
    found = program(env=environment("bash_complete") | typing, cwd=tmp_path)
    words = [line.split(",")[1] for line in found.stdout.splitlines()]
    assert [w for w in offered if w not in words] == []


def environment(instruction: str) -> dict[str, str]:
    return {**os.environ, "_ATTENDANCE_COMPLETE": instruction}


def test_program_that_is_installed_is_this_one():
    script = Path(sys.executable).with_name("attendance")
    shown = subprocess.run([script, "--help"], capture_output=True, text=True, check=True)
    assert shown.stdout == run("--help").out
