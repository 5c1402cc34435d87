# SPDX-License-Identifier: MIT
"""Speed of the layer against nn.Dropout and the original expression, in one run.

    python -m taildropout.bench [--json FILE] [--quick] [--threads 1 2] [NAME ...]

Ours and the rival run by turns in blocks of calls. A block counts for its fastest call, which is the
one that others on the machine disturbed least; a row is the median of the ratios of neighbouring
blocks. Only ratios mean anything: times depend on the machine.
Memory that was freed stays with the process on both sides (as in a training that has run for a
while, or with the allocators that PyTorch's tuning guide recommends), unless --malloc-default: with
glibc's defaults both sides may spend most of their time on pages that are given back and asked for
again.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import math
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from . import TailDropout, TailMLP
from .laws import get_scale_param

Step = Callable[[], Any]


class OriginalExpression(nn.Module):
    """What the original layer computes in training, for batch dim 0 of a matrix: table, noise, mask
    and product in the type of the input."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.a = get_scale_param(p)

    def forward(self, x: Tensor) -> Tensor:
        n = x.shape[-1]
        j = torch.arange(1, n + 1, 1, device=x.device, dtype=x.dtype)
        below = (1 - torch.exp(-j / (self.a * n))).reshape(1, n)
        noise = torch.rand((x.shape[0], 1), device=x.device, dtype=x.dtype)
        return x * (below < noise)


class _Copy(torch.autograd.Function):
    """Copies its input, and the gradient on the way back: the least that a layer does which is no
    op of torch's own and must not write to its input."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return gradient.clone()


class CopyBothWays(nn.Module):
    """What the layer would cost if nothing were drawn and nothing dropped."""

    def forward(self, x: Tensor) -> Tensor:
        return _Copy.apply(x)


@dataclass
class Row:
    """One comparison, as in bench.json."""

    name: str
    rival: str
    threads: int
    ours_ms: float
    rival_ms: float
    ratio: float


@dataclass(frozen=True)
class Comparison:
    """What is compared: two functions that make a step each."""

    name: str
    rival: str
    make: Callable[[], tuple[Step, Step]]
    at_least: float | None  # None: there to show what is possible


# --- what is measured ---------------------------------------------------------------------------


def _forward(layer: nn.Module, x: Tensor) -> Step:
    return lambda: layer(x)


def _training(layer: nn.Module, x: Tensor) -> Step:
    gradient = torch.randn(x.shape)

    def step() -> None:
        x.grad = None
        layer.zero_grad()
        layer(x).backward(gradient)

    return step


def _layers(shape: tuple[int, int], rival: Callable[[], nn.Module], step: Any) -> Any:
    def make() -> tuple[Step, Step]:
        x = torch.randn(shape).requires_grad_(step is _training)
        return step(TailDropout(), x), step(rival(), x)

    return make


def _compiled(shape: tuple[int, int], step: Any) -> Any:
    def make() -> tuple[Step, Step]:
        torch.compiler.reset()
        x = torch.randn(shape).requires_grad_(step is _training)
        ours, rival = torch.compile(TailDropout()), torch.compile(OriginalExpression())
        return step(ours, x), step(rival, x)

    return make


def _mlp() -> tuple[Step, Step]:
    size = 1024
    x = torch.randn(size, size)
    plain = nn.Sequential(nn.Linear(size, size), nn.ReLU(), nn.Linear(size, size))
    return _training(TailMLP(size, size, size), x), _training(plain, x)


_DROPOUT, _ORIGINAL, _COPY = "nn.Dropout", "original", "a copy each way"
_MIDDLE, _LARGE, _SMALL = (1024, 512), (8192, 4096), (16, 64)

COMPARISONS = [
    Comparison("forward 1024x512", _DROPOUT, _layers(_MIDDLE, nn.Dropout, _forward), 5.0),
    Comparison("forward 1024x512", _ORIGINAL, _layers(_MIDDLE, OriginalExpression, _forward), 5.0),
    Comparison("forward+backward 1024x512", _DROPOUT, _layers(_MIDDLE, nn.Dropout, _training), 5.0),
    Comparison(
        "forward+backward 1024x512", _ORIGINAL, _layers(_MIDDLE, OriginalExpression, _training), 7.0
    ),
    Comparison("forward+backward 1024x512", _COPY, _layers(_MIDDLE, CopyBothWays, _training), None),
    Comparison(
        "forward+backward 8192x4096", _ORIGINAL, _layers(_LARGE, OriginalExpression, _training), 2.5
    ),
    Comparison("forward 16x64", _ORIGINAL, _layers(_SMALL, OriginalExpression, _forward), 1.5),
    Comparison("compiled forward 1024x512", _ORIGINAL, _compiled(_MIDDLE, _forward), 1.0),
    Comparison("compiled forward+backward 1024x512", _ORIGINAL, _compiled(_MIDDLE, _training), 1.0),
    Comparison("TailMLP 1024-1024-1024 forward+backward", "Linear, ReLU, Linear", _mlp, 1.4),
]

# --- measuring ----------------------------------------------------------------------------------


def _fastest(step: Step, calls: int) -> float:
    best = math.inf
    for _ in range(calls):
        start = time.perf_counter()
        step()
        best = min(best, time.perf_counter() - start)
    return best


def _calls(step: Step, seconds: float) -> int:
    """How many calls a block of so many seconds has."""
    step()
    return max(3, min(2000, round(seconds / max(_fastest(step, 3), 1e-7))))


def measure(ours: Step, rival: Step, blocks: int, seconds: float) -> tuple[float, float, float]:
    """Times of one call in seconds, and their ratio, from blocks by turns."""
    calls = _calls(ours, seconds), _calls(rival, seconds)
    times: list[tuple[float, float]] = []
    for _ in range(blocks):
        pair = []
        for step, count in zip((ours, rival), calls, strict=True):
            step()  # the first call after the other side pays for what that left behind
            pair.append(_fastest(step, count))
        times.append((pair[0], pair[1]))
    ratio = statistics.median(theirs / mine for mine, theirs in times)
    return (*(statistics.median(side) for side in zip(*times, strict=True)), ratio)


def _keep_freed_memory() -> None:
    """glibc: never give memory back to the system, none by mmap up to 32 MB."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        trim_threshold, mmap_threshold = -1, -3
        mallopt(trim_threshold, 2**31 - 1)
        mallopt(mmap_threshold, 32 * 1024 * 1024)


def run(names: list[str], threads: list[int], quick: bool) -> list[Row]:
    """Measures the comparisons whose names contain one of `names` (none: all), and prints them."""
    rows = []
    print(f"{'what':42} {'rival':22} threads   ours ms  rival ms   ratio  at least")
    before = torch.get_num_threads()
    try:
        for comparison in COMPARISONS:
            if names and not any(name in comparison.name for name in names):
                continue
            for count in threads:
                torch.set_num_threads(count)
                ours, rival = comparison.make()
                result = measure(ours, rival, 5 if quick else 25, 0.01 if quick else 0.05)
                mine, theirs = (1e3 * t for t in result[:2])
                row = Row(comparison.name, comparison.rival, count, mine, theirs, result[2])
                rows.append(row)
                bar = "" if comparison.at_least is None else f"{comparison.at_least:7.1f}x"
                print(
                    f"{row.name:42} {row.rival:22} {count:7} {mine:9.3f} {theirs:9.3f} "
                    f"{row.ratio:6.2f}x {bar}",
                    flush=True,
                )
    finally:
        torch.set_num_threads(before)
    return rows


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m taildropout.bench", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("names", nargs="*", metavar="NAME", help="rows whose name contains this")
    parser.add_argument("--json", metavar="FILE", help="also write the rows to a file")
    parser.add_argument("--quick", action="store_true", help="the same rows, fewer repeats")
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2], metavar="T")
    parser.add_argument("--malloc-default", action="store_true", help="leave malloc as it is")
    options = parser.parse_args(arguments)
    if not options.malloc_default and sys.platform.startswith("linux"):
        _keep_freed_memory()
    print(f"torch {torch.__version__}, CPU, {os.cpu_count()} processors")
    rows = run(options.names, options.threads, options.quick)
    if options.json:
        with open(options.json, "w") as file:
            json.dump([asdict(row) for row in rows], file, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
