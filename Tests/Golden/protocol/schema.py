"""The schema as protobuf's own Python implementation sees it, and random messages of it.

Used by make_vectors.py and by Tests/Interop/protobuf_cross_check.py. It compiles textflix.proto and
envelope.proto anew each time, with grpcio-tools, so it can never be older than they are. It does
not import our Python client: that is one of the things under test.
"""

import os
import random
import struct
import tempfile

import grpc_tools
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf.descriptor import FieldDescriptor as F
from grpc_tools import protoc

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))


def load():
    """Message classes by their short name, those of textflix.proto and of envelope.proto."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "set")
        code = protoc.main([
            "protoc", "--include_imports", "--descriptor_set_out=" + out,
            "-I" + os.path.join(ROOT, "Protocol"), "-I" + HERE,
            "-I" + os.path.join(os.path.dirname(grpc_tools.__file__), "_proto"),
            "textflix.proto", "envelope.proto",
        ])
        if code != 0:
            raise SystemExit("protoc failed")
        with open(out, "rb") as file:
            files = descriptor_pb2.FileDescriptorSet.FromString(file.read())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    classes = message_factory.GetMessageClassesForFiles(
        ["textflix.proto", "envelope.proto", "google/protobuf/duration.proto"], pool)
    return {name.rsplit(".", 1)[-1]: cls for name, cls in classes.items()}


def texts_of(classes):
    """Names of the messages of textflix.proto, in the file's order of declaration."""
    return list(classes["ClassifyRequest"].DESCRIPTOR.file.message_types_by_name)


def canonical(message):
    """The bytes that every encoder here must give."""
    return message.SerializeToString(deterministic=True)


def as_json(message):
    """Fields that are not defaults, in lowerCamelCase, enumerations as numbers."""
    return json_format.MessageToDict(message, use_integers_for_enums=True)


STRINGS = ["", "a", "positive", "Grüße", "ein 映画", "🎬 fin", "line\nline", 'quote " and \\', "\x00",
           "e\u0301", "x" * 127, "y" * 128, "\ufeffmark", "\u2028"]


def random_value(field, rng, depth):
    kind = field.type
    if kind == F.TYPE_STRING:
        return rng.choice(STRINGS)
    if kind == F.TYPE_BYTES:
        return rng.randbytes(rng.choice([0, 1, 127, 128]))
    if kind == F.TYPE_BOOL:
        return rng.random() < 0.5
    if kind == F.TYPE_FLOAT:
        return struct.unpack("<f", struct.pack("<f", random_float(rng, 3.4e38)))[0]
    if kind == F.TYPE_DOUBLE:
        return random_float(rng, 1.7e308)
    if kind == F.TYPE_ENUM:
        return rng.choice([0, 1, 2, 3, 4, 5, 127, 128, -1, 2**31 - 1, -(2**31)])
    bits = 32 if kind in (F.TYPE_UINT32, F.TYPE_INT32) else 64
    signed = kind in (F.TYPE_INT32, F.TYPE_INT64)
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    edge = rng.choice([0, 1, 127, 128, 16383, 16384, low, high, rng.randint(low, high)])
    return max(low, min(high, edge))


def random_float(rng, largest):
    return rng.choice([0.0, -0.0, 1.0, 0.1, -2.5, 1e-38, 5e-39, largest, -largest, rng.random(),
                       rng.gauss(0, 1e3), float("inf"), float("-inf")])


def random_message(cls, rng, depth=0):
    """Each field is absent, small or at an edge of its type. NaN is left to a test of its own:
    JSON has one, floats have many."""
    message = cls()
    for field in cls.DESCRIPTOR.fields:
        if rng.random() < 0.3:
            continue
        if field.type == F.TYPE_MESSAGE:
            inner = message_factory.GetMessageClass(field.message_type)
            if field.is_repeated:
                for _ in range(rng.randint(0, 3 - depth)):
                    getattr(message, field.name).append(random_message(inner, rng, depth + 1))
            else:
                getattr(message, field.name).CopyFrom(random_message(inner, rng, depth + 1))
        elif field.is_repeated:
            count = rng.choice([0, 1, 2, 5])
            getattr(message, field.name).extend(
                random_value(field, rng, depth) for _ in range(count))
        else:
            setattr(message, field.name, random_value(field, rng, depth))
    return message


def random_vectors(classes, count, seed):
    """`count` random messages, every type in turn: its name, bytes and JSON."""
    rng = random.Random(seed)
    names = texts_of(classes)
    for index in range(count):
        name = names[index % len(names)]
        message = random_message(classes[name], rng)
        yield {"type": name, "hex": canonical(message).hex(), "message": as_json(message)}
