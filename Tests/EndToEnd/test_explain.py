"""Explanations by the daemon against their definitions, computed here from Classify's answers.

The default model explains a review of five sentences, by every method; a small NB-SVM, trained by
this test, is served beside it.
"""

import itertools
import json
import math
import unittest

from harness import Daemon, default_model, needs_default_model, run, scratch

import textflix

SENTENCES = ["I went in with no hopes at all. ", "The first hour is slow and far too long. ",
             "Then the brother comes home, and the film wakes up. ",
             "I cried, I laughed, I forgot the time. ", "But the end is a shame."]
TEXT = "".join(SENTENCES)
COUNT = len(SENTENCES)


def subsets():
    return [set(chosen) for size in range(COUNT + 1)
            for chosen in itertools.combinations(range(COUNT), size)]


def text_of(kept):
    return "".join(s for i, s in enumerate(SENTENCES) if i in kept)


def shapley(score):
    weights = []
    for i in range(COUNT):
        total = 0.0
        for kept in subsets():
            if i in kept:
                continue
            share = math.factorial(len(kept)) * math.factorial(COUNT - len(kept) - 1)
            gain = score[text_of(kept | {i})] - score[text_of(kept)]
            total += share / math.factorial(COUNT) * gain
        weights.append(total)
    return weights


def solve(matrix, right):
    """Gauss with pivots; small and dense."""
    rows = [row + [value] for row, value in zip(matrix, right)]
    size = len(rows)
    for place in range(size):
        pivot = max(range(place, size), key=lambda row: abs(rows[row][place]))
        rows[place], rows[pivot] = rows[pivot], rows[place]
        for row in range(place + 1, size):
            factor = rows[row][place] / rows[place][place]
            rows[row] = [a - factor * b for a, b in zip(rows[row], rows[place])]
    found = [0.0] * size
    for place in reversed(range(size)):
        rest = sum(rows[place][j] * found[j] for j in range(place + 1, size))
        found[place] = (rows[place][size] - rest) / rows[place][place]
    return found


def exact_lime(score):
    """Weighted least squares over all subsets but the whole, each weighted as infinitely many
    samples of LIME would weigh it."""
    width = COUNT + 1
    normal = [[0.0] * width for _ in range(width)]
    right = [0.0] * width
    for kept in subsets():
        if len(kept) == COUNT:
            continue
        distance = 100 * (1 - math.sqrt(len(kept) / COUNT))
        weight = math.exp(-distance**2 / 1250) / (COUNT * math.comb(COUNT, len(kept)))
        row = [float(i in kept) for i in range(COUNT)] + [1.0]
        for i in range(width):
            right[i] += weight * row[i] * score[text_of(kept)]
            for j in range(width):
                normal[i][j] += weight * row[i] * row[j]
    return solve(normal, right)[:COUNT]


@needs_default_model
class Explain(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.nbsvm = cls.train()
        cls.daemon = Daemon(models={"sentiment": default_model(), "nbsvm": cls.nbsvm})
        cls.addClassCleanup(cls.daemon.kill)
        cls.client = textflix.connect(str(cls.daemon.socket))
        cls.addClassCleanup(cls.client.close)
        variants = [text_of(kept) for kept in subsets()]
        results = cls.client.classify(variants, model="sentiment").results
        cls.score = {text: next(s.probability for s in result.scores if s.label == "positive")
                     for text, result in zip(variants, results)}

    @classmethod
    def train(cls):
        """Twenty short texts of each kind, made from a few words."""
        folder = scratch() / "nbsvm"
        folder.mkdir(exist_ok=True)
        good, bad = ("warm", "funny", "moving", "great"), ("dull", "slow", "stupid", "awful")
        lines = [{"text": f"A {a} film, {b} and not {other}.", "label": label}
                 for label, words, others in (("positive", good, bad), ("negative", bad, good))
                 for (a, b), other in zip(itertools.permutations(words, 2), others * 3)]
        (folder / "train.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n")
        (folder / "experiment.json").write_text(json.dumps({
            "data": {"train": "train.jsonl", "labels": ["negative", "positive"]},
            "model": {"recipe": "better", "loss": "logistic", "cost": [10]}, "folds": 3,
            "output": "model"}))
        made = run("textflixlab", "train", folder / "experiment.json")
        if made.returncode:
            raise RuntimeError(made.stderr)
        (folder / "model" / "textflix.json").write_text(json.dumps(
            {"abstain_below": 0.6, "conformal": {"alpha": 0.1, "threshold": 0.45}}))
        return folder / "model"

    def explain(self, method, **options):
        options = {"label": "positive", "model": "sentiment"} | options
        answer = self.client.explain(TEXT, method=method, **options)
        features = sorted(answer.features, key=lambda f: f.start)
        return answer, [f.weight for f in features], features

    def near(self, found, expected, tolerance):
        for weight, truth in zip(found, expected, strict=True):
            self.assertAlmostEqual(weight, truth, delta=tolerance)

    def test_the_sentences_join_to_the_text(self):
        answer, _, features = self.explain("auto")
        self.assertEqual("".join(f.text for f in features), TEXT)
        self.assertEqual([f.text for f in features], SENTENCES)
        self.assertEqual((answer.method, answer.evaluations), (textflix.CHOICES["method"].index(
            "exact_lime"), 2**COUNT))

    def test_exact_lime_is_the_infinite_sample(self):
        _, weights, _ = self.explain("exact_lime")
        self.near(weights, exact_lime(self.score), 1e-5)

    def test_lime_nears_it(self):
        _, weights, _ = self.explain("lime", samples=8000, seed=5)
        self.near(weights, exact_lime(self.score), 0.05)

    def test_shapley_is_its_definition(self):
        answer, weights, _ = self.explain("shapley")
        self.near(weights, shapley(self.score), 1e-5)
        self.assertAlmostEqual(answer.intercept, self.score[""], delta=1e-6)

    def test_leave_one_out_is_a_difference(self):
        _, weights, _ = self.explain("leave_one_out")
        everything = set(range(COUNT))
        self.near(weights, [self.score[TEXT] - self.score[text_of(everything - {i})]
                            for i in range(COUNT)], 1e-6)

    def test_a_short_deadline_chooses_fewer_variants(self):
        self.explain("auto")  # so that the speed is known
        text = " ".join(f"word{i} is here." for i in range(60))
        answer = self.client.explain(text, unit="word", timeout=30.0)
        self.assertGreater(answer.evaluations, 1)

    def test_a_linear_model_is_explained_exactly(self):
        text = "A funny film, moving and never dull. But slow, slow, slow."
        for unit in ("sentence", "word"):
            answer = self.client.explain(text, model="nbsvm", unit=unit, label="positive")
            self.assertEqual(textflix.CHOICES["method"][answer.method], "linear")
            logit = next(s.logit for s in answer.classification.scores if s.label == "positive")
            total = answer.intercept + sum(f.weight for f in answer.features)
            self.assertAlmostEqual(total, logit, delta=1e-4)
        weights = {f.text: f.weight for f in answer.features}
        self.assertGreater(weights["funny"], 0)
        self.assertLess(weights["slow"], 0)
        sampled = self.client.explain(text, model="nbsvm", unit="sentence", method="shapley")
        self.assertEqual(sampled.evaluations, 4)

    def test_a_linear_model_is_served_like_any_other(self):
        results = self.client.classify(["A great, funny, warm film.", "", "A film."],
                                       model="nbsvm").results
        self.assertEqual(results[0].label, "positive")
        self.assertEqual(results[0].label_set, ["positive"])
        self.assertTrue(results[1].abstained)
        self.assertEqual(results[1].label_set, ["negative", "positive"])
        told = self.daemon.control("classify", "--model", "nbsvm", "--format", "jsonl", "film")
        self.assertEqual(json.loads(told.stdout)["label_set"], ["negative", "positive"])
        status = {model.name: model for model in self.client.status().models}["nbsvm"]
        self.assertEqual((status.architecture, status.labels),
                         ("LinearNGrams", ["negative", "positive"]))
        with self.assertRaises(textflix.Error) as raised:
            self.client.embed(["a"], model="nbsvm")
        self.assertEqual(raised.exception.code, textflix.Code.FAILED_PRECONDITION)
        invalid = self.client.classify([b"a\xff", "a"], model="nbsvm").results
        self.assertEqual([r.code for r in invalid], [textflix.Code.INVALID_ARGUMENT, 0])


class ManyLabels(unittest.TestCase):
    """Random weights over three labels: each can be explained, and their weights cancel out."""

    def test_each_label_has_its_weights(self):
        folder = scratch() / "three"
        made = run("textflixlab", "synth", "--arch", "tiny", "--labels", "good,bad,odd", folder)
        self.assertEqual(made.returncode, 0, made.stderr)
        daemon = Daemon(models={"three": folder})
        self.addCleanup(daemon.kill)
        with textflix.connect(str(daemon.socket)) as client:
            result = client.classify([TEXT]).results[0]
            self.assertEqual(len(result.scores), 3)
            for method in ("exact_lime", "shapley", "leave_one_out", "lime"):
                answers = [client.explain(TEXT, method=method, label=label, seed=3)
                           for label in ("good", "bad", "odd")]
                self.assertEqual([a.label for a in answers], ["good", "bad", "odd"])
                # Probabilities sum to 1 whatever is left of the text.
                for start in {f.start for f in answers[0].features}:
                    weights = [f.weight for a in answers for f in a.features if f.start == start]
                    self.assertAlmostEqual(sum(weights), 0, delta=1e-5)
                    self.assertEqual(len(weights), 3)
                self.assertAlmostEqual(sum(a.intercept for a in answers), 1, delta=1e-5)
            self.assertEqual(client.explain(TEXT).label, result.label, "the one that won")


if __name__ == "__main__":
    unittest.main()
