"""A site of reviews from templates, made once a run by textflixlab from a running daemon.

Two models: `trained`, NB-SVM on reviews of the same templates, which knows its trade and abstains
when it is not sure; `random`, a BERT of random weights, which does not. No review is anybody's.
"""

import atexit
import functools
import json
import pathlib
import random
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "EndToEnd"))

import browser
from harness import Daemon, random_model, run, scratch

PRAISE = ["I loved every minute of it.", "The acting is wonderful and warm.",
          "A clever, funny script with real heart.", "Beautifully shot, and moving to the end.",
          "I would gladly see it again."]
BLAME = ["I was bored from the first scene on.", "The acting is wooden and dull.",
         "A lazy, stupid script without a single idea.", "Badly shot, and tedious to the end.",
         "I want my two hours back."]
NEITHER = ["I saw it on a Tuesday.", "My brother sat beside me.", "It runs for two hours.",
           "It was shown in a small cinema<br /><br />by the harbour.", "There is a dog in it."]
TITLES = ["The Lighthouse Keeper", "Éclair", "Seven Winters", "Zebra Crossing", "A Quiet Harbour"]

SCRIPT = "<script>document.title = 'owned'; window.owned = 1</script>"
HOSTILE = [
    f"{SCRIPT} I loved every minute of it. <img src=x onerror=\"window.owned = 2\"> It ends well.",
    "</script><script>window.owned = 3</script> \u2028 \u2029 A dull film."
    " It was \u202ednalb\u202c.",
    "\U0001F3AC Ünïcödé \u4e2d\u6587 \u0627\u0644\u0641\u064a\u0644\u0645 \U0001F44D\U0001F3FD."
    " I loved it. Zalgo: a\u0301\u0302\u0303\u0304. I was bored. End.",
    "I loved every minute of it. " * 400 + "I was bored. " * 400,
    "", "One sentence only", "'; alert(1); //\\\\ \" & < > ` ${window.owned = 4}. Dull. Fine.",
]


def review(number, chance):
    label = chance.choice(("positive", "negative"))
    own, other = (PRAISE, BLAME) if label == "positive" else (BLAME, PRAISE)
    parts = chance.sample(own, chance.randint(1, 3)) + chance.sample(NEITHER, 2)
    if chance.random() < 0.4:
        parts += chance.sample(other, 1)
    chance.shuffle(parts)
    # A place of its own keeps most texts apart.
    return {"id": f"r{number}", "text": f"Row {number % 97}. {' '.join(parts)}", "label": label}


def reviews():
    chance = random.Random(8)
    rows = []
    for number in range(160):
        film = number % 12
        row = review(number, chance) | {"movie": f"tt{film:04}", "year": 1960 + 5 * film}
        if film != 11:
            row["title"] = f"{TITLES[film % 5]} {film // 5 + 1}"
        rows.append(row)
    for number, text in enumerate(HOSTILE):
        rows.append({"id": f"h{number}", "text": text, "label": "positive", "year": "'\">",
                     "movie": "../../<b>etc</b>\"'", "title": f"{SCRIPT}\u202eevil"})
    # The same review twice, in one film.
    return rows + [rows[0] | {"id": "again"}]


def write_lines(path, rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return path


@functools.cache
def reviews_file():
    return write_lines(scratch() / "site.jsonl", reviews())


@functools.cache
def trained_model():
    chance = random.Random(9)
    folder = scratch() / "trained"
    train = write_lines(scratch() / "train.jsonl",
                        [review(number, chance) for number in range(400)])
    experiment = scratch() / "experiment.json5"
    experiment.write_text(json.dumps({
        "data": {"train": str(train), "labels": ["negative", "positive"]},
        "model": {"recipe": "better", "loss": "logistic", "cost": [1], "interpolation": [1]},
        "folds": 3, "seed": 1, "output": str(folder)}))
    made = run("textflixlab", "train", experiment)
    assert made.returncode == 0, made.stderr
    settings_path = folder / "textflix.json"
    settings = json.loads(settings_path.read_text()) if settings_path.exists() else {}
    settings_path.write_text(json.dumps(settings | {"abstain_below": 0.75}))
    return folder


@functools.cache
def daemon():
    started = Daemon(models={"trained": trained_model(), "random": random_model(seed=2)})
    atexit.register(started.kill)
    return started


def call(out, *arguments, rows=None, models="trained,random"):
    """-> the program's arguments"""
    return ("site", "--socket", daemon().socket, "--jsonl", rows or reviews_file(), "--models",
            models, "--cache-dir", scratch() / "kept", "--out", out, *arguments)


def make(*arguments, **choices):
    """-> the ended process"""
    return run("textflixlab", *call(*arguments, **choices))


@functools.cache
def site():
    folder = scratch() / "site"
    made = make(folder)
    assert made.returncode == 0, made.stderr
    return folder


@functools.cache
def plain_site():
    """One model, no labels."""
    folder = scratch() / "plain"
    rows = [{name: value for name, value in row.items() if name != "label"}
            for row in reviews()[:40]]
    made = make(folder, rows=write_lines(scratch() / "plain.jsonl", rows), models="trained")
    assert made.returncode == 0, made.stderr
    return folder


@functools.cache
def flawless_site():
    """One model that is always right: the truth is what it says."""
    folder = scratch() / "flawless"
    rows = [{"id": row["id"], "text": row["t"], "movie": "tt0000",
             "label": data()["labels"][row["a"][0][0]]} for row in film_of("tt0000")["reviews"]]
    made = make(folder, rows=write_lines(scratch() / "flawless.jsonl", rows), models="trained")
    assert made.returncode == 0, made.stderr
    return folder


@functools.cache
def altered_site():
    """As if few disagreements had room, and the second model were never sure."""
    folder = pathlib.Path(shutil.copytree(site(), scratch() / "altered"))
    shown, disputes = data(), read_script(folder / "data" / "disputes.js")[1]
    for point in shown["evaluations"][1]["risk_coverage"]:
        point[1:] = [0, 1]
    for name, value in (("site", shown), ("disputes", disputes[:3])):
        (folder / "data" / f"{name}.js").write_text(f'textflix("{name}",{json.dumps(value)});\n')
    return folder


def read_script(path):
    """A data file's name and value."""
    text = pathlib.Path(path).read_text()
    assert text.startswith("textflix(") and text.endswith(");\n"), text[:80]
    return json.loads(f"[{text[len('textflix('):-3]}]")


def data(folder=None):
    return read_script((folder or site()) / "data" / "site.js")[1]


@functools.cache
def film_of(key):
    return read_script(site() / "data" / f"film-{key}.js")[1]


@functools.cache
def shared_browser():
    opened = browser.Browser()
    atexit.register(opened.close)
    return opened


@browser.needs_browser
class BrowserCase(unittest.TestCase):
    """Tests in a real browser: after each, no error was said and nothing was asked for outside."""

    folder = staticmethod(site)

    @classmethod
    def setUpClass(cls):
        cls.browser = shared_browser()
        cls.root = cls.folder().as_uri()

    def setUp(self):
        self.browser.scheme("light")
        self.browser.width(1280)
        self.browser.open("about:blank")
        self.browser.complaints()
        self.browser.requests()

    def tearDown(self):
        self.assertEqual(self.browser.complaints(), [])
        outside = [address for address in self.browser.requests()
                   if not address.startswith((self.root, "about:"))]
        self.assertEqual(outside, [])
        self.assertIsNone(self.browser.script("return window.owned ?? null"))

    def visit(self, page, **values):
        query = "&".join(f"{name}={value}" for name, value in values.items())
        self.browser.open(f"{self.root}/{page}.html" + (f"?{query}" if query else ""))
        self.settle()

    def said_copied(self):
        self.browser.until("return [...document.querySelectorAll('[role=status]')].some("
                           "(each) => each.textContent.includes('Copied'))", "it says so")

    def settle(self):
        self.browser.until("return document.querySelector('#top nav') &&"
                           " !document.querySelector('#wait')", "the page is drawn")


def run_shell(line):
    """What a POSIX shell prints for that line."""
    answer = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=True,
                            env={"PATH": "/usr/bin:/bin", "HOME": "/nowhere"})
    return answer.stdout
