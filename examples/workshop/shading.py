"""Baked ambient occlusion: how much of the sky the solids around a point hide from it."""
import math

STEPS = (0.008, 0.02, 0.045, 0.09, 0.16)


def box(center, size):
    """Signed distance to an axis-aligned box."""
    half = [extent / 2 for extent in size]

    def distance(p):
        q = [abs(p[i] - center[i]) - half[i] for i in range(3)]
        outside = math.sqrt(sum(max(v, 0.0) ** 2 for v in q))
        return outside + min(max(q), 0.0)
    return distance


def capsule(a, b, radius):
    """Signed distance to a bar with round ends."""
    ab = [b[i] - a[i] for i in range(3)]
    size = sum(v * v for v in ab)

    def distance(p):
        ap = [p[i] - a[i] for i in range(3)]
        t = max(0.0, min(1.0, sum(ap[i] * ab[i] for i in range(3)) / size))
        return math.sqrt(sum((ap[i] - t * ab[i]) ** 2 for i in range(3))) - radius
    return distance


def visibility(solids, point, normal):
    """1 in the open, towards 0 in a corner: what a walk along the normal meets beside it."""
    # A solid that the point itself lies in is its own: it hides nothing.
    others = [solid for solid in solids if solid(point) > -0.004]
    hidden = 0.0
    for step in STEPS:
        at = [p + n * step for p, n in zip(point, normal)]
        nearest = min((solid(at) for solid in others), default=step)
        hidden += max(0.0, min(1.0, (step - nearest) / step))
    return max(0.25, 1 - 0.85 * hidden / len(STEPS))
