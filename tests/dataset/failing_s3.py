"""Servers of S3 whose every third request fails: this project's own, and moto's where it is installed."""
import itertools
import logging
import os
import re
import socket
import sys
import threading
import urllib.request

from dataset_sample import ROOT

sys.path.insert(0, os.path.join(ROOT, "tests", "transfer"))

import s3_server  # noqa: E402

FAULTS = ("error", "slow down", "cut")


class Faults:
    """What is wrong with the next request: None twice, then one after the other."""

    def __init__(self):
        self.numbers, self.lock = itertools.count(1), threading.Lock()

    def next(self):
        with self.lock:
            number = next(self.numbers)
        return FAULTS[number // 3 % len(FAULTS)] if number % 3 == 0 else None


class FailingS3(s3_server.S3Server):
    """`is_failing` may be switched on and off."""

    def __init__(self):
        super().__init__()
        self.faults, self.is_failing, self.failed = Faults(), False, 0

    def respond(self, handler, count):
        fault = self.faults.next() if self.is_failing else None
        self.failed += fault is not None
        if fault == "cut":
            handler.hang_up()
        elif fault:
            self.error(handler, *((503, "SlowDown") if fault == "slow down" else (500, "InternalError")))
        else:
            super().respond(handler, count)

    def put(self, key, content):
        self.buckets["bucket"][key] = content, {}

    def contents(self, prefix):
        return {key[len(prefix):]: value[0] for key, value in self.buckets["bucket"].items() if key.startswith(prefix)}


class FailingMoto:
    """The same with moto's server: a WSGI application that is asked only two times of three."""

    def __init__(self):
        from moto.server import DomainDispatcherApplication, create_backend_app
        from werkzeug.serving import make_server
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.inner = DomainDispatcherApplication(create_backend_app)
        self.faults, self.is_failing, self.failed = Faults(), False, 0
        self.server = make_server("127.0.0.1", 0, self.respond, threaded=True)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.ask("PUT", "/bucket")

    def respond(self, environ, start_response):
        fault = self.faults.next() if self.is_failing else None
        if not fault:
            return self.inner(environ, start_response)
        self.failed += 1
        if fault == "cut":
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        code, name = ("503 Slow Down", "SlowDown") if fault == "slow down" else ("500 Internal Server Error", "InternalError")
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start_response(code, [("Content-Type", "application/xml")])
        return [f"<Error><Code>{name}</Code></Error>".encode()]

    def environment(self):
        return {"AWS_ENDPOINT_URL": self.url, "AWS_ACCESS_KEY_ID": "somebody", "AWS_SECRET_ACCESS_KEY": "secret",
                "AWS_REGION": "us-east-1", "HOME": "/nonexistent"}

    def ask(self, method, path, content=None):
        """As somebody whom moto lets in unsigned: a request from this test itself."""
        request = urllib.request.Request(self.url + path, data=content, method=method)
        request.add_header("Content-Type", "application/octet-stream")
        request.add_header("Authorization", "AWS4-HMAC-SHA256 Credential=somebody/20260101/us-east-1/s3/aws4_request, "
                           "SignedHeaders=host, Signature=none")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()

    def put(self, key, content):
        self.ask("PUT", f"/bucket/{key}", content)

    def contents(self, prefix):
        text = self.ask("GET", f"/bucket?list-type=2&prefix={prefix}").decode()
        keys = re.findall("<Key>([^<]*)</Key>", text)
        return {key[len(prefix):]: self.ask("GET", f"/bucket/{key}") for key in keys}

    def stop(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
