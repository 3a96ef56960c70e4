"""Entry point of the command line, empty until called.

Worker processes import the script that started them; what they do not need must not be loaded with it.
"""

import os

__all__ = ["main"]


def main() -> None:
    """Run the command line."""
    # Cells of a hundred atoms gain nothing from threads, and lose much where trajectories share the cores.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from electrolith.study.commands import main as run

    run()
