"""From labelled texts to a served model, on a tiny encoder: a run that is killed goes on, and what
it writes is served as it is."""

import json
import random
import subprocess
import unittest
import xml.etree.ElementTree

import harness
from harness import Daemon, random_model, run, scratch, wait_until

WORDS = {"negative": ["dull", "flat", "bore"], "positive": ["warm", "bright", "fine"]}


def write_texts(path, count, seed):
    draw = random.Random(seed)
    with open(path, "w", encoding="utf-8") as file:
        for number in range(count):
            label = draw.choice(sorted(WORDS))
            words = [draw.choice(WORDS[label] + ["a", "film", "of", "it"]) for _ in range(24)]
            row = {"id": f"{seed}-{number}", "text": " ".join(words), "label": label}
            file.write(json.dumps(row) + "\n")


class Training(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = scratch() / "training"
        cls.folder.mkdir()
        write_texts(cls.folder / "train.jsonl", 400, 1)
        write_texts(cls.folder / "test.jsonl", 100, 2)

    def experiment(self, output, epochs):
        path = self.folder / f"{output}.json5"
        path.write_text(json.dumps({
            "data": {"train": "train.jsonl", "test": "test.jsonl", "dev_share": 0.2},
            "model": {"kind": "encoder", "base": str(random_model()), "max_tokens": 64},
            "steps": [{"do": "tune", "epochs": epochs, "batch": 8, "rate": 1e-3,
                       "evaluations": 1}],
            "coverage": 0.9, "seeds": [3], "output": output, "checkpoint_seconds": 1}))
        return path

    def kill_once(self, experiment, checkpoint):
        """Ends a run with SIGKILL once it has written a checkpoint. -> what it said"""
        before = checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0
        with subprocess.Popen(
                [harness.PROGRAMS / "textflixlab", "train", experiment], text=True,
                env=harness.ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE) as process:
            wait_until(lambda: process.poll() is not None or checkpoint.exists()
                       and checkpoint.stat().st_mtime_ns > before, "a checkpoint")
            self.assertIsNone(process.poll(), "it must still be running")
            process.kill()
            return process.communicate()[1]

    def test_killed_twice_it_ends_with_the_same_bytes(self):
        whole = run("textflixlab", "train", self.experiment("whole", 40))
        self.assertEqual(whole.returncode, 0, whole.stderr)
        experiment = self.experiment("killed", 40)
        checkpoint = self.folder / "killed" / "steps" / "1-tune" / "checkpoint.safetensors"
        self.kill_once(experiment, checkpoint)
        self.assertIn("goes on after update", self.kill_once(experiment, checkpoint))
        last = run("textflixlab", "train", experiment)
        self.assertEqual(last.returncode, 0, last.stderr)
        self.assertIn("goes on after update", last.stderr)
        for name in ("model.safetensors", "head.safetensors"):
            self.assertEqual((self.folder / "whole" / name).read_bytes(),
                             (self.folder / "killed" / name).read_bytes(), name)
        report = json.loads((self.folder / "killed" / "report.json").read_text())
        self.assertGreater(report["test"]["accuracy"], 0.9)
        with Daemon(models={"mine": self.folder / "killed"}) as daemon:
            answer = daemon.control("evaluate", "--jsonl", self.folder / "test.jsonl",
                                    "--format", "json")
            self.assertEqual(answer.returncode, 0, answer.stderr)
            self.assertIn('"accuracy"', answer.stdout)

    def test_a_finished_run_is_left_as_it_is(self):
        experiment = self.experiment("brief", 1)
        first = run("textflixlab", "train", experiment)
        self.assertEqual(first.returncode, 0, first.stderr)
        model = self.folder / "brief" / "model.safetensors"
        written = model.stat().st_mtime_ns
        again = run("textflixlab", "train", experiment)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertEqual(model.stat().st_mtime_ns, written)

    def test_seeds_are_added_to_a_finished_series(self):
        experiment = self.experiment("series", 1)
        content = json.loads(experiment.read_text())
        for seeds, finished in (([0, 1], []), ([0, 1, 2], [0, 1])):
            said = json.dumps(content | {"seeds": seeds, "checkpoint_seconds": 9}, indent=2)
            experiment.write_text("// One seed more.\n" * len(finished) + said)
            answer = run("textflixlab", "train", experiment)
            self.assertEqual(answer.returncode, 0, answer.stderr)
            for seed in seeds:
                self.assertEqual(f"seed {seed} is finished" in answer.stderr, seed in finished)
            self.assertEqual(list(json.loads(answer.stdout)["seeds"]), [str(s) for s in seeds])

    def test_a_seed_that_was_alone_stays_where_it_is(self):
        experiment = self.experiment("alone", 1)
        self.assertEqual(run("textflixlab", "train", experiment).returncode, 0)
        model = self.folder / "alone" / "model.safetensors"
        written = model.stat().st_mtime_ns
        content = json.loads(experiment.read_text())
        experiment.write_text(json.dumps(content | {"seeds": [3, 4]}))
        answer = run("textflixlab", "train", experiment)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertIn("seed 3 is finished", answer.stderr)
        self.assertEqual(model.stat().st_mtime_ns, written)
        self.assertTrue((self.folder / "alone" / "seed-4" / "report.json").exists())

    def test_a_test_file_from_a_pipe_is_refused(self):
        encoder = json.loads(self.experiment("piped", 1).read_text())
        encoder["data"]["test"] = "/dev/stdin"
        data = {"train": "train.jsonl", "test": "/dev/stdin"}
        path = self.folder / "piped.json5"
        for content in (encoder, {"data": data, "model": {"cost": 1}, "output": "piped"}):
            path.write_text(json.dumps(content))
            answer = run("textflixlab", "train", path, input="")
            self.assertEqual(answer.returncode, 66, answer.stderr)
            self.assertIn("a file and no pipe", answer.stderr)

    def test_a_temperature_that_nothing_was_held_out_for_is_not_told(self):
        experiment = self.experiment("plain", 1)
        content = json.loads(experiment.read_text())
        del content["coverage"]
        for share in (0, 0.2):
            content["data"]["dev_share"] = share
            experiment.write_text(json.dumps(content | {"output": f"plain-{share}"}))
            answer = run("textflixlab", "train", experiment)
            self.assertEqual(answer.returncode, 0, answer.stderr)
            page = (self.folder / f"plain-{share}" / "report.html").read_text()
            self.assertEqual("Temperature" in page, share > 0)

    def test_a_wrong_label_of_the_test_file_is_told_before_anything_is_learned(self):
        experiment = self.experiment("wrong", 1)
        content = json.loads(experiment.read_text())
        content["data"]["labels"] = ["negative", "warm"]
        content["data"]["label_field"] = "sort"
        lines = (self.folder / "train.jsonl").read_text().replace('"label"', '"sort"')
        (self.folder / "sorted.jsonl").write_text(lines.replace('"positive"', '"warm"'))
        (self.folder / "mixed.jsonl").write_text(lines)
        content["data"] |= {"train": "sorted.jsonl", "test": "mixed.jsonl"}
        experiment.write_text(json.dumps(content))
        answer = run("textflixlab", "train", experiment)
        self.assertEqual(answer.returncode, 65, answer.stderr)
        self.assertIn("mixed.jsonl", answer.stderr)
        self.assertIn('the label "positive" is none of negative, warm', answer.stderr)
        self.assertFalse((self.folder / "wrong").exists())

    def test_an_output_that_is_a_link_names_its_base_from_where_it_really_is(self):
        (self.folder / "disk" / "real").mkdir(parents=True)
        (self.folder / "linked").symlink_to("disk/real")
        experiment = self.experiment("linked", 1)
        content = json.loads(experiment.read_text())
        content["steps"] = [{"do": "tune", "train": "head", "epochs": 1}]
        experiment.write_text(json.dumps(content))
        trained = run("textflixlab", "train", experiment)
        self.assertEqual(trained.returncode, 0, trained.stderr)
        seen = run("textflixlab", "inspect", self.folder / "linked")
        self.assertEqual(seen.returncode, 0, seen.stderr)

    def test_cost_is_told_before_and_nothing_is_written(self):
        answer = run("textflixlab", "cost", "--seconds", "1", self.experiment("dear", 40))
        self.assertEqual(answer.returncode, 0, answer.stderr)
        row = next(line for line in answer.stdout.splitlines() if line.startswith("1 tune"))
        self.assertIn("320", row)
        self.assertIn("1,600", row, "40 epochs of 40 updates")
        test = next(line for line in answer.stdout.splitlines() if line.startswith("test"))
        self.assertIn("100", test)
        self.assertFalse((self.folder / "dear").exists())

    def test_cost_counts_the_texts_that_a_step_draws(self):
        with open(self.folder / "uneven.jsonl", "w", encoding="utf-8") as file:
            for number in range(200):
                words = ["film"] * (2 if number < 100 else 20)
                file.write(json.dumps({"id": str(number), "text": " ".join(words)}) + "\n")
        experiment = self.folder / "uneven.json5"
        experiment.write_text(json.dumps({
            "data": {"unlabelled": ["uneven.jsonl"]},
            "model": {"kind": "encoder", "base": str(random_model()), "max_tokens": 64},
            "steps": [{"do": "masked", "texts": 40, "epochs": 1, "batch": 8}],
            "output": "uneven"}))
        cost = run("textflixlab", "cost", "--seconds", "1", experiment)
        self.assertEqual(cost.returncode, 0, cost.stderr)
        trained = run("textflixlab", "train", experiment)
        self.assertEqual(trained.returncode, 0, trained.stderr)
        tokens = json.loads(trained.stdout)["steps"][0]["tokens"]
        row = next(line for line in cost.stdout.splitlines() if line.startswith("1 masked"))
        self.assertIn(f"{tokens:,}", row.split())

    def test_seeds_are_numbers_that_a_report_can_have(self):
        for seeds in ("9223372036854775808", "-1", "1,1", "one"):
            refused = run("textflixlab", "train", f"--seeds={seeds}",
                          self.experiment("seeded", 1))
            self.assertEqual(refused.returncode, 64, seeds + refused.stderr)
            self.assertIn("different whole numbers", refused.stderr)
        self.assertFalse((self.folder / "seeded").exists())

    def test_an_encoder_teaches_a_baseline_and_a_baseline_an_encoder(self):
        write_texts(self.folder / "more.jsonl", 200, 4)
        first = run("textflixlab", "train", self.experiment("teacher", 5))
        self.assertEqual(first.returncode, 0, first.stderr)
        data = {"train": "train.jsonl", "test": "test.jsonl", "unlabelled": ["more.jsonl"]}
        words = self.folder / "taught.json5"
        words.write_text(json.dumps({
            "data": data, "model": {"cost": 10}, "teaching": {"teacher": "teacher"},
            "fold_answers": "folds.jsonl", "output": "taught"}))
        answer = run("textflixlab", "train", words)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        report = json.loads(answer.stdout)
        self.assertEqual((report["texts"], report["taught_texts"]), (600, 200))
        self.assertGreater(report["test"]["accuracy"], 0.9)
        pupil = self.folder / "pupil.json5"
        pupil.write_text(json.dumps({
            "data": data, "model": {"kind": "encoder", "base": str(random_model()),
                                    "max_tokens": 64},
            "steps": [{"do": "distil", "teacher": ["taught", "folds.jsonl"], "epochs": 5,
                       "batch": 8, "rate": 1e-3, "keep": "last"}],
            "output": "pupil"}))
        answer = run("textflixlab", "train", pupil)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertIn("200 texts with a teacher's answer", answer.stderr)
        self.assertGreater(json.loads(answer.stdout)["test"]["accuracy"], 0.9)
        self.assertEqual(run("textflixlab", "train", "--seeds", "1", words).returncode, 64)

    def test_a_baseline_is_inspected_and_no_model_of_anybodys_is_written_over(self):
        experiment = self.folder / "few-words.json5"
        experiment.write_text(json.dumps({
            "data": {"train": "train.jsonl"}, "model": {"cost": 1}, "output": "few-words"}))
        self.assertEqual(run("textflixlab", "train", experiment).returncode, 0)
        model = self.folder / "few-words"
        seen = run("textflixlab", "inspect", model)
        self.assertEqual(seen.returncode, 0, seen.stderr)
        self.assertIn("textflix-ngrams", seen.stdout)
        self.assertIn("negative, positive", seen.stdout)
        before = {path: path.read_bytes() for path in model.iterdir()}
        refused = run("textflixlab", "synth", "--arch", "tiny", model)
        self.assertEqual(refused.returncode, 73, refused.stderr)
        self.assertEqual({path: path.read_bytes() for path in model.iterdir()}, before)
        for seed in (1, 2):
            made = run("textflixlab", "synth", "--arch", "tiny", "--seed", seed,
                       self.folder / "made-up")
            self.assertEqual(made.returncode, 0, made.stderr)
        weights = model / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:-8])
        self.assertEqual(run("textflixlab", "inspect", model).returncode, 65)

    def test_an_output_that_cannot_be_written(self):
        experiment = self.folder / "nowhere.json5"
        experiment.write_text(json.dumps({
            "data": {"train": "train.jsonl"}, "model": {"cost": 1}, "output": "/proc/none"}))
        for arguments in (("train", experiment), ("synth", "--arch", "tiny", "/proc/none"),
                          ("pack", "--cache-dir", "/proc/none", random_model())):
            with self.subTest(arguments[0]):
                answer = run("textflixlab", *arguments)
                self.assertEqual(answer.returncode, 73, answer.stderr)
                self.assertIn("/proc/none", answer.stderr)

    def test_word_vectors_that_are_not_there(self):
        experiment = self.folder / "averaged.json5"
        experiment.write_text(json.dumps({
            "data": {"train": "train.jsonl"},
            "model": {"kind": "vectors", "vectors": "none.txt", "loss": "logistic"},
            "output": "averaged"}))
        answer = run("textflixlab", "train", experiment)
        self.assertEqual(answer.returncode, 66, answer.stderr)
        self.assertIn("none.txt", answer.stderr)

    def curve(self):
        (self.folder / "words.json5").write_text(json.dumps({
            "data": {"train": "train.jsonl", "test": "test.jsonl",
                     "labels": ["negative", "positive"]},
            "model": {"recipe": "better", "cost": 1}, "folds": 2, "seed": 1, "output": "words"}))
        self.experiment("points", 1)
        for count in (20, 100):
            for seed in (0, 1):
                names = "".join(f"1-{seed * 150 + number}\n" for number in range(count))
                (self.folder / f"{count}-s{seed}.txt").write_text(names)
        path = self.folder / "curve.json5"
        path.write_text(json.dumps({
            "models": {"words": "words.json5",
                       "tiny": {"experiment": "points.json5", "labels": [100], "seeds": [1]}},
            "labels": [20, 100], "seeds": [0, 1, 2], "ids": "{labels}-s{seed}.txt",
            "reported": {"elsewhere": {"20": 60.5}}, "output": "curve"}))
        return path

    def test_a_curve_keeps_its_points(self):
        path = self.curve()
        answer = run("textflixlab", "curve", path)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        points = sorted((self.folder / "curve" / "points").iterdir())
        self.assertEqual(sorted(point.name.split("-", 1)[1] for point in points), [
            "100-s0.json", "100-s1.json", "100-s1.json", "20-s0.json", "20-s1.json"])
        written = [point.stat().st_mtime_ns for point in points]
        picture = xml.etree.ElementTree.parse(self.folder / "curve" / "curve.svg")
        words = " ".join(picture.getroot().itertext())
        for name in ("elsewhere", "words", "tiny"):
            self.assertIn(name, words)
        self.assertEqual(list((self.folder / "curve" / "runs").iterdir()), [])
        again = run("textflixlab", "curve", path)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertEqual([point.stat().st_mtime_ns for point in points], written)
        # Nor does it matter how a file says what it says.
        words = self.folder / "words.json5"
        said = json.dumps(json.loads(words.read_text()), indent=2, sort_keys=True)
        words.write_text(f"// The same.\n{said}\n")
        again = run("textflixlab", "curve", path)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertEqual(sorted((self.folder / "curve" / "points").iterdir()), points)
        self.assertEqual([point.stat().st_mtime_ns for point in points], written)
        # Models may change places; of other ids it is another point.
        content = json.loads(path.read_text())
        content["models"] = dict(reversed(content["models"].items()))
        path.write_text(json.dumps(content))
        again = run("textflixlab", "curve", path)
        self.assertEqual([point.stat().st_mtime_ns for point in points], written)
        ids = self.folder / "20-s0.txt"
        ids.write_text(ids.read_text().replace("1-0\n", "1-399\n"))
        again = run("textflixlab", "curve", path)
        self.assertEqual(again.returncode, 0, again.stderr)
        changed = [point.name for point, before in zip(points, written)
                   if point.stat().st_mtime_ns != before]
        self.assertEqual([name.split("-", 1)[1] for name in changed], ["20-s0.json"])
        (self.folder / "curve" / "curve.svg").unlink()
        shown = run("textflixlab", "curve", "--show", path)
        self.assertTrue((self.folder / "curve" / "curve.svg").exists())
        self.assertEqual(shown.stdout, again.stdout)
        self.assertIn("60.5", shown.stdout)

    def test_a_point_whose_teacher_is_gone_is_drawn_still(self):
        content = json.loads(self.curve().read_text())
        (self.folder / "answers.jsonl").write_text(json.dumps(
            {"id": "1-399", "scores": {"negative": 0.2, "positive": 0.8}}) + "\n")
        words = json.loads((self.folder / "words.json5").read_text())
        words["data"]["unlabelled"] = ["train.jsonl"]
        words["teaching"] = {"teacher": "answers.jsonl"}
        (self.folder / "taught-words.json5").write_text(json.dumps(words))
        content |= {"models": {"taught": "taught-words.json5"}, "seeds": [0], "output": "gone"}
        path = self.folder / "gone.json5"
        path.write_text(json.dumps(content))
        first = run("textflixlab", "curve", path)
        self.assertEqual(first.returncode, 0, first.stderr)
        (self.folder / "answers.jsonl").unlink()
        again = run("textflixlab", "curve", path)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertEqual(again.stdout, first.stdout)

    def test_the_curve_of_the_readme_is_drawn_of_its_figures(self):
        folder = harness.ROOT / "deploy" / "experiments"
        answer = run("textflixlab", "curve", "--show", "--output", self.folder / "drawn",
                     folder / "curve-results.json5")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertEqual((self.folder / "drawn" / "curve.svg").read_text(),
                         (folder / "curve.svg").read_text())
        results = json.loads((self.folder / "drawn" / "curve.json").read_text())["reported"]
        readme = (harness.ROOT / "README.md").read_text()
        head, *rows = [
            [cell.strip() for cell in line.strip("|").split("|")]
            for line in readme[readme.index("| labels | 10 |"):].split("\n\n")[0].splitlines()]
        told = {}
        for row in rows[1:]:
            points = {labels.replace(",", ""): [float(number) for number in cell.split(" ± ")]
                      for labels, cell in zip(head[1:], row[1:]) if cell}
            told[row[0]] = points
        measured = {name: {labels: value if isinstance(value, list) else [value]
                           for labels, value in points.items()}
                    for name, points in results.items()}
        self.assertEqual(list(told.values()), list(measured.values()))

    def test_a_curve_takes_what_train_has_run(self):
        path = self.curve()
        experiment = self.folder / "points.json5"
        content = json.loads(experiment.read_text())
        content["data"]["ids"] = "100-s{seed}.txt"
        experiment.write_text(json.dumps(content | {"seeds": [0, 1], "output": "trained"}))
        trained = run("textflixlab", "train", "--seeds", "1", experiment)
        self.assertEqual(trained.returncode, 0, trained.stderr)
        answer = run("textflixlab", "curve", "--output", self.folder / "taken", path)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertIn("taken from", answer.stderr)
        points = [json.loads(point.read_text())
                  for point in (self.folder / "taken" / "points").iterdir()]
        [point] = [point for point in points if point["model"] == "tiny"]
        report = json.loads((self.folder / "trained" / "seed-1" / "report.json").read_text())
        self.assertEqual(point["accuracy"], report["test"]["accuracy"])
        # Of other ids it is none of the curve's: the point is run.
        ids = [(self.folder / f"100-s{seed}.txt").read_text() for seed in range(2)]
        self.assertNotEqual(ids[0], ids[1])
        for seed in range(2):
            (self.folder / f"100-s{seed}.txt").write_text(ids[1 - seed])
        answer = run("textflixlab", "curve", "--output", self.folder / "others", path)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertNotIn("taken from", answer.stderr)


if __name__ == "__main__":
    unittest.main()
