"""docs/warnings.md names every warning id that the code gives, and no other."""
import os
import re
import unittest

ROOT = os.environ.get("CALOTYPE_SOURCE_ROOT") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
# A call of calo_scene_warn or of a file's own wrapper, up to the end of its statement.
CALL = re.compile(r"\b\w*warn\w*\(([^;{]*);")
LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')
ID = re.compile(r"[a-z]+(-[a-z]+)+")


def ids_in_code():
    found = set()
    for path, _, names in os.walk(os.path.join(ROOT, "src")):
        for name in names:
            if name.endswith((".c", ".cc")):
                with open(os.path.join(path, name), encoding="utf-8") as file:
                    text = file.read()
                for call in CALL.findall(text):
                    found.update(literal for literal in LITERAL.findall(call) if ID.fullmatch(literal))
    return found


def ids_in_table():
    with open(os.path.join(ROOT, "docs", "warnings.md"), encoding="utf-8") as file:
        return re.findall(r"^\| `([a-z-]+)` \|", file.read(), re.MULTILINE)


class Warnings(unittest.TestCase):
    def test_table_is_the_code(self):
        self.assertEqual(sorted(ids_in_code()), ids_in_table())


if __name__ == "__main__":
    unittest.main()
