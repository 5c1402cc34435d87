# SPDX-License-Identifier: MIT
"""Layers of model files that go by what a tail keeps. A tail has one output, so it remembers."""

from __future__ import annotations

import threading
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .apply import Keep, fill_tails, mask_of, resolve_dims, tail
from .layer import TailDropout


class _Kept(threading.local):
    """What a tail kept, one for each thread: several may run a model at once. A copy starts empty."""

    value: Keep | None = None

    def __reduce__(self) -> Any:
        return _Kept, ()


class FileTail(TailDropout):
    """TailDropout that remembers what its last call kept, until it is told to `forget`."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._kept = _Kept()

    @property
    def kept(self) -> Keep | None:
        """None for everything, one k, or k of each sample in the noise shape; of this thread."""
        return self._kept.value

    @kept.setter
    def kept(self, kept: Keep | None) -> None:
        self._kept.value = kept

    def forget(self) -> None:
        """What comes behind takes everything as kept, until the next call."""
        self._kept.value = None

    def train(self, mode: bool = True) -> FileTail:
        """As TailDropout; what was kept in another mode counts no more."""
        self.forget()
        super().train(mode)
        return self

    def forward(self, input: Tensor) -> Tensor:
        """As TailDropout."""
        self.kept = self.draw_keep(input.shape, input.dtype, input.device)
        return self.cut(input)

    def cut(self, x: Tensor) -> Tensor:
        """Zeroes in another tensor what the last call dropped."""
        kept = self.kept
        if kept is None:
            return x
        drawn = isinstance(kept, Tensor) and kept.ndim > 0
        dims = resolve_dims(x.ndim, self._batch_dims, self._dropout_dim, drawing=drawn)
        if torch.compiler.is_compiling():
            return fill_tails(x, mask_of(x, kept, dims.dropout))
        return tail(x, kept, dims)


class WidthBias(nn.Module):
    """A bias for each k: y = x + bias[k], k being what the tail before it kept of the row.

    Attributes:
        bias: [n + 1, width].
    """

    def __init__(self, tail: FileTail, n: int, width: int) -> None:
        super().__init__()
        self._tail = (tail,)  # a submodule of somebody else
        self.bias = nn.Parameter(torch.empty(n + 1, width, device="meta"))

    @property
    def tail(self) -> FileTail:
        """The tail whose k counts."""
        return self._tail[0]

    def forward(self, input: Tensor) -> Tensor:
        """[..., width] to the same."""
        kept, n = self.tail.kept, self.bias.shape[0] - 1
        if kept is None:
            return input + self.bias[n]
        if isinstance(kept, int):
            return input + self.bias[kept]
        rows = kept.clamp(max=n)  # in a compiled graph a set k above n keeps everything
        return input + functional.embedding(rows.squeeze(-1) if rows.ndim else rows, self.bias)


class KeptSigmoid(nn.Module):
    """A sigmoid behind a tail: what was dropped stays 0, where torch's would make it 1/2."""

    def __init__(self, tail: FileTail) -> None:
        super().__init__()
        self._tail = (tail,)

    def forward(self, input: Tensor) -> Tensor:
        """[..., n] to the same."""
        return self._tail[0].cut(torch.sigmoid(input))
