#!/usr/bin/env python3
"""The command line tool as a user meets it: test_cli.py TOOL. Needs the standard library only."""
import json
import math
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import uuid
import zipfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import models  # noqa: E402

TOOL = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else "calotype"


def files_below(folder):
    """Every file below `folder`, relative; hidden and temporary ones too."""
    return sorted(os.path.relpath(os.path.join(path, name), folder)
                  for path, _, names in os.walk(folder) for name in names)


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="calotype-test-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def write(self, name, data):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "wb") as file:
            file.write(data)
        return self.path(name)

    def read(self, *parts):
        with open(self.path(*parts), "rb") as file:
            return file.read()

    def metadata(self, *parts):
        return json.loads(self.read(*parts, "metadata.json"))

    def run_tool(self, *arguments, **more):
        more.setdefault("timeout", 120)
        return subprocess.run([TOOL, *arguments], capture_output=True, text=True, check=False, **more)

    def render(self, *arguments):
        run = self.run_tool("render", *arguments, "-o", self.path("out"))
        self.assertEqual(run.returncode, 0, run.stderr)
        return run

    def cube(self, name="cube.glb"):
        return self.write(name, models.glb(*models.cube()))

    def assert_refused(self, run, code, *words):
        """One sentence on stderr that holds the words, that exit code, and no file left behind."""
        lines = run.stderr.splitlines()
        self.assertEqual(len(lines), 1, run.stderr)
        self.assertTrue(lines[0].startswith("calotype: "), lines[0])
        self.assertGreater(len(lines[0]), 30)
        for word in words:
            self.assertIn(word, lines[0])
        if isinstance(code, int):
            self.assertEqual(run.returncode, code, lines[0])
        else:
            self.assertIn(run.returncode, code, lines[0])
        if os.path.exists(self.path("out")):
            self.assertEqual(files_below(self.path("out")), [])
            self.assertEqual(os.listdir(self.path("out")), [])


class Usage(Case):
    def test_help_is_there_for_every_verb(self):
        overview = self.run_tool("--help")
        self.assertEqual(overview.returncode, 0)
        for verb in ("render", "info", "backends"):
            self.assertIn(verb, overview.stdout)
            page = self.run_tool("help", verb)
            self.assertEqual(page.returncode, 0)
            self.assertEqual(page.stdout, self.run_tool(verb, "--help").stdout)
        page = self.run_tool("help", "render").stdout
        for word in ("--depth", "--sheet FILE.png", "objaverse-xl", "trellis-cond", "Examples", "Exit codes"):
            self.assertIn(word, page)
        self.assertLess(max(len(line) for line in page.splitlines()), 121)

    def test_version(self):
        self.assertRegex(self.run_tool("--version").stdout, r"^calotype \d+\.\d+\.\d+\n$")

    def test_no_verb_shows_the_overview(self):
        run = self.run_tool()
        self.assertEqual(run.returncode, 2)
        self.assertIn("Verbs", run.stderr)

    def test_views_that_do_not_fit_into_memory_are_refused_at_once(self):
        run = self.run_tool("render", self.cube(), "-o", self.path("out"), "--size", "16384", "--max-memory", "1G")
        self.assertEqual(run.returncode, 6)
        self.assertEqual(len(run.stderr.splitlines()), 1)
        self.assertIn("--max-memory", run.stderr)
        self.assertFalse(os.path.exists(self.path("out")))

    def test_mistakes_are_told_with_a_way_out(self):
        cube = self.cube()
        out = ("-o", self.path("out"))
        for arguments, words in [
            (["rendr", cube], ["rendr", "calotype render"]),
            ([cube], ["calotype render"]),
            (["render", cube, *out, "--normal"], ["--normal", "--normals"]),
            (["render", cube, *out, "--dpeth"], ["did you mean --depth"]),
            (["render", cube, *out, "-x"], ["-x"]),
            (["render", cube, *out, "--quiet=yes"], ["--quiet"]),
            (["render", cube, *out, "--views"], ["--views N"]),
            (["render", cube], ["-o"]),
            (["render", *out], ["which file"]),
            (["render", cube, *out, "--size", "0"], ["--size 0", "16384"]),
            (["render", cube, *out, "--size", "100000"], ["--size 100000", "16384"]),
            (["render", cube, *out, "--size", "256x"], ["--size 256x"]),
            (["render", cube, *out, "--size", "-5"], ["--size -5"]),
            (["render", cube, *out, "--views", "0"], ["--views 0"]),
            (["render", cube, *out, "--views=2.5"], ["--views 2.5"]),
            (["render", cube, *out, "--threads", "0"], ["--threads 0"]),
            (["render", cube, *out, "--preset", "nerfies"], ["nerfies", "objaverse-xl"]),
            (["render", cube, *out, "--radius", "3,2"], ["3", "2", "ascending"]),
            (["render", cube, *out, "--radius", "1,"], ["--radius 1,"]),
            (["render", cube, *out, "--fov", "nan"], ["nan"]),
            (["render", cube, *out, "--samples", "3"], ["--samples 3", "16"]),
            (["render", cube, *out, "--cull", "maybe"], ["auto|off"]),
            (["render", cube, *out, "--package", "zi"], ["files|zip|webdataset|torch|safetensors"]),
            (["render", cube, *out, "--background", "#12345"], ["#12345"]),
            (["render", cube, *out, "--sun", "10"], ["--sun 10"]),
            (["render", cube, *out, "--sun", "10,95"], ["--sun 10,95"]),
            (["render", cube, *out, "--shadows", "sun"], ["--shadows sun", "directional"]),
            (["render", cube, *out, "--shadows", "spot,"], ["--shadows spot,"]),
            (["render", cube, *out, "--shadow-map-size", "63"], ["--shadow-map-size 63", "64", "8192"]),
            (["render", cube, *out, "--seed", "-1"], ["--seed -1"]),
            (["render", cube, *out, "--channels", "depth,colour"], ["colour", "albedo"]),
            (["render", cube, *out, "--ids=jpg"], ["jpg"]),
            (["render", cube, *out, "--wireframe=some"], ["some", "flip"]),
            (["render", cube, *out, "--normal-length", "-1"], ["--normal-length"]),
            (["render", cube, *out, "--max-memory", "2X"], ["2X", "500M"]),
            (["render", cube, *out, "--color-format", "rgb"], ["--background"]),
            (["render", cube, *out, "--time", "1"], ["--animation"]),
            (["render", cube, *out, "--fit", "none", "--preset", "orbit"], ["radius"]),
            (["render", cube, cube, *out, "--sheet", self.path("s.png")], ["{name}"]),
            (["render", cube, *out, "--cameras", "x.json", "--views", "3"], ["views"]),
            (["render", cube, *out, "--reject", "blank,blurred"], ["blurred", "clipped"]),
            (["render", cube, *out, "--reject", "clipped:2"], ["clipped:0.5"]),
        ]:
            with self.subTest(arguments=arguments):
                self.assert_refused(self.run_tool(*arguments), 2, *words)

    def test_levels_of_detail_need_the_cpu_backend(self):
        for backend in ("egl", "osmesa", "glfw"):
            run = self.run_tool("render", self.cube(), "-o", self.path("out"), "--backend", backend, "--lod", "1")
            self.assertEqual(run.returncode, 5, run.stderr)
            self.assertIn("levels of detail", run.stderr)

    def test_unknown_backend_is_an_error(self):
        run = self.run_tool("render", self.cube(), "-o", self.path("out"), "--backend", "vulkan")
        self.assert_refused(run, 8, "vulkan")
        run = self.run_tool("render", self.cube(), "-o", self.path("out"), env={"CALOTYPE_BACKEND": "vulkan"})
        self.assert_refused(run, 8, "vulkan", "CALOTYPE_BACKEND")

    def test_backends_and_formats_are_listed(self):
        listed = json.loads(self.run_tool("backends", "--json").stdout)
        self.assertTrue(any(b["name"] == "cpu" and b["available"] for b in listed["backends"]))
        self.assertEqual([b["name"] for b in listed["backends"]], ["cpu", "egl", "osmesa", "glfw"])
        for backend in listed["backends"][1:]:
            if backend["available"]:
                self.assertTrue(backend["gl_vendor"] and backend["gl_renderer"] and backend["gl_version"])
                self.assertEqual(backend["software"], "the CPU" in backend["detail"])
            else:
                self.assertGreater(len(backend["detail"]), 20, "why not is missing")
        self.assertEqual(set(listed["formats"]) & {"gltf", "glb", "obj", "stl", "ply"},
                         {"gltf", "glb", "obj", "stl", "ply"})
        self.assertIn("cpu", self.run_tool("backends").stdout)

    def test_two_inputs_of_one_name_are_told_first(self):
        a, b = self.cube("a/chair.glb"), self.cube("b/chair.glb")
        run = self.run_tool("render", a, b, "-o", self.path("out"))
        self.assert_refused(run, 2, a, b, "--name uid")
        self.render(a, b, "--name", "uid", "--views", "1", "--size", "16")
        expected = sorted(str(uuid.uuid5(uuid.NAMESPACE_DNS, p)) for p in (a, b))
        self.assertEqual(sorted(os.listdir(self.path("out"))), expected)

    def test_the_rest_goes_on_after_a_failure(self):
        good, bad = self.cube(), self.write("bad.glb", b"glTF nonsense")
        run = self.run_tool("render", bad, good, "-o", self.path("out"), "--views", "1", "--size", "16")
        self.assertEqual(run.returncode, 1)
        self.assertIn("bad.glb", run.stderr)
        self.assertIn("1 of 2", run.stdout)
        self.assertEqual(os.listdir(self.path("out")), ["cube"])

    def test_a_closed_pipe_ends_quietly(self):
        command = f'"{TOOL}" help render | head -n 1 >/dev/null; exit ${{PIPESTATUS[0]}}'
        run = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
        self.assertEqual((run.returncode, run.stderr), (0, ""))


class BadInput(Case):
    def refuse(self, name, data, code, *words):
        path = self.write(name, data)
        start = time.monotonic()
        run = self.run_tool("render", path, "-o", self.path("out"), "--views", "1")
        self.assertLess(time.monotonic() - start, 5)
        self.assert_refused(run, code, name, *words)

    def test_missing_file(self):
        run = self.run_tool("render", self.path("none.glb"), "-o", self.path("out"))
        self.assert_refused(run, 3, "none.glb")

    def test_folder(self):
        run = self.run_tool("render", self.folder, "-o", self.path("out"))
        self.assert_refused(run, 7, "folder")

    def test_empty_file(self):
        self.refuse("empty.glb", b"", 4, "empty")

    def test_wrong_magic(self):
        self.refuse("noise.glb", bytes(range(256)) * 4, (4, 5))
        self.refuse("picture.glb", b"\x89PNG\r\n\x1a\n" + b"\0" * 64, (4, 5))

    def test_truncated(self):
        whole = models.glb(*models.cube())
        for size in (4, 11, 12, 19, 40, len(whole) // 2, len(whole) - 1):
            with self.subTest(size=size):
                self.refuse("cut.glb", whole[:size], (4, 5))

    def test_accessor_past_its_buffer(self):
        document, data = models.cube()
        document["accessors"][1]["count"] = 4000
        self.refuse("past.glb", models.glb(document, data), 4, "accessors[1]")

    def test_claim_of_ten_million_vertices(self):
        document, data = models.cube()
        document["accessors"][1]["count"] = 10_000_000
        document["bufferViews"][1]["byteLength"] = 120_000_000
        document["buffers"][0]["byteLength"] = 200_000_000
        claim = models.glb(document, data)
        self.assertLess(len(claim), 2000)
        self.refuse("claim.glb", claim, (4, 6))
        self.refuse("claim.stl", b"\0" * 80 + struct.pack("<I", 10_000_000) + b"\0" * 500, (4, 6))
        header = b"ply\nformat binary_little_endian 1.0\nelement vertex 10000000\nproperty float x\nproperty float y\n" \
                 b"property float z\nelement face 1\nproperty list uchar int vertex_indices\nend_header\n"
        self.refuse("claim.ply", header + b"\0" * 500, (4, 6))

    def test_positions_that_are_not_numbers(self):
        for bad in (math.nan, math.inf):
            corners = [(bad, 0.0, 0.0)] + models.CORNERS[1:]
            self.refuse("nan.glb", models.glb(*models.cube(corners)), 4)

    def test_index_past_the_vertices(self):
        indices = models.triangles()
        indices[7] = 99
        self.refuse("index.glb", models.glb(*models.cube(indices=indices)), 4, "99")

    def test_no_triangles(self):
        self.refuse("bare.glb", models.glb({"asset": {"version": "2.0"}, "scenes": [{}], "buffers": [
            {"byteLength": 4}]}, b"\0\0\0\0"), 4)
        self.refuse("bare.obj", b"# a cube was here\nvn 0 0 1\n", (4, 5))

    def test_limits(self):
        cube = self.cube()
        out = ("-o", self.path("out"))
        self.assert_refused(self.run_tool("render", cube, *out, "--max-triangles", "11"), 6, "cube.glb", "11")
        self.assert_refused(self.run_tool("render", cube, *out, "--max-memory", "100"), 6, "cube.glb")

    def test_buffer_that_leaves_the_folder(self):
        document, data = models.cube()
        self.write("secret.bin", data)
        document["buffers"][0]["uri"] = "../secret.bin"
        path = self.write("inner/leaves.gltf", json.dumps(document).encode())
        run = self.run_tool("render", path, "-o", self.path("out"))
        self.assert_refused(run, (4, 5), "leaves.gltf", "../secret.bin")
        self.render(path, "--allow-outside-paths", "--views", "1", "--size", "16")

    def test_unusable_output_folder(self):
        cube, blocker = self.cube(), self.write("blocker", b"")
        run = self.run_tool("render", cube, "-o", os.path.join(blocker, "out"))
        self.assert_refused(run, (3, 7), "blocker")
        self.assertEqual(self.read("blocker"), b"")

    def test_folder_without_permission(self):
        cube, locked = self.cube(), self.path("locked")
        os.mkdir(locked, 0o555)
        os.chmod(self.folder, 0o755)
        nobody = {"user": 65534} if os.geteuid() == 0 else {}
        try:
            self.assertEqual(self.run_tool("--version", **nobody).returncode, 0)
        except OSError:
            self.skipTest("another user cannot run the tool from here")
        run = self.run_tool("render", cube, "-o", locked, **nobody)
        self.assert_refused(run, 7, "locked")
        self.assertEqual(os.listdir(locked), [])

    def test_a_foreign_folder_is_not_replaced(self):
        self.write("out/cube/diary.txt", b"dear diary")
        run = self.run_tool("render", self.cube(), "-o", self.path("out"), "--views", "1", "--size", "16")
        self.assertEqual(run.returncode, 7, run.stderr)
        self.assertEqual(files_below(self.path("out")), ["cube/diary.txt"])

    def test_full_disk(self):
        disk = self.path("disk")
        os.mkdir(disk)
        mount = shutil.which("mount")
        if not mount or subprocess.run([mount, "-t", "tmpfs", "-o", "size=256k", "none", disk], check=False,
                                       capture_output=True).returncode != 0:
            self.skipTest("no small disk can be mounted here")
        try:
            for package in ("files", "zip"):
                run = self.run_tool("render", self.cube(), "-o", os.path.join(disk, "out"), "--all", "--package",
                                    package, "--views", "32")
                self.assert_refused(run, 7, "space")
                self.assertEqual(files_below(disk), [])
        finally:
            subprocess.run(["umount", disk], check=False)

    def test_bad_camera_file(self):
        cube, out = self.cube(), ("-o", self.path("out"))
        cameras = self.write("cameras.json", b'{"frames": [{"w": 8, "h": 8, "fl_x": 9, "transform_matrix": 1}]}')
        self.assert_refused(self.run_tool("render", cube, *out, "--cameras", cameras), 4, "cameras.json", "frames[0]")
        self.assert_refused(self.run_tool("render", cube, *out, "--cameras", self.path("no.json")), 3, "no.json")

    def test_environment_must_be_bright(self):
        run = self.run_tool("render", self.cube(), "-o", self.path("out"), "--environment", self.path("no.hdr"))
        self.assert_refused(run, 3, "no.hdr")


class Output(Case):
    def test_files_and_shapes(self):
        run = self.render(self.cube(), "--all", "--views", "3", "--size", "40x24", "--channels", "albedo,uv,position")
        self.assertIn("3 views", run.stdout)
        expected = [f"{i:03d}{end}" for i in range(3) for end in (
            ".png", "_albedo.npy", "_depth.npy", "_instance.png", "_mask.npy", "_material.png", "_normal.npy",
            "_position.npy", "_uv.npy")]
        self.assertEqual(files_below(self.path("out")), sorted([f"cube/{f}" for f in expected + ["metadata.json"]]))
        png = models.Png(self.read("out/cube/000.png"))
        self.assertEqual((png.width, png.height, png.depth, png.color), (40, 24, 8, 6))
        ids = models.Png(self.read("out/cube/000_instance.png"))
        self.assertEqual((ids.depth, ids.color), (16, 0))
        arrays = {name: models.Array(self.read(f"out/cube/000_{name}.npy"))
                  for name in ("depth", "normal", "mask", "albedo", "uv", "position")}
        self.assertEqual({name: (a.shape, a.type) for name, a in arrays.items()}, {
            "depth": ((24, 40), "<f4"), "normal": ((24, 40, 3), "<f4"), "mask": ((24, 40), "|u1"),
            "albedo": ((24, 40, 3), "<f4"), "uv": ((24, 40, 2), "<f4"), "position": ((24, 40, 3), "<f4")})
        for i, inside in enumerate(arrays["mask"].values):
            self.assertIn(inside, (0, 1))
            y, x = divmod(i, 40)
            pixel_id = struct.unpack(">H", ids.rows[y][2 * x:2 * x + 2])[0]
            normal = arrays["normal"].values[3 * i:3 * i + 3]
            self.assertEqual(pixel_id, inside)
            self.assertEqual(arrays["depth"].values[i] > 0, inside == 1)
            self.assertAlmostEqual(math.hypot(*normal), inside, places=5)
            self.assertTrue(normal[2] >= 0)
        self.assertGreater(sum(arrays["mask"].values), 50)

    def test_only_colour_unless_asked(self):
        self.render(self.cube(), "--views", "2", "--size", "16", "--quiet")
        self.assertEqual(files_below(self.path("out")), ["cube/000.png", "cube/001.png", "cube/metadata.json"])

    def test_metadata_has_every_key_of_the_protocol(self):
        self.render(self.cube(), "--depth")
        about = self.metadata("out/cube")
        for key in ("animation_count", "armature_count", "edge_count", "file_identifier", "file_size", "lamp_count",
                    "linked_files", "material_count", "mesh_count", "missing_textures", "object_count", "poly_count",
                    "random_color", "save_uid", "scene_size", "sha256", "shape_key_count", "vert_count",
                    "normalization", "render_settings", "views", "conventions", "protocol", "seed", "warnings"):
            self.assertIn(key, about)
        self.assertEqual(about["poly_count"], 12)
        self.assertEqual(about["vert_count"], 8)
        self.assertEqual(about["edge_count"], 18)
        self.assertEqual(about["file_identifier"], self.path("cube.glb"))
        self.assertEqual(about["save_uid"], str(uuid.uuid5(uuid.NAMESPACE_DNS, self.path("cube.glb"))))
        self.assertEqual(about["missing_textures"], {"count": 0, "file_path_to_color": {}, "files": []})
        self.assertEqual(about["scene_size"], {"bbox_max": [1, 1, 1], "bbox_min": [-1, -1, -1]})
        self.assertEqual(about["normalization"], {"fit": "cube", "scale": 1, "translation": [0, 0, 0]})
        settings = about["render_settings"]
        self.assertEqual({key: settings[key] for key in (
            "camera_radius_range", "depth_pass", "elevation_range_degrees", "engine", "modalities",
            "fov_degrees_range", "num_views", "resolution")}, {
                "camera_radius_range": [1.5, 2.8], "depth_pass": "Z", "elevation_range_degrees": [-45, 45],
                "engine": "CALOTYPE_CPU", "modalities": ["rgb", "depth"], "fov_degrees_range": [35, 70],
                "num_views": 32, "resolution": [256, 256]})
        self.assertEqual(about["protocol"], "objaverse-xl")
        self.assertEqual(len(about["views"]), 32)
        for i, view in enumerate(about["views"]):
            self.assertEqual((view["image"], view["depth"]), (f"{i:03d}.png", f"{i:03d}_depth.npy"))
            self.assert_camera(view)

    def test_quality_is_told_and_can_be_asked_for(self):
        # From inside it, a cube is all over the picture, or, with back faces hidden, nowhere.
        inside, outside = ("--radius", "0.2"), ("--radius", "9", "--fov", "50")
        cube = self.cube()
        self.render(cube, *outside, "--views", "2")
        about = self.metadata("out/cube")
        self.assertEqual(about["quality"]["flags"], [])
        self.assertEqual(about["quality"]["views_with"], {
            "blank": 0, "tiny": 0, "clipped": 0, "all_white": 0, "all_black": 0, "nan": 0})
        coverages = [view["quality"]["coverage"] for view in about["views"]]
        self.assertEqual(about["quality"]["coverage"]["mean"], sum(coverages) / 2)
        self.assertTrue(all(0.02 < coverage < 0.2 for coverage in coverages), coverages)
        self.render(cube, *inside, "--views", "2")
        blank = self.metadata("out/cube")["views"][1]["quality"]
        self.assertEqual(blank, {"flags": ["blank"], "coverage": 0, "border": 0, "white": None, "black": None})
        self.render(cube, *inside, "--views", "2", "--cull", "off", "--mask")
        full = self.metadata("out/cube")["views"][1]["quality"]
        self.assertEqual((full["flags"], full["coverage"], full["border"]), (["clipped"], 1, 1))
        shutil.rmtree(self.path("out"))
        for package in ("files", "zip"):
            run = self.run_tool("render", cube, "-o", self.path("out"), *inside, "--views", "5", "--package", package,
                                "--reject", "nan,blank:0.9")
            self.assert_refused(run, 9, cube, "blank", "5 of 5 views", "0.9")
        self.render(cube, *inside, "--reject", "nan,clipped,missing_texture", "--views", "1")

    def assert_camera(self, view):
        pose, matrix = view["pose"], view["camera_to_world"]
        azimuth, elevation = math.radians(pose["azimuth_degrees"]), math.radians(pose["elevation_degrees"])
        direction = (math.cos(elevation) * math.cos(azimuth), math.cos(elevation) * math.sin(azimuth),
                     math.sin(elevation))
        for axis in range(3):
            self.assertAlmostEqual(matrix[axis][3], pose["radius"] * direction[axis], delta=1e-12)
            self.assertAlmostEqual(matrix[axis][2], direction[axis], delta=1e-12)
        focal = view["width"] / 2 / math.tan(math.radians(view["fov_degrees"]) / 2)
        self.assertAlmostEqual(view["focal_length_px"], focal, delta=1e-9)
        self.assertEqual(view["intrinsics"], [[view["focal_length_px"], 0, 128], [0, view["focal_length_px"], 128],
                                              [0, 0, 1]])
        inverse = view["world_to_camera_opencv"]
        for r in range(4):
            for c in range(4):
                product = sum(inverse[r][k] * matrix[k][c] for k in range(4))
                self.assertAlmostEqual(product, [1, -1, -1, 1][r] * (r == c), delta=1e-12)

    def test_same_bits_for_any_number_of_threads(self):
        cube = self.cube()
        pictures = []
        for name, threads in (("a", "1"), ("b", "4"), ("c", "4")):
            run = self.run_tool("render", cube, "-o", self.path(name), "--all", "--views", "9", "--size", "64",
                                "--threads", threads)
            self.assertEqual(run.returncode, 0, run.stderr)
            pictures.append({f: self.read(name, f) for f in files_below(self.path(name))})
        self.assertEqual(len(pictures[0]), 9 * 6 + 1)
        self.assertTrue(pictures[0] == pictures[1] == pictures[2])

    def test_the_file_decides_the_seed(self):
        data = models.glb(*models.cube())
        self.render(self.write("x/a.glb", data), self.write("y/b.glb", data), self.write("c.glb", data + b"\0\0\0\0"),
                    "--views", "1", "--size", "16")
        views = {name: self.metadata("out", name)["views"][0]["camera_to_world"] for name in "abc"}
        self.assertEqual(views["a"], views["b"])
        self.assertNotEqual(views["a"], views["c"])
        seed = self.metadata("out/a")["seed"]
        self.render(self.write("c.glb", data + b"\0\0\0\0"), "--views", "1", "--size", "16", "--seed", str(seed))
        self.assertEqual(self.metadata("out/c")["views"][0]["camera_to_world"], views["a"])

    def test_zip_holds_a_folder_of_the_uid(self):
        cube = self.cube()
        self.render(cube, "--package", "zip", "--views", "2", "--size", "16", "--mask")
        uid = str(uuid.uuid5(uuid.NAMESPACE_DNS, cube))
        self.assertEqual(os.listdir(self.path("out")), [uid + ".zip"])
        with zipfile.ZipFile(self.path("out", uid + ".zip")) as archive:
            self.assertIsNone(archive.testzip())
            names = [name for name in archive.namelist() if not name.endswith("/")]
            self.assertEqual(sorted(names), [f"{uid}/{name}" for name in (
                "000.png", "000_mask.npy", "001.png", "001_mask.npy", "metadata.json")])
            self.assertEqual(json.loads(archive.read(f"{uid}/metadata.json"))["save_uid"], uid)
        first = self.read("out", uid + ".zip")
        self.render(cube, "--package", "zip", "--views", "2", "--size", "16", "--mask")
        self.assertEqual(self.read("out", uid + ".zip"), first)

    def test_an_earlier_result_is_replaced_whole(self):
        cube = self.cube()
        self.render(cube, "--views", "3", "--size", "16", "--mask")
        self.render(cube, "--views", "1", "--size", "16")
        self.assertEqual(files_below(self.path("out")), ["cube/000.png", "cube/metadata.json"])

    def test_lenses_come_back_from_our_metadata(self):
        cube, pose = self.cube(), [[1, 0, 0, 0], [0, 0, -1, -3], [0, 1, 0, 0], [0, 0, 0, 1]]
        cameras = self.write("cameras.json", json.dumps({
            "w": 48, "h": 32, "fl_x": 40, "k1": -0.2, "p1": 0.01, "frames": [
                {"transform_matrix": pose}, {"transform_matrix": pose, "camera_model": "OPENCV_FISHEYE", "p1": 0},
                {"transform_matrix": pose, "k1": 0, "p1": 0}]}).encode())
        for name, source in (("first", cameras), ("again", self.path("first/cube/metadata.json"))):
            run = self.run_tool("render", cube, "-o", self.path(name), "--cameras", source, "--depth")
            self.assertEqual(run.returncode, 0, run.stderr)
        views = json.loads(self.read("first/cube/metadata.json"))["views"]
        self.assertEqual([(v.get("lens"), v.get("lens_coefficients"), v["fov_degrees"] is None) for v in views], [
            ("opencv", [-0.2, 0, 0.01, 0, 0, 0, 0, 0, 0, 0, 0, 0], True), ("fisheye", [-0.2, 0, 0, 0], True),
            (None, None, False)])
        for view in range(3):
            for end in (".png", "_depth.npy"):
                self.assertEqual(self.read(f"first/cube/00{view}{end}"), self.read(f"again/cube/00{view}{end}"))
        self.assertNotEqual(self.read("first/cube/000_depth.npy"), self.read("first/cube/002_depth.npy"))

    def test_our_metadata_is_a_camera_file(self):
        cube = self.cube()
        self.render(cube, "--preset", "zero123", "--views", "2", "--size", "32", "--depth")
        run = self.run_tool("render", cube, "-o", self.path("again"), "--cameras", self.path("out/cube/metadata.json"),
                            "--depth")
        self.assertEqual(run.returncode, 0, run.stderr)
        for name in ("000.png", "001_depth.npy"):
            self.assertEqual(self.read("out/cube", name), self.read("again/cube", name))
        self.assertEqual(self.metadata("again/cube")["normalization"]["fit"], "half")

    def test_the_scene_camera(self):
        document, data = models.cube(cameras=[{"type": "perspective", "perspective": {
            "yfov": math.pi / 2, "znear": 0.1, "aspectRatio": 2}}])
        document["scenes"][0]["nodes"] = [0, 1]
        document["nodes"].append({"camera": 0, "name": "Eye", "translation": [0, 0, 4]})
        self.render(self.write("scene.glb", models.glb(document, data)), "--camera", "Eye", "--size", "64", "--depth")
        depth = models.Array(self.read("out/scene/000_depth.npy"))
        self.assertEqual(depth.shape, (32, 64))
        self.assertAlmostEqual(depth.values[16 * 64 + 32], 3, places=5)
        self.assertEqual(self.metadata("out/scene")["normalization"]["fit"], "none")
        run = self.run_tool("render", self.path("scene.glb"), "-o", self.path("fitted"), "--camera", "Eye", "--size", "64",
                            "--fit", "half")
        self.assertEqual(run.returncode, 0, run.stderr)
        normalization = self.metadata("fitted/scene")["normalization"]
        self.assertEqual((normalization["fit"], normalization["scale"]), ("half", 0.5))
        run = self.run_tool("render", self.path("scene.glb"), "-o", self.path("more"), "--camera", "Ear")
        self.assertEqual(run.returncode, 3, run.stderr)

    def test_exr_holds_everything(self):
        run = self.run_tool("render", self.cube(), "-o", self.path("out"), "--image-format", "exr", "--all",
                            "--views", "2", "--size", "16")
        if run.returncode == 5:
            self.skipTest("built without OpenEXR")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(files_below(self.path("out")), ["cube/000.exr", "cube/001.exr", "cube/metadata.json"])
        self.assertEqual(self.read("out/cube/000.exr")[:4], b"\x76\x2f\x31\x01")
        self.assertEqual(self.metadata("out/cube")["views"][1]["depth"], "001.exr")

    def test_sheets(self):
        a, b = self.cube("a.glb"), self.cube("b.glb")
        self.render(a, b, "--views", "4", "--size", "64", "--all", "--sheet", self.path("sheets/{name}.png"))
        for name in "ab":
            sheet = models.Png(self.read(f"sheets/{name}.png"))
            self.assertGreater(sheet.width, 100)
            self.assertGreater(len(set(sheet.rows)), 20)

    def test_ids_as_npy_with_and_without_equals(self):
        for words in (["--ids=npy"], ["--ids", "npy"]):
            self.render(self.cube(), *words, "--views", "1", "--size", "16")
            self.assertEqual(models.Array(self.read("out/cube/000_instance.npy")).type, "<u4")
        self.assertEqual(self.metadata("out/cube")["instances"], [{"id": 1, "node": "Box", "mesh": "BoxMesh"}])

    def test_missing_texture_is_a_warning(self):
        run = self.render(self.write("textured.gltf", models.textured("nowhere.png")), "--views", "1", "--size", "16")
        self.assertIn("missing-texture", run.stderr)
        about = self.metadata("out/textured")
        self.assertEqual(about["missing_textures"]["count"], 1)
        self.assertEqual(about["missing_textures"]["files"], ["nowhere.png"])
        self.assertEqual([w["id"] for w in about["warnings"]], ["missing-texture"])

    def test_texture_that_leaves_the_folder_is_a_warning(self):
        self.write("secret.png", b"not a picture")
        run = self.render(self.write("inner/textured.gltf", models.textured("../secret.png")), "--views", "1")
        self.assertIn("outside-path", run.stderr)

    def test_ignored_lights_are_a_warning(self):
        document, data = models.cube(extensionsUsed=["KHR_lights_punctual"], extensions={
            "KHR_lights_punctual": {"lights": [{"type": "point", "intensity": 50}]}})
        document["nodes"][0]["extensions"] = {"KHR_lights_punctual": {"light": 0}}
        path = self.write("lit.glb", models.glb(document, data))
        self.assertIn("lights-ignored", self.render(path, "--views", "1", "--size", "16").stderr)
        self.assertEqual(self.render(path, "--views", "1", "--size", "16", "--lights", "file").stderr, "")

    def test_shadows_of_the_lights_asked_for(self):
        steps = self.write("steps.obj", b"v -1 0 1\nv 1 0 1\nv 1 0 -1\nv -1 0 -1\n"
                                        b"v -.3 .5 .3\nv .3 .5 .3\nv .3 .5 -.3\nv -.3 .5 -.3\nf 1 2 3 4\nf 5 6 7 8\n")
        how = [steps, "--views", "1", "--size", "64", "--preset", "orbit", "--environment", "none", "--sun", "30,60"]
        dark, said = {}, {}
        for kinds in (None, "none", "point,spot", "directional", "all"):
            self.render(*how, *(["--shadows", kinds] if kinds else []), "--shadow-map-size", "300")
            rows = models.Png(self.read("out/steps/000.png")).rows
            dark[kinds] = sum(row[4 * x + 3] == 255 and row[4 * x] < 10 for row in rows for x in range(64))
            said[kinds] = self.metadata("out", "steps")["render_settings"]["lighting"]
        self.assertEqual([dark[kinds] for kinds in (None, "none", "point,spot")], [0, 0, 0])
        self.assertGreater(dark["directional"], 20)
        self.assertEqual(dark["directional"], dark["all"])
        self.assertEqual(said[None]["shadows"], [])
        self.assertNotIn("shadow_map_size", said["none"])
        self.assertEqual(said["point,spot"]["shadows"], ["point", "spot"])
        self.assertEqual((said["all"]["shadows"], said["all"]["shadow_map_size"]), (["directional", "point", "spot"], 300))

    def test_backgrounds(self):
        cube = self.cube()
        for background, corner in (("transparent", b"\0\0\0\0"), ("#204060", b"\x20\x40\x60\xff"),
                                   ("white", b"\xff\xff\xff\xff"), ("environment", b"\xff\xff\xff\xff")):
            self.render(cube, "--views", "1", "--size", "64", "--background", background, "--preset", "orbit")
            self.assertEqual(models.Png(self.read("out/cube/000.png")).rows[0][:4], corner, background)

    def test_flags_show_and_are_noted(self):
        cube = self.cube()
        shown = {}
        for name, options, expected in (
                ("plain", (), ("material", False, [])),
                ("solid", ("--wireframe=solid",), ("solid", False, [])),
                ("edges", ("--wireframe",), ("wireframe", False, [])),
                ("flip", ("--wireframe", "flip", "--flat"), ("flipped", True, [])),
                ("normals", ("--vertex-normals", "--face-normals", "--normal-length", "0.5"),
                 ("material", False, ["vertex", "face"]))):
            self.render(cube, "--views", "1", "--size", "64", "--preset", "orbit", "--ids", *options)
            about = self.metadata("out/cube")
            settings = about["render_settings"]
            self.assertEqual((settings["fill"], settings["flat"], settings["normal_lines"]), expected)
            self.assertEqual(settings.get("normal_length_metres"), 0.5 if name == "normals" else None)
            self.assertEqual([entry["name"] for entry in about["materials"]][1:],
                             ["vertex normals", "face normals"] if name == "normals" else [])
            shown[name] = self.read("out/cube/000.png")
        self.assertEqual(shown["plain"], shown["solid"])
        self.assertEqual(len({shown[name] for name in ("plain", "edges", "normals")}), 3)

    def textured_cube(self):
        """A cube whose corners have texture coordinates, and its picture of a size that is worth keeping."""
        self.write("bark.png", models.png(200))
        document, data = models.cube()
        start = len(data)
        data += struct.pack("<16f", *(u for x, y, z in models.CORNERS for u in (x + z / 2, y - z / 3)))
        document["buffers"][0]["byteLength"] = len(data)
        document["bufferViews"].append({"buffer": 0, "byteOffset": start, "byteLength": 64})
        document["accessors"].append({"bufferView": 2, "componentType": 5126, "count": 8, "type": "VEC2"})
        document["meshes"][0]["primitives"][0]["attributes"]["TEXCOORD_0"] = 2
        document.update(images=[{"uri": "bark.png"}], textures=[{"source": 0}])
        document["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"] = {"index": 0}
        return self.write("tree.gltf", models.gltf(document, data))

    def render_files(self, cube, *more, **how):
        """The bytes of all that is written, and what is said beside."""
        shutil.rmtree(self.path("out"), ignore_errors=True)
        run = self.run_tool("render", cube, "-o", self.path("out"), "--all", "--views", "3", "--size", "64", *more, **how)
        self.assertEqual(run.returncode, 0, run.stderr)
        return {name: self.read("out", name) for name in files_below(self.path("out"))}, run.stderr

    def test_a_cache_changes_no_bit(self):
        cube, cache = self.textured_cube(), self.path("some", "cache")
        plain = self.render_files(cube)
        self.assertEqual(self.render_files(cube, "--cache", cache), plain)
        kept = sorted(os.listdir(cache))
        self.assertEqual(len(kept), 2)  # the picture, and its mip chain
        self.assertEqual(self.render_files(cube, "--cache", cache), plain)
        self.assertEqual(self.render_files(cube, env=dict(os.environ, CALOTYPE_CACHE=cache)), plain)
        self.assertEqual(sorted(os.listdir(cache)), kept)
        for name in kept:
            data = self.read("some", "cache", name)
            for broken in (b"", data[:64], data[:-1], data[:5000] + b"\xff\xfe" + data[5002:], bytes(len(data))):
                self.write(os.path.join("some", "cache", name), broken)
                self.assertEqual(self.render_files(cube, "--cache", cache), plain)
                self.assertEqual(self.read("some", "cache", name), data)  # made again

    def test_another_picture_is_not_taken_from_the_cache(self):
        cube, cache = self.textured_cube(), self.path("cache")
        self.render_files(cube, "--cache", cache)
        self.write("bark.png", models.png(201))
        self.assertEqual(self.render_files(cube, "--cache", cache), self.render_files(cube))

    def test_a_damaged_texture_warns_with_a_cache_too(self):
        cube, cache = self.textured_cube(), self.path("cache")
        self.write("bark.png", models.png(200)[:3000])
        plain = self.render_files(cube)
        self.assertIn("bad-texture", plain[1])
        for _ in range(2):
            self.assertEqual(self.render_files(cube, "--cache", cache), plain)

    def test_an_unusable_cache_is_told(self):
        cube = self.textured_cube()
        plain, _ = self.render_files(cube)
        shutil.rmtree(self.path("out"))
        blocker = self.write("blocker", b"")
        self.assert_refused(self.run_tool("render", cube, "-o", self.path("out"), "--cache", blocker), 7, "blocker")
        self.assert_refused(self.run_tool("render", cube, "-o", self.path("out"), "--cache", ""), 2, "folder")
        self.assert_refused(self.run_tool("render", cube, "-o", self.path("out"), "--cache-limit", "much"), 2, "much")
        cache = self.path("cache")
        self.render_files(cube, "--cache", cache)
        for name in os.listdir(cache):  # where a folder is, no file can be put
            os.remove(os.path.join(cache, name))
            os.mkdir(os.path.join(cache, name))
        files, said = self.render_files(cube, "--cache", cache)
        self.assertEqual(files, plain)
        self.assertEqual(said.count("[cache-trouble]"), 1, said)

    def test_a_cache_keeps_its_limit(self):
        cube, cache = self.textured_cube(), self.path("cache")
        for side in range(190, 200):
            self.write("bark.png", models.png(side))
            self.render_files(cube, "--cache", cache, "--cache-limit", "1M")
        self.assertLess(sum(os.path.getsize(os.path.join(cache, name)) for name in os.listdir(cache)), 2 << 20)

    def test_an_interrupt_leaves_nothing(self):
        for package in ("files", "zip"):
            with subprocess.Popen([TOOL, "render", self.cube(), "-o", self.path("out"), "--views", "50000",
                                   "--package", package], stderr=subprocess.PIPE, text=True) as process:
                deadline = time.monotonic() + 30
                while not os.path.exists(self.path("out")) or not os.listdir(self.path("out")):
                    self.assertLess(time.monotonic(), deadline)
                    time.sleep(0.02)
                time.sleep(0.2)
                process.send_signal(signal.SIGINT)
                self.assertEqual(process.wait(timeout=30), 130)
                self.assertIn("interrupted", process.stderr.read())
            self.assertEqual(os.listdir(self.folder), ["cube.glb"])


class Info(Case):
    def test_json(self):
        run = self.run_tool("info", "--json", self.cube())
        self.assertEqual(run.returncode, 0, run.stderr)
        about = json.loads(run.stdout)
        self.assertEqual((about["poly_count"], about["triangle_count"], about["vert_count"]), (12, 12, 8))
        self.assertEqual((about["materials"], about["format"]), (["blue"], "glb"))
        self.assertEqual(about["nodes"][0]["mesh"], "BoxMesh")

    def test_polygons_of_obj_count_once(self):
        about = json.loads(self.run_tool("info", "--json", self.write("cube.obj", models.OBJ)).stdout)
        self.assertEqual((about["poly_count"], about["triangle_count"], about["vert_count"], about["edge_count"]),
                         (6, 12, 8, 12))

    def test_table(self):
        run = self.run_tool("info", self.cube())
        self.assertEqual(run.returncode, 0, run.stderr)
        for word in ("glb", "2 x 2 x 2 m", "triangles", "12", "blue", "BoxMesh"):
            self.assertIn(word, run.stdout)

    def test_failures(self):
        self.assert_refused(self.run_tool("info", self.path("none.glb")), 3, "none.glb")
        self.assert_refused(self.run_tool("info"), 2, "which file")
        self.assertEqual(self.run_tool("info", self.path("none.glb"), self.cube()).returncode, 1)


class States(Case):
    """Joint positions of MuJoCo's files."""
    SCENE = b"""<mujoco><worldbody>
      <camera name="above" pos=".5 0 3"/>
      <body name="arm"><joint name="swing" axis="0 0 1"/><camera name="carried" pos="0 0 2"/>
        <body name="hand" pos=".5 0 0"><joint name="slip" type="slide" axis="0 0 1"/>
          <geom name="palm" type="box" size=".2 .2 .2"/></body></body>
    </worldbody></mujoco>"""

    def setUp(self):
        super().setUp()
        self.scene = self.write("arm.xml", self.SCENE)
        run = self.run_tool("info", self.scene)
        if run.returncode == 5:
            self.skipTest("this build reads no MJCF files")
        self.assertEqual(run.returncode, 0, run.stderr)

    def states(self, text):
        return self.write("states.csv", text.encode())

    def centre_depths(self, count):
        """The depths in the middle of NNN_depth.npy of 32 x 32 pixels."""
        values = []
        for number in range(count):
            data = self.read("out", "arm", f"{number:03}_depth.npy")
            values.append(struct.unpack_from("<f", data, len(data) - 4 * 32 * 32 + 4 * (16 * 32 + 16))[0])
        return values

    def test_every_state_is_rendered_from_every_camera(self):
        self.render(self.scene, "--camera", "above", "--size", "32", "--depth", "--qpos",
                    self.states("# swing, slip\n0,0\n1.5707963,0.3\n"))
        views = self.metadata("out", "arm")["views"]
        self.assertEqual([view["name"] for view in views], ["000", "001"])
        self.assertEqual([view["state"] for view in views], [0, 1])
        self.assertEqual(views[0]["camera_to_world"], views[1]["camera_to_world"])
        self.assertNotEqual(self.read("out", "arm", "000.png"), self.read("out", "arm", "001.png"))

    def test_cameras_move_with_their_bodies(self):
        self.render(self.scene, "--camera", "all", "--size", "32", "--qpos", self.states("0,0\n1.5707963267948966,0\n"))
        views = self.metadata("out", "arm")["views"]
        self.assertEqual([view["state"] for view in views], [0, 0, 1, 1])
        turned = views[3]["camera_to_world"]
        for row, expected in zip(turned, ([0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 2], [0, 0, 0, 1])):
            for value, wanted in zip(row, expected):
                self.assertAlmostEqual(value, wanted, places=9)

    def test_a_mapping_names_columns(self):
        mapping = self.write("arm.mapping", b"slip, 2\n")
        self.render(self.scene, "--camera", "above", "--size", "32", "--depth", "--fit", "none", "--mapping", mapping,
                    "--qpos", self.states("9,9,0\n9,9,0.25\n"))
        for depth, expected in zip(self.centre_depths(2), (2.8, 2.55)):
            self.assertAlmostEqual(depth, expected, places=5)

    def test_looks_of_states(self):
        looks = self.write("looks.json", json.dumps({"calotype": 1, "components": [
            {"type": "light", "count": 1}, {"type": "distractors", "count": 2}, {"type": "camera", "fov_scale": 0.5}]}).encode())
        self.render(self.scene, "--camera", "all", "--size", "32", "--randomize", looks, "--variants", "3", "--qpos",
                    self.states("0,0\n1.5707963267948966,0\n"))
        metadata = self.metadata("out", "arm")
        views = metadata["views"]
        self.assertEqual([view["state"] for view in views], [0] * 6 + [1] * 6)
        self.assertEqual([view["look"] for view in views], [look for look in range(6) for _ in range(2)])
        self.assertEqual(len(metadata["looks"]), 6)
        self.assertEqual(metadata["render_settings"]["shading"], "gltf")
        self.render(self.scene, "--camera", "all", "--size", "32")
        plain = self.metadata("out", "arm")
        self.assertEqual(plain["render_settings"]["shading"], "mujoco")
        wide, narrow = (math.atan(16 / meta["views"][0]["focal_length_px"]) for meta in (plain, metadata))
        self.assertAlmostEqual(narrow, wide / 2, places=9)

    def test_the_sky_is_the_environment_that_is_seen(self):
        sky = b'<mujoco><asset><texture type="skybox" builtin="flat" rgb1=".2 .4 .6" rgb2=".2 .4 .6" width="4" height="24"/></asset>'
        self.scene = self.write("arm.xml", self.SCENE.replace(b"<mujoco>", sky))
        for options, corner, name in (((), (0.2, 0.4, 0.6), "skybox"), (("--environment", "white"), (1, 1, 1), "white"),
                                      (("--shading", "gltf"), (1, 1, 1), "white")):
            self.render(self.scene, "--camera", "above", "--size", "32", "--background", "environment", "--color-format",
                        "float", *options)
            data = self.read("out", "arm", "000.npy")
            for value, expected in zip(struct.unpack_from("<3f", data, len(data) - 16 * 32 * 32), corner):
                self.assertAlmostEqual(value, expected, delta=0.5 / 255)
            self.assertEqual(self.metadata("out", "arm")["render_settings"]["lighting"]["environment"], name)

    def test_one_state_is_no_series(self):
        self.render(self.scene, "--camera", "above", "--size", "32", "--qpos", self.states("0.5,0\n"))
        self.assertNotIn("state", self.metadata("out", "arm")["views"][0])

    def test_what_cannot_be(self):
        camera = ["--camera", "above", "--size", "32", "-o", self.path("out")]
        run = self.run_tool("render", self.scene, *camera, "--qpos", self.states("1,2,3\n"))
        self.assert_refused(run, 2, "arm.xml", "3")
        run = self.run_tool("render", self.scene, *camera, "--qpos", self.states("1,2\n1,x\n"))
        self.assert_refused(run, 4, "states.csv, line 2")
        run = self.run_tool("render", self.scene, *camera, "--qpos", self.path("none.csv"))
        self.assert_refused(run, 3, "none.csv")
        run = self.run_tool("render", self.scene, *camera, "--mapping", self.path("none"))
        self.assert_refused(run, 2, "mapping")
        run = self.run_tool("render", self.cube(), "--size", "32", "-o", self.path("out"), "--qpos", self.states("1\n"))
        self.assert_refused(run, 2, "cube.glb", ".xml")


class Looks(Case):
    EXAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "looks.json")

    def looks(self, *components):
        return self.write("looks.json", json.dumps({"calotype": 1, "components": components}).encode())

    def pictures(self, *arguments):
        """The files of two views of some looks, by name."""
        self.render(self.cube(), "--views", "2", "--size", "40", "--ids=npy", "--seed", "5", *arguments)
        return {name: self.read("out", "cube", name) for name in files_below(self.path("out", "cube"))}

    def test_the_example(self):
        files = self.pictures("--randomize", self.EXAMPLE, "--variants", "4", "--sheet", self.path("sheet.png"))
        metadata = self.metadata("out", "cube")
        self.assertEqual([view["look"] for view in metadata["views"]], [0, 0, 1, 1, 2, 2, 3, 3])
        self.assertNotIn("state", metadata["views"][0])
        self.assertEqual(len(metadata["looks"]), 4)
        self.assertEqual(len({json.dumps(look) for look in metadata["looks"]}), 4)
        self.assertEqual(len({files[f"{i:03}.png"] for i in range(8)}), 8)
        nodes = {entry["id"]: entry["node"] for entry in metadata["instances"]}
        self.assertEqual(nodes[1], "Box")
        self.assertEqual(len(nodes), 1 + 5 * 4)
        for i in range(8):
            ids = models.Array(files[f"{i:03}_instance.npy"]).values
            look = metadata["looks"][i // 2]
            shapes = [int(look[f"distractors_5/{k}/shape"][0]) for k in range(5)]
            words = ("box", "sphere", "cylinder", "cone")
            shown = {f"calotype:distractors_5/{words[shape]}{k}" for k, shape in enumerate(shapes) if shape >= 0}
            seen = {nodes[number] for number in set(ids) if number}
            self.assertLessEqual(seen, shown | {"Box"})

    def test_same_seed_same_bytes(self):
        two = self.pictures("--randomize", self.EXAMPLE, "--variants", "2", "--threads", "1")
        three = self.pictures("--randomize", self.EXAMPLE, "--variants", "3", "--threads", "4")
        for name, data in two.items():
            if name != "metadata.json":
                self.assertEqual(data, three[name], name)
        self.assertNotEqual(two["000.png"], self.pictures("--randomize", self.EXAMPLE, "--variants", "2", "--seed", "6")["000.png"])

    def test_what_is_not_randomized_stays(self):
        plain = self.pictures("--sun", "30,40")
        same = self.pictures("--sun", "30,40", "--randomize", self.looks(
            {"type": "camera", "names": "none"}, {"type": "material", "probability": 0}, {"type": "post_processing"}))
        for name, data in plain.items():
            if name != "metadata.json":
                self.assertEqual(data, same[name], name)
        lit = self.pictures("--sun", "30,40", "--randomize", self.looks({"type": "light", "count": 0}))
        self.assertNotEqual(lit["000.png"], plain["000.png"])
        self.assertEqual(lit["000_instance.npy"], plain["000_instance.npy"])

    def test_what_cannot_be(self):
        out = [self.cube(), "--views", "1", "--size", "32", "-o", self.path("out")]
        self.assert_refused(self.run_tool("render", *out, "--variants", "2"), 2, "variants")
        unknown = self.looks({"type": "lamp"})
        self.assert_refused(self.run_tool("render", *out, "--randomize", unknown), 3, "lamp", "light")
        self.assert_refused(self.run_tool("render", *out, "--randomize", self.path("none.json")), 3, "none.json")
        noisy = self.looks({"type": "post_processing", "exposure_stops": 1})
        self.assert_refused(self.run_tool("render", *out, "--randomize", noisy, "--color-format", "float"), 5, "8 bits")
        unknown = self.looks({"type": "lamp"})
        run = self.run_tool("render", *out, "--randomize", unknown, "--lenient")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("randomizer-component", run.stderr)


if __name__ == "__main__":
    if not shutil.which(TOOL):
        sys.exit(f"{TOOL} is not there: build it first, then give its path")
    unittest.main()
