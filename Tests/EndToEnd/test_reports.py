"""Reports over a file of labelled texts, and the laboratory's questions to a served model.

The model's weights are random: what it answers means nothing, but figures must add up, a second run
must go on where the first was stopped, and nothing of a text may become markup.
"""

import json
import unittest

from harness import Daemon, DaemonCase, copied_model, random_model, run, scratch

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
        rows = [json.loads(line) for line in self.daemon.control(
            "classify", "--jsonl", "--file", path, "--format", "jsonl").stdout.splitlines()]
        given = [row["label"] for row in rows]
        right = sum(label == ("negative", "positive")[number % 2]
                    for number, label in enumerate(given))
        self.assertEqual(report["texts"], 60)
        self.assertAlmostEqual(report["accuracy"]["value"], right / 60)
        negative, positive = ([row["scores"]["positive"] for row in rows[side::2]]
                              for side in range(2))
        pairs = [(a < b) + (a == b) / 2 for a in negative for b in positive]
        self.assertAlmostEqual(report["roc_auc"], sum(pairs) / len(pairs))
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
        before = self.daemon.counters()["textflix_texts_total"]
        again = self.evaluate("--jsonl", path, "--resume", kept)
        self.assertEqual(again.stdout, whole.stdout)
        self.assertEqual(len(kept.read_text().splitlines()), 41)
        self.assertLess(self.daemon.counters()["textflix_texts_total"] - before, 40)

    def test_answers_with_other_options_are_refused(self):
        path, kept = labelled(4, "other.jsonl"), scratch() / "other.kept"
        self.evaluate("--jsonl", path, "--resume", kept)
        answer = self.evaluate("--jsonl", path, "--resume", kept, "--truncation", "head")
        self.assertEqual(answer.returncode, DATA)
        self.assertIn("other answers", answer.stderr)

    def test_answers_in_another_precision_are_refused(self):
        path, kept = labelled(4, "precision.jsonl"), scratch() / "precision.kept"
        for precision, code in (("f32", 0), ("int8", DATA)):
            with Daemon("--precision", precision) as daemon:
                answer = daemon.control("evaluate", "--jsonl", path, "--resume", kept)
            self.assertEqual(answer.returncode, code, answer.stderr)
        self.assertIn("other answers", answer.stderr)

    def test_label_sets_are_measured(self):
        folder = copied_model("promising")
        (folder / "textflix.json").write_text(json.dumps(
            {"conformal": {"alpha": 0.1, "threshold": 0.0}}))
        daemon = Daemon(models={"promising": folder})
        self.addCleanup(daemon.kill)
        path = labelled(20, "sets.jsonl")
        sets = json.loads(daemon.control("evaluate", "--jsonl", path).stdout)["label_sets"]
        self.assertEqual((sets["coverage"], sets["mean_size"]), (1, 2), "all labels in each")
        page = daemon.control("evaluate", "--jsonl", path, "--format", "table").stdout
        self.assertIn("2.00 labels on average", page)
        self.assertNotIn("label_sets", json.loads(self.evaluate("--jsonl", path).stdout))

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

    def test_a_bad_label_is_told_before_anything_is_asked(self):
        path = labelled(40, "late.jsonl")
        with open(path, "a", encoding="utf-8") as file:
            file.write('{"text": "x", "label": "mixed"}\n')
        before = self.daemon.counters().get("textflix_texts_total", 0)
        answer = self.evaluate("--jsonl", path)
        self.assertEqual((answer.returncode, answer.stdout), (DATA, ""))
        self.assertIn("line 41", answer.stderr)
        self.assertEqual(self.daemon.counters().get("textflix_texts_total", 0), before)

    def test_lines_that_fail_are_counted(self):
        path = labelled(4, "failing.jsonl")
        with open(path, "a", encoding="utf-8") as file:
            file.write("no object\n")
        answer = self.evaluate("--jsonl", path)
        self.assertEqual(answer.returncode, 1, answer.stderr)
        report = json.loads(answer.stdout)
        self.assertEqual((report["texts"], report["failed"]), (4, 1))

    def test_mistakes_of_the_command_line(self):
        self.assertEqual(self.evaluate().returncode, USAGE)
        self.assertEqual(self.evaluate("--jsonl", scratch() / "none.jsonl").returncode, 66)
        empty = scratch() / "empty.jsonl"
        empty.write_text("")
        self.assertEqual(self.evaluate("--jsonl", empty).returncode, DATA)

    def test_a_table_for_a_person(self):
        answer = self.evaluate("--jsonl", labelled(20, "table.jsonl"), "--format", "table")
        for word in ("accuracy", "calibration error", "ROC AUC", "RECALL", "ANSWERED"):
            self.assertIn(word, answer.stdout)


class Explain(DaemonCase):
    text = "The film <b>began</b> badly. It was a very, very fun end, though & all. I slept."

    def explain(self, *arguments, **options):
        return self.daemon.control("explain", *arguments, **options)

    def test_sentences_with_their_bytes(self):
        answer = self.explain("--format", "jsonl", self.text)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        row = json.loads(answer.stdout)
        self.assertEqual(row["method"], "exact")
        self.assertEqual(row["explains"], row["label"])
        raw = self.text.encode()
        for feature in row["features"]:
            self.assertEqual(raw[feature["start"]:feature["end"]].decode(), feature["text"])
        joined = "".join(each["text"] for each in
                         sorted(row["features"], key=lambda each: each["start"]))
        self.assertEqual(joined, self.text)
        weights = [abs(each["weight"]) for each in row["features"]]
        self.assertEqual(weights, sorted(weights, reverse=True))

    def test_words_method_seed_and_label(self):
        options = ("--unit", "word", "--method", "lime", "--samples", "100", "--seed", "4",
                   "--label", "negative", "--format", "jsonl")
        answer = self.explain(*options, self.text)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        row = json.loads(answer.stdout)
        self.assertEqual((row["explains"], row["method"]), ("negative", "lime"))
        self.assertEqual(row["samples"], 101, "a hundred, and the text itself")
        very = next(each for each in row["features"] if each["text"] == "very")
        self.assertEqual(len(very["also"]), 1, "its other place")
        self.assertEqual(self.explain(*options, self.text).stdout, answer.stdout)

    def test_readable_without_colour(self):
        for unit in ("sentence", "word"):
            answer = self.explain("--format", "table", "--unit", unit, self.text)
            self.assertEqual(answer.returncode, 0, answer.stderr)
            self.assertNotIn("\x1b", answer.stdout)
            self.assertRegex(answer.stdout, "[+−][0-9]")
            self.assertIn("R²", answer.stdout)
        self.assertRegex(answer.stdout, r"\[[+−]\w+\]", "a strong word stands between marks")

    def test_a_page_in_which_a_text_stays_a_text(self):
        answer = self.explain("--format", "html", "<script>alert(1)</script> is my text. So be it.")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertTrue(answer.stdout.startswith("<!DOCTYPE html>"))
        self.assertTrue(answer.stdout.endswith("</html>\n"))
        self.assertNotIn("<script", answer.stdout)

    def test_a_second_run_goes_on(self):
        path, kept = labelled(8, "explain.jsonl"), scratch() / "explain.kept"
        options = ("--jsonl", "--file", path, "--format", "jsonl", "--resume", kept)
        whole = self.explain(*options)
        self.assertEqual(whole.returncode, 0, whole.stderr)
        kept.write_text("".join(kept.read_text().splitlines(keepends=True)[:4]))
        self.assertEqual(self.explain(*options).stdout, whole.stdout)

    def test_mistakes(self):
        before = self.daemon.counters().get("textflix_texts_total", 0)
        answer = self.explain("--label", "ambivalent", "--file", labelled(3, "label.jsonl"))
        self.assertEqual((answer.returncode, answer.stdout), (USAGE, ""))
        self.assertIn("negative, positive", answer.stderr)
        self.assertEqual(self.daemon.counters().get("textflix_texts_total", 0), before)
        self.assertEqual(self.explain("--method", "magic", self.text).returncode, USAGE)


class Summarize(DaemonCase):
    def summarize(self, *arguments):
        return self.daemon.control("summarize", *arguments)

    def test_films_and_their_lines(self):
        path = labelled(30, "films.jsonl")
        answer = self.summarize("--jsonl", path)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        films = [json.loads(line) for line in answer.stdout.splitlines()]
        self.assertEqual(sorted(film["group"] for film in films), ["m0", "m1", "m2"])
        for film in films:
            self.assertEqual(sum(each["reviews"] for each in film["labels"].values()), 10)
            for label in film["labels"].values():
                lines = label["lines"]
                self.assertEqual(sum(line["reviews"] for line in lines), label["reviews"])
                weights = [line["weight"] for line in lines]
                self.assertEqual(weights, sorted(weights, reverse=True))

    def test_equal_reviews_count_once(self):
        path = scratch() / "twice.jsonl"
        line = json.dumps({"text": "Good film it was. I liked it.", "movie": 7}) + "\n"
        path.write_text(line * 3)
        film = json.loads(self.summarize("--jsonl", path).stdout)
        self.assertEqual((film["group"], film["reviews"], film["duplicates"]), ("7", 1, 2))

    def test_a_page_and_a_table(self):
        path = labelled(12, "page.jsonl")
        page = self.summarize("--jsonl", path, "--format", "html").stdout
        self.assertIn("Film &lt;0&gt;", page)
        self.assertNotIn("Film <0>", page)
        table = self.summarize("--jsonl", path, "--format", "table", "--sort", "positive").stdout
        self.assertIn("Film <0>", table)

    def test_mistakes(self):
        path = labelled(3, "mistakes.jsonl")
        self.assertEqual(self.summarize("--jsonl", path, "--sort", "size").returncode, USAGE)
        answer = self.summarize("--jsonl", path, "--group-field", "none")
        self.assertEqual(answer.returncode, DATA)
        self.assertIn("--group-field", answer.stderr)
        with open(path, "a", encoding="utf-8") as file:
            file.write('{"text": "of no film"}\n')
        before = self.daemon.counters().get("textflix_texts_total", 0)
        answer = self.summarize("--jsonl", path)
        self.assertEqual((answer.returncode, answer.stdout), (DATA, ""))
        self.assertIn("line 4", answer.stderr)
        self.assertEqual(self.daemon.counters().get("textflix_texts_total", 0), before)


class Compare(DaemonCase):
    models = {"one": random_model(seed=1), "two": random_model(seed=2),
              "again": random_model(seed=1)}

    def compare(self, *arguments):
        return self.daemon.control("compare", *arguments)

    def test_both_and_where_they_differ(self):
        path = labelled(60, "compare.jsonl")
        answer = self.compare("--models", "one,two", "--jsonl", path)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        report = json.loads(answer.stdout)
        self.assertEqual([each["model"] for each in report["models"]], ["one", "two"])
        paired = report["paired"]
        self.assertEqual(sum(paired[name] for name in (
            "both_right", "only_first", "only_second", "both_wrong")), 60)
        difference = report["models"][1]["accuracy"]["value"] - report["models"][0]["accuracy"][
            "value"]
        self.assertAlmostEqual(report["accuracy_difference"]["value"], difference)
        self.assertEqual((report["texts"], report["failed"]), (60, 0))
        for each in report["differences"]:
            self.assertNotEqual(*each["given"])
            self.assertEqual([why["explains"] for why in each["explanations"]], each["given"])

    def test_a_model_beside_itself_agrees(self):
        path = labelled(10, "same.jsonl")
        report = json.loads(self.compare("--models", "one, again", "--jsonl", path).stdout)
        self.assertEqual((report["agreement"], report["differences"]), (1, []))

    def test_without_labels_and_as_a_table(self):
        path = scratch() / "unlabelled.jsonl"
        path.write_text('{"text": "a good one"}\n{"text": "a bad one"}\n')
        answer = self.compare("--models", "one,two", "--jsonl", path, "--format", "table")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertIn("agree on", answer.stdout)

    def test_all_texts_have_labels_or_none(self):
        path = scratch() / "mixed.jsonl"
        path.write_text('{"text": "a"}\n{"text": "b", "label": "positive"}\n')
        before = self.daemon.counters().get("textflix_texts_total", 0)
        answer = self.compare("--models", "one,two", "--jsonl", path)
        self.assertEqual(self.daemon.counters().get("textflix_texts_total", 0), before)
        self.assertEqual((answer.returncode, answer.stdout), (DATA, ""))
        self.assertIn("line 2 has a label", answer.stderr)
        path = labelled(3, "misspelt.jsonl")
        answer = self.compare("--models", "one,two", "--jsonl", path, "--label-field", "lable")
        self.assertEqual(answer.returncode, DATA)
        self.assertIn('no field "lable"', answer.stderr)

    def test_mistakes(self):
        path = labelled(3, "models.jsonl")
        self.assertEqual(self.compare("--models", "one", "--jsonl", path).returncode, USAGE)
        self.assertEqual(self.compare("--models", "one,six", "--jsonl", path).returncode, USAGE)
        self.assertEqual(self.compare("--models", "one,one", "--jsonl", path).returncode, USAGE)


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

    def test_an_audit_leaves_a_card_as_it_is_written(self):
        card = scratch() / "windows.md"
        card.write_bytes(b"# caf\xe9\r\n\r\nIts text.\r\n")
        for _ in range(2):
            self.lab("audit", "--card", card)
            written = card.read_bytes()
            self.assertTrue(written.startswith(b"# caf\xe9\r\n\r\nIts text.\r\n\r\n<!-- audit"))
            self.assertEqual(written.count(b"## Behaviour"), 1)
            self.assertEqual(written.count(b"\n"), written.count(b"\r\n"))

    def test_an_audit_has_two_sides(self):
        answer = self.lab("audit", "--positive", "negative", "--negative", "negative")
        self.assertEqual((answer.returncode, answer.stdout), (USAGE, ""))
        report = json.loads(self.lab("audit", "--examples", "0").stdout)
        self.assertEqual((report["positive"], report["negative"]), ("positive", "negative"))

    def test_audit_as_a_page(self):
        page = self.lab("audit", "--format", "html").stdout
        self.assertTrue(page.startswith("<!DOCTYPE html>"))
        self.assertTrue(page.endswith("</html>\n"))
        self.assertNotIn("<script", page)

    def test_sentences(self):
        text = "Mr. Bean is back.<br />\u2028No! Really?"
        answer = run("textflixlab", "sentences", input=text + "\n\n")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        lines = [json.loads(line) for line in answer.stdout.split("\n") if line]
        self.assertEqual(lines, [["Mr. Bean is back.<br />\u2028", "No! ", "Really?"], []])

    def test_a_line_is_counted_with_the_blank_ones(self):
        path = scratch() / "blanks.jsonl"
        path.write_text('\n{"text": "a"}\r\n \r\n[]\n')
        for answer in (self.lab("faithfulness", "--jsonl", path),
                       run("textflixlab", "pack", "--cache-dir", scratch() / "check", "--check",
                           path, random_model())):
            self.assertEqual(answer.returncode, DATA, answer.stderr)
            self.assertIn("line 4:", answer.stderr)
        answer = self.lab("faithfulness", "--jsonl", "/dev/null")
        self.assertEqual(answer.returncode, DATA, answer.stderr)
        self.assertIn("/dev/null", answer.stderr)

    def test_a_site_of_a_pipe_and_without_a_home(self):
        answer = self.lab("site", "--jsonl", "/dev/stdin", "--out", scratch() / "no-site")
        self.assertEqual(answer.returncode, USAGE, answer.stderr)
        path = labelled(3, "site.jsonl")
        answer = run("textflixlab", "site", "--socket", self.daemon.socket, "--jsonl", path,
                     "--out", scratch() / "no-site", env={"PATH": "/usr/bin:/bin"})
        self.assertEqual(answer.returncode, USAGE, answer.stderr)
        self.assertIn("--cache-dir", answer.stderr)
        self.assertFalse((scratch() / "no-site").exists())

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
