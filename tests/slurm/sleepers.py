"""A chunk that only sleeps and counts, for what is about jobs and not about atoms."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from electrolith.core.lease import Lock


@dataclass(frozen=True)
class Answer:
    more: bool
    count: int = 0


@dataclass(frozen=True)
class Sleep:
    """Count to `goal` in a file, one every `seconds`; what is counted is never counted twice."""

    file: str
    goal: int
    seconds: float
    die: bool = False

    def there(self):
        try:
            return len(Path(self.file).read_bytes())
        except OSError:
            return 0


def count(work, stop=lambda: False):
    if work.die:
        os._exit(7)
    path = Path(work.file)
    with Lock(path.with_suffix(".lock"), wait=30.0):
        while work.there() < work.goal:
            if stop():
                return Answer(True, work.there())
            time.sleep(work.seconds)
            with path.open("ab") as handle:
                handle.write(b".")
        return Answer(False, work.there())
