"""The one wrapper round every public reader, and the few ways in which the bytes of a file are fetched.

A reader meets whatever a damaged disk, a vendor or an adversary wrote, and the libraries below it raise
whatever that leads them to. Out of a reader comes its value or one of the package's own errors, never
anything else.
"""

from __future__ import annotations

import bz2
import functools
import gzip
import io
import lzma
import stat
import xml.etree.ElementTree as ET
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from electrolith.core.errors import DataError, ElectrolithError
from electrolith.core.limits import refuse_above

__all__ = ["decode", "own_modules", "parse_xml", "read_bytes", "read_member", "reader", "said", "unpack"]

P = ParamSpec("P")
T = TypeVar("T")

BLOCK = 1 << 20
FREE = 10_000_000  # unpacked bytes below which no ratio is asked
WORDS = 160  # of a foreign error that are passed on


def said(error: BaseException) -> str:
    """A foreign error in one line: its kind and the beginning of its words."""
    words = " ".join(str(error).split())
    short = words if len(words) <= WORDS else words[:WORDS] + " …"
    kind = type(error).__name__
    return f"{kind}: {short}" if short else kind


def reader(what: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Make a function a reader: what is no error of this package leaves it as a `DataError`.

    Parameters
    ----------
    what : what the file should have been, "an impedance spectrum".

    Its first argument is the path. Before the function runs, the path is refused where it is a pipe, a
    device or a socket (reading would wait for ever) or larger than the ceiling.
    """

    def wrap(function: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(function)
        def read(*args: P.args, **kwargs: P.kwargs) -> T:
            path = args[0] if args else next(iter(kwargs.values()), "input")
            try:
                _refuse_odd(path)
                return function(*args, **kwargs)
            except ElectrolithError:
                raise
            except MemoryError as error:
                raise DataError(f"{path}: cannot be read as {what}: the memory does not suffice") from error
            except RecursionError as error:
                raise DataError(f"{path}: cannot be read as {what}: nested too deeply") from error
            except Exception as error:  # libraries raise whatever the bytes lead them to
                raise DataError(f"{path}: cannot be read as {what}: {said(error)}") from error

        read.__reader__ = what  # type: ignore[attr-defined]
        return read

    return wrap


def _refuse_odd(path: object) -> None:
    """Pipes, devices and sockets, and files beyond the ceiling."""
    if not isinstance(path, str | Path):
        return
    try:
        found = Path(path).stat()
    except (OSError, ValueError):  # missing, or no name at all: the reader says so in its own words
        return
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        raise DataError(f"{path}: a pipe or a device; expected a file")
    refuse_above("file_bytes", found.st_size, path)


def read_bytes(path: Path | str, *, ceiling_name: str = "file_bytes") -> bytes:
    """The content of a file.

    Raises
    ------
    DataError
        If it is missing, cannot be read, is no file, or is larger than the ceiling.
    """
    path = Path(path)
    try:
        _refuse_odd(path)
        refuse_above(ceiling_name, path.stat().st_size, path)
        return path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise DataError(f"{str(path)!r}: no name of a file ({error})") from error


def decode(raw: bytes, where: object) -> str:
    """Text in UTF-8, UTF-16 (with its mark) or Latin-1, line ends normalised.

    Raises
    ------
    DataError
        If it is empty, binary, ends within a character, or has a line beyond the ceiling.
    """
    if not raw.strip():
        raise DataError(f"{where}: the file is empty")
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            text = raw.decode("utf-16")
        except UnicodeDecodeError as error:
            raise DataError(
                f"{where}: text in UTF-16 that is cut off or damaged at byte {error.start} of {len(raw)} "
                f"({error.reason}); export it again"
            ) from error
    elif b"\x00" in raw[:4096]:
        raise DataError(f"{where}: a binary file, first bytes {raw[:8]!r}; expected text")
    else:
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode("latin-1")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    refuse_above("line_length", _longest_line(text), where)
    return text


def _longest_line(text: str) -> int:
    """Characters of the longest line."""
    return max(map(len, text.split("\n")))


def unpack(raw: bytes, where: object) -> bytes:
    """Bytes as they are, or unpacked where they begin as gzip, bzip2 or xz, up to the ceilings.

    Raises
    ------
    DataError
        If the packed bytes are damaged or cut off, or unpack to more than the ceilings allow.
    """
    opened: Any
    if raw[:2] == b"\x1f\x8b":
        opened = gzip.GzipFile(fileobj=io.BytesIO(raw))
    elif raw[:6] == b"\xfd7zXZ\x00":
        opened = lzma.LZMAFile(io.BytesIO(raw))
    elif raw[:3] == b"BZh":
        opened = bz2.BZ2File(io.BytesIO(raw))
    else:
        return raw
    try:
        return _drain(opened, len(raw), where)
    except (EOFError, OSError, zlib.error, lzma.LZMAError) as error:
        raise DataError(f"{where}: packed text that is damaged or cut off ({said(error)})") from error


def _drain(stream: Any, stored: int, where: object) -> bytes:
    """All of a stream, block by block, so that a bomb is noticed before it bursts."""
    blocks, size = [], 0
    while block := stream.read(BLOCK):
        blocks.append(block)
        size += len(block)
        refuse_above("unpacked_bytes", size, where)
        if size > FREE:
            refuse_above("unpack_ratio", size / max(stored, 1), where)
    return b"".join(blocks)


def read_member(archive: zipfile.ZipFile, name: str, where: object) -> bytes:
    """One member of a zip archive, in memory, up to the ceilings; nothing is written to the disk.

    Raises
    ------
    DataError
        If there is no such member, it points outside the archive, is damaged, packed in an unknown way, or
        unpacks to more than the ceilings allow.
    """
    if name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/"):
        raise DataError(f"{where}: member {name!r} points outside the archive; the archive is refused")
    try:
        info = archive.getinfo(name)
        refuse_above("unpacked_bytes", info.file_size, f"{where}, {name}")
        with archive.open(info) as stream:
            return _drain(stream, info.compress_size, f"{where}, {name}")
    except KeyError as error:
        raise DataError(f"{where}: no member {name!r} in the archive") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise DataError(f"{where}: member {name!r} cannot be unpacked ({said(error)})") from error


def parse_xml(raw: bytes, where: object) -> ET.Element:
    """The root of an XML document that declares no entities.

    Raises
    ------
    DataError
        If it is broken, declares entities (no instrument does, bombs do), or is beyond the ceiling.
    """
    refuse_above("xml_bytes", len(raw), where)
    if b"<!ENTITY" in raw or "<!ENTITY".encode("utf-16-le") in raw or "<!ENTITY".encode("utf-16-be") in raw:
        raise DataError(
            f"{where}: XML that declares entities; these are not resolved, and the file is refused"
        )
    try:
        return ET.fromstring(raw)  # noqa: S314 - entities are refused above
    except (ET.ParseError, ValueError, LookupError) as error:
        raise DataError(f"{where}: broken XML: {error}") from error


def own_modules(tree: Any, allowed: str, where: object) -> None:
    """Refuse JSON whose `@module` names something outside `allowed`: it would be imported.

    Raises
    ------
    DataError
        If it does, or names a callable.
    """
    todo = [tree]
    while todo:
        here = todo.pop()
        if isinstance(here, dict):
            module = here.get("@module", allowed)
            inside = isinstance(module, str) and (module == allowed or module.startswith(allowed + "."))
            if not inside or "@callable" in here or "@bound" in here:
                raise DataError(
                    f"{where}: names the module {module!r} or a function to load; "
                    f"only data of {allowed} is read"
                )
            todo += here.values()
        elif isinstance(here, list):
            todo += here
