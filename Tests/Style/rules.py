"""The rules of the code, each a function over the tree that yields findings.

A finding says where, what, and what to do. What is excepted stands in exceptions.json with its
reason; an exception that excepts nothing any more is itself a finding.
"""

import ast
import collections
import json
import pathlib
import re
import subprocess
from dataclasses import dataclass

import source as reader
import tree

COLUMNS = 100
FILE_LINES = 400
FUNCTION_LINES, FUNCTION_LINES_HARD = 40, 70
EXCEPTIONS = pathlib.Path(__file__).with_name("exceptions.json")


@dataclass(frozen=True)
class Finding:
    rule: str
    path: str
    line: int
    what: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.what}"


def excepted(findings):
    """The findings that no exception covers, and the exceptions that cover none."""
    table = json.loads(EXCEPTIONS.read_text())
    unused = {(row["rule"], row["path"]) for row in table}
    kept = []
    allowed = set(unused)
    for finding in findings:
        if (finding.rule, finding.path) in allowed:
            unused.discard((finding.rule, finding.path))
        else:
            kept.append(finding)
    return kept, unused


def columns(files):
    for file in files:
        for number, line in enumerate(file.lines, 1):
            if len(line) > COLUMNS:
                yield Finding("columns", file.path, number,
                              f"{len(line)} columns; break the line at {COLUMNS}")


def blanks(files):
    for file in files:
        for number, line in enumerate(file.lines, 1):
            if line != line.rstrip():
                yield Finding("blanks", file.path, number, "spaces at the end; remove them")
            if "\t" in line and file.kind != "go" and not line.startswith("\t"):
                yield Finding("blanks", file.path, number, "a tab; write spaces")
        if not file.text.endswith("\n"):
            yield Finding("blanks", file.path, len(file.lines), "no newline at the end; add one")


def file_length(files):
    for file in files:
        count = len(file.lines) - 1
        if count >= FILE_LINES:
            yield Finding("file_length", file.path, 1,
                          f"{count} lines; split it by idea, under {FILE_LINES} lines a file")


def functions(file):
    if file.kind == "swift":
        return reader.swift_functions(reader.code(file.text))
    if file.kind == "c":
        return reader.c_functions(reader.code(file.text))
    if file.kind == "python":
        return reader.python_functions(file.text)
    return reader.shell_functions(file.text) if file.kind == "shell" else ()


def long_functions(files, limit):
    for file in files:
        for function in functions(file):
            if function.length > limit:
                yield Finding("function_length", file.path, function.line,
                              f"{function.name} has {function.length} lines; aim under"
                              f" {FUNCTION_LINES}, never over {FUNCTION_LINES_HARD}")


def function_length(files):
    return long_functions(files, FUNCTION_LINES_HARD)


def header(files):
    """Every file opens with a comment; a program also says how to call it."""
    for file in files:
        lines = file.lines
        script = lines[0].startswith("#!")
        tools = lines[0].startswith("// swift-tools-version")
        first = next((line for line in lines[1 if script or tools else 0:]
                      if line.strip() not in ("", "//", "#")), "")
        opening = {"swift": "//", "c": ("//", "/*"), "python": ('"""', 'r"""'), "shell": "#",
                   "go": ("//", "/*"), "proto": "//"}.get(file.kind, "")
        if first.startswith(opening):
            if script and "Usage:" not in "\n".join(lines[:40]):
                yield Finding("header", file.path, 1,
                              'a program without "Usage:" in its header; say how to call it')
        else:
            yield Finding("header", file.path, 1, "no header comment; say what the file is,"
                          " the invariant it keeps, what it does not do")


def shell_options(files):
    for file in files:
        if file.kind != "shell" or not file.text.startswith("#!"):
            continue
        wanted = "set -euo pipefail" if "bash" in file.lines[0] else "set -eu"
        if wanted not in file.lines:
            yield Finding("shell_options", file.path, 1, f'no line "{wanted}"; add it')


# Spelled with brackets where the plain word would find itself here.
FORBIDDEN = [
    (r"\b(T[O]DO|F[I]XME|X[X]X|H[A]CK)\b", "a marker left behind; do it, or say why not in prose"),
    (r"(?<![\w.])/(w[o]rk|r[o]ot|h[o]me|f[a]rm)/\w", "a path of one machine; make it relative"),
    (r"\b(p[y]pi\.org|pythonh[o]sted\.org|deb\.deb[i]an\.org|huggingf[a]ce\.co|proxy\.g[o]lang)",
     "the name of a registry's host; name the package, the client knows the host"),
    (r"\bthis sess[i]on\b|\bC[E]O\b|steering rep[o]\b", "a word that is not the project's own"),
]


def forbidden_words(files):
    for file in files:
        for pattern, advice in FORBIDDEN:
            for match in re.finditer(pattern, file.text):
                line = file.text.count("\n", 0, match.start()) + 1
                yield Finding("forbidden_words", file.path, line,
                              f'"{match.group()}": {advice}')


NAME_ENDINGS = re.compile(
    r"\b(?:class|struct|enum|protocol|actor|typealias)\s+(\w*(?:Manager|Helper|Util|Utils|Impl|Data"
    r"|Info))\b")


def names(files):
    for file in files:
        if file.kind != "swift":
            continue
        stripped = reader.code(file.text)
        for match in NAME_ENDINGS.finditer(stripped):
            line = stripped.count("\n", 0, match.start()) + 1
            yield Finding("names", file.path, line,
                          f"{match.group(1)}: a name that says nothing; use the field's own term")


DECLARED = re.compile(r"^(.*?)\b(func|let|var|case|struct|class|enum|typealias|protocol)\s+"
                      r"`?([A-Za-z]\w*)`?", re.MULTILINE)
USED_BY_OTHERS = re.compile(r"\b(?:public|override|import)\b|@(?:main|c)\b")
A_TEST = re.compile(r"@(?:Test|Suite)\b")
PRIVATE = re.compile(r"\b(?:file)?private\b(?!\(set\))")
PACKAGE = re.compile(r"\bpackage\b(?!\(set\))")
# By its syntax, or by the standard library through a protocol.
CALLED_BY_THE_LANGUAGE = {
    "callAsFunction", "testDescription", "description", "debugDescription", "appendLiteral",
    "makeIterator", "next", "underestimatedCount", "index", "startIndex", "endIndex",
    "hash", "encode", "customMirror", "errorDescription"}


def scope(file, match):
    """Where a declaration can be used: its file, its module (and any test), or all of the code.

    A case may be made from a raw value, and what a test declares may be a protocol's.
    """
    if PRIVATE.search(match.group(1)):
        return file.path
    if match.group(2) == "case" or PACKAGE.search(match.group(1)) or is_test(file):
        return ""
    return file.module


def is_test(file):
    return file.path.startswith("Tests/")


def dead_declarations(files):
    """A name that occurs once in all the code that can see it is used by nobody.

    `public` ones may be used elsewhere.
    """
    counts, declared = collections.defaultdict(collections.Counter), []
    for file in files:
        if file.kind != "swift" or file.path == "Package.swift":
            continue
        stripped = reader.code(file.text)
        names_here = re.findall(r"[A-Za-z_]\w*", stripped)
        for place in {file.path, "Tests" if is_test(file) else file.module, ""}:
            counts[place].update(names_here)
        for match in DECLARED.finditer(stripped):
            line = stripped.count("\n", 0, match.start(3)) + 1
            paragraph = stripped[max(stripped.rfind("\n\n", 0, match.start(3)), 0):match.end()]
            if not USED_BY_OTHERS.search(match.group()) and not A_TEST.search(paragraph):
                declared.append((file, line, match.group(3), scope(file, match)))
    for file, line, name, place in declared:
        uses = counts[place][name] + (counts["Tests"][name] if place == file.module else 0)
        is_suite = is_test(file) and name.endswith("Tests")
        if uses == 1 and name not in CALLED_BY_THE_LANGUAGE and not is_suite:
            yield Finding("dead_declarations", file.path, line,
                          f"{name} is declared and never used; remove it, or use it")


# What shows the state of a value that tests ask and nobody else needs.
PROBES = {"unansweredStreams", "isIdle", "entryCount"}


def test_only(files):
    """A declaration of the product that tests alone use; the `public` ones are for others.

    A name that comments of the product speak of (what is thrown, say) counts as used; a case may be
    made from its raw value.
    """
    names, declared = {True: collections.Counter(), False: collections.Counter()}, []
    for file in files:
        if file.kind != "swift" or file.path == "Package.swift":
            continue
        stripped = reader.code(file.text)
        names[is_test(file)].update(re.findall(r"[A-Za-z_]\w*", file.text))
        if not is_test(file):
            declared += [(file, stripped.count("\n", 0, match.start(3)) + 1, match.group(3))
                         for match in DECLARED.finditer(stripped)
                         if match.group(2) != "case" and not USED_BY_OTHERS.search(match.group())]
    times = collections.Counter(name for _, _, name in declared)
    passed_over = PROBES | CALLED_BY_THE_LANGUAGE
    for file, line, name in declared:
        if names[False][name] == times[name] and names[True][name] and name not in passed_over:
            yield Finding("test_only", file.path, line,
                          f"only tests use {name}; Tests/TestSupport is the place for it")


NUMBERS = {"NaN", "Infinity"}  # as JSON5 writes them


def names_in_comments(files):
    """A Swift comment that names, in backticks, a type or file that the code has no more."""
    known = set()
    for file in files:
        text = reader.code(file.text) if file.kind == "swift" else file.text
        known.update(re.findall(r"\w+", text))
    for file in files:
        if file.kind != "swift":
            continue
        for number, line in enumerate(file.lines, 1):
            comment = line.partition("//")[2]
            for name in re.findall(r"`([A-Z]\w*[a-z]\w*)[`.(]", comment):
                if name not in known | NUMBERS:
                    yield Finding("names_in_comments", file.path, number,
                                  f"there is no {name} in the code; name what is meant, or write it"
                                  " without backticks if it is somebody else's")


def syntax(files):
    """Python that Debian's python3 cannot read; the compilers say it for the other languages."""
    for file in files:
        if file.kind == "broken python":
            yield Finding("syntax", file.path, 1, "no Python; `python3 -m py_compile` says where")


def unused_imports(files):
    """Of Python; Swift's compiler says it for Swift."""
    for file in files:
        if file.kind != "python":
            continue
        words = collections.Counter(re.findall(r"\w+", file.text))
        for node in ast.walk(ast.parse(file.text)):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                for each in node.names:
                    name = (each.asname or each.name).split(".")[0]
                    if words[name] == 1:
                        yield Finding("unused_imports", file.path, node.lineno,
                                      f"{name} is imported and never used; remove it")


def swift_format(files):
    """`swift format lint --strict`, as everyone's editor does it."""
    paths = [file.path for file in files if file.kind == "swift"]
    answer = subprocess.run(["swift", "format", "lint", "--strict", "--parallel", *paths],
                            cwd=tree.ROOT, capture_output=True, text=True, check=False)
    pattern = re.compile(r"^(?:.*/)?(\S+?):(\d+):\d+: \w+: (.*)$")
    for line in (answer.stdout + answer.stderr).splitlines():
        if match := pattern.match(line.replace(f"{tree.ROOT}/", "")):
            path = line.replace(f"{tree.ROOT}/", "").split(":", 1)[0]
            yield Finding("swift_format", path, int(match.group(2)),
                          f"{match.group(3)} (`swift format -i {path}` mends most)")
    if answer.returncode not in (0, 1):
        yield Finding("swift_format", "Package.swift", 1, answer.stderr.strip()[:300])


def shellcheck(files):
    paths = [file.path for file in files if file.kind == "shell"]
    answer = subprocess.run(["shellcheck", "-x", "--format=gcc", *paths],
                            cwd=tree.ROOT, capture_output=True, text=True, check=False)
    for line in answer.stdout.splitlines():
        path, number, _, what = line.split(":", 3)
        yield Finding("shellcheck", path, int(number), what.strip())


def stale_exceptions(findings):
    for rule, path in sorted(excepted(findings)[1]):
        yield Finding("stale_exceptions", "Tests/Style/exceptions.json", 1,
                      f"{rule} of {path} needs no exception any more; remove the row")
