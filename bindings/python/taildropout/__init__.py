# SPDX-License-Identifier: MIT
"""taildropout: ordered neural networks. Train once, keep any width.

`TailDropout` is the layer, `scree`, `choose_k` and `prune` are what one does with a trained network,
`tail_linear` and `TailMLP` skip the work that a tail makes needless, `load` and `save` exchange models
with the program, `OrderedAutoencoder` runs the program on arrays. The last needs NumPy alone; all
others need torch, which is imported when one of them is first asked for.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .choose import choose_k as choose_k
    from .curve import Scree as Scree
    from .curve import scree as scree
    from .estimator import OrderedAutoencoder as OrderedAutoencoder
    from .laws import get_scale_param as get_scale_param
    from .layer import TailDropout as TailDropout
    from .linear import tail_linear as tail_linear
    from .mlp import TailMLP as TailMLP
    from .model_file import FileModel as FileModel
    from .model_file import load as load
    from .model_file import save as save
    from .pruning import prune as prune
    from .ranks import check_ranks as check_ranks
    from .ranks import rank_generator as rank_generator

_HOMES = {
    "FileModel": "model_file",
    "OrderedAutoencoder": "estimator",
    "Scree": "curve",
    "TailDropout": "layer",
    "TailMLP": "mlp",
    "check_ranks": "ranks",
    "choose_k": "choose",
    "get_scale_param": "laws",
    "load": "model_file",
    "prune": "pruning",
    "rank_generator": "ranks",
    "save": "model_file",
    "scree": "curve",
    "tail_linear": "linear",
}

__all__ = sorted([*_HOMES, "__version__"])


def _missing(name: str, error: ModuleNotFoundError, caller: str) -> Exception:
    """What to raise where a name needs a module that is not there.

    hasattr and inspect ask for any name and take an AttributeError for "it is not there". Of
    `from taildropout import name` Python would make "cannot import name" of it, and lose the rest.
    """
    text = f"{__name__}.{name} needs {error.name}, which is not installed: pip install {error.name}"
    if caller == "_handle_fromlist":
        return ModuleNotFoundError(text, name=error.name)
    return AttributeError(text)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from .native import version

        return version()
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    except ModuleNotFoundError as error:
        raise _missing(name, error, sys._getframe(1).f_code.co_name) from error
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
