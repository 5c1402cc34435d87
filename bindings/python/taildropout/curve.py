# SPDX-License-Identifier: MIT
"""The scree curve of a trained network: its loss at every k = 0..n."""

from __future__ import annotations

import copy
import functools
import inspect
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, SupportsIndex

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layer import TailDropout
from .trace import Replay, trace


@dataclass(frozen=True, eq=False)
class Scree:
    """A curve. It equals itself alone: compare `loss` and `se`, which are arrays.

    Attributes:
        name: of the tail layer within the model.
        loss: [n + 1] the loss at k = 0..n, over all rows as the loss reduces them: a mean, mostly.
        se: [n + 1] standard error of each; over rows where the loss could be had row by row, else
            over batches; nan with a single one.
        rows: rows measured.
        tails: the curves of all tail layers that were asked for, this one among them. Each was
            measured with the others keeping everything.
    """

    name: str
    loss: np.ndarray
    se: np.ndarray
    rows: int
    tails: tuple[Scree, ...] = field(default=(), repr=False)

    @property
    def n(self) -> int:
        """Number of features."""
        return len(self.loss) - 1

    @property
    def k(self) -> np.ndarray:
        """0..n, what `loss` belongs to."""
        return np.arange(self.n + 1)

    def plot(self, ax: Any = None, *, rule: str | SupportsIndex | None = "auto") -> Any:
        """Draws the curves of all tails with one standard error around them.

        Args:
            ax: axes of matplotlib; None makes a figure.
            rule: marks the k that this rule chooses; None marks none.

        Returns:
            The axes.

        Raises:
            ImportError: matplotlib is missing.
        """
        try:
            import matplotlib.pyplot as plt
        except ImportError as error:
            raise ImportError("Scree.plot needs matplotlib") from error
        from .choose import choose_k

        if ax is None:
            _, ax = plt.subplots()
        for curve in self.tails or (self,):
            (line,) = ax.plot(curve.k, curve.loss, label=curve.name or "tail")
            spread = np.nan_to_num(curve.se)
            low, high = curve.loss - spread, curve.loss + spread
            ax.fill_between(curve.k, low, high, color=line.get_color(), alpha=0.2, linewidth=0)
            if rule is not None:
                k = choose_k(curve, rule)
                ax.plot([k], [curve.loss[k]], "o", color=line.get_color(), label=f"k = {k}")
        ax.set_xlabel("k, features kept")
        ax.set_ylabel("loss")
        ax.legend()
        return ax


# --- the loss of each row -----------------------------------------------------------------------

_REDUCTIONS = ("none", "mean", "sum", "batchmean")

# What the own value of a loss may differ from that of its rows, which are added up in double.
_SAME_LOSS = 1e-3


@dataclass
class _RowLoss:
    """A loss, asked for rows, such that what they come to is what the loss says of all of them.

    Attributes:
        loss: the loss as it was given.
        of_rows: the same without its reduction.
        reduction: the one that it has; None where it has none, so that its word is one number a batch,
            or a number for each row.
        by_class: of cross entropies, what tells the weight of a target: weight and ignore_index.
    """

    loss: Callable[..., Tensor]
    of_rows: Callable[..., Tensor]
    reduction: str | None
    by_class: tuple[Any, Any] | None = None
    proven: bool = False

    def __call__(self, output: Any, target: Any, rows: int) -> tuple[np.ndarray, np.ndarray]:
        """Losses in double, and what each weighs."""
        value = torch.as_tensor(self.of_rows(output, target)).detach().to("cpu", torch.float64)
        found = self._rows(value, output, target, rows)
        if self.reduction not in (None, "none") and not self.proven:
            if not self._agrees(found, torch.as_tensor(self.loss(output, target))):
                self._ask_for_batches()
                return self(output, target, rows)
            self.proven = True
        return found

    def _rows(
        self, value: Tensor, output: Any, target: Any, rows: int
    ) -> tuple[np.ndarray, np.ndarray]:
        if value.ndim == 0:
            return value.reshape(1).numpy(), np.full(1, float(rows))
        if value.shape[0] != rows:
            raise ValueError(
                f"the loss has the shape {tuple(value.shape)} for a batch of {rows} rows; it should be "
                "one number, or begin with one for each row"
            )
        value = value.reshape(rows, -1)
        if self.reduction in ("sum", "batchmean"):
            return value.sum(1).numpy(), np.ones(rows)
        if self.by_class is None or self.reduction != "mean" or target.is_floating_point():
            return value.mean(1).numpy(), np.ones(rows)
        weights = _target_weights(target, output.shape[1], *self.by_class).reshape(rows, -1).sum(1)
        return (value.sum(1) / weights.clamp(min=1e-300)).numpy(), weights.numpy()

    def _agrees(self, found: tuple[np.ndarray, np.ndarray], own: Tensor) -> bool:
        tolerance = _SAME_LOSS
        if own.is_floating_point():  # bfloat16 tells hardly 1 % apart
            tolerance = max(tolerance, 8 * torch.finfo(own.dtype).eps)
        total = self.total(*found)
        return bool(np.isclose(total, float(own), rtol=tolerance, atol=1e-9, equal_nan=True))

    def _ask_for_batches(self) -> None:
        """The loss's own number of each batch will do, where it is a mean."""
        if self.reduction == "sum":
            raise ValueError(
                'the loss has reduction="sum", and its rows do not add up to it; give it '
                'reduction="mean", or a function that returns one loss for each row'
            )
        self.of_rows, self.reduction, self.by_class = self.loss, None, None

    def total(self, values: np.ndarray, weights: np.ndarray) -> float:
        """What the loss says of rows."""
        if self.reduction == "sum":
            return float(values.sum())
        return float(weights @ values / weights.sum()) if weights.sum() > 0 else float("nan")


def _target_weights(target: Tensor, classes: int, weight: Tensor | None, ignored: int) -> Tensor:
    """What a class index counts in the mean of a cross entropy: nothing where it is ignored."""
    counted = target != ignored
    if weight is None:
        return counted.to("cpu", torch.float64)
    chosen = weight.to(target.device)[target.clamp(0, classes - 1)]
    return (chosen * counted).to("cpu", torch.float64)


def _row_loss(loss: Callable[..., Tensor]) -> _RowLoss:
    """The loss without its mean over rows, where it knows how to do without."""
    if isinstance(loss, nn.Module):
        reduction = getattr(loss, "reduction", None)
        if reduction not in _REDUCTIONS:
            return _RowLoss(loss, loss, None)
        rows = copy.deepcopy(loss)
        setattr(rows, "reduction", "none")  # noqa: B010
        entropy = isinstance(loss, (nn.CrossEntropyLoss, nn.NLLLoss))
        return _RowLoss(loss, rows, reduction, (loss.weight, loss.ignore_index) if entropy else None)
    try:
        parameters = inspect.signature(loss).parameters
    except (TypeError, ValueError):
        return _RowLoss(loss, loss, None)
    named = {name: parameter.default for name, parameter in parameters.items()}
    if named.get("reduction") not in _REDUCTIONS:
        return _RowLoss(loss, loss, None)
    entropy = getattr(loss, "func", loss) in (F.cross_entropy, F.nll_loss)
    by_class = (named["weight"], named["ignore_index"]) if entropy else None
    of_rows = functools.partial(loss, reduction="none")
    return _RowLoss(loss, of_rows, named["reduction"], by_class)


class _Sums:
    """What the loss says of all rows and its standard error, of values as they come."""

    def __init__(self, loss: _RowLoss) -> None:
        self.loss = loss
        self.values: list[np.ndarray] = []
        self.weights: list[np.ndarray] = []

    def add(self, values: np.ndarray, weights: np.ndarray) -> None:
        self.values.append(values)
        self.weights.append(weights)

    def result(self) -> tuple[float, float]:
        values, weights = np.concatenate(self.values), np.concatenate(self.weights)
        total, count = self.loss.total(values, weights), int(np.count_nonzero(weights))
        if count < 2:
            return total, float("nan")
        share = weights / weights.sum()
        variance = float((share**2) @ (values - share @ values) ** 2) * count / (count - 1)
        scale = len(values) if self.loss.reduction == "sum" else 1
        return total, scale * variance**0.5


# --- data ---------------------------------------------------------------------------------------


def _batches(data: Any, batch_size: int) -> Iterator[tuple[Any, Any]]:
    """(input, target) of each batch; without a target the input is its own. A list is batches,
    only a tuple is a pair."""
    if isinstance(data, (Tensor, np.ndarray)):
        data = (data, data)
    pair = isinstance(data, tuple) and len(data) == 2
    if pair and all(isinstance(part, (Tensor, np.ndarray)) for part in data):
        if any(part.ndim == 0 for part in data):
            raise ValueError("data has to have rows, but is a single number")
        x, y = data
        if len(x) != len(y):
            raise ValueError(f"data has {len(x)} inputs and {len(y)} targets")
        for start in range(0, len(x), batch_size):
            yield x[start : start + batch_size], y[start : start + batch_size]
        return
    if not isinstance(data, Iterable):
        raise TypeError(f"data has to be tensors or batches of them, but got {type(data).__name__}")
    for batch in data:
        if isinstance(batch, (tuple, list)):
            if len(batch) not in (1, 2):
                raise ValueError(f"a batch should be (input, target), but has {len(batch)} parts")
            yield batch[0], batch[-1]
        else:
            yield batch, batch


def find_tails(model: nn.Module, names: Any = None) -> dict[str, TailDropout]:
    """The tail layers of a model by name, in the model's order.

    Args:
        model: any module.
        names: None for all, one name, or several.

    Raises:
        ValueError: a name that is no tail layer, or no tail layer at all.
    """
    tails = {n: m for n, m in model.named_modules() if isinstance(m, TailDropout)}
    if not tails:
        raise ValueError("the model has no TailDropout layer")
    if names is None:
        return tails
    wanted = [names] if isinstance(names, str) else list(names)
    unknown = [name for name in wanted if name not in tails]
    if unknown:
        raise ValueError(
            f"{unknown[0]!r} is no TailDropout layer of the model; it has {list(tails)}"
        )
    return {name: tails[name] for name in wanted}


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """The model in evaluation mode without any set k; modes and set k come back afterwards."""
    modes = [(module, module.training) for module in model.modules()]
    set_k = [
        (module, module._k_value)
        for module in model.modules()
        if isinstance(module, TailDropout) and module._k_is_set
    ]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*clear the k.*")
        model.eval()
        try:
            yield
        finally:
            model.train(modes[0][1])
            for module, mode in modes:
                module.training = mode
            for module, k in set_k:
                module.set_k(k)


def _features(model: nn.Module, tails: dict[str, TailDropout], x: Any) -> dict[str, int]:
    """n of each tail, seen while the model runs once."""
    found: dict[str, int] = {}
    hooks = []
    for name, layer in tails.items():

        def note(module: Any, inputs: Any, named: Any, name: str = name) -> None:
            found[name] = (inputs[0] if inputs else named["input"]).shape[module._dropout_dim]

        hooks.append(layer.register_forward_pre_hook(note, with_kwargs=True))
    try:
        model(x)
    finally:
        for hook in hooks:
            hook.remove()
    unused = next((name for name in tails if name not in found), None)
    if unused is not None:
        raise ValueError(f"the tail layer {unused!r} was not used when the model ran")
    return found


class _Runs:
    """The outputs of a model at every k. Where the model can be traced, what lies before the tail is
    computed once a batch; that this gives what the model gives is seen on the first one."""

    def __init__(self, model: nn.Module, layer: TailDropout, replay: Replay | None) -> None:
        self._model, self._layer, self._replay = model, layer, replay
        self._proven = False

    def outputs(self, x: Any, count: int) -> Iterator[Any]:
        """The outputs at k = 0..count - 1."""
        if self._replay is not None and not self._proven:
            self._proven = self._agrees(x, self._replay, (0, count - 1, count // 2))
            if not self._proven:
                self._replay = None
        for k in range(count):
            self._layer.set_k(k)
            if self._replay is None:
                yield self._model(x)
            else:
                yield self._replay.again(x) if k else self._replay.start(x)

    def _agrees(self, x: Any, replay: Replay, tried: tuple[int, ...]) -> bool:
        try:
            for number, k in enumerate(tried):
                self._layer.set_k(k)
                found = replay.again(x) if number else replay.start(x)
                if not isinstance(found, Tensor) or not torch.equal(found, self._model(x)):
                    return False
        except Exception:  # what the model itself raises, it raises again without the replay
            return False
        return True


def _runs(model: nn.Module, layers: dict[str, TailDropout]) -> dict[str, _Runs]:
    try:
        graph = trace(model)
    except Exception:  # the model as it is will do
        return {name: _Runs(model, layer, None) for name, layer in layers.items()}
    return {name: _Runs(model, layer, Replay(model, graph, name)) for name, layer in layers.items()}


def scree(
    model: nn.Module,
    data: Any,
    loss: Callable[[Any, Any], Tensor],
    *,
    tails: str | Iterable[str] | None = None,
    batch_size: int = 1024,
    device: torch.device | str | None = None,
) -> Scree:
    """Measures the loss at every k = 0..n.

    The model runs in evaluation mode and comes back as it was. What lies before a tail runs once a
    batch where the model can be traced, the rest n + 1 times. With several tail layers, each has a
    curve of its own, measured while the others keep everything.

    Args:
        model: with one or more TailDropout (or TailMLP) layers.
        data: a tensor or array of inputs (each its own target), a tuple (inputs, targets), or an
            iterable of batches, each an input or (input, target), such as a DataLoader or a list.
            Held-out rows, preferably. Arrays of floating point numbers become the model's type.
        loss: loss(output, target), one for each row or a number, which is taken for the mean of its
            batch. A loss module with `reduction`, or a function that takes it, is asked for rows, so
            that standard errors can be had; the curve is what it says itself of all rows, with
            weights of classes and ignored targets. One whose rows do not come to its own value on
            the first batch is asked for a number a batch.
        tails: names of the layers in question; None: all.
        batch_size: rows of a batch, where tensors are given.
        device: that batches are moved to; None: that of the model.

    Returns:
        The curve of the first tail; `tails` holds all.

    Raises:
        ValueError: no tail, no rows, a shape that does not fit; a loss with reduction="sum" whose rows
            do not add up to it.
        TypeError: data of another kind.
    """
    layers = find_tails(model, tails)
    if device is None:
        device = next((p.device for p in model.parameters()), torch.device("cpu"))
    floats = (p.dtype for p in model.parameters() if p.is_floating_point())
    dtype = next(floats, torch.get_default_dtype())
    of_rows = _row_loss(loss)
    sums: dict[str, list[_Sums]] = {}
    runs: dict[str, _Runs] = {}
    rows = 0
    with evaluating(model), torch.no_grad():
        for x, y in _batches(data, batch_size):
            x, y = (_to_model(part, device, dtype) for part in (x, y))
            if not sums:
                widths = _features(model, layers, x)
                runs = _runs(model, layers)
                sums = {name: [_Sums(of_rows) for _ in range(widths[name] + 1)] for name in layers}
            count = len(y)
            rows += count
            for name, layer in layers.items():
                outputs = runs[name].outputs(x, len(sums[name]))
                for output, total in zip(outputs, sums[name], strict=True):
                    total.add(*of_rows(output, y, count))
                layer.set_k(None)
    if not rows:
        raise ValueError("data has no rows")
    curves = []
    for name in layers:
        results = np.array([total.result() for total in sums[name]])
        curves.append(Scree(name, results[:, 0], results[:, 1], rows))
    first = curves[0]
    return Scree(first.name, first.loss, first.se, rows, tuple(curves))


def _to_model(value: Any, device: torch.device | str, dtype: torch.dtype) -> Any:
    """A tensor moved; an array as a tensor, of the model's type where it holds floating point numbers,
    since NumPy makes float64 of most."""
    if isinstance(value, np.ndarray):
        value = torch.as_tensor(value)
        value = value.to(dtype) if value.is_floating_point() else value
    return value.to(device) if isinstance(value, Tensor) else value
