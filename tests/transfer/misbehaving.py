"""A web server that does as each test says: a function a path, which gets the handler and how often it was asked."""
import contextlib
import socket
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Request:
    def __init__(self, handler, body):
        self.method, self.path, self.headers, self.body = handler.command, handler.path, handler.headers, body


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def setup(self):
        super().setup()
        self.server.connections += 1

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with self.server.lock:
            self.server.requests.append(Request(self, body))
            count = sum(request.path == self.path for request in self.server.requests)
        page = self.server.pages.get(self.path.split("?")[0]) or self.server.pages["*"]
        self.body = body
        page(self, count)

    do_GET = do_HEAD = do_PUT = answer

    def send(self, code, body=b"", **headers):
        """A whole answer. Header names with '_' for '-'."""
        self.send_response(code)
        headers.setdefault("Content_Length", str(len(body)))
        for name, value in headers.items():
            if value is not None:
                self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def hang_up(self):
        """What was written goes out, and nothing more."""
        self.wfile.flush()
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def wait_for_end(self):
        """Sends nothing more until the other side has gone, or the test is over."""
        self.wfile.flush()
        self.connection.settimeout(0.1)
        while not self.server.is_over.is_set():
            try:
                if not self.connection.recv(1):
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        self.close_connection = True

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages, self.requests, self.connections = {}, [], 0
        self.lock, self.is_over = threading.Lock(), threading.Event()
        self.host = f"127.0.0.1:{self.server_port}"
        self.url = f"http://{self.host}"
        self.thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def handle_error(self, *_):
        pass  # a test may go away at any moment

    def stop(self):
        self.is_over.set()
        self.shutdown()
        self.thread.join()
        self.server_close()


class Tool:
    """The program under test, once: how it ended, its sentence, and what it found."""

    def __init__(self, program, *words, environment=None, preparation=None):
        done = subprocess.run([program, "--pause", "0.02", *map(str, words)], capture_output=True, timeout=120, check=False,
                              env=environment, preexec_fn=preparation)
        assert done.returncode == 0, (done.returncode, done.stdout, done.stderr)
        self.output = done.stdout
        lines = done.stdout.split(b"\n", 2)
        self.end, self.sentence, self.found = lines[0].decode(), lines[1].decode(), lines[2]
