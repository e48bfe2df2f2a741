#!/usr/bin/env python3
"""Makes Protocol/Vectors/conversations.json: what a client writes, and what a daemon answers.

Usage: python3 Tests/Golden/protocol/make_conversations.py

Needs protobuf and grpcio-tools, as make_vectors.py, whose frames these are. The answers are written
down by hand from Protocol/README.md, never read from a daemon. Only what is the same in each run
stands here: nothing that depends on which of two things is faster, on the model, or on the user.
"""

import struct

import schema
from make_vectors import (C, NO_DATA, REMOTE_CLOSED, REMOTE_OPEN, SERVICE, VECTORS, data, frame,
                          request, write)

INVALID_ARGUMENT, DEADLINE_EXCEEDED, NOT_FOUND = 3, 4, 5
RESOURCE_EXHAUSTED, FAILED_PRECONDITION, UNIMPLEMENTED = 8, 9, 12


def asks(stream, *texts, flags=0, method="Classify", timeout=0, metadata=(), **more):
    message = C["ClassifyRequest"](texts=texts or ["A fine film."], **more)
    return bytes.fromhex(request("", "", stream, method, message, flags, timeout,
                                 metadata)["hex"])


def calls(stream, method, message=None, flags=0):
    return bytes.fromhex(request("", "", stream, method, message, flags)["hex"])


def opens(stream):
    return calls(stream, "ClassifyStream", flags=REMOTE_OPEN)


def says(stream, *texts, flags=0, **more):
    message = C["ClassifyRequest"](texts=texts or ["One."], **more)
    return bytes.fromhex(data("", "", stream, message, flags)["hex"])


def ends(stream, flags=REMOTE_CLOSED | NO_DATA):
    return frame("data", stream, b"", flags)


def envelope(stream, service=SERVICE, method="Classify", payload=b"\x12\x01x"):
    body = C["Request"](service=service, method=method, payload=payload)
    return frame("request", stream, schema.canonical(body))


def good(kind="ClassifyResponse", results=(0,)):
    shown = {"kind": "response", "flags": 0, "code": 0, "type": kind}
    return shown | ({"results": list(results)} if kind == "ClassifyResponse" else {})


def bad(code):
    return {"kind": "response", "flags": 0, "code": code}


def part(results=(0,)):
    return {"kind": "data", "flags": 0, "type": "ClassifyResponse", "results": list(results)}


END = {"kind": "data", "flags": REMOTE_CLOSED | NO_DATA}
INVALID = [bad(INVALID_ARGUMENT)]


def frames():
    """Section 2."""
    first = asks(1)
    return [
        ("nothing", "nothing is said", [], {}),
        ("one-request", "a request, its answer", [first], {1: [good()]}),
        ("three-at-once", "pipelined, with gaps in the numbers",
         [first, asks(5, "One.", "Two."), calls(4_294_967_295, "Status")],
         {1: [good()], 5: [good(results=[0, 0])], 4_294_967_295: [good("StatusResponse")]}),
        ("header-cut-off", "a frame cut off in its header is dropped",
         [first, asks(3)[:7]], {1: [good()]}),
        ("body-cut-off", "a frame cut off in its body is dropped",
         [first, asks(3)[:-1]], {1: [good()]}),
        ("unknown-flags", "flags of a later version", [asks(1, flags=0xF8)], {1: [good()]}),
        ("kind-unknown", "another kind: closed, unanswered",
         [struct.pack(">IIBB", 0, 1, 9, 0), asks(3)], {}),
        ("kind-response", "a response from a client: closed, unanswered",
         [frame("response", 1, b""), asks(3)], {}),
        ("body-too-long", "refused by the header alone, then closed",
         [struct.pack(">IIBB", (4 << 20) + 1, 1, 1, 0)], {1: [bad(RESOURCE_EXHAUSTED)]}),
        ("body-too-long-even", "no stream that could be answered",
         [struct.pack(">IIBB", 2**32 - 1, 2, 1, 0)], {}),
    ]


def requests():
    """Section 3, and what 4, 6 and 7 say of one request."""
    many = [(str(number), "") for number in range(65)]
    return [
        ("number-even", "an even number", [asks(2), asks(3)], {2: INVALID, 3: [good()]}),
        ("number-zero", "number 0", [asks(0)], {0: INVALID}),
        ("number-falls", "below the last number", [asks(5), asks(3)], {5: [good()], 3: INVALID}),
        ("number-refused", "a request that is refused has used its number up",
         [calls(5, "Sing"), asks(3), asks(7)],
         {5: [bad(UNIMPLEMENTED)], 3: INVALID, 7: [good()]}),
        ("remote-closed", "all that a unary request may bear", [asks(1, flags=REMOTE_CLOSED)],
         {1: [good()]}),
        ("remote-open", "data may not follow a unary request",
         [asks(1, flags=REMOTE_OPEN), asks(3)], {1: INVALID, 3: [good()]}),
        ("service-unknown", "no such service", [envelope(1, service="textflix.v9.Textflix")],
         {1: [bad(UNIMPLEMENTED)]}),
        ("method-unknown", "no such method", [envelope(1, method="classify")],
         {1: [bad(UNIMPLEMENTED)]}),
        ("envelope-malformed", "not a request", [frame("request", 1, b"\xff"), asks(3)],
         {1: INVALID, 3: [good()]}),
        ("payload-malformed", "not a ClassifyRequest", [envelope(1, payload=b"\x12\x05x")],
         {1: INVALID}),
        ("no-texts", "a request without texts", [envelope(1, payload=b"")], {1: INVALID}),
        ("empty-text", "an empty text is a text", [asks(1, "")], {1: [good()]}),
        ("text-not-utf8", "a text fails alone", [envelope(1, payload=b"\x12\x01x\x12\x01\xff")],
         {1: [good(results=[0, INVALID_ARGUMENT])]}),
        ("option-unknown", "an enumeration of a later version", [asks(1, truncation=9)],
         {1: INVALID}),
        ("field-unknown", "a field of a later version is ignored",
         [envelope(1, payload=b"\x12\x01x\xf8\x7f\x01")], {1: [good()]}),
        ("model-unknown", "no such model", [asks(1, model="none")], {1: [bad(NOT_FOUND)]}),
        ("method-of-another-model", "Tag of a model that classifies",
         [calls(1, "Tag", C["TagRequest"](texts=["x"]))], {1: [bad(FAILED_PRECONDITION)]}),
        ("no-time-left", "a negative timeout", [asks(1, timeout=-1), asks(3, timeout=0)],
         {1: [bad(DEADLINE_EXCEEDED)], 3: [good()]}),
        ("metadata", "64 pairs are read and counted", [asks(1, metadata=many[:64])],
         {1: [good()]}),
        ("metadata-too-much", "65 are not", [asks(1, metadata=many), asks(3)],
         {1: INVALID, 3: [good()]}),
        ("cancel-unknown", "streams that are not at work are passed over",
         [calls(1, "Cancel", C["CancelRequest"](streams=[2, 99]))],
         {1: [good("CancelResponse")]}),
        ("tokenize", "the ids that a model sees",
         [calls(1, "Tokenize", C["TokenizeRequest"](texts=["x"]))],
         {1: [good("TokenizeResponse")]}),
    ]


def streams():
    """Section 5."""
    first, last = says(1), says(1, "Two.", "Three.", flags=REMOTE_CLOSED)
    lasts = part([0, 0])
    unreadable = frame("data", 1, b"\xff")
    return [
        ("stream", "two messages, in order, and the good end", [opens(1), first, last],
         {1: [part(), lasts, END]}),
        ("stream-bare-end", "the end by itself",
         [opens(1), first, ends(1)], {1: [part(), END]}),
        ("stream-empty-end", "an empty body is a bare end too",
         [opens(1), first, ends(1, REMOTE_CLOSED)], {1: [part(), END]}),
        ("stream-of-nothing", "no message at all", [opens(1), ends(1)], {1: [END]}),
        ("stream-in-one-frame", "remote closed on the request: its payload is all",
         [asks(1, method="ClassifyStream", flags=REMOTE_CLOSED)], {1: [part(), END]}),
        ("stream-first-in-request", "a payload is the first message",
         [asks(1, method="ClassifyStream", flags=REMOTE_OPEN), last],
         {1: [part(), lasts, END]}),
        ("stream-without-flags", "neither open nor closed",
         [asks(1, method="ClassifyStream"), asks(3)], {1: INVALID, 3: [good()]}),
        ("stream-and-request", "a unary request beside a stream",
         [opens(1), first, asks(3), last], {1: [part(), lasts, END], 3: [good()]}),
        ("two-streams", "each in its order",
         [opens(1), opens(3), first, says(3, "x", "y"), last, ends(3)],
         {1: [part(), lasts, END], 3: [part([0, 0]), END]}),
        ("stream-text-not-utf8", "a text fails alone",
         [opens(1), frame("data", 1, b"\x12\x01\xff\x12\x01x"), ends(1)],
         {1: [part([INVALID_ARGUMENT, 0]), END]}),
        ("stream-message-malformed", "refused in its place, none behind it",
         [opens(1), first, unreadable, first, ends(1)], {1: [part()] + INVALID}),
        ("stream-message-of-no-texts", "refused in its place",
         [opens(1), first, first, frame("data", 1, b"\x18\x01"), last],
         {1: [part(), part()] + INVALID}),
        ("stream-model-unknown", "refused in its place",
         [opens(1), first, says(1, model="none"), last], {1: [part(), bad(NOT_FOUND)]}),
        ("no-data-with-a-body", "no data says that there is none",
         [opens(1), frame("data", 1, b"\x12\x01x", REMOTE_CLOSED | NO_DATA)], {1: INVALID}),
        ("data-on-no-stream", "data above the last number", [asks(1), says(3)],
         {1: [good()], 3: INVALID}),
        ("data-on-an-even-number", "no stream has one", [asks(3), says(2)],
         {3: [good()], 2: INVALID}),
        ("data-that-comes-late", "on a number that was passed: dropped", [asks(5), says(3)],
         {5: [good()]}),
    ]


def conversation(name, about, sent, answers):
    return {"name": name, "about": about, "client": [each.hex() for each in sent],
            "answers": {str(stream): said for stream, said in answers.items()}}


if __name__ == "__main__":
    write(VECTORS, "conversations.json",
          [conversation(*case) for case in frames() + requests() + streams()])
