"""Objects become files: local ones, downloads, kept downloads, uids; verdicts and reasons."""
import os
import socket
import unittest

from fetch_run import FetchTest, serve, sha256

CONTENT = b"solid x\nendsolid x\n" * 100
UID = "0123456789abcdef0123456789abcdef"


class LocalTest(FetchTest):
    def test_verdicts(self):
        path = self.write("m/a.stl", CONTENT)
        right, wrong = sha256(CONTENT), sha256(b"other")
        found, modified, new, missing = self.fetch(
            {"file_identifier": "a", "location": path, "sha256": right},
            {"file_identifier": "b", "location": path, "sha256": wrong},
            path, {"file_identifier": self.path("m/none.stl"), "sha256": right})
        self.assertEqual((found["verdict"], found["reason"], found["path"]), ("found", "", path))
        self.assertEqual((found["sha256"], found["bytes"], found["left"]), (right, len(CONTENT), True))
        self.assertEqual((modified["verdict"], modified["reason"]), ("modified", "modified"))
        self.assertEqual(modified["message"], f"b: its SHA-256 is {right}, in the list it is {wrong}")
        self.assertEqual((new["verdict"], new["reason"], new["sha256"]), ("new", "", right))
        self.assertEqual((missing["verdict"], missing["reason"], missing["path"]), ("missing", "missing", None))
        self.assertIn("none.stl: cannot open: No such file", missing["message"])
        self.assertFalse(any(r["stop"] for r in (found, modified, new, missing)))

    def test_modified_is_accepted(self):
        path = self.write("a.stl", CONTENT)
        result = self.fetch({"file_identifier": path, "sha256": sha256(b"other")}, accept_modified=1)
        self.assertEqual((result["verdict"], result["reason"], result["path"]), ("modified", "", path))

    def test_odd_files(self):
        os.mkfifo(self.path("pipe"))
        empty = self.write("empty", b"")
        results = self.fetch(self.path(), self.path("pipe"), empty, "file://" + self.write("a b%.stl", b"x").replace(
            "%", "%25").replace(" ", "%20"), self.path("empty", "x"), "ftp://h/x", "a" * 5000)
        self.assertEqual([r["reason"] for r in results],
                         ["fetch failed", "fetch failed", "", "", "missing", "fetch failed", "missing"])
        self.assertIn("is a folder, not a file", results[0]["message"])
        self.assertIn("is a device or pipe", results[1]["message"])
        self.assertEqual(results[2]["sha256"], sha256(b""))
        self.assertEqual(results[3]["sha256"], sha256(b"x"))
        self.assertIn("ftp://h/x: objects can be files,", results[5]["message"])

    def test_too_large(self):
        path = self.write("a.stl", CONTENT)
        self.assertEqual(self.fetch(path, max_bytes=len(CONTENT))["reason"], "")
        result = self.fetch(path, max_bytes=len(CONTENT) - 1)
        self.assertEqual((result["reason"], result["path"]), ("too large", None))

    def test_many(self):
        names = [self.write(f"many/{i}.stl", b"%d" % i) for i in range(300)]
        results = self.fetch(*names, threads=16)
        self.assertEqual([r["sha256"] for r in results], [sha256(b"%d" % i) for i in range(300)])

    def test_uids(self):
        path = self.write("home/.objaverse/hf-objaverse-v1/glbs/000-000/a.glb", CONTENT)
        cached, local, unknown = self.fetch(
            {"file_identifier": UID, "location": "https://127.0.0.1:1/main/glbs/000-000/a.glb"},
            {"file_identifier": UID, "location": self.write("mirror/glbs/000-000/b.glb", b"b")}, UID)
        self.assertEqual((cached["path"], cached["verdict"]), (path, "new"))
        self.assertEqual(local["sha256"], sha256(b"b"))
        self.assertEqual((unknown["reason"], unknown["message"]),
                         ("missing", UID + " is not in Objaverse's list of paths (--uid-paths)"))


class UrlTest(FetchTest):
    def test_downloads_are_deleted(self):
        with serve({"/m/my%20model.stl?key=1": CONTENT, "/": b"x"}) as (base, _):
            result, root, missing = self.fetch(
                {"file_identifier": base + "/m/my%20model.stl?key=1", "sha256": sha256(CONTENT)}, base + "/",
                base + "/none.glb")
        self.assertEqual((result["reason"], result["verdict"], result["there"], result["left"]), ("", "found", True, False))
        self.assertEqual(os.path.basename(result["path"]), "my model.stl")
        self.assertEqual(result["beside"], ["my model.stl"])
        self.assertTrue(result["path"].startswith(self.scratch + "/"))
        self.assertEqual(os.path.basename(root["path"]), "object")
        self.assertEqual((missing["reason"], missing["verdict"], missing["path"]), ("missing", "missing", None))

    def test_reasons(self):
        with socket.socket() as refusing:
            refusing.bind(("127.0.0.1", 0))  # bound, but nobody listens
            with serve({"/a.stl": CONTENT}, status=403) as (base, _):
                results = self.fetch(base + "/b.stl", base + "/a.stl", f"http://127.0.0.1:{refusing.getsockname()[1]}/x",
                                     max_bytes=10, tries=1)
        self.assertEqual([r["reason"] for r in results], ["fetch failed", "too large", "fetch failed"])
        self.assertFalse(any(r["stop"] for r in results))

    def test_timeout(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            result = self.fetch(f"http://127.0.0.1:{silent.getsockname()[1]}/x.glb", timeout=1)
        self.assertEqual(result["reason"], "fetch timeout")

    def test_downloads_are_kept_and_found_again(self):
        kept = self.path("kept")
        with serve({"/m/a.stl": CONTENT, "/m/a.stl?v=2": b"two"}) as (base, asked):
            host = base.split("//")[1]
            one, two = self.fetch(base + "/m/a.stl", base + "/m/a.stl?v=2", download_dir=kept)
            self.assertEqual(one["path"], f"{kept}/{host}/m/a.stl")
            self.assertEqual((one["verdict"], one["left"]), ("new", True))
            self.assertRegex(two["path"], f"^{kept}/{host}/m/a-[0-9a-f]{{12}}\\.stl$")
            self.assertEqual(two["sha256"], sha256(b"two"))
            self.assertEqual(sorted(asked), ["/m/a.stl", "/m/a.stl?v=2"])
            del asked[:]
            again = self.fetch({"file_identifier": base + "/m/a.stl", "sha256": sha256(CONTENT)}, download_dir=kept)
            self.assertEqual((again["verdict"], asked), ("found", []))
            self.write(f"kept/{host}/m/a.stl", b"broken")  # what is wrong is fetched again
            mended = self.fetch({"file_identifier": base + "/m/a.stl", "sha256": sha256(CONTENT)}, download_dir=kept)
            self.assertEqual((mended["verdict"], mended["sha256"], asked), ("found", sha256(CONTENT), ["/m/a.stl"]))

    def test_one_url_at_a_time(self):
        with serve({"/a.stl": CONTENT}) as (base, asked):
            results = self.fetch(*[{"file_identifier": f"x{i}", "location": base + "/a.stl"} for i in range(20)],
                                 download_dir=self.path("kept"))
        self.assertEqual({r["sha256"] for r in results}, {sha256(CONTENT)})
        self.assertEqual(asked, ["/a.stl"])

    def test_nothing_escapes(self):
        kept = self.path("kept")
        names = ["/../../a", "/%2e%2e/b", "/x%2f..%2f..%2fc", "/.hidden", "//double", "/a%00b", "/" + "n" * 300 + ".glb"]
        with serve({name: b"x" for name in names}) as (base, _):
            for name in names:
                result = self.fetch(base + name, download_dir=kept)
                if result["path"] is not None:
                    self.assertEqual(os.path.realpath(result["path"]), result["path"])
                    self.assertTrue(result["path"].startswith(kept + "/"), result["path"])
        self.assertEqual(sorted(os.listdir(self.path())), ["kept", "scratch"])

    def test_a_file_where_a_folder_should_be(self):
        with serve({"/a": b"x", "/a/b": b"y"}) as (base, _):
            self.assertEqual(self.fetch(base + "/a", download_dir=self.path("kept"))["reason"], "")
            result = self.fetch(base + "/a/b", download_dir=self.path("kept"))
        self.assertEqual((result["reason"], result["stop"]), ("fetch failed", False))


if __name__ == "__main__":
    unittest.main()
