"""Mutation score of the book, of access and of consent (promise P37): are the tests hurt when the code is?

Each mutant is one small wrong change (a comparison turned round, a condition negated, a line left out, a keyword argument
dropped …). It is tried in a process of its own, against the tests that touch its line, shortest first, until one fails.
The checkout is never edited: a warm process has the tests collected and the database made, forks, and exchanges the code of
one function in the fork; what runs when a module is imported (constants, defaults, decorators) is tried in a fresh process
that reads the changed text instead of the file. A mutant that no program could tell from the original is listed in
`EQUIVALENT` with the reason and does not count.
"""

import argparse
import ast
import copy
import gc
import importlib
import importlib.abc
import importlib.util
import inspect
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"
OUT = ROOT / "var" / "bench"
BAR = 0.85
ENOUGH = 12.0  # seconds of tests a mutant is shown: what they do not notice counts as unnoticed
LEAST_LIMIT, LIMIT_FACTOR = (
    20.0,
    6.0,
)  # seconds, and times the selected tests' own time, before a mutant counts as hanging


@dataclass(frozen=True)
class Target:
    """A module to hurt: `names` are the functions meant, none for all of it."""

    path: str
    names: tuple[str, ...] = ()

    @property
    def module(self) -> str:
        """Its dotted name."""
        return self.path.removeprefix("src/").removesuffix(".py").replace("/", ".")


@dataclass(frozen=True)
class Topic:
    """What is scored together, and which tests may notice."""

    targets: tuple[Target, ...]
    tests: tuple[str, ...]
    near: int  # the first so many files of `tests` judge what runs at import: each such try is a new process


TOPICS = {
    "ledger": Topic(
        (Target("src/tongxin/people/ledger.py"),),
        ("tests/people/test_book.py", "tests/people/test_book_exact.py", "tests/people/test_merging.py", "tests/people/test_tasks.py"),
        near=2,
    ),
    "access": Topic(
        (
            Target("src/tongxin/foundation/access.py"),
            Target("src/tongxin/stores/rules.py", ("may_grant",)),
            Target("src/tongxin/project/permissions.py", ("row_for", "scopes")),
            Target("src/tongxin/project/doors.py"),
        ),
        (
            "tests/foundation/test_access.py", "tests/stores/test_rules.py", "tests/project/test_doors_exact.py",
            "tests/access/test_doors.py", "tests/access/test_routes.py", "tests/access/test_page_doors.py",
        ),
        near=3,
    ),
    "consent": Topic(
        (Target("src/tongxin/people/actions/consents.py"),),
        ("tests/people/test_consents.py", "tests/people/test_consents_exact.py"),
        near=2,
    ),
}  # fmt: skip

# Tests that measure speed fail on a busy machine whatever the code is.
LEFT_OUT = ("test_twenty_thousand_deeds_a_second", "test_unknown_names_take_as_long_as_known_ones")

# (file, the line as it stands, what was changed) → why nobody could tell. Counts for survivors only.
EQUIVALENT: dict[tuple[str, str, str], str] = {
    (
        "src/tongxin/people/ledger.py",
        "del viewer  # named by every caller; the act's trail carries it",
        "left out",
    ): "the argument is not used after it",
    (
        "src/tongxin/foundation/access.py",
        "grant.everywhere or (place is not None and place in grant.places)",
        "operand 1 left out",
    ): "without `place is not None`: places are numbers, None is in none of them",
}


@dataclass(frozen=True)
class Mutant:
    """One wrong program. `where` is the function it is in, "" for what runs at import."""

    path: str
    line: int
    end: int
    where: str
    what: str
    text: str  # the line as it stands
    source: str = field(repr=False)


# ---- making mutants

FLIPS: dict[type, tuple[type, ...]] = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
}  # fmt: skip
SWAPS: dict[type, type] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
LOGS = {"log", "logger", "logging"}


def mutants(target: Target) -> list[Mutant]:
    """Every mutant of a module, in the order of its lines; two that read the same are one."""
    text = (ROOT / target.path).read_text()
    lines, tree = text.splitlines(), ast.parse(text)
    original, seen, made = ast.unparse(tree), set(), []
    for where, statement, node, what, change in _changes(tree):
        if target.names and where not in target.names:
            continue
        wrong = _applied(tree, node, change)
        if wrong is None or wrong == original or wrong in seen:
            continue
        seen.add(wrong)
        at = getattr(node, "lineno", statement.lineno)
        made.append(Mutant(target.path, at, statement.lineno, where, what, lines[at - 1].strip(), wrong))
    return made


def _changes(tree: ast.Module) -> Iterator[tuple[str, ast.stmt, ast.AST, str, Any]]:
    """(function, statement, node, what is changed, how) of everything that is code: no docstring, annotation or log text."""
    yield from _in_body(tree.body, "", inside=False)


def _in_body(
    body: list[ast.stmt], where: str, *, inside: bool
) -> Iterator[tuple[str, ast.stmt, ast.AST, str, Any]]:
    for statement in body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue  # a docstring or an ellipsis
        if isinstance(statement, (ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal, ast.Pass)) or _logs(
            statement
        ):
            continue
        if isinstance(statement, ast.FunctionDef):
            name = f"{where}.{statement.name}" if where else statement.name
            outer = where if inside else ""
            for part in (
                *statement.decorator_list,
                *statement.args.defaults,
                *filter(None, statement.args.kw_defaults),
            ):
                for node, what, change in _in_expression(part):
                    # what runs when the function is made belongs to whoever makes it
                    yield outer, statement, node, f"default: {what}", change
            yield from _in_body(statement.body, name if not inside else where, inside=True)
            continue
        if isinstance(statement, ast.ClassDef):
            for part in statement.decorator_list:
                for node, what, change in _in_expression(part):
                    yield "", statement, node, what, change
            yield from _in_body(
                statement.body, f"{where}.{statement.name}" if where else statement.name, inside=inside
            )
            continue
        here = where if inside else ""
        yield from ((here, statement, *rest) for rest in _of_statement(statement, inside=inside))
        for name in ("body", "orelse", "finalbody"):
            yield from _in_body(getattr(statement, name, []), where, inside=inside)
        for handler in getattr(statement, "handlers", []):
            yield from _in_body(handler.body, where, inside=inside)


def _logs(statement: ast.stmt) -> bool:
    call = statement.value if isinstance(statement, ast.Expr) else None
    function = call.func if isinstance(call, ast.Call) else None
    return (
        isinstance(function, ast.Attribute)
        and isinstance(function.value, ast.Name)
        and function.value.id in LOGS
    )


def _of_statement(statement: ast.stmt, *, inside: bool) -> Iterator[tuple[ast.AST, str, Any]]:
    if isinstance(statement, (ast.Expr, ast.Raise, ast.AugAssign, ast.Delete)) and inside:
        yield statement, "left out", lambda _: ast.Pass()
    if isinstance(statement, ast.Return) and statement.value is not None:
        yield statement, "return None", lambda s: _put(s, "value", ast.Constant(None))
    if isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value is not None and inside:
        yield statement, "assign None", lambda s: _put(s, "value", ast.Constant(None))
    if isinstance(statement, ast.Continue):
        yield statement, "continue → break", lambda _: ast.Break()
    if isinstance(statement, ast.Break):
        yield statement, "break → continue", lambda _: ast.Continue()
    if isinstance(statement, (ast.If, ast.While)):
        yield statement, "condition negated", lambda s: _put(s, "test", ast.UnaryOp(ast.Not(), s.test))
    if isinstance(statement, ast.With) and all(i.optional_vars is None for i in statement.items):
        yield statement, "with left out", lambda s: ast.If(ast.Constant(True), s.body, [])
    for part in _expressions(statement):
        yield from _in_expression(part)


def _expressions(statement: ast.stmt) -> Iterator[ast.expr]:
    """The expressions of a statement itself, without the statements below it and without annotations."""
    for name, value in ast.iter_fields(statement):
        if name in ("annotation", "targets", "target"):
            continue
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, ast.expr):
                yield part
            elif isinstance(part, ast.withitem):
                yield part.context_expr
    if isinstance(statement, ast.Assign):
        yield from (t.value for t in statement.targets if isinstance(t, ast.Attribute))


def _in_expression(expression: ast.expr) -> Iterator[tuple[ast.AST, str, Any]]:
    for node in _code(expression):
        yield from _of_node(node)


def _code(expression: ast.AST) -> Iterator[ast.AST]:
    """The nodes of an expression but not those that are types: `cast(…)`'s first, a subscript of a class in a call."""
    yield expression
    if isinstance(expression, ast.Call) and isinstance(expression.func, ast.Subscript):
        for part in (*expression.args, *expression.keywords):
            yield from _code(part)
        return
    for part in ast.iter_child_nodes(expression):
        yield from _code(part)


def _of_node(node: ast.AST) -> Iterator[tuple[ast.AST, str, Any]]:
    if isinstance(node, ast.Compare):
        for place, operator in enumerate(node.ops):
            for flipped in FLIPS.get(type(operator), ()):
                yield (
                    node,
                    f"{type(operator).__name__} → {flipped.__name__}",
                    lambda n, i=place, o=flipped: _put_at(n, "ops", i, o()),
                )
    elif isinstance(node, ast.BoolOp):
        other = ast.Or if isinstance(node.op, ast.And) else ast.And
        yield node, f"{type(node.op).__name__} → {other.__name__}", lambda n, o=other: _put(n, "op", o())
        for place in range(len(node.values)):
            yield node, f"operand {place + 1} left out", lambda n, i=place: _without(n, "values", i)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node, "not left out", lambda n: n.operand
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node, "minus left out", lambda n: n.operand
    elif isinstance(node, ast.IfExp):
        yield node, "condition negated", lambda n: _put(n, "test", ast.UnaryOp(ast.Not(), n.test))
    elif isinstance(node, ast.BinOp) and type(node.op) in SWAPS:
        swap = SWAPS[type(node.op)]
        yield node, f"{type(node.op).__name__} → {swap.__name__}", lambda n, o=swap: _put(n, "op", o())
    elif isinstance(node, ast.comprehension):
        for place in range(len(node.ifs)):
            yield node, "filter left out", lambda n, i=place: _without(n, "ifs", i)
    elif isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("select_for_update", "order_by"):
            yield node, f"{node.func.attr}() left out", lambda n: n.func.value
        for place, keyword in enumerate(node.keywords):
            yield node, f"{keyword.arg or '**'}= left out", lambda n, i=place: _without(n, "keywords", i)
    elif isinstance(node, ast.Constant):
        yield from _of_constant(node)


def _of_constant(node: ast.Constant) -> Iterator[tuple[ast.AST, str, Any]]:
    value = node.value
    if value is None or value is Ellipsis:
        return
    if isinstance(value, bool):
        others: tuple[Any, ...] = (not value,)
    elif isinstance(value, (int, float)):
        others = (value + 1, value - 1)
    elif isinstance(value, str):
        others = (f"XX{value}XX",)
    else:
        others = (None,)
    for other in others:
        shown = repr(other) if not isinstance(value, str) or other is None else "another text"
        yield node, f"{str(value)[:24]!r} → {shown}", lambda n, o=other: _put(n, "value", o)


def _put(node: Any, name: str, value: Any) -> Any:
    setattr(node, name, value)
    return node


def _put_at(node: Any, name: str, place: int, value: Any) -> Any:
    getattr(node, name)[place] = value
    return node


def _without(node: Any, name: str, place: int) -> Any:
    del getattr(node, name)[place]
    return node.values[0] if isinstance(node, ast.BoolOp) and len(node.values) == 1 else node


class _Replace(ast.NodeTransformer):
    def __init__(self, number: int, change: Any) -> None:
        self.number, self.change = number, change

    def visit(self, node: ast.AST) -> Any:
        if getattr(node, "number", None) == self.number:
            return ast.copy_location(self.change(node), node)
        return self.generic_visit(node)


def _applied(tree: ast.Module, node: ast.AST, change: Any) -> str | None:
    """The text of the changed module; None when the change gives no program (a plain `f"{…}"` part)."""
    for number, each in enumerate(ast.walk(tree)):
        each.number = number  # type: ignore[attr-defined]  # a mark of ours
    wrong = _Replace(node.number, change).visit(copy.deepcopy(tree))  # type: ignore[attr-defined]  # as above
    try:
        text = ast.unparse(ast.fix_missing_locations(wrong))
        compile(text, "mutant", "exec")
    except (SyntaxError, ValueError, TypeError, AttributeError):
        return None
    return text


# ---- trying mutants


@dataclass
class Touched:
    """Which tests touch which line, and how long each takes."""

    lines: dict[str, dict[int, list[str]]]
    seconds: dict[str, float]

    def by(self, mutant: Mutant, bounds: tuple[int, int], near: tuple[str, ...]) -> list[str]:
        """The tests for a mutant, shortest first: those that run its line, or else its function, or for what runs at import `near`."""
        of = self.lines.get(mutant.path, {})
        found = set(of.get(mutant.line, ())) | set(of.get(mutant.end, ()))
        if not mutant.where:
            found = {t for t in self.seconds if t.startswith(near)}
        elif not found:
            found = {t for line in range(bounds[0], bounds[1] + 1) for t in of.get(line, ())}
        spent, chosen = 0.0, []
        for test in sorted(found, key=lambda t: (self.seconds[t], t)):
            spent += self.seconds[test]
            if chosen and spent > ENOUGH:
                break
            chosen.append(test)
        return chosen


class Oven:
    """A pytest plugin that keeps the collected tests warm and bakes each mutant in a fork."""

    def __init__(self, topic: Topic, answers: Path, *, resume: bool) -> None:
        self.topic, self.answers, self.resume = topic, answers, resume
        self.failed = False

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.failed = self.failed or report.failed

    def pytest_runtestloop(self, session: Any) -> bool:
        from django.db import connections  # noqa: PLC0415 - Django is set up only now

        items = {item.nodeid: item for item in session.items}
        for first in session.items:  # makes the database, in this process, for all forks
            if "db" in first.fixturenames or first.get_closest_marker("django_db"):
                first.config.hook.pytest_runtest_protocol(item=first, nextitem=session.items[-1])
                break
        connections.close_all()
        gc.freeze()
        noted = self.answers.with_suffix(".touched")
        if self._forked(lambda: self._survey(session, noted), 900) != 0:
            sys.exit("the tests are not green without a mutant")
        touched = Touched(**json.loads(noted.read_text()))
        touched.lines = {p: {int(n): t for n, t in found.items()} for p, found in touched.lines.items()}
        judged = len(self.answers.read_text().splitlines()) if self.resume and self.answers.exists() else 0
        with self.answers.open("a" if judged else "w") as out:
            for mutant in [m for target in self.topic.targets for m in mutants(target)][judged:]:
                verdict = self._try(mutant, touched, items)
                told = {k: v for k, v in asdict(mutant).items() if k != "source"} | {"verdict": verdict}
                out.write(json.dumps(told, ensure_ascii=False) + "\n")
                out.flush()
        if self._forked(lambda: self._run(list(session.items)), 900) != 0:
            sys.exit("the tests are not green any more without a mutant")
        return True

    def _try(self, mutant: Mutant, touched: Touched, items: dict[str, Any]) -> str:
        chosen = touched.by(mutant, _bounds(mutant), self.topic.tests[: self.topic.near])
        if not chosen:
            return "survived"
        limit = LEAST_LIMIT + LIMIT_FACTOR * sum(touched.seconds[t] for t in chosen)
        if mutant.where:
            found = self._forked(lambda: self._bake(mutant, [items[t] for t in chosen]), limit)
        else:
            found = _fresh(mutant, chosen, limit)
        return {0: "survived", None: "timeout"}.get(found, "killed")

    def _bake(self, mutant: Mutant, chosen: list[Any]) -> int:
        exchange(mutant)
        return self._run(chosen)

    def _run(self, chosen: list[Any]) -> int:
        for item, following in zip(chosen, [*chosen[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.failed:
                return 1
        return 0

    def _survey(self, session: Any, to: Path) -> int:
        import coverage  # noqa: PLC0415 - the survey alone needs it

        watched = {str(ROOT / t.path): t.path for t in self.topic.targets}
        watch = coverage.Coverage(data_file=None, include=list(watched), config_file=False)
        watch.start()
        seconds: dict[str, float] = {}
        items = list(session.items)
        for item, following in zip(items, [*items[1:], None], strict=True):
            watch.switch_context(item.nodeid)
            begun = time.monotonic()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            seconds[item.nodeid] = time.monotonic() - begun
            if self.failed:
                return 1
        watch.stop()
        data = watch.get_data()
        lines = {
            watched[file]: {n: [c for c in names if c] for n, names in data.contexts_by_lineno(file).items()}
            for file in data.measured_files()
        }
        to.write_text(json.dumps({"lines": lines, "seconds": seconds}))
        return 0

    def _forked(self, act: Any, limit: float) -> int | None:
        """What `act` answers in a fork; None when it takes longer than `limit` seconds."""
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            code = 3
            try:
                os.setpgid(0, 0)
                silent = os.open(os.devnull, os.O_WRONLY)
                if not os.environ.get("MUTANTS_LOUD"):
                    os.dup2(silent, 1)
                    os.dup2(silent, 2)
                code = act()
            finally:
                os._exit(code)
        return _ended(child, limit)


def _ended(child: int, limit: float) -> int | None:
    until = time.monotonic() + limit
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def _bounds(mutant: Mutant) -> tuple[int, int]:
    tree = ast.parse((ROOT / mutant.path).read_text())
    found = [
        (n.lineno, n.end_lineno or n.lineno)
        for n in ast.walk(tree)
        if isinstance(n, ast.FunctionDef) and n.lineno <= mutant.line <= (n.end_lineno or n.lineno)
    ]
    return max(found, default=(mutant.line, mutant.line))


def exchange(mutant: Mutant) -> None:
    """Give the living function the mutant's code: whoever imported it before has the mutant too."""
    module = importlib.import_module(Target(mutant.path).module)
    wrong = _named(compile(mutant.source, str(ROOT / mutant.path), "exec"), mutant.where.split("."))
    living: Any = module
    for name in mutant.where.split("."):
        living = inspect.getattr_static(living, name)
    function = inspect.unwrap(getattr(living, "fget", living))
    assert isinstance(function, FunctionType)
    function.__code__ = wrong


def _named(code: CodeType, names: Sequence[str]) -> CodeType:
    for name in names:
        code = next(c for c in code.co_consts if isinstance(c, CodeType) and c.co_name == name)
    return code


class _Instead(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads one module from a text."""

    def __init__(self, name: str, path: Path, text: str) -> None:
        self.name, self.path, self.text = name, path, text

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:  # noqa: ARG002 - the protocol's
        if fullname != self.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self)

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.text, str(self.path), "exec"), module.__dict__)  # noqa: S102 - the mutant itself


def _fresh(mutant: Mutant, chosen: list[str], limit: float) -> int | None:
    """Try what runs at import, in a new process."""
    told = json.dumps({"path": mutant.path, "source": mutant.source, "tests": chosen})
    with subprocess.Popen(
        [sys.executable, str(Path(__file__)), "--one"], cwd=ROOT, stdin=subprocess.PIPE, text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    ) as child:  # fmt: skip
        try:
            child.communicate(told, timeout=limit + 30)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            return None
        return child.returncode


class _Only:
    """Runs the chosen tests in the chosen order."""

    def __init__(self, tests: list[str]) -> None:
        self.order = {name: place for place, name in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items[:] = sorted((i for i in items if i.nodeid in self.order), key=lambda i: self.order[i.nodeid])


PLAIN = ("--reuse-db", "-p", "no:randomly", "-p", "no:cacheprovider", "--timeout=0")


def _pytest(arguments: list[str], plugins: list[Any]) -> int:
    import pytest  # noqa: PLC0415 - the parent process does without

    return int(pytest.main([*PLAIN, *arguments], plugins=plugins))


def one() -> int:
    """The new process: read the mutant from standard input, run its tests."""
    told = json.loads(sys.stdin.read())
    name = Target(told["path"]).module
    sys.meta_path.insert(0, _Instead(name, ROOT / told["path"], told["source"]))
    files = sorted({test.partition("::")[0] for test in told["tests"]})
    return _pytest(["-x", *files], [_Only(told["tests"])])


def oven(name: str, *, resume: bool) -> int:
    """The warm process of one topic."""
    topic = TOPICS[name]
    tests = [t for t in topic.tests if (ROOT / t).exists()]
    return _pytest(
        ["-s", "-k", " and ".join(f"not {name}" for name in LEFT_OUT), *tests],
        [Oven(topic, OUT / f"mutants-{name}.jsonl", resume=resume)],
    )


# ---- the answer


def bake(names: Sequence[str], workers: int, *, resume: bool) -> None:
    """Try all mutants of the topics; one warm process each, `workers` at a time."""
    OUT.mkdir(parents=True, exist_ok=True)

    def start(name: str) -> int:
        env = os.environ | {"TONGXIN_TEST_DB": f"mutants_{name}", "OPENBLAS_NUM_THREADS": "1"}
        command = [sys.executable, str(Path(__file__)), "--oven", name, *(["--resume"] if resume else [])]
        return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode

    with ThreadPoolExecutor(workers) as pool:
        ended = dict(zip(names, pool.map(start, names), strict=True))
    if any(ended.values()):
        sys.exit(f"not measured: {ended}")


def scores(names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Counts, score and survivors of each topic, from what the warm processes wrote down."""
    found = {}
    for name in names:
        kept = OUT / f"mutants-{name}.jsonl"
        rows = [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []
        for row in rows:
            if row["verdict"] == "survived" and (row["path"], row["text"], row["what"]) in EQUIVALENT:
                row["verdict"] = "equivalent"
        count = {
            v: sum(r["verdict"] == v for r in rows) for v in ("killed", "survived", "timeout", "equivalent")
        }
        judged = count["killed"] + count["survived"] + count["timeout"]
        survivors = [
            f"{r['path']}:{r['line']} {r['what']}: {r['text']}" for r in rows if r["verdict"] == "survived"
        ]
        found[name] = {
            **count,
            "score": count["killed"] / judged if judged else 0.0,
            "survivors": survivors,
            "timeouts": [f"{r['path']}:{r['line']} {r['what']}" for r in rows if r["verdict"] == "timeout"],
        }
    return found


def figures(names: Sequence[str] = tuple(TOPICS)) -> list[dict[str, Any]]:
    """One row a topic, from the last run."""
    return [
        {
            "what": f"mutation score, {name}",
            "measured": f"{s['score']:.1%} ({s['killed']} of {s['killed'] + s['timeout'] + s['survived']})",
            "bar": "≥ 85 %",
            "met": s["score"] >= BAR,
            "note": f"{s['timeout']} that hung count as not noticed; {s['equivalent']} equivalent left out, with reasons in bench/mutants.py",
            **s,
        }
        for name, s in scores(names).items()
    ]


def main() -> int:
    """Try the topics named on the command line (all by default), print the table, write var/bench/mutants.json."""
    asked = argparse.ArgumentParser()
    asked.add_argument("topics", nargs="*", default=list(TOPICS))
    asked.add_argument("--workers", type=int, default=2)
    asked.add_argument(
        "--resume", action="store_true", help="go on where a broken run stopped, the code being the same"
    )
    asked.add_argument("--list", action="store_true")
    asked.add_argument("--oven")
    asked.add_argument("--one", action="store_true")
    options = asked.parse_args()
    if options.one:
        return one()
    if options.oven:
        return oven(options.oven, resume=options.resume)
    if options.list:
        for topic in options.topics:
            for target in TOPICS[topic].targets:
                for m in mutants(target):
                    print(f"{m.path}:{m.line} [{m.where}] {m.what}: {m.text}")
        return 0
    bake(options.topics, options.workers, resume=options.resume)
    rows = figures(options.topics)
    (OUT / "mutants.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1))
    for row in rows:
        print(f"{row['what']:<28} {row['measured']:<22} {row['bar']:<8} {'met' if row['met'] else 'MISSED'}")
        for survivor in row["survivors"]:
            print(f"    survived  {survivor}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
