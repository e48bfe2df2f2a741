#!/usr/bin/env python3
"""Runs the parts of the test suite and counts what passed, failed and was skipped.

Usage: Tests/run.py [PART ...]
Without a part: all. deploy/test prepares everything and calls it.

A part writes its output to the screen and to .build/tests/PART.log. A test that cannot run here
prints "SKIPPED: what: why" and is counted and listed, never passed over in silence. A part that
dies, or that finds no test at all, counts as failed.
"""

import os
import pathlib
import re
import subprocess
import sys
import time
import unittest
import xml.etree.ElementTree
from dataclasses import dataclass, field

ROOT = pathlib.Path(__file__).resolve().parents[1]
LOGS = ROOT / ".build" / "tests"
SCRATCH = ROOT / ".build" / "testing"  # `swift test` compiles with other flags than `swift build`
SKIPPED = re.compile(r"^SKIPPED: (.+)$", re.MULTILINE)
FAILED = re.compile(r"^(?:FAIL|ERROR): (.+)$|^\s*--- FAIL: (\S+)"
                    r"|^.{1,4}(Test \S+) recorded an issue", re.MULTILINE)


@dataclass
class Tally:
    passed: int = 0
    failed: int = 0
    skipped: list = field(default_factory=list)
    names: list = field(default_factory=list)  # of what failed, as far as the output tells

    def name_failures(self, output):
        found = ("".join(groups) for groups in FAILED.findall(output))
        self.names += sorted(set(found)) if self.failed else []


def run_logged(name, command, **options):
    """Runs a command; what it prints goes to the screen and to the log. -> (exit code, output)"""
    lines = []
    with open(LOGS / f"{name}.log", "w", encoding="utf-8", errors="replace") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   errors="replace", **options)
        for line in process.stdout:
            lines.append(line)
            log.write(line)
            sys.stdout.write(line)
        sys.stdout.flush()
    return process.wait(), "".join(lines)


def swift():
    """All Swift suites, in release: numeric tests are too slow otherwise."""
    report = LOGS / "swift.xml"
    for old in LOGS.glob("swift*.xml"):
        old.unlink()
    code, output = run_logged("swift", ["swift", "test", "-c", "release", "--skip-build",
                                        "--scratch-path", str(SCRATCH),
                                        "--xunit-output", str(report)])
    tally = Tally()
    for path in LOGS.glob("swift*.xml"):
        for suite in xml.etree.ElementTree.parse(path).getroot().iter("testsuite"):
            failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            skipped = int(suite.get("skipped", 0) or 0)
            tally.failed += failed
            tally.passed += int(suite.get("tests", 0)) - failed - skipped
    tally.skipped = sorted(set(SKIPPED.findall(output)))
    tally.passed = max(0, tally.passed - len(tally.skipped))
    if code and not tally.failed:
        tally.failed = 1
    tally.name_failures(output)
    return tally


def unittests(*folders):
    """Python unittest modules of some folders, each folder in a process of its own, with a log."""
    tally = Tally()
    for folder in folders:
        name = pathlib.Path(folder).name.lower()
        code, output = run_logged(name, [sys.executable, "-u", __file__, "--unittest", folder])
        counts = re.findall(r"^counted: (\d+) passed, (\d+) failed$", output, re.MULTILINE)
        passed, failed = map(int, counts[-1]) if counts else (0, 1)
        tally.passed += passed
        tally.failed += failed or (1 if code else 0)
        tally.skipped += SKIPPED.findall(output)
        tally.name_failures(output)
    return tally


def unittest_folder(folder):
    """The child side of `unittests`."""
    sys.path.insert(0, str(ROOT / folder))
    suite = unittest.defaultTestLoader.discover(str(ROOT / folder), pattern="test_*.py")
    began = time.monotonic()
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    for test, reason in result.skipped:
        print(f"SKIPPED: {test.id()}: {reason}")
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    failed_tests = len({test.id() for test, _ in result.failures + result.errors})
    passed = max(0, result.testsRun - failed_tests - len(result.skipped))
    print(f"{folder}: {time.monotonic() - began:.1f} s")
    print(f"counted: {passed} passed, {failed} failed")
    return 1 if failed or not result.testsRun else 0


def style():
    return unittests("Tests/Style")


def python():
    return unittests("Tests/Python")


def endtoend():
    return unittests("Tests/EndToEnd", "Tests/Fuzz")


def site():
    return unittests("Tests/Site")


def systemd():
    return unittests("Tests/Systemd")


def interop():
    """containerd's own client, from Debian's package of it."""
    folder = ROOT / "Tests" / "Interop" / "go"
    sources = pathlib.Path("/usr/share/gocode/src/github.com/containerd/ttrpc")
    for needed, why in [(folder, "no such folder"),
                        (sources, "golang-github-containerd-ttrpc-dev is not installed")]:
        if not needed.exists():
            print(f"SKIPPED: interop: {why}")
            return Tally(skipped=[f"interop: {why}"])
    code, output = run_logged("interop", [str(folder / "run")])
    tally = Tally(passed=len(re.findall(r"^\s*--- PASS", output, re.MULTILINE)),
                  failed=len(re.findall(r"^\s*--- FAIL", output, re.MULTILINE)),
                  skipped=SKIPPED.findall(output))
    if (code or not tally.passed) and not tally.failed and not tally.skipped:
        tally.failed = 1
    tally.name_failures(output)
    return tally


PARTS = {part.__name__: part for part in (style, swift, python, interop, endtoend, site, systemd)}


def main(names):
    if names[:1] == ["--unittest"]:
        return unittest_folder(names[1])
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        print(f"run.py: no part {unknown[0]}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 64
    LOGS.mkdir(parents=True, exist_ok=True)
    total = Tally()
    for name in names or PARTS:
        print(f"\n== Tests: {name}", flush=True)
        tally = PARTS[name]()
        print(f"{name}: {tally.passed} passed, {tally.failed} failed,"
              f" {len(tally.skipped)} skipped", flush=True)
        total.passed += tally.passed
        total.failed += tally.failed
        total.skipped += tally.skipped
        total.names += [f"{name}: {test}" for test in tally.names]
    print()
    for what in total.skipped:
        print(f"skipped: {what}")
    for what in total.names:
        print(f"failed: {what}")
    print(f"{total.passed} passed, {total.failed} failed, {len(total.skipped)} skipped")
    return 1 if total.failed else 0


if __name__ == "__main__":
    os.environ.pop("OPENBLAS_CORETYPE", None)
    os.environ.pop("OPENBLAS_L2_SIZE", None)
    os.environ.setdefault("TEXTFLIX_PROGRAMS", str(SCRATCH / "release"))
    sys.exit(main(sys.argv[1:]))
