#!/usr/bin/env python3
"""Writes docs/python/reference.md from the signatures and docstrings of the package calotype.

    PYTHONPATH=build/check-gcc/python scripts/make_python_reference.py [--check]

--check writes nothing, and fails where the page is not what the package says.
"""
import dataclasses
import difflib
import importlib
import inspect
import os
import re
import sys
import types

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "docs", "python", "reference.md")
MODULES = ["calotype", "calotype.scene", "calotype.cameras", "calotype.errors", "calotype.mujoco", "calotype.orrb",
           "calotype.pyrender", "calotype.dataset", "calotype.objaverse"]
HEAD = """# Reference

Made of the package's docstrings by `scripts/make_python_reference.py`; do not edit. The tasks are on the other pages,
beginning with [render-a-mesh.md](render-a-mesh.md).
"""
MAX_COLUMNS = 100
MAX_TYPE = 80
RULE = re.compile(r"-{3,}")
# `name : text` and `one, two : text`, with the text's further lines indented.
ENTRY = re.compile(r"([\w.]+(?:, \*{0,2}[\w.]+)*) : (.*)")


class Literal:
    """Prints as it is."""

    def __init__(self, text):
        self.text = text

    def __repr__(self):
        return self.text


def show_default(value):
    if dataclasses.is_dataclass(value) and not isinstance(value, type) and value == type(value)():
        return Literal(f"{type(value).__name__}()")
    return value if " at 0x" not in repr(value) else Literal("...")


def signature_of(name, function, skip_first):
    """`name(arguments) -> type`, on several lines where one would be too long."""
    found = inspect.signature(function)
    parameters = []
    for parameter in list(found.parameters.values())[1 if skip_first else 0:]:
        if parameter.annotation is not parameter.empty:
            parameter = parameter.replace(annotation=Literal(str(parameter.annotation)))
        if parameter.default is not parameter.empty:
            parameter = parameter.replace(default=show_default(parameter.default))
        parameters.append(parameter)
    result = found.return_annotation
    tail = "" if result is found.empty or str(result) == "None" else f" -> {result}"
    line = f"{name}{found.replace(parameters=parameters, return_annotation=found.empty)}"
    if len(line + tail) <= MAX_COLUMNS:
        return line + tail
    parts, starred = [], False
    for parameter in parameters:
        if parameter.kind is parameter.VAR_POSITIONAL:
            starred = True
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            parts.append("*")
            starred = True
        parts.append(str(parameter))
    return f"{name}(\n" + "".join(f"    {part},\n" for part in parts) + ")" + tail


def entry_of(line, following):
    """A list's item of `name : text`, `name : type` or `type`, the latter two with the text on the lines below."""
    described = following.startswith("    ")
    typed = described and following.strip()[:1].isupper()
    entry = ENTRY.fullmatch(line)
    if entry and typed and len(entry[2]) <= MAX_TYPE and not entry[2].endswith((".", ",", ";")):
        return f"- `{entry[1]}` ({entry[2]}):"
    if entry:
        return f"- `{entry[1]}`: {entry[2]}"
    bare = r"[\w.,\[\]() ]+" if typed else r"[\w.]+"
    return f"- {line}:" if described and re.fullmatch(bare, line) else None


def markdown_of(docstring):
    """Sections become bold words, their entries lists, examples code; roles and double backquotes plain code."""
    text = inspect.cleandoc(docstring or "")
    text = re.sub(r":(?:class|meth|func|mod|data|attr):`~?\.?([^`]*)`", r"`\1`", text).replace("``", "`")
    lines, in_entry, in_example = [], False, False
    source = [*text.split("\n"), ""]
    for line, following in zip(source, source[1:]):
        if RULE.fullmatch(line):
            continue
        example = line.startswith((">>>", "...")) or (in_example and line.strip() != "")
        if example != in_example:
            lines.append("```pycon" if example else "```")
            in_example = example
        entry = None if example else entry_of(line, following)
        if RULE.fullmatch(following):
            lines += [f"**{line}**", ""]
        elif in_entry and line.startswith(" "):
            lines.append("  " + line.strip())
            continue
        else:
            lines.append(entry or line)
        in_entry = entry is not None
    return "\n".join(lines + (["```"] if in_example else [])).strip()


def document_function(name, function, level, skip_first=False):
    yield f"{'#' * level} {name.split('.')[-1]}\n\n```text\n{signature_of(name, function, skip_first)}\n```"
    yield markdown_of(function.__doc__)


def members_of(kind):
    """Public methods and properties that a class defines itself."""
    fields = set(getattr(kind, "_fields", ()))
    for name, member in vars(kind).items():
        if not name.startswith("_") and name not in fields:
            yield name, member


def fields_of(kind):
    """A named tuple's."""
    types_of = {name: getattr(given, "__forward_arg__", given) for name, given in kind.__annotations__.items()}
    return [f"- `{field}`: `{types_of[field]}`" for field in kind._fields]


def document_member(owner, name, member):
    if isinstance(member, (classmethod, staticmethod)):
        yield from document_function(f"{owner}.{name}", member.__func__, 4, isinstance(member, classmethod))
    elif isinstance(member, types.FunctionType):
        yield from document_function(f"{owner}.{name}", member, 4, True)
    elif isinstance(member, property) or hasattr(member, "func"):
        getter = member.fget if isinstance(member, property) else member.func
        result = inspect.signature(getter).return_annotation
        told = "" if result is inspect.Signature.empty else f": `{result}`"
        writable = ", can be set" if isinstance(member, property) and member.fset else ""
        yield f"#### {name}\n\n`{owner}.{name}`{told}{writable}"
        yield markdown_of(getter.__doc__)


def constants_of(kind):
    """Values of an enumeration, or of a class that is one in all but name."""
    names = [name for name, value in vars(kind).items() if name.isupper() and isinstance(value, (int, str, kind))]
    return "Constants: " + ", ".join(f"`{name}`" for name in names) + "." if names else ""


def document_class(name, kind):
    bases = [base.__name__ for base in kind.__bases__ if base is not object and base is not tuple]
    of_bases = f" ({', '.join(bases)})" if bases else ""
    yield f"### {name}{of_bases}"
    if hasattr(kind, "_fields"):
        yield markdown_of(kind.__doc__)
        yield "\n".join(fields_of(kind))
    else:
        if "__init__" in vars(kind) and "handle" not in inspect.signature(kind).parameters:
            yield f"```text\n{signature_of(name, kind.__init__, True)}\n```"
        yield markdown_of(vars(kind).get("__doc__"))
        if "__init__" in vars(kind) and not dataclasses.is_dataclass(kind):
            yield markdown_of(kind.__init__.__doc__)
        yield constants_of(kind)
    for member_name, member in members_of(kind):
        yield from document_member(name, member_name, member)


def document_module(module_name, known):
    module = importlib.import_module(module_name)
    yield f"## {module_name}"
    yield markdown_of(module.__doc__)
    for name in module.__all__:
        value = getattr(module, name)
        home = getattr(value, "__module__", None)
        if isinstance(value, types.ModuleType) or id(value) in known or home != module_name and home in MODULES[1:]:
            continue
        known.add(id(value))
        if isinstance(value, type):
            yield from document_class(name, value)
        elif callable(value):
            yield from document_function(name, value, 3)


def make_page():
    known = set()
    parts = [HEAD.strip()]
    for module_name in MODULES:
        parts += document_module(module_name, known)
    text = "\n\n".join(part for part in parts if part)
    return "\n".join(line.rstrip() for line in text.split("\n")) + "\n"


def main():
    made = make_page()
    if sys.argv[1:] != ["--check"]:
        with open(PAGE, "w", encoding="utf-8") as file:
            file.write(made)
        return 0
    with open(PAGE, encoding="utf-8") as file:
        stands = file.read()
    sys.stdout.writelines(difflib.unified_diff(stands.splitlines(True), made.splitlines(True), "reference.md", "package"))
    if made != stands:
        print("docs/python/reference.md is not what the package says: run scripts/make_python_reference.py")
    return int(made != stands)


if __name__ == "__main__":
    sys.exit(main())
