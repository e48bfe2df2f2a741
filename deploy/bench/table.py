#!/usr/bin/env python3
"""Prints the results of deploy/bench/compare side by side.

Usage: table.py RESULTS.jsonl
A line is the JSON of one run: ours ("precision", "limit_gops") or an opponent's ("engine"). Ours
ran several times, in turn with the others: its median counts and its spread is shown. The last
lines say how many times the fastest opponent of the same precision ours is, and which share of the
processor's limit. "load" is until the first text can be computed (ours: with packed weights),
"private" the memory of the process that is no mapped file, after the run.
"""

import json
import statistics
import sys

NAMES = ("1x16", "1x128", "1x512", "32x128", "8x512", "mixed", "mixed-single")


def cell(milliseconds, tokens_per_second, name):
    return f"{milliseconds:.1f} ms" if name.startswith("1x") else f"{tokens_per_second:.0f}/s"


def read(path):
    """-> {engine: {workload: [(milliseconds, tokens a second, share)]}}, {engine: [run]}"""
    all_runs, engines = {}, {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            run = json.loads(line)
            all_runs.setdefault(run.get("engine") or f"textflix-{run['precision']}", []).append(run)
    for name, runs in all_runs.items():
        # A limit is what was reached at best: a run whose own measure was disturbed takes that.
        best = max(run.get("limit_gops", 0) for run in runs)
        for run in runs:
            for work in run["workloads"]:
                share = work["share_of_limit"] * run["limit_gops"] / best if best else None
                engines.setdefault(name, {}).setdefault(work["name"], []).append(
                    (work["milliseconds"], work["tokens_per_second"], share))
    return engines, all_runs


def load_and_memory(runs):
    seconds = statistics.median(run["load_seconds"] for run in runs)
    load = f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
    private = [run["private_mb"] for run in runs if "private_mb" in run]
    return [load, f"{max(private):.0f} MB" if private else ""]


def print_engines(engines, all_runs):
    print("| engine | " + " | ".join(NAMES) + " | load | private |")
    print("| --- " * (len(NAMES) + 3) + "|")
    order = sorted(engines, key=lambda name: (name.split("-")[-1], "textflix" not in name, name))
    for engine in order:
        cells = []
        for name in NAMES:
            runs = sorted(engines[engine].get(name, []))
            cells.append(cell(*runs[len(runs) // 2][:2], name) if runs else "")
        print(f"| {engine} | " + " | ".join(cells + load_and_memory(all_runs[engine])) + " |")


def print_ratios(engines, precision):
    ours = engines.get(f"textflix-{precision}")
    others = [e for e in engines if e.endswith(precision) and not e.startswith("textflix")]
    if not ours or not others:
        return
    middle = {engine: {name: statistics.median(run[0] for run in runs)
                       for name, runs in engines[engine].items()}
              for engine in [*others, f"textflix-{precision}"]}
    ratios, shares, spreads = [], [], []
    for name in NAMES:
        runs = ours.get(name, [])
        # On mixed lengths an opponent may choose: padded batches or one by one.
        rivals = ("mixed", "mixed-single") if name.startswith("mixed") else (name,)
        best = min((middle[e][r] for e in others for r in rivals if r in middle[e]), default=None)
        mine = middle[f"textflix-{precision}"].get(name)
        ratios.append(f"{best / mine:.2f}x" if best and mine else "")
        shares.append(f"{100 * statistics.median(r[2] for r in runs):.0f} %" if runs else "")
        spread = max(r[0] for r in runs) / min(r[0] for r in runs) if runs else 1
        spreads.append(f"{100 * (spread - 1):.0f} %" if runs else "")
    print(f"| {precision}: ours / fastest other | " + " | ".join(ratios) + " | | |")
    print(f"| {precision}: share of the limit | " + " | ".join(shares) + " | | |")
    print(f"| {precision}: spread of our runs | " + " | ".join(spreads) + " | | |")


def main():
    engines, all_runs = read(sys.argv[1])
    print_engines(engines, all_runs)
    for precision in ("int8", "bf16", "f32"):
        print_ratios(engines, precision)
    for precision in ("int8", "bf16", "f32"):
        limits = [run["limit_gops"] for run in all_runs.get(f"textflix-{precision}", [])]
        if limits:
            print(f"\nLimit of {precision}, the best of these runs: "
                  f"{max(limits):.0f} billion operations a second.")


if __name__ == "__main__":
    main()
