"""A command that the log names is said as it is typed."""

import inspect
from importlib import import_module
from pkgutil import walk_packages

import pytest

import commands
from commands.core.command import UseCase
from projections.queries.wording import command_in_words


def use_cases(below=UseCase):
    """Yield every use case that can be carried out: the log may name each."""
    for each in below.__subclasses__():
        if not inspect.isabstract(each) and each.__module__.startswith("commands."):
            yield each
        yield from use_cases(each)


def test_each_command_that_the_log_may_name_is_said_in_its_words():
    """Those under which `policies/roles.toml` has it."""
    for module in walk_packages(commands.__path__, "commands."):
        import_module(module.name)
    found = set(use_cases())
    assert len(found) > 40
    assert {each: command_in_words(each.__name__) for each in found} == {
        each: each.act for each in found
    }


@pytest.mark.parametrize("name", ["Test", "OfAnOlderVersion"])
def test_a_command_that_is_no_more_keeps_its_name(name):
    """A ledger may be older than the command's last name."""
    assert command_in_words(name) == name
