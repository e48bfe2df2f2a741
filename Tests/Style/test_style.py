"""Style is a test: one test a rule over the whole tree.

A failing test prints every finding as file:line: what, and what to do. Functions between the soft
and the hard limit are only listed.
"""

import functools
import pathlib
import shutil
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import dependencies
import pages
import rules
import tree

OVER_CODE = [rules.columns, rules.blanks, rules.file_length, rules.function_length, rules.header,
             rules.shell_options, rules.names, rules.dead_declarations,
             rules.test_only, rules.names_in_comments, rules.unused_imports]


@functools.cache
def targets():
    return dependencies.package_targets()


@functools.cache
def findings(rule):
    if rule in (dependencies.imports, dependencies.unused_edges):
        return list(rule(tree.code_sources(), targets()))
    if rule is dependencies.separation:
        return list(rule(targets()))
    if rule in (rules.forbidden_words, pages.experiment_keys, pages.settings_keys,
                pages.metrics):
        return list(rule(tree.sources()))
    return list(rule(tree.code_sources()))


class Style(unittest.TestCase):
    """The tree obeys the rules."""

    maxDiff = None

    def check(self, rule):
        kept, _ = rules.excepted(findings(rule))
        if kept:
            self.fail(f"{len(kept)} findings\n" + "\n".join(map(str, kept[:200])))

    def test_columns(self):
        self.check(rules.columns)

    def test_blanks(self):
        self.check(rules.blanks)

    def test_file_length(self):
        self.check(rules.file_length)

    def test_function_length(self):
        self.check(rules.function_length)
        for finding in rules.long_functions(tree.code_sources(), rules.FUNCTION_LINES):
            print(f"long: {finding}")

    def test_header(self):
        self.check(rules.header)

    def test_shell_options(self):
        self.check(rules.shell_options)

    def test_forbidden_words(self):
        self.check(rules.forbidden_words)

    def test_names(self):
        self.check(rules.names)

    def test_dead_declarations(self):
        self.check(rules.dead_declarations)

    def test_test_only(self):
        self.check(rules.test_only)

    def test_names_in_comments(self):
        self.check(rules.names_in_comments)

    def test_syntax(self):
        self.check(rules.syntax)

    def test_unused_imports(self):
        self.check(rules.unused_imports)

    def test_imports(self):
        self.check(dependencies.imports)

    def test_separation(self):
        self.check(dependencies.separation)

    def test_unused_edges(self):
        self.check(dependencies.unused_edges)

    def test_experiment_keys(self):
        self.check(pages.experiment_keys)

    def test_settings_keys(self):
        self.check(pages.settings_keys)

    def test_metrics(self):
        self.check(pages.metrics)

    def test_swift_format(self):
        self.check(rules.swift_format)

    @unittest.skipUnless(shutil.which("shellcheck"), "shellcheck is not installed")
    def test_shellcheck(self):
        self.check(rules.shellcheck)

    def test_exceptions_are_needed(self):
        every = [finding for rule in [*OVER_CODE, rules.forbidden_words, dependencies.imports]
                 for finding in findings(rule)]
        stale = list(rules.stale_exceptions(every))
        self.assertFalse(stale, "\n".join(map(str, stale)))


if __name__ == "__main__":
    unittest.main()
