"""The command line: parse, go through one door, print, map refusals to exit codes.

Every command and question is a class of `commands` or `projections` whose docstring begins with
``attendance WORDS:``; its options are the class's fields. Classes are found by that line in the
text of their modules, which are imported only when they are called: start-up stays short.
"""

import getpass
import inspect
import io
import os
import sys
from collections.abc import Callable
from contextvars import ContextVar
from datetime import date
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

import click
from click.core import ParameterSource

from ledger import __version__, clock, form
from ledger.errors import ImportRefused, Refused, StorageRefused
from ledger.ledger import Ledger
from ledger.store.folder import Folder
from ledger.suggested import Given, suggesting
from ledger.terminal import ShowsProgress, no_progress, progress, say, silence
from ledger.values import Operator, Session, parse_date, parse_session

if TYPE_CHECKING:
    from commands.core.command import Command, Context, Outcome
    from projections.queries.question import Answer, Options

_HOME = Path(__file__).parent
_PACKAGES = ("commands", "projections")
_REFUSED, _DIFFERENT = 1, 3
_GIVEN: ContextVar[Given | None] = ContextVar("given", default=None)
"""What was typed before the command: known too where a refusal is told, after its end."""
_EITHER = "--json or --csv, not both"


@cache
def places() -> list[form.Place]:
    """Return every command and question, found in the text of the packages."""
    return form.places(_HOME, _PACKAGES)


class Lazy(click.Group):
    """A group whose commands are built when they are called."""

    words: tuple[str, ...] = ()

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the next words of every command in this group."""
        del ctx
        return sorted({p.words[len(self.words)] for p in self._below()})

    def _below(self) -> list[form.Place]:
        """Return the commands in this group, without the one that its own words are."""
        depth = len(self.words)
        return [p for p in places() if p.words[:depth] == self.words and p.words != self.words]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command or group of a word."""
        del ctx
        words = (*self.words, cmd_name)
        here = [p for p in places() if p.words[: len(words)] == words]
        if not here:
            return None
        if here[0].words != words:
            group = Lazy(cmd_name, help=", ".join(p.words[-1] for p in here))
        elif len(here) == 1:
            return build(here[0])
        else:
            group = _both(build(here[0]))
        group.words = words
        return group

    def invoke(self, ctx: click.Context) -> Any:
        """Carry out a command; a reader that has gone away (``| head``) is no failure."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            silence()

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List every command with its first line, without importing any."""
        del ctx
        depth = len(self.words)
        with formatter.section("Commands"):
            formatter.write_dl([(" ".join(p.words[depth:]), p.help) for p in self._below()])


class _Both(Lazy):
    """A group that, called without a further word, is a command itself."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Ask for the command's own options only where no further word follows."""
        if args and args[0] in self.list_commands(ctx):
            self.params = []
        return super().parse_args(ctx, args)


def _both(command: click.Command) -> Lazy:
    """Return the group and command in one."""

    def run(**given: Any) -> None:
        if click.get_current_context().invoked_subcommand is None:
            command.callback(**given)  # type: ignore[misc]

    group = _Both(command.name, help=command.help, callback=run, invoke_without_command=True)
    group.params = command.params
    return group


# -- options from the fields of a form ---------------------------------------------------------


class _Parsed(click.ParamType[Any]):
    """A value that one of our own functions reads; what it refuses is refused with a remedy."""

    def __init__(self, name: str, parse: Callable[[str], Any]) -> None:
        self.name = name
        self._parse = parse

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the value read."""
        del param, ctx
        return self._parse(value) if isinstance(value, str) else value


_TYPES: dict[Any, Any] = {
    date: _Parsed("date", parse_date),
    Session: _Parsed("session", parse_session),
    Path: click.Path(path_type=Path),
}


def _parameter(f: form.Field) -> click.Parameter:
    literal = get_args(f.kind) if get_origin(f.kind) is Literal else None
    kind = click.Choice(literal) if literal else _TYPES.get(f.kind, str)
    if f.kind is int:
        kind = click.IntRange(f.minimum, f.maximum)
    if f.argument:
        nargs = -1 if f.many else 1
        return click.Argument(
            [f.name], type=kind, required=f.required, nargs=nargs, metavar=f.metavar
        )
    name = "--" + f.name.strip("_").replace("_", "-")
    if f.kind is bool:
        return click.Option([name, f.name], is_flag=True, default=False, help=f.help)
    return click.Option(
        [name, f.name], type=kind, required=f.required, multiple=f.many, help=f.help
    )


def build(place: form.Place) -> click.Command:
    """Return the click command of a class."""
    model = place.load()
    fields = form.fields(model)
    parameters, run = [_parameter(f) for f in fields], _commands
    if place.module.startswith("projections"):
        parameters, run = [*parameters, *_OUTPUT], _asks
    return click.Command(
        place.words[-1], params=parameters, help=_about(place, model, fields), callback=run(model)
    )


def _about(place: form.Place, model: type, fields: list[form.Field]) -> str:
    more = inspect.cleandoc(model.__doc__ or "").partition("\n\n")[2]
    lines = [place.help[0].upper() + place.help[1:], more]
    if arguments := [f for f in fields if f.argument]:
        lines.append("\b\n" + "\n".join(f"{f.metavar}: {f.help}" for f in arguments))
    return "\n\n".join(lines)


_OUTPUT = [
    click.Option(["--json", "as_json"], is_flag=True, help="one JSON document"),
    click.Option(["--csv", "as_csv"], is_flag=True, help="the rows as CSV"),
]


# -- the door --------------------------------------------------------------------------------


class Door:
    """All that a user interface needs of a ledger: ask a question, do what is commanded.

    The one place where commands and questions meet. ``progress``: shows how far something is;
    nothing does where nobody looks.
    """

    def __init__(self, ledger: Ledger, progress: ShowsProgress = no_progress) -> None:
        self.ledger = ledger
        self._progress = progress

    def do(self, command: "Command", operator: Operator) -> "Outcome":
        """Carry out a command, all of it or none. Raises `Refused`; nothing was recorded then."""
        from commands.core.command import Errand, UseCase
        from commands.core.execute import execute

        if isinstance(command, Errand):
            return command.carry_out(self.context(operator))
        assert isinstance(command, UseCase)  # noqa: S101 - there is no third kind
        with self._progress("recording") as progress:
            return execute(self.context(operator), command, progress=progress)

    def ask(self, asked: "Options", operator: Operator) -> "Answer":
        """Answer a question; where asking is itself on record, that is recorded first."""
        from projections.queries.question import Inspection, Question
        from projections.queries.view import open_view
        from projections.readmodel.freshness import retry_without_views

        folder = self.ledger.folder
        if isinstance(asked, Inspection):
            with self._progress(asked.doing) as progress:
                return asked.inspect(folder, progress)
        assert isinstance(asked, Question)  # noqa: S101 - there is no third kind
        if (on_record := asked.on_record) is not None:
            from commands.disclosure.subject_access import recording

            self.do(recording(on_record), operator)

        def attempt() -> "Answer":
            with self.ledger as ledger:
                folder.required()
                with open_view(folder, asked, clock.now, ledger.reader()) as view:
                    return asked.answer(view)

        return retry_without_views(folder, attempt)

    def context(self, operator: Operator) -> "Context":
        """Return where to record, by which clock, who asks and what watches."""
        from commands.core.command import Context
        from commands.penalties.undercut import watch

        return Context(self.ledger, clock.now, operator, watch)

    def bring_up(self) -> None:
        """Bring the read models up to what was recorded."""
        from projections.readmodel.catch_up import catch_up
        from projections.readmodel.freshness import retry_without_views

        folder = self.ledger.folder
        with self._progress("bringing views up to date") as progress:
            retry_without_views(folder, lambda: catch_up(folder, progress=progress))


# -- running ---------------------------------------------------------------------------------


def _commands(model: type) -> Callable[..., None]:
    def run(**given: Any) -> None:
        from commands.core.command import Errand, OnScreen, Screen

        (door, operator), command = _entered(), _made(model, given)

        def record(command: Any) -> Any:
            return door.do(command, operator)

        if isinstance(command, Errand):
            _tell(record(command), operator)
            return
        if isinstance(command, OnScreen) and not command.is_filled and _on_terminal():
            screen = Screen(door.context(operator), record, _TERMINAL, _explain)
            outcome = command.on_screen(screen)
        else:
            outcome = record(command.load(sys.stdin))
        try:
            door.bring_up()
        except Refused as refused:
            say(f"note: recorded, but the views are behind: {refused.what}", err=True)
        _tell(outcome, operator)

    return run


def _asks(model: type) -> Callable[..., None]:
    def run(*, as_json: bool = False, as_csv: bool = False, **given: Any) -> None:
        if as_json and as_csv:
            raise click.UsageError(_EITHER)
        from projections.rendering import screen

        door, operator = _entered()
        answer = door.ask(_made(model, given), operator)
        screen.show(answer, as_json=as_json, as_csv=as_csv, typed=_as_typed)
        if answer.differs:
            sys.exit(_DIFFERENT)

    return run


def _on_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _entered() -> tuple[Door, Operator]:
    """Return the door to the ledger that is named, and who comes through it."""
    root = click.get_current_context().find_root()
    ledger = root.with_resource(Ledger(root.obj["folder"]))
    return Door(ledger, progress), Operator(root.obj["as_"], _account())


def _account() -> str:
    """Return the operating system's account; a container may have a number without a name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return f"account {os.getuid()}"


def _made(model: Any, given: dict[str, Any]) -> Any:
    """Return the command or question; what its model does not allow is wrong usage."""
    try:
        return model(**{k: v for k, v in given.items() if v is not None and v != ()})
    except ValueError as error:
        raise click.UsageError(str(error)) from None


# -- printing --------------------------------------------------------------------------------


def _tell(outcome: "Outcome", operator: Operator) -> None:
    """Show what was done, which stays done where there is nowhere to show it."""
    try:
        _show_outcome(outcome, operator)
    except StorageRefused as refused:
        say(f"note: done, but {refused.what}", err=True)


def _show_outcome(outcome: "Outcome", operator: Operator) -> None:
    """Show a ledger that was made just now, if any, and what the command has to say."""
    if outcome.look is not None:
        from projections.figures.overview import Overview
        from projections.rendering import screen

        made = Door(Ledger(outcome.look.folder), progress)
        screen.show(made.ask(Overview(on=outcome.look.on), operator))
    for line in outcome.says:
        _tell_suggesting(line)
    if outcome.differs:
        sys.exit(_DIFFERENT)


_TERMINAL = SimpleNamespace(
    echo=say, clear=click.clear, confirm=click.confirm, prompt=click.prompt, getchar=click.getchar
)
"""What a use case that is filled in on a terminal may do with it."""


# -- the program -----------------------------------------------------------------------------


@click.command(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
@click.option(
    "--ledger",
    "ledger_",
    envvar="ATTENDANCE_LEDGER",
    default="attendance-ledger",
    type=click.Path(path_type=Path),
    help="the ledger's folder",
)
@click.option("--as", "as_", envvar="ATTENDANCE_AS", help="your staff id, for commands that write")
@click.pass_context
def attendance(ctx: click.Context, ledger_: Path, as_: str | None) -> None:
    """Keep a school's attendance registers as a ledger that forgets nothing.

    Ask what the register said on any date, as known at any time; amend it with the reason and
    the name that the law asks for.
    """
    ctx.obj = {"folder": Folder(ledger_), "as_": as_}
    typed = [n for n in ctx.params if ctx.get_parameter_source(n) is ParameterSource.COMMANDLINE]
    ledger = str(ledger_) if "ledger_" in typed else None
    _GIVEN.set(Given(ledger, as_ if "as_" in typed else None, as_ is not None))


def main() -> None:
    """Run, and end with 0 done, 1 refused, 2 usage, 3 a difference found."""
    # NumPy counts here and never multiplies matrices: threads for that cost more than they give.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if isinstance(sys.stdout, io.TextIOWrapper):
        encoding = None if sys.stdout.isatty() else "utf-8"
        sys.stdout.reconfigure(encoding=encoding, errors="replace")
    try:
        sys.exit(attendance(standalone_mode=False, prog_name="attendance"))
    except Refused as refused:
        _explain(refused)
    except OverflowError:
        far = Refused("far", "a date or time is out of reach", "give one from 1900 to 2200")
        _explain(far)
    except UnicodeEncodeError:
        _explain(Refused("not-unicode", "something given is no text (not UTF-8)", "write it anew"))
    except click.ClickException as error:
        said = io.StringIO()
        error.show(said)
        say(said.getvalue(), err=True, end="")
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        say("interrupted; attendance status tells what is recorded", err=True)
    sys.exit(_REFUSED)


def _explain(refused: Refused) -> None:
    if isinstance(refused, ImportRefused):
        for problem in refused.problems:
            say(str(problem), err=True)
        for note in refused.notes:
            say(note, err=True)
    _tell_suggesting(f"refused: {refused.what}", err=True)
    if refused.remedy:
        _tell_suggesting(f"  do:    {refused.remedy}", err=True)


def _tell_suggesting(text: str, *, err: bool = False) -> None:
    say(_as_typed(text), err=err)


def _as_typed(text: str) -> str:
    """Return a text with the commands that it suggests as they have to be typed here."""
    return suggesting(places(), _GIVEN.get() or Given(), text)


if __name__ == "__main__":
    main()
