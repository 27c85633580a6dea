"""Types: mypy --strict over the package, the extension's stub against the extension, and no syntax newer than 3.9's."""
import ast
import importlib.util
import os
import subprocess
import sys
import tempfile
import unittest

ROOT = os.environ.get("CALOTYPE_SOURCE_ROOT") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
PACKAGE = os.path.join(ROOT, "python", "calotype")


def public(names):
    return {name for name in names if not name.startswith("_")}


class Typing(unittest.TestCase):
    @unittest.skipUnless(importlib.util.find_spec("mypy"), "mypy is missing")
    def test_mypy(self):
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        with tempfile.TemporaryDirectory() as cache:
            result = subprocess.run(
                [sys.executable, "-m", "mypy", "--strict", "--cache-dir", cache, "-p", "calotype"],
                cwd=os.path.dirname(PACKAGE), env=environment, capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_stubs_name_what_the_extensions_have(self):
        for name, more in (("_calotype", {"version"}), ("_remote", set())):
            if importlib.util.find_spec("calotype." + name) is not None:
                self.check_stub(importlib.import_module("calotype." + name), name, more)

    def check_stub(self, module, file_name, stub):
        with open(os.path.join(PACKAGE, file_name + ".pyi"), encoding="utf-8") as file:
            tree = ast.parse(file.read())
        methods = {}
        for item in tree.body:
            if isinstance(item, (ast.FunctionDef, ast.ClassDef)):
                stub.add(item.name)
            if isinstance(item, ast.ClassDef):
                methods[item.name] = {part.name for part in item.body if isinstance(part, ast.FunctionDef)}
        self.assertEqual(stub, public(vars(module)))
        for name, wanted in methods.items():
            self.assertEqual(public(wanted), public(vars(getattr(module, name))), name)

    def test_syntax_is_that_of_the_oldest_python(self):
        for folder, _, names in os.walk(PACKAGE):
            for name in names:
                if name.endswith(".py"):
                    with open(os.path.join(folder, name), encoding="utf-8") as file:
                        ast.parse(file.read(), name, feature_version=(3, 9))


if __name__ == "__main__":
    unittest.main()
