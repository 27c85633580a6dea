"""Downloads from a server that misbehaves in every way that servers do."""
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from misbehaving import Server, Tool

TOOL = sys.argv[1]
CONTENT = bytes((i * 7919 >> 3) & 255 for i in range(40000))
LARGE = CONTENT * 60  # more than is kept for later calls


def serve(content, etag='"one"', **more):
    """A server that knows ranges, as good ones do."""
    def page(handler, _):
        asked, condition = handler.headers.get("Range"), handler.headers.get("If-Range")
        if asked and condition == etag:
            begin = int(asked[len("bytes="):-1])
            handler.send(206, content[begin:], ETag=etag,
                         Content_Range=f"bytes {begin}-{len(content) - 1}/{len(content)}", **more)
        else:
            handler.send(200, content, ETag=etag, **more)
    return page


def cut(content, size, **headers):
    """Says it sends all, and hangs up after `size` bytes."""
    def page(handler, _):
        handler.send_response(200)
        for name, value in {"Content_Length": str(len(content)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(content[:size])
        handler.hang_up()
    return page


def in_turn(*pages):
    """The first page at the first request, and so on; the last one from then on."""
    return lambda handler, count: pages[min(count, len(pages)) - 1](handler, count)


def code(number, **headers):
    return lambda handler, _: handler.send(number, b"no", **headers)


class Http(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.stop)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder, self.path = folder.name, os.path.join(folder.name, "file")

    def get(self, page="/a", *options, url=None):
        return Tool(TOOL, *options, "get", url or self.server.url + page, self.path)

    def get_served(self, *pages, options=()):
        self.server.pages["/a"] = in_turn(*pages)
        return self.get("/a", *options)

    def assert_whole(self, done, content=CONTENT):
        self.assertEqual((done.end, done.sentence), ("done", ""))
        with open(self.path, "rb") as file:
            self.assertTrue(file.read() == content, "the file has the content")
        self.assertEqual(os.listdir(self.folder), ["file"])

    def assert_ended(self, done, end, *words, requests=None, left=()):
        self.assertEqual(done.end, end, done.sentence)
        for word in words:
            self.assertIn(word, done.sentence)
        self.assertIn(self.server.host, done.sentence)
        self.assertEqual(sorted(os.listdir(self.folder)), sorted(left))
        if requests is not None:
            self.assertEqual(len(self.server.requests), requests)

    # ---- answers ----

    def test_a_file(self):
        self.assert_whole(self.get_served(serve(CONTENT)))
        self.assertEqual(len(self.server.requests), 1)
        self.assertIsNone(self.server.requests[0].headers.get("Range"))

    def test_an_empty_file(self):
        self.assert_whole(self.get_served(serve(b"")), b"")

    def test_what_stood_there_is_replaced(self):
        with open(self.path, "wb") as file:
            file.write(LARGE)
        self.assert_whole(self.get_served(serve(CONTENT)))

    def test_missing_is_said_at_once(self):
        for number in 404, 410:
            self.server.requests.clear()
            self.assert_ended(self.get_served(code(number)), "missing", f"HTTP {number}", "not there", requests=1)

    def test_refusals_are_said_at_once(self):
        for number, words in (401, "credentials"), (403, "credentials"), (400, "address"), (451, "address"), (501, "address"):
            self.server.requests.clear()
            self.assert_ended(self.get_served(code(number)), "refused", f"HTTP {number}", words, requests=1)

    def test_a_server_in_trouble_is_asked_again(self):
        self.assert_whole(self.get_served(code(500), code(503), code(429), code(408), serve(CONTENT)))
        self.assertEqual(len(self.server.requests), 5)

    def test_the_tries_end(self):
        done = self.get_served(code(502), options=("--tries", 3))
        self.assert_ended(done, "failed", "HTTP 502", "3 tries", requests=3)

    def test_good_answers_without_content_are_no_files(self):
        self.assert_ended(self.get_served(code(202), options=("--tries", 2)), "failed", "HTTP 202", requests=2)

    def test_retry_after_is_waited_for(self):
        times = []

        def page(handler, count):
            times.append(time.monotonic())
            handler.send(503, Retry_After="1") if count == 1 else handler.send(200, CONTENT)
        self.assert_whole(self.get_served(page))
        self.assertGreaterEqual(times[1] - times[0], 0.95)

    def test_retry_after_beyond_the_deadline_is_the_end(self):
        self.assert_ended(self.get_served(code(429, Retry_After="1000")), "failed", "HTTP 429", "1000 s", requests=1)

    def test_a_refusal_that_names_a_time_is_no_refusal(self):
        self.assert_whole(self.get_served(code(403, Retry_After="1"), serve(CONTENT)))

    # ---- broken connections ----

    def test_a_cut_is_gone_on_from(self):
        self.assert_whole(self.get_served(cut(CONTENT, 15000, ETag='"one"'), serve(CONTENT)))
        self.assertEqual(self.server.requests[1].headers["Range"], "bytes=15000-")
        self.assertEqual(self.server.requests[1].headers["If-Range"], '"one"')

    def test_dates_do_where_there_is_no_strong_tag(self):
        date = "Wed, 21 Oct 2015 07:28:00 GMT"
        first = cut(CONTENT, 15000, ETag='W/"weak"', Last_Modified=date)
        self.assert_whole(self.get_served(first, serve(CONTENT, etag=date)))
        self.assertEqual(self.server.requests[1].headers["If-Range"], date)

    def test_without_tag_and_date_all_begins_anew(self):
        self.assert_whole(self.get_served(cut(CONTENT, 15000), serve(CONTENT)))
        self.assertIsNone(self.server.requests[1].headers.get("Range"))

    def test_another_content_begins_anew(self):
        other = CONTENT[::-1]
        self.assert_whole(self.get_served(cut(CONTENT, 15000, ETag='"one"'), serve(other, '"two"')), other)
        self.assertEqual(len(self.server.requests), 2)

    def test_ranges_of_another_content_begin_anew(self):
        other = CONTENT[::-1]

        def careless(handler, _):  # knows ranges, but not If-Range
            begin = int(handler.headers["Range"][len("bytes="):-1])
            handler.send(206, other[begin:], ETag='"two"', Content_Range=f"bytes {begin}-{len(other) - 1}/{len(other)}")
        done = self.get_served(cut(CONTENT, 15000, ETag='"one"'), careless, serve(other, '"two"'))
        self.assert_whole(done, other)
        self.assertIsNone(self.server.requests[2].headers.get("Range"))

    def test_ranges_that_were_not_asked_for_begin_anew(self):
        def wrong(handler, _):
            handler.send(206, CONTENT[100:], Content_Range=f"bytes 100-{len(CONTENT) - 1}/{len(CONTENT)}")
        self.assert_whole(self.get_served(cut(CONTENT, 15000, ETag='"one"'), wrong, serve(CONTENT)))
        self.assertEqual(len(self.server.requests), 3)

    def test_refused_ranges_begin_anew(self):
        self.assert_whole(self.get_served(cut(CONTENT, 15000, ETag='"one"'), code(416), serve(CONTENT)))
        self.assertIsNone(self.server.requests[2].headers.get("Range"))

    def test_a_file_of_no_length(self):
        def page(handler, _):
            handler.protocol_version = "HTTP/1.0"
            handler.send(200, CONTENT, Content_Length=None)
            handler.hang_up()
        self.assert_whole(self.get_served(page))

    def chunked(self, content, is_ended=True):
        def page(handler, _):
            handler.send(200, b"", Content_Length=None, Transfer_Encoding="chunked")
            for at in range(0, len(content), 9999):
                piece = content[at:at + 9999]
                handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            handler.wfile.write(b"0\r\n\r\n" if is_ended else b"")
            handler.wfile.flush()
            if not is_ended:
                handler.hang_up()
        return page

    def test_chunks(self):
        self.assert_whole(self.get_served(self.chunked(CONTENT)))

    def test_chunks_without_end_are_tried_again(self):
        self.assert_whole(self.get_served(self.chunked(CONTENT, False), self.chunked(CONTENT)))
        self.assertEqual(len(self.server.requests), 2)

    def test_less_than_was_said_is_never_a_file(self):
        done = self.get_served(cut(CONTENT, len(CONTENT) - 1), options=("--tries", 3))
        self.assert_ended(done, "failed", "3 tries", requests=3)

    def test_ranges_whose_total_is_a_lie_are_no_file(self):
        def liar(handler, _):
            handler.send(206, CONTENT[15000:], ETag='"one"', Content_Range=f"bytes 15000-{len(CONTENT) - 1}/50000")
        done = self.get_served(cut(CONTENT, 15000, ETag='"one"'), liar, code(416), code(404))
        self.assert_ended(done, "missing", requests=4)

    def test_nothing_at_all_is_tried_again(self):
        self.assert_whole(self.get_served(lambda handler, _: handler.hang_up(), serve(CONTENT)))

    def test_nobody_listens(self):
        self.server.stop()
        self.assert_ended(self.get("/a", "--tries", "2"), "failed", "2 tries")

    # ---- redirections ----

    def test_a_redirection(self):
        self.server.pages["/b"] = serve(CONTENT)
        for number in 301, 302, 303, 307, 308:
            self.assert_whole(self.get_served(code(number, Location=self.server.url + "/b")))

    def test_circles_end(self):
        done = self.get_served(code(302, Location=self.server.url + "/a"))
        self.assert_ended(done, "refused", "redirects", requests=11)

    def test_redirections_stay_on_the_web(self):
        for place in "file:///etc/passwd", "ftp://127.0.0.1/a", "gopher://127.0.0.1/":
            self.server.requests.clear()
            self.assert_ended(self.get_served(code(302, Location=place)), "refused", requests=1)

    def test_only_some_schemes(self):
        for place in "file:///etc/passwd", "ftp://127.0.0.1/a", "/etc/passwd":
            done = self.get(url=place)
            self.assertEqual(done.end, "refused")
            self.assertIn("only http://, https:// and s3://", done.sentence)

    # ---- time and size ----

    def stall(self, sent):
        def page(handler, _):
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(LARGE)))
            handler.send_header("ETag", '"large"')
            handler.end_headers()
            handler.wfile.write(LARGE[:sent])
            handler.wait_for_end()
        return page

    def test_a_stall_is_tried_again(self):
        self.assert_whole(self.get_served(self.stall(1000), serve(CONTENT), options=("--stall", 0.5)))

    def test_stalls_end(self):
        done = self.get_served(self.stall(1000), options=("--stall", 0.3, "--tries", 2))
        self.assert_ended(done, "failed", "no byte came for 0.3 s", "2 tries", requests=2, left=("file.part", "file.part.tag"))

    def test_a_drip_ends_at_the_deadline(self):
        def drip(handler, _):
            handler.send_response(200)
            handler.send_header("Content-Length", "1000000")
            handler.end_headers()
            while not handler.server.is_over.wait(0.05):
                handler.wfile.write(b"x")
                handler.wfile.flush()
        done = self.get_served(drip, options=("--stall", 60, "--timeout", 0.7))
        self.assert_ended(done, "timeout", "within 0.7 s", requests=1)

    def test_pauses_end_at_the_deadline(self):
        self.server.pages["/a"] = code(500)
        done = self.get("/a", "--pause", "60", "--timeout", "0.4")
        self.assert_ended(done, "timeout", "within 0.4 s", "HTTP 500", requests=1)

    def test_cancelled_in_a_stall_and_in_a_pause(self):
        self.server.pages["/a"] = self.stall(100)
        self.server.pages["/b"] = code(500)
        for page in "/a", "/b":
            begin = time.monotonic()
            done = self.get(page, "--pause", "100", "--cancel-after", "0.3")
            self.assertLess(time.monotonic() - begin, 20)
            self.assertEqual(done.end, "cancelled", done.sentence)

    def test_too_large_by_what_the_server_says(self):
        done = self.get_served(self.stall(0), options=("--max-bytes", len(CONTENT)))
        self.assert_ended(done, "too-large", str(len(LARGE)), str(len(CONTENT)), requests=1)

    def test_too_large_by_what_comes(self):
        self.assert_whole(self.get_served(self.chunked(CONTENT), options=("--max-bytes", len(CONTENT))))
        os.remove(self.path)
        self.server.requests.clear()
        done = self.get_served(self.chunked(CONTENT), options=("--max-bytes", len(CONTENT) - 1))
        self.assert_ended(done, "too-large", str(len(CONTENT) - 1), requests=1)

    # ---- from call to call ----

    def leave_part(self, page="/a"):
        """A call that is killed after half of the large file."""
        half = len(LARGE) // 2
        self.server.pages[page.split("?")[0]] = self.stall(half)
        with subprocess.Popen([TOOL, "get", self.server.url + page, self.path]) as tool:
            while not (os.path.exists(self.path + ".part") and os.path.getsize(self.path + ".part") == half):
                self.assertIsNone(tool.poll())
                time.sleep(0.01)
            tool.send_signal(signal.SIGKILL)
        self.server.requests.clear()
        self.assertEqual(sorted(os.listdir(self.folder)), ["file.part", "file.part.tag"])
        return half

    def test_a_later_call_goes_on(self):
        half = self.leave_part()
        self.assert_whole(self.get_served(serve(LARGE, '"large"')), LARGE)
        self.assertEqual(self.server.requests[0].headers["Range"], f"bytes={half}-")
        self.assertEqual(self.server.requests[0].headers["If-Range"], '"large"')

    def test_a_later_call_of_another_url_begins_anew(self):
        self.leave_part("/a?key=1")
        self.assert_whole(self.get_served(serve(LARGE, '"large"')), LARGE)
        self.assertIsNone(self.server.requests[0].headers.get("Range"))

    def test_parts_without_a_good_tag_begin_anew(self):
        half = self.leave_part()
        with open(self.path + ".part.tag", "rb") as file:
            good = file.read()
        for tag in b"", good[:-1], b"other boot" + good, good + b"x\n", good[:-1] + b"\r\nx: y\n", good.replace(b"\n", b" "):
            with open(self.path + ".part", "wb") as file:
                file.write(b"?" * half)
            with open(self.path + ".part.tag", "wb") as file:
                file.write(tag)
            self.server.requests.clear()
            self.assert_whole(self.get_served(serve(LARGE, '"large"')), LARGE)
            self.assertIsNone(self.server.requests[0].headers.get("Range"), tag)
            os.remove(self.path)

    def test_what_turns_out_to_be_gone_leaves_nothing(self):
        self.leave_part()
        self.assert_ended(self.get_served(code(404)), "missing")

    def test_connections_are_kept(self):
        self.server.pages["/a"] = serve(CONTENT)
        words = ["get", self.server.url + "/a", self.path]
        done = Tool(TOOL, *words, "then", *words, "then", *words)
        self.assertEqual(done.output, b"done\n\n" * 3)
        self.assertEqual((len(self.server.requests), self.server.connections), (3, 1))

    # ---- this machine ----

    def test_folders_that_are_not_there(self):
        self.server.pages["/a"] = serve(CONTENT)
        path = os.path.join(self.folder, "none", "file")
        done = Tool(TOOL, "get", self.server.url + "/a", path)
        self.assertEqual((done.end, done.sentence),
                         ("local", f"{path}: cannot write the download: No such file or directory"))

    def test_a_file_that_cannot_grow(self):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        self.server.pages["/a"] = serve(CONTENT)
        done = Tool(TOOL, "get", self.server.url + "/a", self.path, preparation=limit)
        self.assertEqual((done.end, done.sentence), ("local", f"{self.path}: cannot write the download: File too large"))
        self.assertEqual((os.listdir(self.folder), len(self.server.requests)), ([], 1))

    # ---- URLs ----

    def test_passwords_and_queries_stay_untold(self):
        self.server.pages["/a"] = code(403)
        place = f"http://anna:geheim@{self.server.host}/a?token=secret#part"
        done = self.get(url=place)
        self.assert_ended(done, "refused", f"http://{self.server.host}/a: ")
        for word in "anna", "geheim", "token", "secret":
            self.assertNotIn(word, done.sentence)
        self.assertEqual(self.server.requests[0].path, "/a?token=secret")
        self.assertEqual(self.server.requests[0].headers["Authorization"], "Basic YW5uYTpnZWhlaW0=")

    def test_blanks_and_letters_are_encoded(self):
        self.server.pages["*"] = serve(CONTENT)
        self.assert_whole(self.get("/a b/ä%20{1}.glb?q=a b"))
        self.assertEqual(self.server.requests[0].path, "/a%20b/%C3%A4%20%7B1%7D.glb?q=a%20b")

    # ---- into memory ----

    def test_bytes(self):
        self.server.pages["/a"] = in_turn(cut(CONTENT, 15000, ETag='"one"'), serve(CONTENT))
        done = Tool(TOOL, "bytes", self.server.url + "/a", len(CONTENT))
        self.assertEqual((done.end, done.sentence), ("done", ""))
        self.assertTrue(done.found == CONTENT)
        done = Tool(TOOL, "bytes", self.server.url + "/a", len(CONTENT) - 1)
        self.assert_ended(done, "too-large")

    def test_facts(self):
        self.server.pages["/a"] = serve(CONTENT)
        done = Tool(TOOL, "head", self.server.url + "/a")
        self.assertEqual(done.output, b"done\n\n40000 \n")
        self.assertEqual(self.server.requests[0].method, "HEAD")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
