#!/usr/bin/env python3
"""Compares textflixlab's NB-SVM with scikit-learn's: time, accuracy and every weight, in one run.

Usage: baselines.py --train FILE --test FILE [--loss logistic|squared-hinge]
                    [--weighting idf|binary] [--cost C] [--interpolation B] [--exact] [--runs N]

FILEs are JSON lines with text and label. Both sides read the same file, make the same uni- and
bigrams (words of any length and marks), and fit one NB-SVM; scikit-learn's is the published formula
around its vectoriser and its liblinear. Then every coefficient of the model that textflixlab wrote
is looked up by its n-gram's name and compared with scikit-learn's, and the test texts are labelled
by both.

"ours, whole command" also has what scikit-learn's side does not do here: five more fits for Platt's
scaling by cross-validation, writing the model, measuring the test file. With --exact both solve to
a small tolerance, which takes longer and shows that the minimum is the same. Medians of --runs.

Needs numpy, scipy and scikit-learn; textflixlab from .build/release or $TEXTFLIX_PROGRAMS.
"""

import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(os.environ.get("TEXTFLIX_PROGRAMS", ROOT / ".build" / "release"))
LABELS = ["negative", "positive"]
# Words and marks; controls of ASCII are neither.
TOKEN = r"(?u)\w+|[^\w\s\x00-\x1f\x7f]"
BREAK = re.compile(r"<br ?/?>")
U64 = np.uint64
GOLDEN, FNV_START, FNV_PRIME = 0x9E3779B97F4A7C15, 0xCBF29CE484222325, 0x100000001B3


def ours(options, folder):
    """-> report of textflixlab train, seconds of the whole command"""
    experiment = {
        "data": {"train": str(options.train.resolve()), "test": str(options.test.resolve()),
                 "labels": LABELS},
        "model": {"recipe": "better", "loss": options.loss, "weighting": options.weighting,
                  "cost": options.cost, "interpolation": options.interpolation}
                 | ({"tolerance": 1e-5, "passes": 20_000} if options.exact else {}),
        "folds": 5, "seed": 1, "output": f"{folder}/model"}
    path = pathlib.Path(folder, "experiment.json")
    path.write_text(json.dumps(experiment))
    start = time.monotonic()
    made = subprocess.run([PROGRAMS / "textflixlab", "train", path], capture_output=True,
                          text=True, check=False)
    seconds = time.monotonic() - start
    if made.returncode:
        sys.exit(f"textflixlab train: {made.stderr}")
    return json.loads(made.stdout), seconds


def read(path):
    with open(path, encoding="utf-8", newline="\n") as file:
        rows = [json.loads(line) for line in file]
    return [row["text"] for row in rows], np.array([LABELS.index(row["label"]) for row in rows])


def theirs(options):
    """-> (vectorizer, coefficients, intercept), seconds of reading, features and fit"""
    marks = [time.monotonic()]
    texts, labels = read(options.train)
    marks.append(time.monotonic())
    kind = TfidfVectorizer if options.weighting == "idf" else CountVectorizer
    vectorizer = kind(token_pattern=TOKEN, ngram_range=(1, 2), binary=True,
                      preprocessor=lambda text: BREAK.sub(" ", text).lower())
    rows = vectorizer.fit_transform(texts)
    marks.append(time.monotonic())
    present = csr_matrix((rows > 0).astype(np.float64))
    with_it = 1 + np.asarray(present[labels == 1].sum(axis=0)).ravel()
    without = 1 + np.asarray(present[labels == 0].sum(axis=0)).ravel()
    ratios = np.log((with_it / with_it.sum()) / (without / without.sum()))
    tolerance = {"tol": 1e-8, "max_iter": 100_000} if options.exact else {}
    if options.loss == "logistic":
        machine = LogisticRegression(C=options.cost, solver="liblinear", dual=True, **tolerance)
    else:
        machine = LinearSVC(C=options.cost, loss="squared_hinge", dual=True, **tolerance)
    machine.fit(rows.multiply(ratios).tocsr(), labels)
    weights = machine.coef_.ravel()
    beta = options.interpolation
    coefficients = (beta * weights + (1 - beta) * np.abs(weights).mean()) * ratios
    marks.append(time.monotonic())
    return (vectorizer, coefficients, float(machine.intercept_[0])), np.diff(marks)


def mixed(bits):
    """SplitMix64's finaliser, as Sources/Baselines/NGramHash.swift has it."""
    bits = (bits ^ bits >> U64(30)) * U64(0xBF58476D1CE4E5B9)
    bits = (bits ^ bits >> U64(27)) * U64(0x94D049BB133111EB)
    return bits ^ bits >> U64(31)


def names(grams):
    """The names under which the model's table keeps n-grams, given as lists of words."""
    known = {}
    for word in {word for gram in grams for word in gram}:
        value = FNV_START
        for byte in word.encode():
            value = (value ^ byte) * FNV_PRIME & (1 << 64) - 1
        known[word] = value
    with np.errstate(over="ignore"):
        first = mixed(np.array([known[gram[0]] for gram in grams], U64))
        last = mixed(np.array([known[gram[-1]] for gram in grams], U64))
        single = mixed(first)
        double = mixed(single * U64(GOLDEN) + last)
    return np.where([len(gram) == 2 for gram in grams], double, single)


def table(folder):
    """{name: coefficient} of model.safetensors: a slot is a name, a weight and a coefficient."""
    raw = pathlib.Path(folder, "model", "model.safetensors").read_bytes()
    size = int.from_bytes(raw[:8], "little")
    begin, end = json.loads(raw[8:8 + size])["table"]["data_offsets"]
    slots = np.frombuffer(raw[8 + size + begin:8 + size + end], np.dtype(
        [("name", "<u8"), ("weight", "<f4"), ("coefficient", "<f4")]))
    return {slot["name"]: slot["coefficient"] for slot in slots[slots["name"] != 0]}


def compare(options, folder, model, report):
    vectorizer, coefficients, intercept = model
    grams = [gram.split(" ") for gram in vectorizer.get_feature_names_out()]
    served = table(folder)
    found = np.array([served.get(name, np.nan) for name in names(grams)], np.float64)
    missing = int(np.isnan(found).sum())
    gaps = np.abs(found - coefficients)[~np.isnan(found)]
    largest = np.abs(coefficients).max()
    print(f"features: {report['features']} ours, {len(grams)} scikit-learn's, {missing} of those"
          f" not in ours")
    print(f"weights: largest difference {gaps.max():.2e}, median {np.median(gaps):.2e}, of a"
          f" largest weight of {largest:.3f}")
    texts, labels = read(options.test)
    margins = vectorizer.transform(texts) @ coefficients + intercept
    settings = json.loads(pathlib.Path(folder, "model", "config.json").read_text())
    logits = settings["platt_slope"] * margins + settings["platt_offset"]
    plain, scaled = (100 * ((values > 0) == labels).mean() for values in (margins, logits))
    test = report["test"]
    print(f"accuracy on {len(texts)} test texts: {100 * test['accuracy']:.2f} % ours"
          f" ({100 * test['accuracy_low']:.2f} to {100 * test['accuracy_high']:.2f}),"
          f" {scaled:.2f} % scikit-learn's margins through our Platt scaling,"
          f" {plain:.2f} % by their sign")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=pathlib.Path, required=True)
    parser.add_argument("--test", type=pathlib.Path, required=True)
    parser.add_argument("--loss", choices=["logistic", "squared-hinge"], default="logistic")
    parser.add_argument("--weighting", choices=["idf", "binary"], default="idf")
    parser.add_argument("--cost", type=float, default=30)
    parser.add_argument("--interpolation", type=float, default=1)
    parser.add_argument("--exact", action="store_true")
    parser.add_argument("--runs", type=int, default=1)
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(options.runs):
            report, whole = ours(options, folder)
            model, reference = theirs(options)
            parts = [report[f"{part}_seconds"] for part in ("read", "feature", "fit")]
            rows.append([*parts, sum(parts), whole, *reference, sum(reference)])
        medians = [statistics.median(column) for column in zip(*rows)]
        print(f"{'seconds':<28}{'read':>8}{'features':>10}{'fit':>8}{'together':>10}")
        print(f"{'ours':<28}{medians[0]:>8.2f}{medians[1]:>10.2f}{medians[2]:>8.2f}"
              f"{medians[3]:>10.2f}")
        print(f"{'scikit-learn':<28}{medians[5]:>8.2f}{medians[6]:>10.2f}{medians[7]:>8.2f}"
              f"{medians[8]:>10.2f}   {medians[8] / medians[3]:.1f}x")
        print(f"{'ours, whole command':<28}{'':>26}{medians[4]:>10.2f}"
              f"   {medians[8] / medians[4]:.1f}x")
        compare(options, folder, model, report)


if __name__ == "__main__":
    main()
