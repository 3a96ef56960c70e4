"""Processor seconds before a command does anything: help, and what a TAB costs.

    python benchmarks/startup.py

Each is the least of three runs; bare Python with typer and rich stands beside them.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys

RUNS = 3
HELP = ("", "run", "impedance", "window", "rietveld", "cell", "order", "distil")


def seconds(arguments: list[str], **environment: str) -> float:
    """Least processor time of a few runs, s."""
    least = float("inf")
    for _ in range(RUNS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *arguments], capture_output=True, env={**os.environ, **environment})
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        least = min(least, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return least


def completion(words: str) -> float:
    """Of one TAB after these words, s."""
    code = "import sys; sys.argv = ['electrolith']; from electrolith.study.main import main; main()"
    last = str(len(words.split()) - 1)
    return seconds(["-c", code], _ELECTROLITH_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD=last)


def main() -> None:
    """Print the table."""
    print(f"{'python, typer, rich':40s} {seconds(['-c', 'import typer, rich.console, rich.table']):.2f} s")
    for name in HELP:
        code = f"import sys; sys.argv = ['electrolith', *{[name] if name else []!r}, '--help']"
        spent = seconds(["-c", f"{code}; from electrolith.study.main import main; main()"])
        print(f"{f'electrolith {name} --help':40s} {spent:.2f} s")
    for words in ("electrolith im", "electrolith impedance --dia", "electrolith window Li6P"):
        print(f"{f'TAB after {words}':40s} {completion(words):.2f} s")


if __name__ == "__main__":
    main()
