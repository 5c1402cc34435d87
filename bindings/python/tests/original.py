# SPDX-License-Identifier: MIT
"""What Martinsson's TailDropout computes, restated for comparison.

Written from a description of its behaviour, to be run beside ours: one table of 1 - exp(-j / (a·n)),
one uniform number a sample, both in the type of the input, and a product with the mask.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def scale_of(p: float, tol: float = 1e-9) -> float:
    """Repeats a <- q / (1 - exp(-1/a)), q = 1 - p, until the equation holds to tol."""
    q = 1 - p
    a = 0.5 / (1 - q)
    error = math.inf
    while error > tol:
        a = q / (1 - math.exp(-1 / a))
        error = abs(q - (a - a * math.exp(-1 / a)))
    return a


class Original(nn.Module):
    """The layer. A set k lives in a buffer, whether it is set in an attribute."""

    def __init__(self, p: float = 0.5, batch_dim=0, dropout_dim: int = -1) -> None:
        super().__init__()
        dims = [batch_dim] if isinstance(batch_dim, int) else list(batch_dim)
        if not 0 <= p <= 1 or dropout_dim in dims:
            raise ValueError("p or dims")
        self.p, self.dims, self.cut = p, dims, dropout_dim
        self.a = scale_of(p) if 0 < p < 1 else None
        self.register_buffer("k", torch.tensor(-1, dtype=torch.long))
        self.is_set = False

    def set_k(self, k: int | None) -> None:
        self.is_set = k is not None
        self.k.fill_(-1 if k is None else k)

    def train(self, mode: bool = True):
        if self.is_set:
            self.set_k(None)
        return super().train(mode)

    def _shaped(self, shape, dims) -> list[int]:
        result = [1] * len(shape)
        for dim in dims:
            result[dim] = shape[dim]
        return result

    def forward(self, x: Tensor) -> Tensor:
        n = x.shape[self.cut]
        wide = self._shaped(x.shape, [self.cut])
        if self.is_set:
            return x * (torch.arange(n, device=x.device) < self.k).reshape(wide)
        if not self.training or self.p == 0:
            return x
        if self.p == 1:
            return x * 0
        j = torch.arange(1, n + 1, 1, device=x.device, dtype=x.dtype)
        below = (1 - torch.exp(-j / (self.a * n))).reshape(wide)
        noise = torch.rand(self._shaped(x.shape, self.dims), device=x.device, dtype=x.dtype)
        return x * (below < noise)
