"""What others record while a command is decided, and how often it is decided for that."""

from dataclasses import replace
from typing import Any

from commands.core.command import UseCase
from commands.core.execute import execute
from commands.penalties.undercut import watch
from tests.commands.conftest import Desk


def tries(desk: Desk, command: UseCase, *meanwhile: UseCase) -> int:
    """Carry out a command, overtaken by others at its first try; return how many it took."""
    made: list[Any] = []

    def watching(*decided: Any) -> Any:
        made.append(decided)
        if len(made) == 1:
            for each in meanwhile:
                assert desk.do(each).header is not None
        return watch(*decided)

    assert execute(replace(desk.context, watch=watching), command).header is not None
    return len(made)
