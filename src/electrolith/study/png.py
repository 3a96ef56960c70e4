"""Pixels as the bytes of a PNG file, for pages that hold their pictures."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np

__all__ = ["data_uri", "png_bytes"]


def png_bytes(rgb: np.ndarray) -> bytes:
    """A PNG of uint8 pixels of shape (rows, columns, 3).

    Source: W3C, Portable Network Graphics specification, second edition (2003).
    """
    rows, columns, _ = rgb.shape
    lines = np.zeros((rows, 1 + 3 * columns), dtype=np.uint8)  # each row begins with its filter, 0 for none
    lines[:, 1:] = rgb.reshape(rows, -1)
    head = struct.pack(">IIBBBBB", columns, rows, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def data_uri(rgb: np.ndarray) -> str:
    """The picture as the address that holds it whole."""
    return "data:image/png;base64," + base64.b64encode(png_bytes(rgb)).decode("ascii")
