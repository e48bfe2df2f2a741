#!/usr/bin/env python3
"""Client of the Textflix daemon: text classification over a Unix socket.

    import textflix

    with textflix.connect() as client:
        answer = client.classify(["A fine film.", "Two hours I will not get back."])
        for result in answer.results:
            print(result.label, result.probability)

Usage: python3 textflix.py [--socket PATH] [--timeout SECONDS] [--model NAME] COMMAND [TEXT...]

One file, standard library alone, Python 3.9 or later; copy it into your project. The protocol is
in README.md one folder up. A client belongs to one thread. Requests may overlap: `start` sends and
returns a `Call`, whose `result` waits; answers may come in any order. Nothing is read while the
caller does something else, and the daemon closes a connection whose answers lie unread for half a
minute: take answers that are larger than a socket's buffer (some 200 KB in all) sooner.

Texts are str, or bytes that are sent as they are. A text that fails does so alone: look at `code`
and `error` of its result. A request that fails raises `Error`; nothing but `classify_stream` tries
again by itself. Where that can help, the error says after how many seconds. A connection that the
daemon has closed, as after some of these errors and when it is restarted, is made anew by the next
request, and so is that of a process from which this one was forked; requests that were on their way
over it fail with UNAVAILABLE:

    while True:
        try:
            return client.classify(texts)
        except textflix.Error as error:
            if error.retry_after is None:
                raise
            time.sleep(error.retry_after)
"""

import argparse
import collections
import enum
import errno
import json
import os
import random
import select
import socket
import struct
import sys
import time

SERVICE = "textflix.v1.Textflix"
BODY_BYTES = 4 << 20
TEXT_BYTES = BODY_BYTES - (64 << 10)  # Of all texts of one request.
TEXTS_PER_REQUEST = 1024
STREAM_WINDOW = 32
GRACE_SECONDS = 1.0  # The daemon's own DEADLINE_EXCEEDED is awaited so long before ours is raised.
PATIENCE = 30.0  # Seconds without progress after which a stream that broke is given up.
FIRST_PAUSE, LONGEST_PAUSE = 0.02, 2.0  # Seconds between attempts to open it anew.
LONGEST_POLL = (1 << 31) - 1  # Milliseconds: poll() takes a C int.
LONGEST_TIMEOUT = (1 << 63) - 1  # Nanoseconds: timeout_nano is an int64.
LAST_STREAM = (1 << 32) - 1
# After this one a connection is left for a new one, with numbers from 1, once no call is open on
# it; calls that always overlap have the other half.
WORN_STREAM = (1 << 31) - 1

REQUEST, RESPONSE, DATA = 1, 2, 3
REMOTE_CLOSED, REMOTE_OPEN, NO_DATA = 1, 2, 4


class Code(enum.IntEnum):
    """gRPC's codes; README.md says when each is used."""
    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16

    @classmethod
    def _missing_(cls, value):
        return cls.UNKNOWN


class Error(Exception):
    """A request failed. `retry_after`: seconds to wait before trying again, or None: in vain; of
    DEADLINE_EXCEEDED those by which the answer would be late."""

    def __init__(self, code, message="", retry_after=None):
        self.code, self.message, self.retry_after = Code(code), message, retry_after
        super().__init__(f"{self.code.name}: {message}" if message else self.code.name)

    def __reduce__(self):
        """Else a copy, as one from another process, were made of the whole sentence as its code."""
        return type(self), (self.code, self.message, self.retry_after), self.__dict__


# The schema: for each message its fields, "name kind number"; a star: repeated.

SCHEMA = """
Request: service string 1, method string 2, payload bytes 3, timeout_nano int64 4,
  metadata KeyValue* 5
KeyValue: key string 1, value string 2
Response: status Status 1, payload bytes 2
Status: code int32 1, message string 2, details Any* 3
Any: type_url string 1, value bytes 2
RetryInfo: retry_delay Duration 1
Duration: seconds int64 1, nanos int32 2

ClassifyRequest: model string 1, texts text* 2, priority enum 3, truncation enum 4
ClassifyResponse: results Classification* 1, model string 2, revision string 3, timing Timing 4
Classification: label string 1, probability float 2, scores Score* 3, tokens uint32 4,
  truncated bool 5, abstained bool 6, tokens_total uint32 7, code int32 8, error string 9,
  label_set string* 10, windows uint32 11
Score: label string 1, probability float 2, logit float 3
Timing: queued_ns uint64 1, compute_ns uint64 2, batch_texts uint32 3, batch_tokens uint32 4
ExplainRequest: model string 1, text text 2, unit enum 3, samples uint32 4, label string 5,
  seed uint64 6, priority enum 7, method enum 8, truncation enum 9
ExplainResponse: classification Classification 1, features Feature* 2, intercept float 3,
  fidelity_r2 float 4, evaluations uint32 5, method enum 6, timing Timing 7, label string 8,
  model string 9, revision string 10, samples uint32 11, windows uint32 12
Feature: start uint32 1, end uint32 2, text text 3, weight float 4, further_starts uint32* 5,
  further_ends uint32* 6
EmbedRequest: model string 1, texts text* 2, pooling enum 3, normalize bool 4, priority enum 5,
  truncation enum 6
EmbedResponse: embeddings Embedding* 1, model string 2, revision string 3, timing Timing 4
Embedding: values float* 1, tokens uint32 2, truncated bool 3, tokens_total uint32 4, code int32 5,
  error string 6
TagRequest: model string 1, texts text* 2, priority enum 3, truncation enum 4
TagResponse: results Tags* 1, model string 2, revision string 3, timing Timing 4
Tags: spans Span* 1, code int32 2, error string 3, tokens uint32 4, truncated bool 5,
  tokens_total uint32 6
Span: start uint32 1, end uint32 2, text text 3, label string 4, probability float 5
TokenizeRequest: model string 1, texts text* 2, special_tokens bool 3
TokenizeResponse: results Tokens* 1, model string 2, revision string 3
Tokens: ids uint32* 1, starts uint32* 2, ends uint32* 3, code int32 4, error string 5
StatusRequest:
StatusResponse: version string 1, state enum 2, uptime_ns uint64 3, process_id uint32 4,
  models ModelStatus* 5, queue QueueStatus 6, limits LimitsStatus 7, counters Counter* 8,
  histograms Histogram* 9, engine EngineStatus 10, detail string 11
ModelStatus: name string 1, architecture string 2, precision string 3, labels string* 4,
  revision string 5, mapped_bytes uint64 6, max_tokens uint32 7, hidden_size uint32 8,
  layers uint32 9, precision_reason string 10, state enum 11, error string 12,
  temperature float 13, abstain_below float 14
QueueStatus: texts uint32 1, bytes uint64 2, tokens uint64 3, running_texts uint32 4,
  connections uint32 5
LimitsStatus: body_bytes uint32 1, texts_per_request uint32 2, text_bytes uint32 3,
  queue_texts uint32 4, queue_bytes uint64 5, queue_texts_per_user uint32 6, batch_tokens uint32 7,
  connections uint32 8, streams_per_connection uint32 9, stream_window uint32 10,
  connections_per_user uint32 11, configured NamedLimit* 12
NamedLimit: name string 1, value double 2
EngineStatus: threads uint32 1, instruction_set string 2, tokens_per_second double 3,
  private_bytes uint64 4
Counter: name string 1, labels Label* 2, value uint64 3
Label: name string 1, value string 2
Histogram: name string 1, labels Label* 2, bounds double* 3, counts uint64* 4, sum double 5
CancelRequest: streams uint32* 1
CancelResponse: cancelled uint32 1
ReloadRequest:
ReloadResponse: models ModelStatus* 1
"""

CHOICES = {
    "priority": ("interactive", "bulk"),
    "truncation": ("model_default", "head", "head_and_tail", "windows", "refuse"),
    "unit": ("sentence", "word"),
    "method": ("auto", "lime", "exact_lime", "shapley", "leave_one_out", "linear"),
    "pooling": ("model", "cls", "mean"),
    "state": ("loading", "ready", "draining"),
}

Field = collections.namedtuple("Field", "name kind repeated number")


def _schema(text):
    messages = {}
    for line in text.replace("\n  ", " ").strip().splitlines():
        name, _, fields = line.partition(":")
        messages[name] = []
        for field in filter(None, (part.split() for part in fields.split(","))):
            kind = field[1].rstrip("*")
            messages[name].append(Field(field[0], kind, kind != field[1], int(field[2])))
    messages.pop("", None)
    return messages


MESSAGES = _schema(SCHEMA)
VARINTS = {"uint32": 32, "int32": 32, "enum": 32, "uint64": 64, "int64": 64, "bool": 64}
FIXED = {"float": ("<f", 5), "double": ("<d", 1)}
BYTES = (bytes, bytearray, memoryview)
DEFAULTS = {"string": "", "text": "", "bytes": b"", "float": 0.0, "double": 0.0, "bool": False}


class WireError(ValueError):
    """Bytes that are no protobuf message."""


class Record:
    """A message: its fields as attributes, those that were not sent at their defaults."""

    def __init__(self, name, values):
        self.__dict__.update(values)
        self._name = name

    def __repr__(self):
        return f"{self._name}({self.as_dict()})"

    def as_dict(self):
        """Plain dicts and lists, without absent messages; enumerations by name."""
        def plain(field, value):
            if isinstance(value, list):
                return [plain(field, element) for element in value]
            if isinstance(value, Record):
                return value.as_dict()
            names = CHOICES.get(field.name, ())
            if field.kind == "enum" and value < len(names):
                return names[value]
            return float(f"{value:.7g}") if field.kind == "float" else value
        return {field.name: plain(field, getattr(self, field.name))
                for field in MESSAGES[self._name] if getattr(self, field.name) is not None}


# Writing


def _varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _chosen(field, value):
    if isinstance(value, str):
        return CHOICES[field.name].index(value.lower().replace("-", "_"))
    return int(value)


def _string(field, value, index):
    """The bytes of a text or another string. Raises TypeError: bytes(3) would be a text as well."""
    if isinstance(value, str):
        # A lone surrogate is no UTF-8; as bytes it lets the daemon refuse that text alone.
        return value.encode("utf-8", "surrogatepass" if field.kind == "text" else "strict")
    if isinstance(value, BYTES):
        return bytes(value)
    place = f"{field.name}[{index}]" if field.repeated else field.name
    raise TypeError(f"{place} is neither str nor bytes, but {type(value).__name__}")


def _bare(field, value, index=None):
    """The wire type of a value, the `index`-th of its field, and its bytes, without a tag."""
    if field.kind in VARINTS:
        return 0, _varint(_chosen(field, value))
    if field.kind in FIXED:
        form, wire = FIXED[field.kind]
        return wire, struct.pack(form, value)
    if field.kind in MESSAGES:
        raw = encode(field.kind, value)
    else:
        raw = _string(field, value, index)
    return 2, _varint(len(raw)) + raw


def encode(name, values):
    """Bytes of a message; `values` is a Record or a dict, absent fields are defaults."""
    values = vars(values) if isinstance(values, Record) else values
    out = []
    for field in sorted(MESSAGES[name], key=lambda field: field.number):
        value = values.get(field.name)
        if value is None or (field.repeated and not value):
            continue
        if field.repeated and (field.kind in VARINTS or field.kind in FIXED):
            packed = b"".join(_bare(field, element)[1] for element in value)
            out += [_varint(field.number << 3 | 2), _varint(len(packed)), packed]
            continue
        for index, element in enumerate(value if field.repeated else [value]):
            wire, raw = _bare(field, element, index)
            # A default is all zeros: 0, false, +0.0, or the length of an empty string.
            if field.repeated or field.kind in MESSAGES or any(raw):
                out += [_varint(field.number << 3 | wire), raw]
    return b"".join(out)


def _payload(method, /, **fields):
    """Bytes of a method's request. Raises TypeError where it has no such field."""
    name = method.replace("Stream", "") + "Request"
    unknown = fields.keys() - {field.name for field in MESSAGES[name]}
    if unknown:
        raise TypeError(f"{method} has no field {', '.join(sorted(unknown))}")
    if "texts" in fields:
        fields["texts"] = _list(fields["texts"])
    if fields.get("text", "") is None:
        raise TypeError("text is None")  # Which would be the empty text.
    return encode(name, fields)


def _list(texts):
    return [texts] if isinstance(texts, (str, *BYTES)) else list(texts)


def _nanoseconds(timeout):
    """`timeout_nano` of so many seconds: at least 1, as 0 means no end. Raises ValueError: NaN."""
    if timeout is None:
        return 0
    # In seconds first: of 1e300 there are more nanoseconds than a float holds.
    nanoseconds = int(max(min(timeout, LONGEST_TIMEOUT / 1e9), 0) * 1e9)
    return max(1, min(nanoseconds, LONGEST_TIMEOUT))


def _fitting(body):
    """The body. Raises Error where no frame holds it."""
    if len(body) > BODY_BYTES:
        raise Error(Code.RESOURCE_EXHAUSTED,
                    f"a request of {len(body)} bytes; the limit is {BODY_BYTES}")
    return body


def _frame(stream, kind, flags, body=b""):
    return struct.pack(">IIBB", len(_fitting(body)), stream, kind, flags) + body


# Reading


class _Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if count > len(self.data) - self.at:
            raise WireError("the bytes end inside a field")
        self.at += count
        return self.data[self.at - count:self.at]

    def varint(self):
        value = 0
        for shift in range(0, 70, 7):
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
        if byte >= 0x80 or value >> 64:
            raise WireError("a varint of more than 64 bits")
        return value

    def tag(self):
        tag = self.varint()
        if tag >> 3 == 0 or tag >> 32 or tag & 7 > 5:
            raise WireError("an invalid tag")
        return tag >> 3, tag & 7

    def value(self, number, wire):
        """What stands behind a tag: an int of a varint, else bytes; a group is read over."""
        if wire == 0:
            return self.varint()
        if wire in (1, 5):
            return self.take(8 if wire == 1 else 4)
        if wire == 2:
            return self.take(self.varint())
        open_groups = [number] if wire == 3 else []
        if not open_groups:
            raise WireError("the end of no group")
        while open_groups:
            number, wire = self.tag()
            if wire == 3:
                open_groups.append(number)
            elif wire != 4:
                self.value(number, wire)
            elif open_groups.pop() != number:
                raise WireError("a group that does not end as it began")
        return None


def _number(kind, value):
    if kind == "bool":
        return value != 0
    bits = VARINTS[kind]
    value &= (1 << bits) - 1
    signed = kind in ("int32", "int64", "enum") and value >> (bits - 1)
    return value - (1 << bits) if signed else value


def _elements(field, wire, value):
    """The elements of one occurrence of a field: several where numbers are packed."""
    if field.kind in VARINTS or field.kind in FIXED:
        own = 0 if field.kind in VARINTS else FIXED[field.kind][1]
        if wire == own:
            packed = [value]
        elif wire == 2 and field.repeated:
            reader, packed = _Reader(value), []
            while reader.at < len(value):
                packed.append(reader.value(field.number, own))
        else:
            raise WireError(f"field {field.number}: wire type {wire}")
        if own == 0:
            return [_number(field.kind, element) for element in packed]
        return [struct.unpack(FIXED[field.kind][0], element)[0] for element in packed]
    if wire != 2:
        raise WireError(f"field {field.number}: wire type {wire}")
    if field.kind in MESSAGES or field.kind == "bytes":
        return [value]
    try:
        return [value.decode("utf-8", "replace" if field.kind == "text" else "strict")]
    except UnicodeDecodeError as error:
        raise WireError(f"field {field.number}: {error}") from None


def decode(name, data):
    """The Record of a message's bytes; unknown fields are skipped. Raises WireError."""
    known = {field.number: field for field in MESSAGES[name]}
    values = {field.name: [] if field.repeated else None if field.kind in MESSAGES
              else DEFAULTS.get(field.kind, 0) for field in MESSAGES[name]}
    merged = {}
    reader = _Reader(data)
    while reader.at < len(data):
        number, wire = reader.tag()
        value = reader.value(number, wire)
        field = known.get(number)
        if field is None:
            continue
        elements = _elements(field, wire, value)
        if field.kind in MESSAGES and not field.repeated:
            # A message in two parts is their concatenation.
            merged[field.name] = merged.get(field.name, b"") + elements[0]
            values[field.name] = decode(field.kind, merged[field.name])
        elif field.repeated:
            if field.kind in MESSAGES:
                elements = [decode(field.kind, element) for element in elements]
            values[field.name] += elements
        else:
            values[field.name] = elements[-1]
    return Record(name, values)


# The client


def socket_path(path=None):
    """The daemon's socket: as given, else by the environment, else the system's."""
    if path or os.environ.get("TEXTFLIX_SOCKET"):
        return path or os.environ["TEXTFLIX_SOCKET"]
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    own = os.path.join(runtime, "textflix", "textflix.sock") if runtime else ""
    return own if os.path.exists(own) else "/run/textflix/textflix.sock"


def connect(path=None, timeout=10.0):
    """A Client on the daemon's socket. Raises OSError where nobody listens.

    `timeout`: seconds for each request that does not say otherwise; None: as long as it takes.
    """
    path = socket_path(path)
    return Client(_link(path), timeout, path)


def _link(path, waits=True):
    """A socket that is connected. Unless it `waits`, a full backlog is an OSError too."""
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        link.setblocking(waits)
        link.connect(path)
    except OSError:
        link.close()
        raise
    return link


class Call:
    """A request on its way. `result` waits for its answer."""

    def __init__(self, client, stream, method, timeout):
        self.stream, self.method = stream, method
        self._client, self._ended = client, False
        self._deadline = None if timeout is None else time.monotonic() + timeout + GRACE_SECONDS
        self._messages, self._failure = collections.deque(), None

    def result(self):
        """The response as a Record; raises Error."""
        message = self._next()
        if message is None:
            raise Error(Code.INTERNAL, "the stream ended without an answer")
        return message

    def cancel(self):
        """Tells the daemon to forget it, without waiting for the answer; `result` raises
        CANCELLED."""
        self._client._mind_fork()
        if self._client._calls.get(self.stream) is not self:
            return
        del self._client._calls[self.stream]
        self._ended, self._failure = True, Error(Code.CANCELLED, "cancelled here")
        try:
            # Over its own connection, with which it is gone by itself.
            self._client._open("Cancel", GRACE_SECONDS, _payload("Cancel", streams=[self.stream]))
        except Error:
            pass  # What cannot be sent in time ends the connection, and this call with it.

    def _next(self):
        """The next message; None at the good end of a stream."""
        while not self._messages and not self._ended:
            try:
                self._client._turn(self._deadline)
            except Error as error:
                self._client._calls.pop(self.stream, None)
                self._ended, self._failure = True, error
                raise
        if self._messages:
            return self._messages.popleft()
        if self._failure:
            raise self._failure
        return None

    def _receive(self, kind, flags, body):
        name = self.method.replace("Stream", "") + "Response"
        self._ended = kind == RESPONSE or bool(flags & REMOTE_CLOSED)
        try:
            if kind == RESPONSE:
                envelope = decode("Response", body)
                self._failure = _failure(envelope.status)
                body = envelope.payload
            if not (flags & NO_DATA or self._failure):
                self._messages.append(decode(name, body))
        except WireError as error:
            self._ended, self._failure = True, Error(Code.INTERNAL, f"malformed answer: {error}")


def _failure(status):
    """The Error of a google.rpc.Status, or None."""
    if status is None or status.code == Code.OK:
        return None
    retry = None
    for detail in status.details:
        if detail.type_url.endswith("/google.rpc.RetryInfo"):
            delay = decode("RetryInfo", detail.value).retry_delay
            retry = delay.seconds + delay.nanos / 1e9 if delay else 0.0
    return Error(status.code, status.message, retry)


class _Stream:
    """A ClassifyStream that outlives its connection: frames that are not answered are kept, and
    sent again on the next stream. Answers come in the order of the frames, none twice."""

    def __init__(self, client, timeout):
        self._client, self._unanswered, self._trouble = client, collections.deque(), None
        self._deadline = None if timeout is None else time.monotonic() + timeout
        self._open()

    def __len__(self):
        """Frames that are not answered."""
        return len(self._unanswered)

    def send(self, flags, body=b""):
        self._unanswered.append((flags, body))
        self._write(flags, body)

    def answer(self):
        """Of the oldest frame."""
        while True:
            try:
                answer = self.call.result()
                break
            except Error as error:
                self._open_anew(error)
        self._trouble = None
        self._unanswered.popleft()
        return answer

    def end(self):
        """Waits for the good end, after the last answer. A loss takes nothing along any more."""
        try:
            self.call._next()
        except Error as error:
            if not _may_pass(error):
                raise

    def _write(self, flags, body):
        self._client._send(self.call, _frame(self.call.stream, DATA, flags, body))

    def _open(self):
        self._client._renew()
        left = None if self._deadline is None else self._deadline - time.monotonic()
        self.call = self._client._open("ClassifyStream", left, None, REMOTE_OPEN)
        for flags, body in self._unanswered:
            self._write(flags, body)

    def _open_anew(self, error):
        """Raises the error where that is in vain, else tries until it succeeds or patience ends."""
        while True:
            self._pause(error)
            try:
                return self._open()
            except Error as again:
                error = again

    def _pause(self, error):
        """None before the first attempt, then growing ones; never shorter than the daemon asks."""
        now = time.monotonic()
        since, attempts = self._trouble or (now, 0)
        self._trouble = since, attempts + 1
        pause = error.retry_after or 0.0
        if attempts:
            longest = min(FIRST_PAUSE * 2 ** min(attempts, 20), LONGEST_PAUSE)
            pause += longest * random.uniform(0.5, 1)  # Not all clients in the same moment.
        limit = min(since + PATIENCE, self._deadline or float("inf"))
        if self._client._path is None or not _may_pass(error) or now + pause >= limit:
            raise error
        time.sleep(pause)


def _may_pass(error):
    """Whether the same frames may be answered a little later."""
    busy = error.code == Code.RESOURCE_EXHAUSTED and error.retry_after is not None
    return busy or error.code == Code.UNAVAILABLE


class Client:
    """A connection to the daemon. `timeout=` of each method overrides the client's own. An option
    that a method does not know is a TypeError, and nothing is sent. `path`: where to connect anew;
    without it a client ends with its connection, and in a forked child: UNAVAILABLE."""

    def __init__(self, link, timeout=10.0, path=None):
        self.timeout = timeout
        self._path, self._calls, self._stream = path, {}, -1
        self._adopt(link)

    def _adopt(self, link):
        link.setblocking(False)
        self._link, self._process = link, os.getpid()
        self._loss = None  # Why the connection is gone.
        # Numbers rise on: what is said late of a stream of an earlier connection names no other.
        self._first = self._stream + 2
        self._incoming, self._outgoing = bytearray(), bytearray()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Whatever is still on its way is cancelled by the daemon."""
        self._path = None
        self._lost("the client is closed")

    def classify(self, texts, timeout=..., **options):
        """ClassifyResponse: `results`, one a text. Options: model, priority ("interactive",
        "bulk"), truncation ("head", "head_and_tail", "windows", "refuse")."""
        return self.start("Classify", timeout, texts=texts, **options).result()

    def classify_stream(self, batches, timeout=None, window=16, **options):
        """Yields a ClassifyResponse for each list of texts in `batches`, in their order, with
        `window` of them on their way. Leaving early cancels the rest. For large amounts.

        A list that is refused (no texts, too many, no such model) ends it with an Error, after the
        answers to all before it: as many came as stand before it in `batches`. What stands behind
        it is not computed.

        A connection that breaks (as when answers lie unread for half a minute) and a daemon that is
        busy or leaving do not end it where the client has a path: the stream is opened anew, and
        batches that are not answered are sent again; at once, then after pauses, until nothing was
        answered for 30 s or the `timeout` of the whole ends. Then the error is raised."""
        _payload("ClassifyStream", texts=[], **options)  # What is wrong is said at once.
        if window < 1:
            raise ValueError(f"a window of {window}; at least one batch must be on its way")
        return self._classified(batches, timeout, min(window, STREAM_WINDOW), options)

    def _classified(self, batches, timeout, window, options):
        stream = _Stream(self, timeout)
        try:
            for texts in batches:
                try:
                    payload = _fitting(_payload("ClassifyStream", texts=texts, **options))
                except (Error, TypeError):
                    while len(stream):
                        yield stream.answer()
                    raise
                stream.send(0, payload)
                if len(stream) >= window:
                    yield stream.answer()
            stream.send(REMOTE_CLOSED | NO_DATA)
            while len(stream) > 1:
                yield stream.answer()
            stream.end()
        finally:
            stream.call.cancel()

    def explain(self, text, timeout=..., **options):
        """ExplainResponse. Options: model, unit, method, samples, label, seed, priority,
        truncation."""
        return self.start("Explain", timeout, text=text, **options).result()

    def embed(self, texts, timeout=..., **options):
        """EmbedResponse: `embeddings`. Options: model, pooling, normalize, priority, truncation."""
        return self.start("Embed", timeout, texts=texts, **options).result()

    def tag(self, texts, timeout=..., **options):
        """TagResponse: `results`, each with `spans`. Options: model, priority, truncation."""
        return self.start("Tag", timeout, texts=texts, **options).result()

    def tokenize(self, texts, timeout=..., **options):
        """TokenizeResponse: `results` with `ids`. Options: model, special_tokens."""
        return self.start("Tokenize", timeout, texts=texts, **options).result()

    def status(self, timeout=...):
        return self.start("Status", timeout).result()

    def reload(self, timeout=...):
        """ReloadResponse; for administrators."""
        return self.start("Reload", timeout).result()

    def cancel(self, streams, timeout=...):
        """CancelResponse: how many of these calls' `stream`s were still at work."""
        return self.start("Cancel", timeout, streams=list(streams)).result()

    def start(self, method, /, timeout=..., **fields):
        """Sends a request and returns its Call, without waiting for the answer. Raises
        DEADLINE_EXCEEDED where the daemon does not take it in time."""
        payload = _payload(method, **fields)
        self._renew()
        return self._open(method, self.timeout if timeout is ... else timeout, payload)

    def _renew(self):
        """Connects anew where the connection is gone, or its numbers are. Raises Error."""
        self._mind_fork()
        if self._path is None:
            if self._loss is not None:
                raise Error(Code.UNAVAILABLE, self._loss)
            return  # What the daemon may have said meanwhile is for the request that comes now.
        if self._is_alive() and (self._calls or self._stream < WORN_STREAM):
            return
        try:
            link = _link(self._path, waits=False)
        except OSError as error:
            raise Error(Code.UNAVAILABLE, f"{self._path}: {error.strerror or error}") from None
        self._link.close()
        self._stream = self._stream if self._stream < WORN_STREAM else -1
        self._adopt(link)

    def _is_alive(self):
        """Reads all that came, as the end stands behind it."""
        while self._loss is None and self._read():
            pass
        return self._loss is None

    def _mind_fork(self):
        """A forked child leaves the connection to its parent, whose frames its own would mix with
        and whose answers it would take; only its copy of the descriptor is closed."""
        if self._loss is None and self._process != os.getpid():
            self._lost("the connection is that of the process from which this one was forked")

    def _open(self, method, timeout, payload, flags=0):
        if self._stream + 2 > LAST_STREAM:
            raise Error(Code.UNAVAILABLE, "the stream numbers of this connection are used up;"
                        " it can be made anew when none of its calls is open")
        self._stream += 2
        timeout = None if timeout == float("inf") else timeout
        call = Call(self, self._stream, method, timeout)
        body = encode("Request", {"service": SERVICE, "method": method, "payload": payload,
                                  "timeout_nano": _nanoseconds(timeout)})
        frame = _frame(call.stream, REQUEST, flags, body)
        self._calls[call.stream] = call
        self._send(call, frame)
        return call

    def _send(self, call, frame):
        """Returns when the frame is sent as a whole: nobody writes while the caller does something
        else, and the daemon closes a connection on which a frame takes too long. Reads as well, as
        the daemon does not read from one who leaves answers unread. Raises DEADLINE_EXCEEDED."""
        self._mind_fork()
        if call._ended:
            return  # Its `result` says why.
        self._outgoing += frame
        self._write()
        while self._outgoing:
            self._turn(call._deadline)

    def _turn(self, deadline):
        """Waits until the socket moves, then writes and reads what goes without waiting."""
        self._mind_fork()
        if self._loss is not None:
            return  # No call is open any more.
        left = None if deadline is None else max(0, deadline - time.monotonic())
        # Not select(), which knows no descriptor above 1023.
        poll = select.poll()
        poll.register(self._link, select.POLLIN | (select.POLLOUT if self._outgoing else 0))
        if not poll.poll(None if left is None else min(left * 1000, LONGEST_POLL)):
            if self._outgoing:
                # Else they would go out before the next request, for nobody, and grow till then.
                self._lost("the daemon did not take a request in time")
            raise Error(Code.DEADLINE_EXCEEDED, "no answer in time")
        self._write()
        self._read()

    def _write(self):
        try:
            while self._outgoing:
                del self._outgoing[:self._link.send(self._outgoing, socket.MSG_NOSIGNAL)]
        except BlockingIOError:
            pass
        except OSError:
            # Reading tells why, after the answers that arrived before.
            self._outgoing.clear()

    def _read(self):
        """Takes what arrived, and returns whether there may be more."""
        try:
            arrived = self._link.recv(1 << 18)
        except BlockingIOError:
            return False
        except OSError as error:
            return self._lost(str(error))
        if not arrived:
            return self._lost("the daemon closed the connection")
        self._incoming += arrived
        at = 0
        while len(self._incoming) - at >= 10:
            length, stream, kind, flags = struct.unpack_from(">IIBB", self._incoming, at)
            if length > BODY_BYTES or kind not in (RESPONSE, DATA):
                return self._lost("the peer does not speak ttrpc")
            if len(self._incoming) - at - 10 < length:
                break
            body = bytes(self._incoming[at + 10:at + 10 + length])
            at += 10 + length
            for call in self._addressed(stream):
                call._receive(kind, flags, body)
                if call._ended:
                    del self._calls[call.stream]
        del self._incoming[:at]
        return True

    def _addressed(self, stream):
        """The calls that a frame is for: that of its stream; of the first, on a connection that
        never asked there, all: so a daemon turns away a connection too many."""
        if stream == 1 < self._first:
            return list(self._calls.values())
        return [self._calls[stream]] if stream in self._calls else []

    def _lost(self, reason):
        """Every call still open fails; what is complete can still be taken. False, for `_read`."""
        self._loss = reason
        self._link.close()
        for call in self._calls.values():
            call._ended, call._failure = True, Error(Code.UNAVAILABLE, reason)
        self._calls.clear()
        self._outgoing.clear()
        return False


# The command line

# As of textflixctl; all others are 70.
EXIT_CODES = {Code.INVALID_ARGUMENT: 65, Code.OUT_OF_RANGE: 65, Code.FAILED_PRECONDITION: 65,
              Code.NOT_FOUND: 64,  # The only thing that a caller names is a model, on this line.
              Code.PERMISSION_DENIED: 77, Code.UNAUTHENTICATED: 77,
              Code.DEADLINE_EXCEEDED: 75, Code.RESOURCE_EXHAUSTED: 75, Code.UNAVAILABLE: 75,
              Code.ABORTED: 75, Code.CANCELLED: 75}


def main(arguments=None):
    """Prints one JSON object a text; 0: all went well, 1: some texts failed, 141: the reader of
    the output has gone, else sysexits."""
    parser = argparse.ArgumentParser(
        prog="textflix.py", description="Ask the Textflix daemon; the answer is JSON.")
    parser.add_argument("--socket", metavar="PATH")
    parser.add_argument("--timeout", type=float, default=10.0, metavar="SECONDS")
    parser.add_argument("--model", default="")
    parser.add_argument("command", choices=["classify", "explain", "embed", "tag", "tokenize",
                                            "status", "reload"])
    parser.add_argument("texts", nargs="*", metavar="TEXT", help="default: lines of standard input")
    options = parser.parse_args(arguments)
    try:
        client = connect(options.socket, options.timeout)
    except OSError as error:
        return _fail(69, f"{socket_path(options.socket)}: {error.strerror or error}")
    try:
        with client:
            return _run(client, options)
    except Error as error:
        return _fail(EXIT_CODES.get(error.code, 70), error)
    except BrokenPipeError:
        return 141
    except OSError as error:
        return _fail(74, f"{error.filename or 'standard output'}: {error.strerror}")


def _fail(code, message):
    print(f"textflix.py: {message}", file=sys.stderr)
    return code


def _run(client, options):
    if options.command in ("status", "reload"):
        answer = getattr(client, options.command)()
        _print([answer])
        return int(options.command == "reload" and any(model.error for model in answer.models))
    failed = False
    most = 1 if options.command == "explain" else TEXTS_PER_REQUEST
    for texts in _groups(map(os.fsencode, options.texts) if options.texts else _lines(), most):
        records = _answers(client, options, texts)
        _print(records)
        failed |= any(getattr(record, "classification", record).code for record in records)
    return int(failed)


def _lines():
    """Yields the lines of standard input, as bytes. Raises OSError, with a filename."""
    try:
        for line in sys.stdin.buffer:
            yield line.rstrip(b"\n")
    except OSError as error:
        error.filename = "standard input"
        raise


def _groups(texts, most):
    """Yields lists of texts that fit one request, in their order; too long a text is alone."""
    group, size = [], 0
    for text in texts:
        if group and (len(group) == most or size + len(text) > TEXT_BYTES):
            yield group
            group, size = [], 0
        group.append(text)
        size += len(text)
    if group:
        yield group


def _answers(client, options, texts):
    """A Record for each text, in their order. A group that is too much at once is asked in halves;
    a text that is too much by itself, or that cannot be explained, fails alone. Raises Error."""
    explains = options.command == "explain"
    ask, model = getattr(client, options.command), os.fsencode(options.model)
    try:
        answer = ask(texts[0] if explains else texts, model=model)
    except Error as error:
        too_much = error.code == Code.RESOURCE_EXHAUSTED and error.retry_after is None
        invalid = error.code == Code.INVALID_ARGUMENT and (explains or len(texts[0]) > TEXT_BYTES)
        if not (too_much or invalid):
            raise
        if len(texts) == 1:
            return [_failed(options.command.capitalize() + "Response", error)]
    else:
        return [answer] if explains else getattr(answer, MESSAGES[answer._name][0].name)
    middle = len(texts) // 2
    return [record for half in (texts[:middle], texts[middle:])
            for record in _answers(client, options, half)]


def _failed(name, error):
    """What stands in a response of that name for a text that failed."""
    results = MESSAGES[name][0]
    failure = {"code": error.code, "error": error.message}
    if results.repeated:
        return decode(results.kind, encode(results.kind, failure))
    return decode(name, encode(name, {results.name: failure}))


def _print(records):
    """A line of JSON each, written at once. Raises OSError; what is left is then dropped."""
    if sys.stdout is None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    lines = [json.dumps(record.as_dict(), ensure_ascii=False) + "\n" for record in records]
    try:
        print(*lines, sep="", end="", flush=True)
    except OSError:
        # Else Python tries again as it exits, and complains.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise


if __name__ == "__main__":
    sys.exit(main())
