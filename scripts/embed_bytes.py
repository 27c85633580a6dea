#!/usr/bin/env python3
"""A file as a C array: embed_bytes.py HEADER NAME FILE writes `static const unsigned char NAME[]`."""
import sys


def main():
    header, name, path = sys.argv[1:]
    with open(path, "rb") as file:
        data = file.read()
    rows = [", ".join(map(str, data[i:i + 24])) for i in range(0, len(data), 24)]
    with open(header, "w", encoding="utf-8") as out:
        out.write("/* Made by scripts/embed_bytes.py; do not edit. */\n")
        out.write(f"static const unsigned char {name}[{len(data)}] = {{\n    " + ",\n    ".join(rows) + ",\n};\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
