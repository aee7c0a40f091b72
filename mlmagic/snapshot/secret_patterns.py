"""What secrets look like by themselves: the tokens of well-known services, keys in PEM, passwords in addresses."""

from __future__ import annotations

import re
from typing import NamedTuple


class Rule(NamedTuple):
    """A pattern of secrets; what its first group matches, if it has one, is kept.

    One that begins with fixed letters is looked for as fast as they are. Where it does not, ``needles`` are pieces of
    text of which one must occur for the pattern to be tried.
    """

    pattern: re.Pattern[str]
    needles: tuple[str, ...] = ()


# A short prefix counts only where a word begins, also after an escape ("\n") or a terminal colour.
_START = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt])|(?<=[\d;\[]m))"
_QUOTE = r"\\{0,4}[\"']"
_ADDRESS = r"[^\s/?#\"'`<>\\]"
_FILLED_IN_LATER = r"(?!\{[^{}]*\}@|\$\w+@|\$\{\w+\}@|%\(?\w*\)?s@|\*+@)"


def _starting(letters: str, rest: str) -> Rule:
    """Return the rule of a secret that begins a word with *letters*."""
    return Rule(re.compile(_START + re.escape(letters) + rest), (letters,))


# Each repetition is possessive or bounded: no text takes more than linear time. To add a service, add a line.
RULES = (
    Rule(
        re.compile(
            # In a patch each line has a sign before it, also a minus.
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
            r"(?:(?:[^-]|-(?!----))*+-{5,6}END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
            r"|(?:[\s\\nr\"',+-]{0,80}+[A-Za-z0-9+/=]{40,}+)*+)"
        )
    ),
    # The same in PuTTY's form.
    Rule(re.compile(r"(Private-Lines: \d{1,4})(?:[\s\\nr\"',+-]{1,80}+[A-Za-z0-9+/=]{20,}+)++"), ("Private-Lines: ",)),
    Rule(re.compile(r"AGE-SECRET-KEY-1[A-Z0-9]{20,}+")),
    Rule(re.compile(r"A(?:KIA|SIA|BIA|CCA|3T[A-Z0-9])[A-Z0-9]{16,}+"), ("AKIA", "ASIA", "ABIA", "ACCA", "A3T")),
    Rule(re.compile(r"gh[opsur]_[A-Za-z0-9]{20,}+")),
    Rule(re.compile(r"github_pat_\w{22,}+")),
    Rule(re.compile(r"glpat-[\w-]{16,}+")),
    Rule(re.compile(r"hf_[A-Za-z0-9]{30,}+")),
    Rule(re.compile(r"npm_[A-Za-z0-9]{36,}+")),
    Rule(re.compile(r"(:_auth(?:Token)?\s{0,4}=\s{0,4})(?!\$\{)[^\s\"'\\<]{8,}+"), (":_auth",)),
    Rule(re.compile(r"pypi-Ag[\w-]{16,}+")),
    Rule(re.compile(r"dapi[0-9a-f]{32}")),
    Rule(re.compile(r"do[opr]_v1_[0-9a-f]{40,}+")),
    _starting("hvs.", r"[\w-]{24,}+"),
    Rule(re.compile(r"glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}")),
    Rule(re.compile(r"shp(?:at|ss|ca)_[0-9a-fA-F]{32}")),
    Rule(re.compile(r"sk-(?:proj|ant|svcacct|admin|or-v1|lf)-[\w-]{16,}+")),
    _starting("sk-", r"[A-Za-z0-9]{20,}+"),
    Rule(re.compile(rf"{_START}sk-(?=[\w-]{{0,200}}T3BlbkFJ)[\w-]{{40,}}+"), ("T3BlbkFJ",)),
    Rule(re.compile(r"[prs]k_(?:live|test)_[A-Za-z0-9]{10,}+"), ("k_live_", "k_test_")),
    Rule(re.compile(r"whsec_[A-Za-z0-9]{24,}+")),
    Rule(re.compile(r"sq0atp-[\w-]{22,}+")),
    Rule(re.compile(r"gsk_[A-Za-z0-9]{40,}+")),
    _starting("xai-", r"[A-Za-z0-9]{60,}+"),
    Rule(re.compile(r"nvapi-[\w-]{40,}+")),
    _starting("pplx-", r"[A-Za-z0-9]{40,}+"),
    _starting("r8_", r"[A-Za-z0-9]{37,}+"),
    Rule(re.compile(r"lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}")),
    Rule(re.compile(r"pcsk_[A-Za-z0-9_]{40,}+")),
    _starting("AIza", r"[\w-]{35,}+"),
    Rule(re.compile(r"ya29\.[\w-]{20,}+")),
    Rule(re.compile(r"GOCSPX-[\w-]{20,}+")),
    Rule(re.compile(r"xox[a-z]-[\w-]{10,}+")),
    Rule(re.compile(r"xapp-\d-[\w-]{10,}+")),
    Rule(re.compile(r"(hooks\.slack\.com/services/)[\w/]{20,}+"), ("hooks.slack.com",)),
    Rule(re.compile(r"(discord(?:app)?\.com/api/webhooks/)\d{15,20}/[\w-]{40,}+"), ("/api/webhooks/",)),
    # Discord: a bot's number in base64, of which only 38 letters can stand for digits; a time; a signature.
    Rule(re.compile(r"[MNO](?:[DTjz][AEIMQUYcgk][w-z0-5][MNO]){5,6}[\w-]{0,3}+\.[\w-]{6,7}\.[\w-]{27,}+"), (".",)),
    # Twilio: an account and a key.
    Rule(re.compile(r"AC[a-z0-9]{32}(?![A-Za-z0-9])")),
    Rule(re.compile(r"SK[a-z0-9]{32}(?![A-Za-z0-9])")),
    Rule(re.compile(r"eyJ[\w-]{8,1000}+\.eyJ[\w-]{8,}+(?:\.[\w-]++)?"), (".eyJ",)),
    Rule(re.compile(rf"{_START}[st]k\.eyJ[\w-]{{20,}}+\.[\w-]{{20,}}+"), ("k.eyJ",)),  # Mapbox
    Rule(re.compile(r"eyJhcGlf[A-Za-z0-9+/]{40,}+={0,2}")),  # Neptune: {"api_address": … in base64
    Rule(re.compile(r"((?:Account|SharedAccess)Key=)[A-Za-z0-9+/]{40,}+={0,2}"), ("AccountKey=", "SharedAccessKey=")),
    # What signs an address for a while.
    Rule(
        re.compile(r"([?&;](?:sig|(?:X-(?:Amz|Goog)-)?(?:Signature|Security-Token))=)[\w%+/=~-]{16,}+"),
        ("sig=", "Signature=", "Security-Token="),
    ),
    Rule(re.compile(r"([Bb]earer )(?=[^\s\d]{0,80}\d)[\w.~+/-]{16,}+=*"), ("earer ",)),
    Rule(re.compile(r"(uthorization\W{1,6}(?:[Bb]asic|[Tt]oken|[Aa]pi[Kk]ey) )[\w.~+/-]{4,}+=*"), ("uthorization",)),
    # A user and a password: `curl -u ana:…`, `requests.get(url, auth=("ana", "…"))`.
    Rule(
        re.compile(
            r"(curl [^\n|;&]{0,300}?(?: -u|--user)[ =]?\\{0,4}[\"']?[^\s:\"'$\\]{1,64}:)(?![$<{])[^\s\"'\\]{3,}+"
        ),
        ("curl ",),
    ),
    Rule(
        re.compile(
            rf"((?:\bauth\s{{0,4}}=\s{{0,4}}\(|BasicAuth\()\s{{0,8}}{_QUOTE}[^\"'\n\\]{{0,80}}{_QUOTE}\s{{0,4}},\s{{0,8}}{_QUOTE})"
            r"(?![$<{])[^\"'\n\\]{3,}+"
        ),
        ("auth=", "auth =", "BasicAuth("),
    ),
    # All before the @ goes: in `https://TOKEN:x-oauth-basic@host` the user is the secret.
    Rule(re.compile(rf"(://)(?:(?!:){_ADDRESS})*+:{_FILLED_IN_LATER}{_ADDRESS}*(?=@)"), ("://",)),
    Rule(re.compile(rf"(https?://){_FILLED_IN_LATER}(?:(?!:){_ADDRESS})+(?=@)"), ("http://", "https://")),
)
