"""``%%hydra``: compose a config inline, bind it, and show it."""

# IPython's decorators have no types.
# mypy: disable-error-code="no-untyped-call,untyped-decorator"

from __future__ import annotations

import ast
from dataclasses import is_dataclass
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments
from IPython.display import display

from mlmagic.config.overrides import words_of
from mlmagic.errors import UsageProblem
from mlmagic.magics.parsing import options_first, parse_words, variable
from mlmagic.session.interrupts import in_one_line
from mlmagic.suggestions import did_you_mean

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_WITH_VALUE = ("--config-dir", "--config-name", "--schema")


@magics_class
class HydraMagics(Magics):
    """The magics ``%hydra`` and ``%%hydra``."""

    @magic_arguments()
    @argument("name", nargs="?", help="The variable that the config is bound to.")
    @argument("overrides", nargs="*", metavar="OVERRIDE", help=(
        "In Hydra's own grammar: model=rf, model.depth=5, +new=1, ~old. Spaces may stand in brackets and quotes."
    ))  # fmt: skip
    @argument("--config-dir", metavar="DIR", help="Folder of configs and config groups.")
    @argument("--config-name", metavar="NAME", help="The primary config in DIR, `config` by default.")
    @argument("--schema", metavar="CLASS", help="A dataclass of the notebook: the keys and types that are valid.")
    @argument("--quiet", action="store_true", help="Show nothing.")
    @no_var_expand
    @line_cell_magic
    @in_one_line("%hydra")
    def hydra(self, line: str = "", cell: str | None = None) -> None:
        """Compose a config by Hydra, bind it to a name, and show it as a tree.

        The cell's body is the primary config, in YAML; its `defaults:` list may name the config groups in DIR. Without
        a body the primary config is a file in DIR. A body that defines a dataclass is the schema.

        A tracked cell that reads the config records its values as parameters, all of it in `mlmagic/config.yaml`, and
        the overrides in the tag `mlmagic.overrides`.

        Examples::

            %%hydra cfg --config-dir configs model=rf
            defaults:
              - model: logreg
              - _self_
            lr: 0.1

            %hydra cfg --config-dir configs model=rf model.depth=5
            %hydra cfg --schema TrainConfig lr=0.01
        """
        from mlmagic.config.composing import composition
        from mlmagic.config.problems import in_cell
        from mlmagic.views.config_tree import config_bundle

        what = "%hydra" if cell is None else "%%hydra"
        arguments = parse_words(self.hydra.parser, what, line, options_first(words_of(line), _WITH_VALUE))
        shell = self.shell
        if shell is None:  # a magics object without a shell
            return
        if arguments.name is None:
            raise UsageProblem(f"{what} binds a config to a variable: {what} cfg")
        if "=" in arguments.name:
            raise UsageProblem(f"{what}: the variable comes first: {what} cfg {arguments.name}")
        name = variable(arguments.name)
        schema = _schema(arguments.schema, shell.user_ns) if arguments.schema else None
        yaml = cell
        if cell is not None and (tree := _python(cell)) is not None:
            if schema is not None:
                raise UsageProblem("The body defines a dataclass, and --schema names another: keep one of them.")
            yaml, schema = None, _run(shell, tree, cell)
        try:
            composed = composition(
                *arguments.overrides,
                yaml=yaml,
                config_dir=_unquoted(arguments.config_dir),
                config_name=_unquoted(arguments.config_name),
                schema=schema,
                name=name,
            )
        except UsageProblem as problem:
            raise in_cell(problem) from problem.__cause__
        shell.push({name: composed.config})
        if not arguments.quiet:
            display(config_bundle(composed), raw=True)


def _unquoted(text: str | None) -> str | None:
    quotes = text is not None and len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1] if text is not None and quotes else text


def _schema(name: str, namespace: dict[str, Any]) -> Any:
    if name not in namespace:
        known = [key for key, value in namespace.items() if isinstance(value, type) and is_dataclass(value)]
        listed = f" There are the dataclasses {', '.join(known)}." if known else ""
        raise UsageProblem(f"--schema {name}: there is no class {name!r}.{did_you_mean(name, known)}{listed}")
    return namespace[name]


def _python(body: str) -> ast.Module | None:
    """Return the syntax tree of a body that is Python and defines a class, or None for YAML."""
    try:
        tree = ast.parse(body)
    except (SyntaxError, ValueError):
        return None
    return tree if any(isinstance(node, ast.ClassDef) for node in tree.body) else None


def _run(shell: InteractiveShell, tree: ast.Module, body: str) -> Any:
    """Run a body that defines dataclasses in the user's namespace, and return the last one."""
    last = [node.name for node in tree.body if isinstance(node, ast.ClassDef)][-1]
    # With a unique file name, so that a traceback shows the lines.
    code = compile(body, shell.compile.cache(body, shell.execution_count), "exec")
    try:
        exec(code, shell.user_ns)  # noqa: S102  # it is the user's cell
    except ValueError as error:
        if "mutable default" not in str(error):
            raise
        wrong = str(error).partition("class '")[2].partition("'")[0].rpartition(".")[2] or "CLASS"
        told = str(error).partition(":")[0]
        raise UsageProblem(f"{told}: write field(default_factory={wrong}), with dataclasses.field") from error
    return shell.user_ns[last]
