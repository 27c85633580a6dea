"""The same scenes by pyrender (on OSMesa) and by calotype.pyrender: depths and colours agree.

pyrender runs in a process of its own: the interpreter that CALOTYPE_PYRENDER_PYTHON names, else this one. Without it
the test is skipped. `test_pyrender_pixels.py FOLDER` keeps the pictures there.
"""
import os
import subprocess
import sys
import tempfile
import unittest

import numpy as np

WIDTH, HEIGHT = 240, 180
RANDOM = 20


# ---- the scenes: `p` is pyrender or calotype.pyrender ----

def surface(columns, rows, point):
    """A closed surface point(u, v) for u and v in [0, 1]: positions, normals, texture coordinates, triangles."""
    u, v = np.meshgrid(np.linspace(0, 1, columns + 1), np.linspace(0, 1, rows + 1))
    u, v, step = u.ravel(), v.ravel(), 1e-5
    positions = point(u, v)
    normals = np.cross(point(u + step, v) - point(u - step, v), point(u, v + step) - point(u, v - step))
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    normals = np.where(length > 1e-14, normals / np.maximum(length, 1e-14), positions)
    corner = (np.arange(rows)[:, None] * (columns + 1) + np.arange(columns)).ravel()
    above = corner + columns + 1
    triangles = np.stack([corner, corner + 1, above + 1, corner, above + 1, above], 1)
    return positions, normals, np.stack([u, v], 1), triangles.reshape(-1, 3)


def ball(u, v):
    longitude, latitude = 2 * np.pi * u, np.pi * (v - 0.5)
    return np.stack([np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)], 1)


def ring(u, v):
    a, b = 2 * np.pi * u, 2 * np.pi * v
    return np.stack([(1 + 0.4 * np.cos(b)) * np.cos(a), (1 + 0.4 * np.cos(b)) * np.sin(a), 0.4 * np.sin(b)], 1)


def picture(channels, size=64, low=0, high=255):
    """A smooth picture: noise of a few waves."""
    random = np.random.default_rng(RANDOM + channels)
    y, x = np.mgrid[0:size, 0:size] / size * 2 * np.pi
    layers = [sum(np.sin(x * a + y * b + phase) for a, b, phase in
                  zip(*random.integers(-3, 4, (2, 4)), random.uniform(0, 6, 4))) for _ in range(channels)]
    values = np.stack(layers, 2)
    values = (values - values.min()) / (values.max() - values.min())
    return (low + values * (high - low) + 0.5).astype(np.uint8)


def look_from(x, y, z, target=(0, 0, 0)):
    """The pose of a camera or a light at a point, looking at another."""
    back = np.array([x, y, z], float) - target
    back /= np.linalg.norm(back)
    right = np.cross([0, 0, 1.0], back)
    right /= np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3, :] = np.stack([right, np.cross(back, right), back, [x, y, z]], 1)
    return pose


def base(p, camera=None, **keywords):
    scene = p.Scene(bg_color=[0.1, 0.2, 0.25, 1.0], **keywords)
    scene.add(camera or p.PerspectiveCamera(yfov=0.9, znear=0.1), pose=look_from(2.2, -2.0, 1.4))
    return scene


def shape(p, kind, material, columns=64, rows=48, **keywords):
    positions, normals, uvs, triangles = surface(columns, rows, kind)
    return p.Mesh([p.Primitive(positions=positions, normals=normals, texcoord_0=uvs, indices=triangles,
                               material=material, **keywords)])


def textured(p):
    """A texture, seen from near and far, under a directional light."""
    scene = base(p, ambient_light=[0.1, 0.1, 0.15])
    texture = p.Texture(source=picture(3, 128), source_channels="RGB")
    scene.add(shape(p, ball, p.MetallicRoughnessMaterial(baseColorTexture=texture, metallicFactor=0.1,
                                                         roughnessFactor=0.7)))
    scene.add(p.DirectionalLight(color=[1.0, 0.9, 0.8], intensity=3.0), pose=look_from(1, -3, 3))
    return scene


def vertex_colors(p):
    """Colours of vertices under a point light; rough metal."""
    scene = base(p)
    count = 65 * 49
    colors = np.clip(np.stack([np.linspace(0, 1, count), np.linspace(1, 0.2, count), np.full(count, 0.5)], 1), 0, 1)
    scene.add(shape(p, ring, p.MetallicRoughnessMaterial(baseColorFactor=[1.0, 0.9, 0.9, 1.0], metallicFactor=0.4,
                                                         roughnessFactor=0.5), color_0=colors))
    scene.add(p.PointLight(color=[1.0, 1.0, 1.0], intensity=25.0), pose=look_from(1.5, -0.5, 2.5))
    return scene


def instances(p):
    """Copies of one ball, turned and stretched, under a spot light."""
    scene = base(p, ambient_light=[0.05, 0.05, 0.05])
    poses = []
    for number in range(9):
        pose = np.diag([0.25, 0.2, 0.15 + 0.01 * number, 1.0])
        angle = 0.4 * number
        turn = np.eye(4)
        turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        pose = turn @ pose
        pose[:3, 3] = number % 3 - 1, number // 3 - 1, 0.1 * number
        poses.append(pose)
    material = p.MetallicRoughnessMaterial(baseColorFactor=[0.8, 0.3, 0.2, 1.0], metallicFactor=0.0,
                                           roughnessFactor=0.4)
    scene.add(shape(p, ball, material, poses=np.array(poses)))
    scene.add(p.SpotLight(color=[1.0, 1.0, 0.9], intensity=60.0, innerConeAngle=0.15, outerConeAngle=0.5),
              pose=look_from(1.0, -1.0, 4.0))
    return scene


def maps(p):
    """All maps of a material; emission; a shiny metal."""
    scene = base(p, ambient_light=[0.2, 0.2, 0.2])
    normal = picture(3, 64, 96, 160)
    normal[:, :, 2] = 255
    positions, normals, uvs, triangles = surface(64, 48, ring)
    step = 1e-5
    along = ring(uvs[:, 0] + step, uvs[:, 1]) - ring(uvs[:, 0] - step, uvs[:, 1])
    tangents = np.hstack([along / np.linalg.norm(along, axis=1, keepdims=True), np.ones((len(along), 1))])
    material = p.MetallicRoughnessMaterial(
        baseColorTexture=picture(3, 64, 60, 250), metallicRoughnessTexture=picture(4, 64, 80, 230)[:, :, :3],
        normalTexture=normal, occlusionTexture=picture(2, 64, 128, 255)[:, :, 0],
        emissiveTexture=picture(3, 32)[:, ::-1], emissiveFactor=[1.0, 1.0, 1.0])
    scene.add(p.Mesh([p.Primitive(positions=positions, normals=normals, tangents=tangents, texcoord_0=uvs,
                                  indices=triangles, material=material)]))
    scene.add(p.DirectionalLight(intensity=3.0), pose=look_from(2, 1, 3))
    return scene


def many_lights(p):
    """Two lights of each kind on a floor and two shapes; nodes below nodes; an off-centre camera with a far plane."""
    camera = p.IntrinsicsCamera(fx=210.0, fy=205.0, cx=110.0, cy=95.0, znear=0.2, zfar=12.0)
    scene = base(p, camera, ambient_light=[0.02, 0.02, 0.02])
    floor = np.array([[-3.0, -3, -0.5], [3, -3, -0.5], [3, 3, -0.5], [-3, 3, -0.5]])
    scene.add(p.Mesh([p.Primitive(floor, normals=np.tile([0.0, 0, 1], (4, 1)), indices=[[0, 1, 2], [0, 2, 3]],
                                  material=p.MetallicRoughnessMaterial(baseColorFactor=[0.5, 0.5, 0.5, 1.0],
                                                                       metallicFactor=0.0, roughnessFactor=0.9))]))
    steel = p.MetallicRoughnessMaterial(baseColorFactor=[0.9, 0.9, 0.95, 1.0], metallicFactor=1.0, roughnessFactor=0.35)
    parent = p.Node(mesh=shape(p, ring, steel), scale=[0.5, 0.5, 0.7], translation=[0.3, 0.2, 0.1],
                    rotation=[0.0, np.sin(0.3), 0.0, np.cos(0.3)])
    scene.add_node(parent)
    scene.add(shape(p, ball, p.MetallicRoughnessMaterial(baseColorFactor=[0.1, 0.4, 0.8, 1.0], metallicFactor=0.0,
                                                         roughnessFactor=0.3)),
              pose=np.diag([0.5, 0.5, 0.5, 1.0]), parent_node=parent)
    for sign in (-1, 1):
        scene.add(p.PointLight(color=[1.0, 0.6, 0.4], intensity=4.0), pose=look_from(1.5 * sign, 0.5, 1.5))
        scene.add(p.SpotLight(color=[0.5, 0.7, 1.0], intensity=12.0, innerConeAngle=0.2, outerConeAngle=0.6),
                  pose=look_from(-0.5, 1.5 * sign, 2.0))
        scene.add(p.DirectionalLight(intensity=0.5), pose=look_from(sign, -2, 2))
    return scene


def flat_shaded(p):
    """Normals of faces, a double-sided sheet seen from the front, and a sharp texture."""
    scene = base(p, ambient_light=[0.1, 0.1, 0.1])
    positions, _, uvs, triangles = surface(16, 10, ball)
    corners = positions[triangles].reshape(-1, 3)
    normals = np.cross(corners[1::3] - corners[::3], corners[2::3] - corners[::3])
    normals = np.repeat(normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12), 3, axis=0)
    sampler = p.Sampler(magFilter=p.GLTF.LINEAR, minFilter=p.GLTF.LINEAR_MIPMAP_LINEAR, wrapS=p.GLTF.MIRRORED_REPEAT,
                        wrapT=p.GLTF.CLAMP_TO_EDGE)
    texture = p.Texture(source=picture(4, 64, 40, 255)[:, :, :3], source_channels="RGB", sampler=sampler)
    material = p.MetallicRoughnessMaterial(baseColorTexture=texture, metallicFactor=0.0, roughnessFactor=0.8,
                                           doubleSided=True)
    scene.add(p.Mesh([p.Primitive(corners, normals=normals, texcoord_0=uvs[triangles].reshape(-1, 2) * 2.0,
                                  material=material)]))
    scene.add(p.DirectionalLight(intensity=4.0), pose=look_from(3, -1, 2))
    return scene


SCENES = {function.__name__: function
          for function in (textured, vertex_colors, instances, maps, many_lights, flat_shaded)}


def render_all(p):
    """Colour and depth of every scene, by name."""
    renderer = p.OffscreenRenderer(WIDTH, HEIGHT)
    pictures = {}
    for name, make in SCENES.items():
        color, depth = renderer.render(make(p))
        pictures[name + "_color"], pictures[name + "_depth"] = np.array(color), np.array(depth)
    renderer.delete()
    return pictures


# ---- the comparison ----

def pyrender_pictures():
    """pyrender's pictures, or the reason why there are none."""
    interpreter = os.environ.get("CALOTYPE_PYRENDER_PYTHON", sys.executable)
    environment = {**os.environ, "PYOPENGL_PLATFORM": "osmesa", "PYTHONPATH": ""}
    probe = subprocess.run([interpreter, "-c", "import pyrender; pyrender.OffscreenRenderer(8, 8).delete()"],
                           env=environment, capture_output=True, text=True, check=False)
    if probe.returncode != 0:
        return None, f"pyrender on OSMesa is not there: {(probe.stderr.strip().splitlines() or ['?'])[-1]}"
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "pictures.npz")
        subprocess.run([interpreter, os.path.abspath(__file__), "--by-pyrender", path], env=environment, check=True)
        with np.load(path) as file:
            return dict(file), ""


def spread(mask, pixels):
    """A mask and its neighbours up to some pixels away."""
    for _ in range(pixels):
        grown = mask.copy()
        for axis in (0, 1):
            for step in (-1, 1):
                grown |= np.roll(mask, step, axis)
        mask = grown
    return mask


def away_from_silhouettes(depth):
    """Pixels that show something, two pixels and more from where depth leaps."""
    leap = depth == 0
    for axis in (0, 1):
        leap |= np.abs(np.diff(depth, axis=axis, append=np.take(depth, [-1], axis))) > 0.04 * np.maximum(depth, 1e-9)
    return ~spread(leap, 2)


class PixelTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.theirs, reason = pyrender_pictures()
        if cls.theirs is None:
            raise unittest.SkipTest(reason)
        import calotype.pyrender
        renderer = calotype.pyrender.OffscreenRenderer(WIDTH, HEIGHT, samples=1)
        cls.ours = {}
        for name, make in SCENES.items():
            color, depth = renderer.render(make(calotype.pyrender))
            cls.ours[name + "_color"], cls.ours[name + "_depth"] = color, depth
        renderer.delete()
        if KEEP is not None:
            np.savez(os.path.join(KEEP, "pictures.npz"), **{"ours_" + key: value for key, value in cls.ours.items()},
                     **{"theirs_" + key: value for key, value in cls.theirs.items()})

    def test_depth(self):
        for name in SCENES:
            with self.subTest(scene=name):
                ours, theirs = self.ours[name + "_depth"], self.theirs[name + "_depth"]
                self.assertLess(((ours > 0) != (theirs > 0)).mean(), 0.002)
                inner = away_from_silhouettes(theirs) & (ours > 0)
                self.assertGreater(inner.mean(), 0.05)
                np.testing.assert_allclose(ours[inner], theirs[inner], rtol=1e-3)

    def test_color(self):
        for name in SCENES:
            with self.subTest(scene=name):
                inner = away_from_silhouettes(self.theirs[name + "_depth"])
                difference = self.ours[name + "_color"][inner].astype(float) - self.theirs[name + "_color"][inner]
                error = max((difference ** 2).mean(), 1e-3)
                decibels = 10 * np.log10(255 ** 2 / error)
                if KEEP is not None:
                    print(f"{name}: {decibels:.1f} dB, largest difference {np.abs(difference).max():.0f}")
                self.assertGreaterEqual(decibels, 35.0)

    def test_background(self):
        for name in SCENES:
            nothing = spread(self.theirs[name + "_depth"] > 0, 1) | (self.ours[name + "_depth"] > 0)
            np.testing.assert_array_equal(self.ours[name + "_color"][~nothing], self.theirs[name + "_color"][~nothing])


KEEP = None

if __name__ == "__main__":
    if sys.argv[1:2] == ["--by-pyrender"]:
        import pyrender
        np.savez(sys.argv[2], **render_all(pyrender))
    else:
        if len(sys.argv) > 1 and os.path.isdir(sys.argv[1]):
            KEEP = sys.argv.pop(1)
        unittest.main()
