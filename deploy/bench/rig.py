"""What the load experiments stand on: a daemon of their own, watched; bench runs; results kept.

Used by load.py. A `Daemon` has its own folder, socket and configuration, and is gone after its
`with`, whatever happened. Processor time and memory come from /proc; memory is what no file backs,
so mapped weights do not count. The programs are those of `swift build -c release`.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(os.environ.get("TEXTFLIX_PROGRAMS", ROOT / ".build" / "release"))
TICKS = os.sysconf("SC_CLK_TCK")
sys.path.insert(0, str(ROOT / "Protocol" / "python"))

import serve_load

# OpenBLAS takes its kernels from these when it is loaded: what is measured must not inherit them.
for name in [name for name in os.environ if name.startswith(("OPENBLAS_", "TEXTFLIX_"))]:
    if name != "TEXTFLIX_PROGRAMS" and not name.startswith("TEXTFLIX_BENCH_"):
        del os.environ[name]


def say(text):
    print(text, file=sys.stderr, flush=True)


def processor_seconds(process):
    fields = pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def private_bytes(process):
    for line in pathlib.Path(f"/proc/{process}/status").read_text().split("\n"):
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0


class Daemon:
    """textflixd with one model, ready to answer."""

    warm_up = 2  # seconds, of every bench run that does not say

    def __init__(self, model, precision="int8", **limits):
        self.model = pathlib.Path(model)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="textflix-load-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.socket = self.folder / "s"
        file = self.folder / "textflixd.json"
        file.write_text(json.dumps({"socket": str(self.socket), "socket_mode": "0666",
                                    "precision": precision, "models": {"model": str(model)},
                                    "log_level": "warning", "limits": limits}))
        self.log = open(self.folder / "log", "wb")
        self.process = subprocess.Popen([PROGRAMS / "textflixd", "--config", file],
                                        stdout=self.log, stderr=self.log)
        self.client = None

    def __enter__(self):
        import textflix
        deadline = time.monotonic() + 120
        while self.client is None:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self.folder / "log").read_text())
            try:
                client = textflix.connect(str(self.socket), timeout=60)
                if client.status().state == 1:
                    self.client = client
            except (OSError, textflix.Error):
                pass
            time.sleep(0.1)
        # Speed is measured from the second batch on; nothing that is timed should be the first.
        for length in (400, 20, 400):
            self.client.classify(["word " * length])
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def status(self):
        return self.client.status().as_dict()

    def counters(self):
        """{name or name{label=value}: value}, each label by itself too."""
        found = {}
        for counter in self.status()["counters"]:
            keys = [counter["name"]] + [f"{counter['name']}.{label['value']}"
                                        for label in counter["labels"]]
            for key in keys:
                found[key] = found.get(key, 0) + counter["value"]
        return found

    def texts(self, lengths):
        """Options for `bench`: texts of so many tokens each, whatever the vocabulary."""
        file = self.folder / f"texts-{lengths}"
        if not file.exists():
            texts = serve_load.texts_of(self.model / "vocab.txt", lengths)
            file.write_text("".join(f"{text}\n" for text, _ in texts))
        return ["--file", file]

    def bench(self, *options, duration, warm_up=None, check=True):
        """One run of `textflixctl bench`: its JSON. Also says which share of a processor daemon and
        generator had, in all of the run."""
        out = self.folder / f"bench-{time.monotonic_ns()}.json"
        began, used = time.monotonic(), processor_seconds(self.process.pid)
        answer = subprocess.run(
            [PROGRAMS / "textflixctl", "--socket", self.socket, "bench", *map(str, options),
             "--duration", f"{duration:g}s", "--warm-up",
             f"{self.warm_up if warm_up is None else warm_up:g}s", "--out", out],
            capture_output=True, text=True, check=False)
        if answer.returncode not in (0, 75) or not out.exists():
            raise RuntimeError(answer.stderr + answer.stdout)
        result = json.loads(out.read_text())
        if check and answer.returncode == 75:
            say("  the generator was late in this run")
        seconds = time.monotonic() - began
        result["daemon_share"] = round(
            (processor_seconds(self.process.pid) - used) / seconds, 3)
        generator = result["generator"]
        result["generator_share"] = round(
            generator["processor_seconds"] / generator["wall_seconds"], 3)
        return result


class Watch(threading.Thread):
    """Memory of a daemon, and how fast it answers Status, while something else goes on."""

    def __init__(self, daemon, every=0.25):
        super().__init__(daemon=True)
        self.watched, self.every, self.over = daemon, every, threading.Event()
        self.memory, self.latencies = [], []

    def __enter__(self):
        self.start()
        return self

    def run(self):
        import textflix
        with textflix.connect(str(self.watched.socket), timeout=10) as client:
            while not self.over.wait(self.every):
                began = time.monotonic()
                client.status()
                self.latencies.append(time.monotonic() - began)
                self.memory.append(private_bytes(self.watched.process.pid))

    def __exit__(self, *_):
        self.over.set()
        self.join()

    def result(self):
        quarter = max(1, len(self.memory) // 4)
        return {"memory_first_mb": megabytes(sum(self.memory[:quarter]) / quarter),
                "memory_last_mb": megabytes(sum(self.memory[-quarter:]) / quarter),
                "memory_most_mb": megabytes(max(self.memory, default=0)),
                "status_p50_ms": milliseconds(quantile(self.latencies, 0.5)),
                "status_most_ms": milliseconds(max(self.latencies, default=0))}


def megabytes(count):
    return round(count / 1e6, 1)


def milliseconds(seconds):
    return round(1000 * seconds, 3)


def quantile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def lane(result, name="interactive"):
    """The figures of one kind of traffic that matter, times in milliseconds."""
    found = next(each for each in result["lanes"] if each["name"] == name)
    latency = found.get("latency", {})
    figures = {"requests_per_second": round(found["rate"], 2),
               "tokens_per_second": round(found["tokens_rate"]),
               "answered": found["answered"], "steady": found["steady"]}
    for key in ("p50", "p99", "max"):
        figures[f"{key}_ms"] = round(latency.get(key, 0) / 1e6, 3)
    return figures


def make_model(arch, folder):
    """Random weights of a shape, unless they are there."""
    if not (folder / "model.safetensors").exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([PROGRAMS / "textflixlab", "synth", "--arch", arch, folder], check=True,
                       stdout=subprocess.DEVNULL)
    return folder
