# SPDX-License-Identifier: MIT
"""The layer: draws k for each sample in training and zeroes what lies behind the first k features."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Iterable, Sequence
from typing import Any, SupportsIndex

import torch
import torch.fx as fx
from torch import Tensor, nn

from . import laws
from .apply import (
    Dims,
    Plan,
    along,
    fill_tails,
    is_plain,
    noise_shape,
    plan_for,
    resolve_dims,
    run_planned,
    unwatched,
)
from .draw import (
    Table,
    draw_dtype,
    draw_noise,
    keep_of,
    law_table,
    original_table,
    refuse_under_checkpoint,
)

_UNSET = -1

# Tables kept, one for each n and type; as many as plans.
_MOST_TABLES = 256

# Noise for more samples than this is not worth keeping memory for.
_MANY_SAMPLES = 16 * 1024


def _never() -> bool:
    return False


_distributed = torch.distributed.is_initialized if torch.distributed.is_available() else _never


def _read_dim(dim: Any, name: str, kind: str) -> int:
    if isinstance(dim, bool):
        raise TypeError(
            f"{name} has to be {kind}, but got {dim}; behind p stand batch_dim and dropout_dim, where "
            "nn.Dropout has inplace: write inplace=True"
        )
    try:
        return operator.index(dim)
    except TypeError:
        raise TypeError(f"{name} has to be {kind}, but got {dim!r}") from None


def as_leaf(module: nn.Module, input: fx.Proxy) -> Any:
    """The call of a module as one node of a graph, where torch.fx traces what calls it."""
    tracer: Any = input.tracer
    name = tracer.path_of_module(module)
    if not name:
        raise TypeError(
            f"torch.fx cannot trace a {type(module).__name__} by itself, only a model that holds it"
        )
    return tracer.create_proxy("call_module", name, (input,), {})


class TailDropout(nn.Module):
    """Keeps the first k features of each sample and zeroes the rest, k random in training.

    The network then learns to put first what serves best alone, next what adds most to it, and so
    on. In evaluation the layer returns its input; `set_k` makes it keep a number of features that
    one chooses, in either mode, until the next call of `train` or `eval`. Nothing is scaled.

    With the default law, float32 and float64 on the CPU have the masks of the original TailDropout
    for the same seed, bit for bit. Dropped values are +0.0, whatever stood there, where the original
    multiplies by zero.

    Args:
        p: mean share of features dropped, in [0, 1]. 0 returns the input, whatever the law. Other
            values are for "original" and "exponential", of which 1 gives zeros where k_min is 0; the
            other laws have a mean of their own.
        batch_dim: the dim or dims that tell samples apart; each sample has one k, which holds over
            all other dims.
        dropout_dim: the dim that is cut; n is its size.
        law: how k is drawn: "original", "exponential" (mean share exactly p for every n),
            "geometric:RATE", "uniform", "log-uniform", "pow2", "mixed:SHARE", or the weights of
            k = 0..n.
        k_min: no k below this is drawn.
        stratified: the samples of a call share the range of the noise evenly among them. Each has
            the same law as otherwise; the total work of a call hardly varies.
        inplace: write zeros into the input itself.
        generator: draw from this instead of torch's default. Not under activation checkpointing,
            which could not replay it.

    Each argument may be assigned later, as `layer.p = 0.3`, and holds from the next call on.

    Shape:
        Any with the dims named; the output has the shape, type and, where the input is dense, the
        strides of the input.

    Raises:
        ValueError: p outside [0, 1], dims that are literally equal, an unknown law, k_min < 0.
        TypeError: a value of another type.

    Example:
        >>> layer = TailDropout(p=0.5)
        >>> y = layer(torch.randn(20, 16))       # training: k drawn for each row
        >>> layer = layer.eval()                 # evaluation: the input itself
        >>> layer.set_k(10)                      # the first 10 features, until train() or eval()
        >>> int((layer(torch.ones(1, 16)) != 0).sum())
        10
    """

    k: Tensor
    _told_k: Tensor

    def __init__(
        self,
        p: float = 0.5,
        batch_dim: int | Sequence[int] = 0,
        dropout_dim: int = -1,
        *,
        law: laws.LawLike = laws.ORIGINAL,
        k_min: SupportsIndex = 0,
        stratified: bool = False,
        inplace: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.batch_dim = batch_dim
        self.dropout_dim = dropout_dim
        if self._dropout_dim in self._batch_dims:
            raise ValueError(f"batch_dim ({batch_dim}) and dropout_dim ({dropout_dim}) overlap")
        if generator is not None and not isinstance(generator, torch.Generator):
            raise TypeError(f"generator has to be a torch.Generator, but got {generator!r}")
        self.stratified = bool(stratified)
        self.inplace = bool(inplace)
        self.generator = generator
        self._k_is_set = False
        self._k_value = _UNSET  # what was set or loaded, for buffers on other devices
        self._own_k = _UNSET  # what set_k was told in this process
        self._law, self._k_min, self._p = laws.Law(), 0, 0.0
        self.law = law
        self.k_min = k_min
        self.p = p
        with torch.inference_mode(False):
            self.register_buffer("k", torch.tensor(_UNSET, dtype=torch.int64))
            # What set_k was told, where others may write: a k that was only loaded counts for none.
            told = torch.tensor(_UNSET, dtype=torch.int64)
            self.register_buffer("_told_k", told, persistent=False)

    # --- dims, p, law and k ---

    @property
    def batch_dim(self) -> int | list[int]:
        """The dim or dims that tell samples apart."""
        return list(self._batch_dims) if self._has_several else self._batch_dims[0]

    @batch_dim.setter
    def batch_dim(self, batch_dim: int | Iterable[int]) -> None:
        self._has_several = isinstance(batch_dim, Iterable)
        several = batch_dim if isinstance(batch_dim, Iterable) else (batch_dim,)
        self._batch_dims = tuple(_read_dim(dim, "batch_dim", "an int or ints") for dim in several)

    @property
    def dropout_dim(self) -> int:
        """The dim that is cut."""
        return self._dropout_dim

    @dropout_dim.setter
    def dropout_dim(self, dropout_dim: int) -> None:
        self._dropout_dim = _read_dim(dropout_dim, "dropout_dim", "an int")

    @property
    def law(self) -> str:
        """Name of the law of k. A law by name, or weights of k = 0..n, may be assigned."""
        return str(self._law)

    @law.setter
    def law(self, law: laws.LawLike) -> None:
        self._law = laws.parse_law(law)
        self._prepare()

    @property
    def k_min(self) -> int:
        """No k below this is drawn."""
        return self._k_min

    @k_min.setter
    def k_min(self, k_min: SupportsIndex) -> None:
        value = operator.index(k_min)
        if not 0 <= value < 2**31:
            raise ValueError(f"k_min has to be at least 0 and below 2**31, but got {k_min}")
        self._k_min = value
        self._prepare()

    @property
    def p(self) -> float:
        """Mean share of features dropped."""
        return self._p

    @p.setter
    def p(self, p: float) -> None:
        self.set_p(p)

    def set_p(self, p: float) -> None:
        """Sets the mean share of features dropped, as assigning p does.

        Raises:
            ValueError: p is outside [0, 1] or NaN.
            TypeError: p is not a number.
        """
        try:
            value = float(p)
        except (TypeError, ValueError):
            raise TypeError(f"p has to be a number in [0, 1], but got {p!r}") from None
        if not 0.0 <= value <= 1.0:
            raise ValueError(f"p has to be in [0, 1], but got {p}")
        self._p = value
        self._prepare()

    def _prepare(self) -> None:
        """What follows from law, k_min and p."""
        self._is_original = self._law.name == laws.ORIGINAL and self._k_min == 0
        solves = self._law.name == laws.ORIGINAL and 0.0 < self._p < 1.0
        self.scale = laws.get_scale_param(self._p) if solves else None
        self._tables: dict[Any, Table] = {}

    def set_k(self, k: SupportsIndex | None) -> None:
        """Keeps the first k features from here on; None goes back to what the mode says.

        A k above n is refused when the layer is used, for only then n is known.

        Raises:
            ValueError: k is negative.
            TypeError: k is neither None nor a whole number.
        """
        if k is None:
            value = _UNSET
        else:
            try:
                value = operator.index(k)
            except TypeError:
                raise TypeError(f"k has to be a whole number or None, but got {k!r}") from None
            if not 0 <= value < 2**63:
                raise ValueError(f"k has to be at least 0 (or None), but got {k}")
        self._k_is_set = k is not None
        self._k_value = self._own_k = value
        self.k.fill_(value)
        self._told_k.fill_(value)

    def train(self, mode: bool = True) -> TailDropout:
        """Training (or evaluation) mode. Clears a k that was set, with a warning."""
        if self._k_is_set:
            warnings.warn(
                f"train() and eval() clear the k = {self._k_value} that was set on TailDropout",
                stacklevel=2,
            )
            self.set_k(None)
        return super().train(mode)

    def reset_parameters(self) -> None:
        """Unsets k. For models whose memory is given to them late (meta device, `to_empty`)."""
        self.set_k(None)

    # --- the state_dict holds k and nothing else ---

    def _load_from_state_dict(
        self,
        state_dict: Any,
        prefix: str,
        local_metadata: Any,
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        key = prefix + "k"
        arguments = (local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
        super()._load_from_state_dict(state_dict, prefix, *arguments)
        if key in missing_keys:  # as from nn.Dropout, whose state_dict is empty
            missing_keys.remove(key)
        elif key in state_dict and not self.k.is_meta:
            self._k_value = int(self.k)

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        state["_tables"] = {}
        return state

    def extra_repr(self) -> str:
        parts = [f"batch_dim={self.batch_dim}", f"dropout_dim={self.dropout_dim}"]
        if self._law.name in laws.BY_P or self._p == 0:
            parts.insert(0, f"p={self._p:g}")
        if not self._is_original:
            parts.append(f"law={self._law}" + (f", k_min={self.k_min}" if self.k_min else ""))
        parts += [name for name in ("stratified", "inplace") if getattr(self, name)]
        if self._k_is_set:
            parts.append(f"k={self._k_value}")
        return ", ".join(parts)

    # --- forward ---

    def forward(self, input: Tensor) -> Tensor:
        """The input with its tails zeroed, as mode and k say.

        Raises:
            TypeError: the input is no tensor.
            IndexError: a dim that the input does not have.
            ValueError: a set k above n; dims that overlap, when drawing; a law that does not fit n.
            RuntimeError: a set k that differs between the processes of a distributed run; inplace, an
                input that was expanded or is a leaf that wants a gradient.
        """
        if not isinstance(input, Tensor):
            if isinstance(input, fx.Proxy):
                return as_leaf(self, input)
            raise TypeError(f"input has to be a Tensor, but got {type(input).__name__}")
        if torch.compiler.is_compiling():
            return self._forward_traced(input)
        self._check_rank()
        if self._k_is_set:
            return self._first(input, self._set_k_for(input.shape))
        if not self.training or self._p == 0:
            return input
        if self._p == 1 and self._is_original:
            return self._first(input, 0)
        return self._random(input)

    def draw_keep(
        self,
        shape: Sequence[int],
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> Tensor | int | None:
        """What `forward` would keep of a tensor, for those who can do without it: `tail_linear`.

        Args:
            shape: of the tensor.
            dtype: of the tensor.
            device: of the tensor.

        Returns:
            None where everything is kept; one k where all samples have the same (a tensor without
            dims when compiling); else int32 k of each sample, in the noise shape: 1 everywhere
            except in the batch dims.

        Raises:
            IndexError, ValueError, RuntimeError: as `forward`.
        """
        compiling = torch.compiler.is_compiling()
        if not compiling:
            self._check_rank()
        if self._k_is_set:
            return self.k if compiling else self._set_k_for(shape)
        if not self.training or self._p == 0:
            return None
        if self._p == 1 and self._is_original:
            return 0
        dims = resolve_dims(len(shape), self._batch_dims, self._dropout_dim)
        device, dtype = torch.device(device), draw_dtype(dtype)
        if not compiling and device.type == "cpu" and unwatched():
            table = self._table(shape[dims.dropout], dtype)
            if table.rises:
                return keep_of(self._noise(noise_shape(shape, dims), dtype, device), table)
        mask = self._random_mask(shape, dtype, device, dims)
        return mask.sum(dims.dropout, keepdim=True, dtype=torch.int32)

    def _random(self, input: Tensor) -> Tensor:
        if is_plain(input):
            plan = plan_for(input, self._batch_dims, self._dropout_dim, True)
            if plan.fast:
                dtype = draw_dtype(input.dtype)
                table = self._tables.get((plan.n, dtype)) or self._table(plan.n, dtype)
                if table.rises:
                    noise = self._noise_for(plan, dtype)
                    if plan.where and input.requires_grad and not self.inplace:
                        mask = table.along(input.ndim, plan.dims.dropout) < noise
                        return torch.where(mask, input, table.zero(input.dtype))
                    return run_planned(input, plan, keep_of(noise, table), self._writes_to(input))
        return fill_tails(input, self._mask_for(input), self._writes_to(input))

    def _first(self, input: Tensor, k: int) -> Tensor:
        if is_plain(input):
            plan = plan_for(input, (), self._dropout_dim, False)
            if plan.fast:
                return run_planned(input, plan, k, self._writes_to(input))
        return self._first_by_mask(input, k, self._writes_to(input))

    def _first_by_mask(self, input: Tensor, k: int | Tensor, inplace: bool) -> Tensor:
        dims = resolve_dims(input.ndim, (), self._dropout_dim, drawing=False)
        index = torch.arange(input.shape[dims.dropout], device=input.device)
        return fill_tails(input, along(index, input.ndim, dims.dropout) < k, inplace)

    def _forward_traced(self, input: Tensor) -> Tensor:
        """For graphs: which branch is taken follows from attributes alone, the value of k lives in
        the buffer, and a k above n keeps everything."""
        if self._k_is_set:
            return self._first_by_mask(input, self.k, self.inplace)
        if not self.training or self._p == 0:
            return input
        if self._p == 1 and self._is_original:
            return self._first_by_mask(input, 0, self.inplace)
        return fill_tails(input, self._mask_for(input), self.inplace)

    # --- parts of forward ---

    def _writes_to(self, input: Tensor) -> bool:
        if not self.inplace:
            return False
        if input.requires_grad and input.is_leaf and torch.is_grad_enabled():
            raise RuntimeError(
                "a leaf that requires a gradient cannot be the input of an in-place operation"
            )
        if any(
            step == 0 and size > 1 for step, size in zip(input.stride(), input.shape, strict=True)
        ):
            raise RuntimeError(
                "inplace: elements of the input share memory (was it expanded?); clone it first"
            )
        return True

    def _set_k_for(self, shape: Sequence[int]) -> int:
        """The set k, checked against n. The buffer decides: it may have been loaded."""
        k = int(self.k) if self.k.device.type == "cpu" else self._k_value
        dim = self._dropout_dim
        if not -len(shape) <= dim < len(shape):
            raise IndexError(
                f"dropout_dim = {dim} is out of range for a tensor of {len(shape)} dims"
            )
        n = shape[dim]
        if k > n:
            raise ValueError(f"k = {k} was set, but the input has only {n} features")
        if k < 0:
            raise RuntimeError(
                f"k was set and then overwritten by {k}, as by loading a state_dict in which it is "
                "unset; call set_k again"
            )
        return k

    def _check_rank(self) -> None:
        """DistributedDataParallel copies the buffers of rank 0 into all others. A buffer that is not
        what this process was told came from there."""
        if not _distributed() or self.k.device.type != "cpu":
            return
        if int(self._told_k) != self._own_k:
            mine, theirs = ("none" if k == _UNSET else k for k in (self._own_k, int(self._told_k)))
            raise RuntimeError(
                f"the set k differs between ranks: this process has {mine}, rank 0 has {theirs}; call "
                "set_k with one value on all of them"
            )

    def _noise(self, shape: list[int], dtype: torch.dtype, device: torch.device) -> Tensor:
        if self.generator is not None:
            if torch.compiler.is_compiling():
                torch._dynamo.graph_break(
                    msg="TailDropout with a generator of its own draws outside of graphs; compile "
                    "without fullgraph=True, or leave out generator="
                )
            refuse_under_checkpoint()
        return draw_noise(shape, dtype, device, self.generator, self.stratified)

    def _noise_for(self, plan: Plan, dtype: torch.dtype) -> Tensor:
        """The same numbers, for plain tensors; good until the next draw of this thread."""
        if self.generator is not None or self.stratified or plan.samples > _MANY_SAMPLES:
            return self._noise(plan.keep_shape, dtype, torch.device("cpu"))
        if plan.noise is None:
            with torch.inference_mode(False):
                plan.noise = torch.empty(plan.keep_shape, dtype=dtype, device="cpu")
        return plan.noise.uniform_()

    def _values(self, n: Any, dtype: torch.dtype, device: torch.device) -> Tensor:
        """The table that noise is compared with."""
        if self._is_original and self.scale is not None:
            return original_table(n, self.scale, dtype, device)
        return law_table(self._law, self._p, self._k_min, n, dtype, device)

    def _table(self, n: int, dtype: torch.dtype) -> Table:
        """A table for plain tensors, kept for the next call. Made outside of inference mode, since
        training may use it later."""
        table = self._tables.get((n, dtype))
        if table is None:
            with torch.inference_mode(False), torch.no_grad():
                table = Table(self._values(n, dtype, torch.device("cpu")))
            if len(self._tables) >= _MOST_TABLES:
                self._tables.clear()
            self._tables[(n, dtype)] = table
        return table

    def _mask_for(self, input: Tensor) -> Tensor:
        dims = resolve_dims(input.ndim, self._batch_dims, self._dropout_dim)
        return self._random_mask(input.shape, draw_dtype(input.dtype), input.device, dims)

    def _random_mask(
        self, shape: Sequence[int], dtype: torch.dtype, device: torch.device, dims: Dims
    ) -> Tensor:
        """table < noise, as a mask that broadcasts to a tensor of that shape."""
        table = along(self._values(shape[dims.dropout], dtype, device), len(shape), dims.dropout)
        return table < self._noise(noise_shape(shape, dims), dtype, device)
