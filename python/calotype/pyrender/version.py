"""The version of pyrender whose interface this is."""
__version__ = "0.1.45"
