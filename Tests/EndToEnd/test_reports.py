"""Reports over a file of labelled texts, and the laboratory's questions to a served model.

The model's weights are random: what it answers means nothing, but figures must add up, a second run
must go on where the first was stopped, and nothing of a text may become markup.
"""

import json
import unittest

from harness import DaemonCase, run, scratch

USAGE, DATA = 64, 65


def labelled(count, name):
    """A file of labelled texts."""
    path = scratch() / name
    with open(path, "w", encoding="utf-8") as file:
        for number in range(count):
            text = (f"Here is the text with number {number}. It was {'good ' * (number % 7)}or so. "
                    "That was the end of it.")
            file.write(json.dumps({"id": f"t{number}", "text": text,
                                   "label": ("negative", "positive")[number % 2],
                                   "movie": f"m{number % 3}", "title": f"Film <{number % 3}>"})
                       + "\n")
    return path


class Evaluate(DaemonCase):
    def evaluate(self, *arguments):
        return self.daemon.control("evaluate", *arguments)

    def test_figures_add_up(self):
        path = labelled(60, "evaluate.jsonl")
        answer = self.evaluate("--jsonl", path)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        report = json.loads(answer.stdout)
        given = [json.loads(line)["label"] for line in self.daemon.control(
            "classify", "--jsonl", "--file", path, "--format", "jsonl").stdout.splitlines()]
        right = sum(label == ("negative", "positive")[number % 2]
                    for number, label in enumerate(given))
        self.assertEqual(report["texts"], 60)
        self.assertAlmostEqual(report["accuracy"]["value"], right / 60)
        self.assertEqual(sum(map(sum, report["confusion"])), 60)
        self.assertLessEqual(report["accuracy"]["low"], report["accuracy"]["value"])
        self.assertLessEqual(len(report["mistakes"]), 5)
        self.assertEqual(self.evaluate("--jsonl", path).stdout, answer.stdout, "the same twice")

    def test_a_second_run_goes_on(self):
        path, kept = labelled(40, "resume.jsonl"), scratch() / "resume.kept"
        whole = self.evaluate("--jsonl", path, "--resume", kept)
        self.assertEqual(whole.returncode, 0, whole.stderr)
        lines = kept.read_text().splitlines(keepends=True)
        self.assertEqual(len(lines), 41)
        self.assertNotIn("the text", kept.read_text())
        kept.write_text("".join(lines[:20]) + lines[20][:9])  # stopped in the middle of a line
        before = self.daemon.counters().get("texts", 0)
        again = self.evaluate("--jsonl", path, "--resume", kept)
        self.assertEqual(again.stdout, whole.stdout)
        self.assertEqual(len(kept.read_text().splitlines()), 41)
        self.assertLess(self.daemon.counters().get("texts", 0) - before, 40)

    def test_answers_with_other_options_are_refused(self):
        path, kept = labelled(4, "other.jsonl"), scratch() / "other.kept"
        self.evaluate("--jsonl", path, "--resume", kept)
        answer = self.evaluate("--jsonl", path, "--resume", kept, "--truncation", "head")
        self.assertEqual(answer.returncode, DATA)
        self.assertIn("other answers", answer.stderr)

    def test_labels_that_the_model_does_not_know(self):
        path = scratch() / "labels.jsonl"
        path.write_text('{"text": "a", "label": 1}\n{"text": "b", "label": 0}\n')
        answer = self.evaluate("--jsonl", path)
        self.assertEqual(answer.returncode, DATA)
        self.assertIn("line 1", answer.stderr)
        self.assertIn("--map", answer.stderr)
        answer = self.evaluate("--jsonl", path, "--map", "1=positive", "--map", "0=negative")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertEqual(json.loads(answer.stdout)["texts"], 2)

    def test_mistakes_of_the_command_line(self):
        self.assertEqual(self.evaluate().returncode, USAGE)
        self.assertEqual(self.evaluate("--jsonl", scratch() / "none.jsonl").returncode, 66)
        empty = scratch() / "empty.jsonl"
        empty.write_text("")
        self.assertEqual(self.evaluate("--jsonl", empty).returncode, DATA)

    def test_a_table_for_a_person(self):
        answer = self.evaluate("--jsonl", labelled(20, "table.jsonl"), "--format", "table")
        for word in ("accuracy", "calibration error", "RECALL", "ANSWERED"):
            self.assertIn(word, answer.stdout)


class Laboratory(DaemonCase):
    def lab(self, command, *arguments):
        return run("textflixlab", command, "--socket", self.daemon.socket, *arguments)

    def test_audit(self):
        card = scratch() / "card.md"
        card.write_text("# A card\n\nIts text.\n")
        answer = self.lab("audit", "--card", card)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        report = json.loads(answer.stdout)
        self.assertGreater(report["cases"], 3000)
        self.assertEqual(report["failures"], sum(each["failures"] for each in report["behaviour"]))
        self.assertEqual(len(report["bias"]), 3)
        first = card.read_text()
        self.assertTrue(first.startswith("# A card\n\nIts text.\n"))
        self.assertIn("| negation | negated praise |", first)
        self.lab("audit", "--card", card)
        self.assertEqual(card.read_text(), first, "a second audit renews its part alone")

    def test_audit_as_a_page(self):
        page = self.lab("audit", "--format", "html").stdout
        self.assertTrue(page.startswith("<!DOCTYPE html>"))
        self.assertTrue(page.endswith("</html>\n"))
        self.assertNotIn("<script", page)

    def test_faithfulness(self):
        path = labelled(12, "faithful.jsonl")
        for unit in ("sentence", "word"):
            answer = self.lab("faithfulness", "--jsonl", path, "--unit", unit, "--texts", "4",
                              "--samples", "20", "--seeds", "2")
            self.assertEqual(answer.returncode, 0, answer.stderr)
            report = json.loads(answer.stdout)
            self.assertEqual(report["texts"], 4)
            names = [method["method"] for method in report["methods"]]
            self.assertEqual(names[:2], ["random order", "leave-one-out"])
            again = self.lab("faithfulness", "--jsonl", path, "--unit", unit, "--texts", "4",
                             "--samples", "20", "--seeds", "2")
            self.assertEqual(again.stdout, answer.stdout)


if __name__ == "__main__":
    unittest.main()
