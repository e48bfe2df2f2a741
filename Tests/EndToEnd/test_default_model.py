"""The default model gives the right answers to plain sentences, through every way in."""

import json
import unittest

import wire
from harness import Daemon, default_model, needs_default_model

POSITIVE = ["A film to fall in love with, warm and wise.", "Brilliant from start to finish.",
            "One of the best movies of the year, I loved every minute.",
            "Superb acting and a wonderful, moving story."]
NEGATIVE = ["A complete waste of two hours.", "Terrible acting and a stupid, boring plot.",
            "The worst movie I have ever seen, avoid it.",
            "Dull, badly written and painfully slow."]


@needs_default_model
class DefaultModel(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(models={"sentiment": default_model()})
        cls.addClassCleanup(cls.daemon.kill)

    def test_plain_sentences(self):
        answer = self.daemon.control("classify", "--format", "jsonl", *POSITIVE, *NEGATIVE)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        labels = [json.loads(line)["label"] for line in answer.stdout.splitlines()]
        self.assertEqual(labels, ["positive"] * len(POSITIVE) + ["negative"] * len(NEGATIVE))

    def test_a_long_review_is_cut_and_says_so(self):
        text = "It was good. " + "And then some more happened. " * 200 + "A great film."
        with self.daemon.connect() as connection:
            result = connection.call(wire.classify(text)).results[0]
        self.assertEqual((result[4], result[5]), ([256], [1]))

    def test_its_embedding_has_the_models_width(self):
        answer = self.daemon.control("embed", "--format", "jsonl", "a sentence")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertIn("384", str(self.widths(answer.stdout)))

    def widths(self, text):
        return [len(value) for value in json.loads(text.splitlines()[0]).values()
                if isinstance(value, list)]


@unittest.skipIf(default_model("sentiment-mpnet") is None, "the larger model is not in the cache"
                 " (deploy/get-model --base mpnet brings it)")
class LargerModel(unittest.TestCase):
    """The same, of the model over MPNet."""

    def test_plain_sentences(self):
        with Daemon("--precision", "int8",
                    models={"larger": default_model("sentiment-mpnet")}) as daemon:
            answer = daemon.control("classify", "--format", "jsonl", *POSITIVE, *NEGATIVE)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        labels = [json.loads(line)["label"] for line in answer.stdout.splitlines()]
        self.assertEqual(labels, ["positive"] * len(POSITIVE) + ["negative"] * len(NEGATIVE))


if __name__ == "__main__":
    unittest.main()
