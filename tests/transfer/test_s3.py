"""Buckets of a server that checks every signature and checksum."""
import hashlib
import os
import sys
import tempfile
import unittest

from misbehaving import Tool
from s3_server import ACCESS, SECRET, TOKEN, S3Server

TOOL = sys.argv[1]
CONTENT = bytes(range(256)) * 500
# Keys that are signed wrong when they are encoded twice, not at all, or otherwise than Amazon does.
KEYS = ["a", "folder/a.glb", "a b.png", "a+b=c&d.zip", "ä/ö-日本.glb", "100%/%41.bin", "a;b,c:d@e!$'()*[].x", "~._-", "#?.txt",
        "a//b", "./a", "a/../b", '"<>\\^`{|}', "tail/"]


class S3(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.serve()

    def serve(self, **options):
        self.server = S3Server(**options)
        self.addCleanup(self.server.stop)
        self.bucket = self.server.buckets["bucket"]

    def tool(self, *words, **environment):
        return Tool(TOOL, *words, environment=self.server.environment(**environment))

    def write(self, content, name="file"):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def assert_done(self, done):
        self.assertEqual((done.end, done.sentence), ("done", ""))

    def assert_ended(self, done, end, *words):
        self.assertEqual(done.end, end, done.sentence)
        for word in words:
            self.assertIn(word, done.sentence)
        for secret in ACCESS, SECRET, TOKEN, "Signature=":
            self.assertNotIn(secret, done.sentence)

    def test_put_facts_get(self):
        path, back = self.write(CONTENT), os.path.join(self.folder, "back")
        digest = hashlib.sha256(CONTENT).hexdigest()
        for key in KEYS:
            url = "s3://bucket/" + key
            done = self.tool("put", path, url, "then", "head", url, "then", "get", url, back)
            self.assertEqual(done.output, f"done\n\ndone\n\n{len(CONTENT)} {digest}\ndone\n\n".encode(), key)
            with open(back, "rb") as file:
                self.assertTrue(file.read() == CONTENT)
        self.assertEqual(sorted(self.bucket), sorted(KEYS))
        self.assertEqual({key: value[1] for key, value in self.bucket.items()},
                         {key: {"x-amz-meta-sha256": digest} for key in KEYS})

    def test_an_empty_file(self):
        self.assert_done(self.tool("put", self.write(b""), "s3://bucket/empty"))
        self.assertEqual(self.bucket["empty"][0], b"")

    def test_a_hash_that_is_known_is_not_believed(self):
        path, digest = self.write(CONTENT), hashlib.sha256(CONTENT).hexdigest()
        self.assert_done(self.tool("put", path, "s3://bucket/a", digest))
        wrong = hashlib.sha256(b"other").hexdigest()
        self.assert_ended(self.tool("put", path, "s3://bucket/b", wrong), "refused", "XAmzContentSHA256Mismatch")
        self.assert_ended(self.tool("put", path, "s3://bucket/b", "abc"), "local", "SHA-256")
        self.assertEqual(list(self.bucket), ["a"])

    def test_missing(self):
        back = os.path.join(self.folder, "back")
        self.assert_ended(self.tool("get", "s3://bucket/none", back), "missing", "s3://bucket/none", "404 NoSuchKey")
        self.assert_ended(self.tool("head", "s3://bucket/none"), "missing", "404")
        self.assert_ended(self.tool("list", "s3://other/none"), "missing", "404 NoSuchBucket")
        self.assert_ended(self.tool("put", self.write(b"x"), "s3://other/a"), "missing", "404 NoSuchBucket")
        self.assertEqual(os.listdir(self.folder), ["file"])

    def test_errors_pass(self):
        self.server.fail = lambda number: (503, 500, None)[number % 3]
        path, back = self.write(CONTENT), os.path.join(self.folder, "back")
        self.assert_done(self.tool("put", path, "s3://bucket/a"))
        self.assert_done(self.tool("get", "s3://bucket/a", back))
        self.assertEqual(self.tool("list", "s3://bucket/").found, b"a\n")

    def test_errors_stay(self):
        self.server.fail = lambda number: 503
        self.assert_ended(self.tool("--tries", 3, "put", self.write(CONTENT), "s3://bucket/a"), "failed",
                          "s3://bucket/a: cannot upload: HTTP 503 SlowDown, at the last of 3 tries")
        self.assertEqual(len(self.server.requests), 3)

    def test_lists(self):
        self.serve(page=3)
        for key in ["a/1", "a/2", "a/3", "a/4", "a/5&<>", "a/6 ä+", "a/7", "a/b/8", "b", "a/", "ab"]:
            self.bucket[key] = b"", {}
        self.assertEqual(self.tool("list", "s3://bucket/a/").output, "done\n\n1\n2\n3\n4\n5&<>\n6 ä+\n7\n".encode())
        self.assertEqual(len(self.server.requests), 3)
        self.assertEqual(self.tool("list", "s3://bucket").output, b"done\n\nab\nb\n")
        self.assertEqual(self.tool("list", "s3://bucket/none/").output, b"done\n\n")

    def test_lists_that_are_none(self):
        for body, word in (b"<html/>", "<html>"), (b"no", "not valid XML"), (b"", "not valid XML"), \
                (b"<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>", "cut off"), \
                (b"<!DOCTYPE a [<!ENTITY b 'c'>]><ListBucketResult/>", "entity"), (b"<ListBucketResult>" * 40, "elements"):
            self.server.pages["*"] = lambda handler, _, body=body: handler.send(200, body)
            self.assert_ended(self.tool("list", "s3://bucket/"), "refused", "s3://bucket/", word)

    # ---- accounts ----

    def test_session_tokens(self):
        self.serve(token=TOKEN)
        self.assert_done(self.tool("put", self.write(CONTENT), "s3://bucket/a b"))
        self.assert_ended(self.tool("put", self.write(CONTENT), "s3://bucket/a", AWS_SESSION_TOKEN="old"), "refused",
                          "HTTP 403 InvalidToken", "credentials")

    def test_regions(self):
        self.serve(region="eu-central-1")
        self.assert_done(self.tool("put", self.write(CONTENT), "s3://bucket/a"))
        self.assert_done(self.tool("--region", "eu-central-1", "list", "s3://bucket/", ))
        self.server.pages["*"] = lambda handler, _: handler.send(301, b"", x_amz_bucket_region="ap-south-1")
        self.assert_ended(self.tool("head", "s3://bucket/a"), "refused", "ap-south-1, not in eu-central-1: set AWS_REGION")

    def test_wrong_keys(self):
        done = self.tool("get", "s3://bucket/a", os.path.join(self.folder, "a"), AWS_SECRET_ACCESS_KEY="wrong")
        self.assert_ended(done, "refused", "HTTP 403 SignatureDoesNotMatch", "credentials")
        self.assertNotIn("wrong", done.sentence)

    def test_half_a_pair(self):
        done = self.tool("head", "s3://bucket/a", AWS_SECRET_ACCESS_KEY=None)
        self.assert_ended(done, "refused", "AWS_ACCESS_KEY_ID is set", "AWS_SECRET_ACCESS_KEY is not")

    def test_nobody(self):
        keys = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
        self.assert_ended(self.tool("head", "s3://bucket/a", **keys), "refused", "HTTP 403")
        self.serve(is_public=True)
        self.bucket["a b"] = CONTENT, {}
        self.assert_done(self.tool("get", "s3://bucket/a b", os.path.join(self.folder, "a"), **keys))
        self.assertFalse(any(name.lower().startswith(("x-amz", "auth")) for name in self.server.requests[0].headers))

    def test_profiles(self):
        path = self.write(f"# mine\n[default]\naws_access_key_id = wrong\naws_secret_access_key=wrong\n\n[ test ]\r\n"
                          f"aws_access_key_id = {ACCESS}\r\naws_secret_access_key = {SECRET}\n[half]\n"
                          f"aws_access_key_id=x\n".encode(), "credentials")
        keys = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None, "AWS_SHARED_CREDENTIALS_FILE": path}
        self.assert_done(self.tool("list", "s3://bucket/", AWS_PROFILE="test", **keys))
        self.assert_ended(self.tool("list", "s3://bucket/", **keys), "refused", "InvalidAccessKeyId")
        self.assert_ended(self.tool("list", "s3://bucket/", AWS_PROFILE="none", **keys), "refused", path, "[none]")
        self.assert_ended(self.tool("list", "s3://bucket/", AWS_PROFILE="half", **keys), "refused", path, "[half]")
        os.mkdir(os.path.join(self.folder, ".aws"))
        os.rename(path, os.path.join(self.folder, ".aws", "credentials"))
        keys.update(AWS_SHARED_CREDENTIALS_FILE=None, HOME=self.folder)
        self.assert_done(self.tool("list", "s3://bucket/", AWS_PROFILE="test", **keys))

    # ---- addresses ----

    def test_endpoints(self):
        self.assert_done(self.tool("--endpoint", self.server.url + "/", "put", self.write(CONTENT), "s3://bucket/a",
                                   AWS_ENDPOINT_URL="http://127.0.0.1:1"))
        self.assert_done(self.tool("list", "s3://bucket/", AWS_ENDPOINT_URL="http://127.0.0.1:1",
                                   AWS_ENDPOINT_URL_S3=self.server.url))
        for endpoint in "127.0.0.1:9", "http://", "s3://a", "http:///a", "http://u:p@h", "http://h?a":
            self.assert_ended(self.tool("--endpoint", endpoint, "list", "s3://bucket/"), "refused", "endpoint")

    def test_an_endpoint_with_a_path(self):
        self.serve(is_public=True)
        self.server.buckets["under"] = {"bucket/a b": (CONTENT, {})}
        self.assert_done(self.tool("--endpoint", self.server.url + "/under/", "head", "s3://bucket/a b"))
        self.assertEqual(self.server.requests[0].path, "/under/bucket/a%20b")

    def test_names_of_buckets(self):
        for url in "s3://", "s3:///a", "s3://b@host/a", "s3://b:1/a", "s3://../a", "s3://bü/a", "s3://bucket", "s3://bucket/":
            self.assert_ended(self.tool("head", url), "refused", "write s3://BUCKET/KEY")
        self.assertEqual(self.server.requests, [])

    def test_redirections_are_not_followed(self):
        self.server.pages["/bucket/a"] = lambda handler, _: handler.send(307, b"", Location=self.server.url + "/bucket/b")
        self.assert_ended(self.tool("head", "s3://bucket/a"), "refused", "HTTP 307")
        self.assertEqual(len(self.server.requests), 1)

    def test_only_buckets_are_written(self):
        self.assert_ended(self.tool("put", self.write(b"x"), self.server.url + "/a"), "refused", "only s3://")
        self.assert_ended(self.tool("list", self.server.url + "/a"), "refused", "only s3://")

    # ---- this machine ----

    def test_what_cannot_be_sent(self):
        for path in self.folder, os.path.join(self.folder, "none"):
            self.assert_ended(self.tool("put", path, "s3://bucket/a"), "local", path)
        large = os.path.join(self.folder, "large")
        with open(large, "wb") as file:
            file.truncate((5 << 30) + 1)
        self.assert_ended(self.tool("put", large, "s3://bucket/a"), "too-large", "5 GiB", large)
        self.assertEqual(self.server.requests, [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
