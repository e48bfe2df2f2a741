"""The command: what it writes, whose numbers it shows, what it does when stopped or run again."""

import functools
import json
import os
import shutil
import signal
import subprocess
import time
import unittest

import site_case
from harness import ENVIRONMENT, PROGRAMS, Daemon, can_mount, run, scratch
from site_case import (daemon, data, flawless_site, make, read_script, reviews, reviews_file, site,
                       write_lines)

USAGE, DATA, NO_INPUT, CANNOT_CREATE = 64, 65, 66, 73
PAGE_BYTES = 100_000


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*")) if path.is_file()}


@functools.cache
def few():
    return write_lines(scratch() / "few.jsonl", reviews()[:5])


def make_small(out, **choices):
    return make(out, rows=few(), models="trained", **choices)


class Numbers(unittest.TestCase):
    """The same as evaluate and compare have of the same file."""

    def control(self, *arguments):
        answer = daemon().control(*arguments, "--jsonl", reviews_file())
        self.assertEqual(answer.returncode, 0, answer.stderr)
        return json.loads(answer.stdout)

    def test_evaluate(self):
        shown = data()
        for side, model in enumerate(("trained", "random")):
            report = self.control("evaluate", "--model", model)
            ours = shown["evaluations"][side]
            for name in ("accuracy", "balanced_accuracy", "calibration_error", "brier",
                         "risk_coverage_area", "confusion"):
                self.assertEqual(ours[name], report[name], f"{model}: {name}")
            self.assertEqual(
                ours["risk_coverage"],
                [[each["threshold"], each["coverage"], each["accuracy"]]
                 for each in report["risk_coverage"]])
            self.assertEqual(shown["abstained"][side], report["abstained"])
            self.assertEqual(shown["truncated"][side], report["truncated"])
            self.assertEqual(shown["models"][side]["revision"], report["revision"])
            self.assertEqual(shown["texts"], report["texts"])

    def test_compare(self):
        report, shown = self.control("compare", "--models", "trained,random"), data()
        for name in ("agreement", "answers", "accuracy_difference", "paired"):
            self.assertEqual(shown[name], report[name], name)
        disputes = read_script(site() / "data" / "disputes.js")[1]
        self.assertEqual(len(disputes), sum(report["answers"][a][b] for a in (0, 1)
                                            for b in (0, 1) if a != b))
        clearest = report["differences"][0]
        self.assertEqual(disputes[0]["a"][0][0], shown["labels"].index(clearest["given"][0]))
        self.assertAlmostEqual(
            min(max(each[4:]) for each in disputes[0]["a"]), min(clearest["probabilities"]))

    def test_films_add_up(self):
        shown = data()
        for side in (0, 1):
            confusion = shown["evaluations"][side]["confusion"]
            self.assertEqual(sum(film[4][side][1] for film in shown["films"]),
                             confusion[0][0] + confusion[1][1])
            for label in (0, 1):
                self.assertEqual(sum(film[4][side][0][label] for film in shown["films"]),
                                 confusion[0][label] + confusion[1][label])

    def test_reviews_as_classify_and_explain_have_them(self):
        film = read_script(site() / "data" / "film-tt0000.js")[1]
        for shown in film["reviews"][:3]:
            text = shown["t"]
            for side, (model, method) in enumerate((("trained", "auto"),
                                                    ("random", "leave-one-out"))):
                answer = daemon().control("explain", "--model", model, "--method", method,
                                          "--format", "jsonl", text)
                row = json.loads(answer.stdout)
                self.assertEqual(data()["labels"][shown["a"][side][0]], row["label"])
                self.assertEqual(shown["a"][side][1], int(1000 * row["probability"] + 1e-6))
                weights = {text[start:start + length]: weight
                           for start, length, weight in shown["w"][side]}
                for feature in row["features"]:
                    part = feature["text"].strip().removesuffix("<br /><br />").strip()
                    self.assertAlmostEqual(weights[part], feature["weight"], places=5)

    def test_a_tour_without_a_mistake_shows_the_least_sure(self):
        shown = data(flawless_site())
        self.assertEqual(shown["evaluations"][0]["accuracy"]["value"], 1)
        film = read_script(flawless_site() / "data" / "film-tt0000.js")[1]
        least = min(film["reviews"], key=lambda row: max(row["a"][0][4:]))
        self.assertEqual(shown["tour"]["doubt"], ["tt0000", least["k"]])


class Files(unittest.TestCase):
    def test_pages_are_small_and_a_film_is_a_file(self):
        shown = data()
        for path in site().iterdir():
            if path.is_file():
                self.assertLess(path.stat().st_size, PAGE_BYTES, path)
        names = {path.name for path in (site() / "data").iterdir()}
        self.assertEqual(names, {"site.js", "disputes.js"}
                         | {f"film-{film[0]}.js" for film in shown["films"]})

    def test_a_films_name_is_never_a_path(self):
        keys = [film[0] for film in data()["films"]]
        self.assertEqual(len(keys), len(set(keys)))
        for key in keys:
            self.assertRegex(key, r"^([a-z0-9-]{1,64}|film_[0-9a-f]{1,16})$")

    def test_every_review_is_there_in_order(self):
        for film in data()["films"]:
            own = read_script(site() / "data" / f"film-{film[0]}.js")[1]
            given = [row for row in reviews() if row["movie"] == own["name"]]
            self.assertEqual([each["t"] for each in own["reviews"]],
                             [row["text"] for row in given])
            keys = [each["k"] for each in own["reviews"]]
            self.assertEqual(len(keys), len(set(keys)), "each has a link of its own")

    def test_offsets_are_those_of_javascript(self):
        hostile = next(film[0] for film in data()["films"] if film[0].startswith("film_"))
        for each in read_script(site() / "data" / f"film-{hostile}.js")[1]["reviews"]:
            units = each["t"].encode("utf-16-le")
            for parts in filter(None, each["w"]):
                for start, length, _ in parts:
                    part = units[2 * start:2 * (start + length)].decode("utf-16-le")
                    self.assertEqual(part, part.strip(" \n"), "no blanks at its ends")
                    self.assertTrue(part)


class Runs(unittest.TestCase):
    def test_a_second_run_asks_nothing_and_makes_the_same(self):
        before, asked = contents(site()), daemon().counters()["textflix_texts_total"]
        folder = scratch() / "second"
        self.assertEqual(make(folder).returncode, 0)
        self.assertEqual(daemon().counters()["textflix_texts_total"], asked)
        self.assertEqual(contents(folder), before)

    def test_only_what_is_new_is_asked(self):
        site()
        rows = reviews()[::-1] + [{"text": "A new one. It is warm.", "label": "positive",
                                   "movie": "new"}]
        path = site_case.write_lines(scratch() / "more.jsonl", rows)
        asked = daemon().counters()["textflix_texts_total"]
        folder = scratch() / "more"
        self.assertEqual(make(folder, rows=path).returncode, 0)
        # One text, of two models: its label, and its variants.
        self.assertLess(daemon().counters()["textflix_texts_total"] - asked, 12)
        self.assertEqual(data(folder)["texts"], len(rows))

    def test_a_stopped_run_leaves_the_old_site_and_goes_on(self):
        folder = scratch() / "stopped"
        self.assertEqual(make(folder, rows=few()).returncode, 0)
        old = contents(folder)
        many = [row | {"text": f"{row['text']} Again {turn}."}
                for turn in range(40) for row in reviews()[:160]]
        path = site_case.write_lines(scratch() / "many.jsonl", many)
        kept = scratch() / "kept-stopped"
        command = [str(PROGRAMS / "textflixlab"), "site", "--socket", str(daemon().socket),
                   "--jsonl", str(path), "--models", "random", "--method", "lime", "--cache-dir",
                   str(kept), "--out", str(folder)]
        process = subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 60
        while not kept.exists() or sum(
                path.stat().st_size for path in kept.glob("*.answers")) < 20_000:
            self.assertIsNone(process.poll(), "it was over before it could be stopped")
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        words = process.communicate(timeout=60)[1]
        self.assertEqual(process.returncode, 130, words)
        self.assertIn("goes on", words)
        self.assertEqual(contents(folder), old)
        self.assertEqual(list(scratch().glob("stopped.new-*")), [])
        self.assertNotIn(b"Again", b"".join(path.read_bytes() for path in kept.iterdir()),
                         "what is kept holds no text")
        before = sum(len(path.read_text().splitlines()) for path in kept.iterdir())
        self.assertGreater(before, 10)

    def test_what_a_killed_run_left_is_not_taken(self):
        folder = scratch() / "after"
        # A shell that becomes the program: the number is the same.
        left = 'mkdir -p "$0.new-$$/data" && touch "$0.new-$$/data/film-old.js" && exec "$@"'
        made = run("/bin/sh", "-c", left, folder, PROGRAMS / "textflixlab",
                   *site_case.call(folder, rows=few(), models="trained"))
        self.assertEqual(made.returncode, 0, made.stderr)
        self.assertNotIn("data/film-old.js", contents(folder))


class Names(unittest.TestCase):
    def test_an_identity_is_what_its_line_says(self):
        folder = scratch() / "quoted"
        rows = scratch() / "quoted.jsonl"
        rows.write_text(json.dumps({"id": 'a"bé', "text": "I loved it.", "movie": "one"}))
        self.assertEqual(make(folder, rows=rows, models="trained").returncode, 0)
        (script,) = (folder / "data").glob("film-*.js")
        self.assertEqual(read_script(script)[1]["reviews"][0]["id"], 'a"bé')

    def test_of_two_labels_a_known_one_decides(self):
        for labels, tones in (("true,fake", [1, -1]), ("unsound,fresh", [-1, 1]),
                              ("here,there", [-1, 1]), ("bad,odd,good", [-1, 0, 1])):
            with self.subTest(labels):
                model, folder = scratch() / f"model-{labels}", scratch() / f"site-{labels}"
                run("textflixlab", "synth", "--arch", "tiny", "--labels", labels, model)
                with Daemon(models={"m": model}) as other:
                    made = run("textflixlab", "site", "--socket", other.socket, "--jsonl", few(),
                               "--models", "m", "--out", folder, "--label-field", "none",
                               "--cache-dir", scratch() / "kept-tones")
                self.assertEqual(made.returncode, 0, made.stderr)
                self.assertEqual(data(folder)["tones"], tones)


class Folders(unittest.TestCase):
    def test_a_folder_of_somebody_elses_stays(self):
        folder = scratch() / "mine"
        folder.mkdir(exist_ok=True)
        (folder / "thesis.txt").write_text("years of work")
        answer = make(folder)
        self.assertEqual(answer.returncode, CANNOT_CREATE)
        self.assertIn("no site of ours", answer.stderr)
        self.assertEqual(os.listdir(folder), ["thesis.txt"])

    def test_pages_of_the_same_name_are_no_site(self):
        folder = scratch() / "own-pages"
        folder.mkdir(exist_ok=True)
        (folder / "index.html").write_text("my own")
        answer = make_small(folder)
        self.assertEqual(answer.returncode, CANNOT_CREATE)
        self.assertIn("index.html", answer.stderr)
        self.assertEqual((folder / "index.html").read_text(), "my own")

    def test_what_stands_beside_a_site_stays(self):
        folder = scratch() / "shared"
        self.assertEqual(make_small(folder).returncode, 0)
        for name, named in ((".git/HEAD", ".git"), ("CNAME", "CNAME"), ("own.html", "own.html"),
                            ("data/notes.txt", "data/notes.txt")):
            with self.subTest(name):
                path = folder / name
                path.parent.mkdir(exist_ok=True)
                path.write_text("mine")
                before = contents(folder)
                answer = make_small(folder)
                self.assertEqual(answer.returncode, CANNOT_CREATE)
                self.assertIn(f"it holds {named},", answer.stderr)
                self.assertEqual(contents(folder), before)
                path.unlink()
                shutil.rmtree(folder / ".git", ignore_errors=True)
        self.assertEqual(make_small(folder).returncode, 0)
        self.assertEqual(list(scratch().glob("shared.new-*")), [])

    @unittest.skipUnless(can_mount(), "mounting needs root and a mount namespace")
    def test_a_mount_point_is_told_before_anything_is_asked(self):
        folder = scratch() / "mounted"
        folder.mkdir()
        rows = write_lines(scratch() / "to-mount.jsonl",
                           [{"text": "Never asked, for it is mounted.", "movie": "one"}])
        asked = daemon().counters()["textflix_texts_total"]
        answer = run("/usr/bin/unshare", "--mount", "/bin/sh", "-c",
                     'mount --bind "$0" "$0" && exec "$@"', folder, PROGRAMS / "textflixlab",
                     *site_case.call(folder, rows=rows, models="trained"))
        self.assertEqual(answer.returncode, CANNOT_CREATE, answer.stderr)
        self.assertIn("mount point", answer.stderr)
        self.assertEqual(daemon().counters()["textflix_texts_total"], asked)
        # Of another file system, and not empty.
        self.assertEqual(make_small(folder).returncode, 0)
        asked = daemon().counters()["textflix_texts_total"]
        answer = run("/usr/bin/unshare", "--mount", "/bin/sh", "-c",
                     'cp -r "$0" "$0.kept" && mount -t tmpfs none "$0" && cp -r "$0.kept/." "$0"'
                     ' && rm -r "$0.kept" && exec "$@"', folder, PROGRAMS / "textflixlab",
                     *site_case.call(folder, rows=rows, models="trained"))
        self.assertEqual(answer.returncode, CANNOT_CREATE, answer.stderr)
        self.assertIn("mount point", answer.stderr)
        self.assertEqual(daemon().counters()["textflix_texts_total"], asked)
        self.assertEqual(list(scratch().glob("mounted.new-*")), [])

    def test_an_empty_folder_is_taken(self):
        folder = scratch() / "empty"
        folder.mkdir()
        self.assertEqual(make_small(folder).returncode, 0)
        self.assertTrue((folder / "index.html").exists())

    def test_a_link_stays_one(self):
        folder, link = scratch() / "behind", scratch() / "link"
        self.assertEqual(make_small(folder).returncode, 0)
        before = contents(folder)
        link.symlink_to("behind")
        for out in (link, f"{link}/", f"{folder}/."):
            with self.subTest(out):
                (folder / "data" / "film-old.js").write_text("")
                answer = make_small(out)
                self.assertEqual(answer.returncode, 0, answer.stderr)
                self.assertTrue(link.is_symlink())
                self.assertEqual(contents(folder), before)
        self.assertEqual([*scratch().glob("behind.new-*"), *scratch().glob("link.new-*")], [])


class Mistakes(unittest.TestCase):
    def test_of_the_file_and_the_folder_before_anything_is_asked(self):
        good = [{"text": f"Never asked before: {number}. It ends.", "movie": "one",
                 "label": "positive"} for number in range(3)]
        many = [{"text": f"Of film {number}.", "movie": f"m{number}"} for number in range(20_001)]
        asked = daemon().counters()["textflix_texts_total"]
        for name, rows, words in (
                ("film", good + [{"text": "Of none.", "label": "positive"}], "line 4: no field"),
                ("label", good + [good[0] | {"label": "splendid"}], "--map splendid=LABEL"),
                ("unlabelled", [{"text": "It is.", "movie": "one"}] + good, "line 1: no field"),
                ("many", many, "line 20001: more than 20,000 films")):
            with self.subTest(name):
                answer = make(scratch() / "unasked",
                              rows=write_lines(scratch() / f"{name}.jsonl", rows))
                self.assertEqual(answer.returncode, DATA)
                self.assertIn(words, answer.stderr)
        rows = write_lines(scratch() / "good.jsonl", good)
        (scratch() / "nowhere").symlink_to("not-there")
        # A file is no folder to make one in, whoever asks.
        for out in (few() / "site", scratch() / "nowhere"):
            answer = make(out, rows=rows)
            self.assertEqual(answer.returncode, CANNOT_CREATE, answer.stderr)
        self.assertEqual(daemon().counters()["textflix_texts_total"], asked)
        self.assertEqual(list(scratch().glob("unasked*")), [])

    def test_of_the_line(self):
        def lab(*arguments):
            return site_case.run("textflixlab", "site", "--socket", daemon().socket, *arguments)

        self.assertEqual(lab("--out", "x").returncode, USAGE)
        self.assertEqual(lab("--jsonl", reviews_file()).returncode, USAGE)
        self.assertEqual(make(scratch() / "x", models="trained,none").returncode, USAGE)
        self.assertEqual(make(scratch() / "x", models="trained,trained").returncode, USAGE)
        answer = make(scratch() / "x", "--group-field", "none")
        self.assertEqual(answer.returncode, DATA)
        self.assertIn("--group-field", answer.stderr)
        self.assertEqual(make(scratch() / "x", rows=scratch() / "no.jsonl").returncode, NO_INPUT)
        self.assertEqual(make(scratch() / "x", "--templates", "/").returncode, NO_INPUT)
        self.assertFalse((scratch() / "x").exists())


if __name__ == "__main__":
    unittest.main()
