#!/usr/bin/env python3
"""Runs a command on a display of its own: with_xvfb.py COMMAND [ARGUMENT...]. Skipped where there is no Xvfb."""
import os
import shutil
import subprocess
import sys

SKIPPED = 77


def main():
    xvfb = shutil.which("Xvfb")
    if not xvfb:
        print("skipped: no Xvfb (Debian's package xvfb)")
        return SKIPPED
    read_end, write_end = os.pipe()
    command = [xvfb, "-displayfd", str(write_end), "-screen", "0", "640x480x24", "-nolisten", "tcp", "-noreset"]
    with subprocess.Popen(command, pass_fds=[write_end], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as server:
        try:
            os.close(write_end)
            with os.fdopen(read_end) as pipe:
                number = pipe.readline().strip()
            if not number:
                print("Xvfb gave no display")
                return 1
            environment = dict(os.environ, DISPLAY=":" + number)
            environment.pop("WAYLAND_DISPLAY", None)
            return subprocess.run(sys.argv[1:], env=environment, check=False).returncode
        finally:
            server.terminate()


if __name__ == "__main__":
    sys.exit(main())
