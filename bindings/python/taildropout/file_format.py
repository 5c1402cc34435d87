# SPDX-License-Identifier: MIT
"""Model files of the program as bytes: docs/format.md in Python. Needs NumPy alone."""

from __future__ import annotations

import json
import math
import os
import re
import tempfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

_MARK = re.compile(rb'"checksum":"([0-9a-f]{8})"')
_MOST_HEADER = 100_000_000


class ModelFileError(ValueError):
    """A file that is damaged, or no model of taildropout."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a name stands twice")
    return result


def _checksum(raw: bytes, header_end: int) -> None:
    found = list(_MARK.finditer(raw, 8, header_end))
    if len(found) != 1:
        raise ValueError("it has no checksum")
    at = found[0].start(1)
    crc = zlib.crc32(raw[at + 8 :], zlib.crc32(b"00000000", zlib.crc32(raw[:at])))
    if crc != int(found[0][1], 16):
        raise ValueError("its checksum is wrong")


def _tensor(raw: bytes, start: int, entry: Any, begin: int) -> tuple[np.ndarray, int]:
    shape, (first, last) = entry["shape"], entry["data_offsets"]
    if entry["dtype"] != "F32" or not all(type(s) is int and s >= 0 for s in shape):
        raise ValueError("a tensor is not float32, or has no shape")
    count = math.prod(shape)
    if first != begin or last - first != 4 * count or start + last > len(raw):
        raise ValueError("a tensor leaves a hole, overlaps another or differs from its shape")
    values = np.frombuffer(raw, "<f4", count, start + first).reshape(shape)
    return values.astype(np.float32), last


def parse(raw: bytes, name: str) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Tensors and metadata of a file.

    Args:
        raw: the whole file.
        name: what it is called in messages.

    Returns:
        Tensors by name, in the order of the file, and the strings of `__metadata__` without the
        checksum.

    Raises:
        ModelFileError: whatever is wrong with it.
    """
    try:
        if len(raw) < 8:
            raise ValueError("it is shorter than 8 bytes")
        length = int.from_bytes(raw[:8], "little")
        if length > min(_MOST_HEADER, len(raw) - 8):
            raise ValueError("it ends within its header")
        _checksum(raw, 8 + length)
        header = json.loads(raw[8 : 8 + length].decode(), object_pairs_hook=_unique)
        metadata = header.pop("__metadata__")
        if not all(isinstance(value, str) for value in metadata.values()):
            raise ValueError("__metadata__ holds more than strings")
        metadata.pop("checksum")
        tensors, end = {}, 0
        for key, entry in header.items():
            tensors[key], end = _tensor(raw, 8 + length, entry, end)
        if 8 + length + end != len(raw):
            raise ValueError("bytes are left over behind the tensors")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelFileError(f"{name}: damaged or no model of taildropout: {error}") from error
    return tensors, metadata


def serialise(tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> bytes:
    """The bytes of a file, as the program would write it."""
    header: dict[str, Any] = {"__metadata__": {"checksum": "00000000", **metadata}}
    end = 0
    for name, values in tensors.items():
        begin, end = end, end + 4 * values.size
        entry = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [begin, end]}
        header[name] = entry
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    body = b"".join(np.ascontiguousarray(v, "<f4").tobytes() for v in tensors.values())
    raw = len(text).to_bytes(8, "little") + text + body
    found = list(_MARK.finditer(raw, 8, 8 + len(text)))
    at = found[0].start(1)
    return raw[:at] + b"%08x" % zlib.crc32(raw) + raw[at + 8 :]


def write_whole(path: str | os.PathLike[str], raw: bytes, overwrite: bool) -> None:
    """Writes a file so that at any moment there is the old one or the new one.

    Raises:
        FileExistsError: there is one, and it is not to be replaced.
    """
    target = Path(path)
    if target.exists() and not overwrite:
        raise FileExistsError(f"{target} exists; pass overwrite=True to replace it")
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)
        if overwrite:
            os.replace(name, target)
        else:
            os.link(name, target)
            os.unlink(name)
    except BaseException:
        if os.path.exists(name):
            os.unlink(name)
        raise
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
