#!/usr/bin/env python3
"""Text files as C arrays: embed_text.py HEADER PREFIX FILE... writes `PREFIX` + name + "_" + suffix for each."""
import os
import sys


def quoted(line):
    return '    "' + line.replace("\\", "\\\\").replace('"', '\\"') + '\\n"\n'


def main():
    header, prefix, *paths = sys.argv[1:]
    with open(header, "w", encoding="utf-8") as out:
        out.write("/* Made by scripts/embed_text.py; do not edit. */\n")
        for path in paths:
            with open(path, encoding="utf-8") as file:
                lines = file.read().splitlines()
            name = prefix + os.path.basename(path).replace(".", "_")
            out.write(f"static const char {name}[] =\n{''.join(map(quoted, lines))}    \"\";\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
