"""The golden conversations of Protocol/Vectors, with a real daemon: what a client writes, and each
frame of the answer.
"""

import json
import unittest

import wire
from harness import ROOT, DaemonCase

CODE = 8  # of Classification
KINDS = {wire.RESPONSE: "response", wire.DATA: "data"}


def conversations():
    return json.loads((ROOT / "Protocol" / "Vectors" / "conversations.json").read_text())


def shown(answer, like):
    """What the vectors say of a frame; `like` tells whether they speak of its results."""
    said = {"kind": KINDS[answer.kind], "flags": answer.flags}
    if answer.kind == wire.RESPONSE:
        said["code"] = answer.code
    if "type" in like:
        said["type"] = like["type"]  # bytes bear no name; what a test can see are the results
    if "results" in like:
        said["results"] = [result.get(CODE, [0])[0] for result in answer.results]
    return said


class Conversations(DaemonCase):
    def hold(self, pieces):
        """Writes the pieces, closes the writing side and reads to the end: frames by stream."""
        with self.daemon.connect() as connection:
            try:
                for piece in pieces:
                    connection.send(piece)
                connection.half_close()
            except OSError:
                pass  # the daemon has closed: what it said before is still there
            found = {}
            for answer in connection.read_all():
                found.setdefault(str(answer.stream), []).append(answer)
            return found

    def check(self, case, pieces):
        found = self.hold(pieces)
        self.assertEqual(sorted(found), sorted(case["answers"]), "streams")
        for stream, expected in case["answers"].items():
            likes = expected + [{}] * len(found[stream])
            self.assertEqual([shown(*pair) for pair in zip(found[stream], likes)], expected,
                             [answer.message for answer in found[stream]])

    def test_all_at_once(self):
        for case in conversations():
            with self.subTest(case["name"]):
                self.check(case, [bytes.fromhex("".join(case["client"]))])

    def test_byte_by_byte(self):
        for case in conversations():
            with self.subTest(case["name"]):
                whole = bytes.fromhex("".join(case["client"]))
                self.check(case, [whole[place:place + 1] for place in range(len(whole))])

    def test_names_are_different(self):
        names = [case["name"] for case in conversations()]
        self.assertEqual(len(names), len(set(names)))


if __name__ == "__main__":
    unittest.main()
