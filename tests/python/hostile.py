"""Values that nobody should pass, and calls with them in the place of good ones. The same ones in every run."""
from __future__ import annotations

import random
import warnings
from fractions import Fraction

import numpy as np

import calotype


class Sub(np.ndarray):
    """A subclass that lies about everything."""

    @property
    def __array_interface__(self):
        return {"shape": (1 << 40, 3), "typestr": "<f4", "data": (0xDEAD, False), "version": 3}

    def __len__(self):
        return -1


class Liar:
    """Answers each question of CPython with something odd."""

    def __float__(self):
        return "no float"

    def __index__(self):
        raise ValueError("no index")

    def __len__(self):
        return 1 << 62

    def __getitem__(self, index):
        raise IndexError(index)

    def __eq__(self, other):
        return np.array([True, False])

    __hash__ = None


def read_only(array):
    array.setflags(write=False)
    return array


def unaligned(dtype, shape):
    count = int(np.prod(shape))
    memory = np.zeros(count * np.dtype(dtype).itemsize + 1, dtype=np.uint8)
    return memory[1:].view(dtype).reshape(shape)


def shapes():
    return [(), (0,), (1,), (3,), (4,), (0, 3), (1, 3), (4, 2), (4, 3), (4, 4), (3, 4, 4), (0, 4, 4), (2, 42), (1, 8, 8, 4),
            (1, 16, 16, 1), (1 << 40, 0)]


def arrays(generator):
    """One array that is wrong in some way."""
    shape = generator.choice(shapes())
    dtype = generator.choice(["<f4", ">f4", "<f8", "<u4", "<i4", "<u2", "|u1", "|b1", "<c8", "|O", "<U3", "<M8[s]",
                              "<f2", "<i8", ">u4"])
    kind = generator.randrange(8)
    if kind == 0:
        return unaligned("<f4", (4, 3))
    if kind == 1:
        return read_only(np.zeros(shape, dtype))
    if kind == 2:
        return np.zeros((8, 8), dtype)[::2, ::-1]
    if kind == 3:
        return np.broadcast_to(np.zeros((), dtype), shape)
    if kind == 4 and dtype[1] == "f":
        return np.full(shape, generator.choice([np.nan, np.inf, -np.inf, 1e30, -1.0]), dtype)
    if kind == 5:
        return np.zeros(shape, dtype).view(Sub)
    if kind == 6:
        return np.zeros(shape, [("x", "<f4"), ("y", "<u2")])
    return np.zeros(shape, dtype)


def values():
    """What is wrong nearly everywhere. Made anew: some can be used up or changed."""
    return [
        None, True, False, 0, 1, -1, 2, 3, 7, 255, 256, 65536, 2**31 - 1, 2**31, -2**31, 2**32 - 1, 2**32, 2**63, 2**64 - 1,
        2**64, -2**63, 10**400, 0.0, -0.0, 0.5, 1e-45, 1e300, -1e300, float("nan"), float("inf"), float("-inf"), 1j,
        Fraction(1, 3), np.float32("nan"), np.int64(-5), np.uint64(2**64 - 1), "", "x", "color", "none", "all", "unit_cube",
        "\0", "a\0b", "\ud800", "\udcff", "é" * 600, "x" * 100000, b"", b"\0", b"\xff", b"x" * 70, bytearray(b"x"),
        memoryview(b"abc"), (), [], {}, set(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [1, 2, 3], [[1, 2], [3]], [None],
        ("x",), (None, None, None), {"x": 1}, {1: 2}, {"color": None}, {0: (1, 2, 3)}, {"color": 5}, range(3), iter(()),
        (x for x in ()), object(), type, int, len, Exception("x"), Liar(), Ellipsis, NotImplemented, np, calotype,
        np.float64, np.dtype("f4"), [float("nan")] * 3, [1e300] * 3, ["a", "b", "c"], [[]], ((),), ("color", "color"),
        ("depth", None), calotype.Pose(), calotype.Lighting(), calotype.Settings(), calotype.Light(), calotype.Material(),
        calotype.MorphTarget(), calotype.Texture(np.zeros((1, 1, 3), np.uint8)), calotype.Scene, calotype.Views,
    ]


class Attack:
    """Good calls with bad values put into them.

    `targets`: (name, function, arguments, keyword arguments). `expected`: exceptions that are answers.
    """

    def __init__(self, seed, targets, more_values=(), expected=(calotype.Error,)):
        self.random = random.Random(seed)
        self.targets = targets
        self.more_values = list(more_values)
        self.expected = expected
        self.calls = self.refused = 0
        self.last = ""

    def bad(self):
        if self.random.randrange(3) == 0:
            return arrays(self.random)
        return self.random.choice(values() + self.more_values)

    def inside(self, value):
        """The value, or one with a bad value somewhere in it."""
        if type(value) in (tuple, list) and value and self.random.randrange(5):
            at = self.random.randrange(len(value))
            changed = [self.inside(item) if i == at else item for i, item in enumerate(value)]
            if self.random.randrange(12) == 0:
                changed = changed[:-1] if self.random.randrange(2) else changed + [None]
            return type(value)(changed)
        if type(value) is dict and value and self.random.randrange(3):
            at = self.random.choice(list(value))
            return {key: self.inside(item) if key == at else item for key, item in value.items()}
        return self.bad()

    def once(self):
        name, function, arguments, keywords = self.random.choice(self.targets)
        arguments, keywords = list(arguments), dict(keywords)
        places = list(range(len(arguments))) + list(keywords)
        for place in self.random.sample(places, min(len(places), self.random.choice((1, 1, 1, 2, 3)))):
            into = arguments if isinstance(place, int) else keywords
            into[place] = self.inside(into[place])
        self.last = f"{name}, call {self.calls}"
        self.calls += 1
        try:
            function(*arguments, **keywords)
        except self.expected:
            self.refused += 1

    def run(self, calls):
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            for _ in range(calls):
                try:
                    self.once()
                except Exception as error:
                    error.args = (f"{self.last}: {error}",)
                    raise
