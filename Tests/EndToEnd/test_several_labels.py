"""A model of which several labels can be right: what looks at the one right label refuses it."""

import json
import unittest

from harness import DaemonCase, copied_model, random_model, run, scratch

USAGE = 64


def several():
    folder = copied_model("several")
    (folder / "textflix.json").write_text(json.dumps({"multi_label": True}))
    return folder


class SeveralLabels(DaemonCase):
    models = {"one": random_model(), "several": several()}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.texts = scratch() / "several.jsonl"
        cls.texts.write_text("".join(
            json.dumps({"text": f"text {number}", "label": "positive", "movie": "m"}) + "\n"
            for number in range(20)))

    def refused(self, answer):
        self.assertEqual((answer.returncode, answer.stdout), (USAGE, ""), answer.stderr)
        self.assertIn("'several' gives each label a probability of its own", answer.stderr)

    def test_it_is_not_measured(self):
        for choice in (("evaluate", "--model", "several"), ("compare", "--models", "one,several"),
                       ("compare", "--models", "several,one")):
            with self.subTest(choice):
                self.refused(self.daemon.control(*choice, "--jsonl", self.texts))
        answer = self.daemon.control("evaluate", "--model", "one", "--jsonl", self.texts)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertNotIn("roc_auc", json.loads(answer.stdout), "of one label there is none")

    def test_it_has_no_site(self):
        out = scratch() / "several-site"
        self.refused(run("textflixlab", "site", "--socket", self.daemon.socket, "--jsonl",
                         self.texts, "--models", "several", "--out", out, "--cache-dir",
                         scratch() / "several-answers"))
        self.assertFalse(out.exists())


if __name__ == "__main__":
    unittest.main()
