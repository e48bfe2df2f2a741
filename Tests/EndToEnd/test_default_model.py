"""The default model gives the right answers to plain sentences, through every way in."""

import json
import subprocess
import unittest

import wire
from harness import ROOT, Daemon, default_model, needs_default_model, scratch

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


@needs_default_model
class LaidDown(unittest.TestCase):
    """deploy/get-model where the base is there: nothing that is somebody's goes."""

    def setUp(self):
        self.models = scratch() / f"o'brien {self.id()}"
        self.models.mkdir()
        (self.models / "minilm").symlink_to(default_model().parent / "minilm")

    def lay_down(self):
        answer = subprocess.run([ROOT / "deploy" / "get-model", "--into", self.models],
                                capture_output=True, text=True, check=False)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertEqual(answer.stdout, f"{self.models}/sentiment\n")
        self.assertEqual(list(self.models.glob("fetching.*")), [])
        return answer.stderr

    def test_changed_settings_stay_and_what_is_missing_comes(self):
        self.lay_down()
        model = self.models / "sentiment"
        (model / "textflix.json").write_text("{}")
        (model / "int8.checked").unlink()
        self.assertIn("textflix.json differs from ours", self.lay_down())
        self.assertEqual((model / "textflix.json").read_text(), "{}")
        self.assertTrue((model / "int8.checked").exists())

    def test_a_model_of_ones_own_is_put_aside(self):
        (self.models / "sentiment").mkdir()
        (self.models / "sentiment" / "model.safetensors").write_text("mine")
        self.lay_down()
        self.assertTrue((self.models / "sentiment" / "head.safetensors").exists())
        aside = self.models / "sentiment.~1~" / "model.safetensors"
        self.assertEqual(aside.read_text(), "mine")


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
