# SPDX-License-Identifier: MIT
"""Cutting a trained network to the first k features of its tail layers.

Around a tail, in the direction against the data: layers that only pass features on (activations,
dropout, pooling), BatchNorm, and the layer that makes the features, a Linear or a convolution, of
which the first k outputs are left. In the direction of the data: the same kinds, then one or several
Linear or convolution layers that read the features, of which the first k inputs are left. Everything
is looked at before anything is cut, and what cannot be cut is refused with the reason.
"""

from __future__ import annotations

import copy
import functools
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, SupportsIndex, TypeVar

import torch
import torch.fx as fx
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrize

from . import laws
from .curve import evaluating, find_tails
from .file_layers import KeptSigmoid, WidthBias
from .layer import TailDropout
from .mlp import TailMLP
from .trace import trace

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d)
_BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
_POOLS = (
    *(nn.MaxPool1d, nn.MaxPool2d, nn.AvgPool1d, nn.AvgPool2d),
    *(nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d),
)
_ELEMENTWISE = (
    *(nn.Identity, nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU),
    *(nn.Mish, nn.Tanh, nn.Sigmoid, nn.Hardtanh, nn.Hardswish, nn.Hardsigmoid, nn.Softplus),
    *(nn.Softsign, nn.LogSigmoid, nn.Softshrink, nn.Hardshrink, nn.Threshold),
    *(nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.AlphaDropout, nn.FeatureAlphaDropout),
)
_FUNCTIONS: tuple[Any, ...] = (
    *(torch.relu, torch.tanh, torch.sigmoid, F.relu, F.relu6, F.leaky_relu, F.elu, F.selu, F.gelu),
    *(
        F.silu,
        F.mish,
        F.tanh,
        F.sigmoid,
        F.hardtanh,
        F.hardswish,
        F.softplus,
        F.softsign,
        F.dropout,
    ),
)
_METHODS = ("relu", "tanh", "sigmoid", "contiguous", "clone")

# How much a pruned model may differ from the whole one at the same k, of the largest output: other
# sizes are summed in another order, and rounded to what the type holds after each layer.
_TOLERANCE = 1e-5
_TOLERANCES = {torch.bfloat16: 4e-2, torch.float16: 5e-3}

_Model = TypeVar("_Model", bound=nn.Module)


def _refuse(reason: str) -> ValueError:
    return ValueError(f"cannot prune: {reason}")


# --- what there is to cut -----------------------------------------------------------------------


@dataclass
class _Cuts:
    """Names of the modules around one tail."""

    outputs: list[str] = field(default_factory=list)  # Linear and convolutions that make features
    features: list[str] = field(default_factory=list)  # BatchNorm and PReLU
    inputs: list[tuple[str, Tensor]] = field(default_factory=list)
    """Linear and convolutions that read features, each with what a dropped feature is by the time it
    gets there: [n], zeros unless something like sigmoid(0) lies between."""


def _only_user(node: fx.Node) -> None:
    if len(node.users) > 1:
        others = ", ".join(sorted(user.name for user in node.users))
        raise _refuse(f"the output of {node.target!s} goes to several places: {others}")


def _elementwise(node: fx.Node, modules: Mapping[str, nn.Module]) -> Callable[[Tensor], Any] | None:
    """What a node does to each element, in evaluation; None if it is not element by element."""
    if node.op == "call_module":
        module = modules[str(node.target)]
        return module if type(module) in _ELEMENTWISE else None
    if node.op == "call_function" and node.target in _FUNCTIONS:
        function: Any = node.target
    elif node.op == "call_method" and node.target in _METHODS:
        function = getattr(Tensor, str(node.target))
    else:
        return None
    rest, named = node.args[1:], dict(node.kwargs)
    if any(isinstance(value, fx.Node) for value in (*rest, *named.values())):
        return None
    named.pop("inplace", None)
    named.pop("input", None)
    if function is F.dropout:
        return lambda x: x
    return lambda x: function(x, *rest, **named)


def _source(node: fx.Node) -> fx.Node:
    source = node.args[0] if node.args else node.kwargs.get("input")
    if not isinstance(source, fx.Node):
        raise _refuse(f"the input of {node.name} cannot be followed")
    return source


def _explain(node: fx.Node, modules: Mapping[str, nn.Module], side: str) -> ValueError:
    if node.op == "call_module":
        module = modules[str(node.target)]
        kind = type(module).__name__
        if isinstance(module, (nn.LayerNorm, nn.GroupNorm, nn.RMSNorm, nn.LocalResponseNorm)):
            return _refuse(
                f"{node.target} is a {kind}, whose result for one feature depends on all others, so "
                "what is left would change"
            )
        return _refuse(f"{node.target}, a {kind} {side} the tail, is nothing that can be cut")
    if node.op == "placeholder":
        return _refuse("the tail acts on the input of the model; no layer makes its features")
    if node.op == "output":
        return _refuse("the output of the tail is an output of the model; no layer reads it")
    return _refuse(f"{node.name} ({node.op}) {side} the tail cannot be followed")


def _check_last(maker: str, layer: TailDropout, ndim: Callable[[], int | None]) -> None:
    """That the tail cuts the last dim, along which a Linear makes features."""
    dim = layer._dropout_dim
    if dim == -1:
        return
    dims = ndim() if dim >= 0 else None
    if dim >= 0 and dims is None:
        raise _refuse(
            f"{maker} makes features along the last dim, and whether dropout_dim = {dim} is the last "
            "depends on the input; give a batch, or the tail dropout_dim=-1"
        )
    if dims is None or dim != dims - 1:
        of = "" if dims is None else f" of {dims} dims"
        raise _refuse(f"{maker} makes features along the last dim, the tail cuts another: {dim}{of}")


def _find_producer(
    tail: fx.Node,
    layer: TailDropout,
    modules: Mapping[str, nn.Module],
    cuts: _Cuts,
    ndim: Callable[[], int | None],
) -> str:
    """Walks against the data. Returns "last" or "channel": which dim the features lie along."""
    node, pool = _source(tail), ""
    while True:
        _only_user(node)
        if node.op == "call_module":
            name, module = str(node.target), modules[str(node.target)]
            if isinstance(module, nn.Linear):
                _check_last(name, layer, ndim)
                if pool:
                    raise _refuse(f"{pool} pools over the last dim, where {name} makes the features")
                cuts.outputs.append(name)
                return "last"
            if isinstance(module, _CONVOLUTIONS):
                if layer._dropout_dim not in (1, -len(module.kernel_size) - 1):
                    raise _refuse(f"{name} makes features along dim 1, the tail cuts another")
                cuts.outputs.append(name)
                return "channel"
            if isinstance(module, _BATCH_NORMS) or _is_prelu_of_features(module):
                cuts.features.append(name)
                node = _source(node)
                continue
            if isinstance(module, _POOLS):
                node, pool = _source(node), name
                continue
        if _elementwise(node, modules) is None and not _is_prelu_of_one(node, modules):
            raise _explain(node, modules, "before")
        node = _source(node)


def _is_prelu_of_features(module: nn.Module) -> bool:
    return isinstance(module, nn.PReLU) and module.num_parameters > 1


def _is_prelu_of_one(node: fx.Node, modules: Mapping[str, nn.Module]) -> bool:
    if node.op != "call_module":
        return False
    module = modules[str(node.target)]
    return isinstance(module, nn.PReLU) and module.num_parameters == 1


def _is_flatten(node: fx.Node, modules: Mapping[str, nn.Module]) -> bool:
    """Flattening of everything behind the batch dim: features stay in order, each with its pixels."""
    if node.op == "call_module":
        module = modules[str(node.target)]
        return isinstance(module, nn.Flatten) and (module.start_dim, module.end_dim) == (1, -1)
    if (node.op, node.target) in (("call_function", torch.flatten), ("call_method", "flatten")):
        start = node.args[1] if len(node.args) > 1 else node.kwargs.get("start_dim", 0)
        end = node.args[2] if len(node.args) > 2 else node.kwargs.get("end_dim", -1)
        return (start, end) == (1, -1)
    return False


def _find_consumers(
    node: fx.Node, along: str, dropped: Tensor, modules: Mapping[str, nn.Module], cuts: _Cuts
) -> None:
    """Walks with the data, along every branch. `dropped` [n] is what a dropped feature is here."""
    if not node.users:
        raise _refuse(f"nothing reads the output of {node.name}")
    for user in node.users:
        if user.args.count(node) + list(user.kwargs.values()).count(node) != 1:
            raise _explain(user, modules, "behind")
        module = modules[str(user.target)] if user.op == "call_module" else None
        name = str(user.target)
        if isinstance(module, nn.Linear) and along in ("last", "flat"):
            if along == "last" and module.in_features != len(dropped):
                raise _refuse(
                    f"{name} reads {module.in_features} features where the tail has {len(dropped)}: "
                    "other dims are flattened into them, each with features of its own"
                )
            cuts.inputs.append((name, dropped))
            continue
        zero = not bool(dropped.any())
        if isinstance(module, _CONVOLUTIONS) and along == "channel":
            if not zero:
                raise _refuse(
                    f"dropped features are not 0 where {name} reads them, and a convolution has no "
                    "bias that could make up for it"
                )
            cuts.inputs.append((name, dropped))
            continue
        step = _elementwise(user, modules)
        if isinstance(module, _BATCH_NORMS):
            if along == "flat":
                raise _refuse(f"{name} normalises what was flattened")
            if module.running_mean is None:
                raise _refuse(f"{name} has no running statistics")
            cuts.features.append(name)
            passed = _normalised(module, dropped)
        elif module is not None and isinstance(module, nn.PReLU):
            if module.num_parameters > 1:
                cuts.features.append(name)
            passed = dropped if zero else torch.where(dropped > 0, dropped, dropped * module.weight)
        elif isinstance(module, _POOLS) and along == "channel" and zero:
            passed = dropped
        elif _is_flatten(user, modules) and along in ("channel", "last"):
            _find_consumers(user, "flat" if along == "channel" else "last", dropped, modules, cuts)
            continue
        elif isinstance(module, KeptSigmoid):
            passed = dropped
        elif step is not None:
            passed = step(dropped)
        else:
            raise _explain(user, modules, "behind")
        _find_consumers(user, along, passed, modules, cuts)


def _normalised(module: Any, x: Tensor) -> Tensor:
    weight, bias = module.weight, module.bias
    scale = (module.running_var + module.eps).rsqrt()
    y = (x - module.running_mean) * scale
    return y if weight is None else y * weight + bias


# --- tracing ------------------------------------------------------------------------------------


def _trace(model: nn.Module) -> fx.Graph:
    try:
        return trace(model)
    except Exception as error:
        raise _refuse(
            f"the model cannot be traced ({error}); name the layers: producer=, consumer="
        ) from error


def _dims_in_use(model: nn.Module, layer: TailDropout, batch: Any) -> int | None:
    """How many dims a tail sees when the model runs on a batch; None without one."""
    if batch is None:
        return None
    seen: list[int] = []

    def note(module: Any, inputs: Any, named: Any) -> None:
        seen.append((inputs[0] if inputs else named["input"]).ndim)

    hook = layer.register_forward_pre_hook(note, with_kwargs=True)
    try:
        model(*_inputs(batch))
    finally:
        hook.remove()
    return seen[0] if seen else None


def _inputs(batch: Any) -> tuple[Any, ...]:
    return batch if isinstance(batch, tuple) else (batch,)


def _check_two_dims(
    name: str,
    modules: Mapping[str, nn.Module],
    layer: TailDropout,
    ndim: Callable[[], int | None],
) -> None:
    """That dim 1, which BatchNorm and PReLU go by, is the last, along which a Linear makes features."""
    if len(set(layer._batch_dims)) > 1 or (ndim() or 2) > 2:
        kind = type(modules[name]).__name__
        raise _refuse(f"{name}, a {kind}, goes by dim 1; the features lie along the last of more dims")


def _cuts_by_trace(
    model: nn.Module, name: str, layer: TailDropout, graph: fx.Graph, batch: Any
) -> _Cuts:
    modules = dict(model.named_modules())
    calls = [node for node in graph.nodes if node.op == "call_module" and node.target == name]
    if len(calls) != 1:
        raise _refuse(f"the tail {name!r} is used {len(calls)} times when the model runs")
    cuts = _Cuts()
    ndim = functools.partial(_dims_in_use, model, layer, batch)
    along = _find_producer(calls[0], layer, modules, cuts, ndim)
    n = _outputs_of(modules[cuts.outputs[0]])
    _find_consumers(calls[0], along, torch.zeros(n), modules, cuts)
    if along == "last" and cuts.features:
        _check_two_dims(cuts.features[0], modules, layer, ndim)
    targets = [str(node.target) for node in graph.nodes if node.op == "call_module"]
    for used in (*cuts.outputs, *cuts.features, *(reader for reader, _ in cuts.inputs)):
        if targets.count(used) > 1:
            raise _refuse(f"{used} is used {targets.count(used)} times when the model runs")
    return cuts


def _cuts_by_name(model: nn.Module, producer: Any, consumer: Any) -> _Cuts:
    modules = dict(model.named_modules())
    cuts = _Cuts()
    for name in _names(producer, "producer", modules):
        module = modules[name]
        normalises = isinstance(module, (*_BATCH_NORMS, nn.PReLU))
        (cuts.features if normalises else cuts.outputs).append(name)
    if len(cuts.outputs) != 1:
        raise ValueError(
            f"producer = {producer!r} has to name one Linear or convolution, and the BatchNorm "
            "behind it if there is one"
        )
    n = _outputs_of(modules[cuts.outputs[0]])
    cuts.inputs = [(name, torch.zeros(n)) for name in _names(consumer, "consumer", modules)]
    return cuts


def _names(value: Any, what: str, modules: Mapping[str, nn.Module]) -> list[str]:
    names = [value] if isinstance(value, str) else list(value or ())
    if not names:
        raise ValueError(f"{what} has to be given too: name both sides of the tail")
    for name in names:
        if name not in modules:
            raise ValueError(f"{what} = {name!r} is no module of the model")
    return names


def _outputs_of(module: nn.Module) -> int:
    if isinstance(module, nn.Linear):
        return module.out_features
    if isinstance(module, _CONVOLUTIONS):
        return module.out_channels
    raise _refuse(f"a {type(module).__name__} makes no features that can be cut")


# --- checks -------------------------------------------------------------------------------------


def _check_module(model: nn.Module, name: str) -> None:
    module = model.get_submodule(name)
    if parametrize.is_parametrized(module):
        raise _refuse(f"{name} has a parametrisation; remove it first (remove_parametrizations)")
    if "weight" not in module._parameters and not isinstance(module, _BATCH_NORMS):
        raise _refuse(f"the weight of {name} is computed from something else (weight_norm?)")
    if isinstance(module, _CONVOLUTIONS) and module.groups != 1:
        raise _refuse(f"{name} is a convolution in {module.groups} groups")
    if not isinstance(module, (nn.Linear, *_CONVOLUTIONS, *_BATCH_NORMS, nn.PReLU)):
        raise _refuse(f"{name} is a {type(module).__name__}; only Linear, Conv1d, Conv2d and "
                      "BatchNorm can be cut")  # fmt: skip
    if type(module).forward is not _original_forward(module):
        raise _refuse(f"{name} is a {type(module).__name__} with a forward of its own")


def _original_forward(module: nn.Module) -> Any:
    bases = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.BatchNorm1d, nn.BatchNorm2d, nn.PReLU)
    base = next(base for base in bases if isinstance(module, base))
    return base.forward


def _check_tied(model: nn.Module, names: Iterable[str]) -> None:
    owners: dict[int, list[str]] = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        owners.setdefault(id(parameter), []).append(name)
    for name in names:
        for own, mine in model.get_submodule(name)._parameters.items():
            if mine is not None and len(owners[id(mine)]) > 1:
                raise _refuse(f"{name}.{own} is tied: {' and '.join(owners[id(mine)])} are one")


def _check_sizes(model: nn.Module, cuts: _Cuts, n: int) -> None:
    for name in cuts.outputs:
        if _outputs_of(model.get_submodule(name)) != n:
            raise _refuse(
                f"{name} makes {_outputs_of(model.get_submodule(name))} features, not {n}"
            )
    for name in cuts.features:
        module: Any = model.get_submodule(name)
        have = module.num_parameters if isinstance(module, nn.PReLU) else module.num_features
        if have != n and not (isinstance(module, nn.PReLU) and have == 1):
            raise _refuse(f"{name} has {have} features, not {n}")
    for name, _ in cuts.inputs:
        reader: Any = model.get_submodule(name)
        linear = isinstance(reader, nn.Linear)
        have = reader.in_features if linear else reader.in_channels
        if have != n and not (linear and have % n == 0):
            raise _refuse(f"{name} reads {have} features, the tail has {n}")


# --- cutting ------------------------------------------------------------------------------------


def _set(module: nn.Module, name: str, value: Tensor) -> None:
    old = module._parameters.get(name)
    value = value.detach().clone()
    if old is None:
        module._buffers[name] = value
    else:
        setattr(module, name, nn.Parameter(value, requires_grad=old.requires_grad))


def _cut_outputs(module: Any, k: int) -> None:
    _set(module, "weight", module.weight[:k])
    if module.bias is not None:
        _set(module, "bias", module.bias[:k])
    if isinstance(module, nn.Linear):
        module.out_features = k
    else:
        module.out_channels = k


def _cut_features(module: Any, k: int) -> None:
    if isinstance(module, nn.PReLU):
        if module.num_parameters > 1:
            _set(module, "weight", module.weight[:k])
            module.num_parameters = k
        return
    for name in ("weight", "bias", "running_mean", "running_var"):
        if getattr(module, name) is not None:
            _set(module, name, getattr(module, name)[:k])
    module.num_features = k


def _cut_inputs(module: Any, n: int, k: int, dropped: Tensor) -> None:
    if not isinstance(module, nn.Linear):
        _set(module, "weight", module.weight[:, :k])
        module.in_channels = k
        return
    each = module.in_features // n  # more than 1 where pixels were flattened
    constant = dropped[k:].to(module.weight).repeat_interleave(each)
    if bool(constant.any()):
        shift = (module.weight[:, k * each :].double() @ constant.double()).to(module.weight)
        if module.bias is None:
            module.bias = nn.Parameter(shift.detach().clone())
        else:
            _set(module, "bias", module.bias + shift)
    _set(module, "weight", module.weight[:, : k * each])
    module.in_features = k * each


def _cut_tail(layer: TailDropout, k: int) -> None:
    """The tail stays where it is, for training on."""
    layer.law = laws.first_of(layer._law, k)
    layer.k_min = min(layer.k_min, k)
    layer.set_k(None)


def _wanted(model: nn.Module, k: Any) -> dict[str, int]:
    tails = find_tails(model)
    if not isinstance(k, Mapping):
        if len(tails) > 1:
            raise ValueError(
                f"the model has {len(tails)} tails; give k for each by name: {list(tails)}"
            )
        k = dict.fromkeys(tails, k)
    find_tails(model, k)
    try:
        return {name: operator.index(value) for name, value in k.items()}
    except TypeError:
        raise TypeError(f"k has to be a whole number, but got {k!r}") from None


def _cuts_of(
    model: nn.Module,
    name: str,
    producer: Any,
    consumer: Any,
    graph: Callable[[], fx.Graph],
    batch: Any,
) -> _Cuts:
    owner = name.rpartition(".")[0]
    if producer is not None or consumer is not None:
        return _cuts_by_name(model, producer, consumer)
    parent = model.get_submodule(owner)
    if isinstance(parent, TailMLP):
        prefix = f"{owner}." if owner else ""
        n = parent.producer.out_features
        activation = parent.activation
        if isinstance(activation, nn.Module) and any(p.ndim for p in activation.parameters()):
            raise _refuse(f"{prefix}activation has parameters of its own")
        inputs = [(f"{prefix}consumer", torch.zeros(n))]
        return _Cuts([f"{prefix}producer"], [], inputs)
    return _cuts_by_trace(model, name, find_tails(model, name)[name], graph(), batch)


def _check_k(k: int, n: int, name: str) -> None:
    if 1 <= k <= n:
        return
    hint = ""
    if k == 0:
        hint = (
            "; where a rule chose 0, no feature lowers the loss on the data that the curve was measured "
            "on, as with noise, and no layer of 0 features can stand for that"
        )
    raise ValueError(f"k = {k} for {name or 'the tail'} has to be in 1..{n}{hint}")


def prune(
    model: _Model,
    k: SupportsIndex | Mapping[str, SupportsIndex],
    batch: Any = None,
    *,
    producer: str | Iterable[str] | None = None,
    consumer: str | Iterable[str] | None = None,
) -> _Model:
    """A copy of the model that has only the first k features of its tails, physically.

    In evaluation it computes what the whole model does with that k set, up to rounding.

    Args:
        model: with TailDropout or TailMLP layers. It stays as it is.
        k: features to keep, 1..n; with several tails one for each to be cut, by name.
        batch: an input, or a tuple of them, that both models run on to see that they agree, to 1e-5
            of the largest output, with numbers of 16 bits to what these hold. Recommended; None skips
            the comparison, and refuses what depends on the dims of the input: a `dropout_dim` of 0
            or above behind a Linear. BatchNorm1d behind a Linear is taken for one of [rows, n].
        producer: where the model cannot be traced: the name of the Linear or convolution that makes
            the features (and of a BatchNorm behind it, in a list).
        consumer: the name or names of the layers that read them.

    Returns:
        The smaller model, in the mode of the whole one, no k set.

    Raises:
        ValueError: a k out of range, or something that cannot be cut; the message says what and why.
        RuntimeError: the two models differ on the batch.
        TypeError: k is no whole number.
    """
    if hasattr(model, "_orig_mod"):
        raise _refuse("the model is compiled; prune what was compiled, and compile the smaller one")
    wanted = _wanted(model, k)
    if len(wanted) > 1 and (producer is not None or consumer is not None):
        raise ValueError("producer= and consumer= belong to one tail; prune one after the other")
    traced: list[fx.Graph] = []

    def graph() -> fx.Graph:
        if not traced:
            traced.append(_trace(model))
        return traced[0]

    small = copy.deepcopy(model)
    plans: list[tuple[str, int, int, _Cuts]] = []
    with evaluating(model), torch.no_grad():
        for name, keep in wanted.items():
            cuts = _cuts_of(model, name, producer, consumer, graph, batch)
            touched = [*cuts.outputs, *cuts.features, *(reader for reader, _ in cuts.inputs)]
            for module in touched:
                _check_module(model, module)
            _check_tied(model, touched)
            n = _outputs_of(model.get_submodule(cuts.outputs[0]))
            _check_sizes(model, cuts, n)
            _check_k(keep, n, name)
            plans.append((name, keep, n, cuts))
        for name, keep, n, cuts in plans:
            _cut(small, name, keep, n, cuts)
    if batch is not None:
        _verify(model, small, wanted, batch)
    return small


def _cut(model: nn.Module, name: str, k: int, n: int, cuts: _Cuts) -> None:
    for output in cuts.outputs:
        _cut_outputs(model.get_submodule(output), k)
    for feature in cuts.features:
        _cut_features(model.get_submodule(feature), k)
    for reader, dropped in cuts.inputs:
        _cut_inputs(model.get_submodule(reader), n, k, dropped)
    layer = model.get_submodule(name)
    assert isinstance(layer, TailDropout)
    for module in model.modules():
        if isinstance(module, WidthBias) and module.tail is layer:
            _set(module, "bias", module.bias[: k + 1])
    _cut_tail(layer, k)


# --- verifying ----------------------------------------------------------------------------------


def _tensors(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, Mapping):
        value = value.values()
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [tensor for part in value for tensor in _tensors(part)]
    return []


def _verify(whole: nn.Module, small: nn.Module, wanted: Mapping[str, int], batch: Any) -> None:
    inputs = _inputs(batch)
    with torch.no_grad(), evaluating(whole), evaluating(small):
        tails = find_tails(whole, wanted)
        for name, layer in tails.items():
            layer.set_k(wanted[name])
        expected = _tensors(whole(*inputs))
        for layer in tails.values():
            layer.set_k(None)
        found = _tensors(small(*inputs))
    types = {tensor.dtype for tensor in (*whole.parameters(), *expected)}
    tolerance = max(_TOLERANCES.get(dtype, _TOLERANCE) for dtype in types)
    for one, other in zip(expected, found, strict=True):
        if one.shape != other.shape:
            raise RuntimeError(f"pruning changed a shape: {tuple(one.shape)}, {tuple(other.shape)}")
        largest = float(one.abs().max()) if one.numel() else 0.0
        difference = float((one - other).abs().max()) if one.numel() else 0.0
        if not difference <= tolerance * largest + 1e-30:
            raise RuntimeError(
                f"pruning changed the output by {difference:.3g} (largest {largest:.3g}) on the "
                "batch: something around the tail is not what its type says"
            )
