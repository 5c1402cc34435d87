# SPDX-License-Identifier: MIT
"""Choosing k from a scree curve, by the rules of the program. Needs neither torch nor NumPy."""

from __future__ import annotations

import ctypes
import math
import operator
from collections.abc import Callable, Sequence
from typing import Any, SupportsIndex

from . import native

_UNITS = {"": 1, "k": 1000, "M": 1000**2, "G": 1000**3}


def _bytes_of(rule: str) -> int:
    text = rule.removeprefix("bytes=")
    number, unit = (text[:-1], text[-1:]) if text[-1:] in "kMG" else (text, "")
    try:
        value = float(number)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise ValueError(f"rule {rule!r}: bytes=X takes a number, also with k, M or G behind it")
    return int(value * _UNITS[unit])


def _largest_within(limit: int, n: int, size: Callable[[int], int]) -> int:
    """The largest k whose size is within the limit; sizes rise with k."""
    low, high = -1, n
    while low < high:
        middle = (low + high + 1) // 2
        if size(middle) <= limit:
            low = middle
        else:
            high = middle - 1
    if low < 0:
        raise ValueError(f"even k = 0 takes more than {limit} bytes")
    return low


def _parse(rule: str | SupportsIndex) -> native.Rule:
    parsed = native.Rule()
    try:
        text = str(rule if isinstance(rule, str) else operator.index(rule))
    except TypeError:
        text = str(rule)
    if native.library.tdrop_rule_parse(text.encode(), ctypes.byref(parsed)):
        raise ValueError(
            f"rule {rule!r} is none of 'auto', 'within=X%', 'knee', '1se', 'bytes=X' and a number, X % "
            "from 0 to 100"
        )
    return parsed


def choose_k(
    loss: Any,
    rule: str | SupportsIndex = "auto",
    se: Sequence[float] | Any = None,
    *,
    size: Callable[[int], int] | None = None,
) -> int:
    """The k that a rule picks.

    Args:
        loss: a `Scree`, or the loss at k = 0..n.
        rule: "auto" ("within=2%", or a smaller k at a cliff, where the features behind gain less than
            a tenth of the last one each, and at most 10 % of the best gain together), "within=X%"
            (the smallest k that reaches all but X % of what the best k gains over k = 0), "knee",
            "1se" (the smallest k within one standard error of the best), "bytes=200k" (the largest
            k whose model is that small), or a number.
        se: standard errors at k = 0..n, for "1se"; a `Scree` brings its own.
        size: bytes of the model at a k, rising with k; for "bytes=".

    Returns:
        k, 0..n.

    Raises:
        ValueError: a rule that cannot be read or lacks what it needs; a loss that is not finite.
    """
    if hasattr(loss, "loss"):
        se = loss.se if se is None else se
        loss = loss.loss
    losses = [float(value) for value in loss]
    bad = next((k for k, value in enumerate(losses) if not math.isfinite(value)), None)
    if bad is not None:
        raise ValueError(f"the loss at k = {bad} is {losses[bad]}")
    n = len(losses) - 1
    if n < 0:
        raise ValueError("the loss at k = 0..n has to have at least one number")
    if isinstance(rule, str) and rule.startswith("bytes="):
        if size is None:
            raise ValueError(f"rule {rule!r} needs size=, the bytes of the model at each k")
        return _largest_within(_bytes_of(rule), n, size)
    parsed = _parse(rule)
    errors = None if se is None else [float(value) for value in se]
    if rule == "1se" and errors is None:
        raise ValueError("rule '1se' needs se=, the standard errors at k = 0..n; a Scree has them")
    if errors is not None and len(errors) != n + 1:
        raise ValueError(f"se has {len(errors)} numbers, loss has {n + 1}")
    array = ctypes.c_double * (n + 1)
    k = ctypes.c_int32()
    status = native.library.tdrop_choose_k(
        ctypes.byref(parsed),
        n,
        array(*losses),
        array(*errors) if errors is not None else None,
        ctypes.byref(k),
    )
    native.check(status, f"rule {rule!r} on a curve with n = {n}")
    return k.value
