# SPDX-License-Identifier: MIT
"""Two linear layers with a tail between them, as one module that skips on both sides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from .layer import TailDropout
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


class TailMLP(nn.Module):
    """Linear, activation, TailDropout, Linear; what the tail drops is computed on neither side.

    It computes what `nn.Sequential(producer, activation, tail, consumer)` does, with the same draws
    for the same seed, up to rounding.

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
        producer, consumer = self.producer, self.consumer
        shape = (*x.shape[:-1], producer.out_features)
        keep = self.tail.draw_keep(shape, producer.weight.dtype, x.device)
        if keep is None:
            return consumer(self.activation(producer(x)))
        if isinstance(keep, int):
            bias = None if producer.bias is None else producer.bias[:keep]
            code = self.activation(F.linear(x, producer.weight[:keep], bias))
            return F.linear(code, consumer.weight[:, :keep], consumer.bias)
        rows = keep.expand(*x.shape[:-1], 1).squeeze(-1)
        code = tail_linear(x, producer.weight, producer.bias, keep_out=rows)
        code = self.activation(code)
        return tail_linear(code, consumer.weight, consumer.bias, keep_in=rows)
