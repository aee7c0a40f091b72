"""The patterns of detect-secrets that find what `secret_patterns` does not, loaded when a text may hold such a secret.

Only those that name their service in the secret itself, and that take linear time on any text. Left out of its 27,
as measured on the corpus of the tests and on hostile texts:

- GitHub, Slack, Stripe, PyPI, private key, JWT, Azure storage, basic auth: our own rules find these and more of them.
  Its private key is the first line only; JWT takes quadratic time; basic auth finds ``{user}:{pw}@`` in f-strings.
- OpenAI and npm take quadratic time; Twilio's two letters (``AC``, ``SK``) and Discord's none would load the package
  for every text, and Discord's finds dotted names of modules. `secret_patterns` has a rule for each.
- Cloudant, both of IBM and SoftLayer's assignment take cubic time on a run of spaces, 5 s for 800 of them.
  `secret_names` knows their names.
- Artifactory's second pattern finds identifiers (``APFixedThreshold``).
- Keyword finds ``secret_name = 'prod/db'`` and ``"detect-secrets": "1.5.0"``, and not ``%env``, ``login(key=…)`` or a
  value without quotes; `secret_assignments` is in its place.
- The entropy plugins find hashes, UUIDs and pictures, the public IP plugin addresses that are no secret.
"""

from __future__ import annotations

import importlib
import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class Plugin(NamedTuple):
    """A plugin of detect-secrets.

    ``hint`` must match for it to be loaded at all; it begins with fixed letters, which are looked for fast. ``only``:
    which of its patterns are used, all without. ``starts``: what follows a match's last colon must begin so.
    """

    hint: re.Pattern[str]
    module: str
    detector: str
    only: slice = slice(None)
    group: int = 0
    starts: str = ""

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield start and end of each secret in *text*, without the quotes and signs around it."""
        # The patterns know no quotes within quotes, as JSON writes them.
        text = _ESCAPED_QUOTE.sub(lambda match: '"' * len(match[0]), text)
        for pattern in _patterns(self.module, self.detector)[self.only]:
            for match in pattern.finditer(text):
                start, end = match.span(min(self.group, pattern.groups))
                found = text[start:end]
                start += len(found) - len(found.lstrip(_AROUND))
                end -= len(found) - len(found.rstrip(_AROUND))
                if text[start:end].rpartition(":")[2].startswith(self.starts):
                    yield start, end


_ESCAPED_QUOTE = re.compile(r"\\{1,8}[\"']")
_AROUND = " \t\r\n\f\v\"'=:"

PLUGINS = (
    # The ids of keys have a rule of ours: here the key itself, in quotes after a name that says AWS.
    Plugin(re.compile("aws[_.-]"), "aws", "AWSKeyDetector", slice(1, None), 1),
    Plugin(re.compile("AWS_"), "aws", "AWSKeyDetector", slice(1, None), 1),
    Plugin(re.compile("AKC[A-Za-z0-9]{10}"), "artifactory", "ArtifactoryDetector", slice(1)),
    Plugin(re.compile("gl(?:dt|ft|soat|rt|cbt|imt|ptt|agent|oas)-"), "gitlab_token", "GitLabTokenDetector"),
    Plugin(re.compile("GR1348941"), "gitlab_token", "GitLabTokenDetector"),
    Plugin(re.compile("-us[1-9]"), "mailchimp", "MailchimpDetector"),
    Plugin(re.compile(r"SG\.[\w-]{22}\."), "sendgrid", "SendGridDetector"),
    Plugin(re.compile(r"api\.softlayer\.com/"), "softlayer", "SoftlayerDetector", slice(1, None), 1),
    Plugin(re.compile("sq0csp-"), "square_oauth", "SquareOAuthDetector"),
    # Its pattern is any number, a colon and 35 characters, as in `1732550000:<hash>`; a bot's token goes on with AA.
    Plugin(re.compile(":AA"), "telegram_token", "TelegramBotTokenDetector", starts="AA"),
)

_problems: list[str] = []


def plugin_spans(text: str) -> list[tuple[int, int]]:
    """Return start and end of what plugins of detect-secrets find in *text*, from left to right.

    >>> plugin_spans("a text in which no service is named")
    []
    >>> token = "SG." + "a1" * 11 + "." + "b2" * 21 + "c"
    >>> plugin_spans(f"key: {token}") == [(5, 5 + len(token))]
    True
    """
    found = [span for plugin in PLUGINS if plugin.hint.search(text) for span in plugin.find(text)]
    spans: list[tuple[int, int]] = []
    for span in sorted(found):
        if span[0] < span[1] and (not spans or span[0] >= spans[-1][1]):
            spans.append(span)
    return spans


def problems() -> list[str]:
    """Return what to tell about detect-secrets, if it could not be used."""
    return list(_problems)


@cache
def _patterns(module: str, detector: str) -> list[re.Pattern[str]]:
    try:
        plugin = importlib.import_module(f"detect_secrets.plugins.{module}")
        return list(getattr(plugin, detector).denylist)
    except (ImportError, AttributeError) as error:  # a broken install must not stop a cell: it is told
        line = (
            f"detect-secrets cannot be used ({type(error).__name__}: {error}), so secrets were looked for by mlmagic's "
            "own patterns only. Mend it with: pip install --force-reinstall detect-secrets"
        )
        if line not in _problems:
            _problems.append(line)
        return []
