"""The command line: parse, go through one door, print, map refusals to exit codes.

Every command and question is a class of `commands` or `projections` whose docstring begins with
``attendance WORDS:``; its options are the class's fields. Classes are found by that line in the
text of their modules, which are imported only when they are called: start-up stays short.
"""

import getpass
import inspect
import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from functools import cache
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, assert_never, get_args, get_origin

import click

from ledger import __version__, clock, form
from ledger.errors import ImportRefused, Refused
from ledger.files import translated
from ledger.store.folder import Folder
from ledger.values import Operator, Session, parse_date, parse_session

if TYPE_CHECKING:
    from commands.core.command import Command, Context, Outcome
    from projections.queries.question import Answer, OnRecord, Options

_HOME = Path(__file__).parent
_PACKAGES = ("commands", "projections")
_SAYS = re.compile(rb'(?m)^class (\w+)\([^)]*\):\n    """attendance ([a-z -]+): ([^\n"]+)')
_REFUSED, _DIFFERENT = 1, 3
_EITHER = "--json or --csv, not both"
_SCREENS = 200


class Place(NamedTuple):
    """A command's words, the class that it is and what it does in a line."""

    words: tuple[str, ...]
    module: str
    name: str
    help: str

    def load(self) -> type:
        """Import the class."""
        found: type = getattr(import_module(self.module), self.name)
        return found


@cache
def places() -> list[Place]:
    """Return every command, found by the first lines of the docstrings of classes."""
    return sorted(_places())


def _places() -> Iterator[Place]:
    for folder, _, names in chain.from_iterable(os.walk(_HOME / each) for each in _PACKAGES):
        for path in (Path(folder, name) for name in names if name.endswith(".py")):
            text = path.read_bytes()
            if b'"""attendance ' in text:
                module = ".".join(path.relative_to(_HOME).with_suffix("").parts)
                for found in _SAYS.findall(text):
                    name, words, line = (each.decode() for each in found)
                    yield Place(tuple(words.split()), module, name, line)


class Lazy(click.Group):
    """A group whose commands are built when they are called."""

    words: tuple[str, ...] = ()

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the next words of every command in this group."""
        del ctx
        return sorted({p.words[len(self.words)] for p in self._below()})

    def _below(self) -> list[Place]:
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
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

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


def build(place: Place) -> click.Command:
    """Return the click command of a class."""
    model = place.load()
    fields = form.fields(model)
    parameters, run = [_parameter(f) for f in fields], _commands
    if place.module.startswith("projections"):
        parameters, run = [*parameters, *_OUTPUT], _asks
    return click.Command(
        place.words[-1], params=parameters, help=_about(place, model, fields), callback=run(model)
    )


def _about(place: Place, model: type, fields: list[form.Field]) -> str:
    more = inspect.cleandoc(model.__doc__ or "").partition("\n\n")[2]
    lines = [place.help[0].upper() + place.help[1:], more]
    if arguments := [f for f in fields if f.argument]:
        lines.append("\b\n" + "\n".join(f"{f.metavar}: {f.help}" for f in arguments))
    return "\n\n".join(lines)


_OUTPUT = [
    click.Option(["--json", "as_json"], is_flag=True, help="one JSON document"),
    click.Option(["--csv", "as_csv"], is_flag=True, help="the rows as CSV"),
]


# -- running ---------------------------------------------------------------------------------


class Door:
    """All that a user interface needs of a ledger: ask a question, do what is commanded."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder

    def do(self, command: "Command", operator: Operator) -> "Outcome":
        """Carry out a command, all of it or none. Raises `Refused`; nothing was recorded then."""
        from commands.core.command import Errand, UseCase
        from commands.core.execute import execute

        context = self.context(operator)
        if isinstance(command, Errand):
            return command.carry_out(context)
        assert isinstance(command, UseCase)  # noqa: S101 - what else could be called
        with _progress("recording") as progress:
            return execute(context, command, progress=progress)

    def ask(self, asked: "Options", operator: Operator) -> "Answer":
        """Answer a question; where asking is itself on record, that is recorded first."""
        from projections.queries.question import Inspection, Question
        from projections.queries.view import open_view
        from projections.readmodel.freshness import retry_without_views

        if isinstance(asked, Inspection):
            with _progress(asked.doing) as progress:
                return asked.inspect(self.folder, progress)
        assert isinstance(asked, Question)  # noqa: S101 - what else could be asked
        if (on_record := asked.on_record) is not None:
            self.do(_recording(on_record), operator)

        def attempt() -> "Answer":
            with open_view(self.folder, asked, clock.now) as view:
                return asked.answer(view)

        return retry_without_views(self.folder, attempt)

    def context(self, operator: Operator) -> "Context":
        """Return where to record, by which clock, who asks and what watches."""
        from commands.core.command import Context
        from commands.penalties.undercut import watch

        return Context(self.folder, clock.now, operator, watch)

    def bring_up(self) -> None:
        """Bring the read models up to what was recorded."""
        from projections.readmodel.catch_up import catch_up
        from projections.readmodel.freshness import retry_without_views

        with _progress("bringing views up to date") as progress:
            retry_without_views(self.folder, lambda: catch_up(self.folder, progress=progress))


def _recording(asked: "OnRecord") -> Any:
    """Return the command that puts on record that something is asked."""
    from commands.disclosure.subject_access import CopyForSubject, ShowNames
    from projections.queries.question import CopyMade, NamesLookedUp

    match asked:
        case NamesLookedUp():
            return _made(ShowNames, asdict(asked))
        case CopyMade():
            return _made(CopyForSubject, asdict(asked))
        case _:
            assert_never(asked)


def _commands(model: type) -> Callable[..., None]:
    def run(**given: Any) -> None:
        from commands.core.command import Errand, OnScreen, Screen

        door, operator = _entered()
        command = _made(model, given)
        if isinstance(command, Errand):
            _shown_after(door.do(command, operator), operator)
            return

        def record(command: Any) -> Any:
            return door.do(command, operator)

        if isinstance(command, OnScreen) and not command.is_filled and _on_terminal():
            screen = Screen(door.context(operator), record, click, _explain)
            outcome = command.on_screen(screen)
        else:
            outcome = record(command.load(sys.stdin))
        try:
            door.bring_up()
        except Refused as refused:
            click.echo(f"note: recorded, but the views are behind: {refused.what}", err=True)
        for line in outcome.says:
            click.echo(line)

    return run


def _on_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _entered() -> tuple[Door, Operator]:
    """Return the door to the ledger that is named, and who comes through it."""
    root: dict[str, Any] = click.get_current_context().find_root().obj
    return Door(root["folder"]), Operator(root["as_"], _account())


def _account() -> str:
    """Return the operating system's account; a container may have a number without a name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return f"account {os.getuid()}"


def _shown_after(outcome: "Outcome", operator: Operator) -> None:
    """Show a ledger that was made just now, if any, and what the command has to say."""
    if outcome.look is not None:
        from projections.figures.overview import Overview

        show(Door(outcome.look.folder).ask(Overview(on=outcome.look.on), operator))
    for line in outcome.says:
        click.echo(line)
    if outcome.differs:
        sys.exit(_DIFFERENT)


def _made(model: Any, given: dict[str, Any]) -> Any:
    """Return the command or question; what its model does not allow is wrong usage."""
    try:
        return model(**{k: v for k, v in given.items() if v is not None and v != ()})
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _asks(model: type) -> Callable[..., None]:
    def run(*, as_json: bool = False, as_csv: bool = False, **given: Any) -> None:
        if as_json and as_csv:
            raise click.UsageError(_EITHER)
        door, operator = _entered()
        answer = door.ask(_made(model, given), operator)
        show(answer, as_json=as_json, as_csv=as_csv)
        if answer.differs:
            sys.exit(_DIFFERENT)

    return run


# -- printing --------------------------------------------------------------------------------


def show(answer: Any, *, as_json: bool = False, as_csv: bool = False) -> None:
    """Print an answer as JSON, CSV or text."""
    from projections.rendering import text

    if as_json:
        click.echo(json.dumps(answer.document, ensure_ascii=False, indent=2))
    elif as_csv:
        if answer.document.get("knows_nothing"):
            click.echo("\n".join(answer.blocks[0].lines), err=True)
        elif not answer.columns:
            raise Refused("no-rows", "this answer is no list of rows", "ask for it with --json")
        click.echo(text.as_csv(answer), nl=False)
    elif answer.paged and sys.stdout.isatty():
        click.echo_via_pager("\n".join(text.as_text(answer.blocks)) + "\n")
    else:
        for block in answer.blocks:
            _show_block(block)
    for page in answer.pages:
        with translated(page.path):
            page.path.write_text(page.text, encoding="utf-8")
        click.echo(f"written to {page.path}", err=True)


def _show_block(block: Any) -> None:
    from projections.rendering.text import as_lines, visible

    if not hasattr(block, "headings"):
        click.echo("\n".join(map(visible, block.lines)))
    elif sys.stdout.isatty() and len(block.rows) <= _SCREENS:
        _show_table(block)
    else:
        click.echo("\n".join(as_lines(block)))


def _show_table(block: Any) -> None:
    """Show a table on a terminal, folded to its width."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from projections.rendering.text import visible

    console = Console(highlight=False, markup=False)
    console.print(Text(block.title, "bold"))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for n, heading in enumerate(block.headings):
        table.add_column(Text(heading), justify="right" if n in block.numeric else "left")
    for n, row in enumerate(block.rows):
        last = block.total and n == len(block.rows) - 1
        if last:
            table.add_section()
        table.add_row(*(Text(visible(cell), "bold" if last else "") for cell in row))
    console.print(table)
    for note in block.notes:
        console.print(Text(note, "dim"))
    console.print()


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _done, _all: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


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


def main() -> None:
    """Run, and end with 0 done, 1 refused, 2 usage, 3 a difference found."""
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
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted; attendance status tells what is recorded", err=True)
    sys.exit(_REFUSED)


def _explain(refused: Refused) -> None:
    if isinstance(refused, ImportRefused):
        for problem in refused.problems:
            click.echo(str(problem), err=True)
    click.echo(f"refused: {refused.what}", err=True)
    if refused.remedy:
        click.echo(f"  do:    {refused.remedy}", err=True)


if __name__ == "__main__":
    main()
