"""Instrument parameter files of GSAS-II (.instprm) and of GSAS (.prm, .inst)."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from electrolith.core.delimited import read_text
from electrolith.core.errors import DataError
from electrolith.core.reading import reader

from .instrument import ConstantWavelength, Instrument, TimeOfFlight

__all__ = ["read_instrument"]

FWHM2 = 8 * np.log(2) / 1e4  # variance in centidegrees² to FWHM² in degrees²
INERT = {  # what an instrument file may hold and no pattern of one bank depends on
    "Type", "Bank", "fltPath", "Azimuth", "Source", "Gonio. radius", "Pump", "Diff-type", "InstrName",
}  # fmt: skip


@reader("an instrument file")
def read_instrument(path: Path | str, *, bank: int = 1) -> Instrument:
    """An instrument from a GSAS-II .instprm or a GSAS .prm/.inst file.

    Raises
    ------
    DataError
        If the file is neither, or lacks the bank; the text lists what it has.
    """
    path = Path(path)
    text = read_text(path)
    if "INS " in text and re.search(r"^INS\s+\d+\s*ICONS", text, re.MULTILINE):
        return _old(text, bank, path)
    if re.search(r"^(Type|difC|Lam\d?)\s*:", text, re.MULTILINE):
        return _new(text, bank, path)
    raise DataError(f"{path}: neither a GSAS-II .instprm (Type:PXC ...) nor a GSAS file with INS lines")


class _Entries:
    """Parameters of a .instprm, which remembers what was asked for: the rest is dropped, and said."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.values: dict[str, str] = {}
        self.asked: set[str] = set()
        for item in re.split(r"[;\n]", text):
            if ":" in item and not item.startswith("#"):
                key, value = item.split(":", 1)
                self.values[key.strip()] = value.strip().split(":")[0]

    def number(self, name: str, default: float = 0.0) -> float:
        """A number, or the default where it is not in the file."""
        self.asked.add(name)
        text = self.values.get(name, "")
        try:
            return float(text) if text else default
        except ValueError as error:
            raise DataError(f"{self.path}: {name} is {text!r}; expected a number") from error

    def dropped(self) -> tuple[str, ...]:
        """Parameters that are not zero and have no place in the model."""
        left = []
        for name, value in self.values.items():
            if name in self.asked or name in INERT:
                continue
            try:
                if float(value) != 0.0:
                    left.append(f"{name} = {value}")
            except ValueError:
                left.append(f"{name} ({value[:20]} ...)" if len(value) > 20 else f"{name} ({value})")
        return tuple(left)


def _new(text: str, bank: int, path: Path) -> Instrument:
    parts = re.split(r"^#Bank\s+(\d+).*$", text, flags=re.MULTILINE)
    blocks = {int(n): body for n, body in zip(parts[1::2], parts[2::2], strict=True)} or {1: text}
    if bank not in blocks:
        raise DataError(f"{path}: no bank {bank}; it has {', '.join(map(str, sorted(blocks)))}")
    entries = _Entries(path, blocks[bank])
    number = entries.number
    kind = entries.values.get("Type", "")
    if kind.startswith("PNT"):
        values = (
            number("difC"),
            number("difA"),
            number("difB"),
            number("Zero"),
            number("2-theta", 90.0),
            max(number("alpha", 1.0), 1e-3),
            number("beta-0", 0.03),
            number("beta-1"),
            number("sig-0"),
            number("sig-1", 50.0),
            number("sig-2"),
        )
        # γ = X d + Y d² + Z (GSASIImath.getTOFgamma): Y is the size-like one
        x, y, z, sq, betaq = (number(n) for n in ("Y", "X", "Z", "sig-q", "beta-q"))
        return TimeOfFlight(*values, x=x, y=y, z=z, sq=sq, betaq=betaq, dropped=entries.dropped())
    if kind[:3] not in ("PXC", "PNC"):
        raise DataError(f"{path}: instrument type {kind!r} is not known; PXC, PNC and PNT are")
    lines = (
        ((number("Lam1"), 1.0), (number("Lam2"), number("I(L2)/I(L1)", 0.5)))
        if "Lam1" in entries.values
        else ((number("Lam"), 1.0),)
    )
    return ConstantWavelength(
        "xray" if kind.startswith("PXC") else "neutron",
        tuple((w, p) for w, p in lines if p > 0),
        unpolarised=1.0 - number("Polariz.", 0.5) if kind.startswith("PXC") else 0.5 + 0 * number("Polariz."),
        zero=number("Zero"),
        u=number("U") * FWHM2,
        v=number("V") * FWHM2,
        w=number("W") * FWHM2,
        x=number("X") / 100,
        y=number("Y") / 100,
        axial=number("SH/L") / 2,
        dropped=entries.dropped(),
    )


def _old(text: str, bank: int, path: Path) -> Instrument:
    """Lines "INS  1 ICONS ...": a bank in columns 4 to 6, a key in 7 to 12, then fields."""
    rows: dict[str, str] = {}
    kind = ""
    banks = set()
    for line in text.split("\n"):
        if not line.startswith("INS"):
            continue
        if "HTYPE" in line:
            kind = line.split()[-1]
        number = line[3:6].strip()
        if number.isdigit():
            banks.add(int(number))
            if int(number) == bank:
                rows[line[6:12].replace(" ", "")] = line[12:].rstrip()
    if "ICONS" not in rows:
        raise DataError(f"{path}: no bank {bank}; it has {', '.join(map(str, sorted(banks)))}")
    if kind.startswith("PNT"):
        return _old_flight(rows, path)
    if kind[:3] in ("PXC", "PNC"):
        return _old_constant(rows, kind, path)
    raise DataError(f"{path}: histogram type {kind!r}; PXC, PNC and PNT are read")


def _fields(path: Path, text: str) -> list[float]:
    try:
        return [float(v) for v in text.split()]
    except ValueError as error:
        raise DataError(f"{path}: {text.strip()[:40]!r} is no row of numbers") from error


def _profile(rows: dict[str, str], path: Path, wanted: tuple[int, ...]) -> tuple[int, list[float]]:
    """Number of the first profile function and its coefficients.

    Raises
    ------
    DataError
        If it is none of those that are read.
    """
    kind = _fields(path, rows.get("PRCF1", "0"))
    function = int(kind[0]) if kind else 0
    if function not in wanted:
        shown = ", ".join(map(str, wanted))
        raise DataError(f"{path}: profile function {function or 'none'}; only number {shown} is read")
    return function, [v for n in "123456" for v in _fields(path, rows.get(f"PRCF1{n}", ""))]


def _old_flight(rows: dict[str, str], path: Path) -> TimeOfFlight:
    _, profile = _profile(rows, path, (3,))
    if len(profile) < 9:
        raise DataError(f"{path}: profile function 3 with {len(profile)} coefficients; expected nine or more")
    dif_c, dif_a, zero = ([*_fields(path, rows["ICONS"]), 0.0, 0.0, 0.0])[:3]
    angle = _fields(path, rows.get("BNKPAR", "0 90"))[1]
    rest = tuple(f"profile coefficient {n} = {v:g}" for n, v in enumerate(profile[9:], 10) if v)
    # alpha, beta-0, beta-1, sig-0, sig-1, sig-2, gam-0, gam-1, gam-2: γ = gam-0 + gam-1 d + gam-2 d²
    alpha, beta0, beta1, s0, s1, s2, z, y, x = profile[:9]
    return TimeOfFlight(
        dif_c, dif_a, 0.0, zero, angle, alpha, beta0, beta1, s0, s1, s2, x=x, y=y, z=z, dropped=rest
    )


def _old_constant(rows: dict[str, str], kind: str, path: Path) -> ConstantWavelength:
    """Wavelengths, zero (centidegrees) and profile 2 or 3, in the fields that GSAS gives them."""
    icons = rows["ICONS"].ljust(65)

    def field(start: int, end: int) -> float:
        text = icons[start:end].strip()
        try:
            return float(text) if text else 0.0
        except ValueError as error:
            raise DataError(f"{path}: {text!r} in ICONS is no number") from error

    first, second, ratio = field(0, 10), field(10, 20), field(55, 65)
    lines = ((first, 1.0), (second, ratio or 0.5)) if second > 0 else ((first, 1.0),)
    function, profile = _profile(rows, path, (2, 3))
    u, v, w = ([*profile, 0.0, 0.0, 0.0])[:3]
    dropped: list[str] = []
    if function == 3:  # GU GV GW GP, LX LY S/L H/L
        _, _, _, p, x, y, s, h = ([*profile[:8], *[0.0] * 8])[:8]
        axial = (s + h) / 2
    else:  # GU GV GW LX, LY trns asym shft, GP ...
        _, _, _, x, y, _, asymmetry, _, p = ([*profile[:9], *[0.0] * 9])[:9]
        axial = 0.0
        if asymmetry:
            dropped.append(f"asymmetry of profile 2 = {asymmetry:g}")
    if p:
        dropped.append(f"GP = {p:g}")
    xray = kind.startswith("PXC")
    polarisation = field(40, 50)
    return ConstantWavelength(
        "xray" if xray else "neutron",
        lines,
        unpolarised=1.0 - polarisation if xray and polarisation else 0.5,
        zero=field(20, 30) / 100,
        u=u * FWHM2,
        v=v * FWHM2,
        w=w * FWHM2,
        x=x / 100,
        y=y / 100,
        axial=axial,
        dropped=tuple(dropped),
    )
