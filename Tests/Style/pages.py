"""The manual has every key that an experiment's file and a model's settings may have.

Which those are stands in the code, where `refuseKeys(otherThan:)` is called with a list of them: a
sum of literals, of `static let`s and of what callers hand over. On the page each is in bold at the
head of a paragraph, in the section of its kind of file. Whether the paragraph says the truth is not
seen here.
"""

import pathlib
import re
import typing

import source as reader
from rules import Finding

class Manual(typing.NamedTuple):
    """A page, and the code whose keys it must have."""

    page: str
    code: str
    # Headings of the page, by the Swift file that refuses other keys; and of all other files.
    sections: dict
    others: tuple


EXPERIMENTS = Manual(
    "deploy/man/textflixlab.1", "Sources/Training/",
    {"CurvePlan.swift": ("curve CURVE",),
     "BaselineExperiment.swift": ("EXPERIMENT FILES", "Baselines"),
     "EncoderExperiment.swift": ("EXPERIMENT FILES", "Encoders")}, ("Encoders",))
SETTINGS = Manual("deploy/man/textflix.json.5", "Sources/Weights/Models/ModelSettings.swift", {},
                  ("KEYS",))

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
    return undocumented(EXPERIMENTS, "experiment_keys", files)


def settings_keys(files):
    return undocumented(SETTINGS, "settings_keys", files)


def metrics(files):
    """What the daemon counts is explained in its manual, and in one sentence in a scrape."""
    places = ("deploy/man/textflixd.8", "Sources/textflixctl/Status/FigureNames.swift")
    known = {place: set(re.findall(r"textflix_[a-z_]+", file.text))
             for file in files for place in places if file.path == place}
    for file in files:
        if not file.path.startswith("Sources/Service/"):
            continue
        for match in re.finditer(r'"(textflix_[a-z_]+)"', file.text):
            for place in places:
                if match.group(1) not in known.get(place, ()):
                    line = file.text.count("\n", 0, match.start()) + 1
                    yield Finding("metrics", file.path, line,
                                  f"{match.group(1)} is not in {place}; say what it counts")


def undocumented(manual, rule, files):
    codes = {file: reader.code(file.text) for file in files
             if file.kind == "swift" and file.path.startswith(manual.code)}
    page = "".join(file.text for file in files if file.path == manual.page)
    refusals = matches(REFUSAL, codes)
    if not refusals:
        yield Finding(rule, manual.page, 1, f"no refuseKeys in {manual.code}; mend this rule")
    for file, match in refusals:
        line = file.text.count("\n", 0, match.start()) + 1
        known = keys(file, match.span(1), codes) if match.group(1) else set()
        if not known:
            yield Finding(rule, file.path, line, "keys that cannot be read here; write a sum of"
                          " literal lists and static lets")
        headings = manual.sections.get(pathlib.PurePath(file.path).name, manual.others)
        for key in sorted(known - heads(page, headings)):
            yield Finding(rule, file.path, line, f"{manual.page} has no paragraph {key} under"
                          f" {' or '.join(headings)}; say what it is, its values, its default")
