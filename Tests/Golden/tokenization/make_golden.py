#!/usr/bin/env python3
"""Writes the golden files of the tokenizer tests, beside this script, from the reference.

Usage: make_golden.py      (pip install tokenizers==0.23.3)

uncased.txt, cased.txt   small WordPiece vocabularies, trained on the sentences below; kept when
                         they are there, as two trainings differ: delete them to train anew
added.tokenizer.json     the same, with added tokens, truncation and padding set
blank.tokenizer.json     the same, with added tokens that begin in white space, or take it along
mpnet.tokenizer.json     the same, with MPNet's special tokens, as its files have them
golden.json              texts, and what Hugging Face tokenizers makes of them in each setting: a
                         token is "id:start:end", offsets in bytes; for thousands of random texts,
                         which the tests make again from the ranges and the seed, only a digest

All texts are our own or random.
"""
import itertools
import json
import pathlib
import re

from tokenizers import (
    AddedToken, Tokenizer, __version__, models, normalizers, pre_tokenizers, processors, trainers)

HERE = pathlib.Path(__file__).resolve().parent
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
SEED, RANDOM_TEXTS = 20, 4000

SENTENCES = """
I could have watched this unbelievably slow film twice; my brother could not, and left.
The director's earlier works were better-paced, better-lit and, frankly, better.
Ten minutes in, you'll know who did it. Two hours later you'll wonder why it mattered!
A warm, witty, well-acted comedy: 8/10 from me, 9.5/10 from the children.
Don't go expecting explosions (there are none) or car chases (there's half of one).
"It isn't art," she said, "but it's honest" - and honesty is rarer than art.
He re-wrote, re-shot and re-cut the ending; the re-release made $12,500,000 anyway.
Überraschend gut: ein stiller Film über große Gefühle, mit schönen Bildern aus Köln.
Ce film déçoit dès le début; le héros, naïf et rêveur, n'évolue guère jusqu'à la fin.
Una película preciosa, aunque el último acto se hace algo largo. ¡Qué música!
İstanbul'da geçen bu filmin ışığı güzel, müziği ise çok yavaş.
Медленный, но красивый фильм; йога и ёлка в одной сцене были лишними.
Μια όμορφη ταινία, αργή στην αρχή, συγκινητική στο τέλος· ο ήρωας σιωπά.
这部电影很美，但是太长了。音乐非常好！
この映画はとても静かで、最後のシーンが好きです。
이 영화는 조용하고 아름답지만 조금 길다.
Phim rất hay, diễn viên giỏi, nhưng kết thúc hơi buồn.
""".strip().split("\n")

SUBJECTS = "film movie story script ending camera music cast plot dialogue sequel remake".split()
VERBS = "moves delights bores surprises drags shines fails wanders convinces disappoints".split()
ADVERBS = "slowly brilliantly never always hardly wonderfully tediously somehow".split()

TEXTS = SENTENCES + [
    "", " ", "a", "\n\t\r", "[SEP]", "see [SEP] and [MASK]ed [cls]", "un[UNK]able",
    "caf\u00e9 cafe\u0301 CAF\u00c9 cafe\u0301\u0301s", "\u0130stanbul I\u0307 \u0131",
    "\u1e9e\u00df", "\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2 \u03a3",
    "na\u00adive zero\u200bwidth bom\ufeff", "a\u0000b\ufffdc",
    "nel\u0085joins vt\u000bjoins nbsp\u00a0parts", "\u3000wide\u3000space",
    "10.5% of $5 = \u20ac0.5", "\u00a7\u2026\u2014\u00ab\u20ac\u00b4`", "\u037e\u0387\u1fef",
    "\u212a\u2126\u212b", "\uc601\ud654\ub294 \uac00 \uac01", "\u304b\u3099\u304c \u30ab\u3099",
    "\uf900\U0002f800\U0002b820\U0002b920", "x\U0001d15ey\U0001d165\u0301\u0323",
    "q\u08dc\u0301\u0323\u08dc", "a\u302e\u0323\u0301b \u0344\u0f73",
    "q\u0301\u0323\u302e\u08dc\u0300 r", "\U0001f600\U0001f44d\U0001f3fd \u2764\ufe0f",
    "\u0600\u06dd\U000e0041", "w" * 100, "w" * 101, "\u00e9" * 100, "\u00e9" * 101,
    "e\u0301" * 101, "\u08dc" * 101, "a" + "\u0301" * 200, "-" * 30, "\u4e00" * 30,
    "<br /><br />Great!!!1!", "##ing ##", "don't won't I'd", "\U0010fffd\U0001f000",
]

RANGES = [
    (0x20, 0x7E), (0x61, 0x7A), (0x61, 0x7A), (0x41, 0x5A), (0x00, 0x20), (0x7F, 0xBF),
    (0xC0, 0x24F), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x4FF), (0x591, 0x5F4), (0x8D3, 0x8E2),
    (0xE00, 0xE7F), (0xF71, 0xF83), (0x1100, 0x11FF), (0x1AB0, 0x1ACE), (0x1DF0, 0x1DFF),
    (0x1E00, 0x1FFF), (0x2000, 0x206F), (0x2E00, 0x303F), (0x3041, 0x30FF), (0x4E00, 0x4E80),
    (0xAC00, 0xAD00), (0xF900, 0xF920), (0xFB00, 0xFB4F), (0xFE00, 0xFFFF), (0x1D15E, 0x1D172),
    (0x1E000, 0x1E02A), (0x1F600, 0x1F64F), (0x2B81E, 0x2B922), (0xE0020, 0xE007F),
    (0x0, 0x10FFFF),
]

SETTINGS = [
    ("bert-base-uncased", "uncased", {}, "text"),
    ("bert-base-uncased, special tokens read", "uncased", {}, "token"),
    ("bert-base-cased", "cased", {"lowercase": False}, "text"),
    ("cased, accents stripped", "cased", {"lowercase": False, "strip_accents": True}, "text"),
    ("accents kept", "uncased", {"strip_accents": False}, "text"),
    ("Chinese in words", "uncased", {"handle_chinese_chars": False}, "text"),
    ("nothing cleaned", "cased", {"clean_text": False, "lowercase": False}, "text"),
    ("not cleaned but stripped", "uncased", {"clean_text": False}, "text"),
]


class SplitMix:
    """The tests' own generator, so that both sides make the same texts."""

    def __init__(self, seed):
        self.state = seed

    def below(self, bound):
        self.state = (self.state + 0x9E3779B97F4A7C15) & (2**64 - 1)
        z = self.state
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & (2**64 - 1)
        z = (z ^ z >> 27) * 0x94D049BB133111EB & (2**64 - 1)
        return (z ^ z >> 31) % bound


def random_text(rng):
    """Up to 24 scalars of any of the ranges; now and then one thirty times over, or a space."""
    text = []
    for _ in range(rng.below(25)):
        low, high = RANGES[rng.below(len(RANGES))]
        scalar = low + rng.below(high - low + 1)
        repeat = 30 if rng.below(16) == 0 else 1
        if not 0xD800 <= scalar <= 0xDFFF:
            text.append(chr(scalar) * repeat)
        if rng.below(6) == 0:
            text.append(" ")
    return "".join(text)


def encode(tokenizer, text):
    encoding = tokenizer.encode(text)
    at = [0, *itertools.accumulate(len(c.encode()) for c in text)]
    return [(i, at[a], at[b]) for i, (a, b) in zip(encoding.ids, encoding.offsets)]


def digest(lists):
    """FNV-1a over 32-bit words: for each text its number of tokens, then id, start, end of each."""
    value = 0xCBF29CE484222325
    for tokens in lists:
        for word in [len(tokens), *itertools.chain.from_iterable(tokens)]:
            value = (value ^ word) * 0x100000001B3 & (2**64 - 1)
    return f"{value:016x}"


def train(lowercase):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    clauses = [f"The {s} {v} {a}." for s, v, a in itertools.product(SUBJECTS, VERBS, ADVERBS)]
    alphabet = [chr(c) for a, b in [(0x21, 0x7E), (0xA1, 0xBF), (0x1100, 0x1112), (0x302E, 0x302F),
                                    (0x1D157, 0x1D158), (0x1D165, 0x1D166), (0x8DC, 0x8DC)]
                for c in range(a, b + 1)]
    tokenizer.train_from_iterator(clauses + SENTENCES * 2, trainers.WordPieceTrainer(
        vocab_size=2400, special_tokens=SPECIAL, show_progress=False, min_frequency=1,
        initial_alphabet=alphabet))
    pieces = sorted(tokenizer.get_vocab(), key=tokenizer.token_to_id)
    known = set(pieces)
    pieces += [f"##{c}" for c in alphabet if f"##{c}" not in known and c.isalnum() or ord(c) > 0xBF]
    return list(dict.fromkeys(pieces))


def tokenizer_of(pieces, settings):
    vocabulary = {piece: i for i, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(**settings)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        special_tokens=[(name, vocabulary[name]) for name in ("[CLS]", "[SEP]")])
    tokenizer.add_special_tokens(SPECIAL)
    return tokenizer


def added(pieces):
    """A tokenizer.json with all that may be added; its truncation and padding do not count."""
    tokenizer = tokenizer_of(pieces[:600], {})
    tokenizer.add_tokens([
        AddedToken("film noir"), AddedToken("<x>", lstrip=True, rstrip=True, normalized=False),
        AddedToken("Caf\u00c9", single_word=True),
        AddedToken("ab", single_word=True, normalized=False),
        AddedToken("\u6620\u753b"), AddedToken("<s>", special=True, lstrip=True, normalized=True)])
    tokenizer.enable_truncation(8)
    tokenizer.enable_padding(length=8)
    tokenizer.save(str(HERE / "added.tokenizer.json"), pretty=False)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    texts = [
        "A FILM NOIR and film noirs", "a <x>  b<x>\u2003c", "caf\u00e9, cafes CAFE\u0301 xcafe",
        "ab abc (ab)", "\u6620\u753b\u9928 \u6620\u3000\u753b", "one <s> two [SEP]",
        "film  noir <x><x>", "cafe", "film noir",
    ]
    return texts, tokenizer


def blank(pieces):
    """White space that one token takes along after it, where another may begin."""
    tokenizer = tokenizer_of(pieces[:600], {})
    tokenizer.add_tokens([
        AddedToken("<r>", rstrip=True), AddedToken("\u6620\u753b"),
        AddedToken("<t>", rstrip=True, normalized=False), AddedToken(" x", normalized=False),
        AddedToken(" y", lstrip=True, normalized=False), AddedToken("\t", normalized=False),
        AddedToken("\n", lstrip=True, rstrip=True, normalized=False)])
    tokenizer.save(str(HERE / "blank.tokenizer.json"), pretty=False)
    texts = [
        "<r>\u6620\u753b", "a<r>  \u6620\u753b\u6620\u753b b", "<r>\u6620 \u753b", "<t>  x  y",
        "<t>   ya", "<t> \t \t a", "<t>  \n  a\n", "<t>\u3000 x<t>  ", "<t> <r> \u6620\u753b<t>",
    ]
    return texts, tokenizer


def mpnet(pieces):
    """MPNet's form of a tokenizer.json: other special tokens, RoBERTa's way of putting them."""
    names = ["<s>", "<pad>", "</s>", "<unk>", *pieces[:500], "<mask>"]
    ids = {name: i for i, name in enumerate(names)}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", ids["</s>"]), ("<s>", ids["<s>"]), trim_offsets=True, add_prefix_space=False)
    tokenizer.add_special_tokens(
        [AddedToken(name, normalized=name == "<unk>", lstrip=name == "<mask>")
         for name in ("<s>", "<pad>", "</s>", "<unk>", "[UNK]", "<mask>")])
    tokenizer.enable_truncation(16)
    tokenizer.enable_padding(length=16, pad_id=1, pad_token="<pad>")
    tokenizer.save(str(HERE / "mpnet.tokenizer.json"), pretty=False)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    texts = SENTENCES[:6] + ["", "a <mask> b", "x</s><s> <pad><unk> [UNK] [SEP]", "\u6620\u753b"]
    return texts, tokenizer


def cases(tokenizer, texts, special):
    tokenizer.encode_special_tokens = special == "text"
    return [" ".join("%d:%d:%d" % token for token in encode(tokenizer, text)) for text in texts]


def main():
    vocabularies = {}
    for name, lowercase in [("uncased", True), ("cased", False)]:
        path = HERE / f"{name}.txt"
        if not path.exists():
            path.write_text("\n".join(train(lowercase)) + "\n", encoding="utf-8")
        vocabularies[name] = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    rng = SplitMix(SEED)
    random_texts = [random_text(rng) for _ in range(RANDOM_TEXTS)]
    settings = []
    for name, vocabulary, changes, special in SETTINGS:
        tokenizer = tokenizer_of(vocabularies[vocabulary], changes)
        settings.append({
            "name": name, "vocabulary": f"{vocabulary}.txt", "special": special, **changes,
            "tokens": cases(tokenizer, TEXTS, special),
            "digest": digest(encode(tokenizer, text) for text in random_texts)})
    added_texts, tokenizer = added(vocabularies["uncased"])
    blank_texts, blank_tokenizer = blank(vocabularies["uncased"])
    mpnet_texts, mpnet_tokenizer = mpnet(vocabularies["uncased"])
    golden = {
        "reference": f"tokenizers {__version__}", "texts": TEXTS, "settings": settings,
        "random": {"seed": SEED, "count": RANDOM_TEXTS, "ranges": RANGES},
        "added": {"texts": added_texts, "text": cases(tokenizer, added_texts, "text"),
                  "token": cases(tokenizer, added_texts, "token")},
        "blank": {"texts": blank_texts, "text": cases(blank_tokenizer, blank_texts, "text"),
                  "token": cases(blank_tokenizer, blank_texts, "token")},
        "mpnet": {"texts": mpnet_texts, "text": cases(mpnet_tokenizer, mpnet_texts, "text"),
                  "token": cases(mpnet_tokenizer, mpnet_texts, "token")}}
    text = json.dumps(golden, indent=1)
    text = re.sub(r"\[\s+(\d+),\s+(\d+)\s+\]", r"[\1, \2]", text)
    (HERE / "golden.json").write_text(text + "\n")
    for path in sorted(HERE.glob("*.txt")) + sorted(HERE.glob("*.json")):
        print(f"{path.name}: {path.stat().st_size} bytes")


main()
