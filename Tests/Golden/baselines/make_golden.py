#!/usr/bin/env python3
"""Makes golden.json: NB-SVM by scikit-learn and the published formula, for Tests/BaselinesTests;
averaged word vectors and logistic regression by scikit-learn, for Tests/TrainingTests.

Usage: make_golden.py > golden.json      made with scikit-learn 1.9.1

The texts are made of a list of words by a seeded generator: each class prefers some of them.
"""
import json

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.calibration import _SigmoidCalibration
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

WORDS = ("good bad film plot not very acting loved hated dull bright story the a of was is, "
         "ending! never again? slow funny sad great awful naïve ÉLAN scenes running runs").split()


def make_texts(rng, count):
    tilt = rng.normal(size=len(WORDS))
    texts, classes = [], []
    for index in range(count):
        positive = index % 2 == 0
        weights = np.exp(tilt * (0.5 if positive else -0.5))
        length = rng.randint(3, 14)
        texts.append(" ".join(rng.choice(WORDS, length, p=weights / weights.sum())))
        classes.append(positive)
    return texts, classes


def margins(vectorizer, make, loss, cost, beta, train, classes, held):
    x, h = vectorizer.fit_transform(train), vectorizer.transform(held)
    y = np.array(classes)
    binary = csr_matrix((x > 0).astype(float))
    p, q = 1 + binary[y].sum(axis=0), 1 + binary[~y].sum(axis=0)
    r = np.asarray(np.log((p / p.sum()) / (q / q.sum()))).ravel()
    model = make(cost).fit(x.multiply(r).tocsr(), y)
    w = model.coef_.ravel()
    served = (beta * w + (1 - beta) * np.abs(w).mean()) * r
    return (h @ served + model.intercept_).ravel()


def svm(cost):
    # The primal solver: the dual one stops short of the minimum on such small sets.
    return LinearSVC(C=cost, loss="squared_hinge", dual=False, tol=1e-10, max_iter=100_000)


def logistic(cost):
    return LogisticRegression(C=cost, solver="liblinear", dual=True, tol=1e-12, max_iter=1_000_000)


def averaged(texts, vectors):
    """The mean of the vectors of a text's known words; zeros where none is known."""
    words = CountVectorizer(token_pattern=ANY).build_analyzer()
    known = [[vectors[word] for word in words(text) if word in vectors] for text in texts]
    return np.array([np.mean(rows, axis=0) if rows else np.zeros(5) for rows in known])


def vector_case(train, classes, held):
    words = CountVectorizer(token_pattern=ANY).fit(train).get_feature_names_out()
    # Some words have no vector; columns of different size, so that standardising matters.
    numbers = np.random.RandomState(9).normal(size=(len(words), 5)) * [1, 0.1, 3, 0.5, 20]
    vectors = {word: np.round(row, 4) for word, row in zip(words[2:], numbers)}
    logistic = LogisticRegression(C=0.3, solver="newton-cholesky", tol=1e-12, max_iter=1000)
    model = make_pipeline(StandardScaler(), logistic)
    model.fit(averaged(train, vectors), classes)
    return {"cost": 0.3, "margins": model.decision_function(averaged(held, vectors)).tolist(),
            "file": "".join(f"{word} {' '.join(map(str, row))}\n"
                            for word, row in vectors.items())}


rng = np.random.RandomState(5)
train, classes = make_texts(rng, 200)
held, _ = make_texts(rng, 40)
held += ["", "unseen words only", "good", "good film", "not good !"]
ANY = r"(?u)\w+|[^\w\s]"
cases = []
for loss, make in (("squared-hinge", svm), ("logistic", logistic)):
    for weighting, kind in (("binary", CountVectorizer), ("idf", TfidfVectorizer)):
        for order, cost, beta in ((1, 1.0, 0.25), (2, 0.3, 1.0)):
            options = {"token_pattern": ANY, "ngram_range": (1, order), "binary": True}
            found = margins(kind(**options), make, loss, cost, beta, train, classes, held)
            cases.append({"loss": loss, "weighting": weighting, "order": order, "cost": cost,
                          "beta": beta, "margins": found.tolist()})

noise = rng.normal(size=60)
truth = (noise + 0.7 * rng.normal(size=60)) > 0.2
platt = _SigmoidCalibration().fit(noise, truth.astype(int))
print(json.dumps({
    "train": train, "classes": [bool(c) for c in classes], "held": held, "cases": cases,
    "vectors": vector_case(train, classes, held),
    "platt": {"margins": noise.tolist(), "positive": [bool(t) for t in truth],
              "slope": -float(platt.a_), "offset": -float(platt.b_)},
}, ensure_ascii=False, separators=(",", ":")))
