#!/usr/bin/env python3
"""Shows what the daemon does under load: each experiment starts a daemon, measures, prints a table.

Usage: load.py EXPERIMENT [--model DIR] [--precision P] [--seconds N] [--warm-up N] [--out FILE]

    preempt    latency of single interactive texts: alone, and beside bulk work that saturates the
               engine, with preemption between layers and without
    overload   1, 2, 5 and 20 times what the daemon can do, open loop, with a deadline
    crowd      10,000 idle connections; clients that do not read, or slowly, or flood; 200 busy ones
    fair       one user with 1000 texts waiting, and one who sends single texts
    overhead   a tiny model: time beyond computing, requests a second; beside uvicorn and
               onnxruntime
    peers      32 clients, mixed lengths: beside FastAPI over OpenVINO and over onnxruntime, in int8

Without --model random weights of a fitting shape, kept in the cache. Results are appended to --out
as JSON, one a line, the processor and the time with each. The load runs on the same machine as the
daemon, so what it takes of the processors is part of every result ("generator_share", 1 being a
whole one). Peers need the engines of deploy/bench/compare. Nothing else should run meanwhile.
"""

import argparse
import contextlib
import http.client
import json
import os
import pathlib
import subprocess
import sys
import time

import rig
from rig import Daemon, Watch, lane, milliseconds, say

HERE = pathlib.Path(__file__).parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache",
                     "textflix", "bench")
PYTHON = os.environ.get("TEXTFLIX_BENCH_PYTHON") or str(CACHE / "venv" / "bin" / "python")
FORMS = pathlib.Path(os.environ.get("TEXTFLIX_BENCH_FORMS") or CACHE / "forms")


def processor():
    """Its name and family: names of virtual machines leave out the generation."""
    found = {}
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        found.setdefault(name.strip(), value.strip())
    return (f"{os.cpu_count()} of {found.get('model name', 'unknown')}, family"
            f" {found.get('cpu family')}, model {found.get('model')}")


class Results:
    """Rows of one experiment: kept as JSON lines, shown as a table."""

    def __init__(self, experiment, out):
        self.experiment, self.out, self.rows = experiment, out, []

    def add(self, name, **figures):
        row = {"experiment": self.experiment, "run": name} | figures
        self.rows.append(row)
        kept = row | {"processor": processor(), "at": time.strftime("%Y-%m-%dT%H:%M:%SZ",
                                                                     time.gmtime())}
        say(f"  {name}: {figures}")
        if self.out:
            with open(self.out, "a", encoding="utf-8") as file:
                file.write(json.dumps(kept) + "\n")

    def show(self):
        keys = []
        for row in self.rows:
            keys += [key for key in row if key not in keys and key != "experiment"]
        print("| " + " | ".join(keys) + " |")
        print("| --- " * len(keys) + "|")
        for row in self.rows:
            print("| " + " | ".join(str(row.get(key, "")) for key in keys) + " |")


def preempt(options, results):
    """A few people, each with one text: a quarter of what the engine can do when alone."""
    for name, lengths, share in (("mixed lengths", "mixed", 2), ("32 tokens", 32, 1)):
        seconds = options.seconds * share  # mixed texts are fewer a second
        unloaded = None
        for preemption in (True, False):
            with Daemon(options.model, options.precision, preemption=preemption) as daemon:
                texts = daemon.texts(lengths)
                if unloaded is None:
                    capacity = lane(daemon.bench("--concurrency", 8, *texts,
                                                 duration=min(10, options.seconds)))
                    results.add(f"{name}, 8 at a time", **capacity)
                    rate = round(capacity["requests_per_second"] / 4, 2)
                people = ["--rate", rate, *texts]
                if unloaded is None:
                    result = daemon.bench(*people, duration=seconds)
                    unloaded = lane(result)["p99_ms"]
                    results.add(f"{name}, unloaded", **lane(result), ratio=1.0,
                                generator_share=result["generator_share"])
                result = daemon.bench(*people, "--bulk-concurrency", 16, duration=seconds)
                case = "" if preemption else ", no preemption"
                results.add(f"{name}, beside bulk{case}", **lane(result),
                            ratio=round(lane(result)["p99_ms"] / unloaded, 2),
                            bulk_tokens_per_second=lane(result, "bulk")["tokens_per_second"],
                            generator_share=result["generator_share"])


def overload(options, results):
    with Daemon(options.model, options.precision) as daemon:
        lengths = daemon.texts("16-256")
        result = daemon.bench("--concurrency", 64, *lengths, duration=options.seconds / 3)
        capacity = lane(result)
        results.add("capacity, 64 at a time", **capacity)
        for factor in (1, 2, 5, 20):
            before = daemon.counters()
            with Watch(daemon) as watch:
                result = daemon.bench(
                    "--timeout", "2s", "--rate", factor * capacity["requests_per_second"],
                    *lengths, duration=options.seconds)
            now = daemon.counters()
            main = result["lanes"][0]
            refusals = main.get("refusals", {})
            expired = "textflix_cancelled_total.deadline"
            results.add(
                f"{factor} x", **lane(result),
                of_capacity=round(main["tokens_rate"] / capacity["tokens_per_second"], 3),
                refused=main["refused"], expired=main["expired"],
                expired_in_daemon=now.get(expired, 0) - before.get(expired, 0),
                refusal_p50_ms=round(refusals.get("p50", 0) / 1e6, 3),
                refusal_p99_ms=round(refusals.get("p99", 0) / 1e6, 3),
                refusal_max_ms=round(refusals.get("max", 0) / 1e6, 3), **watch.result(),
                daemon_share=result["daemon_share"], generator_share=result["generator_share"])


@contextlib.contextmanager
def strangers(kind, daemon, user=None):
    """Runs crowd.py beside what is measured; a kind of None: nobody."""
    if kind is None:
        yield None
        return
    command = [sys.executable, HERE / "crowd.py", kind, daemon.socket]
    process = subprocess.Popen(command + (["--user", str(user)] if user else []))
    try:
        time.sleep(1)
        yield process
        if process.poll() is not None:
            raise RuntimeError(f"the {kind} clients ended")
    finally:
        process.kill()
        process.wait()


def crowd(options, results):
    """The busy ones ask for two fifths of what the daemon can do: less than the half that is theirs
    beside another user, however much that one asks for."""
    with Daemon(options.model, options.precision, output_seconds=5) as daemon:
        lengths = daemon.texts("16-64")
        capacity = lane(daemon.bench("--concurrency", 200, "--connections", 200, *lengths,
                                     duration=options.seconds / 3))
        rate = round(capacity["requests_per_second"] * 0.4, 1)
        busy = ["--rate", rate, "--connections", 200, *lengths]
        other = 65534 if os.geteuid() == 0 else None
        for name, kind, idle, user in (
                ("200 busy", None, 0, None), ("and 10,000 idle", None, 10_000, None),
                ("and deaf ones", "deaf", 0, None), ("and slow readers", "slow", 0, None),
                ("and a flood of the same user", "flood", 0, None),
                ("and a flood of another user", "flood", 0, other)):
            start = rig.private_bytes(daemon.process.pid)
            before = daemon.counters()
            with strangers(kind, daemon, user) as process, Watch(daemon) as watch:
                used = rig.processor_seconds(process.pid) if process else 0
                result = daemon.bench(*busy, "--idle", idle, duration=options.seconds)
                seconds = result["generator"]["wall_seconds"]
                used = rig.processor_seconds(process.pid) - used if process else 0
            after = daemon.counters()
            closed = "textflix_connections_closed_total.slow_reader"
            figures = watch.result()
            results.add(
                name, rate=rate, **lane(result), errors=sum(result["lanes"][0]["errors"].values()),
                **figures,
                bytes_a_connection=round(
                    (figures["memory_most_mb"] * 1e6 - start) / idle) if idle else "",
                closed_as_slow=after.get(closed, 0) - before.get(closed, 0),
                strangers_share=round(used / seconds, 3), daemon_share=result["daemon_share"],
                generator_share=result["generator_share"])


def fair(options, results):
    """Both ask for the same class of work, so only fairness tells them apart."""
    with Daemon(options.model, options.precision) as daemon:
        lengths = daemon.texts(32)
        single = ["--concurrency", 1, *lengths]
        result = daemon.bench(*single, duration=options.seconds)
        results.add("single texts alone", **lane(result))
        alone = lane(daemon.bench("--concurrency", 64, *lengths, duration=5))
        user = 65534 if os.geteuid() == 0 else None
        with strangers("queue", daemon, user):
            before = daemon.counters()["textflix_tokens_total"]
            began = time.monotonic()
            result = daemon.bench(*single, duration=options.seconds)
            tokens = daemon.counters()["textflix_tokens_total"] - before
            rate = tokens / (time.monotonic() - began)
            waiting = daemon.status()["queue"]["texts"]
        results.add("beside 1000 texts of another user", **lane(result), texts_waiting=waiting,
                    all_tokens_per_second=round(rate),
                    in_order_of_arrival_ms=milliseconds(
                        waiting * 32 / alone["tokens_per_second"]))


def serve_load(options, *arguments):
    command = [PYTHON, HERE / "serve_load.py", "--vocab", options.model / "vocab.txt",
               *map(str, arguments)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@contextlib.contextmanager
def peer(engine, model, forms, port):
    """uvicorn with one engine, once it answers."""
    environment = os.environ | {"PEER_ENGINE": engine, "PEER_MODEL": str(model),
                                "PEER_FORMS": str(forms)}
    process = subprocess.Popen(
        [PYTHON, "-m", "uvicorn", "peer_server:app", "--port", str(port), "--log-level", "error",
         "--no-access-log"], cwd=HERE, env=environment)
    try:
        for _ in range(1200):
            time.sleep(0.2)
            with contextlib.suppress(OSError, http.client.HTTPException):
                link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
                link.request("POST", "/classify", json.dumps({"text": "warm"}),
                             {"Content-Type": "application/json"})
                if link.getresponse().status == 200:
                    break
            if process.poll() is not None:
                raise RuntimeError(f"the peer with {engine} did not start")
        yield process
    finally:
        process.terminate()
        process.wait()


def tiny_form(model):
    """The folder with the model's ONNX form."""
    forms = CACHE / "tiny-forms"
    if not (forms / "f32.onnx").exists():
        forms.mkdir(parents=True, exist_ok=True)
        code = ("import opponents, pathlib, sys\n"
                "opponents.export_onnx(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))")
        subprocess.run([PYTHON, "-c", code, model, forms / "f32.onnx"], check=True, cwd=HERE,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return forms


def overhead(options, results):
    seconds = options.seconds / 2
    brief = ["--seconds", seconds, "--lengths", 16, "--warm-up", 1]
    loads = (("1 at a time", ["--clients", 1, "--timing", *brief]),
             ("32 at a time", ["--clients", 32, *brief]))
    forms = tiny_form(options.model)
    with Daemon(options.model, "f32") as daemon:
        for name, load in (("1 at a time", ["--scenario", "single-stream"]),
                           ("256 at a time", ["--concurrency", 256, "--connections", 8])):
            own = daemon.bench(*load, *daemon.texts(16), duration=seconds, warm_up=1)
            parts = [own["lanes"][0][part] for part in ("elsewhere", "queued")]
            results.add(f"textflix, its own client, {name}", **lane(own),
                        beyond_p50_ms=round(sum(part["p50"] for part in parts) / 1e6, 4),
                        beyond_p99_ms=round(sum(part["p99"] for part in parts) / 1e6, 4),
                        daemon_share=own["daemon_share"],
                        generator_share=own["generator_share"])
        for name, load in loads:
            results.add(f"textflix, {name}",
                        **serve_load(options, "--socket", daemon.socket, *load))
    with peer("ort-f32", options.model, forms, 8771):
        for name, load in loads:
            results.add(f"uvicorn and onnxruntime, {name}",
                        **serve_load(options, "--port", 8771, *load))


def peers(options, results):
    # Long enough to see every length once: some engines prepare themselves for each.
    load = ["--clients", 32, "--seconds", options.seconds, "--warm-up", 20]
    with Daemon(options.model, options.precision) as daemon:
        results.add("textflix", **serve_load(options, "--socket", daemon.socket, *load))
    ours = results.rows[-1]["requests_per_second"]
    for port, engine in enumerate(("openvino-int8", "ort-int8"), 8765):
        with peer(engine, options.model, FORMS, port):
            figures = serve_load(options, "--port", port, *load)
            results.add(f"FastAPI, {engine}", **figures,
                        textflix_is=f"{ours / figures['requests_per_second']:.2f} x")


# Each with the shape it wants, and the seconds of one run.
EXPERIMENTS = {"preempt": (preempt, "bert-large", 45), "overload": (overload, "bert-large", 60),
               "crowd": (crowd, "minilm", 15), "fair": (fair, "minilm", 10),
               "overhead": (overhead, "tiny", 10), "peers": (peers, "bert-large", 60)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("experiment", choices=EXPERIMENTS)
    parser.add_argument("--model", type=pathlib.Path)
    parser.add_argument("--precision", default="int8")
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--warm-up", type=float, default=Daemon.warm_up)
    parser.add_argument("--out")
    options = parser.parse_args()
    run, shape, seconds = EXPERIMENTS[options.experiment]
    options.model = options.model or rig.make_model(shape, CACHE / shape)
    options.seconds = options.seconds or seconds
    Daemon.warm_up = options.warm_up
    results = Results(options.experiment, options.out)
    run(options, results)
    results.show()


if __name__ == "__main__":
    main()
