# SPDX-License-Identifier: MIT
"""Two linear layers with a tail between them, as one module that skips on both sides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.fx as fx
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.module import _has_any_global_hook

from .layer import TailDropout, as_leaf
from .linear import tail_linear

_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "identity": nn.Identity,
}


def _make_activation(activation: str | Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    if not isinstance(activation, str):
        if not callable(activation):
            raise TypeError(f"activation has to be a name or callable, but got {activation!r}")
        return activation
    if activation not in _ACTIVATIONS:
        raise ValueError(f"activation = {activation!r} is none of {', '.join(_ACTIVATIONS)}")
    return _ACTIVATIONS[activation]()


_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


def _has_hooks(module: Any) -> bool:
    return isinstance(module, nn.Module) and any(getattr(module, hooks) for hooks in _HOOKS)


def _is_linear(module: nn.Module) -> bool:
    """Whether weight and bias are all that there is to it."""
    return type(module).forward is nn.Linear.forward and "forward" not in module.__dict__


def _has_a_number_for_each_feature(activation: Any) -> bool:
    return isinstance(activation, nn.Module) and any(p.numel() > 1 for p in activation.parameters())


class TailMLP(nn.Module):
    """Linear, activation, TailDropout, Linear; what the tail drops is computed on neither side.

    It computes what `nn.Sequential(producer, activation, tail, consumer)` does, with the same draws
    for the same seed, up to rounding. Where one of these has hooks (as those of spectral_norm,
    weight_norm and torch.nn.utils.prune) or a forward of its own, it is just that sequence, and
    nothing is skipped.

    Args:
        in_features: width of the input.
        hidden: n, the ordered features between the layers.
        out_features: width of the output.
        activation: a name ("relu", "gelu", "silu", "tanh", "sigmoid", "identity"), a module or a
            function. Element by element: output j may depend on input j alone.
        p: mean share of hidden features dropped.
        bias: whether both layers have one.
        tail: other arguments of TailDropout, by keyword; `dropout_dim` is the last.

    Shape:
        [..., in_features] to [..., out_features].

    Raises:
        ValueError, TypeError: as TailDropout; an unknown activation.
    """

    def __init__(
        self,
        in_features: int,
        hidden: int,
        out_features: int,
        activation: str | Callable[[Tensor], Tensor] = "relu",
        p: float = 0.5,
        *,
        bias: bool = True,
        **tail: Any,
    ) -> None:
        super().__init__()
        if tail.get("dropout_dim", -1) != -1 or tail.get("inplace", False):
            raise ValueError("TailMLP cuts the last dim, and not in place")
        self.producer = nn.Linear(in_features, hidden, bias=bias)
        self.activation = _make_activation(activation)
        self.tail = TailDropout(p, **tail)
        self.consumer = nn.Linear(hidden, out_features, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """The output for x; which hidden features are kept follows from mode and k of `tail`.

        Raises:
            ValueError: a set k above the hidden features.
        """
        if isinstance(x, fx.Proxy):
            return as_leaf(self, x)
        producer, consumer = self.producer, self.consumer
        if not self._may_skip():
            return consumer(self.tail(self.activation(producer(x))))
        shape = (*x.shape[:-1], producer.out_features)
        keep = self.tail.draw_keep(shape, producer.weight.dtype, x.device)
        if keep is None:
            return consumer(self.activation(producer(x)))
        if isinstance(keep, int) and not _has_a_number_for_each_feature(self.activation):
            bias = None if producer.bias is None else producer.bias[:keep]
            code = self.activation(F.linear(x, producer.weight[:keep], bias))
            return F.linear(code, consumer.weight[:, :keep], consumer.bias)
        if isinstance(keep, int):
            keep = torch.full((1,), keep, dtype=torch.int32, device=x.device)
        rows = keep.expand(*x.shape[:-1], 1).squeeze(-1)
        code = tail_linear(x, producer.weight, producer.bias, keep_out=rows)
        code = self.activation(code)
        return tail_linear(code, consumer.weight, consumer.bias, keep_in=rows)

    def _may_skip(self) -> bool:
        """Whether going around the children's own calls changes nothing."""
        tail = self.tail
        return (
            _is_linear(self.producer)
            and _is_linear(self.consumer)
            and tail._dropout_dim == -1
            and not tail.inplace
            and not any(map(_has_hooks, (self.producer, self.activation, tail, self.consumer)))
            and not _has_any_global_hook()
        )
