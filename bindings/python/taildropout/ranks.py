# SPDX-License-Identifier: MIT
"""Several processes: random numbers that tell ranks apart, and a set k that they have to share.

A layer draws from the seed of its own process and asks nobody. With the same seed on all ranks all
ranks drop the same tails; who wants them to differ seeds them apart, or hands the layer a generator
from here.
"""

from __future__ import annotations

import torch
import torch.distributed as dist
from torch import nn

from .layer import TailDropout

_GOLDEN = 0x9E3779B97F4A7C15  # of Weyl sequences: seed + rank·this spreads small ranks over 64 bits


def rank_generator(
    seed: int | None = None,
    rank: int | None = None,
    device: torch.device | str = "cpu",
) -> torch.Generator:
    """A generator seeded by a seed and the rank of this process, for `TailDropout(generator=)`.

    Args:
        seed: the same on all ranks; None takes torch's initial seed.
        rank: None asks the default process group, and is 0 where there is none.
        device: of the tensors that the layer will see.

    Returns:
        A new generator; different ranks have unrelated streams.
    """
    if rank is None:
        rank = dist.get_rank() if dist.is_available() and dist.is_initialized() else 0
    if seed is None:
        seed = torch.initial_seed()
    generator = torch.Generator(device=device)
    generator.manual_seed((seed + (rank + 1) * _GOLDEN) % 2**63)
    return generator


def check_ranks(model: nn.Module, group: dist.ProcessGroup | None = None) -> None:
    """Compares the set k of every TailDropout of a model across ranks. All ranks have to call it.

    DistributedDataParallel with `broadcast_buffers=True` needs no such call: there a layer notices by
    itself, in its next forward, that rank 0 has another k.

    Args:
        model: the same on all ranks.
        group: None is the default process group.

    Raises:
        RuntimeError: on every rank, if a k differs; the message names the layer and the values.
    """
    mine = {
        name: module._k_value if module._k_is_set else None
        for name, module in model.named_modules()
        if isinstance(module, TailDropout)
    }
    everyone: list[dict[str, int | None]] = [{} for _ in range(dist.get_world_size(group))]
    dist.all_gather_object(everyone, mine, group=group)
    for name in mine:
        values = [theirs.get(name) for theirs in everyone]
        if any(value != values[0] for value in values):
            raise RuntimeError(
                f"the set k of {name or 'the layer'} differs between ranks: {values}"
            )
