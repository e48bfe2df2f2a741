"""The files the rules look at: what git tracks or would track, with their kinds.

Generated and golden files are data, not code: the rules that count lines pass them by kind.
"""

import ast
import functools
import pathlib
import subprocess
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[2]
KINDS = {".swift": "swift", ".c": "c", ".h": "c", ".py": "python", ".sh": "shell", ".go": "go",
         ".proto": "proto", ".md": "prose"}
CODE = {"swift", "c", "python", "broken python", "shell", "go", "proto"}


@dataclass(frozen=True)
class Source:
    path: str
    kind: str
    text: str

    @functools.cached_property
    def lines(self):
        return self.text.split("\n")

    @property
    def module(self):
        """The target a Swift or C file belongs to: Sources/Encoder/X.swift is of Encoder."""
        parts = self.path.split("/")
        if parts[0] == "Protocol":
            return "TextflixProtocol"
        return parts[1] if len(parts) > 2 and parts[0] in ("Sources", "Tests") else ""


def tracked():
    answer = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True, check=False)
    if answer.returncode == 0:
        return sorted(name for name in answer.stdout.decode().split("\0") if name)
    return sorted(str(path.relative_to(ROOT)) for path in ROOT.rglob("*")
                  if path.is_file() and not {".git", ".build"} & set(path.parts))


def kind_of(path, text):
    if path.suffix in KINDS:
        return KINDS[path.suffix]
    first = text.split("\n", 1)[0]
    if first.startswith("#!"):
        return "python" if "python" in first else "shell"
    return "other"


def parses(text):
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


@functools.cache
def sources():
    """Every text file of the tree."""
    found = []
    for name in tracked():
        path = ROOT / name
        if not path.is_file() or path.is_symlink():
            continue
        try:
            text = path.read_bytes().decode()
        except UnicodeDecodeError:
            continue
        kind = kind_of(path, text)
        if kind == "python" and not parses(text):
            kind = "broken python"
        found.append(Source(name, kind, text))
    return found


def code_sources():
    return [source for source in sources() if source.kind in CODE]
