"""Hostile conversations with the daemon, made of a seed.

A conversation is a list of steps on one connection: bytes to send, a half-close, a pause, a passed
descriptor. Bytes are whole requests, the golden messages under any method, and all of these
damaged: bits, lengths, cuts, insertions. The same seed makes the same conversation. Nothing is
judged here; `fuzz_daemon.py` holds the conversations and says what must be true of the answers.
"""

import json
import pathlib
import random
import sys
from dataclasses import dataclass, field

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "EndToEnd"))

import wire

METHODS = ("Classify", "ClassifyStream", "Explain", "Embed", "Tag", "Tokenize", "Status", "Cancel",
           "Reload")
GOLDEN = ROOT / "Tests" / "Golden" / "protocol" / "random.json"
FRAMES = ROOT / "Protocol" / "Vectors" / "frames.json"
WORDS = ("a", "film", "naïve", "電影", "\u202e", "\0", "[SEP]", "e\u0301", "\U0001f3ac", "x" * 300)


@dataclass
class Conversation:
    steps: list = field(default_factory=list)  # (what, bytes)
    streams: list = field(default_factory=list)  # what each frame bears
    is_clean: bool = True  # whole requests alone, on numbers that are odd and rise

    def send(self, data):
        self.steps.append(("send", data))


class Maker:
    def __init__(self):
        self.payloads = {}
        for each in json.loads(GOLDEN.read_text()):
            self.payloads.setdefault(each["type"], []).append(bytes.fromhex(each["hex"]))
        self.requests = [bytes.fromhex(each["hex"]) for each in json.loads(FRAMES.read_text())
                         if each["header"]["kind"] == "request"]

    def conversation(self, seed):
        chance = random.Random(seed)
        talk, stream = Conversation(), 1
        damage = chance.choice((0, 0.1, 0.5))  # how many frames of it are damaged
        for _ in range(chance.randint(1, 12)):
            number = stream if chance.random() < 0.9 else chance.choice((0, 2, 1, stream + 100,
                                                                       2**32 - 1))
            is_request, data = self.frame(chance, number)
            if chance.random() < damage:
                is_request, data = False, damaged(chance, data)
            talk.streams.append(number)
            talk.is_clean &= is_request and number == stream
            self.deliver(chance, talk, data)
            stream += 2
        if chance.random() < 0.5:
            talk.steps.append(("half_close", b""))
        return talk

    def deliver(self, chance, talk, data):
        """Whole, in pieces, with a pause between them, or with a descriptor."""
        kind = chance.random()
        if kind < 0.6:
            talk.send(data)
        elif kind < 0.9:
            cut = chance.randint(0, len(data))
            talk.send(data[:cut])
            if chance.random() < 0.3:
                talk.steps.append(("pause", b""))
            talk.send(data[cut:])
        else:
            talk.steps.append(("descriptor", data or b"\0"))

    def frame(self, chance, stream):
        """-> (whether it is a request, its bytes)"""
        kind = chance.random()
        if kind < 0.1:
            return False, wire.frame(
                chance.randbytes(chance.randint(0, 40)), stream,
                chance.choice((1, 1, 2, 3, 3, chance.randint(0, 255))),
                chance.choice((0, 1, 2, 4, 5, 6, chance.randint(0, 255))))
        if kind < 0.2:
            whole = chance.choice(self.requests)
            return True, whole[:4] + stream.to_bytes(4, "big") + whole[8:]
        method = chance.choice(METHODS)
        flags = chance.choice((0, 0, 0, 1, 2, 3, 4, 7))
        if kind < 0.6:
            payload = self.texts(chance)
        else:
            own = self.payloads.get(f"{method.removesuffix('Stream')}Request", [b""])
            payload = chance.choice(own if chance.random() < 0.8 else sum(
                self.payloads.values(), []))
        timeout = chance.choice((0, 0, 1, 10**6, 10**9, -1, 2**63 - 1))
        return True, wire.request(method, payload, stream, timeout, flags=flags)

    @staticmethod
    def texts(chance):
        texts = [" ".join(chance.choices(WORDS, k=chance.choice((0, 1, 5, 40))))
                 for _ in range(chance.choice((0, 1, 1, 3, 30)))]
        return wire.message(f2=texts, f3=chance.choice((0, 0, 1, 7)),
                            f4=chance.choice((0, 0, 1, 2, 3, 4, 99)))


def damaged(chance, data):
    """One to four faults in a copy."""
    data = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        if not data:
            break
        place = chance.randrange(len(data))
        kind = chance.randrange(6)
        if kind == 0:
            data[place] ^= 1 << chance.randrange(8)
        elif kind == 1:
            data[place] = chance.choice((0, 1, 0x7F, 0x80, 0xFF))
        elif kind == 2:
            del data[place]
        elif kind == 3:
            data.insert(place, chance.randrange(256))
        elif kind == 4:
            del data[place:]
        else:  # the length says otherwise
            data[:4] = chance.choice((0, 1, len(data), wire.MAX_BODY, wire.MAX_BODY + 1,
                                      2**32 - 1)).to_bytes(4, "big")
    return bytes(data)
