"""What has the attributes of a mujoco.MjModel and mujoco.MjData, without MuJoCo: a table of known geometry.

The world: a floor of 4 x 4 metres at z = 0. "tower", a body at (0, 0, 1): a box of 0.4 x 0.4 x 0.4 metres around it, a
sphere of radius 0.1 in group 4 above it, a site at its top, and a camera 3 metres above the world's origin that looks
down. "glass", a body at (1, 0, 0.5): a box of 0.4 metres with alpha 0.3.
"""
from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from calotype import _calotype

PLANE, SPHERE, BOX = 0, 2, 6
BODY, GEOM, SITE, CAMERA = 1, 5, 6, 7
FLOOR, TOWER_BOX, TOWER_BALL, GLASS = range(4)
FAR = 50.0 * 2.0


def _names(groups):
    """MuJoCo's `names`, and addresses by group."""
    text, addresses = b"table\0", {}
    for group, words in groups.items():
        rows = []
        for word in words:
            rows.append(len(text))
            text += word.encode() + b"\0"
        addresses[f"name_{group}adr"] = np.array(rows, dtype=np.int32)
    return text, addresses


def visual():
    """mjModel.vis as MuJoCo has it from the start."""
    return SimpleNamespace(
        global_=SimpleNamespace(fovy=45.0, azimuth=90.0, elevation=-45.0, orthographic=0, offwidth=640, offheight=480),
        headlight=SimpleNamespace(ambient=np.full(3, 0.1, np.float32), diffuse=np.full(3, 0.4, np.float32),
                                  specular=np.full(3, 0.5, np.float32), active=1),
        map=SimpleNamespace(alpha=0.3, fogstart=3.0, fogend=10.0, znear=0.01, zfar=50.0, haze=0.3, shadowclip=1.0,
                            shadowscale=0.6),
        rgba=SimpleNamespace(fog=np.array([0, 0, 0, 1], np.float32), haze=np.ones(4, np.float32)))


def model(**changes):
    """The table; `changes` replace attributes."""
    names, addresses = _names({"body": ["world", "tower", "glass"], "geom": ["floor", "box", "ball", "pane"],
                               "site": ["tip"], "cam": ["above"], "mat": ["painted"]})
    given = dict(
        nq=0, nbody=3, njnt=0, ngeom=4, nsite=1, ncam=1, nlight=0, nmesh=0, nskin=0, nhfield=0, ntex=0, nmat=1, ntendon=0,
        nwrap=0, nflex=0, names=names, **addresses,
        body_parentid=np.array([0, 0, 0], np.int32), body_weldid=np.array([0, 1, 2], np.int32),
        body_pos=np.array([[0, 0, 0], [0, 0, 1], [1, 0, 0.5]], np.float64), body_quat=np.tile([1.0, 0, 0, 0], (3, 1)),
        geom_type=np.array([PLANE, BOX, SPHERE, BOX], np.int32), geom_bodyid=np.array([0, 1, 1, 2], np.int32),
        geom_dataid=np.full(4, -1, np.int32), geom_matid=np.array([-1, 0, -1, -1], np.int32),
        geom_group=np.array([0, 1, 4, 0], np.int32),
        geom_size=np.array([[2, 2, 0.1], [0.2, 0.2, 0.2], [0.1, 0, 0], [0.2, 0.2, 0.2]], np.float64),
        geom_pos=np.array([[0, 0, 0], [0, 0, 0], [0, 0, 0.5], [0, 0, 0]], np.float64),
        geom_quat=np.tile([1.0, 0, 0, 0], (4, 1)),
        geom_rgba=np.array([[0.2, 0.2, 0.2, 1], [0.5, 0.5, 0.5, 1], [0, 1, 0, 1], [0, 0, 1, 0.3]], np.float32),
        site_type=np.array([SPHERE], np.int32), site_bodyid=np.array([1], np.int32), site_matid=np.array([-1], np.int32),
        site_group=np.array([0], np.int32), site_size=np.array([[0.05, 0, 0]]), site_pos=np.array([[0, 0, 0.25]]),
        site_quat=np.array([[1.0, 0, 0, 0]]), site_rgba=np.array([[1, 0, 0, 1]], np.float32),
        cam_mode=np.zeros(1, np.int32), cam_bodyid=np.zeros(1, np.int32), cam_pos=np.array([[0.0, 0, 3]]),
        cam_quat=np.array([[1.0, 0, 0, 0]]), cam_fovy=np.array([60.0]),
        mat_texid=np.array([-1], np.int32), mat_texuniform=np.zeros(1, np.uint8), mat_texrepeat=np.ones((1, 2), np.float32),
        mat_emission=np.zeros(1, np.float32), mat_specular=np.full(1, 0.5, np.float32),
        mat_shininess=np.full(1, 0.5, np.float32), mat_reflectance=np.zeros(1, np.float32),
        mat_rgba=np.array([[0.9, 0.1, 0.1, 1]], np.float32),
        stat=SimpleNamespace(extent=2.0, center=np.array([0.0, 0, 0.5])), vis=visual())
    given.update(changes)
    sizes = {name: int(given.get(name, 0)) for name in _calotype.mujoco_fields()[0]}
    for name, dtype, rows, columns, needed in _calotype.mujoco_fields()[1]:
        if needed and name != "names" and not sizes[rows]:
            given.setdefault(name, np.zeros((0, max(columns, 1)), dtype))
    return SimpleNamespace(**{name: value for name, value in given.items() if value is not None})


def data(tower=(0.0, 0.0, 1.0), glass=(1.0, 0.0, 0.5)):
    """A state: where the two bodies are."""
    return SimpleNamespace(
        xpos=np.array([[0.0, 0, 0], tower, glass]), xquat=np.tile([1.0, 0, 0, 0], (3, 1)),
        cam_xpos=np.array([[0.0, 0, 3]]), cam_xmat=np.eye(3).reshape(1, 9), light_xpos=np.zeros((0, 3)),
        light_xdir=np.zeros((0, 3)), subtree_com=np.array([[0.0, 0, 0.7], tower, glass]))


def option(**changes):
    """An MjvOption as it is from the start."""
    flags = np.zeros(32, np.uint8)
    flags[[1, 7, 8, 13, 22, 23, 25, 27]] = 1
    out = SimpleNamespace(flags=flags, label=0, frame=0)
    for name in ("geomgroup", "sitegroup", "tendongroup", "skingroup"):
        setattr(out, name, np.array([1, 1, 1, 0, 0, 0], np.uint8))
    for name, value in changes.items():
        setattr(out, name, value)
    return out
