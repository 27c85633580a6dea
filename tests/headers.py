#!/usr/bin/env python3
"""Each public header compiles alone, as strict C and as strict C++: headers.py ROOT CC CXX."""
import glob
import os
import subprocess
import sys
import tempfile

STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror", "-fsyntax-only"]
LANGUAGES = [("c", "-std=c11"), ("c++", "-std=c++11")]


def compile_alone(compiler, language, standard, include_folder, header):
    """The compiler's complaint, or None."""
    with tempfile.NamedTemporaryFile("w", suffix=".c") as file:
        # Twice: the include guard is part of what is tested.
        file.write(f"#include <calotype/{header}>\n#include <calotype/{header}>\nint unused_{language[0]};\n")
        file.flush()
        command = [*compiler, *STRICT, standard, "-I", include_folder, "-x", language, file.name]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    return result.stderr if result.returncode else None


def main():
    root, compilers = sys.argv[1], [sys.argv[2].split(), sys.argv[3].split()]
    include_folder = os.path.join(root, "include")
    headers = sorted(os.path.basename(path) for path in glob.glob(os.path.join(include_folder, "calotype", "*.h")))
    faults = 0
    for header in headers:
        for compiler, (language, standard) in zip(compilers, LANGUAGES):
            complaint = compile_alone(compiler, language, standard, include_folder, header)
            if complaint:
                faults += 1
                print(f"<calotype/{header}> alone as {language}:\n{complaint}")
    print(f"headers: {len(headers)} headers, {faults} faults")
    return 1 if faults or not headers else 0


if __name__ == "__main__":
    sys.exit(main())
