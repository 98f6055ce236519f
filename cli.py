"""The command line: parse, go through one door, print, map refusals to exit codes.

Every command and question is a class of `commands` or `projections` whose docstring begins with
``attendance WORDS:``; its options are the class's fields. Classes are found by that line in the
text of their modules, which are imported only when they are called: start-up stays short.
"""

import getpass
import inspect
import io
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from datetime import date
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

import click
from click.core import ParameterSource

from ledger import __version__, clock, form, names, typed
from ledger.errors import ImportRefused, Incomplete, Refused, RefusedInLines, StorageRefused
from ledger.files import DatabaseError, refusal, refuse_output
from ledger.ledger import Ledger
from ledger.store.folder import Folder
from ledger.suggested import Given, suggesting
from ledger.terminal import ShowsProgress, no_progress, on_one_line, progress, say, silence
from ledger.values import Operator, Session, parse_date, parse_session

if TYPE_CHECKING:
    from commands.core.command import Command, Context, Errand, Outcome
    from projections.queries.kept import Keeper
    from projections.queries.question import Answer, Options

_HOME = Path(__file__).parent
_PACKAGES = ("commands", "projections")
_REFUSED, _DIFFERENT, _INCOMPLETE, _SIGNALLED = 1, 3, 4, 128
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
        if ctx.parent is None:
            _GIVEN.set(_given(ctx))  # before the command is loaded: that may be interrupted
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


def _given(ctx: click.Context) -> Given:
    """Return what was typed before the command."""

    def typed_here(name: str) -> str | None:
        here = ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE
        return str(ctx.params[name]) if here else None

    return Given(typed_here("ledger_"), typed_here("as_"), ctx.params["as_"] is not None, _signs)


class _Both(Lazy):
    """A group that, called without a further word, is a command itself."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Ask for the command's own options only where no further word follows."""
        if args and args[0] in self.list_commands(ctx):
            self.params = []
        else:
            ctx.allow_interspersed_args = True
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


class _Personal(click.ParamType[Any]):
    """A text that may also be asked for, or come from a file, and is then read as any other."""

    def __init__(self, inner: Any) -> None:
        self._inner = click.types.convert_type(inner)
        self.name = self._inner.name

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the text that is meant, as the field's own type."""
        meant = typed.text(value, lambda: _asked(param)) if isinstance(value, str) else value
        return self._inner.convert(meant, param, ctx)


def _asked(param: click.Parameter) -> str:
    """Ask on a terminal for the text of an option, else take the next line of what is piped in."""
    name = param.human_readable_name.replace("_", " ")
    if sys.stdin.isatty():
        return str(click.prompt(name, err=True))
    line = sys.stdin.readline()
    if not line:
        raise Refused("text-missing", f"nothing was piped in for {name}", "give it a line each")
    return line.strip()


def _parameter(f: form.Field) -> click.Parameter:
    literal = get_args(f.kind) if get_origin(f.kind) is Literal else None
    kind = click.Choice(literal) if literal else _TYPES.get(f.kind, str)
    if f.is_personal:
        kind = _Personal(kind)
    if f.kind is int:
        kind = click.IntRange(f.minimum, f.maximum)
    if f.argument:
        nargs = -1 if f.many else 1
        return click.Argument(
            [f.name], type=kind, required=f.required, nargs=nargs, metavar=f.metavar
        )
    name = _flag(f)
    if f.kind is bool:
        return click.Option([name, f.name], is_flag=True, default=False, help=f.help)
    return click.Option(
        [name, f.name], type=kind, required=f.required, multiple=f.many, help=f.help
    )


def _flag(f: form.Field) -> str:
    return f.metavar if f.argument else "--" + f.name.strip("_").replace("_", "-")


def build(place: form.Place) -> click.Command:
    """Return the click command of a class."""
    model = place.load()
    fields = form.fields(model)
    parameters, run = [_parameter(f) for f in fields], _commands
    if place.module.startswith("projections"):
        replaces = [_REPLACE] * any(f.name in _FILES for f in fields)
        parameters, run = [*parameters, *_OUTPUT, *replaces], _asks
    return click.Command(
        place.words[-1], params=parameters, help=_about(place, model, fields), callback=run(model)
    )


def _about(place: form.Place, model: type, fields: list[form.Field]) -> str:
    more = inspect.cleandoc(model.__doc__ or "").partition("\n\n")[2]
    lines = [place.help[0].upper() + place.help[1:], more]
    if arguments := [f for f in fields if f.argument]:
        lines.append("\b\n" + "\n".join(f"{f.metavar}: {f.help}" for f in arguments))
    if personal := [_flag(f) for f in fields if f.is_personal]:
        lines.append(f"{', '.join(personal)}: {typed.HELP}.")
    return "\n\n".join(lines)


_OUTPUT = [
    click.Option(["--json", "as_json"], is_flag=True, help="one JSON document"),
    click.Option(
        ["--csv", "as_csv"],
        is_flag=True,
        help="the rows as CSV, texts as they stand: a spreadsheet may take one for a formula",
    ),
]
_FILES = ("html", "out")
"""Fields of questions that name a file to write."""
_REPLACE = click.Option(["--replace"], is_flag=True, help="write over a file that is there")


# -- the door --------------------------------------------------------------------------------


class Door:
    """All that a user interface needs of a ledger: ask a question, do what is commanded.

    The one place where commands and questions meet. ``progress``: shows how far something is;
    nothing does where nobody looks.
    """

    def __init__(self, ledger: Ledger, progress: ShowsProgress = no_progress) -> None:
        self.ledger = ledger
        self._progress = progress
        self._keeper: Keeper | None = None

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
        from projections.queries.kept import Keeper
        from projections.queries.question import Inspection, Question
        from projections.queries.view import Held, view_for
        from projections.readmodel.freshness import retry_without_views

        folder = self.ledger.folder
        if isinstance(asked, Inspection):
            with self._progress(asked.doing) as progress:
                return asked.inspect(folder, progress)
        assert isinstance(asked, Question)  # noqa: S101 - there is no third kind
        if (on_record := asked.on_record) is not None:
            from commands.disclosure.subject_access import recording

            self.do(recording(on_record), operator)

        keeper = self._keeper = self._keeper or Keeper()

        def attempt() -> "Answer":
            with self.ledger as ledger:
                folder.required()
                held = Held(ledger.reader(), keeper)
                with view_for(folder, asked, clock.now, held) as view:
                    return asked.answer(view)

        return retry_without_views(folder, attempt)

    def context(self, operator: Operator) -> "Context":
        """Return where to record, by which clock, who asks and what watches."""
        from commands.core.command import Context
        from commands.penalties.undercut import watch

        return Context(self.ledger, clock.now, operator, watch)

    def lacking(self, words: str, operator: Operator) -> str:
        """Say who may give a command, where somebody may not; nothing where they may.

        Nothing either where the ledger cannot be read: there is worse to be told then.
        """
        from commands.core.authority import lacking
        from commands.core.execute import look

        context = self.context(operator)
        with suppress(Refused, OSError, DatabaseError):
            return look(context, lambda state: lacking(state, words, context.clock()))
        return ""

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
        _suggest_to(lambda words: door.lacking(words, operator))

        def record(command: Any) -> Any:
            return door.do(command, operator)

        if isinstance(command, Errand):
            _refuse_another_place(command)
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


def _refuse_another_place(errand: "Errand") -> None:
    """Refuse a ledger that was named to what makes its own: it would be made all the same."""
    named = (_GIVEN.get() or Given()).ledger
    if errand.place is not None and named is not None and Path(named) != Path(errand.place):
        raise Refused(
            "place-own",
            f"{errand.act} makes {errand.place}/ in the folder where it is called, never {named}",
            "leave out --ledger; to have it elsewhere, call it in another folder",
        )


def _asks(model: type) -> Callable[..., None]:
    def run(
        *, as_json: bool = False, as_csv: bool = False, replace: bool = False, **given: Any
    ) -> None:
        if as_json and as_csv:
            raise click.UsageError(_EITHER)
        from projections.rendering import screen

        door, operator = _entered()
        if (_GIVEN.get() or Given()).staff is not None:
            _suggest_to(_not_everybody)
        asked = _made(model, given)
        if getattr(asked, "on_record", None) is not None:  # which is recorded before it is written
            for path in filter(None, (given.get(name) for name in _FILES)):
                refuse_output(path, replace=replace)
        answer = door.ask(asked, operator)
        shown = {"as_json": as_json, "as_csv": as_csv, "replace": replace}
        screen.show(answer, **shown, typed=_as_typed)
        if answer.differs:
            sys.exit(_DIFFERENT)

    return run


def _on_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _entered() -> tuple[Door, Operator]:
    """Return the door to the ledger that is named, and who comes through it."""
    root = click.get_current_context().find_root()
    ledger = root.with_resource(Ledger(root.obj["folder"]))
    root.obj["ledger"] = ledger
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
        made = model(**{k: v for k, v in given.items() if v is not None and v != ()})
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    written = tuple(names.text(each) for each in given.values() if isinstance(each, str))
    _GIVEN.set((_GIVEN.get() or Given())._replace(written=tuple(filter(None, written))))
    return made


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
        say(_as_typed(line))
    if outcome.differs:
        sys.exit(_DIFFERENT)


_TERMINAL = SimpleNamespace(
    echo=say,
    clear=click.clear,
    confirm=lambda text, **more: click.confirm(on_one_line(text), **more),
    prompt=lambda text, **more: click.prompt(on_one_line(text), **more),
    getchar=click.getchar,
)
"""What a use case that is filled in on a terminal may do with it."""


# -- the program -----------------------------------------------------------------------------


_ENDINGS = """\b
Exit codes:
  0    done
  1    refused: it says why, and what to do; nothing was recorded
  2    wrong usage
  3    a check found a difference
  4    recorded or done, but not all that was to follow: it says what to do
  130  ended by Ctrl-C, 143 by the system: it says how to see what is recorded"""


@click.command(cls=Lazy, epilog=_ENDINGS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
@click.option(
    "--ledger",
    "ledger_",
    envvar="ATTENDANCE_LEDGER",
    default="attendance-ledger",
    type=click.Path(path_type=Path),
    help="the ledger's folder",
)
@click.option(
    "--as",
    "as_",
    envvar="ATTENDANCE_AS",
    help="your staff id, for commands that write: a claim that nothing checks; recorded are the "
    "account of this computer, which the operating system knows, and the name as stated",
)
@click.pass_context
def attendance(ctx: click.Context, ledger_: Path, as_: str | None) -> None:
    """Keep a school's attendance registers as a ledger that forgets nothing.

    Ask what the register said on any date, as known at any time; amend it with the reason and
    the name that the law asks for.
    """
    ctx.ensure_object(dict).update(folder=Folder(ledger_), as_=as_)


def main(ready: Callable[[], object] = lambda: None) -> None:
    """Run, and end with what `attendance` says of exit codes.

    ``ready``: called once an interrupt is answered here.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        encoding = None if sys.stdout.isatty() else "utf-8"
        sys.stdout.reconfigure(encoding=encoding, errors="replace")
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _end)
    entered: dict[str, Any] = {}
    try:
        ready()
        sys.exit(attendance(standalone_mode=False, prog_name="attendance", obj=entered))
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - what is no answer is raised
        sys.exit(_told_why(error, entered.get("ledger")))


class _Ended(KeyboardInterrupt):
    """The program is told to end; what Ctrl-C leaves behind, it leaves: nothing half-done."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def _end(number: int, _frame: object) -> None:
    signal.signal(number, signal.SIG_IGN)  # once: tidying up is not to be interrupted
    raise _Ended(number)


def _told_why(error: BaseException, ledger: Ledger | None) -> int:
    """Tell why the program ends early, and what is recorded all the same; return its exit code.

    What is no answer but a fault of this program is raised.
    """
    if isinstance(error, click.ClickException):
        said = io.StringIO()
        error.show(said)
        _beside(*said.getvalue().splitlines())
        return error.exit_code
    recorded = None if ledger is None else ledger.recorded
    number = _signal_of(error)
    if number or isinstance(error, click.Abort):
        known = f"recorded as entry {recorded}" if recorded else _ASK_STATUS
        _beside(_as_typed(f"interrupted; {known}"))
        return _SIGNALLED + number if number else _REFUSED
    refused = error if isinstance(error, Refused) else _refusal(error)
    if refused is None:
        raise error
    if recorded:
        _explain(refused, f"recorded as entry {recorded}, but")
    elif isinstance(refused, Incomplete):
        _explain(refused, "done in part:")
    else:
        _explain(refused)
        return _REFUSED
    return _INCOMPLETE


_ASK_STATUS = "attendance status tells what is recorded"


def _signal_of(error: BaseException | None) -> int:
    """Return the signal that ended the program, whatever was made of it on the way up; else 0."""
    while error is not None and not isinstance(error, Refused):
        if isinstance(error, KeyboardInterrupt):
            return error.number if isinstance(error, _Ended) else signal.SIGINT
        error = error.__cause__ or error.__context__
    return 0


def _refusal(error: BaseException) -> Refused | None:
    """Return what to tell of a failure that a disk, a file or a user can bring about."""
    if isinstance(error, OSError | DatabaseError):
        return refusal(Path(getattr(error, "filename", None) or "the ledger"), error)
    return next((refused for kinds, refused in _FAILURES if isinstance(error, kinds)), None)


_FAILURES = (
    (
        OverflowError,
        Refused("far", "a date or time is out of reach", "give one from 1900 to 2200"),
    ),
    (
        UnicodeEncodeError,
        Refused("not-unicode", "something given is no text (not UTF-8)", "write it anew"),
    ),
    (
        (MemoryError, RecursionError),
        Refused("too-large", "something given is too large, or nested too deeply", "give less"),
    ),
)


def _beside(*lines: str) -> None:
    """Say something beside the answer, where there is somewhere to say it."""
    with suppress(StorageRefused, BrokenPipeError):
        say(*lines, err=True)


def _explain(refused: Refused, lead: str = "refused:") -> None:
    if isinstance(refused, ImportRefused):
        for each in (*refused.problems, *refused.notes):
            _beside(str(each))
    what = f"{lead} {refused.what}"  # may hold what somebody wrote
    _beside(*what.split("\n") if isinstance(refused, RefusedInLines) else [what])
    if refused.remedy:
        _beside(_as_typed(f"  do:    {refused.remedy}"))


def _suggest_to(lacking: Callable[[str], str]) -> None:
    """Suggest commands to whoever may give them, by what tells who may where one may not."""
    _GIVEN.set((_GIVEN.get() or Given())._replace(lacking=lacking))


def _signs(words: str) -> bool:
    """Tell whether somebody has to be named for a command, by the table of who may give which."""
    from policies.packs.roles import acts

    act = acts().by_command.get(words)
    return act is not None and {"anyone", "unnamed"}.isdisjoint(act.who)


def _not_everybody(words: str) -> str:
    """Say who may give a command that not everybody may: a question looks up nobody's roles."""
    from ledger.english import alternatives
    from policies.packs.roles import acts

    act = acts().by_command.get(words)
    return alternatives(act.roles) if act is not None and act.roles else ""


def _as_typed(text: str) -> str:
    """Return a text with the commands that it suggests as they have to be typed here."""
    return suggesting(places(), _GIVEN.get() or Given(), text)


if __name__ == "__main__":
    main()
