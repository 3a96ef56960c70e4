"""Synthetic patterns and pair distribution functions: laboratory, synchrotron, neutrons, operando."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from electrolith.core.files import write_atomic
from electrolith.scattering.data import PowderData
from electrolith.scattering.instrument import Instrument, TimeOfFlight, laboratory, synchrotron
from electrolith.scattering.model import Histogram, calculate, compile_model, parameters
from electrolith.scattering.pdf import PdfSettings, pdf
from electrolith.scattering.phase import Phase, Site
from electrolith.scattering.phase_library import candidate
from electrolith.scattering.read_cif import phase_from_group
from electrolith.scattering.write_instprm import write_instprm
from electrolith.study.synthetic.truth import HEATED, MARK, REFERENCE, SAMPLES, Sample, Truth

__all__ = ["write_operando", "write_patterns", "write_pdf"]

WAVELENGTH = 0.6888  # Å, of the synchrotron
BANK = TimeOfFlight(7476.91, -1.54, 0.0, -9.29, 144.845, 0.5971, 0.04221, 0.00946, 4.2, 45.8, 1.1, 0.0, 1.0)


def crystal_of(sample: Sample) -> Phase:
    """The product of a sample, with its cell and vacancies."""
    sites = (
        Site("Li1", (0.25, 0.25, 0.25), (("Li", 1 - sample.vacant),), 1.5),
        Site("N1", (0.0, 0.0, 0.0), (("N", 0.4 * sample.anions), ("Cl", 0.6 * sample.anions)), 1.5),
    )
    return phase_from_group("li9n2cl3", space_group="F m -3 m", cell=(sample.a,), sites=sites)


def _counts(
    x: np.ndarray, tool: Instrument, phases: tuple[Phase, ...], scales: tuple[float, ...], top: float
) -> np.ndarray:
    """Expected counts: the strongest line of the first phase reaches `top` on a background of a twentieth."""
    one = np.ones_like(x)
    kind = "tof" if isinstance(tool, TimeOfFlight) else "two_theta"
    histogram = Histogram("h", PowderData(x, one, one, kind), tool, background=2)  # type: ignore[arg-type]
    model = compile_model(phases, (histogram,))
    values = parameters(phases, (histogram,))
    values |= {f"h/scale/{p.name}": 1.0 if p is phases[0] else 0.0 for p in phases}
    values |= {"h/background/0": 0.0}
    largest = float(calculate(model, values)[0].total.max())
    values |= {f"h/scale/{p.name}": s * top / largest for p, s in zip(phases, scales, strict=True)}
    values |= {"h/background/0": top / 20}
    return np.asarray(calculate(model, values)[0].total)


def _write(path: Path, x: np.ndarray, counts: np.ndarray, digits: int = 4) -> None:
    rows = "\n".join(f"{a:.{digits}f} {int(c)}" for a, c in zip(x, counts, strict=True))
    write_atomic(path, f"# {MARK}\n# 2theta counts\n{rows}\n")


def _shares(phases: tuple[Phase, ...], sample: Sample) -> tuple[float, ...]:
    """Scales of product and precursors: mixtures hold more of the precursors than of the product."""
    rest = sample.precursors
    return (1 / (1 + rest), *(0.5 * rest / (1 + rest),) * (len(phases) - 1))


def write_patterns(folder: Path, rng: np.random.Generator, *, step: float) -> list[Truth]:
    """Cu Kα patterns of all samples, synchrotron patterns of the pure ones, one bank of neutrons."""
    truths = []
    precursors = (candidate("Li3N"), candidate("LiCl"))
    products = (candidate("Li4NCl"), candidate("LiCl"))
    for sample in (*SAMPLES, *HEATED):
        x = np.arange(20, 100, step)
        pure = sample.precursors == 0
        others = () if pure else precursors if sample.heat is None else products
        phases = (crystal_of(sample), *others)
        counts = rng.poisson(_counts(x, laboratory(), phases, _shares(phases, sample), 6000))
        place = "lab" if pure else "lab-mixed" if sample.heat is None else "lab-heated"
        _write(folder / place / f"{sample.name}.xy", x, counts)
        truths.append(Truth(sample.name, "lattice_parameter", sample.a, "angstrom"))
        if pure and sample.heat is None:
            x = np.arange(9, 45, step / 3)
            counts = rng.poisson(_counts(x, synchrotron(WAVELENGTH), phases, (1.0,), 40000))
            _write(folder / "synchrotron" / f"{sample.name}.xy", x, counts)
            truths.append(Truth(sample.name, "mobile_vacancies", 100 * sample.vacant, "%"))
            truths.append(Truth(sample.name, "framework_vacancies", 100 * (1 - sample.anions), "%"))
    reference = next(s for s in SAMPLES if s.name == REFERENCE)
    x = np.arange(4000, 24000, 6.0 * step / 0.04)
    # What came in falls with the time of flight; the can and the instrument scatter a part of it.
    beam = 0.4 + 2.0 * np.exp(-0.5 * ((x - 9000) / 4000) ** 2)
    scattered = _counts(x, BANK, (crystal_of(reference),), (1.0,), 8000)
    for name, mean in (
        (REFERENCE, (scattered + 200.0) * beam),
        ("container", 200.0 * beam),
        ("vanadium", 6000.0 * beam),
        ("empty", 60.0 * beam),
    ):
        counts = rng.poisson(mean)
        rows = "\n".join(f"{t:.2f} {c} {max(c, 1) ** 0.5:.3f}" for t, c in zip(x, counts, strict=True))
        write_atomic(folder / "neutron" / f"{name}.xye", f"# {MARK}\n# tof counts sigma\n{rows}\n")
    write_instprm(folder / "neutron" / "bank.instprm", BANK)
    hydrolysed = (candidate("Li4(OH)3Cl"), candidate("NH4Cl"), candidate("LiOH"))
    x = np.arange(15, 80, step)
    _write(
        folder / "water" / "products.xy",
        x,
        rng.poisson(_counts(x, laboratory(), hydrolysed, (1, 0.6, 0.3), 5000)),
    )
    return truths


Q_MAX, Q_DAMP = 22.3, 0.03  # 1/Å; with this end the ripple before the first distance stands at 1.97 Å


def write_pdf(path: Path, rng: np.random.Generator) -> list[Truth]:
    """S(Q) of the reference by X-rays, neighbours moving together, so that the nearest peak is sharp."""
    reference = next(s for s in SAMPLES if s.name == REFERENCE)
    sharp = crystal_of(reference)
    sharp = replace(sharp, sites=tuple(replace(s, b_iso=0.45) for s in sharp.sites))
    r = 0.01 * np.arange(1, 12001)
    g = pdf(sharp, r, PdfSettings("xray", q_max=0.0, q_damp=Q_DAMP, delta2=3.5))
    q = np.arange(0.5, Q_MAX + 0.005, 0.02)
    s = 1 + np.array([float(g @ np.sin(k * r)) * 0.01 / k for k in q])
    seen = s + 0.003 * rng.standard_normal(q.size)
    rows = "\n".join(f"{a:.2f} {b:.6f} 0.003" for a, b in zip(q, seen, strict=True))
    write_atomic(path, f"# {MARK}\n# mode = xray\n# qmax = {Q_MAX}\n# Q S(Q) sigma\n{rows}\n")
    return []


def write_operando(folder: Path, rng: np.random.Generator, *, frames: int) -> None:
    """Eight hours against lithium, where nothing appears; 140 minutes in moist air, where products grow."""
    reference = next(s for s in SAMPLES if s.name == REFERENCE)
    x = np.arange(9, 32, 0.03)
    tool = synchrotron(WAVELENGTH)
    clean = _counts(x, tool, (crystal_of(reference),), (1.0,), 5000)
    for index in range(frames):
        _write(folder / "contact" / f"{index:03d}.xy", x, rng.poisson(clean))
    products = (candidate("LiOH"), candidate("NH4Cl"), candidate("LiCl"))
    grown = [replace(p, name=p.name) for p in products]
    parts = [_counts(x, tool, (p,), (1.0,), 5000) - 250 for p in grown]
    for index in range(frames):
        share = max(0.0, (index / (frames - 1) - 0.2) / 0.8)
        counts = (1 - 0.4 * share) * clean + share * sum(
            f * p for f, p in zip((0.12, 0.08, 0.1), parts, strict=True)
        )
        _write(folder / "air" / f"{index:03d}.xy", x, rng.poisson(counts))
