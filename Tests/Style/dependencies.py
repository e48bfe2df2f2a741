"""The dependencies between modules: who may import whom.

Package.swift names the dependencies, but a module built earlier can be imported without naming it;
so every import is compared with its own target's list. And the list itself is compared with the
design below: the three leaves (wire, text, numbers) meet only in the service.
"""

import collections
import json
import re
import subprocess

import tree
from rules import Finding

# Part of the toolchain, for any module; and the modules below Swift with their only users.
ANYWHERE = {"Swift", "Synchronization"}
IN_TESTS = {"Testing"}
SYSTEM = {"Glibc": {"Syscalls", "TestSupport"}, "CLinux": {"Syscalls"}, "CSystemd": {"Service"},
          "CStemmer": {"Baselines"}}
# Named one by one ("import func Glibc.exp"), these are arithmetic, not the system.
MATHEMATICS = {"exp", "log", "log1p", "expm1", "pow", "tanh", "erf", "erfc", "lgamma", "sqrt",
               "sin", "cos", "fma", "exp2", "log2", "floor", "ceil"}
FORBIDDEN = {"Foundation", "FoundationEssentials", "Dispatch", "XCTest", "Darwin", "Musl"}

# A module and the modules it must never reach, directly or through others.
SEPARATE = {
    "TextflixProtocol": {"*"},
    "JSONText": {"*"},
    "Installation": {"*"},
    "DelimitedText": {"TextflixProtocol", "Syscalls", "Tokenization", "Numerics", "Weights"},
    "Randomness": {"*"},
    "Syscalls": {"*"},
    "CommandLineTable": {"TextflixProtocol", "Tokenization", "Numerics", "Weights", "Encoder"},
    "Presentation": {"TextflixProtocol", "TextflixClient", "Tokenization", "Numerics", "Weights",
                     "Encoder", "Insight", "Service", "CommandLineTable"},
    "Tokenization": {"TextflixProtocol", "Numerics", "Weights", "Encoder", "Service"},
    "Numerics": {"TextflixProtocol", "Tokenization", "Weights", "Encoder", "Service"},
    "Weights": {"TextflixProtocol", "Tokenization", "Numerics", "Encoder", "Service"},
    "Encoder": {"TextflixProtocol", "Tokenization", "Service"},
    "Insight": {"TextflixProtocol", "Weights", "Encoder", "Numerics", "Service"},
    "Baselines": {"TextflixProtocol", "Encoder", "Numerics", "Service"},
    "Gradients": {"TextflixProtocol", "Tokenization", "Baselines", "Insight", "Service"},
    "Training": {"TextflixProtocol", "TextflixClient", "CommandLineTable", "Presentation",
                 "Service"},
    "Service": {"TextflixClient", "CommandLineTable", "Presentation", "Gradients", "Training"},
    "TextflixClient": {"Tokenization", "Numerics", "Weights", "Encoder", "Service"},
    "TextRuns": {"Tokenization", "Numerics", "Weights", "Encoder", "Service"},
    "textflixctl": {"Weights", "Encoder", "Numerics", "Service"},
    "textflixlab": {"Service"},
    "textflix-bench": {"TextflixProtocol", "TextflixClient", "TextRuns", "Service", "Training"},
    "textflixd": {"TextflixClient", "Presentation", "TextRuns", "Gradients", "Training"},
}
IMPORT = re.compile(r"^\s*(?:@\w+\s+)*(?:(?:public|package|internal|private|fileprivate)\s+)?"
                    r"import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?"
                    r"(\w+)(?:\.(\w+))?", re.MULTILINE)


def package_targets():
    """{target: names of its direct dependencies}, as SwiftPM reads Package.swift."""
    answer = subprocess.run(["swift", "package", "dump-package"], cwd=tree.ROOT,
                            capture_output=True, check=True)
    return {target["name"]: {next(iter(entry.values()))[0] for entry in target["dependencies"]}
            for target in json.loads(answer.stdout)["targets"]}


def imports(files, targets):
    for file in files:
        if file.kind != "swift" or file.path == "Package.swift":
            continue
        allowed = targets.get(file.module, set()) | ANYWHERE
        if file.path.startswith("Tests/"):
            allowed = allowed | IN_TESTS
        for match in IMPORT.finditer(file.text):
            imported, member = match.groups()
            if imported == "Glibc" and member in MATHEMATICS:
                continue
            if advice := objection(imported, file.module, allowed):
                line = file.text.count("\n", 0, match.start(1)) + 1
                yield Finding("imports", file.path, line, f"import {imported}: {advice}")


def objection(imported, module, allowed):
    if imported in FORBIDDEN:
        return "not in this project; JSONText and Syscalls do what it would"
    if imported in SYSTEM:
        return None if module.removesuffix("Tests") in SYSTEM[imported] else (
            f"only {' and '.join(sorted(SYSTEM[imported]))} may; ask that module for what you need"
            + (' (mathematics one by one: "import func Glibc.exp")'
               if imported == "Glibc" else ""))
    if imported not in allowed:
        return f"{module} does not name it in Package.swift; is it the right way round?"
    return None


def unused_edges(files, targets):
    """What Package.swift names as a dependency, and no file of the target imports."""
    imported = collections.defaultdict(set)
    for file in files:
        if file.kind == "swift" and file.path != "Package.swift":
            imported[file.module].update(match.group(1) for match in IMPORT.finditer(file.text))
    for module, dependencies in targets.items():
        if module in imported:
            for name in sorted(dependencies - imported[module]):
                yield Finding("unused_edges", "Package.swift", 1,
                              f"{module} names {name} and never imports it; remove it")


def reachable(start, targets):
    found, waiting = set(), [start]
    while waiting:
        for name in targets.get(waiting.pop(), ()):
            if name not in found:
                found.add(name)
                waiting.append(name)
    return found


def separation(targets):
    for module, kept_apart in SEPARATE.items():
        for other in sorted(reachable(module, targets)):
            if other in kept_apart or "*" in kept_apart and other not in SYSTEM:
                yield Finding("separation", "Package.swift", 1,
                              f"{module} reaches {other}; the design keeps them apart")
