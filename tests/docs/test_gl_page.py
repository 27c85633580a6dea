"""The program of docs/gl.md compiles as it stands, and runs where the library can be linked plainly.

    test_gl_page.py COMPILER [LIBRARY]    the compiler's words in one argument, libcalotype.so
"""
import os
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = os.environ.get("CALOTYPE_SOURCE_ROOT") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BLOCK = re.compile(r"^```c\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WARNINGS = ["-std=c11", "-Wall", "-Wextra", "-Werror"]


class Page(unittest.TestCase):
    compiler = library = None

    def compile(self, text, folder, *arguments):
        source = os.path.join(folder, "snippet.c")
        with open(source, "w", encoding="utf-8") as file:
            file.write(text)
        command = [*self.compiler, *WARNINGS, "-I", os.path.join(ROOT, "include"), source, *arguments]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_program(self):
        with open(os.path.join(ROOT, "docs", "gl.md"), encoding="utf-8") as file:
            blocks = BLOCK.findall(file.read())
        self.assertEqual(len(blocks), 1)
        with tempfile.TemporaryDirectory() as folder:
            self.compile(blocks[0], folder, "-fsyntax-only")
            if not self.library:
                self.skipTest("a sanitized library is not linked plainly")
            program = os.path.join(folder, "snippet")
            self.compile(blocks[0], folder, self.library, "-Wl,-rpath," + os.path.dirname(self.library), "-o", program)
            result = subprocess.run([program], capture_output=True, text=True, check=False)
        if "not available" in result.stderr:
            self.skipTest(result.stderr)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertTrue(result.stdout.strip())


if __name__ == "__main__":
    Page.compiler = sys.argv.pop(1).split()
    if len(sys.argv) > 1:
        Page.library = os.path.abspath(sys.argv.pop(1))
    unittest.main()
