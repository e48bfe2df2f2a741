"""Reads source text just far enough for the rules: code without comments, strings; functions.

It is a lexer, not a parser. `code` keeps every line and column where it was (what is removed
becomes spaces), so that a position in the code is a position in the file. It does not know types
or scopes.
"""

import ast
import re
from dataclasses import dataclass

OPENING = re.compile(r'//|/\*|(#*)("""|")|\'(?:\\.|[^\'\\\n])\'')


@dataclass(frozen=True)
class Function:
    """A function with a body: where it starts (1-based) and how many lines it has."""

    name: str
    line: int
    length: int


def blank(text):
    return re.sub(r"[^\n]", " ", text)


def code(text):
    """Swift or C text with comments and the literal parts of strings blanked out.

    Code inside a string's interpolation stays: names used there are used.
    """
    pieces, position = [], 0
    while match := OPENING.search(text, position):
        pieces.append(text[position:match.start()])
        if match.group() == "//":
            end = end_of_line(text, match.end())
            pieces.append(blank(text[match.start():end]))
        elif match.group() == "/*":
            end = end_of_block_comment(text, match.end())
            pieces.append(blank(text[match.start():end]))
        elif match.group(2) is None:  # a C character
            end = match.end()
            pieces.append(blank(match.group()))
        else:
            piece, end = string_literal(text, match)
            pieces.append(piece)
        position = end
    pieces.append(text[position:])
    return "".join(pieces)


def end_of_line(text, position):
    end = text.find("\n", position)
    return len(text) if end < 0 else end


def end_of_block_comment(text, position):
    """Swift's comments nest; C's do not, but no C of ours has an opening inside one."""
    depth = 1
    while depth and (match := re.compile(r"/\*|\*/").search(text, position)):
        depth += 1 if match.group() == "/*" else -1
        position = match.end()
    return position if depth == 0 else len(text)


def string_literal(text, opening):
    """The blanked literal with its interpolated code kept, and the position behind it."""
    hashes, quote = opening.group(1), opening.group(2)
    marker = re.compile(
        rf"(?P<close>{quote}{hashes})|(?P<code>\\{hashes}\()|(?P<escape>\\.)" if not hashes
        else rf"(?P<close>{quote}{hashes})|(?P<code>\\{hashes}\()", re.DOTALL)
    pieces, start, position = [], opening.start(), opening.end()
    while match := marker.search(text, position):
        position = match.end()
        if match.lastgroup == "close":
            break
        if match.lastgroup == "code":
            end = closing(text, position - 1, "(", ")")
            pieces += [blank(text[start:position]), code(text[position:end])]
            start = position = end
    else:
        position = len(text)
    return "".join(pieces) + blank(text[start:position]), position


def closing(text, start, left, right):
    """The position of the bracket that closes the one at `start`; the end of text without one."""
    depth, position = 0, start
    pattern = re.compile(rf'[{re.escape(left + right)}"]')
    while match := pattern.search(text, position):
        position = match.end()
        if match.group() == '"':
            opening = OPENING.match(text, match.start())
            position = string_literal(text, opening)[1]
            continue
        depth += 1 if match.group() == left else -1
        if depth == 0:
            return match.start()
    return len(text)


SWIFT_FUNCTION = re.compile(r"(?<![.\w`])(?:func\s+(`?\w+`?|[^\s\w(]+)|(init|deinit|subscript)\b)")
# What may stand on the next line of a declaration whose body has not begun.
CONTINUATION = re.compile(r"\s*(\{|where\b|throws\b|rethrows\b|async\b|->|-> |//)")


def swift_functions(stripped):
    for match in SWIFT_FUNCTION.finditer(stripped):
        start = body_start(stripped, match.end())
        if start is None:
            continue
        end = closing(stripped, start, "{", "}")
        line = stripped.count("\n", 0, match.start()) + 1
        name = match.group(1) or match.group(2)
        yield Function(name, line, stripped.count("\n", match.start(), end) + 1)


def body_start(stripped, position):
    """The position of the body's "{", or nil for a requirement of a protocol and for a call."""
    depth = 0
    for index in range(position, len(stripped)):
        letter = stripped[index]
        if letter in "([":
            depth += 1
        elif letter in ")]":
            depth -= 1
        elif depth == 0 and letter == "{":
            return index
        elif depth < 0 or depth == 0 and letter in "};=":
            return None
        elif depth == 0 and letter == "\n" and not CONTINUATION.match(stripped, index):
            return None
    return None


C_FUNCTION = re.compile(r"^(?!(?:else|do|struct|enum|union|typedef)\b)[A-Za-z_][\w \t*]*?"
                        r"\b(\w+)\s*\([^;{}]*\)\s*\{", re.MULTILINE)


def c_functions(stripped):
    for match in C_FUNCTION.finditer(stripped):
        end = closing(stripped, match.end() - 1, "{", "}")
        line = stripped.count("\n", 0, match.start()) + 1
        yield Function(match.group(1), line, stripped.count("\n", match.start(), end) + 1)


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield Function(node.name, node.lineno, node.end_lineno - node.lineno + 1)


SHELL_FUNCTION = re.compile(r"^([\w-]+)\(\) [({].*?^[)}]", re.MULTILINE | re.DOTALL)


def shell_functions(text):
    for match in SHELL_FUNCTION.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        yield Function(match.group(1), line, match.group().count("\n") + 1)
