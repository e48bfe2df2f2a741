#!/usr/bin/env python3
"""Sweeps the reference over every scalar; writes Normalization/UnicodeTables.swift of Tokenization.

What a BERT tokenizer does to a scalar is decided by the (old) Unicode tables that the reference was
built with, not by today's standard, so the tables are asked from the reference itself: Hugging Face
tokenizers 0.23.3 (pip install tokenizers==0.23.3). Only the *names* of the combining classes come
from Python's unicodedata; which scalar has which class is measured, too.

Usage: make_unicode_tables.py [--check]    --check: compare with the committed file only
"""
import pathlib
import sys
import unicodedata

from tokenizers import AddedToken, Tokenizer, __version__, models, normalizers, pre_tokenizers

ROOT = pathlib.Path(__file__).resolve().parents[3]
OUTPUT = ROOT / "Sources/Tokenization/Normalization/UnicodeTables.swift"
SCALARS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]


def bert(**on):
    names = ("clean_text", "handle_chinese_chars", "strip_accents", "lowercase")
    return normalizers.BertNormalizer(**{**dict.fromkeys(names, False), **on}).normalize_str


def number(value):
    """Base 32, least digit first, the sixth bit says that more follow; digits are $ to c."""
    text = ""
    while True:
        value, digit = divmod(value, 32)
        text += chr(0x24 + digit + (32 if value else 0))
        if not value:
            return text


def signed(value):
    return number(2 * value if value >= 0 else -2 * value - 1)


def ranges(scalars):
    """Sorted scalars as (gap after the previous range, length - 1) pairs."""
    text, end, scalars = "", 0, sorted(scalars)
    i = 0
    while i < len(scalars):
        j = i
        while j + 1 < len(scalars) and scalars[j + 1] == scalars[j] + 1:
            j += 1
        text += number(scalars[i] - end) + number(j - i)
        end = scalars[j] + 1
        i = j + 1
    return text


def mapping(table):
    """(gap after the previous key, count, each value minus the key) for each entry."""
    text, end = "", 0
    for key in sorted(table):
        values = table[key]
        text += number(key - end) + number(len(values)) + "".join(signed(v - key) for v in values)
        end = key + 1
    return text


def combining_classes(nfd):
    """The combining class of each scalar by which the reference sorts, measured on pairs."""
    overlay, iota = "\u0334", "\u0345"  # the lowest and the highest class, 1 and 240

    def follows(lead, mark):
        """Whether `lead` then `mark` come out the other way round."""
        return nfd("a" + lead + mark) == "a" + mark + lead

    leads = {c: nfd(chr(c))[0] for c in SCALARS}
    marks = [c for c in SCALARS
             if chr(c) in (overlay, iota) or follows(leads[c], overlay) or follows(iota, leads[c])]
    probes = {}
    for c in marks:
        if unicodedata.combining(chr(c)):
            probes.setdefault(unicodedata.combining(chr(c)), chr(c))
    classes = {}
    for c in marks:
        fits = [k for k, probe in probes.items()
                if not follows(leads[c], probe) and not follows(probe, leads[c])
                or leads[c] == probe]
        assert len(fits) == 1, (hex(c), fits)
        classes[c] = fits[0]
    return classes


def word_characters():
    """What an added token that is a single word may not touch."""
    words = Tokenizer(models.WordLevel({"zq": 0, "[UNK]": 1}, unk_token="[UNK]"))
    words.add_tokens([AddedToken("zq", single_word=True, normalized=False)])
    return [c for c in SCALARS if words.encode(chr(c) + "zq").tokens[-1] != "zq"]


def check(stripped, classes, nfd, parting, nonspacing, lowered):
    """What the Swift side takes for granted."""
    for c, result in stripped.items():
        assert len(result) <= 3
        assert not result or result[0] not in classes, "a decomposition begins with a starter"
        assert not result or ord(nfd(chr(c))[0]) not in classes and c not in classes
    for c in classes:
        assert c not in parting, "a combining mark is part of a word"
        assert c in nonspacing or c not in lowered and not stripped.get(c)


def sweep():
    clean, strip = bert(clean_text=True), bert(strip_accents=True)
    chinese, nfd = bert(handle_chinese_chars=True), normalizers.NFD().normalize_str
    lower = normalizers.Lowercase().normalize_str
    split = pre_tokenizers.BertPreTokenizer().pre_tokenize_str
    pieces = {c: [p for p, _ in split("a" + chr(c) + "a")] for c in SCALARS}

    whitespace = [c for c in SCALARS if pieces[c] == ["a", "a"]]
    cleaned = {c: clean(chr(c)) for c in SCALARS}
    dropped = [c for c in SCALARS if cleaned[c] == ""]
    spaced = {c for c in SCALARS if cleaned[c] == " "}
    assert spaced == set(whitespace) - set(dropped) | {9, 10, 13}  # tab, LF and CR are controls
    assert all(cleaned[c] in ("", " ", chr(c)) for c in SCALARS)
    punctuation = [c for c in SCALARS if len(pieces[c]) == 3]
    words = word_characters()
    lowered = {c: [ord(s) for s in lower(chr(c))] for c in SCALARS if lower(chr(c)) != chr(c)}
    stripped = {c: [ord(s) for s in strip(chr(c))] for c in SCALARS if strip(chr(c)) != chr(c)}
    hangul = range(0xAC00, 0xD7A4)
    for c in hangul:
        s = c - 0xAC00
        jamo = [0x1100 + s // 588, 0x1161 + s // 28 % 21] + ([0x11A7 + s % 28] if s % 28 else [])
        assert stripped.pop(c) == jamo
    nonspacing = [c for c in stripped if not stripped[c]]
    classes = combining_classes(nfd)

    check(stripped, classes, nfd, set(whitespace) | set(punctuation) | set(dropped), nonspacing,
          lowered)
    return dict(
        whitespace=ranges(whitespace),
        dropped=ranges(dropped),
        punctuation=ranges(punctuation),
        chinese=ranges(c for c in SCALARS if chinese(chr(c)) != chr(c)),
        nonspacing=ranges(nonspacing),
        wordCharacters=ranges(words),
        combiningClasses=mapping({c: [c + k] for c, k in classes.items()}),
        decompositions=mapping({c: r for c, r in stripped.items() if r}),
        lowercase=mapping(lowered),
    )


ABOUT = {
    "whitespace": "Parts words and is dropped: White_Space.",
    "dropped": "Dropped by `clean_text`: controls, format and private-use scalars, U+0000, U+FFFD.",
    "punctuation": "A word of its own.",
    "chinese": "Given a space on either side by `handle_chinese_chars`.",
    "nonspacing": "Gone after NFD and dropping the nonspacing marks.",
    "wordCharacters": "What `single_word` tokens may not touch (`\\w`).",
    "combiningClasses": "Scalars that NFD puts in order: one value, the scalar plus its class.",
    "decompositions": "NFD without the nonspacing marks, where not the scalar itself (nor Hangul).",
    "lowercase": "Lower case, scalar by scalar.",
}

HEADER = f"""\
// Generated by Tests/Golden/tokenization/make_unicode_tables.py from Hugging Face tokenizers
// {__version__}: what the reference does to each Unicode scalar. Do not edit.
//
// Numbers are base 32, least digit first: the characters $ to C are a last digit 0 to 31, D to c
// the same with more to follow. A set is a list of (gap since the range before, length - 1). A
// mapping is a list of (gap since the key before, count, count times a value minus the key, zigzag:
// 2v for v >= 0, else -2v - 1). Line breaks mean nothing.

enum UnicodeTables {{
"""


def main():
    text = HEADER
    for i, (name, digits) in enumerate(sweep().items()):
        text += ("\n" if i else "") + f"    /// {ABOUT[name]}\n"
        lines = [digits[i:i + 92] for i in range(0, len(digits), 92)]
        text += f'    static let {name}: StaticString = #"""\n'
        text += "".join(f"        {line}\n" for line in lines)
        text += '        """#\n'
    text += "}\n"
    if "--check" in sys.argv:
        assert OUTPUT.read_text() == text, f"{OUTPUT} is not what the reference says: run me"
    else:
        OUTPUT.write_text(text)
        print(f"{OUTPUT}: {len(text)} bytes")


main()
