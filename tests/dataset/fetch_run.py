"""Runs fetch_tool, and serves files for it."""
import contextlib
import hashlib
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
import unittest

TOOL = sys.argv.pop(1) if len(sys.argv) > 1 else ""


def sha256(content):
    return hashlib.sha256(content).hexdigest()


class FetchTest(unittest.TestCase):
    """A folder of its own, and results as dictionaries."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.scratch = self.path("scratch")

    def path(self, *parts):
        return os.path.join(self.folder.name, *parts)

    def write(self, name, content):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def fetch(self, *objects, **options):
        """One result an object; an object is an identifier, or a dictionary as in a list."""
        words = [TOOL, "--scratch", self.scratch]
        for name, value in options.items():
            words += ["--" + name.replace("_", "-"), str(value)]
        words += [json.dumps(o if isinstance(o, dict) else {"file_identifier": o}) for o in objects]
        environment = dict(os.environ, HOME=self.path("home"), GIT_CONFIG_GLOBAL="/dev/null")
        done = subprocess.run(words, capture_output=True, text=True, timeout=200, env=environment, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        results = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([result["ticket"] for result in results], list(range(len(objects))))
        left = [name for _, _, names in os.walk(self.scratch) for name in names]
        self.assertEqual(left, [], "the scratch folder holds what should be deleted")
        return results[0] if len(results) == 1 else results


@contextlib.contextmanager
def serve(files, status=None, kind=None):
    """(base URL, paths that were asked for): `files` by their paths, of the Content-Type `kind`; others are 404, or `status`."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            content = files.get(self.path)
            self.send_response(200 if content is not None else status or 404)
            if status == 401 and content is None:
                self.send_header("WWW-Authenticate", "Basic realm=\"x\"")
            if kind:
                self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
