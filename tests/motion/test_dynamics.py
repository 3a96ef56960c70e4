import numpy as np
import pytest

from electrolith.core.constants import ACCELERATION, BOLTZMANN
from electrolith.core.errors import ElectrolithError, InputError
from electrolith.motion.dynamics import Dynamics
from electrolith.motion.integrate import Phase, run_segment, thermal_velocities
from electrolith.motion.motor import EngineMotor, masses_of, open_motor
from electrolith.motion.thermostat import Chain, chain_energy, half_step


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"temperatures": (500.0, -3.0)}, "a temperature must be above 0 K, got -3 K"),
        ({"temperatures": (0.0,)}, "a temperature must be above 0 K, got 0 K"),
        ({"temperatures": ()}, "at least one temperature"),
        ({"temperatures": (500.0, 500.0)}, "holds one value twice"),
        ({"duration": 1000.0}, "dynamics.duration: 1000 fs leaves nothing to sample after heating"),
        ({"budget": 10_000.0}, "dynamics.budget: 10000 fs is shorter than dynamics.duration"),
        ({"timestep": 0.0}, "dynamics.timestep: must be above 0"),
        ({"timestep": 20.0}, "thermostat_period: 100 fs cannot be followed"),
        ({"sampling": 1.0}, "dynamics.sampling: 1 fs is shorter than the timestep"),
        ({"orderings": 0}, "dynamics.orderings: at least one is needed"),
        ({"heating": -1.0}, "dynamics.heating: must not be negative"),
    ],
)
def test_impossible_settings_are_refused_by_name(changes, text):
    with pytest.raises(InputError, match=text):
        Dynamics(**changes)


def test_heating_is_a_function_of_the_step_and_ends():
    d = Dynamics(heating=2000.0, start_temperature=100.0, timestep=2.0)
    assert d.target_temperature(0, 600.0) == 100.0
    assert d.target_temperature(500, 600.0) == pytest.approx(350.0)
    assert d.target_temperature(1000, 600.0) == d.target_temperature(10**6, 600.0) == 600.0


def test_samples_begin_after_heating_and_settling():
    d = Dynamics(heating=2000.0, settling=1990.0, timestep=2.0, sampling=100.0)
    assert d.first_sample * d.timestep >= 3990.0
    assert d.first_sample % d.every == 0
    assert d.steps_of(40_001.0) % d.segment == 0


def test_random_velocities_have_the_temperature_and_no_momentum(rng):
    masses = np.array([7.0] * 1000 + [35.0] * 500)
    v = thermal_velocities(masses, temperature=300.0, rng=rng)
    kinetic = 0.5 * np.sum(masses[:, None] * v**2) / ACCELERATION
    assert 2 * kinetic / (4497 * BOLTZMANN) == pytest.approx(300.0, rel=1e-12)
    assert np.abs(masses @ v).max() < 1e-10
    assert np.mean(v[:1000] ** 2) / np.mean(v[1000:] ** 2) == pytest.approx(5.0, rel=0.15)


def oscillate(steps, timestep, *, skip_damping=False):
    """One oscillator with a chain: conserved quantity at each step, and its squared velocities."""
    chain, x, v = Chain.at_rest(3), 1.0, 0.0
    mass, spring, target, period = 7.0, 0.5, 500.0, 60.0
    settings = {"temperature": target, "freedom": 1, "period": period, "timestep": timestep}
    conserved, squares = [], []

    def kinetic():
        return 0.5 * mass * v * v / ACCELERATION

    for _ in range(steps):
        chain, scale = half_step(chain, kinetic(), **settings)
        v *= scale
        v += -spring * x / mass * ACCELERATION * timestep / 2
        x += v * timestep
        v += -spring * x / mass * ACCELERATION * timestep / 2
        chain, scale = half_step(chain, kinetic(), **settings)
        v *= 1.0 if skip_damping else scale
        bath = chain_energy(chain, temperature=target, freedom=1, period=period)
        conserved.append(kinetic() + 0.5 * spring * x * x + bath)
        squares.append(kinetic())
    return np.array(conserved), np.array(squares)


def test_chain_conserves_its_quantity_to_second_order():
    coarse, fine = (np.ptp(oscillate(n, dt)[0]) for n, dt in ((2000, 1.0), (4000, 0.5)))
    assert coarse < 1e-3
    assert coarse / fine == pytest.approx(4.0, rel=0.3)


def test_broken_thermostat_is_caught_by_the_conserved_quantity():
    assert np.ptp(oscillate(2000, 1.0, skip_damping=True)[0]) > 0.02


def test_chain_gives_an_oscillator_its_canonical_energy():
    kinetic = oscillate(30_000, 1.0)[1]
    thermal = 0.5 * BOLTZMANN * 500.0
    assert kinetic.mean() == pytest.approx(thermal, rel=0.08)
    assert np.mean(kinetic**2) / thermal**2 == pytest.approx(3.0, rel=0.2)  # of a Gaussian velocity


def test_time_step_without_thermostat_is_reversible(toys, rng):
    frame, engine = toys.wells()
    motor = EngineMotor(engine, frame, 2.0)
    v = thermal_velocities(masses_of(frame.numbers), temperature=600.0, rng=rng)
    motor.place(frame.positions, v)
    for _ in range(50):
        motor.step()
    x, v = motor.phase()
    motor.place(x, -v)
    for _ in range(50):
        motor.step()
    assert motor.phase()[0] == pytest.approx(frame.positions, abs=1e-9)


def drive(toys, engine, frame, motor_kind, steps=100):
    dynamics = toys.short(heating=0.0, settling=0.0)
    masses = masses_of(frame.numbers)
    v = thermal_velocities(masses, temperature=300.0, rng=np.random.default_rng(4))
    start = Phase(0, np.array(frame.positions), v, Chain.at_rest())
    if motor_kind == "python":
        motor = EngineMotor(engine, frame, dynamics.timestep)
        return run_segment(motor, start, dynamics=dynamics, temperature=300.0, steps=steps)
    with open_motor(engine, frame, dynamics.timestep) as motor:
        return run_segment(motor, start, dynamics=dynamics, temperature=300.0, steps=steps)


def test_lammps_and_python_take_the_same_path(toys):
    frame, engine = toys.antifluorite(), toys.LennardJones()
    fast, fast_samples = drive(toys, engine, frame, "lammps")
    slow, slow_samples = drive(toys, engine, frame, "python")
    assert fast.positions == pytest.approx(slow.positions, abs=2e-5)
    assert fast.velocities == pytest.approx(slow.velocities, abs=2e-6)
    for a, b in zip(fast_samples, slow_samples, strict=True):
        assert a.conserved == pytest.approx(b.conserved, abs=1e-4)
        assert a.potential == pytest.approx(b.potential, abs=1e-4)


def test_segments_give_what_one_stretch_gives(toys):
    frame, engine = toys.wells()
    dynamics = toys.short()
    v = thermal_velocities(masses_of(frame.numbers), temperature=300.0, rng=np.random.default_rng(4))
    start = Phase(0, np.array(frame.positions), v, Chain.at_rest())
    motor = EngineMotor(engine, frame, 2.0)
    whole, samples = run_segment(motor, start, dynamics=dynamics, temperature=500.0, steps=400)
    half, first = run_segment(motor, start, dynamics=dynamics, temperature=500.0, steps=200)
    half, second = run_segment(motor, half, dynamics=dynamics, temperature=500.0, steps=200)
    assert whole.positions == pytest.approx(half.positions, abs=1e-9)
    assert [s.step for s in samples] == [s.step for s in first + second]


def test_atoms_that_fly_apart_are_reported_with_time_and_step(toys):
    frame, engine = toys.wells(spring=2000.0)  # period 8.5 fs: a step of 6 fs cannot follow it
    dynamics = toys.short(timestep=6.0, thermostat_period=100.0)
    v = thermal_velocities(masses_of(frame.numbers), temperature=300.0, rng=np.random.default_rng(4))
    start = Phase(0, np.array(frame.positions), v, Chain.at_rest())
    motor = EngineMotor(engine, frame, 6.0)
    with pytest.raises(ElectrolithError, match=r"flew apart at .* ps: .* the timestep, 6 fs, is too large"):
        run_segment(motor, start, dynamics=dynamics, temperature=500.0, steps=500)


def test_atoms_so_fast_that_the_thermostat_overflows_are_reported_the_same_way(toys):
    frame, engine = toys.wells()
    start = Phase(0, np.array(frame.positions), np.full((len(frame.positions), 3), 1e3), Chain.at_rest())
    motor = EngineMotor(engine, frame, 2.0)
    with pytest.raises(ElectrolithError, match=r"flew apart at 0\.00 ps: temperature .* with the thermostat"):
        run_segment(motor, start, dynamics=toys.short(), temperature=500.0, steps=10)


class Coasting:
    """A motor on which nothing acts: two atoms of 2 amu, one at 1e-2 Å/fs along x, the other against it."""

    def __init__(self):
        self.velocities = np.array([[1e-2, 0.0, 0.0], [-1e-2, 0.0, 0.0]])

    def place(self, positions, velocities):
        self.positions = positions

    def kinetic(self):
        return 0.5 * 2.0 * float(np.sum(self.velocities**2)) / ACCELERATION

    def scale(self, factor):
        pass

    def step(self):
        pass

    def potential(self):
        return 0.0

    def phase(self):
        return self.positions, self.velocities


def test_temperature_is_over_the_degrees_of_freedom_that_move_by_hand_in_si():
    """Two atoms without net momentum have 3 degrees of freedom, not 6."""
    joule = 2 * 0.5 * (2.0 * 1.66053906660e-27) * (1e-2 * 1e-10 / 1e-15) ** 2
    by_hand = 2 * joule / (3 * 1.380649e-23)  # 160.4 K
    d = Dynamics(temperatures=(by_hand,), heating=0.0, settling=0.0, timestep=1.0, sampling=10.0)
    start = Phase(0, np.zeros((2, 3)), np.zeros((2, 3)), Chain.at_rest())
    _, samples = run_segment(Coasting(), start, dynamics=d, temperature=by_hand, steps=100)
    assert samples[0].temperature == pytest.approx(by_hand, rel=1e-6)
