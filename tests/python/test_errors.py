"""Whatever is passed: calotype.Error or an answer, never a crash."""
from __future__ import annotations

import faulthandler
import subprocess
import sys
import textwrap
import unittest

import numpy as np

import calotype
from calotype import _calotype, cameras

import hostile
import sample

faulthandler.enable()


def public_targets(scene, renderer, prepared, closed):
    views = sample.above(width=8, height_pixels=8)
    frames = renderer.render(scene, views)
    glb = sample.FIELD_CAMERA.read_bytes()
    material = calotype.Material("m", textures={"base_color": calotype.Texture(np.zeros((2, 2, 3), np.uint8))})

    def with_builder(function):
        def call(*arguments, **keywords):
            builder = calotype.SceneBuilder()
            mesh = builder.add_mesh(sample.QUAD, sample.QUAD_INDICES)
            builder.add_light(calotype.Light())
            builder.add_camera()
            function(builder, *arguments, **keywords)
            builder.add_node(mesh=mesh)
            return builder.finish()
        return call

    def add_parts(builder, joints, inverse_bind, matrix, instances, weights, mesh, skin, parent, visible, name):
        builder.add_node()
        builder.add_skin(joints, inverse_bind, name=name)
        builder.add_node(matrix=matrix, instances=instances, weights=weights, mesh=mesh, skin=skin, parent=parent,
                         visible=visible, name=name)

    def make_material(**fields):
        calotype.SceneBuilder().add_material(calotype.Material(**fields))

    def draw_light(**fields):
        scene_light = calotype.Light(**fields)
        renderer.render(scene, views, lighting=calotype.Lighting(lights=[scene_light]))
        with_builder(calotype.SceneBuilder.add_light)(scene_light)

    def draw_lighting(**fields):
        renderer.render(scene, views, lighting=calotype.Lighting(**fields))

    def draw_settings(**fields):
        renderer.render(scene, views, settings=calotype.Settings(**fields))

    def draw_pose(**fields):
        pose = calotype.Pose(**fields)
        scene.bounds(pose)
        scene.node_to_world(pose)
        renderer.render(scene, views, pose=pose)

    def draw_rows(column, value):
        changed = cameras.Views(views.rows.copy())
        try:
            changed.rows[:, column] = value
        except (TypeError, ValueError, IndexError, OverflowError, MemoryError):
            raise calotype.ArgumentError("numpy's own refusal") from None
        renderer.render(scene, changed)

    def use_rows(rows):
        changed = sample.above(width=8, height_pixels=8)
        changed.rows = rows
        renderer.render(scene, changed)

    def new_renderer(backend, threads, lod_pixels):
        with calotype.Renderer(backend, threads, lod_pixels=lod_pixels):
            pass

    eye = np.eye(4)
    every = dict(samples=1, out=None, pose=None, poses=None, lighting=None, settings=calotype.Settings(), fit="preset",
                 color="rgba", background=None, background_depth=0.0, cull=True, world_space_normals=False,
                 ray_depth=False, occlusion_maps=True, energy_compensation=False, point_size_pixels=3.0,
                 line_width_pixels=1.0, node_colors=None, progress=None)
    geometry = dict(topology="triangles", normals=sample.UP, tangents=np.ones((4, 4), np.float32), uvs=sample.QUAD_UVS,
                    uvs_1=sample.QUAD_UVS, colors=np.ones((4, 4), np.float32), joints=np.zeros((4, 4), np.uint16),
                    joint_weights=np.ones((4, 4), np.float32), material=None, identity=0,
                    targets=[calotype.MorphTarget(sample.UP, sample.UP, sample.UP)], name="n", weights=[0.5])
    limits = dict(max_memory_bytes=0, max_triangles=0, max_texture_pixels=0)
    return [
        ("render", renderer.render, (scene, views, ("color", "depth")), every),
        ("render prepared", renderer.render, (prepared, views, ("color", "depth")), every),
        ("render each", renderer.render, ([prepared, prepared], views + views), {}),
        ("render poses", renderer.render, (scene, views), {"poses": [calotype.Pose(), calotype.Pose(nodes={0: eye})]}),
        ("render into", renderer.render, (scene, views), {"out": dict(frames)}),
        ("render colored", renderer.render, (scene, views), {"node_colors": {0: (1, 2, 3)}}),
        ("render background", renderer.render, (scene, views), {"background": (0.1, 0.2, 0.3)}),
        ("render closed", closed.render, (scene, views), every),
        ("prepare", renderer.prepare, (scene, calotype.Pose(), calotype.Lighting(), calotype.Settings()), {"reuse": prepared}),
        ("rows", draw_rows, (21, 8.0), {}),
        ("use rows", use_rows, (views.rows,), {}),
        ("Views", cameras.Views, (views.rows, "none", "hand"), {}),
        ("pose", draw_pose, (), dict(animation=None, time_seconds=0.0, nodes={0: eye}, weights={}, root=eye, fit="none")),
        ("pose fit", draw_pose, (), dict(fit="unit_cube", nodes={"quad": eye})),
        ("light", draw_light, (), dict(kind="spot", color=(1, 1, 1), intensity=1.0, range_metres=0.0,
                                       inner_cone_radians=0.1, outer_cone_radians=0.5, position=(0, 0, 2),
                                       direction=(0, 0, -1))),
        ("lighting", draw_lighting, (), dict(environment="white", color=(1, 1, 1), strength=1.0, rotation_degrees=0.0,
                                             lights=[calotype.Light()], scene_lights=True, shadows="all",
                                             shadow_map_size=64)),
        ("environment", draw_lighting, (), dict(environment=np.ones((2, 4, 3), np.float32))),
        ("settings", draw_settings, (), dict(shading="gltf", fill="material", flat=False, normal_lines=("vertex", "face"),
                                             normal_length=0.1)),
        ("Renderer", new_renderer, ("cpu", 1, 0.0), {}),
        ("Scene", calotype.Scene, (scene._handle,), {}),
        ("Prepared", lambda *parts: renderer.render(calotype.Prepared(*parts), views), (prepared._handle, scene), {}),
        ("load", calotype.Scene.load, (sample.FIELD_CAMERA,), dict(threads=1, max_file_bytes=0, **limits)),
        ("from_bytes", calotype.Scene.from_bytes, (glb, "x.glb"), dict(threads=1, **limits)),
        ("bounds", scene.bounds, (calotype.Pose(),), {}),
        ("node_to_world", scene.node_to_world, (calotype.Pose(),), {}),
        ("camera_views", calotype.Scene.from_bytes(glb).camera_views, ("all", 16, 16, calotype.Pose()), {}),
        ("load_image", calotype.load_image, (sample.ROOT / "nowhere.png",), {}),
        ("SceneBuilder", lambda *a, **k: calotype.SceneBuilder(*a, **k).finish(), ("name",),
         dict(y_up=True, max_memory_bytes=0, max_triangles=0)),
        ("add_mesh", with_builder(calotype.SceneBuilder.add_mesh), (sample.QUAD, sample.QUAD_INDICES), geometry),
        ("add_mesh_of", with_builder(calotype.SceneBuilder.add_mesh_of),
         ([calotype.SceneBuilder().primitive(sample.QUAD)],), dict(name="n", weights=[0.5])),
        ("add_material", make_material, (), dict(vars(material))),
        ("material", with_builder(calotype.SceneBuilder.add_material), (material,), {}),
        ("texture", lambda **fields: make_material(textures={"normal": calotype.Texture(**fields)}), (),
         vars(calotype.Texture(np.zeros((2, 2, 4), np.uint8)))),
        ("parts", with_builder(add_parts), ([0, 0], [eye, eye], eye, [eye], [0.5], 0, 0, 0, True, "x"), {}),
        ("add_node", with_builder(calotype.SceneBuilder.add_node), (), dict(camera=0, light=0, name="n")),
        ("add_camera", with_builder(calotype.SceneBuilder.add_camera), (),
         dict(name="c", fov_y_radians=1.0, aspect_ratio=1.0, orthographic=True, x_magnitude=1.0, y_magnitude=1.0,
              near_metres=0.1, far_metres=10.0)),
        ("add_light", with_builder(calotype.SceneBuilder.add_light), (calotype.Light(),), {"name": "l"}),
        ("preset", cameras.preset, ("orbit", 3, 16, 16, 1),
         dict(only_northern_hemisphere=False, radius=(1.0, 2.0), elevation_degrees=10.0, fov_degrees=40.0)),
        ("load views", cameras.load, (sample.ROOT / "nowhere.json", 16, 16), {}),
        ("perspective", cameras.perspective, (eye, 8, 8), dict(fov_y_radians=1.0, near_metres=0.0, far_metres=0.0)),
        ("intrinsics", cameras.intrinsics, (eye, 8.0, 8.0, 4.0, 4.0, 8, 8),
         dict(distortion=(0.1, 0.1, 0, 0), lens="opencv", near_metres=0.0, far_metres=0.0)),
        ("orthographic", cameras.orthographic, (eye, 8, 8),
         dict(y_magnitude=1.0, x_magnitude=1.0, near_metres=0.0, far_metres=0.0)),
        ("from_opencv", cameras.from_opencv, (eye, np.eye(3), 8, 8), dict(distortion=None, lens="opencv")),
        ("look_at", cameras.look_at, ((1.0, 2.0, 3.0), (0.0, 0.0, 0.0)), {}),
    ]


def private_targets(scene, renderer, prepared):
    """The extension's own functions, with what the modules pass to them."""
    handle, draw = scene._handle, renderer._handle
    views = sample.above(width=8, height_pixels=8)
    pose = calotype.Pose(nodes={0: np.eye(4)}, root=np.eye(4))._tuple(scene)
    lighting = calotype.Lighting(lights=[calotype.Light()])._tuple()
    settings = calotype.Settings()._tuple()
    recorded = []

    class Recorder:
        def render(self, *arguments):
            recorded.append(arguments)

        def prepare(self, *arguments):
            return draw.prepare(*arguments)

    recording = calotype.Renderer.__new__(calotype.Renderer)
    recording.__dict__.update(renderer.__dict__)
    recording._handle = Recorder()
    recording.render(prepared, views, ("color", "depth", "instance_id"), samples=1, node_colors={0: (1, 2, 3)})
    builder = calotype.SceneBuilder()
    mesh = builder.add_mesh(sample.QUAD, sample.QUAD_INDICES, normals=sample.UP, uvs=sample.QUAD_UVS,
                            joints=np.zeros((4, 4), np.uint16), joint_weights=np.ones((4, 4), np.float32),
                            targets=[calotype.MorphTarget(sample.UP)], weights=[0.5])
    builder.add_material(calotype.Material(textures={"base_color": calotype.Texture(np.zeros((2, 2, 4), np.uint8))}))
    builder.add_node(mesh=mesh, skin=builder.add_skin([0]), instances=[np.eye(4)], weights=[0.25])
    builder.add_camera()
    builder.add_light(calotype.Light())
    parts = tuple(map(tuple, (builder._meshes, builder._images, builder._textures, builder._materials, builder._nodes,
                              builder._skins, builder._cameras, builder._lights)))
    glb = sample.FIELD_CAMERA.read_bytes()
    limits = (0, 0, 0, 0, 0, False)
    return [
        ("load", _calotype.load, (str(sample.FIELD_CAMERA), 1, limits), {}),
        ("load_bytes", _calotype.load_bytes, (glb, "x.glb", 1, limits), {}),
        ("build", _calotype.build, ("name", 0, 0, True, parts), {}),
        ("decode_image", _calotype.decode_image, (b"\x89PNG", "x", lambda h, w, c, f: np.zeros((h, w, c), np.uint8)), {}),
        ("renderer", _calotype.renderer, ("cpu", 1, 0.0), {}),
        ("preset_views", _calotype.preset_views, ("orbit", 3, 16, 16, 1, False, (1.0, 2.0), None, None), {}),
        ("load_views", _calotype.load_views, ("nowhere.json", 0, 0), {}),
        ("look_at", _calotype.look_at, ((1.0, 2.0, 3.0), (0.0, 0.0, 0.0)), {}),
        ("backends", lambda *unused: _calotype.presets(), (None,), {}),
        ("bounds", handle.bounds, (pose,), {}),
        ("node_to_world", handle.node_to_world, (pose, np.zeros((1, 4, 4))), {}),
        ("camera_views", handle.camera_views, (pose, "all", 1.0, 16, 16), {}),
        ("prepare", draw.prepare, (handle, pose, lighting, settings, prepared._handle), {}),
        ("render", draw.render, recorded[0], {}),
    ]


class Hostile(unittest.TestCase):
    """Thousands of calls with bad values in the places of good ones."""

    @classmethod
    def setUpClass(cls):
        cls.scene = sample.quad()
        cls.renderer = calotype.Renderer("cpu", threads=1)
        cls.prepared = cls.renderer.prepare(cls.scene)
        cls.closed = calotype.Renderer("cpu", threads=1)
        cls.closed.close()
        cls.foreign = [cls.scene, cls.renderer, cls.prepared, cls.closed, cls.scene._handle, cls.renderer._handle,
                       cls.prepared._handle, cls.closed._handle, sample.above(width=8, height_pixels=8),
                       type(cls.scene._handle)(), type(cls.renderer._handle)(), type(cls.prepared._handle)()]

    def attack(self, seed, targets, calls, expected=(calotype.Error,)):
        attack = hostile.Attack(seed, targets, self.foreign, expected)
        attack.run(calls)
        self.assertGreater(attack.refused, calls // 3)
        # What it went through left everything as it was.
        depth = self.renderer.render(self.scene, sample.above(3.0, 8, 8), "depth")["depth"]
        np.testing.assert_array_equal(depth[0, 4, 4], [3.0])

    def test_public_functions(self):
        self.attack(1, public_targets(self.scene, self.renderer, self.prepared, self.closed), 4000)

    def test_the_extension(self):
        # progress and allocate are called: what they raise is the caller's own.
        self.attack(2, private_targets(self.scene, self.renderer, self.prepared), 6000,
                    (calotype.Error, TypeError, IndexError, AttributeError))


if __name__ == "__main__":
    unittest.main()
