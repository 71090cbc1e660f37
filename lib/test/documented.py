"""Says which public functions and types of the library's headers have no comment, and which comments are misshapen:
documented.py [REPOSITORY] prints a line for each, FILE:LINE: NAME has no comment, and exits with status 1.

Public are functions and types at namespace scope, and public member functions. Not asked for: what stands in a namespace
`detail` or an *_impl.hpp, operator==, what is defaulted, deleted or overrides, and specialisations, instantiations and
definitions whose comment stands at the declaration. A comment counts that stands directly above, on the line itself, or
above a group of declarations with no blank line between; a class and its members are two groups.

In every source the labels of a contract ("shapes: ...", each on a line of its own) stand in the order of LABELS, and no
comment ends in a line of one word, as re-wrapping leaves behind."""

import pathlib
import re
import sys

EXCLUDED = ()
LABELS = ("formula", "shapes", "domain", "units", "dtype", "error", "bound", "bad input", "source")
NOT_CODE = re.compile(r"""(?P<comment>//[^\n]*|/\*.*?\*/)"""
                      r"""|R"(?P<end>[^(\s]*)\(.*?\)(?P=end)"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'"""
                      r"""|^[ \t]*\#(?:\\\n|[^\n])*|^[A-Z_]+\([^()]*\)$""", re.S | re.M)
FUNCTION = re.compile(r"(operator\s*\(\)|operator[^(]+|~?\b\w+)\s*\((?!\s*\*)")
TYPE = re.compile(r"(?:class|struct|union|enum(?:\s+class)?|using|concept)\s+(\w+)")
INSTANCE = re.compile(r"template\s*<>|template\s+(?!<)|extern\s+template")


def split(source):
    """The code, with blanks for literals, comments and directives; and of each line with a comment its column and text."""
    comments = {}

    def blank(match):
        if match["comment"]:
            line, column = source.count("\n", 0, match.start()) + 1, match.start() - source.rfind("\n", 0, match.start()) - 1
            comments.update({line + k: (column, text) for k, text in enumerate(match["comment"].split("\n"))})
        return re.sub(r"[^\n]", " ", match[0])
    return NOT_CODE.sub(blank, source), comments


def bare(head):
    """The head of a declaration without template arguments and parameters, and without what only looks like a call."""
    head = re.sub(r"\boperator\s*[<>-]+=?(?=\s*\()", lambda m: m[0].replace("<", "LESS").replace(">", "MORE"), head)
    while (less := re.sub(r"<[^<>]*>", " ", head)) != head:
        head = less
    head = re.sub(r"\[\[.*?\]\]|\bdecltype\s*\([^()]*\)", " ", head)
    return re.sub(r"^(?:(?:template|requires \S+) )+", "", " ".join(head.split()))


class Source:
    def __init__(self, path, text):
        self.path, self.faults = path, []
        self.code, self.comments = split(text)
        self.lines = self.code.split("\n")

    def line(self, at):
        return self.code.count("\n", 0, at) + 1

    def fault(self, line, what):
        self.faults.append((line, f"{self.path}:{line}: {what}"))

    def is_comment_line(self, line):
        return line in self.comments and not self.lines[line - 1].strip()

    def closing_brace(self, at, depth=0):
        for brace in re.compile(r"[{}]").finditer(self.code, at):
            depth += 1 if brace[0] == "{" else -1
            if depth == 0:
                return brace.start()
        raise ValueError(f"{self.path}:{self.line(at)}: a brace is not closed")

    def scope(self, at=0, is_public=True, of_class=""):
        """Looks at the declarations from `at` to the brace that closes the scope; returns where that is."""
        last, in_group = -1, False
        while True:
            at = re.compile(r"[\s;]*").match(self.code, at).end()
            if at == len(self.code) or self.code[at] == "}":
                return at
            if access := re.compile(r"(public|private|protected)\s*:(?!:)").match(self.code, at):
                is_public, at, last = access[1] == "public", access.end(), -1
                continue
            first = self.line(at)
            in_group = self.is_comment_line(first - 1) or (in_group and first - last <= 1)
            at = self.declaration(at, is_public, of_class, in_group)
            last, at = self.line(at), at + 1

    def declaration(self, start, is_public, of_class, in_group):
        """Looks at the declaration that begins at `start`; returns where its last character is."""
        at, depth, checked = start, 0, False
        while self.code[at] != ";" or depth > 0:
            depth += {"(": 1, ")": -1}.get(self.code[at], 0)
            if self.code[at] == "{":
                close, head = self.closing_brace(at), bare(self.code[start:at])
                goes_on = re.compile(r"\s*[{,]").match(self.code, close + 1)
                if re.match(r"(inline )?namespace\b", head):
                    return self.scope(at + 1, is_public and "detail" not in head)
                if not checked and (kind := re.match(r"(class|struct|union) (\w+)", head)):
                    self.check(start, at, head, is_public, of_class, in_group)
                    checked = True
                    is_open = kind[1] != "class" and not INSTANCE.match(self.code, start)
                    self.scope(at + 1, is_public and is_open, kind[2])
                elif depth == 0 and FUNCTION.search(head) and not (goes_on or re.search(r"=$|^concept|^enum", head)):
                    self.check(start, at, head, is_public, of_class, in_group)
                    return close
                at = close
            at += 1
        if not checked:
            self.check(start, at, bare(self.code[start:at]), is_public, of_class, in_group)
        return at

    def check(self, start, end, head, is_public, of_class, in_group):
        kind = TYPE.match(head)
        call = None if kind else FUNCTION.search(head if "operator" in head else head.split("=")[0])
        if not is_public or not (call or kind and not of_class) or INSTANCE.match(self.code, start):
            return
        before = head[:(kind or call).start(1)]  # nothing: a macro is used
        unasked = re.search(r"= (default|delete)$|\boverride$|\boperator==|^static_assert", head)
        if unasked or before.endswith("::") or not (before or of_class):
            return
        if not in_group and not any(i in self.comments for i in range(self.line(start), self.line(end) + 1)):
            name = (kind or call)[1].strip().replace("LESS", "<").replace("MORE", ">")
            self.fault(self.line(start), f"{of_class + '::' * bool(of_class)}{name} has no comment")

    def look_at_comments(self):
        for line, (column, text) in self.comments.items():
            follows = self.is_comment_line(line) and self.comments.get(line - 1, (-1,))[0] == column
            goes_on = self.is_comment_line(line + 1) and self.comments[line + 1][0] == column
            labels = (labels if follows else []) + [
                LABELS.index(m[1]) for m in [re.match(rf"//\s+({'|'.join(LABELS)}):", text)] if m]
            if labels[-2:] != sorted(labels[-2:]):
                self.fault(line, f"{LABELS[labels[-1]]} stands behind {LABELS[labels[-2]]}; the order is {', '.join(LABELS)}")
            if follows and not goes_on and re.fullmatch(r"// ?\S+", text):
                self.fault(line, f"the comment ends in a line of one word, {text[2:].strip()}")


def faults_of(path, text, is_header=True):
    source = Source(path, text)
    source.look_at_comments()
    if is_header:
        source.scope()
    return [fault for _, fault in sorted(source.faults)]


def faults_in(repository):
    files = {p for name in ("lib", "golden", "properties", "reports") for p in (repository / name).rglob("*.[ch]pp")}
    headers = {p for p in (repository / "lib" / "plumbline").rglob("*.hpp") if not p.name.endswith("_impl.hpp")}
    excluded = {p for pattern in EXCLUDED for p in repository.glob(pattern)}
    return [fault for p in sorted(files - excluded)
            for fault in faults_of(p.relative_to(repository), p.read_text(encoding="utf-8"), p in headers)]


if __name__ == "__main__":
    sys.exit("\n".join(faults_in(pathlib.Path(*sys.argv[1:2] or [pathlib.Path(__file__).resolve().parents[2]]))) or 0)
