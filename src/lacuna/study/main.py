"""Entry point of the command line, empty until called.

Worker processes import the script that started them; what they do not need must not be loaded with it.
"""

__all__ = ["main"]


def main() -> None:
    """Run the command line."""
    from lacuna.study.commands import main as run

    run()
