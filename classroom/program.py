"""From a notebook's code cells to one function, without running the notebook.

Only the statements that the function needs are executed: its own definition, and imports, functions,
classes and assignments that it mentions, and those that these mention. A plot or a training run beside it
costs nothing. Runs in the student's process, where nothing it does can matter to anyone else.
"""

import ast
import dis
import re
import types
import zlib

CELL = "cell "  # begins the file name of what is compiled; the cell's number follows
_MAGIC = re.compile(r"^(\s*)[%!].*$", flags=re.M)


def parse_cells(sources):
    """Return (the top-level statements of all cells, the cells that are no Python with their errors)."""
    statements, errors = [], []
    for number, source in enumerate(sources):
        if source.lstrip().startswith("%%"):
            continue
        try:
            for statement in ast.parse(_MAGIC.sub(r"\1pass", source)).body:
                statement.cell = number
                statements.append(statement)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            errors.append((source, error))
    return statements, errors


def needed(statements, name):
    """Return the statements, in order, that have to run for ``name`` to be what it is at their end."""
    binding = [(statement, *_names(statement)) for statement in statements]
    wanted, chosen = {name}, set()
    while True:
        found = {
            i
            for i, (_, bound, _) in enumerate(binding)
            if i not in chosen and ("*" in bound or bound & wanted)
        }
        if not found:
            return [statements[i] for i in sorted(chosen)]
        chosen |= found
        for i in found:
            wanted |= binding[i][2]


def _names(statement):
    """Return (names that a top-level statement binds or changes, global names that it reads).

    The compiler knows best which names of a function are its own.
    """
    if isinstance(statement, ast.Expr):
        return set(), set()  # a bare call, a plot
    bound, read = set(), set()
    try:
        codes = [compile(ast.Module([statement], []), "", "exec")]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set(), set()
    while codes:
        code = codes.pop()
        codes += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
        for step in dis.get_instructions(code):
            if step.opname in ("STORE_NAME", "STORE_GLOBAL") and (code.co_name == "<module>"):
                bound.add(step.argval)
            elif step.opname.startswith("LOAD") and step.opname.endswith(("NAME", "GLOBAL", "GLOBALS")):
                read.add(step.argval)
    if isinstance(statement, ast.ImportFrom) and statement.names[0].name == "*":
        bound.add("*")
    for node in ast.walk(statement):
        if isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
            bound |= {_base(node)} - {None}
    return bound, read


def _base(node):
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def build(sources, name, namespace):
    """Execute what ``name`` needs in ``namespace``.

    Parameters
    ----------
    sources : list of str
        The code cells, in order.
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
    statements, errors = parse_cells(sources)
    unreadable = [_unreadable(source, error) for source, error in errors if name in source]
    failed = []
    for statement in needed(statements, name):
        try:
            exec(compile(ast.Module([statement], []), f"{CELL}{statement.cell}", "exec"), namespace)
        except NotImplementedError:
            pass
        except BaseException as error:
            failed.append(f"line `{ast.unparse(statement).splitlines()[0][:100]}`: {describe_error(error)}")
    return unreadable, failed


def _unreadable(source, error):
    line = getattr(error, "lineno", None)
    lines = source.splitlines()
    where = f" in the line `{lines[line - 1].strip()[:100]}`" if line and line <= len(lines) else ""
    return f"a cell is no valid Python{where}: {describe_error(error)}"


def describe_error(error):
    """Return the type and message of an exception on one line."""
    try:
        text = " ".join(str(getattr(error, "msg", None) or error).split())[:200]
    except BaseException:
        text = ""
    return f"{type(error).__name__}: {text}".removesuffix(": ")


def shapes(sources, name):
    """Return a number for each statement of ``name``'s last definition that forgets the names of variables.

    Comments, layout, docstrings, annotations and the names of arguments and local variables leave no trace;
    names of other functions, attributes and numbers do. Two answers with the same shapes are the same
    answer, whatever its variables are called.

    Returns
    -------
    list of int
    """
    statements, _ = parse_cells(sources)
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
