"""What secrets look like by themselves: the tokens of well-known services, keys in PEM, passwords in addresses."""

from __future__ import annotations

import re
from typing import NamedTuple


class Rule(NamedTuple):
    """A pattern, and the pieces of text of which one must occur for it to be tried at all.

    What the pattern's first group matches, if it has one, is kept.
    """

    needles: tuple[str, ...]
    pattern: re.Pattern[str]


# A short prefix counts only where a word begins, also after an escape ("\n") or a terminal colour.
_START = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt])|(?<=[\d;\[]m))"
_ADDRESS = r"[^\s/?#\"'`<>\\]"
_FILLED_IN_LATER = r"(?!\{[^{}]*\}@|\$\w+@|\$\{\w+\}@|%\(?\w*\)?s@|\*+@)"

# Each repetition is possessive or bounded: no text takes more than linear time. To add a service, add a line.
RULES = (
    Rule(
        ("PRIVATE KEY",),
        re.compile(
            r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
            r"(?:(?:[^-]|-(?!----))*+-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
            r"|(?:[\s\\nr\"',+]{0,80}+[A-Za-z0-9+/=]{40,}+)*+)"
        ),
    ),
    Rule(("AKIA", "ASIA"), re.compile(r"A[KS]IA[A-Z0-9]{16,}+")),
    Rule(("ghp_", "gho_", "ghs_", "ghu_", "ghr_"), re.compile(r"gh[opsur]_[A-Za-z0-9]{20,}+")),
    Rule(("github_pat_",), re.compile(r"github_pat_\w{22,}+")),
    Rule(("glpat-",), re.compile(r"glpat-[\w-]{16,}+")),
    Rule(("hf_",), re.compile(r"hf_[A-Za-z0-9]{30,}+")),
    Rule(("npm_",), re.compile(r"npm_[A-Za-z0-9]{36,}+")),
    Rule(("pypi-Ag",), re.compile(r"pypi-Ag[\w-]{16,}+")),
    Rule(("dapi",), re.compile(r"dapi[0-9a-f]{32}")),
    Rule(("sk-",), re.compile(r"sk-(?:proj|ant|svcacct|admin|or-v1|lf)-[\w-]{16,}+")),
    Rule(("sk-",), re.compile(rf"{_START}sk-[A-Za-z0-9]{{20,}}+")),
    Rule(("_live_", "_test_"), re.compile(r"[prs]k_(?:live|test)_[A-Za-z0-9]{10,}+")),
    Rule(("whsec_",), re.compile(r"whsec_[A-Za-z0-9]{24,}+")),
    Rule(("gsk_",), re.compile(r"gsk_[A-Za-z0-9]{40,}+")),
    Rule(("AIza",), re.compile(rf"{_START}AIza[\w-]{{35,}}+")),
    Rule(("ya29.",), re.compile(r"ya29\.[\w-]{20,}+")),
    Rule(("GOCSPX-",), re.compile(r"GOCSPX-[\w-]{20,}+")),
    Rule(("xox",), re.compile(r"xox[a-z]-[\w-]{10,}+")),
    Rule(("xapp-",), re.compile(r"xapp-\d-[\w-]{10,}+")),
    Rule(("hooks.slack.com",), re.compile(r"(hooks\.slack\.com/services/)[\w/]{20,}+")),
    Rule((".eyJ",), re.compile(r"eyJ[\w-]{8,1000}+\.eyJ[\w-]{8,}+(?:\.[\w-]++)?")),
    Rule(("AccountKey=",), re.compile(r"(AccountKey=)[A-Za-z0-9+/]{40,}+={0,2}")),
    Rule(("earer ",), re.compile(r"([Bb]earer )(?=[^\s\d]{0,80}\d)[\w.~+/-]{16,}+=*")),
    Rule(("uthorization",), re.compile(r"(uthorization\W{1,6}(?:[Bb]asic|[Tt]oken|[Aa]pi[Kk]ey) )[\w.~+/-]{4,}+=*")),
    # All before the @ goes: in `https://TOKEN:x-oauth-basic@host` the user is the secret.
    Rule(("://",), re.compile(rf"(://)(?:(?!:){_ADDRESS})*+:{_FILLED_IN_LATER}{_ADDRESS}*(?=@)")),
    Rule(("http://", "https://"), re.compile(rf"(https?://){_FILLED_IN_LATER}(?:(?!:){_ADDRESS})+(?=@)")),
)
