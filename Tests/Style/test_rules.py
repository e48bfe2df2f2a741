"""The rules themselves: each finds what it should and nothing beside it."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import dependencies
import pages
import rules
import source
import tree


def swift(text, path="Sources/Encoder/X.swift"):
    return tree.Source(path, "swift", text)


class Reader(unittest.TestCase):
    """Comments and strings go, positions stay."""

    def test_blanks_comments_and_strings(self):
        for text, expected in [
            ('let a = "b" // c\n', "let a =         \n"),
            ('f("\\(x + g("y"))")', "f(   x + g(   )  )"),
            ('/* a /* b */ c */d', "                 d"),
            ('#"\\(a)"# b', "         b"),
            ("c == '\"' ? d", "c ==     ? d"),
        ]:
            with self.subTest(text):
                self.assertEqual(source.code(text), expected)
                self.assertEqual(len(source.code(text)), len(text))

    def test_multi_line_strings_keep_lines(self):
        text = 'let a = """\n  func x() {\n  """\nlet b = 1\n'
        self.assertNotIn("func", source.code(text))
        self.assertEqual(source.code(text).count("\n"), 4)

    def test_swift_functions(self):
        text = ("protocol P { func required(a: Int) -> Int\n var x: Int { get } }\n"
                "func short() { one() }\n"
                "func long(\n  a: Int,\n  b: () -> Int = { 3 }\n)\n  throws -> Int\n{\n  2\n}\n"
                "struct S { init(a: Int) {\n } }\nlet s = S.init(a: 2)\n")
        found = {(each.name, each.length) for each in source.swift_functions(source.code(text))}
        self.assertEqual(found, {("short", 1), ("long", 8), ("init", 2)})

    def test_c_functions(self):
        text = "static int f(int a,\n  int b)\n{\n  if (a) { b(); }\n}\nint g(void);\n"
        self.assertEqual([(each.name, each.length) for each in source.c_functions(text)],
                         [("f", 5)])


class Rules(unittest.TestCase):
    """One bad text each, beside a good one."""

    def found(self, rule, *files):
        return [finding.line for finding in rule(list(files))]

    def test_columns(self):
        self.assertEqual(self.found(rules.columns, swift("x" * 100 + "\n" + "y" * 101)), [2])

    def test_header(self):
        self.assertEqual(self.found(rules.header, swift("// What it is.\nimport A\n")), [])
        self.assertEqual(self.found(rules.header, swift("import A\n")), [1])
        script = tree.Source("deploy/x", "shell", "#!/bin/bash\n# What it is.\n")
        self.assertEqual(self.found(rules.header, script), [1])

    def test_function_length(self):
        text = "func f() {\n" + "  g()\n" * 69 + "}\n"
        self.assertEqual(self.found(rules.function_length, swift(text)), [1])

    def test_forbidden_words(self):
        text = "// TO" + "DO later\n// see /ho" + "me/me\n// a /home is fine\n"
        self.assertEqual(self.found(rules.forbidden_words, swift(text)), [1, 2])

    def test_names(self):
        text = "struct TokenManager {}\nstruct Metadata {}\nlet modelInfo = 1\n"
        self.assertEqual(self.found(rules.names, swift(text)), [1])

    def test_dead_declarations(self):
        one = swift("func used() {}\nfunc dead() {}\npublic func open() {}\n")
        two = swift('let text = "\\(used())"\nprint(text)\n', "Sources/Encoder/Y.swift")
        self.assertEqual(self.found(rules.dead_declarations, one, two), [2])

    def test_dead_declarations_are_counted_where_they_can_be_seen(self):
        one = swift("private func a() {}\nfunc b() {}\npackage func c() {}\nfunc d() {}\n")
        two = swift("a()\nb()\n", "Sources/Encoder/Y.swift")
        three = swift("b()\nc()\nd()\n", "Sources/Weights/Y.swift")
        self.assertEqual(self.found(rules.dead_declarations, one, two, three), [1, 4])
        suite = swift("d()\n", "Tests/EncoderTests/Y.swift")
        self.assertEqual(self.found(rules.dead_declarations, one, two, three, suite), [1])

    def test_test_only(self):
        one = swift("package func used() {}\npackage func probed() {}\nfunc told() {}  // `told`\n")
        two = swift("used()\n", "Sources/Encoder/Y.swift")
        suite = swift("used()\nprobed()\ntold()\n", "Tests/EncoderTests/Y.swift")
        self.assertEqual(self.found(rules.test_only, one, two, suite), [2])

    def test_test_only_passes_over_raw_values_and_witnesses(self):
        one = swift("enum E: String {\n case raw\n}\nfunc makeIterator() {}\nfunc mine() {}\n")
        suite = swift("raw\nmakeIterator()\nmine()\n", "Tests/EncoderTests/Y.swift")
        self.assertEqual(self.found(rules.test_only, one, suite), [5])

    def test_names_in_comments(self):
        text = "// `Gone` and `Here.there`, `gone`, `NaN`\nstruct Here { let there = 1 }\n"
        self.assertEqual(self.found(rules.names_in_comments, swift(text)), [1])

    def test_unused_imports(self):
        file = tree.Source("x.py", "python", '"""X."""\nimport os\nimport re\nre.escape("")\n')
        self.assertEqual(self.found(rules.unused_imports, file), [2])

    def test_imports(self):
        targets = {"Encoder": {"Weights"}, "Weights": set(), "Syscalls": set()}
        text = "import Weights\nimport Service\ninternal import Foundation\nimport Glibc\n"
        found = [finding.line for finding in dependencies.imports([swift(text)], targets)]
        self.assertEqual(found, [2, 3, 4])
        allowed = swift("import Glibc\n", "Sources/Syscalls/X.swift")
        self.assertEqual(list(dependencies.imports([allowed], targets)), [])

    def test_unused_edges(self):
        targets = {"Encoder": {"Weights", "Syscalls"}, "Weights": {"Syscalls"}}
        found = list(dependencies.unused_edges([swift("package import Weights\n")], targets))
        self.assertEqual([finding.what.split()[2] for finding in found], ["Syscalls"])

    def test_separation(self):
        targets = {"Tokenization": {"JSONText", "Odd"}, "Odd": {"Encoder"}}
        self.assertEqual(len(list(dependencies.separation(targets))), 1)

    def test_experiment_keys(self):
        code = swift('struct S {\n static let more = ["b",\n  "c"]\n init(others: [String]) {\n'
                     '  try a.refuseKeys(otherThan: ["a"] + Self.more + others)\n }\n}\n'
                     'let s = S(others: ["d"])\n', "Sources/Training/X.swift")
        text = '.SH A\n.SS "Encoders"\n.TP\n.B a\n.TP\n.BR b " (1), " c\n.TP\n.B d\n.SH B\n'
        for old, new, count in [("", "", 0), (".B a", ".I a", 1), (" c", "", 1), (".BR", ".I", 2),
                                ("1", "2", 0), (".TP\n.B d", ".B d", 1), ("Enc", "Dec", 4)]:
            with self.subTest(old):
                page = tree.Source(pages.EXPERIMENTS.page, "other", text.replace(old, new))
                self.assertEqual(self.found(pages.experiment_keys, code, page), [5] * count)

    def test_metrics(self):
        code = swift('count("textflix_a_total")\n', "Sources/Service/X.swift")
        page = tree.Source("deploy/man/textflixd.8", "other", "textflix_a_total\n")
        names = swift('"textflix_a_total": "A."\n', "Sources/textflixctl/Status/FigureNames.swift")
        self.assertEqual(self.found(pages.metrics, code, page, names), [])
        self.assertEqual(self.found(pages.metrics, code, page), [1])
        self.assertEqual(self.found(pages.metrics, code), [1, 1])

    def test_experiment_keys_that_cannot_be_read(self):
        for keys in ("others", "[name]", "names.map { $0 }", "Self.names"):
            code = swift(f"a.refuseKeys(otherThan: {keys})\n", "Sources/Training/X.swift")
            self.assertEqual(self.found(pages.experiment_keys, code), [1])
        self.assertEqual(self.found(pages.experiment_keys, swift("a()\n")), [1])


if __name__ == "__main__":
    unittest.main()
