"""How GPAW is compiled: serial, with the system's libxc and OpenBLAS where their headers are found.

Given to its build through the environment variable GPAW_CONFIG. Names below are GPAW's.
"""

from pathlib import Path

_ROOTS = [Path("/usr"), Path("/usr/local"), Path("/opt/homebrew")]
_LIBRARIES = [p for r in _ROOTS for p in (r / "lib", *r.glob("lib/*-linux-gnu")) if p.is_dir()]


def _has(name: str) -> bool:
    return any(any(folder.glob(f"lib{name}.*")) for folder in _LIBRARIES)


mpi = False
compiler = "gcc"
libraries = []
nolibxc = not (_has("xc") and any((r / "include" / "xc.h").exists() for r in _ROOTS))
noblas = not _has("openblas")
if not nolibxc:
    libraries.append("xc")
if not noblas:
    libraries.append("openblas")
