"""Runs what the pages below show: their sh and python blocks, in order, in one temporary folder.

    test_snippets.py CALOTYPE    the tool's path
"""
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.environ.get("CALOTYPE_SOURCE_ROOT") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
IMPORT = re.compile(r"^(?:import|from) ([\w., ]+?)(?: import .*)?$", re.MULTILINE)
PAGES = ["README.md", "docs/backends.md", "docs/dataset-packages.md"]
LINES_BEFORE = "set -e\n"


def blocks():
    found = []
    for page in PAGES:
        with open(os.path.join(ROOT, page), encoding="utf-8") as file:
            found += BLOCK.findall(file.read())
    return found


def missing_packages(text):
    """Names of what a python block imports and is not installed."""
    names = {re.match(r"\w+", name.strip()).group() for names in IMPORT.findall(text) for name in names.split(",")}
    return {name for name in names if importlib.util.find_spec(name) is None}


def needs_libmujoco(text):
    return ".xml" in text


class Readme(unittest.TestCase):
    tool = None

    def run_block(self, language, text, folder):
        environment = dict(os.environ, PATH=folder + "/bin:" + os.environ["PATH"])
        command = ["sh", "-c", LINES_BEFORE + text] if language == "sh" else [sys.executable, "-c", text]
        result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 0, f"{text}\n{result.stdout}{result.stderr}")
        return result.stdout

    def reads_mjcf(self):
        scene = os.path.join(ROOT, "examples", "arm.xml")
        code = subprocess.run([self.tool, "info", scene], capture_output=True, check=False).returncode
        self.assertIn(code, (0, 5))
        return code == 0

    def test_blocks(self):
        output, languages, missing = "", [], set()
        reads_mjcf = self.reads_mjcf()
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, "bin"))
            os.symlink(self.tool, os.path.join(folder, "bin", "calotype"))
            shutil.copytree(os.path.join(ROOT, "examples"), os.path.join(folder, "examples"),
                            ignore=shutil.ignore_patterns("*.py", "workshop"))
            for language, text in blocks():
                lacks = missing_packages(text) if language == "python" else set()
                missing |= lacks
                if lacks:
                    continue
                if needs_libmujoco(text) and not reads_mjcf:
                    continue
                output += self.run_block(language, text, folder)
                languages.append(language)
            self.check_results(folder, output)
        self.assertGreaterEqual(languages.count("sh"), 4)
        if not reads_mjcf:
            self.skipTest("blocks about MuJoCo's files need libmujoco")
        if missing:
            print("blocks were left out that need " + ", ".join(sorted(missing)))
        if missing & {"numpy", "PIL", "calotype"}:
            self.skipTest("python blocks need numpy, PIL and the package calotype")

    def check_results(self, folder, output):
        """What the text around the blocks promises."""
        names = os.listdir(os.path.join(folder, "out", "field_camera"))
        for suffix in (".png", "_depth.npy", "_normal.npy", "_mask.npy", "_instance.png", "_material.png"):
            self.assertEqual(sum(re.fullmatch(r"\d{3}" + re.escape(suffix), name) is not None for name in names), 32)
        self.assertIn("metadata.json", names)
        self.assertTrue(os.path.getsize(os.path.join(folder, "out", "sheet.png")) > 0)
        self.assertIn("exit code 4", output)
        self.assertFalse(os.path.exists(os.path.join(folder, "out", "broken")))


if __name__ == "__main__":
    if len(sys.argv) < 2 or not os.access(sys.argv[1], os.X_OK):
        print("skipped: no tool to run")
        sys.exit(77)
    Readme.tool = os.path.abspath(sys.argv.pop(1))
    unittest.main()
