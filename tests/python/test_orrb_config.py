"""calotype.orrb without servers: renderer configs as protocol buffers have them, and the helpers."""
from __future__ import annotations

import copy
import logging
import os
import subprocess
import sys
import types
import unittest
from unittest import mock

import numpy as np

import calotype
from calotype import orrb
from calotype.orrb import renderer_config, utils
from calotype.orrb.renderer_config import RendererConfig, parse_renderer_config

import fake_orrb

ASSETS = os.path.join(os.environ.get("CALOTYPE_ASSETS") or os.path.join(fake_orrb.ROOT, "..", "shared", "assets"), "orrb")
EXAMPLE = """{"modelXmlPath": "a.xml", "model_mapping_path": "b", "components": [
    {"type": "CameraRandomizer", "name": "c0", "path": null, "config": {
        "floatProperties": {"fov_radius": 0.1, "x": "1e3", "nan": "NaN", "huge": "-Infinity"},
        "intProperties": {"n": 7, "text": "-8", "whole": 2.0},
        "boolProperties": {"on": true, "off": false},
        "enumProperties": {"mode": "Jitter"},
        "stringProperties": {"\\u00e4": "\\u00f6"},
        "vector3_properties": {"target": {"x": -1.05}, "zero": {}},
        "vector2Properties": {"v": {"y": 2}},
        "quaternionProperties": {"q": {"w": 1}},
        "colorProperties": {"c": {"r": 0.5, "a": 1}}}},
    {"type": "Hide"}]}"""


class Config(unittest.TestCase):
    def test_reading(self):
        config = parse_renderer_config(EXAMPLE)
        self.assertEqual((config.model_xml_path, config.model_mapping_path), ("a.xml", "b"))
        self.assertEqual([part.type for part in config.components], ["CameraRandomizer", "Hide"])
        first = config.components[0]
        self.assertEqual((first.name, first.path), ("c0", ""))
        self.assertEqual(first.config.float_properties["fov_radius"], float(np.float32(0.1)))
        self.assertEqual(first.config.float_properties["x"], 1000)
        self.assertTrue(np.isnan(first.config.float_properties["nan"]))
        self.assertEqual(dict(first.config.int_properties), {"n": 7, "text": -8, "whole": 2})
        self.assertEqual(first.config.vector3_properties["target"].x, float(np.float32(-1.05)))
        self.assertEqual(first.config.vector3_properties["target"].y, 0)
        self.assertEqual(first.config.color_properties["c"].a, 1)

    def test_google_agrees(self):
        if fake_orrb.missing():
            self.skipTest(f"{fake_orrb.missing()} is missing")
        from google.protobuf import json_format
        messages = fake_orrb.messages()
        texts = [EXAMPLE] + [self.read(name) for name in (os.listdir(ASSETS) if os.path.isdir(ASSETS) else [])
                             if name.endswith(".json")]
        for text in texts:
            wanted = json_format.Parse(text, messages.RendererConfig())
            ours = parse_renderer_config(text)
            got = messages.RendererConfig.FromString(ours.SerializeToString())
            self.assertEqual(json_format.MessageToDict(got), json_format.MessageToDict(wanted))
            update = messages.UpdateRequest.FromString(ours.update_request())
            self.assertEqual(len(update.components), len(wanted.components))
            self.assertEqual(json_format.MessageToDict(update).get("components"),
                             json_format.MessageToDict(wanted).get("components"))

    @staticmethod
    def read(name):
        with open(os.path.join(ASSETS, name), encoding="utf-8") as file:
            return file.read()

    def test_wrong_text(self):
        for text, words in (
                ("{", "JSON"), ("[]", "is not an object"), ('{"a": 1}', "'a' is no field"), ('{"components": {}}', "an array"),
                ('{"components": [{"config": {"floatProperties": {"x": "y"}}}]}', "components[0].config.floatProperties.x"),
                ('{"components": [{"config": {"floatProperties": {"x": 1e39}}}]}', "32 bits"),
                ('{"components": [{"config": {"intProperties": {"x": 2147483648}}}]}', "32 bits"),
                ('{"components": [{"config": {"intProperties": {"x": 1.5}}}]}', "32 bits"),
                ('{"components": [{"config": {"boolProperties": {"x": 1}}}]}', "true or false"),
                ('{"components": [{"type": "a", "type": "b"}]}', "twice"),
                ('{"modelXmlPath": "a", "model_xml_path": "b"}', "twice"), ("[" * 100000, "JSON"), ('{"modelXmlPath": 1}', "str")):
            with self.assertRaises(calotype.FormatError, msg=text) as caught:
                parse_renderer_config(text, "a.json")
            self.assertIn(words, str(caught.exception))
            self.assertIn("a.json", str(caught.exception))

    def test_changing(self):
        config = parse_renderer_config(EXAMPLE)
        properties = config.components[0].config
        properties.float_properties["new"] = np.float32(0.25)
        properties.vector3_properties["made"].z = 3
        properties.bool_properties["on"] = False
        self.assertEqual(properties.float_properties["unheard"], 0)  # as Google's maps
        self.assertIn("unheard", properties.float_properties)
        del config.components[1], properties.float_properties["nan"]
        config.components.extend([renderer_config.RendererComponent(type="Tracker", name="t")])
        self.assertEqual(len(config.components), 2)
        config.components[1].CopyFrom(config.components[0])
        self.assertEqual(config.components[1], config.components[0])
        copied = copy.deepcopy(config)
        self.assertEqual(copied, config)
        properties.vector3_properties["made"].z = 4
        self.assertNotEqual(copied, config)
        self.assertEqual(copied.components[0].config.vector3_properties["made"].z, 3)
        self.assertEqual(config.components[1].config.vector3_properties["made"].z, 3)

    def test_wrong_changes(self):
        config = RendererConfig()
        component = config.components.add(type="a")
        for change in (lambda: component.config.float_properties.update(x="1"),
                       lambda: component.config.int_properties.update(x=2**31),
                       lambda: component.config.int_properties.update(x=1.5),
                       lambda: component.config.float_properties.update({1: 1.0}),
                       lambda: component.config.string_properties.update(x=1),
                       lambda: component.config.color_properties.update(x=1), lambda: component.CopyFrom(config)):
            self.assertRaises(calotype.ArgumentError, change)
        for name, value in (("config", 1), ("typo", "x")):
            self.assertRaises(AttributeError, setattr, component, name, value)
        self.assertRaises(AttributeError, setattr, config, "components", [])

    def test_of_a_renderer(self):
        if not os.path.isdir(ASSETS):
            self.skipTest("ORRB's assets are not here")
        config = orrb.RemoteRendererConfig()
        config.asset_basedir, config.renderer_config_path = ASSETS, "update_1.renderer_config.json"
        config.spawn_servers = False
        renderer = orrb.RemoteRenderer("test", [[0, 1]], config)
        found = renderer.mutable_renderer_config()
        self.assertEqual(found.components[0].config.enum_properties["mode"], "Jitter")
        config.renderer_config_path = "nowhere.json"
        self.assertRaises(FileNotFoundError, orrb.RemoteRenderer, "test", [[0, 1]], config)


class Helpers(unittest.TestCase):
    def test_defaults(self):
        config = vars(orrb.RemoteRendererConfig())
        wanted = dict(camera_names=[], render_alpha=False, render_depth=False, render_normals=False, render_segmentation=False,
                      image_width=100, image_height=100, spawn_servers=True, renderer_local_binary=None,
                      renderer_version=None, renderer_config_path=None, model_xml_path=None, model_mapping_path=None,
                      asset_basedir=".", workers_count=4, queues_count=4, streams_count=4)
        self.assertEqual({name: config[name] for name in wanted}, wanted)

    def test_server_configs(self):
        build = utils.build_server_configs
        self.assertEqual(build(2, 2, 7000, 0, 1), [[0, 7000], [1, 7001], [0, 7002], [1, 7003]])
        self.assertEqual(build(2, 2, 7000, mpi_rank=1, mpi_size=2), [[0, 7002], [1, 7003]])
        self.assertEqual(build(1, 3, 7000, 2, 3), [[0, 7002]])
        for arguments, words in (((1, 3, 7000, 0, 2), "3 servers, which 2 MPI ranks"), ((1, 2, 7000, 2, 2), "rank 2"),
                                 ((1, 2, 65535, 0, 1), "ports")):
            with self.assertRaisesRegex(ValueError, words):
                build(*arguments)

    def test_pictures(self):
        floats = np.arange(12, dtype=np.float32)
        np.testing.assert_array_equal(utils.read_depth_image(floats.tobytes(), 4, 3), floats.reshape(3, 4))
        np.testing.assert_array_equal(utils.read_normals_image(floats.tobytes(), 2, 2), floats.reshape(2, 2, 3))
        codes = np.arange(24, dtype=np.uint8)
        self.assertEqual(utils.read_rgba_image(codes.tobytes(), 2, 3).shape, (3, 2, 4))
        self.assertEqual(utils.read_rgba_image(codes.tobytes(), 4, 2).shape, (2, 4, 3))
        self.assertEqual(utils.read_segmentation_image(codes.tobytes(), 4, 6).shape, (6, 4))
        depth = np.float32([[0, 0.5], [1, 1.5]])
        np.testing.assert_array_equal(utils.render_depth(depth)[..., 1], [[0, 127], [255, 126]])  # beyond 255 it wraps
        np.testing.assert_array_equal(utils.render_normals(np.float32([[[0, 0.5, 1]]])), [[[0, 127, 255]]])
        colors = utils.render_segmentation(np.uint8([[0, 1, 2], [3, 5, 6]]))
        np.testing.assert_array_equal(colors, [[[0, 0, 0], [255, 0, 0], [0, 255, 0]],
                                               [[255, 255, 0], [255, 0, 255], [0, 255, 255]]])
        self.assertEqual(colors.dtype, np.uint8)
        self.assertRaises(ValueError, utils.render_segmentation, np.uint8([[7]]))

    def test_batches(self):
        states = np.zeros((2, 3))
        self.assertEqual(utils.build_batch(states, 5), {"qpos": states, "seed": 5})
        error = orrb.RendererError("x")
        self.assertRaises(orrb.RendererError, utils.check_result, error)
        closed = mock.Mock()
        utils.renderer_closer(closed)
        closed.shutdown.assert_called_once_with()

    def test_paths(self):
        with mock.patch.dict(os.environ, {"ORRB_ROOT": "/somewhere"}):
            self.assertEqual(utils.package_relative_path("assets/../b"), "/somewhere/b")
        beside = os.path.dirname(os.path.dirname(calotype.__file__))
        with mock.patch.dict(os.environ):
            os.environ.pop("ORRB_ROOT", None)
            self.assertEqual(utils.package_relative_path("assets"), os.path.join(beside, "assets"))

    def test_logging(self):
        root = logging.getLogger()
        before, level = root.handlers[:], root.level
        try:
            with mock.patch.dict(sys.modules, {"mpi4py": None}):
                utils.setup_logging()
            self.assertEqual((len(root.handlers), root.level), (1, logging.INFO))
            said = root.handlers[0].format(logging.LogRecord("a", logging.INFO, "", 1, "hello", (), None))
            self.assertRegex(said, r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} INFO: hello$")
            world = types.SimpleNamespace(Get_rank=lambda: 3, Get_size=lambda: 4)
            package = {"mpi4py": types.ModuleType("mpi4py"), "mpi4py.MPI": types.SimpleNamespace(COMM_WORLD=world)}
            with mock.patch.dict(sys.modules, package), mock.patch.dict(os.environ, {"DEBUG": "1"}):
                utils.setup_logging()
            said = root.handlers[0].format(logging.LogRecord("a", logging.INFO, "", 1, "hello", (), None))
            self.assertIn(" <3> INFO: hello", said)
            self.assertEqual(root.level, logging.DEBUG)
        finally:
            root.handlers[:] = before
            root.setLevel(level)

    def test_screen(self):
        cv2 = mock.Mock(**{"cvtColor.side_effect": lambda image, code: image, "waitKey.return_value": 27})
        with mock.patch.dict(sys.modules, {"cv2": cv2}):
            writer = utils.ScreenWriter(history_size=2)
            picture = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
            for _ in range(3):
                self.assertTrue(writer.write({"a": picture, "b": picture, "depth": np.zeros((2, 3))}, timeout=5))
        shown = cv2.imshow.call_args[0][1]
        self.assertEqual(shown.shape, (4, 6, 3))
        np.testing.assert_array_equal(shown[:2, :3], picture[::-1])
        cv2.waitKey.assert_called_with(5)
        self.assertEqual(cv2.putText.call_args[0][1], "2")

    def test_import_loads_no_grpc(self):
        program = "import sys; from calotype import orrb; sys.exit('calotype._remote' in sys.modules)"
        self.assertEqual(subprocess.run([sys.executable, "-c", program], check=False).returncode, 0)

    def test_minimal(self):
        config = orrb.RemoteRendererConfig()
        config.spawn_servers = False
        with mock.patch.dict(os.environ, {"ORRB_MINIMAL": "1"}):
            self.assertEqual(len(orrb.RemoteRenderer("test", [[0, 1], [0, 2]], config).workers), 1)
        self.assertRaises(orrb.RendererError, orrb.RemoteRenderer, "test", [], config)
        config.spawn_servers, config.token = True, "x"
        self.assertRaises(orrb.RendererError, orrb.RemoteRenderer, "test", [[0, 1]], config)


if __name__ == "__main__":
    unittest.main()
