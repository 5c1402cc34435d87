# SPDX-License-Identifier: MIT
"""libtaildropout by ctypes: structures, prototypes, and statuses as exceptions.

This module needs neither torch nor NumPy. `include/taildropout.h` is the manual of what is bound
here; names are those of the header without their prefix.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from typing import Any, TypeVar

MOST_DIMS = 8


class View(ctypes.Structure):
    """tdrop_view: an n-d array, strides in elements."""

    _fields_ = [
        ("data", ctypes.c_void_p),
        ("element_size", ctypes.c_size_t),
        ("dims", ctypes.c_int),
        ("shape", ctypes.c_size_t * MOST_DIMS),
        ("stride", ctypes.c_ssize_t * MOST_DIMS),
    ]


class Dims(ctypes.Structure):
    """tdrop_dims: the dims that tell samples apart, and the dim that is cut."""

    _fields_ = [
        ("given", ctypes.c_int),
        ("batch_count", ctypes.c_int),
        ("batch", ctypes.c_int * MOST_DIMS),
        ("dropout", ctypes.c_int),
    ]


class Parallel(ctypes.Structure):
    """tdrop_parallel: a loop over tasks."""

    _fields_ = [
        ("context", ctypes.c_void_p),
        ("workers", ctypes.c_uint),
        ("run", ctypes.c_void_p),
    ]


class Ranges(ctypes.Structure):
    """tdrop_ranges: somebody else's loop over ranges."""

    _fields_ = [("loop", ctypes.c_void_p), ("workers", ctypes.c_uint)]


class LawOptions(ctypes.Structure):
    """tdrop_law_options."""

    _fields_ = [
        ("kind", ctypes.c_int),
        ("k_min", ctypes.c_uint32),
        ("p", ctypes.c_double),
        ("rate", ctypes.c_double),
        ("weights", ctypes.POINTER(ctypes.c_double)),
        ("weight_count", ctypes.c_size_t),
        ("reserved", ctypes.c_uint64),
    ]


class Rule(ctypes.Structure):
    """tdrop_rule."""

    _fields_ = [("kind", ctypes.c_int), ("share", ctypes.c_double), ("k", ctypes.c_int32)]


_pointer, _size, _int32 = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int32

# name: (result, arguments)
_PROTOTYPES: dict[str, tuple[Any, list[Any]]] = {
    "tdrop_version": (ctypes.c_char_p, []),
    "tdrop_status_text": (ctypes.c_char_p, [ctypes.c_int]),
    "tdrop_status_name": (ctypes.c_char_p, [ctypes.c_int]),
    "tdrop_pool_create": (ctypes.c_int, [_pointer, ctypes.c_uint]),
    "tdrop_pool_parallel": (Parallel, [_pointer]),
    "tdrop_pool_destroy": (None, [_pointer]),
    "tdrop_ranges_parallel": (Parallel, [_pointer]),
    "tdrop_law_create": (ctypes.c_int, [_pointer, _size, ctypes.POINTER(LawOptions)]),
    "tdrop_law_destroy": (None, [_pointer]),
    "tdrop_law_probabilities": (None, [_pointer, _pointer]),
    "tdrop_law_kind_parse": (ctypes.c_int, [ctypes.c_char_p, _pointer]),
    "tdrop_keep_by_table": (ctypes.c_int, [_pointer, _size, _pointer, _size, _size, _pointer]),
    "tdrop_apply": (ctypes.c_int, [_pointer, _pointer, _pointer, _pointer, _int32, _pointer]),
    "tdrop_staircase_create": (ctypes.c_int, [_pointer, _size]),
    "tdrop_staircase_destroy": (None, [_pointer]),
    "tdrop_staircase_set": (
        ctypes.c_int,
        [_pointer, _size, _size, _pointer, _size, _pointer],
    ),
    "tdrop_linear_create": (ctypes.c_int, [_pointer, _size, _size, _pointer]),
    "tdrop_linear_destroy": (None, [_pointer]),
    "tdrop_linear_set_weights": (
        ctypes.c_int,
        [_pointer, _pointer, _size, _pointer, ctypes.c_uint, _pointer, _pointer],
    ),
    "tdrop_linear_workspace": (_size, [_pointer, _size, ctypes.c_uint]),
    "tdrop_linear_forward": (
        ctypes.c_int,
        [_pointer, _pointer, _pointer, _size, _pointer, _size, _pointer, _size, _pointer],
    ),
    "tdrop_linear_backward_input": (
        ctypes.c_int,
        [_pointer, _pointer, _pointer, _size, _pointer, _pointer, _size, _pointer, _size, _pointer],
    ),
    "tdrop_linear_backward_weights": (
        ctypes.c_int,
        [
            *[_pointer, _pointer, _pointer, _size, _pointer, _size],
            *[_pointer, _size, _pointer, _pointer, _size, _pointer],
        ],
    ),
    "tdrop_rule_parse": (ctypes.c_int, [ctypes.c_char_p, ctypes.POINTER(Rule)]),
    "tdrop_choose_k": (
        ctypes.c_int,
        [ctypes.POINTER(Rule), _size, _pointer, _pointer, ctypes.POINTER(_int32)],
    ),
}


def _library_path() -> Path:
    """Beside this file; an editable install leaves this one in the sources, and has the library in
    another of the package's folders."""
    name = {"darwin": "libtaildropout.dylib", "win32": "taildropout.dll"}.get(
        sys.platform, "libtaildropout.so"
    )
    beside = Path(__file__).with_name(name)
    package = sys.modules.get(__package__ or "")
    folders = [Path(folder) for folder in getattr(package, "__path__", ())]
    return next((f / name for f in (beside.parent, *folders) if (f / name).exists()), beside)


_Library = TypeVar("_Library", bound=ctypes.CDLL)


def _bind(library: _Library) -> _Library:
    for name, (result, arguments) in _PROTOTYPES.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def _load() -> tuple[ctypes.CDLL, ctypes.PyDLL]:
    path = _library_path()
    try:
        return _bind(ctypes.CDLL(os.fspath(path))), _bind(ctypes.PyDLL(os.fspath(path)))
    except OSError as error:
        raise ImportError(
            f"taildropout: cannot load {path} ({error}); `pip install .` in the root of the "
            "repository builds it and puts it there, and a folder of sources that shadows what was "
            "installed (PYTHONPATH, or the current one) has none"
        ) from error


# The same library twice: calls through `brief` keep the interpreter's lock, which is cheaper for
# what takes microseconds; calls through `library` give it away.
library, brief = _load()


_EXCEPTIONS: dict[int, type[Exception]] = {
    9: RuntimeError,  # ALIAS
    20: IndexError,  # DIM
    30: MemoryError,
    31: RuntimeError,  # THREAD
    32: RuntimeError,  # ISA
}


def check(status: int, what: str) -> None:
    """Raises the exception that a status stands for; 0 is fine.

    Args:
        status: what a function of the library returned.
        what: the call and its values, the beginning of the message.

    Raises:
        ValueError, IndexError, RuntimeError, MemoryError: by the status.
    """
    if status == 0:
        return
    text = library.tdrop_status_text(status).decode()
    raise _EXCEPTIONS.get(status, ValueError)(f"{what}: {text}")


def version() -> str:
    """The version of libtaildropout, as "0.1.0"."""
    return library.tdrop_version().decode()
