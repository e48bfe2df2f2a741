"""deploy/bench/load.py runs: each experiment that needs no other engine, briefly, on a tiny model.

What it measures here means nothing; that it measures, and that nothing was lost on the way, does.
"""

import json
import subprocess
import sys
import unittest

import harness
from harness import ROOT, random_model, scratch


class Experiments(unittest.TestCase):
    def rows(self, experiment):
        out = scratch() / f"{experiment}.jsonl"
        done = subprocess.run(
            [sys.executable, ROOT / "deploy" / "bench" / "load.py", experiment, "--model",
             random_model(), "--precision", "f32", "--seconds", "0.6", "--warm-up", "0.2",
             "--out", out], capture_output=True, text=True, check=False, timeout=300,
            env=harness.ENVIRONMENT | {"TEXTFLIX_PROGRAMS": str(harness.PROGRAMS)})
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        self.assertIn("| run |", done.stdout)
        rows = {row["run"]: row for row in map(json.loads, out.read_text().splitlines())}
        for name, row in rows.items():
            self.assertIn("processor", row)
            self.assertEqual(row.get("errors", 0), 0, name)
        return rows

    def test_preempt(self):
        rows = self.rows("preempt")
        self.assertEqual(len(rows), 8)
        self.assertIn("bulk_tokens_per_second", rows["32 tokens, beside bulk, no preemption"])

    def test_overload(self):
        rows = self.rows("overload")
        self.assertEqual(list(rows)[1:], ["1 x", "2 x", "5 x", "20 x"])
        self.assertGreater(rows["20 x"]["refused"], 0)

    def test_crowd(self):
        rows = self.rows("crowd")
        self.assertEqual(len(rows), 6)
        self.assertGreater(rows["and 10,000 idle"]["bytes_a_connection"], 0)

    def test_fair(self):
        self.assertEqual(len(self.rows("fair")), 2)


if __name__ == "__main__":
    unittest.main()
