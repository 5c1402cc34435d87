# SPDX-License-Identifier: MIT
"""Laws of k: how many features a sample keeps, and the table that a draw is compared with.

A table has n entries, table[j - 1] = P(k < j) for j = 1..n. With noise u in [0, 1), feature j is kept
where table[j - 1] < u, so k is the number of entries below u.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from . import native

ORIGINAL = "original"

# The laws whose mean share dropped is p.
BY_P = (ORIGINAL, "exponential")

# The laws that read a number behind a colon.
RATES = ("geometric", "mixed")


def get_scale_param(p: float, tol: float = 1e-9) -> float:
    """The a that solves a - a·exp(-1/a) = 1 - p, by fixed-point iteration.

    P(k >= j) = exp(-j / (a·n)) then has a mean dropped share of p, up to the rounding of features
    to whole ones. An exact solver would give other last digits, hence other masks, than the
    original implementation does; this one gives the same.

    Args:
        p: mean share of features dropped, 0 < p < 1.
        tol: how well the equation has to hold.

    Returns:
        a, without a unit; infinite where p is too small to differ from 0.

    Raises:
        ValueError: p is not between 0 and 1, or is one of them.
    """
    if not 0.0 < p < 1.0:
        raise ValueError(f"the scale of the law needs 0 < p < 1, but got p = {p}")
    kept = 1 - p
    if kept == 1:
        return math.inf
    a = 0.5 / (1 - kept)
    previous = before = None
    while True:
        a = kept / (1 - math.exp(-1 / a))
        if abs(kept - (a - a * math.exp(-1 / a))) <= tol or a in (previous, before):
            return a
        before, previous = previous, a


@dataclass(frozen=True)
class Law:
    """Which law, with its parameters.

    Attributes:
        name: as `tdrop_law_kind_parse` reads it.
        rate: chance to stop at each feature, for `geometric`; share of the rows that keep all, for
            `mixed`.
        weights: weights of k = 0..n, for `table`.
    """

    name: str = ORIGINAL
    rate: float = 0.0
    weights: tuple[float, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}:{self.rate:g}" if self.name in RATES else self.name


LawLike: TypeAlias = "str | Iterable[float] | Law"
"""A law by name, or the weights of k = 0..n; arrays are weights too."""


def parse_law(law: LawLike) -> Law:
    """Reads a law.

    Args:
        law: "original", "exponential", "geometric:RATE", "uniform", "log-uniform", "pow2",
            "mixed:SHARE", or the weights of k = 0..n.

    Raises:
        ValueError: no such law, or a rate outside [0, 1].
        TypeError: neither a name nor numbers.
    """
    if isinstance(law, Law):
        return law
    if not isinstance(law, str):
        try:
            weights = tuple(float(weight) for weight in law)
        except (TypeError, ValueError):
            raise TypeError(f"law has to be a name or the weights of k, but got {law!r}") from None
        bad = [w for w in weights if not (w >= 0 and math.isfinite(w))]
        if len(weights) < 2 or bad or not sum(weights) > 0:
            raise ValueError(
                "the weights of k have to be n + 1 finite numbers, not negative and not all 0, but "
                f"got {len(weights)} numbers" + (f", one of them {bad[0]}" if bad else "")
            )
        return Law("table", weights=weights)
    name, colon, rate = law.partition(":")
    kind = ctypes.c_int()
    if native.library.tdrop_law_kind_parse(name.encode(), ctypes.byref(kind)) or name == "table":
        raise ValueError(
            f"law = {law!r} is none of original, exponential, geometric:RATE, uniform, "
            "log-uniform, pow2, mixed:SHARE (or a sequence of weights of k)"
        )
    if (name in RATES) != bool(colon):
        raise ValueError(
            f"law = {law!r}: geometric and mixed need a number, as geometric:0.1 or mixed:0.15, "
            "others have none"
        )
    try:
        number = float(rate) if colon else 0.0
    except ValueError:
        number = math.nan
    if not 0.0 <= number <= 1.0:
        raise ValueError(f"law = {law!r}: the number has to be in [0, 1]")
    return Law(name, rate=number)


def first_of(law: Law, k: int) -> Law:
    """The law where only the first k features are left: what a table of weights held beyond k falls
    on k."""
    weights = law.weights
    if len(weights) <= k + 1:
        return law
    return parse_law((*weights[:k], sum(weights[k:])))


def probabilities(law: LawLike, n: int, p: float = 0.5, k_min: int = 0) -> Any:
    """P(k = j) for j = 0..n.

    Args:
        law: as for `parse_law`.
        n: number of features.
        p: mean share dropped, for `exponential` and `original`.
        k_min: smallest k.

    Returns:
        A list of n + 1 numbers that add up to 1 within rounding.

    Raises:
        ValueError: a law that does not fit n, p or k_min.
    """
    parsed = parse_law(law)
    options = native.LawOptions(k_min=k_min, p=p, rate=parsed.rate)
    kind = ctypes.c_int()
    native.library.tdrop_law_kind_parse(parsed.name.encode(), ctypes.byref(kind))
    options.kind = kind.value
    if parsed.weights:
        weights = (ctypes.c_double * len(parsed.weights))(*parsed.weights)
        options.weights, options.weight_count = weights, len(weights)
    handle = ctypes.c_void_p()
    native.check(
        native.library.tdrop_law_create(ctypes.byref(handle), n, ctypes.byref(options)),
        f"law {parsed} with n = {n}, p = {p}, k_min = {k_min}",
    )
    try:
        result = (ctypes.c_double * (n + 1))()
        native.library.tdrop_law_probabilities(handle, result)
    finally:
        native.library.tdrop_law_destroy(handle)
    return list(result)


def below(law: Law, n: int, p: float, k_min: int) -> list[float]:
    """The table of a law other than `original`: P(k < j), j = 1..n, in double.

    An entry that no draw may fall below (P(k < j) = 0) is -1, so that u = 0 keeps the feature too.
    One that every draw falls below (P(k < j) = 1) is infinite, so that a u rounded up to 1 drops it.
    """
    table, total = [], 0.0
    chances = probabilities(law, n, p, k_min)
    last = max(k for k, chance in enumerate(chances) if chance > 0)
    for j in range(1, n + 1):
        total += chances[j - 1]
        table.append(-1.0 if total == 0 else math.inf if j > last else min(total, 1.0))
    return table
