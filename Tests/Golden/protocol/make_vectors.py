#!/usr/bin/env python3
"""Makes the golden vectors of the wire, with protobuf's own Python implementation.

Usage: python3 Tests/Golden/protocol/make_vectors.py

Needs protobuf and grpcio-tools; last made with protobuf 7.36 and Python 3.11.

Writes, deterministically:
    Protocol/Vectors/frames.json     whole frames of every method, for every client's tests
    Protocol/Vectors/errors.json     frames with a status
    Protocol/Vectors/tolerated.json  bytes that must be read, though nobody here writes them so
    Protocol/Vectors/refused.json    bytes that must not be read, and what is wrong with them
    Tests/Golden/protocol/random.json   random messages of every type
    Tests/Golden/protocol/utf8.json     byte strings and where Python finds them invalid

Frames are packed here with struct and protobuf alone: an oracle that shares no line with the codecs
under test.
"""

import json
import os
import random
import struct

import schema

VECTORS = os.path.join(schema.ROOT, "Protocol", "Vectors")
SERVICE = "textflix.v1.Textflix"
KINDS = {"request": 1, "response": 2, "data": 3}
REMOTE_CLOSED, REMOTE_OPEN, NO_DATA = 1, 2, 4

C = schema.load()


def frame(kind, stream, body, flags=0):
    return struct.pack(">IIBB", len(body), stream, KINDS[kind], flags) + body


def vector(name, about, kind, stream, body, flags=0, **more):
    whole = frame(kind, stream, body, flags)
    header = {"length": len(body), "stream": stream, "kind": kind, "flags": flags}
    return {"name": name, "about": about, "hex": whole.hex(), "header": header, **more}


def typed(message):
    return {"type": message.DESCRIPTOR.name, "message": schema.as_json(message)}


def request(name, about, stream, method, message=None, flags=0, timeout=0, metadata=()):
    envelope = C["Request"](
        service=SERVICE, method=method, timeout_nano=timeout,
        payload=schema.canonical(message) if message is not None else b"",
        metadata=[C["KeyValue"](key=key, value=value) for key, value in metadata])
    shown = schema.as_json(envelope)
    shown.pop("payload", None)
    if shown.pop("timeoutNano", None):
        shown["timeoutNanoseconds"] = timeout
    body = schema.canonical(envelope)
    more = typed(message) if message is not None else {}
    return vector(name, about, "request", stream, body, flags, envelope=shown, **more)


def response(name, about, stream, message):
    body = schema.canonical(C["Response"](payload=schema.canonical(message)))
    return vector(name, about, "response", stream, body, **typed(message))


def data(name, about, stream, message=None, flags=0):
    body = schema.canonical(message) if message is not None else b""
    return vector(name, about, "data", stream, body, flags, **(typed(message) if message else {}))


def failure(name, about, stream, code, text, retry_ns=None):
    status = C["Status"](code=code, message=text)
    shown = {"code": code, "message": text}
    if retry_ns is not None:
        info = C["RetryInfo"]()
        info.retry_delay.seconds, info.retry_delay.nanos = divmod(retry_ns, 10**9)
        status.details.add(type_url="type.googleapis.com/google.rpc.RetryInfo",
                           value=schema.canonical(info))
        shown["retryAfterNanoseconds"] = retry_ns
    body = schema.canonical(C["Response"](status=status))
    return vector(name, about, "response", stream, body, status=shown)


def classification(label, probability, tokens=9):
    other = "negative" if label == "positive" else "positive"
    return C["Classification"](
        label=label, probability=probability, tokens=tokens, tokens_total=tokens,
        scores=[C["Score"](label=label, probability=probability, logit=1.5),
                C["Score"](label=other, probability=1 - probability, logit=-1.5)])


def classify_frames():
    ask = C["ClassifyRequest"](texts=["A fine film."])
    timing = C["Timing"](queued_ns=41_000, compute_ns=2_900_000, batch_texts=1, batch_tokens=6)
    answer = C["ClassifyResponse"](
        results=[classification("positive", 0.9375, 6)], model="default",
        revision="3f9c2a7be014", timing=timing)
    partly = C["ClassifyResponse"](
        results=[classification("negative", 0.75),
                 C["Classification"](code=3, error="invalid UTF-8 at byte 4")],
        model="default", revision="3f9c2a7be014")
    options = C["ClassifyRequest"](model="reviews", texts=["Too long.", "", "映画"], priority=1,
                                   truncation=2)
    return [
        request("classify-request", "one text, two seconds", 1, "Classify", ask,
                timeout=2_000_000_000),
        response("classify-response", "its answer", 1, answer),
        request("classify-options", "every option, metadata", 3, "Classify", options,
                metadata=[("trace", "7"), ("empty", "")]),
        response("classify-partly", "the second text failed alone", 5, partly),
        invalid_text(),
    ]


def invalid_text():
    """protobuf refuses to write invalid UTF-8, so equally long bytes are put in its place."""
    texts = ["Fine.", "Bad X!"]
    good = request("classify-invalid-text", "the second text is not UTF-8: byte 4 is FF", 7,
                   "Classify", C["ClassifyRequest"](texts=texts))
    good["hex"] = good["hex"].replace(b"Bad X!".hex(), b"Bad \xff!".hex())
    good["message"] = {}
    good["textsHex"] = [b"Fine.".hex(), b"Bad \xff!".hex()]
    return good


def stream_frames():
    one = C["ClassifyRequest"](texts=["One."], priority=1)
    two = C["ClassifyRequest"](texts=["Two."], priority=1)
    answer = C["ClassifyResponse"](results=[classification("positive", 0.5, 4)])
    return [
        request("stream-open", "ClassifyStream; data will follow", 9, "ClassifyStream",
                flags=REMOTE_OPEN),
        data("stream-message", "a message of the client's", 9, one),
        data("stream-last-message", "a message that is the last", 9, two, REMOTE_CLOSED),
        data("stream-close", "the client's end, without a message", 9, None,
             REMOTE_CLOSED | NO_DATA),
        data("stream-answer", "an answer on the open stream", 9, answer),
        data("stream-end", "the server's good end", 9, None, REMOTE_CLOSED | NO_DATA),
        request("stream-whole", "ClassifyStream of one message, all in the request", 11,
                "ClassifyStream", one, flags=REMOTE_CLOSED),
    ]


def method_frames():
    text = "Slow start. Great end."
    feature = C["Feature"](start=12, end=22, text="Great end.", weight=0.25)
    embedding = C["Embedding"](values=[0.5, -0.25, 0.0], tokens=6, tokens_total=6)
    span = C["Span"](start=0, end=9, text="Taxi Driv", label="WORK", probability=0.875)
    return [
        request("explain-request", "by word, exactly", 13, "Explain", C["ExplainRequest"](
            text=text, unit=1, method=2, seed=2**63, samples=5000, label="positive", priority=1,
            model="reviews")),
        response("explain-response", "one feature", 13, C["ExplainResponse"](
            classification=classification("positive", 0.625), features=[feature], intercept=0.5,
            fidelity_r2=0.96875, evaluations=4, method=2)),
        request("embed-request", "two texts", 15, "Embed", C["EmbedRequest"](
            texts=["One.", "Two."], pooling=2, normalize=True)),
        response("embed-response", "one vector, one failure", 15, C["EmbedResponse"](
            embeddings=[embedding, C["Embedding"](code=3, error="empty")], model="default")),
        request("tag-request", "one text", 17, "Tag", C["TagRequest"](texts=["Taxi Driver"])),
        response("tag-response", "one entity", 17, C["TagResponse"](
            results=[C["Tags"](spans=[span], tokens=5)], revision="0")),
        request("tokenize-request", "with [CLS] and [SEP]", 19, "Tokenize", C["TokenizeRequest"](
            texts=["Fine."], special_tokens=True)),
        response("tokenize-response", "four tokens", 19, C["TokenizeResponse"](results=[C["Tokens"](
            ids=[101, 2986, 1012, 102], starts=[0, 0, 4, 5], ends=[0, 4, 5, 5])])),
    ]


def administration_frames():
    model = C["ModelStatus"](
        name="default", architecture="BertForSequenceClassification", precision="int8",
        labels=["negative", "positive"], revision="3f9c2a7be014", mapped_bytes=2**33,
        max_tokens=512, hidden_size=384, layers=6, precision_reason="avx512vnni", state=1,
        temperature=1.25)
    status = C["StatusResponse"](
        version="0.1.0", state=1, uptime_ns=10**12, process_id=4242, models=[model],
        queue=C["QueueStatus"](texts=1, bytes=2, tokens=3, running_texts=4, connections=5),
        limits=C["LimitsStatus"](body_bytes=4 << 20, texts_per_request=1024, stream_window=32),
        counters=[C["Counter"](name="textflix_texts_total", value=7,
                               labels=[C["Label"](name="model", value="default")])],
        histograms=[C["Histogram"](name="textflix_request_seconds", bounds=[0.001, 0.01],
                                   counts=[1, 300, 301], sum=1.5)],
        engine=C["EngineStatus"](threads=2, instruction_set="avx512vnni", tokens_per_second=1e4,
                                 private_bytes=1 << 20))
    return [
        request("status-request", "an empty message leaves no payload", 21, "Status",
                C["StatusRequest"]()),
        response("status-response", "a daemon with one model", 21, status),
        request("cancel-request", "of two streams", 23, "Cancel",
                C["CancelRequest"](streams=[1, 4294967295])),
        response("cancel-response", "neither was at work: nothing but defaults", 23,
                 C["CancelResponse"]()),
        request("reload-request", "administrators only", 25, "Reload", C["ReloadRequest"]()),
        response("reload-response", "the models afterwards", 25,
                 C["ReloadResponse"](models=[model])),
    ]


def error_frames():
    return [
        failure("error-not-found", "no such model", 1, 5, "no model named reviews"),
        failure("error-queue-full", "try again in 250 ms", 3, 8, "the queue is full",
                250_000_000),
        failure("error-loading", "try again in 2.5 s", 5, 14, "loading", 2_500_000_000),
        failure("error-unknown-method", "no message is longer than it must", 7, 12, ""),
        failure("error-deadline", "past its deadline", 9, 4, "expired after 2 s in the queue"),
    ]


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def field(number, wire, payload=b""):
    return varint(number << 3 | wire) + payload


def delimited(number, payload):
    return field(number, 2, varint(len(payload)) + payload)


def tolerated():
    """(type, about, bytes): protobuf reads each; what it then writes is the canonical form."""
    group = field(90, 3) + field(7, 0, b"\x01") + field(91, 3) + field(91, 4) + field(90, 4)
    unknown = (field(77, 0, varint(300)) + field(78, 1, bytes(8)) + field(79, 5, bytes(4))
               + delimited(80, b"later") + group)
    floats = struct.pack("<ff", 0.5, -2.0)
    timing = delimited(4, b"\x08\x07") + delimited(4, b"\x18\x02")
    cases = [
        ("ClassifyRequest", "unknown fields of every wire type", unknown + delimited(1, b"m")),
        ("ClassifyRequest", "fields in another order",
         field(4, 0, b"\x01") + delimited(2, b"x") + delimited(1, b"m")),
        ("ClassifyRequest", "the last of a singular field wins",
         delimited(1, b"first") + delimited(1, b"last")),
        ("ClassifyRequest", "an explicit default", field(3, 0, b"\x00") + delimited(1, b"")),
        ("ClassifyRequest", "a varint with needless bytes", field(3, 0, b"\x81\x80\x00")),
        ("ClassifyRequest", "a tag with needless bytes", b"\x8a\x80\x00\x01m"),
        ("ClassifyRequest", "an enumeration of a later version", field(3, 0, varint(99))),
        ("Classification", "a true that is not 1", field(5, 0, varint(2**40))),
        ("Classification", "a uint32 keeps the low 32 bits", field(4, 0, varint(2**35 + 7))),
        ("ClassifyResponse", "a singular message in two parts merges", timing),
        ("Tokens", "unpacked numbers", field(1, 0, b"\x05") + field(1, 0, varint(300))),
        ("Tokens", "packed and unpacked mixed, in two runs",
         delimited(1, b"\x01\x02") + field(1, 0, b"\x03") + delimited(1, b"\x04")),
        ("Tokens", "an empty run", delimited(1, b"")),
        ("Embedding", "unpacked floats", field(1, 5, floats[:4]) + field(1, 5, floats[4:])),
        ("Histogram", "unpacked doubles", field(3, 1, struct.pack("<d", 0.25))),
    ]
    result = []
    for name, about, raw in cases:
        message = C[name].FromString(raw)
        message.DiscardUnknownFields()
        result.append({"type": name, "about": about, "hex": raw.hex(),
                       "canonical": schema.canonical(message).hex(),
                       "message": schema.as_json(message)})
    return result


def refused():
    """(type, about, path, problem, bytes). What protobuf itself does with them stands beside: a
    wrong wire type it takes for an unknown field, where we say what is wrong."""
    cases = [
        ("ClassifyRequest", "a tag cut short", [], "truncated", b"\x80"),
        ("ClassifyRequest", "a text longer than its message", [2], "truncated",
         field(2, 2, b"\x05abc")),
        ("ClassifyRequest", "a length of 2^64 - 1", [2], "truncated",
         field(2, 2, varint(2**64 - 1))),
        ("ClassifyRequest", "a varint cut short", [3], "truncated", field(3, 0, b"\xff")),
        ("ClassifyRequest", "eleven bytes of varint", [3], "varintTooLong",
         field(3, 0, b"\xff" * 10 + b"\x01")),
        ("ClassifyRequest", "field number 0", [], "invalidTag", b"\x00\x00"),
        ("ClassifyRequest", "wire type 6", [], "invalidTag", b"\x0e"),
        ("ClassifyRequest", "wire type 7", [], "invalidTag", b"\x0f"),
        ("ClassifyRequest", "a tag above 32 bits", [], "invalidTag", varint(1 << 35) + b"\x00"),
        ("ClassifyRequest", "a name that is not UTF-8", [1], "invalidUTF8",
         delimited(1, b"m\xff")),
        ("ClassifyRequest", "a number where the model belongs", [1], "wrongType",
         field(1, 0, b"\x01")),
        ("ClassifyRequest", "a number where a text belongs", [2], "wrongType",
         field(2, 0, b"\x01")),
        ("ClassifyRequest", "bytes where the priority belongs", [3], "wrongType",
         delimited(3, b"\x01")),
        ("ClassifyRequest", "the end of no group", [9], "unmatchedGroup", field(9, 4)),
        ("ClassifyRequest", "a group that another ends", [10], "unmatchedGroup",
         field(9, 3) + field(10, 4)),
        ("ClassifyRequest", "a group that never ends", [], "truncated", field(9, 3) + b"\x80"),
        ("ClassifyResponse", "deep inside: a score's float cut short", [1, 3, 2], "truncated",
         delimited(1, delimited(3, field(2, 5, b"\x00\x00")))),
        ("Embedding", "seven bytes of floats", [1], "raggedPacking", delimited(1, bytes(7))),
        ("Histogram", "a double cut short", [5], "truncated", field(5, 1, bytes(7))),
    ]
    return [{"type": name, "about": about, "path": path, "problem": problem, "hex": raw.hex(),
             "protobuf": "refuses" if refuses(C[name], raw) else "reads"}
            for name, about, path, problem, raw in cases]


def refuses(cls, raw):
    try:
        cls.FromString(raw)
    except Exception:  # protobuf's DecodeError, whichever of its implementations runs
        return True
    return False


def utf8_cases(count=300, seed=7):
    """Byte strings of nasty classes; `start` is where Python's decoder stops, or absent."""
    rng = random.Random(seed)
    pieces = [b"a", b"word ", "é".encode(), "映".encode(), "🎬".encode(), b"\x80", b"\xbf", b"\xc0",
              b"\xc1", b"\xc2", b"\xe0\x80", b"\xe0\xa0", b"\xed\xa0\x80", b"\xed\x9f\xbf",
              b"\xef\xbf\xbf", b"\xf0\x80\x80\x80", b"\xf0\x90", b"\xf4\x8f\xbf\xbf",
              b"\xf4\x90\x80\x80", b"\xf5", b"\xff", b"\x00", b"sixteen bytes...", b"\xe2\x82"]
    result = []
    for _ in range(count):
        raw = b"".join(rng.choices(pieces, weights=[8] * 5 + [1] * 19, k=rng.randint(0, 8)))
        case = {"hex": raw.hex()}
        try:
            raw.decode("utf-8")
        except UnicodeDecodeError as error:
            case["start"] = error.start
        result.append(case)
    return result


def write(folder, name, cases):
    """One case a line: a change shows as the lines it touches."""
    lines = ",\n".join(json.dumps(case, ensure_ascii=False, separators=(",", ":"))
                       for case in cases)
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write("[\n" + lines + "\n]\n")
    size = os.path.getsize(path)
    print(f"{os.path.relpath(path, schema.ROOT)}: {len(cases)} cases, {size} bytes")


if __name__ == "__main__":
    write(VECTORS, "frames.json", classify_frames() + stream_frames() + method_frames()
          + administration_frames())
    write(VECTORS, "errors.json", error_frames())
    write(VECTORS, "tolerated.json", tolerated())
    write(VECTORS, "refused.json", refused())
    write(schema.HERE, "random.json", list(schema.random_vectors(C, 330, seed=1)))
    write(schema.HERE, "utf8.json", utf8_cases())
