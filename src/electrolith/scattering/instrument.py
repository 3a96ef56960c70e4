"""What the instrument is: wavelengths, geometry, profile, calibration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from electrolith.core.errors import InputError, nearest
from electrolith.core.units import Unit

from .tables import Radiation

__all__ = [
    "EMISSION_LINES",
    "ConstantWavelength",
    "Geometry",
    "Instrument",
    "TimeOfFlight",
    "laboratory",
    "neutron",
    "synchrotron",
]

# Å and relative weight. Hölzer et al., Phys. Rev. A 56 (1997) 4554 (Cr to Cu); Mo, Ag: Deslattes et al.,
# Rev. Mod. Phys. 75 (2003) 35. Weights: one half for Kα2, the ratio of the level populations.
EMISSION_LINES: dict[str, tuple[tuple[float, float], tuple[float, float]]] = {
    "Cu": ((1.5405929, 1.0), (1.5444274, 0.5)),
    "Co": ((1.7889960, 1.0), (1.7928350, 0.5)),
    "Fe": ((1.9360410, 1.0), (1.9399730, 0.5)),
    "Cr": ((2.2897260, 1.0), (2.2936510, 0.5)),
    "Mo": ((0.70931715, 1.0), (0.7136070, 0.5)),
    "Ag": ((0.5594218, 1.0), (0.5638131, 0.5)),
}


Geometry = Literal["reflection", "transmission", "capillary"]


@dataclass(frozen=True, slots=True)
class ConstantWavelength:
    """Angle-dispersive diffractometer.

    lines : (wavelength in Å, weight) pairs; the first defines the zero of the ticks.
    unpolarised : weight of the cos² 2θ term: 0.5 for a laboratory tube, 0 for a horizontally polarised
        synchrotron beam scattered vertically; not used for neutrons.
    monochromator : 2θ of a crystal monochromator, degrees; 0 for none.
    zero : 2θ of zero, degrees, to be added to the computed angle.
    geometry : "reflection" (flat, focusing), "transmission" (flat, symmetric) or "capillary".
    displacement, offset : of the specimen, mm, at the radius R, mm. Reflection: s along the normal shifts 2θ
        by -2 s cos θ/R; transmission: by -2 s sin θ/R; capillary: s across the beam and t along it shift by
        -(s cos 2θ - t sin 2θ)/R. offset belongs to capillaries only.
    mu_r : absorption coefficient times radius of a capillary.
    u, v, w : Gaussian width, FWHM² = u tan²θ + v tan θ + w, degrees².
    x, y : Lorentzian width, FWHM = x/cos θ + y tan θ, degrees. x is the size-like one (FullProf calls it Y).
    axial : axial divergence S/L = H/L of Finger, Cox and Jephcoat; 0 for none.
    dropped : parameters of the file that have no place here, in words.
    """

    radiation: Radiation
    lines: tuple[tuple[float, float], ...]
    unpolarised: float = 0.5
    monochromator: Annotated[float, Unit("deg")] = 0.0
    zero: Annotated[float, Unit("deg")] = 0.0
    displacement: Annotated[float, Unit("mm")] = 0.0
    offset: Annotated[float, Unit("mm")] = 0.0
    geometry: Geometry = "reflection"
    radius: Annotated[float, Unit("mm")] = 217.5
    mu_r: float = 0.0
    u: float = 0.005
    v: float = -0.004
    w: float = 0.006
    x: float = 0.02
    y: float = 0.02
    axial: float = 0.0
    dropped: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.radiation not in ("xray", "neutron"):
            raise InputError(nearest("radiation", str(self.radiation), ("xray", "neutron")))
        if not self.lines or any(not (0.01 < w < 30 and p > 0) for w, p in self.lines):
            raise InputError(
                f"wavelengths must lie between 0.01 and 30 Å with positive weights, got {self.lines}"
            )
        if not 0 <= self.unpolarised <= 1:
            raise InputError(f"the cos² 2θ weight must lie between 0 and 1, got {self.unpolarised}")
        if self.geometry not in ("reflection", "transmission", "capillary"):
            raise InputError(
                nearest("geometry", str(self.geometry), ("reflection", "transmission", "capillary"))
            )
        if self.radius <= 0 or self.mu_r < 0 or self.axial < 0:
            raise InputError("radius must be positive, mu_r and axial divergence not negative")

    @property
    def wavelength(self) -> float:
        """First line, Å."""
        return self.lines[0][0]


@dataclass(frozen=True, slots=True)
class TimeOfFlight:
    """One bank of a time-of-flight neutron diffractometer.

    t = zero + dif_c d + dif_a d² + dif_b/d (µs, d in Å); Gaussian variance s0 + s1 d² + s2 d⁴ + sq d (µs²);
    rise α = alpha/d, decay β = beta0 + beta1/d⁴ + betaq/d² (1/µs); Lorentzian FWHM x d² + y d + z (µs).
    x belongs to size, y to strain. GSAS-II has them the other way round (γ = X d + Y d² + Z); its files are
    read and written so.
    bank_angle : 2θ of the bank, degrees. absorption : exponent per Å of wavelength.
    dropped : parameters of the file that have no place here, in words.
    """

    dif_c: float
    dif_a: float = 0.0
    dif_b: float = 0.0
    zero: float = 0.0
    bank_angle: Annotated[float, Unit("deg")] = 90.0
    alpha: float = 1.0
    beta0: float = 0.03
    beta1: float = 0.01
    s0: float = 0.0
    s1: float = 50.0
    s2: float = 0.0
    x: float = 0.0
    y: float = 0.0
    absorption: float = 0.0
    radiation: Literal["neutron"] = "neutron"
    sq: float = 0.0
    betaq: float = 0.0
    z: float = 0.0
    dropped: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.dif_c > 0:
            raise InputError(f"dif_c must be positive (µs/Å), got {self.dif_c}")
        if not 0 < self.bank_angle < 180:
            raise InputError(f"the bank angle must lie between 0 and 180 degrees, got {self.bank_angle}")
        decay = self.beta0 + self.beta1 + self.betaq
        if not (self.alpha > 0 and self.beta0 >= 0 and self.beta1 >= 0 and decay > 0):
            raise InputError(f"alpha and beta must be positive, got {self.alpha}, {self.beta0}, {self.beta1}")


Instrument = ConstantWavelength | TimeOfFlight


def laboratory(anode: str = "Cu", *, monochromator: float = 0.0, k_alpha2: bool = True) -> ConstantWavelength:
    """Bragg-Brentano laboratory diffractometer with the anode's Kα1 and (unless stripped) Kα2 lines."""
    if anode not in EMISSION_LINES:
        raise InputError(nearest("anode", anode, EMISSION_LINES))
    lines = EMISSION_LINES[anode] if k_alpha2 else EMISSION_LINES[anode][:1]
    return ConstantWavelength("xray", lines, monochromator=monochromator)


def synchrotron(wavelength: float, *, unpolarised: float = 0.05) -> ConstantWavelength:
    """Capillary in a synchrotron beam of one wavelength, Å."""
    return ConstantWavelength(
        "xray",
        ((wavelength, 1.0),),
        unpolarised=unpolarised,
        geometry="capillary",
        u=2e-4,
        v=-1e-4,
        w=2e-4,
        x=0.004,
        y=0.01,
    )


def neutron(wavelength: float) -> ConstantWavelength:
    """Constant-wavelength neutron diffractometer, wavelength in Å."""
    return ConstantWavelength(
        "neutron", ((wavelength, 1.0),), geometry="capillary", u=0.2, v=-0.3, w=0.3, x=0.0, y=0.0
    )
