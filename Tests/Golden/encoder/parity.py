#!/usr/bin/env python3
"""Compares the encoder with the reference on whole models, by hand: answers, speed, memory.

Each model folder is run through `textflixlab forward` and through transformers on the same token
ids (lengths: 1 to the position limit, and 32 texts of 128 for speed). Answers are compared with the
reference in f64; the reference's own f32 stands beside ours. Speed is the median of --repeat runs
of 32 x 128 tokens, both sides on --threads threads, nothing else running.

Usage: parity.py [--lab PATH] [--threads 2] [--repeat 5] DIR...
Needs torch 2.15, transformers 5.23. A folder of BERT-large's shape: textflixlab synth DIR.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

import numpy
import torch
from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification

LAB = pathlib.Path(__file__).parents[3] / ".build/release/textflixlab"
ALL = ("model", "largest answer", "our f32 off by", "reference f32 off by", "our tokens/s",
       "reference tokens/s", "ready ms", "mapped MB", "private MB")


def texts(configuration, lengths, seed):
    """Random ids from 4 on: the first four are MPNet's special tokens, of which the reference's
    positions leave the padding out."""
    random = numpy.random.default_rng(seed)
    return [random.integers(4, configuration.vocab_size, length).tolist() for length in lengths]


def ours(arguments, folder, ids, wanted, repeats):
    """-> (rows, report) of textflixlab forward."""
    environment = {key: value for key, value in os.environ.items()
                   if not key.startswith("OPENBLAS_")}
    text = "".join(" ".join(map(str, row)) + "\n" for row in ids)
    run = subprocess.run(
        [arguments.lab, "forward", "--output", wanted, "--repeat", str(repeats), folder],
        input=text, capture_output=True, text=True, check=True, env=environment)
    rows = [[float(value) for value in line.split()] for line in run.stdout.splitlines()]
    return numpy.array(rows), json.loads(run.stderr.splitlines()[-1])


def reference(model, ids, wanted):
    with torch.inference_mode():
        result = model(input_ids=torch.tensor(ids), output_hidden_states=wanted == "mean")
    if wanted == "logits":
        return result.logits.double().numpy()
    return result.hidden_states[-1].mean(1).double().numpy()


def speed(model, ids, wanted, repeats):
    """Tokens a second, one batch of equal lengths: no padding on this side either."""
    reference(model, ids, wanted)
    seconds = []
    for _ in range(repeats):
        start = time.monotonic()
        reference(model, ids, wanted)
        seconds.append(time.monotonic() - start)
    return sum(map(len, ids)) / statistics.median(seconds)


def compare(arguments, folder):
    configuration = AutoConfig.from_pretrained(folder)
    is_classifier = "Classification" in (configuration.architectures or [""])[0]
    wanted = "logits" if is_classifier else "mean"
    kind = AutoModelForSequenceClassification if is_classifier else AutoModel
    model = kind.from_pretrained(folder).eval()  # the fastest attention it has
    many = texts(configuration, [128] * 32, 1)
    rate = speed(model, many, wanted, arguments.repeat)
    _, report = ours(arguments, folder, many, wanted, arguments.repeat)
    limit = configuration.max_position_embeddings
    if configuration.model_type == "mpnet":
        limit -= 2  # rows of padding
    lengths = [1, 2, 3, 15, 16, 17, 64, 130, limit] + [40] * 7
    odd = texts(configuration, [min(length, limit) for length in lengths], 2)
    mine, _ = ours(arguments, folder, odd, wanted, 1)
    single = numpy.concatenate([reference(model, [row], wanted) for row in odd])
    model = model.double()
    exact = numpy.concatenate([reference(model, [row], wanted) for row in odd])
    return (pathlib.Path(folder).name, f"{abs(exact).max():.3f}",
            f"{abs(mine - exact).max():.1e}", f"{abs(single - exact).max():.1e}",
            f"{report['tokens_per_second']:.0f}", f"{rate:.0f}", f"{report['ready_ms']:.0f}",
            f"{report['mapped_mb']:.0f}", f"{report['private_mb']:.0f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--lab", default=LAB)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("folders", nargs="+", metavar="DIR")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    print("| " + " | ".join(ALL) + " |")
    print("| " + " | ".join("---" for _ in ALL) + " |")
    for folder in arguments.folders:
        print("| " + " | ".join(compare(arguments, folder)) + " |")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
