"""Kinds of model folders beside the plain BERT, as a daemon serves them: MPNet, adapters, heads."""

import json
import os
import shutil
import struct
import unittest

from harness import Daemon, copied_model, random_model, run, scratch

TEXT = "bananas are better than the film about them"
HIDDEN = 64


def safetensors(tensors):
    """The bytes of a safetensors file of {name: (shape, value)}, every element that value."""
    header, data = {}, b""
    for name, (shape, value) in tensors.items():
        count = 1
        for length in shape:
            count *= length
        part = struct.pack("<f", value) * count
        header[name] = {"dtype": "F32", "shape": shape,
                        "data_offsets": [len(data), len(data) + len(part)]}
        data += part
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def adapted(name, base, factor, head=True):
    """A folder of an adapter over the base: query and value of layer 0, B all `factor`."""
    folder = scratch() / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    modules = "base_model.model.mpnet.encoder.layer.0.attention.attn."
    tensors = {}
    for module in ("q", "v"):
        tensors[f"{modules}{module}.lora_A.weight"] = ([2, HIDDEN], 0.03)
        tensors[f"{modules}{module}.lora_B.weight"] = ([HIDDEN, 2], factor)
    (folder / "adapter_model.safetensors").write_bytes(safetensors(tensors))
    (folder / "adapter_config.json").write_text(json.dumps(
        {"peft_type": "LORA", "r": 2, "lora_alpha": 4, "bias": "none"}))
    settings = {"base": str(base), "adapter": "adapter_model.safetensors"}
    if head:
        rows = {"head.weight": ([2, HIDDEN], 0.1), "head.bias": ([2], 0.2)}
        (folder / "head.safetensors").write_bytes(safetensors(rows))
        settings |= {"head": "head.safetensors", "labels": ["no", "yes"]}
    (folder / "textflix.json").write_text(json.dumps(settings))
    return folder


class Folders(unittest.TestCase):
    def scores(self, daemon, model):
        answer = daemon.control("classify", "--format", "jsonl", "--model", model, TEXT)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        return json.loads(answer.stdout)["scores"]

    def test_mpnet_its_adapters_and_a_head_of_its_own(self):
        base = random_model("mpnet-tiny")
        own = copied_model("own-head", "mpnet-tiny")
        rows = {"head.weight": ([3, HIDDEN], 0.1), "head.bias": ([3], 0.2)}
        (own / "head.safetensors").write_bytes(safetensors(rows))
        (own / "textflix.json").write_text(
            json.dumps({"head": "head.safetensors", "labels": ["a", "b", "c"]}))
        models = {"mpnet": base, "nothing": adapted("nothing", base, 0, head=False),
                  "something": adapted("something", base, 1.5, head=False),
                  "headed": adapted("headed", base, 1.5), "own": own}
        with Daemon(models=models) as daemon:
            plain = self.scores(daemon, "mpnet")
            self.assertEqual(set(plain), {"negative", "positive"})
            self.assertEqual(self.scores(daemon, "nothing"), plain)
            self.assertNotEqual(self.scores(daemon, "something"), plain)
            self.assertEqual(set(self.scores(daemon, "headed")), {"no", "yes"})
            for probability in self.scores(daemon, "own").values():
                self.assertAlmostEqual(probability, 1 / 3, places=5)
            first = daemon.control("tokenize", "--special-tokens", "--format", "ids", TEXT)
            ids = first.stdout.split()
            self.assertEqual((ids[0], ids[-1]), ("0", "2"))

    def test_a_link_to_nowhere_is_no_file_that_is_absent(self):
        """Without it the model would answer otherwise, and nobody would know."""
        for name in ("textflix.json", "tokenizer.json", "tokenizer_config.json",
                     "added_tokens.json", "sentence_bert_config.json", "1_Pooling/config.json"):
            with self.subTest(name):
                model = copied_model("linked-to-nowhere")
                path = model / name
                path.parent.mkdir(exist_ok=True)
                path.unlink(missing_ok=True)
                if name == "added_tokens.json":  # it is vocab.txt's
                    (model / "tokenizer.json").unlink(missing_ok=True)
                path.symlink_to("nowhere")
                answer = run("textflixlab", "inspect", model)
                self.assertEqual((answer.returncode, answer.stdout), (66, ""))
                self.assertIn(name, answer.stderr)

    def test_a_fifo_is_no_file_of_a_model(self):
        """Whoever opened it would wait for its writer."""
        for name in ("config.json", "textflix.json", "model.safetensors", "vocab.txt",
                     "tokenizer.json", "tokenizer_config.json", "1_Pooling/config.json"):
            with self.subTest(name):
                model = copied_model("with-a-fifo")
                path = model / name
                path.parent.mkdir(exist_ok=True)
                path.unlink(missing_ok=True)
                os.mkfifo(path)
                answer = run("textflixlab", "inspect", model)
                self.assertEqual((answer.returncode, answer.stdout), (66, ""))
                self.assertIn(f"{name}: not a regular file", answer.stderr)
                answer = run("textflixd", "--socket", scratch() / "never", "--check-config",
                             "--model", f"m={model}")
                self.assertEqual(answer.returncode, 78, answer.stderr)
                self.assertIn(f"{name}: not a regular file", answer.stderr)

    def test_a_fifo_in_the_place_of_a_folder(self):
        fifo = scratch() / "no-folder"
        os.mkfifo(fifo)
        base = copied_model("on-a-fifo")
        (base / "textflix.json").write_text(
            json.dumps({"base": str(fifo), "head": "head", "labels": ["a", "b"]}))
        for model in (fifo, base):
            answer = run("textflixd", "--socket", scratch() / "never", "--check-config",
                         "--model", f"m={model}")
            self.assertEqual(answer.returncode, 78, answer.stderr)
            self.assertIn(str(fifo), answer.stderr)

    def test_what_a_folder_says_does_not_command_the_terminal(self):
        model = copied_model("commanding")
        config = json.loads((model / "config.json").read_text())
        config["id2label"] = {"0": "a\x1b[2J\x9b31m\x7f\nrevision", "1": "b\u202e\u2066\u200f"}
        (model / "config.json").write_text(json.dumps(config))
        answer = run("textflixlab", "inspect", model)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertIn(r"a\x1b[2J\x9b31m\x7f\x0arevision, b\u{202e}\u{2066}\u{200f}" "\n",
                      answer.stdout)
        config["architectures"] = ["Bert\u202e\x1b\u200f"]
        (model / "config.json").write_text(json.dumps(config))
        with Daemon(models={"m": model}, ready=False) as daemon:
            daemon.process.wait(timeout=60)
            self.assertIn(r"Bert\u{202E}\u{1B}\u{200F}", daemon.log)

    def test_an_adapter_that_does_not_fit_is_told(self):
        folder = adapted("misfit", random_model("tiny"), 1)
        with Daemon(models={"misfit": folder}, ready=False) as daemon:
            daemon.process.wait(timeout=60)
            self.assertIn("the base has no dense layer there", daemon.log)


if __name__ == "__main__":
    unittest.main()
