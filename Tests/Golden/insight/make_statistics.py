#!/usr/bin/env python3
"""Makes statistics.json: measures of quality by scipy and scikit-learn, for Tests/InsightTests.

Usage: make_statistics.py > statistics.json      made with scipy 1.17.1, scikit-learn 1.9.1
"""
import json

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp, softmax
from scipy.stats import binomtest, spearmanr
from sklearn.metrics import balanced_accuracy_score, confusion_matrix, f1_score, roc_auc_score

rng = np.random.RandomState(11)
LABELS, TEXTS = 3, 120
truths = rng.randint(0, LABELS, TEXTS)
logits = rng.normal(size=(TEXTS, LABELS)) * 2
logits[np.arange(TEXTS), truths] += 2.0
probabilities = softmax(logits, axis=1)
given = probabilities.argmax(axis=1)
confidence = probabilities.max(axis=1)
right = (given == truths).astype(float)


def expected_error(groups):
    gaps = (len(g) * abs(confidence[g].mean() - right[g].mean()) for g in groups if len(g))
    return sum(gaps) / TEXTS


# Classes, and probabilities of class 1: with ties within and across classes, all right, all wrong.
RANKED = [
    ([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]),
    ([1, 0, 1, 0, 1, 0, 0], [0.5, 0.5, 0.5, 0.25, 0.75, 0.75, 0.0]),
    ([0, 1, 1], [0.25, 0.5, 1.0]),
    ([1, 1, 0], [0.25, 0.25, 0.75]),
    ([0, 1, 1, 0, 1], [0.5, 0.5, 0.5, 0.5, 0.5]),
]
width = np.minimum((confidence * 15).astype(int), 14)
order = np.argsort(confidence, kind="stable")
edges = [i * TEXTS // 15 for i in range(16)]


def penalised(log_t, shrinkage):
    scaled = logits * np.exp(-log_t)
    loss = (logsumexp(scaled, axis=1) - scaled[np.arange(TEXTS), truths]).sum()
    return loss + shrinkage / 2 * log_t**2


def temperature(shrinkage):
    bounds = (np.log(0.05), np.log(20))
    options = {"xatol": 1e-10}
    found = minimize_scalar(penalised, args=(shrinkage,), bounds=bounds, method="bounded",
                            options=options)
    return float(np.exp(found.x))


by_confidence = np.argsort(-confidence, kind="stable")
risks = np.cumsum(1 - right[by_confidence]) / np.arange(1, TEXTS + 1)
scores = np.sort(1 - probabilities[np.arange(TEXTS), truths])
a, b = rng.randint(0, 6, 30).astype(float), rng.randint(0, 6, 30).astype(float)
print(json.dumps({
    "logits": logits.tolist(), "probabilities": probabilities.tolist(), "truths": truths.tolist(),
    "confusion": confusion_matrix(truths, given).tolist(),
    "balanced": balanced_accuracy_score(truths, given),
    "f1": f1_score(truths, given, average=None).tolist(),
    "ece": expected_error([np.flatnonzero(width == i) for i in range(15)]),
    "ece_mass": expected_error([order[edges[i]:edges[i + 1]] for i in range(15)]),
    "brier": float(((probabilities - np.eye(LABELS)[truths])**2).sum(axis=1).mean()),
    "temperature": temperature(0), "temperature_shrunk": temperature(20),
    "aurc": float(risks.mean()),
    "roc_auc": [[classes, ranks, float(roc_auc_score(classes, ranks))]
                for classes, ranks in RANKED],
    "conformal": float(1 - np.quantile(scores, np.ceil(121 * 0.9) / 120, method="inverted_cdf")),
    "wilson": [[s, n, *binomtest(s, n).proportion_ci(method="wilson")]
               for s, n in [(0, 10), (7, 9), (4500, 5000)]],
    "mcnemar": [[x, y, binomtest(min(x, y), x + y).pvalue] for x, y in [(3, 9), (0, 5), (210,
    260)]], "spearman": [a.tolist(), b.tolist(), float(spearmanr(a, b).statistic)],
}, separators=(",", ":")))
