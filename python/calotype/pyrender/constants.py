"""Numbers that programs name: flags of a render call, alignments of text, glTF's own constants."""
from __future__ import annotations

DEFAULT_Z_NEAR = 0.05
"""Near plane of a camera that names none, metres."""
DEFAULT_Z_FAR = 100.0
"""Far plane of a camera that names none, metres."""
DEFAULT_SCENE_SCALE = 2.0
"""Size that a viewer takes an empty scene to have, metres."""
SHADOW_TEX_SZ = 2048
"""Texels a side of a shadow map."""


class RenderFlags:
    """What a render call shall do; combine with ``|``.

    >>> flags = RenderFlags.RGBA | RenderFlags.SHADOWS_DIRECTIONAL
    """

    NONE = 0
    """Lit colour and depth."""
    DEPTH_ONLY = 1
    """Depth and nothing else."""
    OFFSCREEN = 2
    """Pictures come back as arrays; they always do, so it has no effect."""
    FLIP_WIREFRAME = 4
    """Surfaces become wireframes and wireframes surfaces."""
    ALL_WIREFRAME = 8
    """Every mesh is a wireframe."""
    ALL_SOLID = 16
    """No mesh is a wireframe; wins over the two above."""
    SHADOWS_DIRECTIONAL = 32
    """Directional lights cast shadows."""
    SHADOWS_POINT = 64
    """Point lights cast shadows."""
    SHADOWS_SPOT = 128
    """Spot lights cast shadows."""
    SHADOWS_ALL = 224
    """Every light casts shadows."""
    VERTEX_NORMALS = 256
    """Vertex normals are drawn as blue lines."""
    FACE_NORMALS = 512
    """Normals of triangles are drawn as red lines."""
    SKIP_CULL_FACES = 1024
    """Back faces are drawn too."""
    RGBA = 2048
    """The colour picture has an alpha channel."""
    FLAT = 4096
    """Base colours without light."""
    SEG = 8192
    """The colour picture shows which node is where, in the colours of ``seg_node_map``."""


class TextAlign:
    """Which point of a text stands at the place it is given; use one."""

    CENTER = 0
    """The middle."""
    CENTER_LEFT = 1
    """The middle of the left edge."""
    CENTER_RIGHT = 2
    """The middle of the right edge."""
    BOTTOM_LEFT = 3
    """The bottom left corner."""
    BOTTOM_RIGHT = 4
    """The bottom right corner."""
    BOTTOM_CENTER = 5
    """The middle of the bottom edge."""
    TOP_LEFT = 6
    """The top left corner."""
    TOP_RIGHT = 7
    """The top right corner."""
    TOP_CENTER = 8
    """The middle of the top edge."""


class GLTF:
    """glTF's (and OpenGL's) numbers for filters, wrapping and kinds of primitives."""

    NEAREST = 9728
    """The nearest texel."""
    LINEAR = 9729
    """Four texels, weighted."""
    NEAREST_MIPMAP_NEAREST = 9984
    """The nearest texel of the nearest level."""
    LINEAR_MIPMAP_NEAREST = 9985
    """Four texels of the nearest level."""
    NEAREST_MIPMAP_LINEAR = 9986
    """The nearest texels of two levels."""
    LINEAR_MIPMAP_LINEAR = 9987
    """Four texels of each of two levels."""
    CLAMP_TO_EDGE = 33071
    """The texels of the edge go on."""
    MIRRORED_REPEAT = 33648
    """The picture goes on mirrored."""
    REPEAT = 10497
    """The picture starts again."""
    POINTS = 0
    """A point a vertex."""
    LINES = 1
    """A line two vertices."""
    LINE_LOOP = 2
    """Lines from vertex to vertex, and back to the first."""
    LINE_STRIP = 3
    """Lines from vertex to vertex."""
    TRIANGLES = 4
    """A triangle three vertices."""
    TRIANGLE_STRIP = 5
    """Each vertex makes a triangle with the two before it."""
    TRIANGLE_FAN = 6
    """Each vertex makes a triangle with the one before it and the first."""


__all__ = ["RenderFlags", "TextAlign", "GLTF"]
