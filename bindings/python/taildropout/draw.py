# SPDX-License-Identifier: MIT
"""Noise from torch's generators, and the k that follows from it.

The noise is drawn by `torch.rand`, one number a sample, so seeds, generators, activation
checkpointing and vmap's randomness work as with any module of torch. The C side is handed numbers and
never draws.
"""

from __future__ import annotations

import math
import sys
from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor

from . import laws, native


def draw_dtype(dtype: torch.dtype) -> torch.dtype:
    """The type of the noise for an input: its own for float32 and float64, else float32.

    Noise of 8 or 11 bits, as bfloat16 and float16 have it, cannot tell more than so many k apart.
    """
    return dtype if dtype is torch.float64 else torch.float32


def original_table(n: Any, scale: float, dtype: torch.dtype, device: torch.device) -> Tensor:
    """P(k < j) = 1 - exp(-j / (a·n)) for j = 1..n, rounded as torch rounds it in that type."""
    j = torch.arange(1, n + 1, 1, dtype=dtype, device=device)
    table = 1 - torch.exp(-j / (scale * n))
    if torch.compiler.is_compiling() and device.type == "cpu":
        return torch.ops.taildropout.computed(table)
    return table


def _other_table(kind: str, rate: float, weights: list[float], p: float, k_min: int, n: int) -> Any:
    return torch.tensor(
        laws.below(laws.Law(kind, rate, tuple(weights)), n, p, k_min), dtype=torch.float64
    )


_cache: OrderedDict[Any, Tensor] = OrderedDict()
_MOST_CACHED = 64


def _table_op(
    kind: str, rate: float, weights: list[float], p: float, k_min: int, n: int, double: bool
) -> Tensor:
    key = (kind, rate, tuple(weights), p, k_min, n, double)
    table = _cache.get(key)
    if table is None:
        table = _other_table(kind, rate, weights, p, k_min, n)
        table = _cache[key] = table.to(torch.float64 if double else torch.float32)
        if len(_cache) > _MOST_CACHED:
            _cache.popitem(last=False)
    return table.clone()  # a graph may reuse the memory of what an op returns


# The table of a law that is not a formula of torch, as an op: compiled graphs call it, and n may be
# symbolic. It is n numbers, so that it cannot be fused costs nothing.
_ops = torch.library.Library("taildropout", "FRAGMENT")
_ops.define(
    "law_table(str kind, float rate, float[] weights, float p, int k_min, SymInt n, bool double)"
    " -> Tensor"
)
_ops.impl("law_table", _table_op, "CompositeExplicitAutograd")


@torch.library.register_fake("taildropout::law_table", lib=_ops)
def _table_fake(
    kind: str, rate: float, weights: list[float], p: float, k_min: int, n: Any, double: bool
) -> Tensor:
    return torch.empty(n, dtype=torch.float64 if double else torch.float32, device="cpu")


# Compilers for the CPU write an expression into whatever reads it, so that the exponentials of the table
# would be computed once for each sample. What an op has to be handed is computed once.
_ops.define("computed(Tensor table) -> Tensor")
_ops.impl("computed", Tensor.clone, "CompositeExplicitAutograd")


@torch.library.register_fake("taildropout::computed", lib=_ops)
def _computed_fake(table: Tensor) -> Tensor:
    return torch.empty_like(table)


def law_table(
    law: laws.Law, p: float, k_min: int, n: Any, dtype: torch.dtype, device: torch.device
) -> Tensor:
    """The table of any law but `original` with k_min = 0, on a device."""
    table = torch.ops.taildropout.law_table(
        law.name, law.rate, list(law.weights), p, k_min, n, dtype is torch.float64
    )
    return table.to(device)


def draw_noise(
    shape: list[int],
    dtype: torch.dtype,
    device: torch.device,
    generator: torch.Generator | None,
    stratified: bool,
) -> Tensor:
    """Numbers in [0, 1), one a sample.

    Stratified, of G samples each has its own of G equal parts of [0, 1), in random order; rounding
    may then give 1 itself.
    """
    # Named only where there is one: with the argument, torch.rand takes no symbolic sizes.
    source: Any = {} if generator is None else {"generator": generator}
    noise = torch.rand(shape, dtype=dtype, device=device, **source)
    if not stratified:
        return noise
    count = math.prod(shape)
    order = torch.randperm(count, device=device, **source).reshape(shape)
    return (order + noise) / count


class Table:
    """A table ready for plain CPU tensors, with its address."""

    __slots__ = ("_views", "_zeros", "address", "element_size", "n", "rises", "values")

    def __init__(self, values: Tensor) -> None:
        self.values = values.contiguous()
        self.address = self.values.data_ptr()
        self.element_size = self.values.element_size()
        self.n = self.values.numel()
        self.rises = bool((self.values[1:] >= self.values[:-1]).all())
        self._views: dict[tuple[int, int], Tensor] = {}
        self._zeros: dict[torch.dtype, Tensor] = {}

    def along(self, ndim: int, dim: int) -> Tensor:
        """The values as a tensor of ndim dims, all of size 1 except `dim`."""
        view = self._views.get((ndim, dim))
        if view is None:
            shape = [1] * ndim
            shape[dim] = self.n
            with torch.inference_mode(False):
                view = self._views[(ndim, dim)] = self.values.view(shape)
        return view

    def zero(self, dtype: torch.dtype) -> Tensor:
        """+0.0 of a type, a tensor without dims."""
        zero = self._zeros.get(dtype)
        if zero is None:
            with torch.inference_mode(False):
                zero = self._zeros[dtype] = torch.zeros((), dtype=dtype, device="cpu")
        return zero


_keep_by_table = native.brief.tdrop_keep_by_table


def keep_of(noise: Tensor, table: Table) -> Tensor:
    """k of each sample, int32 and in the noise's shape: how many entries lie below the noise.

    The comparison is that of the type, as in the mask `table < noise`. `table.rises` has to hold.
    """
    keep = torch.empty_like(noise, dtype=torch.int32)
    count = noise.numel()
    status = _keep_by_table(
        table.address, table.n, noise.data_ptr(), count, table.element_size, keep.data_ptr()
    )
    if status:
        native.check(status, f"draw of {count} k of {table.n}")
    return keep


def refuse_under_checkpoint() -> None:
    """Activation checkpointing replays the global generators, not one of the user's own.

    Raises:
        RuntimeError: called from within `torch.utils.checkpoint`.
    """
    import torch.utils.checkpoint as checkpoint

    frame: Any = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename == checkpoint.__file__:
            raise RuntimeError(
                "TailDropout with a generator of its own cannot draw the same k again when "
                "torch.utils.checkpoint recomputes it; leave out generator= here"
            )
        frame = frame.f_back
