"""Runs every Python snippet of docs/python/*.md and docs/pyrender.md, and the examples in the package's docstrings.

The fenced python blocks of a page are one program, in order, in a temporary folder with the repository's examples/ and a
small textured mesh, mesh.obj; blocks with >>> prompts are doctests of the same program. A block that imports a package
which is missing is left out, and so are the later ones that use what it defines; the page is then skipped with a word.
(README.md's snippets: test_snippets.py.)
"""
import ast
import contextlib
import doctest
import glob
import importlib
import importlib.util
import io
import os
import pkgutil
import re
import shutil
import struct
import tempfile
import unittest
import zlib

ROOT = os.environ.get("CALOTYPE_SOURCE_ROOT") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MJCF = re.compile(r"\bModel\(\"")  # what a build without libmujoco cannot read
OPTIONAL = {"PIL", "cv2", "glfw", "mujoco", "torch", "trimesh"}
PAGES = sorted(glob.glob(os.path.join(ROOT, "docs", "python", "*.md"))) + [os.path.join(ROOT, "docs", "pyrender.md")]
OBJ = "mtllib mesh.mtl\nv 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\nusemtl checks\nf 1/1 2/2 3/3 4/4\n"
MTL = "newmtl checks\nmap_Kd texture.png\n"


def png(width, height, pixel):
    """An 8-bit RGB picture; `pixel(x, y)` gives three numbers."""
    rows = b"".join(b"\0" + bytes(c for x in range(width) for c in pixel(x, y)) for y in range(height))
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks)


def furnish(folder):
    shutil.copytree(os.path.join(ROOT, "examples"), os.path.join(folder, "examples"),
                    ignore=shutil.ignore_patterns("*.py", "*.c", "workshop"))
    for name, data in (("mesh.obj", OBJ.encode()), ("mesh.mtl", MTL.encode()),
                       ("texture.png", png(8, 8, lambda x, y: [255 * ((x + y) % 2)] * 3))):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)


def has_libmujoco():
    from calotype import _calotype
    return _calotype.mujoco_available()


def source_of(text):
    """The program of a block, without prompts and answers."""
    return doctest.script_from_examples(text) if ">>> " in text else text


def names_of(source):
    """(imported packages, names that are defined, names that are used)"""
    packages, defined, used = set(), set(), set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            if isinstance(node, ast.ImportFrom):
                packages.add((node.module or "").split(".")[0])
            else:
                packages |= {alias.name.split(".")[0] for alias in node.names}
            defined |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else defined).add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            defined.add(node.name)
    return packages, defined, used


class Page:
    """What the blocks of one page share."""

    def __init__(self, path):
        self.path = path
        self.namespace = {"__name__": "__page__"}
        self.lost = {}  # name to the package whose lack loses it

    def run(self, text, line):
        """Runs a block; returns the package for whose lack it was left out."""
        packages, defined, used = names_of(source_of(text))
        missing = [name for name in sorted(packages & OPTIONAL) if importlib.util.find_spec(name) is None]
        if MJCF.search(text) and not has_libmujoco():
            missing.append("libmujoco")
        missing += [self.lost[name] for name in sorted(used) if name in self.lost]
        if missing:
            self.lost.update((name, missing[0]) for name in defined if name not in self.namespace)
            return missing[0]
        for name in defined:
            self.lost.pop(name, None)
        if ">>> " in text:
            self.run_doctest(text, line)
        else:
            exec(compile("\n" * line + text, self.path, "exec"), self.namespace)  # pylint: disable=exec-used
        return None

    def run_doctest(self, text, line):
        test = doctest.DocTestParser().get_doctest(text, self.namespace, os.path.basename(self.path), self.path, line)
        said = io.StringIO()
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
        runner.run(test, out=said.write, clear_globs=False)
        self.namespace.update(test.globs)
        if runner.failures:
            raise AssertionError(said.getvalue())


class Pages(unittest.TestCase):
    def run_page(self, path):
        with open(path, encoding="utf-8") as file:
            content = file.read()
        page, left_out, before = Page(path), [], os.getcwd()
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            furnish(folder)
            os.chdir(folder)
            try:
                for match in BLOCK.finditer(content):
                    left_out.append(page.run(match[1], content.count("\n", 0, match.start(1))))
            finally:
                os.chdir(before)
        missing = {name for name in left_out if name}
        if missing:
            self.skipTest(f"{len([1 for name in left_out if name])} of {len(left_out)} blocks need {', '.join(sorted(missing))}")

    def test_docstrings(self):
        import calotype
        count = 0
        for found in pkgutil.walk_packages(calotype.__path__, "calotype."):
            if found.name.endswith(("__main__", "._calotype", "._remote")):
                continue
            result = doctest.testmod(importlib.import_module(found.name))
            self.assertEqual(result.failed, 0, found.name)
            count += result.attempted
        self.assertGreater(count, 0)


def test_of(path):
    return lambda self: self.run_page(path)


for each in PAGES:
    if os.path.exists(each):
        setattr(Pages, "test_" + os.path.basename(each)[:-3].replace("-", "_"), test_of(each))

if __name__ == "__main__":
    if importlib.util.find_spec("numpy") is None:
        print("skipped: numpy is missing")
        raise SystemExit(77)
    unittest.main()
