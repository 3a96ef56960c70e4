"""`electrolith campaign run | status`, and `electrolith submit`."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from electrolith.core.errors import ElectrolithError, InputError
from electrolith.core.execution.chunks import Stop, never

Folder = Annotated[Path, typer.Argument(help="Campaign file, or its folder.", metavar="CAMPAIGN")]
Where = Annotated[
    str | None,
    typer.Option(
        "--execution", help="local, or a profile [execution.NAME] of an electrolith.toml (a cluster)."
    ),
]
Html = Annotated[Path | None, typer.Option(help="Write a page with the ranking.")]
Json = Annotated[Path | None, typer.Option("--json", help="Data for programs; - prints it.")]

group = typer.Typer(
    help="Many candidates under one budget, each core hour where it tells most.", no_args_is_help=True
)


@group.command()
def run(campaign: Folder, execution: Where = None, html: Html = None, json_file: Json = None) -> None:
    """Run a campaign; stopped or killed at any moment, the same command goes on.

    Example: `electrolith campaign run my-campaign --execution hpc`
    """
    from electrolith.study.campaign.drive import run_campaign
    from electrolith.study.campaign.parts import parts
    from electrolith.study.campaign.settings import read_campaign
    from electrolith.study.terminal import finish, live

    file = read_campaign(campaign, execution=execution)
    with live() as listener:
        listener.begin("campaign")
        result = run_campaign(file, listener.progress)
    finish(file.title, parts(result), result, html=html, json_file=json_file)


@group.command()
def status(campaign: Folder, html: Html = None, json_file: Json = None) -> None:
    """The table of candidates as it is now, also while the campaign runs elsewhere.

    Example: `electrolith campaign status my-campaign --html ranking.html`
    """
    from electrolith.core.archive import load
    from electrolith.study.campaign.drive import RESULT
    from electrolith.study.campaign.parts import parts
    from electrolith.study.campaign.settings import read_campaign
    from electrolith.study.terminal import finish

    file = read_campaign(campaign, execution="local")
    if not (file.folder / RESULT).exists():
        raise InputError(f"{file.folder}: nothing is known yet; begin with `electrolith campaign run`")
    result = load(file.folder / RESULT)
    finish(file.title, parts(result), result, html=html, json_file=json_file)


@dataclass(frozen=True, slots=True)
class _Command:
    """A command that goes on where it was stopped, in its folder, with its words in a file."""

    words: tuple[str, ...]
    folder: str
    log: str


@dataclass(frozen=True, slots=True)
class _Ended:
    more: bool
    status: int = 0


def _perform(command: _Command, stop: Stop = never) -> _Ended:
    """In a job: run the command until it ends, or end it by SIGTERM when the job's time is up."""
    program = "from electrolith.study.main import main; main()"
    with Path(command.log).open("a") as log:
        process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-c", program, *command.words], cwd=command.folder, stdout=log, stderr=log
        )
        while process.poll() is None:
            if stop():
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(10.0)
                except subprocess.TimeoutExpired:
                    process.kill()
                return _Ended(True)
            time.sleep(0.2)
    return _Ended(False, process.returncode)


def submit(
    words: Annotated[list[str], typer.Argument(help="The command, behind `--`.", metavar="COMMAND…")],
    execution: Annotated[str, typer.Option(help="Profile [execution.NAME] of an electrolith.toml.")],
) -> None:
    """Run any command of this program on a cluster, job after job, until it is done.

    Every long command goes on where it was stopped: `label`, `distil`, `certify`, `phases build`, `batch`,
    `cell`.

    Example: `electrolith submit --execution hpc -- distil distil.yaml --teacher chgnet`
    """
    from electrolith.core.execution.chunks import Chunks, Ended
    from electrolith.core.execution.workers import FOLDER, Workers
    from electrolith.study.commands import COMMANDS
    from electrolith.study.study import execution_of
    from electrolith.study.terminal import console

    if words[0] not in COMMANDS or words[0] in ("submit", "campaign"):
        raise InputError(
            f"submit: {words[0]!r} is no command that can be sent; as in: submit … -- label frames.xyz"
        )
    here = Path.cwd()
    where = execution_of(execution, here, "--execution")
    if where.kind == "local":
        raise InputError("submit: --execution local would run it here; call the command itself")
    (here / FOLDER).mkdir(exist_ok=True)
    log = here / FOLDER / f"{words[0]}.log"
    console.print(f"its words go to {log}")
    with Workers(where, here) as workers:
        remote = workers.remote()
        assert remote is not None  # noqa: S101 - it is not local
        chunks: Chunks[str] = Chunks(remote, console.print)
        size = lambda: sum(p.stat().st_size for p in here.rglob("*") if p.is_file() and p != log)  # noqa: E731
        chunks.add(words[0], _perform, _Command(tuple(words), str(here), str(log)), size)
        ended: list[Ended[str]] = []
        while not ended:
            ended = chunks.wait(5.0)
    if ended[0].gave_up:
        raise ElectrolithError(f"{words[0]}: {ended[0].gave_up}")
    console.print(log.read_text().rstrip().rpartition("\n")[2], markup=False)
    raise typer.Exit(ended[0].answer.status)


def add(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(group, name="campaign")
    app.command()(submit)
