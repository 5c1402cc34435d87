# SPDX-License-Identifier: MIT
"""Threads for the kernels: as many as PyTorch uses, and where possible the same ones.

PyTorch 2.10 and later lends its own threads through `torch_parallel_for`. Otherwise, and in a child
made by fork, where those threads no longer exist, the kernels have a pool of their own, made when it
is first needed and again when `torch.set_num_threads` has changed the number.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable
from pathlib import Path

import torch

from . import native

_home = os.getpid()


def _torch_loop() -> int | None:
    """The address of torch_parallel_for, None where there is none."""
    folder = Path(torch.__file__).parent / "lib"
    for name in ("libtorch_cpu.so", "libtorch_cpu.dylib"):
        try:
            function = ctypes.CDLL(os.fspath(folder / name)).torch_parallel_for
        except (OSError, AttributeError):
            continue
        return ctypes.cast(function, ctypes.c_void_p).value
    return None


class _Borrowed:
    """PyTorch's threads as a tdrop_parallel, one for each number of threads. Never freed."""

    def __init__(self, loop: int) -> None:
        self._loop = loop
        self._made: dict[int, tuple[native.Ranges, native.Parallel, int]] = {}

    def address(self, threads: int) -> int:
        made = self._made.get(threads)
        if made is None:
            ranges = native.Ranges(self._loop, threads)
            parallel = native.library.tdrop_ranges_parallel(ctypes.addressof(ranges))
            made = (ranges, parallel, ctypes.addressof(parallel))
            made = self._made.setdefault(threads, made)
        return made[2]


class _Pool:
    """A pool of our own. One thread at a time may run it; others meanwhile do without."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._handle: ctypes.c_void_p | None = None
        self._parallel: native.Parallel | None = None
        self._threads = 0
        self._process = 0

    def address(self, threads: int) -> int:
        """To be called with the lock held."""
        if self._threads != threads or self._process != os.getpid():
            self._close()
            handle = ctypes.c_void_p()
            native.check(
                native.library.tdrop_pool_create(ctypes.byref(handle), threads),
                f"a pool of {threads} threads",
            )
            self._parallel = native.library.tdrop_pool_parallel(handle)
            self._handle, self._threads, self._process = handle, threads, os.getpid()
        assert self._parallel is not None
        return ctypes.addressof(self._parallel)

    def _close(self) -> None:
        if self._handle is not None:
            native.library.tdrop_pool_destroy(self._handle)
        self._handle, self._threads = None, 0


_loop = _torch_loop()
_borrowed = _Borrowed(_loop) if _loop else None
_pool = _Pool()


def _renew_after_fork() -> None:
    _pool.lock = threading.Lock()  # another thread of the parent may have held it


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_after_fork)


def _nothing() -> None:
    return None


def borrow() -> tuple[int | None, int, Callable[[], None]]:
    """A loop for one call of a kernel.

    Returns:
        The address of a tdrop_parallel (None: the caller's own thread alone), its workers, and what
        to call when the kernel has returned.
    """
    threads = torch.get_num_threads()
    if threads < 2:
        return None, 1, _nothing
    if _borrowed is not None and os.getpid() == _home:
        return _borrowed.address(threads), threads, _nothing
    lock = _pool.lock
    if not lock.acquire(blocking=False):
        return None, 1, _nothing
    try:
        return _pool.address(threads), threads, lock.release
    except BaseException:
        lock.release()
        raise
