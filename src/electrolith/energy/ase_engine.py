"""Any calculator of ASE as an engine, and any engine as a calculator of ASE."""

from __future__ import annotations

from typing import Any

import numpy as np

from electrolith.core.errors import InputError
from electrolith.crystal.frame import Frame
from electrolith.energy.engine import Engine, Evaluation

__all__ = ["AseEngine", "calculator_named", "to_calculator"]


class AseEngine:
    """Engine: a calculator of ASE."""

    def __init__(self, calculator: Any, *, name: str | None = None) -> None:
        self.calculator = calculator
        self._name = name or type(calculator).__name__

    @property
    def name(self) -> str:
        """Given name, or the calculator's class."""
        return self._name

    def evaluate(self, frame: Frame) -> Evaluation:
        """Energy (eV), forces (eV/Å) and stress (eV/Å³, None if the calculator has none) of `frame`."""
        from ase.calculators.calculator import PropertyNotImplementedError

        atoms = frame.to_ase()
        atoms.calc = self.calculator
        energy = float(atoms.get_potential_energy())
        forces = np.array(atoms.get_forces(), dtype=float)
        try:
            stress = np.array(atoms.get_stress(voigt=False), dtype=float)
        except PropertyNotImplementedError:
            stress = None
        return Evaluation(energy, forces, stress)


def calculator_named(path: str) -> AseEngine:
    """The calculator class at `package.module:Class`, made without arguments, as an engine.

    Raises
    ------
    InputError
        If the module or the class is not there.
    """
    from importlib import import_module

    module, colon, attribute = path.partition(":")
    if not colon:
        raise InputError(f"engine {path!r}: an ASE calculator is named as package.module:Class")
    try:
        maker = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise InputError(f"engine {path!r}: {error}") from error
    return AseEngine(maker(), name=attribute)


def to_calculator(engine: Engine) -> Any:
    """`engine` as a calculator of ASE, for its optimisers and barriers."""
    from ase.calculators.calculator import Calculator, PropertyNotImplementedError, all_changes

    class EngineCalculator(Calculator):  # type: ignore[misc]
        """An engine behind ASE's interface."""

        implemented_properties = ["energy", "forces", "stress"]  # noqa: RUF012 - ASE's own convention

        def calculate(
            self, atoms: Any = None, properties: Any = ("energy",), system_changes: Any = all_changes
        ) -> None:
            """Fill `results` for `atoms`."""
            super().calculate(atoms, properties, system_changes)
            out = engine.evaluate(Frame.from_ase(self.atoms))
            self.results = {"energy": out.energy, "free_energy": out.energy, "forces": out.forces}
            if out.stress is not None:
                s = out.stress
                self.results["stress"] = np.array([s[0, 0], s[1, 1], s[2, 2], s[1, 2], s[0, 2], s[0, 1]])
            elif "stress" in properties:
                raise PropertyNotImplementedError(f"engine {engine.name} has no stress")

    return EngineCalculator()
