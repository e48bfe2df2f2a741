#!/usr/bin/env python3
"""Measures the Swift tokenizer beside the reference, on one thread, in alternated runs.

Usage: speed.py --bench .build/release/textflix-bench --model DIR --texts FILE [--rounds N]

FILE holds objects with a field "text", one a line (.gz or not). Both sides have their texts in
memory; quoted are medians of tokens a second. The reference is Hugging Face tokenizers 0.23.3, text
by text and in batches, with TOKENIZERS_PARALLELISM=false and one Rayon thread.
"""
import argparse
import gzip
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

os.environ.update(TOKENIZERS_PARALLELISM="false", RAYON_NUM_THREADS="1")

from tokenizers import Tokenizer, __version__  # noqa: E402  (reads the variables)


def timed(encode):
    start = time.perf_counter()
    tokens = encode()
    return tokens, tokens / (time.perf_counter() - start)


def swift(options, jsonl):
    output = subprocess.run(
        [options.bench, "tokenizer", "--tokenizer", options.model / "tokenizer.json", "--jsonl",
         jsonl, "--rounds", "1"], check=True, stdout=subprocess.PIPE).stdout
    result = json.loads(output)
    return result["tokens"], result["tokens_per_second"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bench", required=True)
    parser.add_argument("--model", required=True, type=pathlib.Path)
    parser.add_argument("--texts", required=True, type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    opener = gzip.open if options.texts.suffix == ".gz" else open
    with opener(options.texts, "rt", encoding="utf-8", newline="\n") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    tokenizer = Tokenizer.from_file(str(options.model / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as jsonl:
        jsonl.writelines(json.dumps({"text": text}) + "\n" for text in texts)
        jsonl.flush()
        sides = {
            "Textflix": lambda: swift(options, jsonl.name),
            f"tokenizers {__version__}, text by text": lambda: timed(
                lambda: sum(len(tokenizer.encode(text).ids) for text in texts)),
            f"tokenizers {__version__}, in one batch": lambda: timed(
                lambda: sum(len(encoding.ids) for encoding in tokenizer.encode_batch(texts))),
        }
        speeds = {name: [] for name in sides}
        for _ in range(options.rounds):
            counts = set()
            for name, run in sides.items():
                tokens, speed = run()
                counts.add(tokens)
                speeds[name].append(speed)
            assert len(counts) == 1, counts
    ours = statistics.median(speeds["Textflix"])
    print(f"{len(texts)} texts, {counts.pop()} tokens, medians of {options.rounds} rounds")
    for name, values in speeds.items():
        middle = statistics.median(values)
        print(f"{name}: {middle / 1e6:.2f} M tokens/s ({min(values) / 1e6:.2f} to "
              f"{max(values) / 1e6:.2f}); Textflix / this = {ours / middle:.1f}")


main()
