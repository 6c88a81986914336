"""Where the time of scoring goes: noise, encoding, transfer, the network, losses; and what the network does."""

import time
from contextlib import ExitStack, nullcontext
from unittest import mock

import torch
from torch.profiler import ProfilerActivity, profile

import card
import throughput
from generative_classifiers.models.base import exact_convolutions
from generative_classifiers.models.diffusion import model as diffusion
from speeds import some_images

DRAWS, KERNELS = 16, 15


def stages(bench, name):
    """Seconds of each stage, with the device waited for after each of them; and of all of them without waiting."""
    model, size = bench.load(name), bench.sizes(name)[-2]
    model.batch_size, draws = size, model.draws(DRAWS, 0)
    images, names = some_images(model, 1)
    evaluations = len(draws) * len(model.categories)
    score = lambda: model.evaluate(images.copy(), names, draws)  # noqa: E731, a copy, so that images are encoded again
    score()
    spent = dict.fromkeys(("encoding", "noise", "noise and its transfer", "network", "losses"), 0.0)
    with ExitStack() as patches:
        for place, attribute, stage in (
            (model, "encode", "encoding"),
            (diffusion, "gaussian", "noise"),
            (model, "_noise", "noise and its transfer"),
            (model, "_predict", "network"),
            (diffusion, "mean_square", "losses"),
        ):
            timed = stopwatch(getattr(place, attribute), spent, stage, bench.device)
            patches.enter_context(mock.patch.object(place, attribute, timed))
        together = seconds(score, bench.device)
    transfer = spent.pop("noise and its transfer") - spent["noise"]
    spent["transfer"] = transfer
    return {
        "batch_size": size,
        "evaluations": evaluations,
        "noise_samples": len(draws) * len(images),
        "seconds": spent | {"rest": together - sum(spent.values())},
        "seconds_without_waiting": seconds(score, bench.device),
        "kernels": kernels(throughput.bare(model, size), bench.device),
        "bare_network_per_second": variants(model, size, bench.device),  # last, since it casts the network
    }


def stopwatch(function, spent, stage, device):
    """The function, with its seconds added to those of a stage."""

    def timed(*args, **kwargs):
        card.synchronise(device)
        start = time.perf_counter()
        result = function(*args, **kwargs)
        card.synchronise(device)
        spent[stage] += time.perf_counter() - start
        return result

    return timed


def seconds(work, device):
    """Seconds of some work on a device."""
    card.synchronise(device)
    start = time.perf_counter()
    work()
    card.synchronise(device)
    return time.perf_counter() - start


def variants(model, size, device):
    """Predictions per second as they are scored, with any convolution kernel, and without autocast, all in bfloat16."""
    found = {}
    for name, convolutions in (("as scored", exact_convolutions), ("any convolutions", nullcontext)):
        predict = throughput.bare(model, size)
        with convolutions():
            throughput.speed(predict, size, device.type)
            found[name] = throughput.speed(predict, size, device.type)
    model.network.to(torch.bfloat16)
    model.conditioning = {name: value.to(torch.bfloat16) for name, value in model.conditioning.items()}
    category = torch.arange(size, device=device) % len(model.categories)
    predict = throughput.NETWORKS["diffusion"](model, size, category, torch.bfloat16)
    throughput.speed(predict, size, device.type)
    found["any convolutions, no autocast"] = throughput.speed(predict, size, device.type)
    return found


def kernels(work, device):
    """The kernels that take the most time, and the share of each."""
    on_card = device.type == "cuda"
    with (
        torch.inference_mode(),
        profile(activities=[ProfilerActivity.CUDA if on_card else ProfilerActivity.CPU]) as run,
    ):
        work()
        card.synchronise(device)
    times = {
        event.key: event.self_device_time_total if on_card else event.self_cpu_time_total
        for event in run.key_averages()
    }
    total = sum(times.values()) or 1
    longest = sorted(times, key=times.get, reverse=True)[:KERNELS]
    return {name[:120]: times[name] / total for name in longest}
