"""Under load: bulk and interactive work together, two models in one engine, figures that say so."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest
import xml.etree.ElementTree

import wire
from harness import Daemon, ENVIRONMENT, random_model, run, scratch, wait_until

import textflix

LONG = "a quiet film that knows what it wants and takes its time " * 9
DEPLOY = pathlib.Path(__file__).parents[2] / "deploy"
RULES = DEPLOY / "prometheus-rules.yml"
PROMTOOL = shutil.which("promtool") or os.environ.get("TEXTFLIX_PROMTOOL")


def scores(answer):
    """Every logit of every text, to compare bit for bit."""
    return [[score.logit for score in result.scores] for result in answer.results]


class Mixed(unittest.TestCase):
    def test_a_bulk_batch_that_makes_way_is_unharmed(self):
        models = {"one": random_model(seed=1), "two": random_model("minilm", seed=2)}
        with Daemon(models=models) as daemon:
            bulk = textflix.connect(str(daemon.socket), timeout=60)
            person = textflix.connect(str(daemon.socket), timeout=60)
            self.addCleanup(bulk.close)
            self.addCleanup(person.close)
            texts = [f"{number} {LONG}" for number in range(100)]
            alone = {text: scores(bulk.classify([text], model="two")) for text in texts[:20]}
            mine = {model: scores(person.classify(["short"], model=model)) for model in models}
            for _ in range(5):
                call = bulk.start("Classify", texts=texts, model="two", priority="bulk")
                wait_until(lambda: self.running(daemon) > 0, "the bulk batch runs")
                for model in models:
                    self.assertEqual(scores(person.classify(["short"], model=model)), mine[model])
                answer = call.result()
                for text, result in zip(texts, answer.results):
                    if text in alone:
                        self.assertEqual([[s.logit for s in result.scores]], alone[text])
            self.assertGreater(daemon.counters().get("textflix_preemptions_total", 0), 0)

    @staticmethod
    def running(daemon):
        queue = wire.fields(daemon.status().get(6, [b""])[0])
        return queue.get(4, [0])[0]


class Figures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        file = scratch() / "limits.json"
        file.write_text('{ "limits": { "queue_texts": 50, "cache_bytes": 1000000,'
                        ' "batch_delay_seconds": 0.001, "preemption": false } }')
        cls.daemon = Daemon("--config", file)
        cls.addClassCleanup(cls.daemon.kill)
        client = textflix.connect(str(cls.daemon.socket))
        cls.addClassCleanup(client.close)
        for _ in range(3):
            client.classify(["twice and more"])
        client.classify(["in bulk"] * 3, priority="bulk")
        try:
            client.classify(["x"] * 60)
        except textflix.Error:
            pass

    def status(self, *arguments):
        answer = self.daemon.control("status", *arguments)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        return answer.stdout

    def test_every_limit_that_can_be_set_is_shown(self):
        shown = json.loads(self.status("--format", "json"))["limits"]["configured"]
        page = DEPLOY / "man" / "textflixd.json.5"
        limits = page.read_text().partition("\n.B limits\n")[2].partition("\n.RE\n")[0]
        written = [line.split()[1] for line in limits.split("\n")
                   if re.match(r"\.BR \w+ \" \(", line)]
        self.assertEqual(sorted(shown), sorted(written))
        self.assertEqual(shown["queue_texts"], 50)
        self.assertEqual(shown["batch_delay_seconds"], 0.001)
        self.assertEqual(shown["preemption"], 0)
        self.assertIn("queue_texts 50", self.status())

    def test_histograms_by_model_and_priority(self):
        status = json.loads(self.status("--format", "json"))
        for name in ("queue", "tokenize", "compute", "request"):
            labels = [histogram["labels"] for histogram in status["histograms"]
                      if histogram["name"] == f"textflix_{name}_duration_seconds"]
            for priority in ("interactive", "bulk"):
                self.assertIn({"model": "tiny", "priority": priority}, labels, name)

    def test_counts_by_reason(self):
        page = self.status("--format", "prometheus").split("\n")
        self.assertIn('textflix_cache_hits_total 2', page)
        self.assertIn('textflix_refused_total{reason="too_large"} 1', page)
        closed = [line for line in page if line.startswith("textflix_batches_total{")]
        self.assertTrue(any('closed="empty"' in line for line in closed), closed)

    def test_the_alerts_are_about_series_that_are_there(self):
        page = self.status("--format", "prometheus")
        there = set(re.findall(r"^# TYPE (\w+)", page, re.MULTILINE))
        manual = (DEPLOY / "man" / "textflixd.8").read_text().replace("\\fB", " ")
        there |= set(re.findall(r"\btextflix_\w+", manual))
        asked = re.findall(r"\btextflix_[a-z_]+(?=[ {)\[])", RULES.read_text())
        self.assertGreater(len(asked), 10)
        self.assertEqual({name.removesuffix("_bucket") for name in asked} - there, set())

    def test_the_scrape_and_the_alerts_please_prometheus(self):
        if not PROMTOOL:
            print("SKIPPED: promtool check: promtool is not installed", file=sys.stderr)
            self.skipTest("promtool is not installed")
        page = self.status("--format", "prometheus")
        for what in (["metrics"], ["rules", RULES]):
            answer = subprocess.run([PROMTOOL, "check", *what], input=page, text=True,
                                    capture_output=True, env=ENVIRONMENT, check=False)
            self.assertEqual((answer.returncode, answer.stderr), (0, ""), answer.stdout)


class Bench(unittest.TestCase):
    def test_every_kind_of_run(self):
        out = scratch() / "bench.json"
        with Daemon() as daemon:
            common = ["--socket", daemon.socket, "bench", "--duration", "0.3s", "--warm-up", "0.1s"]
            for options in (
                    ["--scenario", "single-stream"], ["--scenario", "offline"],
                    ["--scenario", "server", "--rate", "50"],
                    ["--rate", "50", "--arrivals", "constant", "--bulk-concurrency", "4",
                     "--idle", "20", "--tokens", "8:3,32:1", "--assert", "errors=0"]):
                answer = run("textflixctl", *common, *options, "--out", out)
                # 75: this machine was too busy for the generator to be on time.
                self.assertIn(answer.returncode, (0, 75), answer.stderr + answer.stdout)
                result = json.loads(out.read_text())
                self.assertGreater(result["lanes"][0]["answered"], 0, options)

    def test_capacity_plot_and_comparison(self):
        file, plot = scratch() / "texts", scratch() / "plot.svg"
        file.write_text("".join(f"a text of a file, number {number}\n" for number in range(50)))
        outs = [scratch() / f"capacity{number}.json" for number in range(2)]
        with Daemon() as daemon:
            for out in outs:
                # 1: no rate held for the whole length, which happens while others need the machine.
                for _ in range(5):
                    answer = daemon.control(
                        "bench", "--find-capacity", "--slo", "p99=2s", "--file", file,
                        "--duration", "0.2s", "--warm-up", "0.1s", "--out", out, "--plot", plot)
                    if answer.returncode != 1:
                        break
                self.assertIn(answer.returncode, (0, 75), answer.stderr + answer.stdout)
        arrivals = json.loads(outs[0].read_text())["lanes"][0]
        self.assertGreater(arrivals["target_rate"], 0)
        root = xml.etree.ElementTree.parse(plot).getroot()
        self.assertTrue(root.tag.endswith("svg"))
        answer = run("textflixctl", "bench", "compare", *outs)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        for word in ("BEFORE", "AFTER", "p99", "tokens_rate"):
            self.assertIn(word, answer.stdout)

    def test_an_assertion_that_fails_is_status_1(self):
        with Daemon() as daemon:
            answer = daemon.control("bench", "--duration", "0.2s", "--warm-up", "0.1s",
                                    "--assert", "p99<1us,errors=0")
        self.assertIn(answer.returncode, (1, 75), answer.stderr + answer.stdout)


if __name__ == "__main__":
    unittest.main()
