"""Random programs with every statement and expression of Python, which read, bind, delete and nest names."""

from __future__ import annotations

import random
import sys
from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = "abcdefgh"
"""The names of the notebook. Their values are 0, 1, 2 and so on."""
_INDENT = "    "


class Writer:
    """Writes one program.

    ``own`` are the names of the enclosing functions, which a ``nonlocal`` may name. ``kind`` is the innermost scope:
    the module, a function, an async function, or a class.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.kind = "module"
        self.loops = 0
        self.own: list[set[str]] = []
        self.bans = 0
        """How many comprehensions or class bodies are around: an assignment expression is refused in some."""

    def name(self) -> str:
        return self.random.choice(NAMES)

    def expression(self, depth: int) -> str:
        if depth <= 0:
            return self.random.choice([self.name(), self.name(), str(self.random.randrange(3))])
        return self.random.choice(_EXPRESSIONS)(self, depth - 1)

    def statement(self, depth: int) -> list[str]:
        kinds = _SIMPLE if depth <= 0 else _SIMPLE + _COMPOUND
        return self.random.choice(kinds)(self, depth - 1)

    def block(self, depth: int, *, most: int = 3) -> list[str]:
        lines = [line for _ in range(self.random.randint(1, most)) for line in self.statement(depth)]
        return [_INDENT + line for line in lines or ["pass"]]

    def target(self, depth: int) -> str:
        name = self.name()
        return self.random.choice([
            name, name, name, f"({name}, {self.name()})", f"[{name}, *{self.name()}]", f"box.{name}", f"box[{self.expression(depth)}]",
        ])  # fmt: skip


def _walrus(writer: Writer, depth: int) -> str:
    if writer.bans:
        return writer.expression(depth)
    return f"({writer.name()} := {writer.expression(depth)})"


def _comprehension(opening: str, closing: str, item: str = "{}") -> Callable[[Writer, int], str]:
    def write(writer: Writer, depth: int) -> str:
        first, second = writer.name(), writer.name()
        source = writer.expression(depth)
        writer.bans += 1
        parts = [writer.expression(depth) for _ in range(item.count("{}"))]
        condition = f" if {writer.expression(depth)}" if writer.random.random() < 0.3 else ""
        inner = f" for {second} in two({first})" if writer.random.random() < 0.3 else ""
        writer.bans -= 1
        return f"{opening}{item.format(*parts)} for {first} in two({source}){condition}{inner}{closing}"

    return write


def _async_comprehension(writer: Writer, depth: int) -> str:
    if writer.kind not in {"module", "async"} or writer.bans:
        return writer.expression(depth)
    name = writer.name()
    source = writer.expression(depth)
    writer.bans += 1
    item = writer.expression(depth)
    writer.bans -= 1
    return f"[{item} async for {name} in arrive({source})]"


def _lambda(writer: Writer, depth: int) -> str:
    first, second, default = writer.name(), writer.name(), writer.expression(depth)
    kind, writer.kind = writer.kind, "lambda"
    body = writer.expression(depth)
    writer.kind = kind
    taken = first if first == second else f"{first}, *, {second}={default}"
    return f"(lambda {taken}: {body})({writer.expression(depth)})"


def _await(writer: Writer, depth: int) -> str:
    if writer.kind not in {"module", "async"} or writer.bans:
        return writer.expression(depth)
    return f"(await later({writer.expression(depth)}))"


def _yield(writer: Writer, depth: int) -> str:
    if writer.kind != "function" or writer.bans:
        return writer.expression(depth)
    return writer.random.choice(
        [f"(yield {writer.expression(depth)})", f"(yield from two({writer.expression(depth)}))"]
    )


def _form(text: str) -> Callable[[Writer, int], str]:
    """Return a writer of *text*, whose braces are expressions."""
    return lambda writer, depth: text.format(*(writer.expression(depth) for _ in range(text.count("{}"))))


_EXPRESSIONS: list[Callable[[Writer, int], str]] = [
    *[_form(text) for text in (
        "({} + {})", "(-{})", "({} and {})", "({} or {})", "(not {})", "({} if {} else {})", "({} < {})", "({} is {})",
        "({}, {})", "[{}, *two({})]", "two({{{}, {}}})", "{{1: {}, **{{2: {}}}}}", "two({})[{}]", "two({})[:{}]", "box.v",
        "note({}, {})", "note({}, k={})", "note(*two({}), **{{'k': {}}})", "measure({}, {})", "box.score({}, {})",
        "box.fit({}, {}).score({}, {})", "metrics.f1({}, {})", "box.end_run({})", "model.train({}, {})", "DataLoader({})",
        "note(\n{},\n{})", "measure(\n{},\n{}\n)", "measure({})", "(metrics\n.f1({}, {}))", "(metrics\n.bad(\n{}))", "(model\n.train({},\n{}))",
        "(model.train\n({}))", "(box\n.fit({})\n.score({},\n{}))", "(box\n.bad({})\n.score({}))", "(metrics\n.DataLoader({}))",
    )],
    lambda writer, depth: f"f'{{{writer.expression(min(depth, 1))}!r:>{{width}}}}'" if not writer.bans else writer.name(),
    lambda writer, depth: f"note({writer.name()}, {writer.name()})",
    _walrus, _walrus, _lambda, _await, _yield, _async_comprehension,
    _comprehension("[", "]"), _comprehension("two({", "})"), _comprehension("{", "}", "{}: {}"), _comprehension("list(", ")"),
]  # fmt: skip


def _assign(writer: Writer, depth: int) -> list[str]:
    value = writer.expression(depth + 2)
    targets = [writer.name(), *(writer.target(depth) for _ in range(writer.random.choice([0, 0, 0, 1])))]
    return [" = ".join([*targets, value])]


def _unpack(writer: Writer, depth: int) -> list[str]:
    values = f"{writer.expression(depth + 1)}, {writer.expression(depth + 1)}"
    return [f"{writer.name()}, {writer.random.choice(['', '*'])}{writer.name()} = {values}"]


def _item(writer: Writer, depth: int) -> list[str]:
    return [f"{writer.random.choice(['box', 'rows'])}[{writer.expression(depth + 1)}] = {writer.expression(depth + 1)}"]


def _augment(writer: Writer, depth: int) -> list[str]:
    target = writer.random.choice([writer.name(), writer.name(), "box.v", f"box[{writer.expression(depth)}]"])
    return [f"{target} {writer.random.choice(['+=', '-=', '*='])} {writer.expression(depth + 1)}"]


def _annotate(writer: Writer, depth: int) -> list[str]:
    value = f" = {writer.expression(depth + 1)}" if writer.random.random() < 0.7 else ""
    return [f"{writer.name()}: {writer.random.choice(['int', writer.name()])}{value}"]


def _delete(writer: Writer, _: int) -> list[str]:
    return [f"del {writer.name()}"]


def _import(writer: Writer, _: int) -> list[str]:
    return [writer.random.choice([
        f"import math as {writer.name()}", f"from math import pi as {writer.name()}, e", "import os.path",
    ])]  # fmt: skip


def _leave(writer: Writer, depth: int) -> list[str]:
    ways = [f"assert note(1, {writer.expression(depth)}), {writer.expression(depth)}", "pass"]
    if writer.loops:
        ways += ["break", "continue"]
    if writer.kind in {"function", "async"}:
        ways.append(f"return {writer.expression(depth)}")
    if writer.random.random() < 0.3:
        ways.append(f"raise ValueError({writer.expression(depth)}) from None")
    return [writer.random.choice(ways)]


def _if(writer: Writer, depth: int) -> list[str]:
    lines = [f"if {writer.expression(depth)}:", *writer.block(depth)]
    if writer.random.random() < 0.4:
        lines += [f"elif {writer.expression(depth)}:", *writer.block(depth)]
    return lines + (["else:", *writer.block(depth)] if writer.random.random() < 0.5 else [])


def _loop(writer: Writer, depth: int) -> list[str]:
    if writer.random.random() < 0.2:
        head = [f"while again({writer.expression(depth)}):"]
    else:
        may_wait = writer.kind in {"module", "async"} and writer.random.random() < 0.2
        source = f"arrive({writer.expression(depth)})" if may_wait else f"two({writer.expression(depth)})"
        head = [f"{'async ' if may_wait else ''}for {writer.target(0)} in {source}:"]
    writer.loops += 1
    body = writer.block(depth)
    writer.loops -= 1
    last = ["else:", *writer.block(depth)] if writer.random.random() < 0.3 else []
    return [*head, *body, *last]


def _try(writer: Writer, depth: int) -> list[str]:
    if writer.random.random() < 0.2:
        loops, writer.loops = writer.loops, 0  # `break` is refused in `except*`
        kind, writer.kind = writer.kind, "module" if writer.kind == "module" else "star"
        lines = ["try:", *writer.block(depth), f"except* Exception as {writer.name()}:", *writer.block(depth)]
        writer.loops, writer.kind = loops, kind
        return lines
    lines = ["try:", *writer.block(depth)]
    if writer.random.random() < 0.8:
        name = f" as {writer.name()}" if writer.random.random() < 0.6 else ""
        lines += [
            "except (NameError, TypeError):",
            *writer.block(depth),
            f"except Exception{name}:",
            *writer.block(depth),
        ]
        if writer.random.random() < 0.3:
            lines += ["else:", *writer.block(depth)]
        if writer.random.random() < 0.7:
            return lines
    loops, writer.loops = writer.loops, 0  # newer Pythons warn of `break` in `finally`
    kind, writer.kind = writer.kind, "module" if writer.kind == "module" else "star"
    lines += ["finally:", *writer.block(depth)]
    writer.loops, writer.kind = loops, kind
    return lines


def _with(writer: Writer, depth: int) -> list[str]:
    may_wait = writer.kind in {"module", "async"} and writer.random.random() < 0.3
    name = f" as {writer.target(0)}" if writer.random.random() < 0.7 else ""
    return [f"{'async ' if may_wait else ''}with Context({writer.expression(depth)}){name}:", *writer.block(depth)]


_PATTERNS = [
    "0",
    "None",
    "'s'",
    "-1",
    "box.v",
    "[{}, {}]",
    "[{}, *{}]",
    "{{'v': {}, **{}}}",
    "int() as {}",
    "Point(x={})",
    "1 | 2",
    "_",
    "{}",
]


def _match(writer: Writer, depth: int) -> list[str]:
    lines = [f"match {writer.expression(depth)}:"]
    for pattern in sorted(writer.random.sample(_PATTERNS[:-2], 3)):
        names = writer.random.sample(NAMES, 2)
        guard = f" if {writer.expression(depth)}" if writer.random.random() < 0.3 else ""
        lines += [
            f"{_INDENT}case {pattern.format(*names)}{guard}:",
            *(_INDENT + line for line in writer.block(depth, most=1)),
        ]
    last = writer.random.choice(_PATTERNS[-2:]).format(writer.name())
    return [*lines, f"{_INDENT}case {last}:", *(_INDENT + line for line in writer.block(depth, most=1))]


def _parameters(writer: Writer, depth: int) -> tuple[str, set[str]]:
    names = writer.random.sample(NAMES, 4)
    text = f"{names[0]}=0, /, {names[1]}: {writer.name()} = {writer.expression(depth)}, *{names[2]}, {names[3]}={writer.expression(depth)}"
    return text, set(names)


def _define(writer: Writer, depth: int) -> list[str]:
    name = writer.name()
    is_async = writer.random.random() < 0.25
    decorator = [f"@same({writer.expression(depth)})"] if writer.random.random() < 0.3 else []
    parameters, own = _parameters(writer, depth)
    returns = f" -> {writer.name()}" if writer.random.random() < 0.2 else ""
    before = writer.kind, writer.loops, writer.bans
    writer.kind, writer.loops, writer.bans = "async" if is_async else "function", 0, 0
    writer.own.append(own)
    declared = _declared(writer, own)
    body = writer.block(depth)
    writer.own.pop()
    writer.kind, writer.loops, writer.bans = before
    lines = [*decorator, f"{'async ' if is_async else ''}def {name}({parameters}){returns}:", *declared, *body]
    if writer.random.random() < 0.7:
        lines.append(f"{writer.name()} = done({name}({writer.expression(depth)}))")
    return lines


def _declared(writer: Writer, own: set[str]) -> list[str]:
    lines = []
    if writer.random.random() < 0.4:
        outside = sorted(set(NAMES) - own)
        lines.append(f"{_INDENT}global {', '.join(writer.random.sample(outside, 2))}")
    outer = sorted(set().union(*writer.own[:-1]) - own) if len(writer.own) > 1 else []
    if outer and not lines and writer.random.random() < 0.5:
        lines.append(f"{_INDENT}nonlocal {writer.random.choice(outer)}")
    return lines


def _class(writer: Writer, depth: int) -> list[str]:
    name, base = writer.name(), writer.random.choice(["", "(Point)", "(Point, metaclass=type)"])
    decorator = [f"@same({writer.expression(depth)})"] if writer.random.random() < 0.3 else []
    before = writer.kind, writer.loops, writer.bans
    writer.kind, writer.loops, writer.bans = "class", 0, writer.bans + 1
    declared = [f"{_INDENT}global {writer.name()}"] if writer.random.random() < 0.2 else []
    body = writer.block(depth, most=2)
    writer.kind, writer.loops, writer.bans = before
    return [*decorator, f"class {name}{base}:", *declared, *body]


_SIMPLE: list[Callable[[Writer, int], list[str]]] = [
    _assign, _assign, _assign, _unpack, _item, _augment, _augment, _annotate, _delete, _import, _leave,
    lambda writer, depth: [writer.expression(depth + 2)], lambda writer, depth: [f"rows.append({writer.expression(depth + 1)})"],
]  # fmt: skip
_COMPOUND: list[Callable[[Writer, int], list[str]]] = [
    _if, _if, _loop, _loop, _try, _with, _match, _define, _define, _class,
]  # fmt: skip

if sys.version_info >= (3, 12):

    def _alias(writer: Writer, depth: int) -> list[str]:
        return [f"type {writer.name()}[T] = list[{writer.name()}]", f"{writer.name()} = {writer.name()}"][
            : 1 + (depth > 0)
        ]

    def _generic(writer: Writer, depth: int) -> list[str]:
        if writer.kind == "class":
            return ["pass"]
        lines = _define(writer, depth)
        return [
            line.replace("(", "[T, *Ts, **P](", 1) if line.startswith(("def ", "async def ")) else line
            for line in lines
        ]

    _SIMPLE.append(_alias)
    _COMPOUND.append(_generic)


def program(seed: int, size: int) -> str:
    """Return the source of a random program of *size* statements."""
    writer = Writer(seed)
    return "\n".join(line for _ in range(size) for line in writer.statement(writer.random.randrange(4)))


PROGRAMS = st.builds(program, st.integers(0, 2**32), st.integers(1, 6))
