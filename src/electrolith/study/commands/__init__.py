"""The command line: one app; each module of this folder adds its commands when one of them is called."""

from __future__ import annotations

import sys
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from electrolith.core.errors import ElectrolithError
from electrolith.study.asked import LINE
from electrolith.study.main import STOPPED

__all__ = ["COMMANDS", "app", "main"]

# Name, module of this folder, first sentence of its help: `--help` and the completion of names need no more.
COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("study", "Compute what the study lacks, then write its report."),
    "campaign": (
        "campaign",
        "Many candidates under one budget, each core hour where it tells most.",
    ),
    "submit": ("campaign", "Run any command of this program on a cluster, job after job, until it is done."),
    "check": ("study", "Find everything that can be wrong with a study before anything costly runs."),
    "report": ("study", "Write the report of what is already computed."),
    "schema": ("study", "Print the JSON Schema of the study file, so that editors complete it."),
    "settings": (
        "settings",
        "What each key of a settings file is for, what it takes and what it is without.",
    ),
    "materials": (
        "known",
        "List the materials of cells, the known electrolytes and the crystals that come with the program.",
    ),
    "instruments": ("known", "List the instruments that a pattern can be refined with."),
    "engines": ("study", "List the engines that are installed, by the name a study uses."),
    "init": ("init", "Write a commented study that runs at once, to begin with."),
    "export": (
        "export",
        "Write a study with everything that belongs to it as an archive for others, or only its records.",
    ),
    "import": ("export", "Unpack an archived study, every file compared with its checksum."),
    "cite": ("export", "Print BibTeX of every method, data set and program that a study used."),
    "diff": ("export", "Which numbers of two studies differ, by how many standard deviations, and why."),
    "order": (
        "ordering",
        "Order a disordered crystal: rank random decorations by electrostatics, anneal, write what is kept.",
    ),
    "fit": ("fit", "Fit a POD potential to labels and say what it gets wrong on frames it has not seen."),
    "certify": (
        "certify",
        "Measure how far a potential can be trusted; killed or out of time, the same command goes on.",
    ),
    "distil": ("distil", "Distil a teacher into a fast potential and measure how far it can be trusted."),
    "train": (
        "train",
        "Fine-tune a universal potential on labels; killed or out of time, the same command goes on.",
    ),
    "label": (
        "label",
        "Label frames with energies, forces and stress, several at once; killed, the same command goes on.",
    ),
    "converge": (
        "label",
        "How far energies, forces and pressure of some frames are converged with cutoff and k-points.",
    ),
    "vacancies": ("vacancies", "Energy of taking one atom out of a crystal, in supercells of several sizes."),
    "barrier": (
        "barrier",
        "Barrier of a jump by a nudged elastic band with a climbing image; both ends are relaxed first.",
    ),
    "diffusion": (
        "diffusion",
        "D with an honest error, σ and guards of one run; Ea and σ(300 K) from runs at several temperatures.",
    ),
    "window": ("stability", "Electrochemical window with error bars, ladder and products."),
    "interface": ("stability", "Reactions where two phases meet, over all mixing ratios, closed or open."),
    "moisture": (
        "stability",
        "What moist gas would do to a phase: products, driving force, balanced reaction.",
    ),
    "phases": ("stability", "The library of competing phases."),
    "inspect": ("inspect", "What a file is, which column was taken for what, its units and its doubts."),
    "impedance": (
        "impedance",
        "Fit impedance spectra without a starting guess; σ(T), Eₐ and what cannot be known.",
    ),
    "cycling": (
        "cycling",
        "Cycle table, Coulombic efficiency, rates, retention, fade, voltage profiles and dQ/dV.",
    ),
    "ccd": (
        "cycling",
        "Critical current density or lifetime, decided by a written rule that explains itself.",
    ),
    "polarisation": ("cycling", "Electronic conductivity from settled currents at several voltages."),
    "exposure": ("cycling", "Conductivity during exposure: decay law, loss, time to lose a tenth."),
    "audit": (
        "cycling",
        "Do reported numbers agree: loading × capacity, retention × first, rate × loading, R × j, "
        "thickness/σA?",
    ),
    "rietveld": (
        "scattering",
        "Refine powder patterns from a crystal, stage by stage, and say what they cannot tell.",
    ),
    "pdf": ("scattering", "Fit pair distribution functions over one or several ranges of r."),
    "operando": (
        "scattering",
        "Follow a series of patterns: cell in time, new phases with onset, detection limits.",
    ),
    "nmr": ("nmr", "T1 from recoveries, activation energies from T1(T)."),
    "xanes": (
        "xanes",
        "Normalise spectra; for a series, say whether it changed and how large a change could hide.",
    ),
    "indent": ("indent", "Oliver-Pharr modulus and hardness of every indent and of the sample."),
    "particles": (
        "particles",
        "D10, D50, D90 and the share in a window, with the doubt of having counted so many.",
    ),
    "pictures": (
        "pictures",
        "Thickness of the layers of a cross-section with its doubt; how evenly elements are spread.",
    ),
    "batch": ("batch", "Balance a reaction and weigh a batch; look at a series of samples."),
    "synthetic": (
        "synthetic",
        "Simulate the raw files of a whole paper; with --check, say whether its study found their truths.",
    ),
    "cell": ("cell", "Voltage curves, rate capability, limits and energy density of cell designs."),
}
PROGRAM = "electrolith"
INTERRUPTED = 130


class Lazy(TyperGroup):
    """A group that imports the module of a command only when that command is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Names in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command, or its name and first sentence while nobody called it."""
        if cmd_name in self.commands or cmd_name not in COMMANDS:
            return self.commands.get(cmd_name)
        return TyperCommand(cmd_name, help=COMMANDS[cmd_name][1])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Load what is called; anything else is refused with the nearest name."""
        LINE.set((PROGRAM, *args))
        if args and args[0] in COMMANDS and args[0] not in self.commands:
            from electrolith.study.commands.outputs import loaded

            self.commands.update(loaded(COMMANDS[args[0]][0]))
        elif args and args[0] not in COMMANDS:
            # Names alone, so that "did you mean" knows them all.
            self.commands.update({n: self.get_command(ctx, n) for n in COMMANDS if n not in self.commands})
        return super().resolve_command(ctx, args)


app = typer.Typer(
    name=PROGRAM,
    cls=Lazy,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from electrolith import __version__

        typer.echo(f"electrolith {__version__}")
        raise typer.Exit


@app.callback()
def _program(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Say which version this is."
    ),
) -> None:
    """From a disordered crystal to a solid-state cell: computed, measured and published side by side."""


def main() -> None:
    """Entry point: a refusal is one clear line and exit status 2, Ctrl-C is 130."""
    try:
        app()
    except ElectrolithError as error:
        from rich.markup import escape

        from electrolith.study.terminal import aside

        aside.print(f"[bold red]electrolith:[/bold red] {escape(str(error))}", soft_wrap=True)
        sys.exit(2)
    except SystemExit as end:
        # typer turns Ctrl-C into this exit status.
        if end.code == INTERRUPTED:
            typer.echo(STOPPED)
        raise
    except KeyboardInterrupt:
        typer.echo(STOPPED)
        sys.exit(INTERRUPTED)
