# ruff: noqa: E501, T201, S108, S110, S311, PTH123 - a tool with tables of data, run by hand
"""Every family of readers against damaged and hostile files, with limits on time and memory.

    python tools/reliability/fuzz.py --seconds 600 --workers 2

Inputs are numbered: input i of a family is the same on every machine with the same corpus, so that a run goes
on where it stopped (`fuzz-state.json`) and any finding is made again by its number. What breaks the promise (an
exception that is none of the package's, a hang over 5 s, memory over 1 GB, a crash of native code) is written to
`tests/reference/fuzz/<family>/` and tried again by every run of the test suite.
"""

from __future__ import annotations

import argparse
import bz2
import contextlib
import gzip
import io
import json
import lzma
import multiprocessing
import os
import random
import resource
import signal
import struct
import sys
import tempfile
import time
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SEEDS = ROOT / "tests" / "reference" / "fuzz"
HANG_SECONDS = 5.0
MEMORY = 1_000_000_000  # bytes above what the program itself takes
LARGEST = 60_000  # bytes of a file of the corpus
PER_FAMILY = 16


class Hang(BaseException):
    """The time is up; no reader may catch it."""


@dataclass(frozen=True)
class Family:
    """A family of readers.

    read : takes a path.     suffixes : of files that may belong to it.     made : files made here, by name.
    """

    read: Callable[[Path], Any]
    suffixes: tuple[str, ...]
    made: dict[str, bytes]


def _rows(*columns: Callable[[int], float], count: int = 40, between: str = ",") -> str:
    return "\n".join(between.join(f"{c(i):.6g}" for c in columns) for i in range(count)) + "\n"


def _zip(members: dict[str, bytes]) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return raw.getvalue()


def _image(kind: str) -> bytes:
    from PIL import Image

    raw = io.BytesIO()
    Image.frombytes("L", (32, 32), bytes(i % 251 for i in range(1024))).save(raw, kind)
    return raw.getvalue()


def _raw101() -> bytes:
    head = bytearray(712 + 304)
    head[:8] = b"RAW1.01\0"
    struct.pack_into("<I", head, 12, 1)
    struct.pack_into("<dd", head, 624, 1.5406, 1.5444)
    struct.pack_into("<d", head, 648, 0.5)
    struct.pack_into("<II", head, 712, 304, 50)
    struct.pack_into("<d", head, 712 + 16, 10.0)
    struct.pack_into("<d", head, 712 + 176, 0.02)
    return bytes(head) + struct.pack("<50f", *range(100, 150))


def _varian() -> bytes:
    """A folder of NMR as one text: procpar, then the fid in hexadecimal; taken apart by the reader here."""
    head = struct.pack(">6i2hi", 4, 1, 16, 4, 64, 92, 0, 0x45, 1)
    block = struct.pack(">4hi4f", 1, 1, 0, 0, 1, 0.0, 0.0, 0.0, 0.0) + struct.pack(">16i", *range(16))
    names = {"array": '"d2"', "d2": "4 0.1 0.2 0.4 0.8", "sw": "1 5000", "sfrq": "1 116.6", "np": "1 16"}
    par = ""
    for name, value in names.items():
        kind = 2 if '"' in value else 1
        text = f"1 {value}" if '"' in value else value
        par += f"{name} 1 {kind} 8 2 4 0 1 0 1 64\n{text}\n0\n"
    return (par + "\nFID\n" + (head + block * 4).hex()).encode()


def _read_varian(path: Path) -> Any:
    from electrolith.lab.nmr.read import read_varian

    text, _, fid = path.read_bytes().partition(b"\nFID\n")
    folder = path.with_suffix(".fid")
    folder.mkdir(exist_ok=True)
    (folder / "procpar").write_bytes(text)
    with contextlib.suppress(ValueError):
        (folder / "fid").write_bytes(bytes.fromhex(fid.decode("ascii", "ignore")))
    return read_varian(folder)


def _read_study(path: Path) -> Any:
    from electrolith.study.study import read_study

    (path.parent / "a.cif").write_bytes(CIF)
    return read_study(path)


STUDY = b"""title: x
material: {crystal: a.cif, mobile: Li, oxidation_states: {Li: 1, N: -3}}
ordering: {supercell: [1, 1, 1], decorations: 10, seed: 1, keep: {lowest: 2, random: 1}}
engine: li-n-cl
dynamics: {temperatures: [500 K, 600 K], duration: 20 ps, budget: 40 ps}
"""
CIF = b"""data_x
_cell_length_a 5.35(1)
_cell_length_b 5.35
_cell_length_c 5.35
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_space_group_name_H-M_alt 'F m -3 m'
loop_
_symmetry_equiv_pos_as_xyz
x,y,z
-x,-y,-z
1/2+x,1/2+y,z
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
Li1 Li1+ 0.25 0.25 0.25 0.86(1)
N1 N3- 0 0 0 0.38
"""
FRAME = '2\nLattice="4 0 0 0 4 0 0 0 4" Properties=species:S:1:pos:R:3{} pbc="T T T"{}\nLi 0 0 {:.2f}{}\nCl 2 2 2{}\n'
XYZ = "".join(FRAME.format("", f" time={i}", i / 10, "", "") for i in range(4)).encode()
LABELS = "".join(
    FRAME.format(":forces:R:3", f" energy=-{i + 1}.5 settings=pbe", i / 10, " 0 0 0.1", " 0 0 -0.1")
    for i in range(3)
).encode()
DUMP = "".join(
    f"ITEM: TIMESTEP\n{100 * i}\nITEM: NUMBER OF ATOMS\n2\nITEM: BOX BOUNDS pp pp pp\n0 4\n0 4\n0 4\n"
    f"ITEM: ATOMS id type element x y z\n1 1 Li 0 0 {i / 10}\n2 2 Cl 2 2 2\n"
    for i in range(4)
).encode()
XDATCAR = (
    "x\n1.0\n4 0 0\n0 4 0\n0 0 4\nLi Cl\n1 1\n"
    + "".join(f"Direct configuration= {i + 1}\n0 0 {i / 40}\n0.5 0.5 0.5\n" for i in range(4))
).encode()
POSCAR = b"x\n1.0\n4 0 0\n0 4 0\n0 0 4\nLi Cl\n1 1\nDirect\n0 0 0\n0.5 0.5 0.5\n"
ENTRY = '{"composition": {"Li": 1, "Cl": 1}, "energy": -7.7, "correction": 0.0, "entry_id": "mp-1"}'
ZVIEW = "ZPLOT2 ASCII\n End Comments\n" + _rows(
    lambda i: 1e6 / 1.5**i, lambda i: 0, lambda i: 0, lambda i: i, lambda i: 100 + i, lambda i: -50 + i,
    lambda i: 0, lambda i: 0, lambda i: 0, between="\t",
)  # fmt: skip
MPT = "EC-Lab ASCII FILE\nNb header lines : 5\n\nAcquisition started on : 07/26/2022 22:38:30.19\n"
EIS_MPT = (
    MPT
    + "freq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm\t\n"
    + _rows(lambda i: 1e6 / 1.5**i, lambda i: 100 + i, lambda i: 50 - i, between="\t")
)
CYCLING = (
    MPT
    + "time/s\tEwe/V\tI/mA\tcycle number\tNs\t\n"
    + _rows(
        lambda i: 10.0 * i,
        lambda i: 3 + i / 50,
        lambda i: 1 - 2 * (i > 20),
        lambda i: 0,
        lambda i: i > 20,
        between="\t",
    )
)
XRDML = (
    '<?xml version="1.0"?><xrdMeasurements><xrdMeasurement><usedWavelength><kAlpha1>1.5406</kAlpha1>'
    '</usedWavelength><scan><dataPoints><positions axis="2Theta"><startPosition>10</startPosition><endPosition>'
    f"20</endPosition></positions><commonCountingTime>1</commonCountingTime><intensities>{' '.join(map(str, range(60)))}"
    "</intensities></dataPoints></scan></xrdMeasurement></xrdMeasurements>"
).encode()
BRML = (
    b"<R><WaveLengthAlpha1 Value='1.5406'/>"
    + b"".join(f"<Datum>1,1,{10 + i / 10},{5 + i / 20},{i * 7 % 90}</Datum>".encode() for i in range(60))
    + b"</R>"
)
RAS = (
    b'*MEAS_SCAN_UNIT_Y "counts"\n*RAS_INT_START\n'
    + _rows(lambda i: 10 + i / 50, lambda i: 100 + i, lambda i: 1, between=" ").encode()
    + b"*RAS_INT_END\n"
)
GSAS = (
    "x\nBANK 1 40 8 CONST 1000 2 0 0 STD\n" + ("".join(f"{i + 100:8d}" for i in range(10)) + "\n") * 4
).encode()
INSTPRM = b"#GSAS-II instrument parameter file\nType:PXC\nLam:1.5406\nZero:0.0\nPolariz.:0.99\nU:2\nV:-2\nW:5\nX:0\nY:0\nSH/L:0.002\n"
YAML = b"title: x\nmaterial: {crystal: a.cif, mobile: Li}\nordering: {supercell: [1, 1, 1], seed: 1}\nscale: &a [1, 2]\nb: *a\n"
PUBLISHED = b"- {quantity: conductivity_300K, value: 4.3(2)e-5 S/cm, kind: measured, source: 10.1/x}\n"
CLAIMS = b"cells:\n- {id: full_1, quantity: capacity retention, value: 80, unit: '%'}\n"
TABLE_T1 = ("delay (s),signal\n" + _rows(lambda i: 0.01 * 1.2**i, lambda i: 1 - 2 * 0.9**i)).encode()
INDENT = (
    "time (s),depth (nm),load (mN)\n" + _rows(lambda i: i, lambda i: 50 * min(i, 40 - i), lambda i: 0.1 * i)
).encode()


def _lazy(module: str, name: str, **settings: Any) -> Callable[[Path], Any]:
    """A reader found when it is called, so that a change of one breaks one."""

    def read(path: Path) -> Any:
        from importlib import import_module

        return getattr(import_module(f"electrolith.{module}"), name)(path, **settings)

    return read


def families() -> dict[str, Family]:
    """Every family with a few small valid files."""
    energies = _rows(lambda i: 7100 + i, lambda i: 0.1 + i / 50, between="\t")
    micrograph = _lazy("lab.particles.read", "read_micrograph", pixel=1e-8)
    return {
        "impedance": Family(
            _lazy("lab.impedance.read", "read_impedance"),
            (".mpr", ".mpt", ".dta", ".z", ".csv", ".txt"),
            {"a.csv": ("freq/Hz,Re(Z)/Ohm,-Im(Z)/Ohm\n" + _rows(lambda i: 1e6 / 1.5**i, lambda i: 100 + i, lambda i: 50 - i)).encode(), "a.mpt": EIS_MPT.encode("latin-1"), "a.z": ZVIEW.encode()},
        ),
        "cycling": Family(
            _lazy("lab.cycling.read", "read_cycling"),
            (".mpr", ".mpt", ".csv", ".txt", ".nda", ".ndax", ".bdf"),
            {"a.mpt": CYCLING.encode("latin-1"), "a.csv": ("time/s,voltage/V,current/A\n" + _rows(lambda i: 10.0 * i, lambda i: 3 + i / 50, lambda i: 1e-3)).encode()},
        ),
        "spectra": Family(
            _lazy("lab.xanes.read", "read_spectrum"),
            (".xdi", ".xmu", ".dat", ".txt"),
            {"a.xmu": ("# energy mu\n" + energies).encode()},
        ),
        "athena": Family(_lazy("lab.xanes.athena", "read_athena_project"), (".prj",), {}),
        "nmr": Family(_read_varian, (".varian",), {"a.varian": _varian()}),
        "recovery": Family(_lazy("lab.nmr.read", "read_recovery_table"), (".csv",), {"a.csv": TABLE_T1}),
        "indentation": Family(
            _lazy("lab.indentation.read", "read_indents"), (".hld", ".xls", ".csv"), {"a.csv": INDENT}
        ),
        "images": Family(micrograph, (".png", ".tif", ".jpg"), {"a.png": _image("PNG"), "a.tif": _image("TIFF"), "a.jpg": _image("JPEG")}),
        "patterns": Family(
            _lazy("scattering.read_pattern", "read_pattern", abscissa="two_theta"),
            (".raw", ".xye", ".xy", ".gsa", ".gsas", ".xrdml", ".ras", ".brml", ".dat"),
            {"a.raw": _raw101(), "a.xye": _rows(lambda i: 10 + i / 50, lambda i: 100 + i, lambda i: 10, between=" ").encode(), "a.xrdml": XRDML, "a.ras": RAS, "a.brml": _zip({"E/RawData0.xml": BRML}), "a.gsa": GSAS},
        ),
        "instruments": Family(_lazy("scattering.read_instrument", "read_instrument"), (".instprm", ".prm"), {"a.instprm": INSTPRM}),
        "gr": Family(
            _lazy("scattering.read_gr", "read_gr"),
            (".gr",),
            {"a.gr": ("# qmax = 25\n#S 1\n#L r G\n" + _rows(lambda i: 0.1 + i / 10, lambda i: i % 7 - 3, between=" ")).encode()},
        ),
        "crystals": Family(
            _lazy("crystal.read", "read_crystal"), (".cif", ".vasp", ".xyz", ".json"),
            {"a.cif": CIF, "POSCAR": POSCAR, "a.xyz": XYZ},
        ),
        "phases": Family(_lazy("scattering.read_cif", "read_cif_phase"), (".cif",), {"a.cif": CIF}),
        "trajectories": Family(
            _lazy("motion.read", "read_trajectory"), (".xyz", ".lammpstrj"),
            {"a.xyz": XYZ, "a.lammpstrj": DUMP, "XDATCAR": XDATCAR, "a.xyz.gz": gzip.compress(XYZ)},
        ),
        "labels": Family(_lazy("energy.labels.labels", "read_labels"), (".xyz", ".xz"), {"a.xyz": LABELS, "a.xyz.xz": lzma.compress(LABELS)}),
        "studies": Family(_read_study, (".yaml",), {"study.yaml": STUDY}),
        "yaml": Family(_lazy("study.settings", "load_yaml"), (".yaml",), {"a.yaml": YAML}),
        "published": Family(_lazy("study.published", "read_published"), (".yaml",), {"a.yaml": PUBLISHED}),
        "claims": Family(_lazy("lab.cycling.published", "read_published"), (".yaml",), {"a.yaml": CLAIMS}),
        "designs": Family(_lazy("study.sections.cell", "design_of"), (".yaml",), {}),
        "libraries": Family(
            _lazy("stability.read_entries", "read_phases"), (".csv", ".json"),
            {"a.json": f"[{ENTRY}]".encode(), "a.csv": b"formula,id,energy_per_atom,engine,scheme\nLiCl,1,-3.5,x,y\nLi,2,-1.9,x,y\n"},
        ),
        "samples": Family(
            _lazy("lab.synthesis.samples", "read_samples"), (".csv",),
            {"a.csv": b"sample,sigma (mS/cm),a\nLNC-500rpm-24h,0.043(2),5.35\nLNC-500rpm-12h,0.03,5.36\n"},
        ),
    }  # fmt: skip


def corpus(family: Family, folders: tuple[Path, ...]) -> dict[str, bytes]:
    """Files made here, then small ones of the folders that the family's reader takes, a few of each kind."""
    found = dict(family.made)
    kinds = Counter(Path(n).suffix for n in found)
    with tempfile.TemporaryDirectory() as place:
        for folder in folders:
            for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
                suffix = path.suffix.lower()
                if suffix not in family.suffixes or kinds[suffix] >= 3 or len(found) >= PER_FAMILY:
                    continue
                if path.is_file() and path.stat().st_size <= LARGEST:
                    copy = Path(place) / f"{len(found)}{suffix}"
                    copy.write_bytes(path.read_bytes())
                    if _outcome(family, copy)[0] == "taken":
                        found[copy.name] = copy.read_bytes()
                        kinds[suffix] += 1
    return found


ODD = (
    "nan", "inf", "-inf", "1e999", "-1e999", "1e308", "0", "-0", "-1", "99999999999999999999", "1" * 400, "٣", "½",
    "0x10", "1_000", "1,5", "", "None", "true", "1e-400", "2147483648", "=1+1", "<b>", "$x$", "\x00", "\x1b[31m", "'", '"',
)  # fmt: skip


def mutate(raw: bytes, chance: random.Random) -> bytes:
    """One to three accidents; inside archives and packed files as often as outside."""
    packed = _unpacked(raw) if chance.random() < 0.6 else None
    if packed is not None:
        inside, pack = packed
        return pack(mutate(inside, chance))
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        raw = chance.choice(ACCIDENTS)(raw, chance)
    return raw


def _unpacked(raw: bytes) -> tuple[bytes, Callable[[bytes], bytes]] | None:
    try:
        if raw[:2] == b"\x1f\x8b":
            return gzip.decompress(raw), gzip.compress
        if raw[:6] == b"\xfd7zXZ\x00":
            return lzma.decompress(raw), lzma.compress
        if raw[:3] == b"BZh":
            return bz2.decompress(raw), bz2.compress
        if raw[:2] == b"PK":
            with zipfile.ZipFile(io.BytesIO(raw)) as archive:
                members = {n: archive.read(n) for n in archive.namelist()}
            name = max(members, key=lambda n: len(members[n]))
            return members[name], lambda data: _zip(members | {name: data})
    except Exception:
        pass
    return None


def _flip(raw: bytes, chance: random.Random) -> bytes:
    out = bytearray(raw)
    for _ in range(chance.choice((1, 1, 2, 8, 64))):
        if out:
            out[chance.randrange(len(out))] ^= 1 << chance.randrange(8)
    return bytes(out)


def _cut(raw: bytes, chance: random.Random) -> bytes:
    a, b = sorted(chance.randrange(len(raw) + 1) for _ in "ab")
    return chance.choice((raw[:a], raw[a:], raw[:a] + raw[b:], raw[:a] + raw[a:b] * 2 + raw[b:]))


def _lines(raw: bytes, chance: random.Random) -> bytes:
    lines = raw.split(b"\n")
    i, j = (chance.randrange(len(lines)) for _ in "ij")
    what = chance.randrange(5)
    if what == 0:
        del lines[i]
    elif what == 1:
        lines.insert(j, lines[i])
    elif what == 2:
        lines[i], lines[j] = lines[j], lines[i]
    elif what == 3:
        chance.shuffle(lines)
    else:
        words = lines[i].split()
        chance.shuffle(words)
        lines[i] = b" ".join(words)
    return b"\n".join(lines)


def _token(raw: bytes, chance: random.Random) -> bytes:
    """A number or word replaced by something odd."""
    import re

    found = list(re.finditer(rb"[-+.\w]+", raw))
    if not found:
        return raw
    at = chance.choice(found)
    return raw[: at.start()] + chance.choice(ODD).encode() + raw[at.end() :]


def _column(raw: bytes, chance: random.Random) -> bytes:
    """A column lost, doubled or full of odd values."""
    mark = chance.choice((b",", b"\t", b" ", b";"))
    index, what, odd = chance.randrange(6), chance.randrange(3), chance.choice(ODD).encode()
    out = []
    for line in raw.split(b"\n"):
        cells = line.split(mark)
        if index < len(cells):
            cells[index : index + 1] = ([], [cells[index]] * 2, [odd])[what]
        out.append(mark.join(cells))
    return b"\n".join(out)


def _code(raw: bytes, chance: random.Random) -> bytes:
    text = raw.decode("latin-1")
    encoded = text.encode(chance.choice(("utf-16", "utf-16-le", "utf-32", "utf-8")), "replace")
    mark = chance.choice((b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"))
    return (mark + encoded)[: None if chance.random() < 0.5 else -chance.randrange(1, 4)]


def _large(raw: bytes, chance: random.Random) -> bytes:
    """Long lines, long numbers, many rows, deep nesting; huge counts where binaries keep them."""
    what, at = chance.randrange(6), chance.randrange(len(raw) + 1)
    if what == 0:
        return (
            raw[:at] + chance.choice((b"7", b"a", b" ", b"'", b"\\'", b"(", b"[", b"- ")) * 30_000 + raw[at:]
        )
    if what == 1:
        return raw * chance.choice((2, 20))
    if what == 2:
        return (b"[" * 3000) + raw
    if what == 3 and len(raw) > 8:
        word = struct.pack(chance.choice(("<i", ">i")), chance.choice((-1, 2**31 - 1, 10**9, 65535)))
        at = chance.randrange(len(raw) - 4)
        return raw[:at] + word + raw[at + 4 :]
    if what == 4:
        return chance.randbytes(chance.choice((0, 1, 10, 1000)))
    return raw[:at] + chance.randbytes(chance.randrange(1, 50)) + raw[at:]


ACCIDENTS = (_flip, _flip, _cut, _cut, _lines, _lines, _token, _token, _token, _column, _code, _large)


def example(files: dict[str, bytes], family: str, number: int) -> tuple[str, bytes]:
    """Input `number` of a family: a name and its bytes."""
    chance = random.Random(f"{family} {number}")
    name = chance.choice(sorted(files))
    return name, mutate(files[name], chance)


def _too_late(*_: Any) -> None:
    raise Hang


def _outcome(family: Family, path: Path) -> tuple[str, str]:
    """What a reader made of a file: taken, refused, library (refused with a library's words), or a fault."""
    from electrolith.core.errors import ElectrolithError

    signal.signal(signal.SIGPROF, _too_late)
    signal.setitimer(signal.ITIMER_PROF, HANG_SECONDS)  # of the processor: others may use the machine too
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            family.read(path)
    except Hang:
        return "hang", f"over {HANG_SECONDS:g} s of the processor"
    except ElectrolithError as error:
        words = str(error)
        if isinstance(error.__cause__, MemoryError) or "the memory does not suffice" in words:
            return "memory", words
        return ("library" if "cannot be read as" in words else "refused"), words
    except BaseException as error:
        return "exception", f"{type(error).__name__}: {error}"[:300]
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
    return "taken", ""


FAULTS = ("exception", "hang", "memory", "crash")


def _limit_memory() -> None:
    with open("/proc/self/statm") as handle:
        now = int(handle.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY, now + MEMORY))


def work(
    family: str, start: int, stop: int, until: float, at: Any, answers: Any, folders: tuple[Path, ...]
) -> None:
    """In a process of its own: inputs one after the other; `at` tells the parent which one is under way."""
    os.environ["OMP_NUM_THREADS"] = "1"
    which = families()[family]
    files = corpus(which, folders)
    place = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=place) as folder:
        os.chdir(folder)
        for name, raw in files.items():  # libraries are loaded before anything is timed
            (Path(folder) / name).write_bytes(raw)
            _outcome(which, Path(folder) / name)
        _limit_memory()
        for number in range(start, stop):
            if time.time() > until:
                break
            at.value = number
            name, raw = example(files, family, number)
            path = Path(folder) / name
            path.write_bytes(raw)
            outcome, words = _outcome(which, path)
            answers.send((number, outcome, words, name, raw if outcome in FAULTS else b""))
    answers.send(None)


@dataclass
class Tally:
    """Counts of one family so far."""

    next: int
    counts: Counter[str]
    words: Counter[str]


def try_family(
    name: str, tally: Tally, *, stop: int, until: float, folders: tuple[Path, ...], seeds: Path | None
) -> None:
    """Inputs of a family until a number or a time; faults become seeds."""
    context = multiprocessing.get_context("fork")
    while tally.next < stop and time.time() < until:
        ours, theirs = context.Pipe(duplex=False)
        at = context.Value("q", tally.next)
        process = context.Process(target=work, args=(name, tally.next, stop, until, at, theirs, folders))
        process.start()
        theirs.close()
        ended, patience = False, 60 * HANG_SECONDS  # libraries are loaded first
        while True:
            try:
                if not ours.poll(patience):
                    process.kill()  # native code that no signal reaches
                answer = ours.recv()
            except EOFError:
                break
            if answer is None:
                ended = True
                break
            patience = 6 * HANG_SECONDS
            number, outcome, words, file, raw = answer
            tally.next = number + 1
            tally.counts[outcome] += 1
            if outcome in FAULTS:
                tally.words[f"{outcome} {number} ({file}): {words[:160]}"] += 1
                _keep(seeds, name, number, file, raw)
        process.join()
        if not ended and time.time() < until + 60:  # it died on the input under way
            tally.counts["crash"] += 1
            tally.words[f"crash {at.value}: exit {process.exitcode}"] += 1
            file, raw = example(corpus(families()[name], folders), name, at.value)
            _keep(seeds, name, at.value, file, raw)
            tally.next = at.value + 1


def _keep(seeds: Path | None, family: str, number: int, file: str, raw: bytes) -> None:
    if (
        seeds is not None and len(raw) < 100_000 and file in families()[family].made
    ):  # others are not ours to keep
        (seeds / family).mkdir(parents=True, exist_ok=True)
        (seeds / family / f"{number}-{Path(file).name}").write_bytes(raw)


def _one(task: tuple[str, dict[str, Any], int, float, tuple[Path, ...], Path | None]) -> tuple[str, Tally]:
    name, old, stop, seconds, folders, seeds = task
    tally = Tally(old.get("next", 0), Counter(old.get("counts", {})), Counter(old.get("words", {})))
    try_family(name, tally, stop=stop, until=time.time() + seconds, folders=folders, seeds=seeds)
    return name, tally


def main() -> None:
    """Run all families for a time, or up to a number of inputs each, and print the table."""
    from concurrent.futures import ProcessPoolExecutor, as_completed

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=600.0, help="in all, shared by the families")
    parser.add_argument("--inputs", type=int, default=100_000, help="most per family")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", nargs="*", help="families")
    parser.add_argument("--state", type=Path, default=Path("fuzz-state.json"))
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="more files")
    given = parser.parse_args()
    names = given.only or list(families())
    state = json.loads(given.state.read_text()) if given.state.exists() else {}
    folders = (ROOT / "tests" / "reference", ROOT / "examples", given.data)
    share = given.seconds * given.workers / len(names)

    print(f"{'family':<14}" + "".join(f"{c:>10}" for c in ("inputs", *COLUMNS)))
    with ProcessPoolExecutor(given.workers, mp_context=multiprocessing.get_context("fork")) as pool:
        tasks = [(n, state.get(n, {}), given.inputs, share, folders, SEEDS) for n in names]
        for done in as_completed([pool.submit(_one, task) for task in tasks]):
            name, tally = done.result()
            state[name] = {"next": tally.next, "counts": dict(tally.counts), "words": dict(tally.words)}
            given.state.write_text(json.dumps(state, indent=1) + "\n")
            print(row(name, state[name]), flush=True)
    faults = sum(state[n]["counts"].get(f, 0) for n in names for f in FAULTS)
    for name in names:
        for words in list(state[name]["words"])[:10]:
            print(f"{name}: {words}")
    sys.exit(1 if faults else 0)


COLUMNS = ("taken", "refused", "library", *FAULTS)


def row(name: str, found: dict[str, Any]) -> str:
    """A line of the table."""
    counts = found["counts"]
    return f"{name:<14}{sum(counts.values()):>10}" + "".join(f"{counts.get(c, 0):>10}" for c in COLUMNS)


if __name__ == "__main__":
    main()
