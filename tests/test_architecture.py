"""The shape of the package, held to by machine.

A law is a function from a checkout's root to the list of its breaches. Each is asked twice: about
this checkout, which must have none, and about a tiny one that breaks it, which must have some.
"""

import ast
import functools
import graphlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

#: From the ground up: who may be imported by whom. A name is a file or folder of the package.
LAYERS = (
    ("errors", "wire", "_compat", "_digests", "_locks", "_warning", "dispatch_table"),
    ("inspecting",),
    ("policy", "code"),
    ("reducers",),
    (
        "again",
        "pickler",
        "unpickler",
        "fingerprint",
        "fingerprinting",
        "flat",
        "paths",
        "replaying",
        "rescue",
        "settle",
        "blame",
        "judging",
        "patching",
        "provided",
        "trails",
    ),
    ("payload", "trust", "why"),
    ("tasks",),
    ("engines",),
    ("cli", "integrations"),
    ("__init__", "__main__"),
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}

MAX_LINES = 600
LONG_FILES: dict[str, str] = {  # path in the package: why it is longer
}


@functools.cache
def modules(root: Path) -> dict[str, ast.Module]:
    """Parse every module of the package: its path in the package to its syntax tree."""
    package = root / "src" / "pickleloaf"
    paths = sorted(package.rglob("*.py"))
    return {p.relative_to(package).as_posix(): ast.parse(p.read_text(encoding="utf-8")) for p in paths}


def level(path: str) -> int:
    """Tell the layer of a module; what the table does not name is below all, so it may import nothing."""
    return LEVEL.get(path.removesuffix(".py").split("/")[0], -1)


def path_of(dotted: str, known: dict[str, ast.Module]) -> str | None:
    """Find the module that a dotted name means, or the one that holds it."""
    parts = dotted.split(".")
    stem = "/".join(parts[1:])
    if parts[0] != "pickleloaf":
        return None
    found = [p for p in (f"{stem}.py", f"{stem}/__init__.py".lstrip("/")) if p in known]
    return found[0] if found else path_of(".".join(parts[:-1]), known)


def imports(path: str, known: dict[str, ast.Module]) -> set[str]:
    """List the modules that a module imports anywhere, functions and type checking included."""
    package = ["pickleloaf", *path.split("/")[:-1]]
    dotted: list[str] = []
    for node in ast.walk(known[path]):
        if isinstance(node, ast.Import):
            dotted += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = [*above, *filter(None, [node.module])]
            dotted += [".".join([*base, alias.name]) for alias in node.names]
    return {found for name in dotted if (found := path_of(name, known))} - {path}


def upward_imports(root: Path) -> list[str]:
    """A lower layer never imports a higher one, and every module has a layer."""
    known = modules(root)
    homeless = [f"{path} is in no layer" for path in known if level(path) < 0]
    pairs = [(path, other) for path in known for other in imports(path, known)]
    return homeless + [f"{a} imports {b}, which is above it" for a, b in pairs if level(a) < level(b)]


def cycles(root: Path) -> list[str]:
    """No module imports itself through others."""
    known = modules(root)
    try:
        graphlib.TopologicalSorter({path: imports(path, known) for path in known}).prepare()
    except graphlib.CycleError as error:
        return [" <- ".join(error.args[1])]
    return []


def sibling_imports(root: Path) -> list[str]:
    """No family of reducers imports another but `classes/`, on which others stand.

    Shared helpers start with `_`, the table is `__init__`.
    """
    known = modules(root)
    families = {
        p
        for p in known
        if p.startswith("reducers/")
        and not p.startswith("reducers/classes/")
        and not p.rpartition("/")[2].startswith("_")
    }
    return [f"{a} imports {b}" for a in families for b in imports(a, known) & families]


def unlisted_names(root: Path) -> list[str]:
    """`__all__` lists the public names: what `__init__` makes, takes from the package or pickle, or loads lazily."""
    tree = modules(root)["__init__.py"]
    bound, lists, elsewhere = set(), [], set()
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            bound |= {target.id for target in targets if isinstance(target, ast.Name)}
            if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
                lists += ast.literal_eval(node.value)
                continue
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.ImportFrom) and (
            node.level or f"{node.module}.".startswith(("pickleloaf.", "pickle."))
        ):
            bound |= {alias.asname or alias.name for alias in node.names}
        elsewhere |= {leaf.value for leaf in ast.walk(node) if isinstance(leaf, ast.Constant)}
    hidden = {name for name in bound if not name.startswith("_")} - set(lists)
    phantoms = set(lists) - bound - elsewhere
    return [f"{name} is public and not in __all__" for name in hidden] + [
        f"{name} is in __all__ and nowhere else" for name in phantoms
    ]


def documented_paths(text: str) -> list[set[str]]:
    """Read the paths off a text: each as it stands, and as a leaf of a tree that indentation draws."""
    paths, folders = [], [(-1, "")]
    for line in text.splitlines():
        for token in re.finditer(r"[\w/]+/(?!\w)|[\w/]*\w\.py\b", line):
            while folders[-1][0] >= token.start():
                folders.pop()
            readings = {token[0], folders[-1][1] + token[0]}
            paths.append({path.removeprefix("src/").removeprefix("pickleloaf/") for path in readings})
            if token[0].endswith("/"):
                folders.append((token.start(), folders[-1][1] + token[0]))
    return paths


def undocumented_modules(root: Path) -> list[str]:
    """ARCHITECTURE.md names every module (a package by its folder), and none that does not exist."""
    text = root / "ARCHITECTURE.md"
    paths = documented_paths(text.read_text(encoding="utf-8")) if text.exists() else []
    known = set(modules(root)) - {"__init__.py"}  # the folder at the head of the tree
    named = set().union(*paths)
    missing = {path for path in known if not {path, path.removesuffix("__init__.py")} & named}
    ours = {path.split("/")[0] for path in known if "/" in path}
    gone = [
        p for p in paths if not p & known and any(x.endswith(".py") and x.split("/")[0] in ours for x in p)
    ]
    return [f"{path} is not named" for path in missing] + [f"{min(path)} does not exist" for path in gone]


def long_files(root: Path) -> list[str]:
    """A file has at most 600 lines, where they are one idea, or a reason; a reason that is no longer needed goes."""
    package = root / "src" / "pickleloaf"
    lengths = {path: len((package / path).read_text(encoding="utf-8").splitlines()) for path in modules(root)}
    long = {path for path, lines in lengths.items() if lines > MAX_LINES}
    return [f"{path}: {lengths.get(path, 0)} lines" for path in long ^ set(LONG_FILES)]


def version_questions(root: Path) -> list[str]:
    """Only `_compat.py` asks which Python this is."""
    asks = {"version_info", "hexversion", "python_version", "python_version_tuple"}
    return [
        f"{path}:{node.lineno}"
        for path, tree in modules(root).items()
        for node in ast.walk(tree)
        if path != "_compat.py"
        and (
            (isinstance(node, ast.Attribute) and node.attr in asks)
            or (isinstance(node, ast.ImportFrom) and asks & {alias.name for alias in node.names})
        )
    ]


#: Each law, with files of the package that break it. An empty ARCHITECTURE.md goes with them.
LAWS = {
    upward_imports: {"errors.py": "def f():\n    from pickleloaf.code import names", "code/names.py": ""},
    cycles: {"code/a.py": "from . import b", "code/b.py": "import pickleloaf.code.a", "code/__init__.py": ""},
    sibling_imports: {"reducers/cells.py": "", "reducers/methods.py": "from .cells import reduce_cell"},
    unlisted_names: {"__init__.py": "__all__ = ['dumps']\ndef loads(): ..."},
    undocumented_modules: {"why.py": ""},
    long_files: {"why.py": "\n" * (MAX_LINES + 1)},
    version_questions: {"why.py": "import sys\nNEW = sys.version_info >= (3, 14)"},
}


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_law_holds(law):
    """This checkout obeys the law."""
    assert not sorted(law(ROOT)), law.__doc__


@pytest.mark.parametrize(("law", "files"), LAWS.items(), ids=[law.__name__ for law in LAWS])
def test_breach_is_seen(law, files, tmp_path):
    """A checkout that breaks the law is found out, so the test above can fail."""
    for path, source in files.items():
        file = tmp_path / "src" / "pickleloaf" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source, encoding="utf-8")
    assert law(tmp_path)


TREE = """
src/pickleloaf/
  errors.py    the errors; see code/names.py
  code/        names.py: which names
               codec.py: which bytes
    third/     a_library.py
"""


def test_tree_of_the_document_is_read():
    """A drawn tree, with files beside and under their folder, gives the paths that prose would."""
    expected = {"errors.py", "code/names.py", "code/codec.py", "code/third/a_library.py"}
    assert expected <= set().union(*documented_paths(TREE))
    assert {"reducers/cells.py"} in documented_paths("see `reducers/cells.py`.")
