"""Physical constants, CODATA 2018; those fixed by the 2019 SI are marked exact.

Source: Tiesinga et al., Rev. Mod. Phys. 93, 025010 (2021).
"""

from typing import Final

ELEMENTARY_CHARGE: Final = 1.602176634e-19
"""C, exact."""
BOLTZMANN_SI: Final = 1.380649e-23
"""J/K, exact."""
AVOGADRO: Final = 6.02214076e23
"""1/mol, exact."""
PLANCK_SI: Final = 6.62607015e-34
"""J s, exact."""
LIGHT_SPEED: Final = 299792458.0
"""m/s, exact."""
AMU_KG: Final = 1.66053906660e-27
"""kg, the atomic mass unit."""
VACUUM_PERMITTIVITY: Final = 8.8541878128e-12
"""F/m."""
NEUTRON_MASS: Final = 1.67492749804e-27
"""kg."""
ELECTRON_RADIUS: Final = 2.8179403262e-5
"""Å, classical electron radius."""
ZERO_CELSIUS: Final = 273.15
"""K, exact."""
STANDARD_PRESSURE: Final = 1.0e5
"""Pa, exact."""
STANDARD_GRAVITY: Final = 9.80665
"""m/s², exact."""
ATMOSPHERE: Final = 101325.0
"""Pa, exact."""

BOLTZMANN: Final = BOLTZMANN_SI / ELEMENTARY_CHARGE
"""eV/K, exact."""
FARADAY: Final = AVOGADRO * ELEMENTARY_CHARGE
"""C/mol, exact."""
GAS_CONSTANT: Final = AVOGADRO * BOLTZMANN_SI
"""J/(mol K), exact."""
PLANCK: Final = PLANCK_SI / ELEMENTARY_CHARGE
"""eV s, exact."""
HC: Final = PLANCK * LIGHT_SPEED * 1e10
"""eV Å, exact: photon energy times wavelength."""
COULOMB: Final = ELEMENTARY_CHARGE / (4e-10 * 3.141592653589793 * VACUUM_PERMITTIVITY)
"""eV Å, e²/(4πε0)."""
EV_PER_KJ_PER_MOL: Final = 1e3 / FARADAY
"""eV per (kJ/mol), exact."""
SIEMENS_PER_CM: Final = ELEMENTARY_CHARGE * 1e23
"""S/cm per e²/(eV Å fs), exact: e [C] / (1e-8 cm · 1e-15 s)."""
CM2_PER_S: Final = 0.1
"""cm²/s per Å²/fs, exact: 1e-16 cm² / 1e-15 s."""
GPA: Final = ELEMENTARY_CHARGE * 1e21
"""GPa per eV/Å³, exact."""
ACCELERATION: Final = ELEMENTARY_CHARGE / AMU_KG * 1e-10
"""Å/fs² per (eV/Å)/amu: e/amu · 1e20 (Å²/m²) / 1e30 (fs²/s²)."""
GRAM_PER_CM3: Final = AMU_KG * 1e27
"""g/cm³ per amu/Å³."""
