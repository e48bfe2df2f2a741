"""The manual has every key that an experiment's file may have.

Which those are stands in Sources/Training, where `refuseKeys(otherThan:)` is called with a list of
them: a sum of literals, of `static let`s and of what callers hand over. On the page each is in bold
at the head of a paragraph, in the section of its kind of file. Whether the paragraph says the truth
is not seen here.
"""

import pathlib
import re

import source as reader
from rules import Finding

PAGE = "deploy/man/textflixlab.1"
FOLDER = "Sources/Training/"
# Headings of the page, by the Swift file that refuses other keys; else of a step.
SECTIONS = {"CurvePlan.swift": ("curve CURVE",),
            "BaselineExperiment.swift": ("EXPERIMENT FILES", "Baselines"),
            "EncoderExperiment.swift": ("EXPERIMENT FILES", "Encoders")}
STEPS = ("Encoders",)

# In code whose strings are blanked out.
LIST = r"(?:\[[\s,]*\]|(?:\w+\.)?[a-z]\w*)"
SUM = rf"({LIST}(?:\s*\+\s*{LIST})*)"
REFUSAL = rf"\brefuseKeys\((?:\s*otherThan:\s*{SUM}\s*\))?"

# Heads of paragraphs: .B has all words in bold, .BR each other one.
HEAD = re.compile(r"\.TP\n\.(BR?) (.*)")


def matches(pattern, codes):
    return [(file, match) for file, code in codes.items() for match in re.finditer(pattern, code)]


def keys(file, span, codes, following=()):
    """The strings of a sum of lists; nothing at all where a list of that name is not found."""
    start, end = span
    found = set(re.findall(r'"(\w+)"', file.text[start:end]))
    for path in re.findall(r"[\w.]+", codes[file][start:end]):
        owner, _, name = path.rpartition(".")
        if name in following:
            continue
        near = {file: codes[file]} if owner == "Self" else codes
        lists = matches(rf"\bstatic let {name}(?:: \[String\])? = {SUM}", near)
        if not owner:
            lists += matches(rf"\b{name}:\s*{SUM}\s*[,)]", codes)
        parts = [keys(other, match.span(1), codes, (*following, name)) for other, match in lists]
        if not parts or not all(parts):
            return set()
        found.update(*parts)
    return found


def arguments(line):
    """Of a macro of troff."""
    return [quoted or plain for quoted, plain in re.findall(r'"([^"]*)"|(\S+)', line)]


def heads(page, headings):
    """What is in bold at the head of a paragraph, in the sections of these headings."""
    found = set()
    for section in re.split(r"^\.S[HS] ", page, flags=re.MULTILINE):
        heading, _, text = section.partition("\n")
        if " ".join(arguments(heading)) in headings:
            for macro, words in HEAD.findall(text):
                found.update(arguments(words)[::len(macro)])
    return found


def experiment_keys(files):
    codes = {file: reader.code(file.text) for file in files
             if file.kind == "swift" and file.path.startswith(FOLDER)}
    page = "".join(file.text for file in files if file.path == PAGE)
    refusals = matches(REFUSAL, codes)
    if not refusals:
        yield Finding("experiment_keys", PAGE, 1, f"no refuseKeys in {FOLDER}; mend this rule")
    for file, match in refusals:
        line = file.text.count("\n", 0, match.start()) + 1
        known = keys(file, match.span(1), codes) if match.group(1) else set()
        if not known:
            yield Finding("experiment_keys", file.path, line, "keys that cannot be read here; write"
                          " a sum of literal lists and static lets")
        headings = SECTIONS.get(pathlib.PurePath(file.path).name, STEPS)
        for key in sorted(known - heads(page, headings)):
            yield Finding("experiment_keys", file.path, line, f"{PAGE} has no paragraph {key} under"
                          f" {' or '.join(headings)}; say what it is, its values, its default")
