#!/usr/bin/env python3
"""Random messages through protobuf's own Python implementation and our codecs, both ways.

Usage: python3 Tests/Interop/protobuf_cross_check.py [COUNT [SEED]]

protobuf writes COUNT messages (default 5000); the Swift codec must read the same values and write
the same bytes, and so must the Python client. The Swift codec writes messages of its own; protobuf
must read them, whole, and write the same bytes. Needs grpcio-tools; builds the Swift tests first.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Tests" / "Golden" / "protocol"), str(ROOT / "Protocol" / "python")]
sys.dont_write_bytecode = True

import schema  # noqa: E402  (their folders are on the path only now)
import textflix  # noqa: E402


def run_swift(vectors, out):
    environment = dict(os.environ, TEXTFLIX_VECTORS=str(vectors), TEXTFLIX_VECTORS_OUT=str(out))
    command = ["swift", "test", "-c", "release", "--filter",
               "ProtocolTests.(VectorTests|PropertyTests)"]
    done = subprocess.run(command, cwd=ROOT, env=environment, text=True, capture_output=True,
                          check=False)
    if done.returncode:
        sys.exit(f"{done.stdout[-4000:]}\nFAIL: the Swift codec and protobuf differ")


def through_client(vectors):
    for vector in vectors:
        raw = bytes.fromhex(vector["hex"])
        record = textflix.decode(vector["type"], raw)
        if textflix.encode(vector["type"], record) != raw:
            sys.exit(f"FAIL: the Python client and protobuf differ: {vector}")


def from_swift(classes, path):
    """Texts that are not UTF-8 are ours alone: there protobuf must refuse, and nowhere else."""
    counts = {"read": 0, "refused": 0}
    for line in path.read_text().splitlines():
        name, _, digits = line.partition(" ")
        raw = bytes.fromhex(digits)
        try:
            message = classes[name].FromString(raw)
        except Exception as error:  # protobuf's DecodeError, whichever of its implementations runs
            if b"a\xff" not in raw:
                sys.exit(f"FAIL: protobuf refuses {line}: {error}")
            counts["refused"] += 1
            continue
        kept = schema.canonical(message)
        message.DiscardUnknownFields()
        if kept != raw or schema.canonical(message) != raw:
            sys.exit(f"FAIL: protobuf reads something else: {line}")
        counts["read"] += 1
    return counts


def main(count=5000, seed=2):
    classes = schema.load()
    vectors = list(schema.random_vectors(classes, int(count), int(seed)))
    with tempfile.TemporaryDirectory() as folder:
        given, out = pathlib.Path(folder, "vectors.json"), pathlib.Path(folder, "out")
        given.write_text(json.dumps(vectors), encoding="utf-8")
        run_swift(given, out)
        counts = from_swift(classes, out)
    through_client(vectors)
    print(f"PASS: {len(vectors)} messages of protobuf's through the Swift codec and the client;"
          f" {counts['read']} of the Swift codec's through protobuf"
          f" ({counts['refused']} with a text that is not UTF-8 refused, as they must be)")


if __name__ == "__main__":
    main(*sys.argv[1:])
