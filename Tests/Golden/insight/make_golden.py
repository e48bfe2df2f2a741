#!/usr/bin/env python3
"""Makes golden.json: explanations by the reference, for Tests/InsightTests.

Usage: make_golden.py > golden.json      needs numpy, scikit-learn, lime (made with lime 0.2.0.1)

Each case has S features and a table of scores, one for each of the 2^S masks (bit i: feature i is
kept), drawn from a seeded generator.
- ridge: lime's own LimeBase, fitted on rows that were drawn by the law of LimeTextExplainer.
- shapley: the definition, summed over all subsets.
- exact: weighted least squares without ridge over all masks but the full one, by numpy's lstsq,
each
  mask weighted as infinitely many samples would weigh it.
- sampled: the reference's law and ridge with 5000 rows over ten seeds; mean and deviation.
"""
import json
from itertools import combinations
from math import comb, exp, factorial, sqrt

import numpy as np
from lime.lime_base import LimeBase

KERNEL_WIDTH = 25


def kernel(distances):
    return np.sqrt(np.exp(-(distances**2) / KERNEL_WIDTH**2))


def rows_of_the_reference(rng, features, samples):
    data = np.ones((samples, features))
    sizes = rng.randint(1, features + 1, samples - 1)
    for index, size in enumerate(sizes, start=1):
        data[index, rng.choice(range(features), size, replace=False)] = 0
    return data


def lime_weights(data, table):
    features = data.shape[1]
    bits = (data @ (1 << np.arange(features))).astype(int)
    kept = data.sum(axis=1)
    distances = 100 * (1 - np.sqrt(kept / features))
    scores = np.stack([1 - table[bits], table[bits]], axis=1)
    base = LimeBase(kernel, random_state=np.random.RandomState(0))
    intercept, pairs, r2, _ = base.explain_instance_with_data(
        data, scores, distances, 1, features, feature_selection="none")
    weights = np.zeros(features)
    for index, weight in pairs:
        weights[index] = weight
    return intercept, weights, r2


def shapley(features, table):
    values = np.zeros(features)
    for i in range(features):
        others = [j for j in range(features) if j != i]
        for size in range(features):
            share = factorial(size) * factorial(features - size - 1) / factorial(features)
            for subset in combinations(others, size):
                bits = sum(1 << j for j in subset)
                values[i] += share * (table[bits | 1 << i] - table[bits])
    return values


def exact(features, table):
    masks = np.arange(2**features - 1)
    rows = (masks[:, None] >> np.arange(features)) & 1
    kept = rows.sum(axis=1)
    weights = np.array([
        exp(-((100 * (1 - sqrt(k / features))) ** 2) / 1250) / (features * comb(features, int(k)))
        for k in kept])
    design = np.hstack([rows, np.ones((len(masks), 1))]) * np.sqrt(weights)[:, None]
    solution, *_ = np.linalg.lstsq(design, table[masks] * np.sqrt(weights), rcond=None)
    return solution


def case(seed, features, samples):
    rng = np.random.RandomState(seed)
    # A main effect, an interaction, and noise: what a classifier does to a text's parts.
    main = rng.normal(size=features)
    masks = np.arange(2**features)
    rows = (masks[:, None] >> np.arange(features)) & 1
    logits = rows @ main - 1.5 * rows[:, 0] * rows[:, -1] + 0.3 * rng.normal(size=len(masks))
    return described(1 / (1 + np.exp(-logits)), features, rng, samples)


def described(table, features, rng, samples):
    """What every method says of a table of scores by mask."""
    data = rows_of_the_reference(rng, features, samples)
    bits = (data @ (1 << np.arange(features))).astype(int)
    intercept, weights, r2 = lime_weights(data, table)
    runs = np.stack([
        lime_weights(rows_of_the_reference(np.random.RandomState(s), features, 5000), table)[1]
        for s in range(10)])
    solution = exact(features, table)
    return {
        "features": features, "table": table.tolist(), "rows": bits.tolist(),
        "ridge": {"intercept": intercept, "weights": weights.tolist(), "r2": r2},
        "shapley": shapley(features, table).tolist(),
        "exact": {"intercept": solution[-1], "weights": solution[:-1].tolist()},
        "sampled": {"mean": runs.mean(axis=0).tolist(), "deviation": runs.std(axis=0).tolist()},
    }


def rounded(value):
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return float(f"{value:.12g}") if isinstance(value, float) else value


if __name__ == "__main__":
    cases = [case(seed, features, 120) for seed, features in enumerate([2, 3, 5, 8])]
    print(json.dumps({"cases": rounded(cases)}, separators=(",", ":")))
