"""Objects in git repositories: one fetch for all of them, wrong commits and paths, private ones, and what is kept."""
import os
import shutil
import subprocess
import tarfile
import unittest
import zipfile

from fetch_run import FetchTest, serve, sha256

ENVIRONMENT = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "HOME": "/nonexistent",
               "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}


def tree(folder):
    return sorted(os.path.relpath(os.path.join(path, name), folder) for path, _, names in os.walk(folder) for name in names)


@unittest.skipUnless(shutil.which("git"), "git is missing")
class GitTest(FetchTest):
    def setUp(self):
        super().setUp()
        self.repository = self.path("remote", "r.git")
        self.git("init", "-q", "-b", "main", self.repository, folder=self.path())
        self.files = {"a.stl": b"root", "m/b.obj": b"mtllib b.mtl\n", "m/b.mtl": b"newmtl x\n", "m/tex/t.png": b"png",
                      "n/c d#1.stl": b"odd", "n/e%20f.stl": b"percent", "big.stl": b"x" * 100000,
                      "lfs.glb": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n",
                      "hidden.stl": b"h", ".gitattributes": b"hidden.stl export-ignore\n*.stl filter=evil\n"}
        for name, content in self.files.items():
            self.write("remote/r.git/" + name, content)
        os.symlink("/etc/passwd", self.path("remote/r.git/link.stl"))
        self.commit = self.record()
        self.write("remote/r.git/later.stl", b"later")
        self.later = self.record()
        self.base = f"file://{self.repository}/blob/{self.commit}/"

    def git(self, *words, folder=None):
        return subprocess.run(["git", *words], cwd=folder or self.repository, env=ENVIRONMENT, check=True, text=True,
                              capture_output=True).stdout.strip()

    def record(self):
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "x")
        return self.git("rev-parse", "HEAD")

    def test_files_of_a_commit(self):
        names = ["a.stl", "m/b.obj", "n/c d#1.stl", "n/e%20f.stl", "n/c%20d%231.stl", "later.stl", "none.stl", "m", "link.stl",
                 "lfs.glb"]
        results = self.fetch(*[self.base + name for name in names], threads=4)
        root, model, odd, percent, encoded, later, none, folder, link, pointer = results
        self.assertEqual((root["verdict"], root["sha256"], root["there"]), ("new", sha256(b"root"), True))
        self.assertTrue(root["left"])  # others of the same repository are in use
        self.assertEqual(model["beside"], ["b.mtl", "b.obj", "tex"])
        self.assertEqual([r["sha256"] for r in (odd, percent, encoded)], [sha256(b"odd"), sha256(b"percent"), sha256(b"odd")])
        self.assertEqual(link["sha256"], sha256(b"/etc/passwd"))  # never followed: a file with the name of its target
        for result in (later, none, folder, pointer):
            self.assertEqual((result["reason"], result["path"], result["stop"]), ("missing", None, False), result)
        self.assertEqual(none["message"], f"file://{self.repository}: there is no file none.stl at {self.commit}")
        self.assertIn("lfs.glb at", pointer["message"])
        self.assertIn("is a Git LFS pointer", pointer["message"])

    def test_leftovers_are_no_harm(self):
        self.write("scratch/repository-000000/git/config", b"broken")
        self.write("scratch/fetch-000000/a.stl", b"old")
        with serve({"/a.stl": b"new"}) as (base, _):
            results = self.fetch(self.base + "a.stl", base + "/a.stl")
        self.assertEqual([r["sha256"] for r in results], [sha256(b"root"), sha256(b"new")])

    def test_hashes_and_names(self):
        found, modified, branch = self.fetch(
            {"file_identifier": self.base + "a.stl", "sha256": sha256(b"root")},
            {"file_identifier": self.base + "a.stl", "sha256": sha256(b"other")},
            f"file://{self.repository}/blob/main/later.stl")
        self.assertEqual([r["verdict"] for r in (found, modified, branch)], ["found", "modified", "new"])
        self.assertEqual(branch["sha256"], sha256(b"later"))

    def test_one_fetch_for_all(self):
        calls = self.path("calls")
        self.write("bin/git", f'#!/bin/sh\ncase "$*" in *" fetch "*) echo x >> {calls};; esac\nexec {shutil.which("git")} "$@"\n'
                   .encode())
        os.chmod(self.path("bin/git"), 0o755)
        path = os.environ["PATH"]
        os.environ["PATH"] = self.path("bin") + ":" + path
        try:
            results = self.fetch(*[self.base + "m/b.obj", self.base + "a.stl"] * 20, threads=8)
        finally:
            os.environ["PATH"] = path
        self.assertEqual({r["reason"] for r in results}, {""})
        with open(calls, encoding="ascii") as file:
            self.assertEqual(file.read(), "x\n")

    def test_what_is_not_there(self):
        zeros = "0" * 40
        commit, short, repository = self.fetch(
            f"file://{self.repository}/blob/{zeros}/a.stl", f"file://{self.repository}/blob/{self.commit[:10]}/a.stl",
            f"file://{self.path('nowhere')}/blob/{self.commit}/a.stl", tries=1)
        self.assertEqual((commit["reason"], commit["message"]),
                         ("missing", f"file://{self.repository}: there is no commit {zeros}"))
        self.assertEqual((short["reason"], short["sha256"]), ("", sha256(b"root")))  # by way of a whole fetch
        self.assertEqual(repository["reason"], "missing")

    def test_private_repositories_fail_at_once(self):
        with serve({}, status=401) as (base, asked):
            private = self.fetch(base + "/group/private/-/blob/" + self.commit + "/a.stl")
            self.assertEqual((private["reason"], private["stop"]), ("fetch failed", False))
            self.assertIn("could not read Username", private["message"])
            self.assertEqual(len(asked), 1)
        with serve({}) as (base, _):
            gone = self.fetch(base + "/group/sub/gone/-/blob/" + self.commit + "/a.stl")
            self.assertEqual(gone["reason"], "missing")

    def test_a_server_without_space_stops_nothing(self):
        """Only this machine's own full disk ends a run."""
        lines = [b"# service=git-upload-pack\n", None, b"ERR No space left on device"]
        answer = b"".join(b"%04x%s" % (len(line) + 4, line) if line else b"0000" for line in lines)
        with serve({"/group/full/info/refs?service=git-upload-pack": answer},
                   kind="application/x-git-upload-pack-advertisement") as (base, asked):
            result = self.fetch(base + "/group/full/-/blob/" + self.commit + "/a.stl", tries=1)
        self.assertEqual(len(asked), 1)
        self.assertEqual((result["reason"], result["stop"]), ("fetch failed", False))
        self.assertIn("No space left on device", result["message"])

    def test_timeout(self):
        import socket  # pylint: disable=import-outside-toplevel
        with socket.create_server(("127.0.0.1", 0)) as silent:
            result = self.fetch(f"http://127.0.0.1:{silent.getsockname()[1]}/g/r/-/blob/{self.commit}/a.stl", timeout=1)
        self.assertEqual(result["reason"], "fetch timeout")

    def test_too_large(self):
        self.write("remote/r.git/random.stl", os.urandom(300000))
        commit = self.record()
        result = self.fetch(f"file://{self.repository}/blob/{commit}/random.stl", max_bytes=200000)
        self.assertEqual(result["reason"], "too large")

    def test_paths_stay_inside(self):
        for path in ("../a.stl", "m/../../a.stl", ".git/config", "/a.stl", "m//b.obj", "m/%2e%2e/a.stl", "."):
            result = self.fetch(self.base + path)
            self.assertIn(result["reason"], ("missing", "fetch failed"), path)

    def test_archives_are_kept(self):
        kept = self.path("kept")
        expected = sorted(list(self.files) + ["link.stl"])
        place = f"{kept}{self.repository}/{self.commit}"
        for ending in ("zip", "tar", "tar.gz"):
            result = self.fetch(self.base + "m/b.obj", download_dir=kept, save_repo_format=ending)
            self.assertEqual((result["reason"], result["left"]), ("", False), result["message"])
            if ending == "zip":
                with zipfile.ZipFile(place + ".zip") as archive:
                    self.assertEqual(sorted(n for n in archive.namelist() if not n.endswith("/")), expected)
                    self.assertEqual(archive.read("a.stl"), b"root")
            else:
                with tarfile.open(place + "." + ending) as archive:
                    self.assertEqual(sorted(m.name for m in archive.getmembers() if not m.isdir()), expected)
        self.assertEqual(sorted(os.listdir(os.path.dirname(place))), [self.commit + e for e in (".tar", ".tar.gz", ".zip")])

    def test_files_are_kept_and_found_again(self):
        kept = self.path("kept")
        first = self.fetch(self.base + "m/b.obj", download_dir=kept, save_repo_format="files")
        self.assertEqual((first["path"], first["left"]), (f"{kept}{self.repository}/{self.commit}/m/b.obj", True))
        self.assertEqual(tree(f"{kept}{self.repository}/{self.commit}"), sorted(list(self.files) + ["link.stl"]))
        self.assertFalse(os.path.islink(f"{kept}{self.repository}/{self.commit}/link.stl"))
        shutil.rmtree(self.repository)
        again, none = self.fetch(self.base + "a.stl", self.base + "none.stl", download_dir=kept, save_repo_format="files")
        self.assertEqual((again["sha256"], none["reason"]), (sha256(b"root"), "missing"))

    def test_without_git(self):
        path = os.environ["PATH"]
        os.environ["PATH"] = self.path("empty")
        try:
            result = self.fetch(self.base + "a.stl", tries=1)
        finally:
            os.environ["PATH"] = path
        self.assertEqual((result["reason"], result["message"]),
                         ("fetch failed", f"file://{self.repository}: git cannot be run: install it"))


if __name__ == "__main__":
    unittest.main()
