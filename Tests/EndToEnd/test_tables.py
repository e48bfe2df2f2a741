"""Tables as spreadsheets write them, where texts are asked about, measured and learned."""

import csv
import json
import unittest

from harness import DaemonCase, run, scratch

USAGE, DATA, SOME_FAILED = 64, 65, 1


def records(count):
    """Labelled texts with what a table must put in quotes."""
    return [{"id": f"t{number}", "label": ("negative", "positive")[number % 2],
             "text": f'Number {number}, or "so";\r\n{"good " * (number % 7)}and\nits end.'}
            for number in range(count)]


def as_lines(name, rows):
    path = scratch() / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def as_table(name, rows, delimiter):
    path = scratch() / name
    with open(path, "w", newline="", encoding="utf-8-sig") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


class Tables(DaemonCase):
    def ask(self, *arguments, **options):
        answer = self.daemon.control(*arguments, **options)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        return [json.loads(line) for line in answer.stdout.splitlines()]

    def test_a_table_is_asked_like_lines(self):
        rows = records(40)
        wanted = self.ask("classify", "--jsonl", "--file", as_lines("asked.jsonl", rows))
        for delimiter in ",;\t":
            with self.subTest(delimiter):
                table = as_table("asked.csv", rows, delimiter)
                self.assertEqual(self.ask("classify", "--csv", "--file", table), wanted)
                with open(table, "rb") as file:
                    answer = self.daemon.control("classify", "--csv", input=file.read(),
                                                 text=False)
                self.assertEqual([json.loads(line) for line in answer.stdout.splitlines()], wanted)

    def test_ids_stand_without_quotes(self):
        answer = self.daemon.control("classify", "--csv", "--format", "tsv",
                                     input='id,text\n"a ""b""",good\n,bad\n')
        self.assertEqual([line.split("\t")[0] for line in answer.stdout.splitlines()],
                         ['a "b"', "3"])

    def test_a_row_that_is_wrong_fails_alone(self):
        answer = self.daemon.control(
            "classify", "--csv", input='id,text\n7,"Two\nlines"\n8\n9,"a"b\n10,c\n')
        self.assertEqual(answer.returncode, SOME_FAILED, answer.stderr)
        self.assertIn("line 4: 1 fields, the first row has 2", answer.stderr)
        self.assertIn("line 5: text behind a closing quote", answer.stderr)
        self.assertEqual([json.loads(line)["id"] for line in answer.stdout.splitlines()],
                         ["7", "10"])

    def test_a_table_of_another_kind_is_refused(self):
        for table, word in (("review,label\na,b\n", 'no column "text"; the first row names review'),
                            ("", "it is empty"), ("text,a\rb,c\r", "CR alone"),
                            ("text,text\na,b\n", "two columns")):
            with self.subTest(word):
                answer = self.daemon.control("classify", "--csv", input=table)
                self.assertEqual((answer.returncode, answer.stdout), (DATA, ""))
                self.assertIn(word, answer.stderr)
        self.ask("classify", "--csv", "--text-field", "review", input="review\tlabel\na\tb\n")
        for arguments in (("--csv", "a text"), ("--csv", "--jsonl"), ("--text-field", "review")):
            with self.subTest(arguments):
                answer = self.daemon.control("classify", *arguments, input="review\na\n")
                self.assertEqual((answer.returncode, answer.stdout), (USAGE, ""))

    def test_a_cell_that_is_empty_is_no_field(self):
        rows = self.ask("classify", "--csv", input="id,text,label,\n7,a,,\n,b,positive,x\n")
        self.assertEqual([row["id"] for row in rows], ["7", 3])
        self.assertEqual([row.get("input_label") for row in rows], [None, "positive"])

    def test_a_table_by_its_name_is_pointed_out(self):
        table = as_table("named.csv", records(2), ",")
        answer = self.daemon.control("classify", "--file", table)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertIn("--csv reads its rows", answer.stderr)
        self.assertEqual(self.daemon.control("classify", "--lines", "--file", table).stderr, "")
        answer = self.daemon.control("evaluate", "--jsonl", table)
        self.assertEqual((answer.returncode, answer.stdout), (USAGE, ""))
        self.assertIn("--csv reads it", answer.stderr)

    def test_a_table_has_the_same_figures(self):
        rows = records(30)
        lines, table = as_lines("figures.jsonl", rows), as_table("figures.csv", rows, ",")
        first, second = (
            json.loads(self.daemon.control("evaluate", *arguments, "--mistakes", "0").stdout)
            for arguments in (("--jsonl", lines), ("--csv", table)))
        self.assertEqual((first.pop("file"), second.pop("file")), (str(lines), str(table)))
        self.assertEqual(first, second)
        answer = self.daemon.control("evaluate", "--jsonl", lines, "--csv", table)
        self.assertEqual((answer.returncode, answer.stdout), (USAGE, ""))

    def test_a_table_is_learned_like_lines(self):
        rows = records(60)
        models = []
        for path in (as_lines("learned.jsonl", rows), as_table("learned.tsv", rows, "\t")):
            output = path.with_suffix(".model")
            experiment = path.with_suffix(".json5")
            experiment.write_text(json.dumps({
                "data": {"train": path.name, "labels": ["negative", "positive"]},
                "model": {"kind": "ngrams"}, "output": output.name}))
            answer = run("textflixlab", "train", experiment)
            self.assertEqual(answer.returncode, 0, answer.stderr)
            models.append((output / "model.safetensors").read_bytes())
        self.assertEqual(*models)


if __name__ == "__main__":
    unittest.main()
