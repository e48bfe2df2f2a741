#!/usr/bin/env python3
"""Parts pySBD's own English golden rules with textflixlab and counts what agrees.

Usage: golden_rules.py FILE        FILE is tests/lang/test_english.py of a checkout of pySBD

The 48 rules are Pragmatic Segmenter's (Kevin Dias, MIT), which pySBD tests itself by; their texts
are not in this repository: rules.txt has the same forms in other words. FILE is read, not run.
Exit status 1 where a rule is broken. textflixlab from .build/release or $TEXTFLIX_PROGRAMS.
"""
import ast
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
PROGRAMS = pathlib.Path(os.environ.get("TEXTFLIX_PROGRAMS", ROOT / ".build" / "release"))


def rules(path):
    """[(text, [sentence])] of the list whose name begins with GOLDEN; pytest.param(...) too."""
    for node in ast.parse(pathlib.Path(path).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and node.targets[0].id.startswith("GOLDEN"):
            return [tuple(map(ast.literal_eval, (rule.args if isinstance(rule, ast.Call)
                                                 else rule.elts)[:2]))
                    for rule in node.value.elts]
    sys.exit(f"{path} has no list of golden rules")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    cases = rules(sys.argv[1])
    texts = "".join(text + "\n" for text, _ in cases)
    answer = subprocess.run([PROGRAMS / "textflixlab", "sentences"], input=texts, text=True,
                            encoding="utf-8", capture_output=True, check=True)
    broken = 0
    for (text, expected), line in zip(cases, answer.stdout.splitlines(), strict=True):
        parts = json.loads(line)
        if "".join(parts) != text or [part.strip() for part in parts] != expected:
            broken += 1
            print(f"expected {expected}\n   found {parts}")
    print(f"{len(cases) - broken} of {len(cases)} rules hold")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
