# SPDX-License-Identifier: MIT
"""DistributedDataParallel over Gloo: two processes."""

import gc
import os
import socket
import traceback

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from taildropout import TailDropout, TailMLP, check_ranks, rank_generator
from torch import nn
from torch.nn.parallel import DistributedDataParallel


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 40), TailDropout(), nn.Linear(40, 4))


def mlp():
    torch.manual_seed(0)
    return TailMLP(6, 40, 4)


def masks(layer):
    return layer(torch.ones(50, 40)).sum(1)


def gathered(tensor):
    parts = [torch.empty_like(tensor) for _ in range(dist.get_world_size())]
    dist.all_gather(parts, tensor)
    return parts


def own_seeds(rank):
    """Each process draws from its own seed; the same seed means the same masks."""
    layer = TailDropout()
    torch.manual_seed(7)
    same = gathered(masks(layer))
    assert torch.equal(*same)
    torch.manual_seed(7 + rank)
    assert not torch.equal(*gathered(masks(layer)))
    torch.manual_seed(7)
    mixed = TailDropout(generator=rank_generator(7))
    assert not torch.equal(*gathered(masks(mixed)))


def training(rank):
    """Gradients are averaged, and parameters stay the same on all ranks."""
    model = DistributedDataParallel(network())
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    torch.manual_seed(100 + rank)
    for _ in range(3):
        optimizer.zero_grad()
        model(torch.randn(20, 6)).square().mean().backward()
        optimizer.step()
    weights = gathered(model.module[0].weight.detach())
    assert torch.equal(*weights)
    model.eval()
    model.module[1].set_k(5)
    model(torch.randn(20, 6))
    check_ranks(model)


def different_k(rank):
    """A forward notices that rank 0 has another k, since DDP copies its buffers into all."""
    for first, second, make in (
        *((3, 5, network), (None, 5, network), (3, None, network)),
        *((3, 5, mlp), (None, 5, mlp)),
    ):
        module = make()
        tails = [tail for tail in module.modules() if isinstance(tail, TailDropout)]
        model = DistributedDataParallel(module)
        tails[0].set_k((first, second)[rank])
        if rank == 0:
            model(torch.randn(20, 6))
        else:
            with pytest.raises(RuntimeError, match="differs between ranks"):
                model(torch.randn(20, 6))
        dist.barrier()


def loaded_on_one_rank(rank):
    """A k that came with a state_dict and was set nowhere differs from nobody's."""
    saved = network()
    saved[1].set_k(5)
    module = network()
    if rank == 0:
        module.load_state_dict(saved.state_dict())
    model = DistributedDataParallel(module)
    x = torch.randn(20, 6)
    for _ in range(2):
        model(x).sum().backward()
    assert torch.equal(model.eval()(x), module(x))
    module[1].set_k(3)
    model(x)
    assert module[1].k.item() == 3


def different_k_without_broadcast(rank):
    model = DistributedDataParallel(network(), broadcast_buffers=False)
    model.module[1].set_k(3)
    check_ranks(model)
    model.module[1].set_k(3 + rank)
    with pytest.raises(RuntimeError, match=r"\[3, 4\]"):
        check_ranks(model)


def run(rank, port, function, failures):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), GLOO_SOCKET_IFNAME="lo")
    torch.set_num_threads(1)
    dist.init_process_group("gloo", rank=rank, world_size=2)
    try:
        function(rank)
        dist.barrier()
    except BaseException:
        failures.put(f"rank {rank}: {traceback.format_exc()}")
    finally:
        # A model that an exception's frames keep alive keeps the group, and a process must not exit
        # while the group's threads run.
        gc.collect()
        dist.destroy_process_group()


@pytest.mark.parametrize(
    "function",
    [own_seeds, training, different_k, loaded_on_one_rank, different_k_without_broadcast],
)
def test_two_processes(function):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    context = mp.get_context("spawn")
    failures = context.SimpleQueue()
    mp.spawn(run, (port, function, failures), nprocs=2)
    assert failures.empty(), failures.get()


def test_rank_generator_without_a_group():
    first, second = (rank_generator(3, rank) for rank in (0, 1))
    assert first.initial_seed() != second.initial_seed()
    assert rank_generator(3).initial_seed() == first.initial_seed()
    torch.manual_seed(3)
    assert rank_generator().initial_seed() == first.initial_seed()
