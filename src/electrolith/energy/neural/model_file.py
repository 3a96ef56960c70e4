"""What a model file is asked before it is used: is it the one meant, and does it know the elements?"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from electrolith.core.errors import InputError
from electrolith.core.files import sha256
from electrolith.crystal.frame import Frame

__all__ = ["refuse_foreign", "stated_digest"]


def stated_digest(path: Path, stated: str, what: str) -> str:
    """Digest of a file that can execute code when it is opened; it must be the one stated.

    Raises
    ------
    InputError
        If it is another, or none is stated.
    """
    found = sha256(path)
    if stated.lower() != found:
        raise InputError(
            f"{path}: a {what} can execute code when it is opened; if you trust this one, "
            f"state sha256: {found} beside it" + (f" (not {stated})" if stated else "")
        )
    return found


def refuse_foreign(frame: Frame, numbers: Collection[int], who: str) -> None:
    """Refuse a frame with elements beyond those (atomic numbers) that the model was made for.

    Raises
    ------
    InputError
        With the elements.
    """
    known = [int(z) in numbers for z in frame.numbers]
    if foreign := sorted({e for e, k in zip(frame.symbols, known, strict=True) if not k}):
        raise InputError(f"{who} was not made for {', '.join(foreign)}; it knows {len(numbers)} elements")
