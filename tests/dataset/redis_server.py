"""A real redis-server on a free port of this machine, in a folder of its own, that can be killed and started again."""
import os
import shutil
import signal
import socket
import subprocess
import time

PROGRAM = shutil.which("redis-server")
PATIENCE_SECONDS = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class RedisServer:
    def __init__(self, folder, *options):
        self.folder = folder
        self.options = options
        self.port = free_port()
        self.process = None
        self.start()

    def url(self, name="test", login="", database=""):
        return f"redis://{login}127.0.0.1:{self.port}/{database}?name={name}"

    def start(self):
        with open(os.path.join(self.folder, "redis.log"), "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "--bind", "127.0.0.1", "--port", str(self.port), "--dir", self.folder, "--save", "",
                 *self.options], stdout=log, stderr=log)
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            if self.process.poll() is not None:
                break
            try:
                if not self.say("PING").startswith("-LOADING"):
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise RuntimeError(f"redis-server did not start: {self.folder}/redis.log")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        if self.process.poll() is None:
            self.go_on()
            self.kill()

    def say(self, *words):
        """A command's answer: what redis-cli would print, "-..." for errors, a list for arrays."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_SECONDS) as connection:
            command = b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in
                               (word if isinstance(word, bytes) else str(word).encode() for word in words))
            connection.sendall(b"*%d\r\n" % len(words) + command)
            return self._read(connection.makefile("rb"))

    def _read(self, stream):
        line = stream.readline().decode().rstrip("\r\n")
        if not line:
            raise ConnectionError("redis-server went")
        if line[0] == "*":
            return [self._read(stream) for _ in range(int(line[1:]))]
        if line[0] == "$":
            size = int(line[1:])
            return None if size < 0 else stream.read(size + 2)[:-2].decode(errors="replace")
        if line[0] == ":":
            return int(line[1:])
        return line if line[0] == "-" else line[1:]
