"""Measured electrochemistry in a study and on the command line, from files to evidence and pages."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from electrolith.core.errors import InputError
from electrolith.lab.cycling.record import CyclingRecord
from electrolith.lab.cycling.write_bdf import write_bdf
from electrolith.lab.impedance.circuit import Circuit
from electrolith.lab.impedance.pellet import PelletImpedance
from electrolith.lab.polarisation.transient import simulate_transient
from electrolith.lab.symmetric.generate import Short, SymmetricCell, simulate
from electrolith.study.commands import app
from electrolith.study.run import Listener, run_study
from electrolith.study.sections.impedance import MeasuredImpedance, pellet_impedance
from electrolith.study.sections.symmetric import (
    MeasuredSymmetric,
    StackLayer,
    symmetric_cells,
    symmetric_parts,
)
from electrolith.study.study import read_study

CIRCUIT = Circuit.parse("p(R1,CPE1)-CPE2")
FREQUENCY = np.logspace(6.5, 0, 40)
KT = 8.617333262e-5


def write_spectrum(path, ohms, rng):
    clean = CIRCUIT.impedance(np.array([ohms, 5e-11, 0.92, 2e-6, 0.9]), FREQUENCY)
    noisy = clean * (1 + 0.003 * (rng.standard_normal(40) + 1j * rng.standard_normal(40)))
    rows = [f"{f:.6g},{z.real:.6g},{-z.imag:.6g}" for f, z in zip(FREQUENCY, noisy, strict=True)]
    path.write_text("freq/Hz,Re(Z)/Ohm,-Im(Z)/Ohm\n" + "\n".join(rows))


def full_cell():
    """Four cycles of 0.7 mAh up and 0.63 mAh down at 0.35 mA, 3.5 to 4.2 V."""
    time, voltage, current = [], [], []
    for _ in range(8):
        for sign, capacity in ((1, 0.7), (-1, 0.63)):
            x = np.linspace(0, 1, 60)
            begin = time[-1][-1] + 10 if time else 0.0
            time.append(begin + x * capacity / 0.35 * 3600)
            voltage.append(3.5 + 0.7 * (x if sign > 0 else 1 - x) + 0.05 * sign)
            current.append(np.full(60, sign * 0.35e-3))
    return CyclingRecord(*(np.concatenate(c) for c in (time, voltage, current)), "made")


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(3)
    for celsius in (5, 25, 45, 65):
        t = celsius + 273.15
        ohms = 2665 * t / 298.15 * np.exp(0.378 / KT * (1 / t - 1 / 298.15))
        write_spectrum(tmp_path / f"lnc_{celsius}C.csv", ohms, rng)
    transients = [
        simulate_transient(v, conductance=1.483e-8, ionic=2e-8, decay=300, noise=2e-11, rng=rng)
        for v in (0.1, 0.3, 0.5)
    ]
    rows = [
        f"{3600 * k + t:.6g},{x.voltage},{i:.6g}"
        for k, x in enumerate(transients)
        for t, i in zip(x.time, x.current, strict=True)
    ]
    (tmp_path / "dc.csv").write_text("time/s,voltage/V,current/A\n" + "\n".join(rows))
    cell = SymmetricCell(steps=(1.0, 2.0, 5.0, 10.0), shorts=(Short("hard", 6 * 3600 + 900.0, 0.03),))
    write_bdf(simulate(cell, rng=rng), tmp_path / "steps.bdf.csv")
    write_bdf(full_cell(), tmp_path / "full.bdf.csv")
    hours = np.array([0, 10, 50, 100, 200.0])
    sigma = 4.3e-5 * np.exp(-hours / 1230)
    (tmp_path / "air.csv").write_text(
        "h,S/cm,std\n" + "\n".join(f"{h},{s},1e-7" for h, s in zip(hours, sigma, strict=True))
    )
    (tmp_path / "study.yaml").write_text(
        """
title: Measured
measured:
  impedance: {files: lnc_*.csv, diameter: 10.00(5) mm, thickness: 0.90(2) mm, circuit: "p(R1,CPE1)-CPE2"}
  polarisation: {files: dc.csv, detection_limit: 10 pA}
  symmetric_cells: {files: steps.bdf.csv, area: 0.785 cm2, temperature: 25 degC}
  cycling: {files: full.bdf.csv, mass: 3.5 mg, one_c: 200 mA/g}
  exposure: {atmospheres: [{file: air.csv, name: dry room, dew_point: -55 degC}]}
"""
    )
    return tmp_path


def test_a_study_puts_every_measured_number_into_the_headline(folder):
    results = run_study(read_study(folder), Listener())
    assert results.failures == {}
    rows = {e.quantity: e for s in results.study.sections for e in s.evidence(results)}
    sigma = rows["conductivity_300K"].value
    at_300 = 4.3e-5 * 298.15 / 300 * np.exp(0.378 / KT * (1 / 298.15 - 1 / 300))
    assert sigma.value == pytest.approx(at_300, rel=0.01)
    assert 0.015 < sigma.std / sigma.value < 0.04
    assert rows["activation_energy"].value.value == pytest.approx(0.378, abs=0.003)
    assert rows["electronic_conductivity"].value.value == pytest.approx(1.7e-9, rel=0.03)
    assert rows["critical_current_density"].value.value == pytest.approx(0.5)
    assert rows["initial_coulombic_efficiency"].value.value == pytest.approx(90, abs=0.2)
    assert rows["capacity_0.5C"].value.value == pytest.approx(180, rel=0.01)
    assert rows["conductivity_loss dry room"].value.value == pytest.approx(15, abs=0.5)
    titles = [part.title for s in results.study.sections for part in s.parts(results)]
    assert titles[:3] == ["Impedance", "Conductivity", "DC polarisation"]
    again = run_study(read_study(folder), Listener())
    assert all(r.stored for r in again.runs)
    kept = again.get(PelletImpedance)
    assert kept.series.parts[0].activation_energy.value == rows["activation_energy"].value.value


def test_commands_end_in_tables_pages_and_data(folder):
    run = CliRunner().invoke
    spectra = [str(p) for p in sorted(folder.glob("lnc_*.csv"))]
    page, data = folder / "eis.html", folder / "eis.json"
    options = ["--diameter", "10mm", "--thickness", "0.90(2) mm", "--circuit", CIRCUIT.text]
    done = run(app, ["impedance", *spectra, *options, "--html", str(page), "--json", str(data)])
    assert done.exit_code == 0, done.output
    assert "Nyquist plot" in page.read_text(encoding="utf-8")
    found = json.loads(data.read_text())["data"]
    assert found["series"][0]["activation_energy"]["value"] == pytest.approx(0.378, abs=0.003)
    assert "no uncertainty was stated for diameter" in " ".join(done.output.split())
    for command in (
        ["ccd", str(folder / "steps.bdf.csv"), "--area", "0.785 cm2"],
        ["polarisation", str(folder / "dc.csv"), "--diameter", "10mm", "--thickness", "0.9mm"],
        ["cycling", str(folder / "full.bdf.csv"), "--mass", "3.5mg", "--one-c", "200 mA/g"],
        ["exposure", str(folder / "air.csv"), "--humidity", "0.3"],
    ):
        done = run(app, [*command, "--html", str(folder / f"{command[0]}.html"), "--json", "-"])
        assert done.exit_code == 0, done.output
        assert (folder / f"{command[0]}.html").exists()


def test_the_data_of_a_series_hold_every_part_and_temperature_and_the_f_test(tmp_path):
    """Bulk 0.30 eV and 20 kohm, grain boundary 0.40 eV and 8 kohm at 25 °C, 10 mm x 0.9 mm."""
    circuit = Circuit.parse("p(R1,CPE1)-p(R2,CPE2)-CPE3")
    frequency = np.logspace(np.log10(7e6), 0, 50)
    rng = np.random.default_rng(4)
    celsius = (5, 20, 35, 50, 65)
    for c in celsius:
        t = c + 273.15
        both = [t / 298.15 * np.exp(e / KT * (1 / t - 1 / 298.15)) for e in (0.30, 0.40)]
        z = circuit.impedance(
            np.array([2e4 * both[0], 2e-11, 0.95, 8e3 * both[1], 3e-9, 0.9, 1e-6, 0.9]), frequency
        )
        z = z * (1 + 0.003 * (rng.standard_normal(50) + 1j * rng.standard_normal(50)))
        rows = "\n".join(f"{f:.8g},{x.real:.8g},{x.imag:.8g}" for f, x in zip(frequency, z, strict=True))
        (tmp_path / f"pellet_{c}C.csv").write_text("frequency/Hz,Re(Z)/ohm,Im(Z)/ohm\n" + rows)
    files = [str(p) for p in sorted(tmp_path.glob("*.csv"))]
    sizes = ["--diameter", "10.000(1) mm", "--thickness", "0.900(1) mm", "--leads", "0.0(1) ohm"]
    options = [*sizes, "--circuit", circuit.text, "--simultaneous", "--json", str(tmp_path / "out.json")]
    done = CliRunner().invoke(app, ["impedance", *files, *options])
    assert done.exit_code == 0, done.output
    data = json.loads((tmp_path / "out.json").read_text())["data"]
    parts = {p["part"]: p for p in data["series"]}
    assert set(parts) == {"total", "bulk", "grain boundary"}
    area, kelvin = np.pi * 0.25, np.array(celsius) + 273.15  # cm2
    for name, size, energy in (("bulk", 2e4, 0.30), ("grain boundary", 8e3, 0.40)):
        found = parts[name]
        assert found["temperature_K"] == pytest.approx(kelvin)
        truth = 0.09 / (area * size * kelvin / 298.15 * np.exp(energy / KT * (1 / kelvin - 1 / 298.15)))
        assert [s["value"] for s in found["conductivity"]] == pytest.approx(truth, rel=0.03)
        assert all(s["std"] > 0 and s["unit"] == "S/cm" for s in found["conductivity"])
        own = found["activation_energy"]
        assert abs(own["value"] - energy) < 3 * own["std"] + 1e-4
    joint = data["simultaneous"]
    assert joint["constraints"] == 6  # two lines for ten resistances
    assert joint["rejected"] is False
    assert joint["probability"] > 0.01
    assert joint["chi2"] >= joint["chi2_single"]
    assert {"R1", "R2"} == set(joint["activation_energies"])
    said = " ".join(done.output.split())
    assert "straight lines are compatible with the data" in said
    assert "6 parameters fewer, F = " in said
    arcs = data["spectra"][0]["arcs"]
    assert [a["element"] for a in arcs] == ["R1", "R2"]
    assert all(a["capacitance"]["std"] > 0 and a["top"]["std"] > 0 for a in arcs)


def test_ccd_explains_its_decision(folder):
    done = CliRunner().invoke(
        app, ["ccd", str(folder / "steps.bdf.csv"), "--area", "0.785 cm2", "--json", "-"]
    )
    (cell,) = json.loads(done.stdout)["data"]["cells"]
    assert cell["critical_mA_cm2"] == pytest.approx(0.5)
    assert cell["first_failed_mA_cm2"] == pytest.approx(1.0)
    assert any("hard short at 6.2" in line for line in cell["explanation"])


def test_one_bad_file_is_listed_and_the_rest_goes_on(folder):
    (folder / "notes.csv").write_text("nothing here\n")
    files = (*sorted(folder.glob("lnc_*.csv")), folder / "notes.csv")
    found = pellet_impedance(MeasuredImpedance(files, "10 mm", "0.9 mm", circuit=CIRCUIT.text))
    assert len(found.fits) == 4
    assert "no table of numbers found" in found.failures[0][1]
    cells = symmetric_cells(MeasuredSymmetric((folder / "steps.bdf.csv", folder / "notes.csv"), 0.785e-4))
    assert len(cells.cells) == 1
    assert "no header with time, voltage and current" in cells.failures[0][1]


def test_a_cell_followed_in_time_gets_a_verdict(tmp_path):
    rng = np.random.default_rng(0)
    files = []
    for k in range(6):
        files.append(tmp_path / f"t{k}.csv")
        write_spectrum(files[-1], 140 + 60 * np.sqrt(k), rng)
    times = tuple(3600.0 * 10 * k for k in range(6))
    found = pellet_impedance(
        MeasuredImpedance(tuple(files), times=times, follow="time", circuit=CIRCUIT.text)
    )
    assert found.growth.verdict == "growing"
    assert "over 50.0 h" in found.growth.text


def test_refusals_name_what_is_missing(folder):
    files = tuple(sorted(folder.glob("lnc_*.csv")))
    with pytest.raises(InputError, match="diameter and thickness come together"):
        MeasuredImpedance(files, diameter="10 mm")
    with pytest.raises(InputError, match="2 temperatures for 4 spectra; one each"):
        pellet_impedance(MeasuredImpedance(files, temperatures=(300.0, 310.0)))
    with pytest.raises(InputError, match=r"area 7.85 m2 is no cell's"):
        MeasuredSymmetric(files, 7.85)
    with pytest.raises(InputError, match="a temperature series needs the geometry"):
        pellet_impedance(MeasuredImpedance(files[:1], follow="temperature", circuit=CIRCUIT.text))


def test_the_stack_is_held_against_its_overpotentials(folder):
    layers = (
        StackLayer("LHC", "200 ohm"),
        StackLayer("LNC", thickness="0.05 mm", conductivity="4.3e-5 S/cm", count=2),
    )
    found = symmetric_cells(MeasuredSymmetric((folder / "steps.bdf.csv",), 0.785e-4, layers=layers))
    budget = found.cells[0].budget
    # 0.05 mm of 4.3e-5 S/cm on 0.785 cm2 is 148 ohm
    assert budget.total.value == pytest.approx(200 + 2 * 148.1, rel=1e-3)
    assert [round(s.density, 6) for s in budget.shown] == [1.0, 2.0, 5.0]
    assert any(
        "Resistance budget: LHC + 2 × LNC" in t.caption for p in symmetric_parts(found) for t in p.tables
    )
    with pytest.raises(
        InputError, match="layer LNC: give its resistance, or both thickness and conductivity"
    ):
        StackLayer("LNC", thickness="0.05 mm")


def test_two_cells_in_one_folder_are_noticed(tmp_path):
    rng = np.random.default_rng(1)
    files = (tmp_path / "a_25C.csv", tmp_path / "b_25C.csv")
    for file, ohms in zip(files, (2000.0, 9000.0), strict=True):
        write_spectrum(file, ohms, rng)
    found = pellet_impedance(MeasuredImpedance(files, circuit=CIRCUIT.text))
    assert "differ by a factor of 4.5: different cells in one folder" in found.warnings[0]
