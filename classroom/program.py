"""From a notebook's code cells to one function, without running the notebook.

Only the statements that the function needs are executed: its own definition, and imports, functions,
classes and assignments that it mentions, and those that these mention. A plot or a training run beside it
costs nothing. Runs in the student's process, where nothing it does can matter to anyone else.
"""

import __future__

import ast
import contextlib
import dis
import types
import zlib
from collections import defaultdict
from dataclasses import dataclass, field

from IPython.core.inputtransformer2 import TransformerManager

CELL = "cell "  # begins the file name of what is compiled; the cell's number follows
_RUN_CODE = ("time", "capture", "prun")  # magics whose code runs in the notebook's own name space
_BIND_ANYTHING = {"exec", "globals", "locals", "vars"}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_AT_ONCE = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")


def parse_cells(sources, lesson=()):
    """Read cells as IPython does.

    Parameters
    ----------
    sources : list of str
    lesson : collection of int
        Which cells are the lesson's own: a bare call there shows something, and changes nothing.

    Returns
    -------
    (list of ast.stmt, list of (str, Exception))
        The top-level statements of all cells; the cells that are no Python with their errors.
    """
    statements, errors, flags = [], [], 0
    for number, source in enumerate(sources):
        try:
            found = _statements(source)
        except Exception as error:  # whatever the parser, or IPython's transformer, stumbles over
            errors.append((source, error))
            continue
        for statement in found:
            if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
                features = [getattr(__future__, alias.name, None) for alias in statement.names]
                flags |= sum(feature.compiler_flag for feature in features if feature)
            statement.cell, statement.flags, statement.quiet = number, flags, number in lesson
        statements += found
    return statements, errors


def _statements(source):
    with contextlib.suppress(SyntaxError):
        return ast.parse(source).body
    parsed = ast.parse(TransformerManager().transform_cell(source)).body
    return [inner for statement in parsed for inner in _within_magic(statement, source)]


def _within_magic(statement, source):
    """Return the statements that a magic such as ``%%time`` runs, at their own lines; else the statement."""
    match statement:
        case ast.Expr(ast.Call(ast.Attribute(attr=kind), [ast.Constant(name), *_, ast.Constant(code)])) if (
            kind in ("run_cell_magic", "run_line_magic") and name in _RUN_CODE
        ):
            found, above = _statements(code), statement.lineno - 1
            if kind == "run_cell_magic":
                above = len(source.rstrip().splitlines()) - len(code.rstrip().splitlines())
            return [ast.increment_lineno(inner, above) for inner in found]
    return [statement]


def _compile(statement, name=""):
    return compile(ast.Module([statement], []), name, "exec", statement.flags, dont_inherit=True)


@dataclass
class _Names:
    """Names that a top-level statement binds or changes (``*``: any), reads, binds once it is called."""

    bound: set = field(default_factory=set)
    read: set = field(default_factory=set)
    at_once: set = field(default_factory=set)
    later: set = field(default_factory=set)


def _names(statement, modules):
    """Return a statement's `_Names`. The compiler knows best which names of a function are its own."""
    names = _Names()
    try:
        codes = [(_compile(statement), True)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return names
    while codes:
        code, at_once = codes.pop()
        inner = [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
        codes += [(made, at_once and made.co_name in _AT_ONCE) for made in inner]
        for step in dis.get_instructions(code):
            if step.opname == "STORE_GLOBAL" or (step.opname == "STORE_NAME" and at_once):
                (names.bound if at_once else names.later).add(step.argval)
            elif step.opname.startswith("LOAD") and step.opname.endswith(("NAME", "GLOBAL", "GLOBALS")):
                names.read.add(step.argval)
                if at_once:
                    names.at_once.add(step.argval)
                if step.argval in _BIND_ANYTHING:
                    (names.bound if at_once else names.later).add("*")
    if isinstance(statement, ast.ImportFrom) and statement.names[0].name == "*":
        names.bound.add("*")
    in_functions = {
        inner for node in ast.walk(statement) if isinstance(node, _FUNCTIONS) for inner in ast.walk(node)
    }
    for node in ast.walk(statement):
        if isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
            changed = {_base(node)} - {None}
        elif isinstance(node, ast.Expr) and not (node is statement and statement.quiet):
            changed = _passed(node) - modules
        else:
            continue
        if node in in_functions:
            names.later |= changed & names.read
        else:
            names.bound |= changed
    return names


def _base(node):
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _passed(expression):
    """Return the names whose objects a bare call may change: ``d`` and ``x`` in ``d.update(f(x))``."""
    called = {node.func for node in ast.walk(expression) if isinstance(node, ast.Call)}
    names = {n.id for n in ast.walk(expression) if isinstance(n, ast.Name) and n not in called}
    return names if called else set()


def needed(statements, name):
    """Return the statements, in order, that have to run for ``name`` to be what it is at their end."""
    imports = [s for s in statements if isinstance(s, (ast.Import, ast.ImportFrom))]
    modules = {(alias.asname or alias.name).split(".")[0] for s in imports for alias in s.names}
    names = [_names(statement, modules) for statement in statements]
    later = defaultdict(set)  # what calling a function binds
    for of in names:
        for function in of.bound:
            later[function] |= of.later
    for of in names:
        of.bound = of.bound.union(*(later[function] for function in of.at_once if function in later))
    binding = defaultdict(set)
    for i, of in enumerate(names):
        for bound in of.bound:
            binding[bound].add(i)
    wanted, chosen = ["*", name], set()
    while wanted:
        found = binding[wanted.pop()] - chosen
        chosen |= found
        for i in found:
            wanted += names[i].read
    return [statements[i] for i in sorted(chosen)]


class _Notebook:
    """Stands in for IPython itself: other magics and shell commands show something, and compute nothing."""

    def __getattr__(self, name):
        return lambda *args, **kwargs: None


def build(statements, errors, name, namespace):
    """Execute what ``name`` needs in ``namespace``.

    Parameters
    ----------
    statements, errors
        Of the code cells, as `parse_cells` returns them.
    name : str
    namespace : dict
        Filled in place; ``namespace[name]`` is the function where the cells define one.

    Returns
    -------
    unreadable : list of str
        Cells that mention ``name`` and are no Python.
    failed : list of str
        Statements that raised an exception and were passed over.
    """
    namespace |= {"get_ipython": _Notebook, "display": _Notebook().display}
    unreadable = [_unreadable(error) for source, error in errors if name in source]
    failed = []
    for statement in needed(statements, name):
        try:
            exec(_compile(statement, f"{CELL}{statement.cell}"), namespace)
        except NotImplementedError:
            pass
        except BaseException as error:
            failed.append(f"line `{ast.unparse(statement).splitlines()[0][:100]}`: {describe_error(error)}")
    return unreadable, failed


def _unreadable(error):
    line = (getattr(error, "text", None) or "").strip()[:100]
    where = f" in the line `{line}`" if line else ""
    return f"a cell is no valid Python{where}: {describe_error(error)}"


def describe_error(error):
    """Return the type and message of an exception on one line."""
    try:
        text = " ".join(str(getattr(error, "msg", None) or error).split())[:200]
    except BaseException:
        text = ""
    return f"{type(error).__name__}: {text}".removesuffix(": ")


def shapes(statements, name):
    """Return a number for each statement of ``name``'s last definition that forgets the names of variables.

    Comments, layout, docstrings, annotations and the names of arguments and local variables leave no trace;
    names of other functions, attributes and numbers do. Two answers with the same shapes are the same
    answer, whatever its variables are called.

    Returns
    -------
    list of int
    """
    found = [s for s in statements if isinstance(s, ast.FunctionDef) and s.name == name]
    if not found:
        return []
    function = found[-1]
    own = {n.arg for n in ast.walk(function) if isinstance(n, ast.arg)} | {name}
    own |= {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return [_shape(s, own) for s in ast.walk(function) if isinstance(s, ast.stmt) and not _is_text(s)]


def _is_text(statement):
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _shape(statement, own):
    pieces = [type(statement).__name__]
    queue = [child for child in ast.iter_child_nodes(statement) if not isinstance(child, ast.stmt)]
    while queue:
        node = queue.pop(0)
        if isinstance(node, ast.Name):
            pieces.append("_" if node.id in own else node.id)
        elif isinstance(node, ast.Constant):
            pieces.append(repr(node.value)[:40])
        elif isinstance(node, ast.arg):
            pieces.append("arg")
        elif not isinstance(node, ast.expr_context):
            pieces.append(type(node).__name__ + (f".{node.attr}" if isinstance(node, ast.Attribute) else ""))
            queue += [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.stmt)]
    return zlib.crc32(" ".join(pieces).encode("utf-8", "replace"))
