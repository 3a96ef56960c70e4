"""Tables of recovery, indents, exposure and polarisation in every dress: the same numbers come back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from electrolith.core.errors import DataError
from electrolith.lab.cycling.read import read_cycling
from electrolith.lab.exposure.read import read_exposure
from electrolith.lab.indentation.read import read_indents, read_table
from electrolith.lab.nmr.read import read_recovery_table

MARKS = [("\t", "."), (";", "."), (";", ","), (",", "."), ("\t", ","), ("  ", ".")]
OFTEN = {"max_examples": 15, "deadline": None, "derandomize": True}


def written(folder, columns, mark, decimal, order, *, comment="", bad=None, units_below=False):
    """A table of titled columns in some order; `bad` is (row, title, text) of a cell that is no number."""
    titles = [list(columns)[i] for i in order if i < len(columns)]
    rows = []
    for i in range(len(next(iter(columns.values())))):
        cells = [f"{columns[t][i]:.12g}".replace(".", decimal) for t in titles]
        if bad is not None and bad[0] == i:
            cells[titles.index(bad[1])] = bad[2]
        rows.append(mark.join(cells))
    heads = [mark.join(titles)]
    if units_below:
        cut = [t.rstrip(")").split(" (") for t in titles]
        heads = [mark.join(c[0] for c in cut), mark.join(f"({c[1]})" if len(c) > 1 else "" for c in cut)]
    path = folder / "a.txt"
    path.write_text("\n".join([*(comment + h for h in heads), *rows]) + "\n", encoding="utf-8")
    return path


DELAYS = np.array([1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 12.0])
SIGNAL = 1 - 1.9 * np.exp(-DELAYS / 0.5)
DELAY_TITLES = {"delay (s)": 1, "tau (ms)": 1e3, "Recovery time (us)": 1e6, "t (min)": 1 / 60, "vd (ms)": 1e3}


@settings(**OFTEN)
@given(
    st.sampled_from(sorted(DELAY_TITLES)),
    st.sampled_from(["signal", "Integral", "intensity (a.u.)", "M"]),
    st.sampled_from(["", "error", "std"]),
    st.sampled_from(["", "signal fit", "residual"]),
    st.sampled_from(MARKS),
    st.permutations(range(4)),
    st.sampled_from(["", "# "]),
    st.sampled_from(["", "OVL", "nan", "n/a"]),
    st.booleans(),
)
def test_a_recovery_is_the_same_in_every_table(
    tmp_path_factory, delay, signal, error, derived, marks, order, comment, odd, turned
):
    columns = {delay: DELAYS * DELAY_TITLES[delay], signal: SIGNAL}
    if error:
        columns[error] = np.full(DELAYS.size, 0.01)
    if derived:
        columns[derived] = 0.5 * SIGNAL
    if turned:
        columns = {k: v[::-1] for k, v in columns.items()}
    if marks[0] == "  ":
        columns = {k.replace(" ", "_") if "(" not in k else k.replace(" ", ""): v for k, v in columns.items()}
        delay, signal, error = (n.replace(" ", "") for n in (delay, signal, error))
    bad = (4, signal, odd) if odd else None
    path = written(tmp_path_factory.mktemp("t1"), columns, *marks, order, comment=comment, bad=bad)
    found = read_recovery_table(path)
    gone = (DELAYS.size - 1 - 4 if turned else 4) if odd else None
    keep = np.arange(DELAYS.size) != gone if odd else slice(None)
    np.testing.assert_allclose(found.delays, DELAYS[keep], rtol=1e-9)
    np.testing.assert_allclose(found.signal, SIGNAL[keep], rtol=1e-9)
    assert np.isfinite(found.noise) == bool(error)
    assert found.account is not None
    assert bool(found.account.left_out) == bool(odd)


DEPTH, LOAD, CLOCK = np.linspace(0, 5e-7, 40), np.linspace(0, 2e-3, 40) ** 1.5 * 20, np.linspace(0, 30, 40)
DEPTHS = {"Depth (nm)": 1e9, "Displacement (um)": 1e6, "Penetration (µm)": 1e6, "Disp (mm)": 1e3}
LOADS = {"Load (mN)": 1e3, "Force (uN)": 1e6, "Normal Force (µN)": 1e6, "Load on Sample (N)": 1.0}
CLOCKS = {"Time (s)": 1.0, "Test Time (ms)": 1e3, "Time (min)": 1 / 60}


@settings(**OFTEN)
@given(
    st.sampled_from(sorted(DEPTHS)),
    st.sampled_from(sorted(LOADS)),
    st.sampled_from(sorted(CLOCKS)),
    st.booleans(),
    st.sampled_from(MARKS[:5]),
    st.permutations(range(4)),
    st.sampled_from(["", "--", "########"]),
    st.booleans(),
)
def test_an_indent_is_the_same_in_every_table(
    tmp_path_factory, depth, load, clock, more, marks, order, odd, units_below
):
    columns = {depth: DEPTH * DEPTHS[depth], load: LOAD * LOADS[load], clock: CLOCK * CLOCKS[clock]}
    if more:
        columns["Temperature (°C)"] = np.full(DEPTH.size, 23.5)
    bad = (7, load, odd) if odd else None
    folder = tmp_path_factory.mktemp("indent")
    path = written(folder, columns, *marks, order, bad=bad, units_below=units_below)
    found = read_table(path)
    keep = np.arange(DEPTH.size) != 7 if odd else slice(None)
    np.testing.assert_allclose(found.depth, DEPTH[keep], rtol=1e-9, atol=1e-20)
    np.testing.assert_allclose(found.load, LOAD[keep], rtol=1e-9, atol=1e-20)
    np.testing.assert_allclose(found.time, CLOCK[keep], rtol=1e-9)


def test_several_indents_in_one_table_file_are_all_read(tmp_path):
    block = "Depth (nm)\tLoad (mN)\tTime (s)\n" + "".join(
        f"{h * 1e9:.6g}\t{p * 1e3:.6g}\t{t:.6g}\n" for h, p, t in zip(DEPTH, LOAD, CLOCK, strict=True)
    )
    (tmp_path / "two.txt").write_text(f"Indent 1\n{block}\nIndent 2\n{block}")
    found = read_indents(tmp_path / "two.txt")
    assert len(found.indents) == 2
    for one in found.indents:
        np.testing.assert_allclose(one.depth, DEPTH, rtol=1e-5, atol=1e-15)


HOURS, SIGMA = np.linspace(0, 20, 15), np.linspace(1e-4, 4e-5, 15)
TIMES = {"time (h)": 1.0, "Exposure time (min)": 60.0, "t (s)": 3600.0, "time (days)": 1 / 24}
SIGMAS = {"σ (S/cm)": 1.0, "conductivity (mS/cm)": 1e3, "Conductivity (µS/cm)": 1e6, "sigma (S/m)": 100.0}


@settings(**OFTEN)
@given(
    st.sampled_from(sorted(TIMES)),
    st.sampled_from(sorted(SIGMAS)),
    st.booleans(),
    st.sampled_from(["", "Temperature (°C)", "conductivity fit (S/cm)"]),
    st.sampled_from(MARKS[:5]),
    st.permutations(range(4)),
    st.sampled_from(["", "-1.#IND", "?"]),
)
def test_an_exposure_is_the_same_in_every_table(
    tmp_path_factory, time, sigma, spread, more, marks, order, odd
):
    columns = {time: HOURS * TIMES[time], sigma: SIGMA * SIGMAS[sigma]}
    if spread:
        columns[f"std {sigma[sigma.index('(') :]}"] = 1e-6 * SIGMAS[sigma] * np.ones(HOURS.size)
    if more:
        columns[more] = np.full(HOURS.size, 2.5e-5)
    bad = (3, sigma, odd) if odd else None
    found = read_exposure(written(tmp_path_factory.mktemp("moist"), columns, *marks, order, bad=bad))
    keep = np.arange(HOURS.size) != 3 if odd else slice(None)
    np.testing.assert_allclose(found.time, 3600 * HOURS[keep], rtol=1e-9)
    np.testing.assert_allclose(found.conductivity, SIGMA[keep], rtol=1e-9)
    if spread:
        np.testing.assert_allclose(found.std, 1e-6, rtol=1e-9)
    else:
        assert found.std is None
    assert bool(found.account.left_out) == bool(odd)


SECONDS = np.arange(0, 4000, 40.0)
VOLTS = np.repeat([0.0, 0.1, 0.2, 0.3], 25)
AMPERES = np.where(VOLTS > 0, VOLTS * 1e-7 * (1 + 5 * np.exp(-(SECONDS % 1000) / 100)), 0.0)
CURRENTS = {"Current (nA)": 1e9, "I (uA)": 1e6, "I (µA)": 1e6, "I (μA)": 1e6, "I/mA": 1e3, "Current_A": 1.0}
VOLTAGES = {"Voltage (V)": 1.0, "Ewe (mV)": 1e3, "Potential (V)": 1.0}


def clocks(seconds):
    """Time of day, begun an hour before midnight."""
    day = (seconds + 23 * 3600) % 86400
    return [f"{int(s // 3600):02d}:{int(s % 3600 // 60):02d}:{s % 60:04.1f}" for s in day]


@settings(**OFTEN)
@given(
    st.sampled_from(sorted(CURRENTS)),
    st.sampled_from(sorted(VOLTAGES)),
    st.sampled_from(["time (s)", "Time (min)", "Time (h)", "Test Time (hh:mm:ss)", "pause"]),
    st.sampled_from(MARKS[:5]),
    st.permutations(range(3)),
    st.sampled_from(["", "OVL"]),
)
def test_a_polarisation_is_the_same_in_every_table(
    tmp_path_factory, current, voltage, time, marks, order, odd
):
    mark, decimal = marks
    seconds = SECONDS + 500.0 * (SECONDS >= 2000) if time == "pause" else SECONDS
    factor = {"Time (min)": 60.0, "Time (h)": 3600.0}.get(time, 1.0)
    cells = {
        "time (s)" if time == "pause" else time: [f"{s / factor:.12g}" for s in seconds],
        voltage: [f"{v * VOLTAGES[voltage]:.9g}" for v in VOLTS],
        current: [f"{i * CURRENTS[current]:.9g}" for i in AMPERES],
    }
    if "hh" in time:
        whole = seconds.astype(int)
        cells[time] = [f"{s // 3600:02d}:{s % 3600 // 60:02d}:{s % 60:02d}" for s in whole]
    if odd:
        cells[current][33] = odd
    titles = [list(cells)[i] for i in order]
    rows = [mark.join(cells[t][i].replace(".", decimal) for t in titles) for i in range(SECONDS.size)]
    path = tmp_path_factory.mktemp("dc") / "a.txt"
    path.write_text("\n".join([mark.join(titles), *rows]) + "\n", encoding="utf-8")
    record = read_cycling(path)
    keep = np.arange(SECONDS.size) != 33 if odd else slice(None)
    np.testing.assert_allclose(record.time - record.time[0], seconds[keep], rtol=1e-6, atol=1e-3)
    np.testing.assert_allclose(record.voltage, VOLTS[keep], atol=1e-9)
    np.testing.assert_allclose(record.current, AMPERES[keep], rtol=1e-6, atol=1e-18)


def test_a_time_of_day_that_passes_midnight_goes_on(tmp_path):
    rows = [f"{c};{v};{1e9 * i:.6g}" for c, v, i in zip(clocks(SECONDS), VOLTS, AMPERES, strict=True)]
    (tmp_path / "a.csv").write_text("\n".join(["Time (hh:mm:ss);Voltage (V);Current (nA)", *rows]) + "\n")
    record = read_cycling(tmp_path / "a.csv")
    np.testing.assert_allclose(record.time - record.time[0], SECONDS, atol=1e-3)


def test_a_second_table_is_said_or_refused(tmp_path):
    block = "delay (s)\tsignal\n" + "".join(
        f"{t:.6g}\t{s:.6g}\n" for t, s in zip(DELAYS, SIGNAL, strict=True)
    )
    (tmp_path / "two.txt").write_text(f"25 C\n{block}\n50 C\n{block}")
    with pytest.raises(DataError, match="2 tables in one file"):
        read_recovery_table(tmp_path / "two.txt")
