"""Archives on disk: a folder, a ZIP or an .eln file; written whole, read with every checksum compared."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

from electrolith.core.errors import DataError, InputError
from electrolith.core.files import sha256, write_atomic
from electrolith.core.limits import refuse_above
from electrolith.core.reading import reader
from electrolith.study.exports.crate import METADATA, Crate

__all__ = ["altered", "read_bundle", "write_bundle"]

# The earliest time a ZIP can state: two archives of one study differ by the dates of their metadata alone.
_EPOCH = (1980, 1, 1, 0, 0, 0)


def write_bundle(crate: Crate, target: Path) -> None:
    """Write `crate` to a `.zip`, an `.eln` or a new folder.

    Raises
    ------
    InputError
        If the folder is there and not empty.
    DataError
        If it cannot be written.
    """
    if target.suffix in (".zip", ".eln"):
        write_atomic(target, _zipped(crate, target))
        return
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InputError(f"{target}: already there; choose a new folder, or a name that ends in .zip or .eln")
    for file in crate.files:
        write_atomic(target / file.name, file.path.read_bytes())
    write_atomic(target / METADATA, crate.text())  # last: a folder with it is whole


def _zipped(crate: Crate, target: Path) -> bytes:
    """The archive; an .eln file holds one folder of its own name, as its consortium asks."""
    inside = f"{target.stem}/" if target.suffix == ".eln" else ""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (
            (METADATA, crate.text().encode()),
            *((f.name, f.path.read_bytes()) for f in crate.files),
        ):
            entry = zipfile.ZipInfo(inside + name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)
    return buffer.getvalue()


@reader("an archive of a study")
def read_bundle(source: Path, target: Path) -> tuple[str, ...]:
    """Unpack an archive into the new folder `target`; the names of its files.

    Every file that the metadata describes is compared with its checksum before anything is written.

    Raises
    ------
    InputError
        If `target` is there and not empty, or there is no such archive.
    DataError
        If a file is missing or altered, or a name leads outside.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InputError(f"{target}: already there; choose a new folder")
    if source.is_dir():
        names, fetch, close = _folder(source)
    elif source.is_file():
        names, fetch, close = _archive(source)
    else:
        raise InputError(f"{source}: no such archive")
    try:
        described = _described(source, names, fetch)
        wrong = [n for n, digest in described.items() if n not in names or _digest(fetch(n)) != digest]
        if wrong:
            raise DataError(
                f"{source}: missing, or not what the metadata describes: {', '.join(sorted(wrong)[:5])}"
                + (f" and {len(wrong) - 5} more" if len(wrong) > 5 else "")
                + "; get the archive again from where it was published"
            )
        try:
            for name in sorted(described):
                write_atomic(target / name, fetch(name))
            write_atomic(target / METADATA, fetch(METADATA))
        except DataError:
            shutil.rmtree(target, ignore_errors=True)
            raise
    finally:
        close()
    return tuple(sorted(described))


Fetch = Callable[[str], bytes]


def _folder(source: Path) -> tuple[set[str], Fetch, Callable[[], None]]:
    """Names and contents of a folder."""
    names = {p.relative_to(source).as_posix() for p in source.rglob("*") if p.is_file()}
    return names, lambda name: (source / name).read_bytes(), lambda: None


def _archive(source: Path) -> tuple[set[str], Fetch, Callable[[], None]]:
    """Names and contents of a ZIP, without the one folder that an .eln file has."""
    try:
        archive = zipfile.ZipFile(source)
    except zipfile.BadZipFile as error:
        raise DataError(
            f"{source}: not a ZIP archive ({error}); an RO-Crate is a folder, .zip or .eln"
        ) from error
    entries = {e.filename: e for e in archive.infolist() if not e.is_dir()}
    refuse_above("unpacked_bytes", sum(e.file_size for e in entries.values()), source)
    root = next(
        (n[: -len(METADATA)] for n in entries if n.rpartition("/")[2] == METADATA and n.count("/") < 2), ""
    )
    inside = {n[len(root) :]: e for n, e in entries.items() if n.startswith(root)}
    return set(inside), lambda name: archive.read(inside[name]), archive.close


def _described(source: Path, names: set[str], fetch: Fetch) -> dict[str, str]:
    """Checksums of the files that the metadata describes, by name."""
    if METADATA not in names:
        raise DataError(f"{source}: no {METADATA}; this is no RO-Crate")
    try:
        graph: list[Any] = json.loads(fetch(METADATA))["@graph"]
        files = {unquote(e["@id"]): e["sha256"] for e in graph if e.get("@type") == "File"}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{source}: {METADATA} is damaged, or its files have no sha256 ({error})") from error
    for name in files:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name:
            raise DataError(f"{source}: the name {name!r} leads outside the archive; it is not unpacked")
    return {str(k): str(v) for k, v in files.items()}


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# Written anew by every run: they say nothing of what a result was computed from.
_OUTPUTS = ("report.html", "results.json", "results/", "tables/", "figures/")


def altered(folder: Path) -> tuple[str, ...]:
    """Inputs of an unpacked archive that are no longer what its metadata describes; () where it is none.

    Raises
    ------
    DataError
        If its metadata is damaged.
    """
    if not (folder / METADATA).is_file():
        return ()
    described = _described(folder, {METADATA}, lambda name: (folder / name).read_bytes())
    inputs = {n: d for n, d in described.items() if not n.startswith(_OUTPUTS)}
    return tuple(
        sorted(n for n, d in inputs.items() if not (folder / n).is_file() or sha256(folder / n) != d)
    )
