# SPDX-License-Identifier: MIT
"""Tails of tensors: y = x where the index along the dropout dim is below k, +0.0 elsewhere.

Two ways lead to the same result. Plain strided tensors on the CPU go through the C kernel, which
moves what is kept and never looks at the rest. Everything else (other devices, graphs that are
traced or compiled, functorch, subclasses) is written in plain torch expressions, which compilers fuse.
Both differentiate in every way torch has: the map is linear, and its own transpose.
"""

from __future__ import annotations

import ctypes
import math
import sys
import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
import torch.autograd.forward_ad as forward_ad
from torch import Tensor
from torch.nn.parameter import Parameter

from . import native
from .threads import borrow

Keep = Tensor | int
"""k of each sample, or one k for all. A tensor is integer, with the shape of the view but 1
everywhere except in the batch dims."""


# --- which tensors the kernel may touch ---------------------------------------------------------


def _plain_keys() -> frozenset[int]:
    """Dispatch keys of ordinary strided CPU tensors: no conjugate or negative bit, no wrapper."""
    specimens = [torch.empty(0, device="cpu"), torch.empty(0, device="cpu", requires_grad=True)]
    with torch.inference_mode():
        specimens.append(torch.empty(0, device="cpu"))
    return frozenset(torch._C._dispatch_keys(x).raw_repr() for x in specimens)


with torch._C.DisableTorchFunction():
    _PLAIN = _plain_keys()

_dispatch_keys = torch._C._dispatch_keys
_functorch_active = torch._C._are_functorch_transforms_active
_dispatch_modes = torch._C._len_torch_dispatch_stack
_tracing_state = torch._C._get_tracing_state


def unwatched() -> bool:
    """Whether nothing records or transforms what this thread does: no functorch, no mode, no trace.

    Not to be asked while compiling.
    """
    return not _functorch_active() and not _dispatch_modes() and _tracing_state() is None


def is_plain(x: Tensor) -> bool:
    """Whether x is memory of the CPU that nobody is watching."""
    return (
        (type(x) is Tensor or type(x) is Parameter)
        and _dispatch_keys(x).raw_repr() in _PLAIN
        and not _functorch_active()
        and not _dispatch_modes()
        and _tracing_state() is None
    )


# --- plans: what follows from shape, strides and dims, once -------------------------------------


class Dims(NamedTuple):
    """Dims of a view, resolved: none negative, none repeated, batch dims rising."""

    batch: tuple[int, ...]
    dropout: int


def resolve_dims(
    ndim: int, batch_dim: tuple[int, ...], dropout_dim: int, drawing: bool = True
) -> Dims:
    """Resolves negative dims.

    Args:
        ndim: dims of the tensor.
        batch_dim: dims that tell samples apart.
        dropout_dim: the dim that is cut.
        drawing: k is drawn for each sample, so the dims must not overlap.

    Raises:
        IndexError: a dim that the tensor does not have.
        ValueError: the dropout dim is a batch dim too.
    """
    for dim in (dropout_dim, *(batch_dim if drawing else ())):
        if not -ndim <= dim < ndim:
            raise IndexError(
                f"dim {dim} is out of range for a tensor of {ndim} dims "
                f"(batch_dim = {batch_dim}, dropout_dim = {dropout_dim})"
            )
    dropout = dropout_dim % ndim
    batch = tuple(sorted({dim % ndim for dim in batch_dim})) if drawing else ()
    if dropout in batch:
        raise ValueError(
            f"batch_dim = {batch_dim} and dropout_dim = {dropout_dim} overlap in a tensor of {ndim} "
            "dims"
        )
    return Dims(batch, dropout)


def noise_shape(shape: Sequence[int], dims: Dims) -> list[int]:
    """The shape of one number a sample: 1 everywhere except in the batch dims."""
    result = [1] * len(shape)
    for dim in dims.batch:
        result[dim] = shape[dim]
    return result


def _runs_long(shape: Any, stride: Any, dims: Dims, element_size: int) -> bool:
    """Whether what a sample keeps is long stretches of memory rather than scattered elements."""
    step = stride[dims.dropout]
    block = 1
    inner = sorted(
        (stride[d], shape[d])
        for d in range(len(shape))
        if d != dims.dropout and d not in dims.batch and shape[d] > 1 and stride[d] < step
    )
    for inner_stride, size in inner:
        if inner_stride != block:
            break
        block *= size
    return step == block or block * element_size >= 64 or shape[dims.dropout] <= 1


_FEW_BYTES = 16 * 1024


class Plan:
    """What the kernel is told of a shape. The structures are written to by each call, so plans
    belong to one thread."""

    __slots__ = (
        "bytes",
        "dims",
        "dims_address",
        "fast",
        "keep_shape",
        "n",
        "noise",
        "samples",
        "structures",
        "where",
        "x",
        "x_address",
        "y",
        "y_address",
    )

    def __init__(self, x: Tensor, dims: Dims) -> None:
        shape, element_size = tuple(x.shape), x.element_size()
        self.dims = dims
        self.n = shape[dims.dropout]
        self.bytes = x.numel() * element_size
        self.keep_shape = noise_shape(shape, dims)
        self.samples = math.prod(self.keep_shape)
        # Up to here torch's own graph of two small ops costs less than a Function around the kernel;
        # `where` takes strides from the mask, unless they are the plainest.
        self.where = self.bytes <= _FEW_BYTES and x.is_contiguous()
        self.noise: Tensor | None = None  # memory that draws use again and again
        y_stride = torch.empty_like(x).stride()
        self.fast = (
            len(shape) <= native.MOST_DIMS
            and element_size in (1, 2, 4, 8)
            and 0 < self.n < 2**31
            and self.bytes > 0
            and all(step > 0 or size == 1 for step, size in zip(x.stride(), shape, strict=True))
            and _runs_long(shape, x.stride(), dims, element_size)
            and _runs_long(shape, y_stride, dims, element_size)
        )
        if not self.fast:
            return
        sizes = (ctypes.c_size_t * native.MOST_DIMS)(*shape)
        self.x = native.View(0, element_size, len(shape), sizes, _strides(x.stride()))
        self.y = native.View(0, element_size, len(shape), sizes, _strides(y_stride))
        batch = (ctypes.c_int * native.MOST_DIMS)(*dims.batch)
        structure = native.Dims(1, len(dims.batch), batch, dims.dropout)
        self.x_address = ctypes.addressof(self.x)
        self.y_address = ctypes.addressof(self.y)
        self.dims_address = ctypes.addressof(structure)
        self.structures = structure


def _strides(values: tuple[int, ...]) -> Any:
    return (ctypes.c_ssize_t * native.MOST_DIMS)(*values)


class _Plans(threading.local):
    def __init__(self) -> None:
        self.by_key: dict[Any, Plan] = {}


_plans = _Plans()
_MOST_PLANS = 256


def plan_for(x: Tensor, batch_dim: tuple[int, ...], dropout_dim: int, drawing: bool) -> Plan:
    """The plan of a plain tensor; raises as `resolve_dims`."""
    key = (x.shape, x.stride(), x.dtype, batch_dim, dropout_dim, drawing)
    by_key = _plans.by_key
    plan = by_key.get(key)
    if plan is None:
        if len(by_key) >= _MOST_PLANS:
            by_key.clear()
        plan = Plan(x, resolve_dims(x.ndim, batch_dim, dropout_dim, drawing))
        by_key[key] = plan
    return plan


# --- the kernel ---------------------------------------------------------------------------------

# Up to here a call is over before giving the interpreter's lock away and back would be.
_BRIEF_BYTES = 64 * 1024
# From here on threads are worth waking, and pages of 2 MB worth asking for.
_PARALLEL_BYTES = 512 * 1024
_HUGE_BYTES = 4 * 1024 * 1024

_apply_brief = native.brief.tdrop_apply
_apply_library = native.library.tdrop_apply


def _advise() -> Any:
    """madvise of Linux, None elsewhere."""
    if not sys.platform.startswith("linux"):
        return None
    function = getattr(ctypes.CDLL(None, use_errno=True), "madvise", None)
    if function is not None:
        function.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    return function


_madvise = _advise()
_MADV_HUGEPAGE, _PAGE = 14, 4096


def ask_for_huge_pages(y: Tensor) -> None:
    """Advises the kernel to back fresh memory with large pages: the first touch of 100 MB in pages
    of 4 KB costs more than writing it. Advice only; errors do not matter."""
    size = y.numel() * y.element_size()
    if _madvise is None or size < _HUGE_BYTES:
        return
    start = y.data_ptr()
    first = (start + _PAGE - 1) // _PAGE * _PAGE
    last = (start + size) // _PAGE * _PAGE
    if last > first:
        _madvise(first, last - first, _MADV_HUGEPAGE)


def _call(plan: Plan, x: Tensor, y: Tensor, same_view: bool, keep: Keep) -> int:
    target, address = (plan.x, plan.x_address) if same_view else (plan.y, plan.y_address)
    if isinstance(keep, Tensor):
        keep_address, same_k = keep.data_ptr(), 0
    else:
        keep_address, same_k = None, keep
    plan.x.data = x.data_ptr()
    target.data = y.data_ptr()
    arguments = (plan.x_address, address, plan.dims_address, keep_address, same_k)
    if plan.bytes <= _BRIEF_BYTES:
        return _apply_brief(*arguments, None)
    if plan.bytes < _PARALLEL_BYTES:
        return _apply_library(*arguments, None)
    loop, _, give_back = borrow()
    try:
        return _apply_library(*arguments, loop)
    finally:
        give_back()


def run_kernel(x: Tensor, plan: Plan, keep: Keep, inplace: bool = False) -> Tensor:
    """The map on a plain tensor, without a thought for gradients.

    Args:
        x: as the plan was made for; `plan.fast` holds.
        plan: from `plan_for`.
        keep: int32, contiguous, on the CPU; or one k.
        inplace: write the tails of x itself.

    Returns:
        x when inplace, else a new tensor with the strides that `empty_like` gives.

    Raises:
        ValueError: a k below 0 or above n.
    """
    if inplace:
        y = x
        if not x.is_inference():  # those have no version
            torch.autograd.graph.increment_version(x)
    else:
        y = torch.empty_like(x)
        if plan.bytes >= _HUGE_BYTES:
            ask_for_huge_pages(y)
    status = _call(plan, x, y, inplace, keep)
    if status:
        what = f"k = {keep}" if isinstance(keep, int) else "k of the samples"
        native.check(status, f"the first k of {plan.n} features, {what}")
    return y


# --- plain torch --------------------------------------------------------------------------------


def along(values: Tensor, ndim: int, dim: int) -> Tensor:
    """A vector as a tensor of ndim dims, all of size 1 except `dim`."""
    shape = [1] * ndim
    shape[dim] = -1
    return values.reshape(shape)


def fill_tails(x: Tensor, mask: Tensor, inplace: bool = False) -> Tensor:
    """x where the mask holds, +0.0 elsewhere; differentiable. The mask is broadcast to x."""
    if inplace:
        return x.masked_fill_(~mask, 0)
    if x.is_contiguous() or not (torch.compiler.is_compiling() or unwatched()):
        return torch.where(mask, x, x.new_zeros(()))
    return x.clone().masked_fill_(~mask, 0)  # keeps strides, which `where` takes from the mask


def mask_of(x: Tensor, keep: Keep, dropout: int) -> Tensor:
    """index along the dropout dim < keep, as a bool tensor that broadcasts to x."""
    index = torch.arange(x.shape[dropout], device=x.device)
    return along(index, x.ndim, dropout) < keep


# --- the differentiable map ---------------------------------------------------------------------


class _Tail(torch.autograd.Function):
    """The map with its gradient: the same map, with the same k."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, plan: Plan, keep: Keep, inplace: bool) -> Tensor:
        ctx.dims, ctx.keep, ctx.inplace = plan.dims, keep, inplace
        if inplace:
            ctx.mark_dirty(x)
        return run_kernel(x, plan, keep, inplace)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        return tail(gradient, ctx.keep, ctx.dims), None, None, None

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor, *_: Any) -> Tensor:
        if ctx.inplace:
            return fill_tails(tangent, mask_of(tangent, ctx.keep, ctx.dims.dropout), inplace=True)
        return tail(tangent, ctx.keep, ctx.dims)


def run_planned(x: Tensor, plan: Plan, keep: Keep, inplace: bool) -> Tensor:
    """`run_kernel` that gradients flow through, backward and forward."""
    needs_graph = (x.requires_grad and torch.is_grad_enabled()) or forward_ad._current_level >= 0
    if needs_graph:
        return _Tail.apply(x, plan, keep, inplace)
    return run_kernel(x, plan, keep, inplace)


def tail(x: Tensor, keep: Keep, dims: Dims) -> Tensor:
    """The first k features of each sample; +0.0 behind them.

    Args:
        x: any tensor.
        keep: one k, or a tensor of the noise shape; int32 and contiguous where x is plain.
        dims: resolved dims of x.

    Raises:
        ValueError: a k outside 0..n, where the kernel sees it.
    """
    if not is_plain(x):
        return fill_tails(x, mask_of(x, keep, dims.dropout))
    drawing = isinstance(keep, Tensor)
    plan = plan_for(x, dims.batch, dims.dropout, drawing)
    if not plan.fast and 0 in x.stride() and not x.requires_grad:
        # An expanded gradient, as that of a sum: written out, then cut where it lies.
        x = x.contiguous()
        plan = plan_for(x, dims.batch, dims.dropout, drawing)
        if plan.fast:
            return run_kernel(x, plan, keep, inplace=True)
    if plan.fast:
        return run_planned(x, plan, keep, inplace=False)
    return fill_tails(x, mask_of(x, keep, dims.dropout))
