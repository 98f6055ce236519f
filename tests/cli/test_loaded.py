"""What a command loads: nothing that it does not use, since everybody waits for it each time."""

import subprocess
import sys

import pytest

from tests.cli.shell import ROOT

SLOW = {
    "cryptography",
    "eventsourcing",
    "jinja2",
    "msgspec",
    "numpy",
    "platformdirs",
    "pydantic",
    "rfc3161_client",
    "rich",
    "sqlite_utils",
}
"""Packages that take long to load."""
LOADED = """
import atexit, sys
atexit.register(lambda: print("loaded:", *sys.modules, file=sys.stderr))
from ledger.start import main
main()"""
PUPIL = "000001"


def loaded(*words):
    """Return the slow packages that a command loads; it is one that can be carried out."""
    command = [sys.executable, "-c", LOADED, *words]
    shown = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    assert shown.returncode == 0, shown.stderr
    modules = shown.stderr.partition("loaded: ")[2].split()
    assert "ledger.start" in modules
    return {name.partition(".")[0] for name in modules} & SLOW


@pytest.mark.parametrize(
    ("words", "used"),
    [
        (["--help"], set()),
        (["--version"], set()),
        (["register", "--help"], set()),
        (["amend", "--help"], {"msgspec"}),
        (["register", "take", "--help"], {"msgspec"}),
        (["pupil", "enrol", "--help"], {"msgspec"}),
        (["backup", "create", "--help"], {"msgspec"}),
        (["timestamp", "ask", "--help"], {"msgspec"}),
        (["rates", "--json"], {"cryptography", "msgspec", "numpy"}),
        (["rates", "--csv"], {"cryptography", "msgspec", "numpy"}),
        (["persistent", "--json"], {"cryptography", "msgspec", "numpy"}),
        (["penalties", "--json"], {"cryptography", "msgspec", "numpy"}),
        (["today", "--json"], {"cryptography", "msgspec", "numpy"}),
        (["history", PUPIL, "--json"], {"cryptography", "msgspec"}),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else None,
)
@pytest.mark.usefixtures("demo")
def test_a_command_loads_no_more_than_it_uses(words, used):
    assert loaded(*words) <= used
