#!/usr/bin/env python3
"""Makes model.json: golden.json's cases once more, for a real model's scores of real texts.

Usage: make_model_golden.py SOCKET > model.json
Needs numpy, scikit-learn, lime (made with lime 0.2.0.1) and a daemon that serves the default model
on SOCKET. Each text's 2^S variants are scored by Classify; what follows from the scores is the
reference's, as in make_golden.py. The test feeds the same rows and scores to our solver.
"""
import json
import pathlib
import sys

import make_golden
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "Protocol" / "python"))
import textflix  # noqa: E402

# The sentences of each text: written for this file.
TEXTS = [
    ["I went in with no hopes at all. ", "The first hour is slow and far too long. ",
     "Then the brother comes home, and the film wakes up. ", "What a performance! ",
     "I cried, I laughed, I forgot the time. ", "Go and see it."],
    ["A great cast is wasted here. ", "The script seems to be written in an afternoon. ",
     "There are two funny scenes, both in the trailer. ", "The music is fine. ",
     "But nobody in this film talks like a person. ", "My son liked the dog. ",
     "I did not like anything else about it."],
]


def table_of(client, sentences):
    variants = ["".join(s for i, s in enumerate(sentences) if bits >> i & 1)
                for bits in range(2 ** len(sentences))]
    results = client.classify(variants).results
    return np.array([score.probability for result in results for score in result.scores
                     if score.label == "positive"], dtype=float)


def main():
    cases = []
    with textflix.connect(sys.argv[1]) as client:
        for seed, sentences in enumerate(TEXTS):
            rng = np.random.RandomState(seed)
            table = table_of(client, sentences)
            cases.append({"text": "".join(sentences)} | make_golden.described(
                table, len(sentences), rng, 300))
    print(json.dumps({"cases": make_golden.rounded(cases)}, separators=(",", ":"),
                     ensure_ascii=False))


if __name__ == "__main__":
    main()
