#!/usr/bin/env python3
"""How far bf16 moves the reference's logits on real texts, by hand: what any engine must expect.

The first --count texts of a file go through PyTorch twice, in f32 and under bf16 autocast; the
largest and the mean difference of a logit are printed, and how many labels change. Ours, on the
same texts: `textflixlab pack --precision bf16 --check FILE --label-field label DIR`.

Usage: rounding.py --jsonl FILE [--count 1000] DIR
Needs torch 2.15, transformers 5.24, peft 0.21, tokenizers 0.23. DIR is a folder with a head, as
written.py reads it.
"""

import argparse
import json
import pathlib

import numpy
import torch
from tokenizers import Tokenizer
from written import Classifier, settings_of


def cut(ids, limit, truncation):
    """[CLS] and [SEP] stay; of a long text its beginning, or a quarter of it and the end."""
    if len(ids) <= limit:
        return ids
    inner, room = ids[1:-1], limit - 2
    head = limit // 4 if truncation == "head_and_tail" else room
    return [ids[0], *inner[:head], *inner[len(inner) - (room - head):], ids[-1]]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--jsonl", required=True)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("folder", metavar="DIR", type=pathlib.Path)
    arguments = parser.parse_args()
    settings = settings_of(arguments.folder)
    base = arguments.folder / settings.get("base", ".")
    tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    classifier = Classifier(arguments.folder)
    single, half = [], []
    with open(arguments.jsonl, encoding="utf-8", newline="\n") as file:
        for line, _ in zip(file, range(arguments.count)):
            ids = cut(tokenizer.encode(json.loads(line)["text"]).ids,
                      settings.get("max_tokens", 512), settings.get("truncation", "head"))
            single.append(classifier.logits(ids))
            with torch.autocast("cpu", dtype=torch.bfloat16):
                half.append(classifier.logits(ids))
    single, half = numpy.array(single), numpy.array(half)
    off = abs(single - half)
    same = (single.argmax(1) == half.argmax(1)).mean()
    print(f"{len(single)} texts, largest logit {abs(single).max():.3f}: off by at most"
          f" {off.max():.4f}, on average {off.mean():.4f}; same label {100 * same:.2f} %")


if __name__ == "__main__":
    main()
