# SPDX-License-Identifier: MIT
"""Linear layers that skip what was dropped, before and behind a tail.

The three products of a linear layer (forward, to the input, to the weights) are ops of torch on the
CPU in float32, with shapes for tracing and gradients of every order. Multiply-adds beyond the tails
are not done.
"""

from __future__ import annotations

import ctypes
import math
import threading
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from . import native
from .apply import Dims, ask_for_huge_pages, is_plain, plan_for, run_kernel
from .threads import borrow

_ROWS = Dims((0,), 1)

# --- handles ------------------------------------------------------------------------------------


class _Handle:
    """Owns what a create function of the library made."""

    def __init__(self, kind: str, *arguments: int | None) -> None:
        self.value = ctypes.c_void_p()
        self._destroy = getattr(native.library, f"tdrop_{kind}_destroy")
        create = getattr(native.library, f"tdrop_{kind}_create")
        native.check(create(ctypes.byref(self.value), *arguments), f"{kind} of {arguments}")

    def __del__(self) -> None:
        destroy = getattr(self, "_destroy", None)
        if destroy is not None:
            destroy(self.value)


class _Handles(threading.local):
    """Handles of one thread: a layer for each size (it holds packed copies of the weights), and one
    staircase that grows with the rows."""

    MOST = 16

    def __init__(self) -> None:
        self.layers: dict[tuple[int, int], _Handle] = {}
        self.stairs: _Handle | None = None
        self.rows = 0

    def layer(self, inputs: int, outputs: int) -> ctypes.c_void_p:
        handle = self.layers.pop((inputs, outputs), None)
        if handle is None:
            if len(self.layers) >= self.MOST:
                self.layers.pop(next(iter(self.layers)))
            handle = _Handle("linear", inputs, outputs, None)
        self.layers[(inputs, outputs)] = handle  # the last used stands last
        return handle.value

    def staircase(self, rows: int) -> ctypes.c_void_p:
        if self.stairs is None or self.rows < rows:
            self.stairs = _Handle("staircase", rows)
            self.rows = rows
        return self.stairs.value


_handles = _Handles()


class _Call:
    """One product: a layer and a staircase made ready, addresses and strides of matrices."""

    def __init__(self, weight_shape: Any, rows: int, keep_in: Any, keep_out: Any) -> None:
        self.outputs, self.inputs = weight_shape
        self.rows = rows
        self.layer = _handles.layer(self.inputs, self.outputs)
        self.stairs = _handles.staircase(rows)
        self.keeps = [None if k is None else k.contiguous() for k in (keep_in, keep_out)]
        pointers = [None if k is None else k.data_ptr() for k in self.keeps]
        native.check(
            native.library.tdrop_staircase_set(
                self.stairs, rows, self.inputs, pointers[0], self.outputs, pointers[1]
            ),
            f"keep of {rows} rows, {self.inputs} inputs and {self.outputs} outputs",
        )

    def run(self, product: str, *arguments: Any, pack: tuple[Any, ...] | None = None) -> None:
        """Runs a product with as many threads as torch uses; `pack` are the arguments of
        tdrop_linear_set_weights where weights are read."""
        loop, workers, give_back = borrow()
        try:
            if pack is not None:
                native.check(
                    native.library.tdrop_linear_set_weights(self.layer, *pack, self.stairs, loop),
                    "packing weights",
                )
            size = native.library.tdrop_linear_workspace(self.layer, self.rows, workers)
            workspace = torch.empty(size, dtype=torch.uint8, device="cpu")
            function = getattr(native.library, f"tdrop_linear_{product}")
            status = function(self.layer, self.stairs, *arguments, workspace.data_ptr(), size, loop)
        finally:
            give_back()
        native.check(status, product)


def _matrix(x: Tensor) -> Tensor:
    """x with the elements of a row next to each other, copied only if need be."""
    good = x.stride(1) == 1 and x.stride(0) >= x.shape[1]
    return x if good else x.contiguous()


def _place(x: Tensor) -> tuple[int, int]:
    """Address and stride of a matrix; those of one row may have any stride."""
    return x.data_ptr(), max(x.stride(0), x.shape[1])


def _new(rows: int, columns: int, like: Tensor) -> Tensor:
    result = like.new_empty((rows, columns))
    ask_for_huge_pages(result)
    return result


def _cut(y: Tensor, keep: Tensor | None) -> Tensor:
    """Writes the zeros behind keep, which products leave alone."""
    if keep is None:
        return y
    return run_kernel(y, plan_for(y, _ROWS.batch, _ROWS.dropout, True), keep.contiguous(), True)


def _kernel_fits(*tensors: Tensor) -> bool:
    """float32 matrices with elements, small enough to be counted by the library."""
    return all(t.dtype is torch.float32 and t.numel() > 0 and max(t.shape) < 2**31 for t in tensors)


# --- the same in plain torch --------------------------------------------------------------------


def _mask_rows(x: Tensor, keep: Tensor | None) -> Tensor:
    if keep is None:
        return x
    mask = torch.arange(x.shape[-1], device=x.device) < keep.unsqueeze(-1)
    return torch.where(mask, x, x.new_zeros(()))


def _forward_by_torch(x: Any, weight: Any, bias: Any, keep_in: Any, keep_out: Any) -> Tensor:
    return _mask_rows(F.linear(_mask_rows(x, keep_in), weight, bias), keep_out)


def _input_by_torch(dy: Any, weight: Any, keep_in: Any, keep_out: Any) -> Tensor:
    return _mask_rows(_mask_rows(dy, keep_out) @ weight, keep_in)


def _weight_by_torch(dy: Any, x: Any, keep_in: Any, keep_out: Any) -> tuple[Tensor, Tensor]:
    dy = _mask_rows(dy, keep_out)
    return dy.t() @ _mask_rows(x, keep_in), dy.sum(0)


# --- the ops ------------------------------------------------------------------------------------

# Anybody may call them, and the kernels believe what they are told: everything is checked here.


def _check(condition: bool, what: str, *tensors: Tensor | None) -> None:
    if not condition:
        shapes = ", ".join("None" if t is None else f"{t.dtype} {list(t.shape)}" for t in tensors)
        raise RuntimeError(f"{what}, but got {shapes}")


def _check_matrices(a: Tensor, b: Tensor, what: str) -> None:
    _check(
        a.ndim == b.ndim == 2 and a.dtype is b.dtype,
        f"{what} have to be matrices of one type",
        a,
        b,
    )


def _check_keeps(rows: int, keep_in: Tensor | None, keep_out: Tensor | None) -> None:
    for keep in (keep_in, keep_out):
        if keep is not None:
            good = keep.dtype is torch.int32 and keep.shape == (rows,)
            _check(good, f"a keep has to be torch.int32 [{rows}]", keep)


_PACK_FORWARD, _PACK_BACKWARD = 1, 2


def _forward(x: Any, weight: Any, bias: Any, keep_in: Any, keep_out: Any) -> Tensor:
    _check_matrices(x, weight, "x and weight")
    rows, outputs = x.shape[0], weight.shape[0]
    _check(x.shape[1] == weight.shape[1], "x and weight have to have the same columns", x, weight)
    good = bias is None or (bias.shape == (outputs,) and bias.dtype is x.dtype)
    _check(good, f"bias has to have one number for each of {outputs} outputs", bias)
    _check_keeps(rows, keep_in, keep_out)
    if not _kernel_fits(x, weight):
        return _forward_by_torch(x, weight, bias, keep_in, keep_out)
    x, weight = _matrix(x), _matrix(weight)
    bias = None if bias is None else bias.contiguous()
    y = _new(rows, outputs, x)
    call = _Call(weight.shape, rows, keep_in, keep_out)
    pack = (*_place(weight), None if bias is None else bias.data_ptr(), _PACK_FORWARD)
    call.run("forward", *_place(x), *_place(y), pack=pack)
    return _cut(y, keep_out)


def _backward_input(dy: Any, weight: Any, keep_in: Any, keep_out: Any) -> Tensor:
    _check_matrices(dy, weight, "dy and weight")
    rows, inputs = dy.shape[0], weight.shape[1]
    _check(
        dy.shape[1] == weight.shape[0], "dy has to have a column for each row of weight", dy, weight
    )
    _check_keeps(rows, keep_in, keep_out)
    if not _kernel_fits(dy, weight):
        return _input_by_torch(dy, weight, keep_in, keep_out)
    dy, weight = _matrix(dy), _matrix(weight)
    dx = _new(rows, inputs, dy)
    call = _Call(weight.shape, rows, keep_in, keep_out)
    pack = (*_place(weight), None, _PACK_BACKWARD)
    call.run("backward_input", *_place(dy), None, *_place(dx), pack=pack)
    return _cut(dx, keep_in)


def _backward_weights(dy: Any, x: Any, keep_in: Any, keep_out: Any) -> tuple[Tensor, Tensor]:
    _check_matrices(dy, x, "dy and x")
    rows, inputs, outputs = dy.shape[0], x.shape[1], dy.shape[1]
    _check(x.shape[0] == rows, "dy and x have to have the same rows", dy, x)
    _check_keeps(rows, keep_in, keep_out)
    if not _kernel_fits(dy, x):
        dw, db = _weight_by_torch(dy, x, keep_in, keep_out)
        return dw.contiguous(), db
    dy, x = _matrix(dy), _matrix(x)
    dw, db = _new(outputs, inputs, x), x.new_empty(outputs)
    call = _Call((outputs, inputs), rows, keep_in, keep_out)
    call.run("backward_weights", *_place(dy), *_place(x), *_place(dw), db.data_ptr())
    return dw, db


_ops = torch.library.Library("taildropout", "FRAGMENT")
_KEEPS = "Tensor? keep_in, Tensor? keep_out"
_ops.define(f"linear(Tensor x, Tensor weight, Tensor? bias, {_KEEPS}) -> Tensor")
_ops.define(f"linear_backward_input(Tensor dy, Tensor weight, {_KEEPS}) -> Tensor")
_ops.define(f"linear_backward_weights(Tensor dy, Tensor x, {_KEEPS}) -> (Tensor, Tensor)")
_ops.impl("linear", _forward, "CPU")
_ops.impl("linear_backward_input", _backward_input, "CPU")
_ops.impl("linear_backward_weights", _backward_weights, "CPU")


@torch.library.register_fake("taildropout::linear", lib=_ops)
def _forward_fake(x: Any, weight: Any, bias: Any, keep_in: Any, keep_out: Any) -> Tensor:
    return x.new_empty((x.shape[0], weight.shape[0]))


@torch.library.register_fake("taildropout::linear_backward_input", lib=_ops)
def _input_fake(dy: Any, weight: Any, keep_in: Any, keep_out: Any) -> Tensor:
    return dy.new_empty((dy.shape[0], weight.shape[1]))


@torch.library.register_fake("taildropout::linear_backward_weights", lib=_ops)
def _weights_fake(dy: Any, x: Any, keep_in: Any, keep_out: Any) -> tuple[Tensor, Tensor]:
    return dy.new_empty((dy.shape[1], x.shape[1])), dy.new_empty(dy.shape[1])


def _save(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
    ctx.save_for_backward(*inputs)


# y = mask_out((mask_in x) W' + b) is linear in x and in W, so each product's gradients are the other
# two, and gradients of gradients need nothing new.


def _forward_gradient(ctx: Any, dy: Tensor) -> tuple[Tensor | None, ...]:
    x, weight, bias, keep_in, keep_out = ctx.saved_tensors
    needs = ctx.needs_input_grad
    dx = dw = db = None
    if needs[0]:
        dx = torch.ops.taildropout.linear_backward_input(dy, weight, keep_in, keep_out)
    if needs[1] or needs[2]:
        dw, db = torch.ops.taildropout.linear_backward_weights(dy, x, keep_in, keep_out)
    return dx, dw if needs[1] else None, db if bias is not None and needs[2] else None, None, None


def _input_gradient(ctx: Any, ddx: Tensor) -> tuple[Tensor | None, ...]:
    dy, weight, keep_in, keep_out = ctx.saved_tensors
    to_dy = torch.ops.taildropout.linear(ddx, weight, None, keep_in, keep_out)
    to_weight, _ = torch.ops.taildropout.linear_backward_weights(dy, ddx, keep_in, keep_out)
    return to_dy, to_weight, None, None


def _weights_gradient(ctx: Any, ddw: Tensor, ddb: Tensor) -> tuple[Tensor | None, ...]:
    dy, x, keep_in, keep_out = ctx.saved_tensors
    to_dy = torch.ops.taildropout.linear(x, ddw, ddb, keep_in, keep_out)
    to_x = torch.ops.taildropout.linear_backward_input(dy, ddw, keep_in, keep_out)
    return to_dy, to_x, None, None


for _name, _gradient in (
    ("linear", _forward_gradient),
    ("linear_backward_input", _input_gradient),
    ("linear_backward_weights", _weights_gradient),
):
    torch.library.register_autograd(
        f"taildropout::{_name}", _gradient, setup_context=_save, lib=_ops
    )


# --- the function -------------------------------------------------------------------------------


def _row_keeps(keep: Tensor | None, lead: Any, width: int, name: str) -> Tensor | None:
    """keep as a vector of int32, one for each row."""
    if keep is None:
        return None
    if not isinstance(keep, Tensor) or keep.is_floating_point() or keep.is_complex():
        raise TypeError(f"{name} has to be None or a tensor of whole numbers, but got {keep!r}")
    if keep.shape != lead:
        raise ValueError(
            f"{name} has to have one k for each row, shape {tuple(lead)}, but has {tuple(keep.shape)}"
        )
    keep = keep.reshape(-1)
    if keep.dtype in (torch.int64, torch.uint32, torch.uint64):
        # What int32 cannot hold stays out of range, instead of coming out as another number.
        keep = keep.to(torch.int64).clamp(-1, 2**31 - 1)
    return keep.to(torch.int32)


def tail_linear(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    keep_in: Tensor | None = None,
    keep_out: Tensor | None = None,
) -> Tensor:
    """x·Wᵀ + b without the multiply-adds that tails make needless.

    Row i of x counts up to feature keep_in[i], and of its outputs the first keep_out[i] are
    computed; +0.0 stands behind them. Gradients skip likewise. On the CPU in float32 the work follows
    what is kept; elsewhere, under autocast and in transforms of `torch.func`, torch computes the same
    with masks and saves nothing.

    Args:
        x: [..., inputs].
        weight: [outputs, inputs].
        bias: [outputs] or None.
        keep_in: k of each row, 0..inputs, shape x.shape[:-1], or None: everything.
        keep_out: k of each row, 0..outputs, the same.

    Returns:
        [..., outputs].

    Raises:
        TypeError: an x or weight that is no tensor; a keep that is no tensor of whole numbers.
        ValueError: shapes that do not fit, or a k out of range where the kernels see it.
    """
    if not isinstance(x, Tensor) or not isinstance(weight, Tensor):
        raise TypeError(
            f"x and weight have to be tensors, but are {type(x).__name__} and {type(weight).__name__}"
        )
    if x.ndim < 1 or weight.ndim != 2 or x.shape[-1] != weight.shape[1]:
        raise ValueError(
            f"x [..., inputs] and weight [outputs, inputs] do not fit: {tuple(x.shape)} and "
            f"{tuple(weight.shape)}"
        )
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ValueError(
            f"bias has to have the shape ({weight.shape[0]},), but has {tuple(bias.shape)}"
        )
    lead = x.shape[:-1]
    keep_in = _row_keeps(keep_in, lead, weight.shape[1], "keep_in")
    keep_out = _row_keeps(keep_out, lead, weight.shape[0], "keep_out")
    rows = x.reshape(math.prod(lead), x.shape[-1])
    compute = torch.ops.taildropout.linear if _ops_fit(rows, weight, bias) else _forward_by_torch
    return compute(rows, weight, bias, keep_in, keep_out).reshape(*lead, weight.shape[0])


def _ops_fit(x: Tensor, weight: Tensor, bias: Tensor | None) -> bool:
    tensors = (x, weight) if bias is None else (x, weight, bias)
    for tensor in tensors:
        if tensor.device.type != "cpu" or tensor.dtype is not torch.float32:
            return False
    if torch.is_autocast_enabled("cpu"):
        return False
    return torch.compiler.is_compiling() or is_plain(x)
