# SPDX-License-Identifier: MIT
"""Models as graphs: layers with tails, and layers that can be cut, stay whole."""

from __future__ import annotations

from typing import Any

import torch.fx as fx
from torch import Tensor, nn

from .file_layers import KeptSigmoid, WidthBias
from .layer import TailDropout
from .mlp import TailMLP

_WHOLE = (
    *(TailDropout, TailMLP, nn.Linear, nn.Conv1d, nn.Conv2d),
    *(nn.BatchNorm1d, nn.BatchNorm2d, WidthBias, KeptSigmoid),
)


class _Tracer(fx.Tracer):
    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return isinstance(m, _WHOLE) or super().is_leaf_module(m, module_qualified_name)


def trace(model: nn.Module) -> fx.Graph:
    """The graph of a model.

    Raises:
        Exception: of many kinds, where what the model does depends on its input.
    """
    return _Tracer().trace(model)


class Replay:
    """Runs a model again and again on one input while only a tail changes: what does not depend on
    the tail is computed once.

    Args:
        model: in evaluation mode.
        graph: of the model.
        tail: name of the tail layer.
    """

    def __init__(self, model: nn.Module, graph: fx.Graph, tail: str) -> None:
        owner = tail.rpartition(".")[0]
        names = {tail, owner} if isinstance(model.get_submodule(owner), TailMLP) else {tail}
        self._dependent: set[fx.Node] = set()
        for node in graph.nodes:
            is_tail = node.op == "call_module" and node.target in names
            if is_tail or any(source in self._dependent for source in node.all_input_nodes):
                self._dependent.add(node)
        module = fx.GraphModule(model, graph)
        self._interpreter = fx.Interpreter(module, garbage_collect_values=False)
        self._fixed: dict[fx.Node, Any] = {}

    def start(self, x: Tensor) -> Any:
        """Runs on a new input; returns the output."""
        output = self._interpreter.run(x)
        values = self._interpreter.env.items()
        self._fixed = {node: value for node, value in values if node not in self._dependent}
        return output

    def again(self, x: Tensor) -> Any:
        """Runs on the same input; returns the output."""
        return self._interpreter.run(x, initial_env=dict(self._fixed))
