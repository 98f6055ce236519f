"""The command line: parse, call one function, print, map refusals to exit codes.

Every command is a module of `commands` or `projections` whose docstring begins with
``attendance WORDS:``; its options are the fields of its model. Modules are found by their first
line and imported only when they are called, so that start-up stays short.
"""

import dataclasses
import getpass
import inspect
import io
import json
import os
import re
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

import click

from ledger import __version__, clock
from ledger.errors import ImportRefused, Refused
from ledger.folder import Folder, translated
from ledger.values import Session, parse_date, parse_session

_HOME = Path(__file__).parent
_PLACES = ("commands", "projections", "projections/exports")
_FIRST_LINE = re.compile(r'"""attendance ([a-z -]+): (.+)')
_REFUSED, _DIFFERENT = 1, 3
_EITHER = "--json or --csv, not both"
_SCREENS = 200


class Place(NamedTuple):
    """A command's words, its module and what it does in a line."""

    words: tuple[str, ...]
    module: str
    help: str


@cache
def places() -> list[Place]:
    """Return every command, found by the first lines of the modules."""
    found = []
    for folder in _PLACES:
        for path in sorted((_HOME / folder).glob("*.py")):
            with path.open(encoding="utf-8") as text:
                match = _FIRST_LINE.match(text.readline())
            if match:
                module = ".".join((*folder.split("/"), path.stem))
                words, line = match.groups()
                found.append(Place(tuple(words.split()), module, line.rstrip('"').strip()))
    return sorted(found)


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


# -- options from the fields of a model --------------------------------------------------------


class Field(NamedTuple):
    """A field of a command or question, as an option or argument."""

    name: str
    hint: Any
    help: str
    default: Any
    required: bool
    extra: Mapping[str, Any]

    @property
    def shown(self) -> str:
        """The name of an argument in the help."""
        found: str = self.extra.get("metavar") or self.name.strip("_").upper()
        return found


def _command_fields(model: Any) -> Iterator[Field]:
    for name, info in model.model_fields.items():
        extra = dict(info.json_schema_extra or {})
        if not extra.get("hidden"):
            for bound in info.metadata:
                extra["minimum"] = getattr(bound, "ge", extra.get("minimum"))
                extra["maximum"] = getattr(bound, "le", extra.get("maximum"))
            about, default = info.description or "", info.get_default()
            yield Field(name, info.annotation, about, default, info.is_required(), extra)


def _question_fields(question: Any) -> Iterator[Field]:
    hints = get_type_hints(question)
    for f in dataclasses.fields(question):
        required = bool(f.metadata.get("required"))
        yield Field(f.name, hints[f.name], f.metadata["help"], f.default, required, f.metadata)


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


def _parameter(f: Field) -> click.Parameter:
    hint, many = _plain(f.hint)
    literal = get_args(hint) if get_origin(hint) is Literal else None
    kind = click.Choice(literal) if literal else _TYPES.get(hint, str)
    if hint is int:
        kind = click.IntRange(f.extra.get("minimum"), f.extra.get("maximum"))
    if f.extra.get("argument"):
        return click.Argument(
            [f.name], type=kind, required=f.required, nargs=-1 if many else 1, metavar=f.shown
        )
    name = "--" + f.name.strip("_").replace("_", "-")
    if hint is bool:
        return click.Option([name, f.name], is_flag=True, default=False, help=f.help)
    return click.Option([name, f.name], type=kind, required=f.required, multiple=many, help=f.help)


def _plain(hint: Any) -> tuple[Any, bool]:
    """Return a hint without None and whether it may be given several times."""
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(a for a in get_args(hint) if a is not type(None))
    if get_origin(hint) is tuple:
        return get_args(hint)[0], True
    return hint, False


def _model(module: Any, base: type) -> Any:
    """Return the one model that a module defines."""
    return next(
        v
        for v in vars(module).values()
        if isinstance(v, type) and issubclass(v, base) and v.__module__ == module.__name__
    )


def build(place: Place) -> click.Command:
    """Return the click command of a module."""
    module = import_module(place.module)
    if place.module.startswith("commands"):
        from commands.base import Command

        model = _model(module, Command)
        fields, run = list(_command_fields(model)), _runs_command
    else:
        from projections.query import Asked

        model = _model(module, Asked)
        asks = not hasattr(module, "carry_out")
        fields, run = list(_question_fields(model)) if asks else [], _runs_question
    parameters = [_parameter(f) for f in fields]
    if run is _runs_question and asks:
        parameters += _OUTPUT
    about = _about(place, model, fields)
    return click.Command(
        place.words[-1], params=parameters, help=about, callback=run(module, model)
    )


def _about(place: Place, model: Any, fields: list[Field]) -> str:
    arguments = [f for f in fields if f.extra.get("argument")]
    lines = [place.help[0].upper() + place.help[1:], inspect.cleandoc(model.__doc__ or "")]
    if arguments:
        lines.append("\b\n" + "\n".join(f"{f.shown}: {f.help}" for f in arguments))
    return "\n\n".join(lines)


_OUTPUT = [
    click.Option(["--json", "as_json"], is_flag=True, help="one JSON document"),
    click.Option(["--csv", "as_csv"], is_flag=True, help="the rows as CSV"),
]


# -- running ---------------------------------------------------------------------------------


def _runs_command(module: Any, model: Any) -> Callable[..., None]:
    def run(**given: Any) -> None:
        from commands.execute import execute

        context = _context()
        command = _made(model, given)
        if hasattr(module, "carry_out"):
            _shown_after(module.carry_out(context, command))
            return

        def record(command: Any) -> Any:
            with _progress("recording") as progress:
                return execute(context, command, progress=progress)

        if getattr(command, "file", "") is None and sys.stdin.isatty() and sys.stdout.isatty():
            from commands.register_screen import take

            outcome = take(context, command, record, terminal=click, explain=_explain)
        elif hasattr(module, "load"):
            outcome = record(module.load(command, sys.stdin))
        else:
            outcome = record(command)
        _bring_up(context.folder)
        for line in outcome.says:
            click.echo(line)

    return run


def _context() -> Any:
    """Return where to record, by which clock, and who asks."""
    from commands.base import Operator
    from commands.execute import Context

    root: dict[str, Any] = click.get_current_context().find_root().obj
    return Context(root["folder"], clock.now, Operator(root["as_"], _account()))


def _account() -> str:
    """Return the operating system's account; a container may have a number without a name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return f"account {os.getuid()}"


def _shown_after(outcome: Any) -> None:
    """Show the answer that a use case asks for, if any, and what it has to say."""
    if outcome.shows is not None:
        from projections.query import Question

        module = import_module(f"projections.{outcome.shows.question}")
        question = _model(module, Question)(on=outcome.shows.on)
        show(ask(module, question, outcome.shows.folder))
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


def _bring_up(folder: Folder) -> None:
    from projections.afresh import afresh
    from projections.catch_up import catch_up

    try:
        with _progress("bringing views up to date") as progress:
            afresh(folder, lambda: catch_up(folder, progress=progress))
    except Refused as refused:
        click.echo(f"note: recorded, but the views are behind: {refused.what}", err=True)


def _runs_question(module: Any, model: Any) -> Callable[..., None]:
    def run(*, as_json: bool = False, as_csv: bool = False, **given: Any) -> None:
        from projections.afresh import afresh

        folder: Folder = click.get_current_context().find_root().obj["folder"]
        if as_json and as_csv:
            raise click.UsageError(_EITHER)
        if hasattr(module, "carry_out"):
            with _progress("replaying") as progress:
                click.echo(afresh(folder, lambda: module.carry_out(folder, progress)))
            return
        question = _made(model, given)
        if hasattr(module, "inspect"):
            with _progress("verifying") as progress:
                answer = module.inspect(question, folder, progress)
            show(answer, as_json=as_json, as_csv=as_csv)
            sys.exit(_DIFFERENT if answer.differs else 0)
        recorded = getattr(module, "recorded_as", lambda _: None)(question)
        if recorded is not None:
            _record_first(recorded)
        show(ask(module, question, folder), as_json=as_json, as_csv=as_csv)

    return run


def _record_first(recorded: Any) -> None:
    """Record that a question is asked, before it is answered."""
    from commands.base import Command
    from commands.execute import execute

    model = _model(import_module(f"commands.{recorded.command}"), Command)
    execute(_context(), _made(model, dict(recorded.given)))


def ask(module: Any, question: Any, folder: Folder) -> Any:
    """Return the answer to a question."""
    from projections.afresh import afresh
    from projections.view import opened

    def attempt() -> Any:
        with opened(folder, question, clock.now) as view:
            return module.answer(question, view)

    return afresh(folder, attempt)


# -- printing --------------------------------------------------------------------------------


def show(answer: Any, *, as_json: bool = False, as_csv: bool = False) -> None:
    """Print an answer as JSON, CSV or text."""
    from projections import text

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
    from projections.text import as_lines, visible

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

    from projections.text import visible

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
