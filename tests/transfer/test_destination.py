"""Destinations: a folder, a folder in another file system, a bucket."""
import contextlib
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import unittest
import zipfile

from s3_server import S3Server

TOOL = sys.argv[1]
METADATA = b'{"render_settings":{"engine":"CALOTYPE_CPU"}}'
SAMPLE = {"000.png": b"picture" * 1000, "000_depth.npy": b"depth" * 5000, "metadata.json": METADATA}


def hash_of(files):
    """What `sha256sum *` prints, hashed."""
    lines = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items()))
    return sum(map(len, files.values())), hashlib.sha256(lines.encode()).hexdigest()


def read_tree(folder):
    found = {}
    for path, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(path, name), "rb") as file:
                found[os.path.relpath(os.path.join(path, name), folder)] = file.read()
    return found


def a_zip(name="x/000.png", date=(1980, 1, 1, 0, 0, 0)):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr(zipfile.ZipInfo(name, date), b"content")
    return packed.getvalue()


def a_tar(owner="", moment=0):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as file:
        member = tarfile.TarInfo("x.000.png")
        member.mode, member.uname, member.mtime = 0o644, owner, moment
        file.addfile(member, io.BytesIO())
    return packed.getvalue()


class Case(unittest.TestCase):
    environment = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.staged, self.place = os.path.join(folder.name, "staged"), os.path.join(folder.name, "data set")

    def run_tool(self, *words, place=None):
        done = subprocess.run([TOOL, place or self.place, *map(str, words)], capture_output=True, timeout=120, check=False,
                              env=self.environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        status, sentence = done.stderr.decode().split("\n", 1)
        return status, sentence.strip(), done.stdout

    def assert_ok(self, *words, found=b"", **options):
        self.assertEqual(self.run_tool(*words, **options), ("ok", "", found))

    def assert_fails(self, status, *words, says=()):
        got, sentence, _ = self.run_tool(*words)
        self.assertEqual(got, status, sentence)
        for word in says:
            self.assertIn(word, sentence)

    def stage(self, content):
        """A file, or a folder of files."""
        if isinstance(content, bytes):
            with open(self.staged, "wb") as file:
                file.write(content)
            return
        shutil.rmtree(self.staged, ignore_errors=True)
        os.mkdir(self.staged)
        for name, part in content.items():
            with open(os.path.join(self.staged, name), "wb") as file:
                file.write(part)

    def put(self, content, name):
        self.stage(content)
        self.assert_ok("put", self.staged, name)
        self.assertFalse(os.path.lexists(self.staged))


class Both:
    """What holds for all of them."""

    def test_files_and_folders(self):
        self.put(b"shard", "train/000003.torch")
        self.put(SAMPLE, "uid")
        self.assertEqual(self.there(), {"train/000003.torch": b"shard", **{"uid/" + name: SAMPLE[name] for name in SAMPLE}})

    def test_has(self):
        digest = hashlib.sha256(b"shard").hexdigest()
        self.assert_ok("has", "a/b.tar", 5, digest, found=b"not there\n")
        self.put(b"shard", "a/b.tar")
        self.put(SAMPLE, "uid")
        self.assert_ok("has", "a/b.tar", 5, digest, found=b"there\n")
        self.assert_ok("has", "a/b.tar", 4, digest, found=b"not there\n")
        self.assert_ok("has", "a/b.tar", 5, "0" * 64, found=b"not there\n")
        self.assert_ok("has", "uid", *hash_of(SAMPLE), found=b"there\n")
        self.assert_ok("has", "uid", *hash_of({**SAMPLE, "000.png": b"PICTURE" * 1000}), found=b"not there\n")
        self.assert_ok("has", "a", *hash_of({}), found=b"not there\n")

    def test_lists_and_bytes(self):
        for name in "shards/b.jsonl", "shards/a.jsonl", "shards/inner/c.jsonl", "index.json":
            self.put(b"{}" + name.encode(), name)
        self.assert_ok("list", "shards/", found=b"a.jsonl\nb.jsonl\n")
        self.assert_ok("list", "shards", found=b"a.jsonl\nb.jsonl\n")
        self.assert_ok("list", "", found=b"index.json\n")
        self.assert_ok("list", "none/", found=b"")
        self.assert_ok("get", "shards/a.jsonl", 100, found=b"{}shards/a.jsonl")
        self.assert_fails("limit", "get", "shards/a.jsonl", 5)
        self.assert_fails("not-found", "get", "shards/none", 5)

    def test_an_earlier_result_is_replaced(self):
        self.put(SAMPLE, "uid")
        other = {**SAMPLE, "000.png": b"new", "001.png": b"more"}
        self.put(other, "uid")
        self.put(a_zip(), "x.zip")
        self.put(a_zip("x/other"), "x.zip")
        self.assertEqual(self.there(), {"x.zip": a_zip("x/other"), **{"uid/" + name: other[name] for name in other}})

    def test_names_stay_inside(self):
        self.stage(b"x")
        for name in "", "/etc/x", "../x", "a/../../x", "a/..", "./a", "a//b", "a/":
            self.assert_fails("argument", "put", self.staged, name, says=["cannot be a name"])
            self.assert_fails("argument", "get", name, 5)
        for name in "/", "..", "a/../b", "/etc/":
            self.assert_fails("argument", "list", name)
        self.assertEqual(self.there(), {})

    def test_only_files_are_staged(self):
        self.stage(SAMPLE)
        os.symlink("/etc/passwd", os.path.join(self.staged, "001.png"))
        self.assert_fails("format", "put", self.staged, "uid", says=["001.png", "not a regular file"])
        os.unlink(os.path.join(self.staged, "001.png"))
        os.mkdir(os.path.join(self.staged, "inner"))
        self.assert_fails("format", "put", self.staged, "uid", says=["inner", "not a regular file"])
        os.rename(self.staged, self.staged + "2")
        os.symlink("/etc/passwd", self.staged)
        self.assertIn(self.run_tool("put", self.staged, "uid")[0], ("format", "io"))
        self.assertEqual(self.there(), {})


class Folder(Both, Case):
    def there(self):
        return read_tree(self.place)

    def test_what_is_not_ours_stays(self):
        others = {"a.zip": a_zip(date=(2020, 1, 1, 0, 0, 0)), "a.tar": a_tar("anna", 1600000000), "a.torch": b"\x80\x02", "t.txt": b"notes",
                  "uid/thesis.tex": b"!"}
        os.makedirs(os.path.join(self.place, "uid"))
        for name, content in others.items():
            with open(os.path.join(self.place, name), "wb") as file:
                file.write(content)
        for name in "a.zip", "a.tar", "a.torch", "t.txt", "uid":
            self.stage(b"new")
            self.assert_fails("io", "put", self.staged, name, says=[name, "is there already", "another output folder"])
        os.remove(self.staged)
        self.stage(SAMPLE)
        for name in "a.zip", "uid":
            self.assert_fails("io", "put", self.staged, name, says=[name, "is there already"])
        self.assertEqual(self.there(), others)

    def test_all_that_calotype_makes_is_ours(self):
        tensors = (20).to_bytes(8, "little") + b'{"__metadata__":{}} '
        for name, content in {"a.zip": a_zip(), "a.tar": a_tar(), "a.safetensors": tensors, "index.json": b'{"a":1}', "empty": b"",
                              "sha256sums.txt": b"0" * 64 + b"  a.tar\n"}.items():
            self.put(content, name)
            self.put(b"new", name)
            self.assertEqual(self.there()[name], b"new")

    def test_folders_that_cannot_be(self):
        self.stage(b"x")
        self.assertEqual(self.run_tool("put", self.staged, "a", place="hdfs://host/a")[:2], (
            "unsupported", "hdfs:// cannot be written to: name a folder (which may be mounted from elsewhere) or s3://BUCKET/PREFIX"))
        self.assertEqual(self.run_tool("list", "", place="s3://")[:2], ("argument", "s3:// names no bucket: write s3://BUCKET/PREFIX"))
        status, sentence, _ = self.run_tool("put", self.staged, "a", place=self.staged + "/a")
        self.assertEqual(status, "not-found", sentence)
        self.assert_fails("io", "put", self.staged + "none", "a", says=["none"])

    def test_hashes(self):
        self.stage(SAMPLE)
        self.assert_ok("hash", place=self.staged, found=b"%d %s\n" % (hash_of(SAMPLE)[0], hash_of(SAMPLE)[1].encode()))
        lines = subprocess.run("sha256sum * | sha256sum", shell=True, cwd=self.staged, capture_output=True, check=True).stdout
        self.assertEqual(lines[:64].decode(), hash_of(SAMPLE)[1])
        path = os.path.join(self.staged, "000.png")
        self.assert_ok("hash", place=path, found=b"7000 %s\n" % hashlib.sha256(SAMPLE["000.png"]).hexdigest().encode())
        os.symlink(path, self.staged + "link")
        self.assertEqual(self.run_tool("hash", place=self.staged + "link")[0], "format")


class OtherFileSystem(Folder):
    """The same once more, where nothing can be renamed from there to here."""

    def setUp(self):
        super().setUp()
        if not os.path.isdir("/dev/shm") or os.stat("/dev/shm").st_dev == os.stat(self.folder).st_dev:
            self.skipTest("/dev/shm is no other file system")
        other = tempfile.TemporaryDirectory(dir="/dev/shm")
        self.addCleanup(other.cleanup)
        self.place = os.path.join(other.name, "data set")

    def test_leftovers_of_a_copy_that_was_killed(self):
        os.makedirs(os.path.join(self.place, ".uid.part"))
        with open(os.path.join(self.place, ".uid.part", "old.png"), "wb") as file:
            file.write(b"old")
        with open(os.path.join(self.place, ".a.tar.part"), "wb") as file:
            file.write(b"longer than what comes")
        self.put(SAMPLE, "uid")
        self.put(b"shard", "a.tar")
        self.assertEqual(self.there(), {"a.tar": b"shard", **{"uid/" + name: SAMPLE[name] for name in SAMPLE}})

    def test_who_comes_second_waits(self):
        import fcntl
        os.makedirs(self.place)
        hidden = os.path.join(self.place, ".a.tar.part")
        with open(hidden, "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self.stage(b"shard")
            thread = threading.Thread(target=self.assert_ok, args=("put", self.staged, "a.tar"))
            thread.start()
            time.sleep(0.5)
            self.assertEqual(self.there(), {".a.tar.part": b""})
            file.write(b"first")
            file.flush()
            os.rename(hidden, os.path.join(self.place, "a.tar"))
            with open(os.path.join(self.place, "a.tar"), "r+b") as first:
                first.write(a_tar())
        thread.join()
        self.assertEqual(self.there(), {"a.tar": b"shard"})

    def test_a_full_disk(self):
        os.makedirs(self.place)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", self.place], capture_output=True, check=False).returncode:
            self.skipTest("a small file system cannot be mounted here")
        try:
            for content in b"x" * 100000, {**SAMPLE, "001.png": b"x" * 100000}:
                with contextlib.suppress(FileNotFoundError):
                    os.remove(self.staged)
                self.stage(content)
                self.assert_fails("io", "put", self.staged, "a", says=["No space left on device", "free some space"])
                self.assertTrue(os.path.exists(self.staged))
                self.assertEqual(self.there(), {})
                self.assertEqual(os.listdir(self.place), [])
        finally:
            subprocess.run(["umount", self.place], check=True)


class Bucket(Both, Case):
    def setUp(self):
        super().setUp()
        self.server = S3Server()
        self.addCleanup(self.server.stop)
        self.environment = self.server.environment()
        self.place = "s3://bucket/sets/one/"

    def there(self):
        return {key[len("sets/one/"):]: value[0] for key, value in self.server.buckets["bucket"].items()}

    def test_metadata_comes_last(self):
        self.put({**SAMPLE, "zzz.png": b"z"}, "uid")
        self.assertEqual(self.server.puts, ["sets/one/uid/" + name for name in ("000.png", "000_depth.npy", "zzz.png", "metadata.json")])

    def test_what_is_not_ours_stays(self):
        self.server.buckets["bucket"]["sets/one/a.tar"] = b"theirs", {}
        self.stage(b"new")
        self.assert_fails("io", "put", self.staged, "a.tar", says=["s3://bucket/sets/one/a.tar is there already"])
        self.assertEqual(self.there(), {"a.tar": b"theirs"})

    def test_files_of_another_result_are_not_mixed_in(self):
        self.put({**SAMPLE, "001.png": b"more"}, "uid")
        before = self.there()
        self.stage({**SAMPLE, "000.png": b"new"})
        self.assert_fails("io", "put", self.staged, "uid", says=["uid/001.png is there already", "delete uid/"])
        self.assertEqual(self.there(), before)

    def test_every_third_request_fails(self):
        self.server.fail = lambda number: 503 if number % 3 == 0 else None
        self.test_files_and_folders()

    def test_a_bucket_itself(self):
        self.place = "s3://bucket"
        self.put(b"{}", "a.json")
        self.assertEqual(list(self.server.buckets["bucket"]), ["a.json"])
        self.assert_ok("list", "", found=b"a.json\n")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
