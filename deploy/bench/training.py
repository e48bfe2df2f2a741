#!/usr/bin/env python3
"""Training steps beside PyTorch on the same machine, ours and theirs in turn.

Usage: deploy/bench/training.py MODEL_DIR [--texts 16] [--length 256] [--steps 5] [--threads 2]
                                [--precisions f32,bf16] [--rounds 2]

A step is one batch of texts of one length: forward with dropout, loss, backward, AdamW. PyTorch
trains the same architecture (transformers' own class, mean of the hidden states, a linear head),
in f32 or under CPU autocast to bfloat16. Needs torch and transformers; run it with the Python that
has them. Programs are taken from .build/release, or from $TEXTFLIX_PROGRAMS. Medians are printed as
JSON lines.
"""

import argparse
import json
import os
import pathlib
import resource
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(os.environ.get("TEXTFLIX_PROGRAMS", ROOT / ".build" / "release"))


def ours(options, precision):
    answer = subprocess.run(
        [PROGRAMS / "textflix-bench", "training", "--model", options.model, "--precision",
         precision, "--texts", str(options.texts), "--length", str(options.length), "--steps",
         str(options.steps), "--threads", str(options.threads)],
        capture_output=True, text=True, check=True)
    return {"engine": "textflix"} | json.loads(answer.stdout)


def theirs(options, precision):
    """In a process of its own, so that its memory is its own."""
    answer = subprocess.run(
        [sys.executable, __file__, "--inside", precision, options.model, "--texts",
         str(options.texts), "--length", str(options.length), "--steps", str(options.steps),
         "--threads", str(options.threads)], capture_output=True, text=True, check=True)
    return json.loads(answer.stdout)


def inside(options):
    import torch
    from transformers import AutoModel
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    model = AutoModel.from_pretrained(options.model, attn_implementation="sdpa").train()
    model.pooler = None
    head = torch.nn.Linear(model.config.hidden_size, 2)
    parameters = list(model.parameters()) + list(head.parameters())
    optimiser = torch.optim.AdamW(parameters, lr=1e-5, weight_decay=0.01)
    ids = torch.randint(1000, 20000, (options.texts, options.length))
    labels = torch.arange(options.texts) % 2
    times = []
    for _ in range(options.steps + 1):
        start = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=options.inside == "bf16"):
            states = model(input_ids=ids).last_hidden_state
            loss = torch.nn.functional.cross_entropy(head(states.mean(1)), labels)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1)
        optimiser.step()
        optimiser.zero_grad()
        times.append(time.perf_counter() - start)
    seconds = sorted(times[1:])[options.steps // 2]
    print(json.dumps({
        "engine": f"torch {torch.__version__}", "precision": options.inside,
        "threads": options.threads, "step_milliseconds": round(seconds * 1e3, 1),
        "tokens_per_second": round(options.texts * options.length / seconds, 1),
        "private_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3, 1)}))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model")
    parser.add_argument("--texts", type=int, default=16)
    parser.add_argument("--length", type=int, default=256)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--precisions", default="f32,bf16")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        return inside(options)
    for precision in options.precisions.split(","):
        for _ in range(options.rounds):
            for run in (ours, theirs):
                print(json.dumps(run(options, precision)), flush=True)


if __name__ == "__main__":
    main()
