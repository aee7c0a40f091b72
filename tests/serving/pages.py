"""HTML as a browser takes it: its elements, and what is wrong with it."""

from __future__ import annotations

from html.parser import HTMLParser

_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Page(HTMLParser):
    """The elements of a page, their attributes, the text outside of ``<style>``, and what is not well-formed."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.problems: list[str] = []
        self.pieces: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        self.problems += [f"<{tag}> is not closed" for tag in self._open]

    @property
    def text(self) -> str:
        """What a reader sees, on one line."""
        return " ".join(" ".join(self.pieces).split())

    @property
    def titles(self) -> list[str]:
        """What a reader sees with the pointer on something."""
        return [value or "" for _, name, value in self.attributes if name == "title"]

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        names = [name for name, _ in attrs]
        self.problems += [f"<{tag}> has {name} twice" for name in set(names) if names.count(name) > 1]
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self._open.pop()

    def handle_endtag(self, tag):
        if not self._open or self._open[-1] != tag:
            self.problems.append(f"</{tag}> closes {self._open[-1:] or 'nothing'}")
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data):
        if "style" not in self._open:
            self.pieces.append(data)

    def handle_comment(self, data):
        self.problems.append(f"a comment: {data[:40]!r}")

    def handle_decl(self, decl):
        self.problems.append(f"a declaration: {decl[:40]!r}")

    def handle_pi(self, data):
        self.problems.append(f"an instruction: {data[:40]!r}")

    def unknown_decl(self, data):
        self.problems.append(f"an unknown declaration: {data[:40]!r}")
