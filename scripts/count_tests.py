#!/usr/bin/env python3
"""Adds up test results: count_tests.py [--failed NAME]... BUILD_FOLDER...

Reads the testlog.json of each Meson build folder, counts the single tests inside cmocka and unittest
programs, shows what failed programs wrote last, and ends with `N passed, N failed, N skipped`.
--failed counts a step that is no test, such as a build, as one failure.
"""
import argparse
import json
import os
import re
import sys

CMOCKA = re.compile(r"^\[\s+(PASSED|FAILED|SKIPPED)\s+\](?: [^:\n]*:)? (\d+) test\(s\)", re.MULTILINE)
UNITTEST = re.compile(r"^Ran (\d+) tests? in .*\n\s*(?:OK|FAILED)(?: \((.*)\))?", re.MULTILINE)
SHOWN_LINES = 40


def count_inside(output):
    """[passed, failed, skipped] as the program itself counted, or None where it did not."""
    cmocka = CMOCKA.findall(output)
    if cmocka:
        return [sum(int(count) for kind, count in cmocka if kind == wanted)
                for wanted in ("PASSED", "FAILED", "SKIPPED")]
    unittest = UNITTEST.search(output)
    if unittest:
        parts = dict(re.findall(r"(\w+)=(\d+)", unittest.group(2) or ""))
        failed = sum(int(parts.get(name, 0)) for name in ("failures", "errors", "unexpectedSuccesses"))
        skipped = int(parts.get("skipped", 0))
        return [int(unittest.group(1)) - failed - skipped, failed, skipped]
    return None


def count_program(entry):
    result = entry["result"]
    counts = count_inside(entry.get("stdout", "") + "\n" + entry.get("stderr", ""))
    if result in ("OK", "EXPECTEDFAIL"):
        return counts or [1, 0, 0]
    if result == "SKIP":
        return [0, 0, max(1, counts[2]) if counts else 1]
    counts = counts or [0, 0, 0]
    return [counts[0], max(1, counts[1]), counts[2]]  # a crash may come after the last count


def read_log(folder):
    path = os.path.join(folder, "meson-logs", "testlog.json")
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def show(folder, entry):
    output = (entry.get("stdout", "") + entry.get("stderr", "")).splitlines()
    print(f"--- {entry['name']} ({folder}): {entry['result']}")
    print("\n".join(output[-SHOWN_LINES:]))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--failed", action="append", default=[])
    parser.add_argument("folders", nargs="*")
    arguments = parser.parse_args()
    total = [0, len(arguments.failed), 0]
    for folder in arguments.folders:
        for entry in read_log(folder):
            counts = count_program(entry)
            total = [a + b for a, b in zip(total, counts)]
            if counts[1]:
                show(folder, entry)
    for name in arguments.failed:
        print(f"--- {name}: failed")
    print(f"{total[0]} passed, {total[1]} failed, {total[2]} skipped")
    return 1 if total[1] or not total[0] else 0


if __name__ == "__main__":
    sys.exit(main())
