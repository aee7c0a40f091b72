"""Patterns of the tokens of services. `RULES` holds all rules."""

from __future__ import annotations

from dataclasses import replace

from mlmagic.snapshot.secrets.rules.calls import CALLS
from mlmagic.snapshot.secrets.rules.commands import COMMANDS
from mlmagic.snapshot.secrets.rules.phrases import ADDRESSES, FILES, HASHES, PHRASES
from mlmagic.snapshot.secrets.rules.rule import Rule, begin, services, token
from mlmagic.snapshot.secrets.words import looks_generated

_BASE64_OF_PEM = (  # of `-----BEGIN PRIVATE KEY`, and with RSA, EC, OPENSSH, ENCRYPTED, DSA
    r"LS0tLS1CRUdJTiB(?:QUklWQVRF|SU0EgUFJJVkFUR|FQyBQUklWQVRF|PUEVOU1NIIFBSSVZBVE|FTkNSWVBURUQgUFJJVkFUR|EU0EgUFJJVkFUR)"
)


def _is_no_base32(found: str) -> bool:
    return not found.isupper()


def _is_no_dna(found: str) -> bool:
    return any(c.isdigit() for c in found) or looks_generated(found)


# Each token is one word. To add a service, add a line; `tools/secret_rules.py` updates those that Gitleaks publishes.
_TOKENS = (
    Rule(rf"{_BASE64_OF_PEM}[A-Za-z0-9+/=]{{20,}}+", ("LS0tLS1CRUdJTiB",)),
    token("AGE-SECRET-KEY-1", r"[A-Z0-9]{20,}+"),
    *(
        replace(token(prefix, r"[A-Z0-9]{16}(?![A-Za-z0-9])", words=True), accepts=_is_no_dna)
        for prefix in ("AKIA", "ASIA", "ABIA", "ACCA")
    ),
    token("A3T", r"[A-Z0-9]{17}(?![A-Za-z0-9])"),
    *(token(f"gh{letter}_", r"[A-Za-z0-9]{20,}+") for letter in "opsur"),
    token("github_pat_", r"\w{22,}+"),
    *(
        token(f"gl{kind}-", r"[\w-]{16,}+")
        for kind in ("pat", "dt", "ft", "soat", "rt", "cbt", "imt", "ptt", "agent", "oas", "ffct")
    ),
    token("GR1348941", r"[\w-]{20,}+"),
    token("hf_", r"[A-Za-z0-9]{30,}+"),
    token("npm_", r"[A-Za-z0-9]{36,}+"),
    token("pypi-Ag", r"[\w-]{16,}+"),
    token("dapi", r"[0-9a-f]{32}(?![A-Za-z0-9])"),
    *(token(f"do{letter}_v1_", r"[0-9a-f]{40,}+") for letter in "opr"),
    token("hvs.", r"[\w-]{24,}+"),
    token("hvb.", r"[\w-]{24,}+"),
    token("glsa_", r"[A-Za-z0-9]{32}_[0-9a-f]{8}"),
    *(token(f"shp{kind}_", r"[0-9a-fA-F]{32}") for kind in ("at", "ss", "ca", "pa")),
    *(token(f"sk-{kind}-", r"[\w-]{16,}+") for kind in ("proj", "ant", "svcacct", "admin", "or-v1", "lf")),
    token("sk-", r"[A-Za-z0-9]{20,}+"),
    token("sk-", r"(?=[\w-]{0,200}T3BlbkFJ)[\w-]{40,}+", wide=True),
    *(token(f"{letter}k_{kind}_", r"[A-Za-z0-9]{10,}+") for letter in "prs" for kind in ("live", "test")),
    token("whsec_", r"[A-Za-z0-9]{24,}+"),
    token("sq0atp-", r"[\w-]{22,}+"),
    token("sq0csp-", r"[\w-]{43,}+"),
    token("gsk_", r"[A-Za-z0-9]{40,}+"),
    token("xai-", r"[A-Za-z0-9]{60,}+"),
    token("nvapi-", r"[\w-]{40,}+"),
    token("pplx-", r"[A-Za-z0-9]{40,}+"),
    token("r8_", r"[A-Za-z0-9]{37,}+"),
    *(token(f"lsv2_{kind}_", r"[0-9a-f]{32}_[0-9a-f]{10}") for kind in ("pt", "sk")),
    token("pcsk_", r"[A-Za-z0-9_]{40,}+"),
    token("AIza", r"[\w-]{35,}+"),
    token("ya29.", r"[\w-]{20,}+"),
    token("GOCSPX-", r"[\w-]{20,}+"),
    token("1//0", r"[\w-]{40,}+"),  # Google's refresh tokens
    token("xox", r"[a-z]-[\w-]{10,}+"),
    token("xapp-", r"\d-[\w-]{10,}+"),
    token("hooks.slack.com/services/", r"[\w/]{20,}+", stays=True),
    Rule(r"(/api/webhooks/)\d{15,20}/[\w-]{40,}+", ("/api/webhooks/",)),
    Rule(r"(\.webhook\.office\.com/webhookb2/)[\w@/-]{60,}+", (".webhook.office.com/",)),
    Rule(r"(api\.softlayer\.com/soap/v3(?:\.1)?/)[a-z0-9]{64}", ("api.softlayer.com/",)),
    # Discord: a bot's id in base64, in which only 38 characters can encode digits; a timestamp; a signature.
    Rule(r"[MNO](?:[DTjz][AEIMQUYcgk][w-z0-5][MNO]){5,6}[\w-]{0,3}+\.[\w-]{6,7}\.[\w-]{27,}+"),
    token("AC", r"[a-z0-9]{32}(?![A-Za-z0-9])"),  # Twilio: an account and a key
    token("SK", r"[a-z0-9]{32}(?![A-Za-z0-9])"),
    token("SG.", r"[\w-]{22}\.[\w-]{43}"),
    replace(token("AKC", r"[A-Za-z0-9]{40,}+"), accepts=_is_no_base32),  # Artifactory
    Rule(begin() + r"[0-9a-f]{32}-us\d{1,2}(?![A-Za-z0-9-])", ("-us",)),  # Mailchimp
    Rule(begin() + r"\d{8,10}:AA[\w-]{33}(?![\w-])", (":AA",)),  # Telegram: number, colon, token
    Rule(begin() + r"[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}(?![A-Za-z0-9])", ("AZDO",)),  # Azure DevOps
    token("cio", r"[A-Za-z0-9]{32}(?![A-Za-z0-9])"),  # crates.io
    token("dckr_pat_", r"[\w-]{20,}+"),
    token("dckr_oat_", r"[\w-]{20,}+"),
    Rule(r"django-insecure-[^\s\"'`\\]{8,200}+", ("django-insecure-",)),
    token("dbtc_", r"[\w-]{20,}+"),
    token("dbtu_", r"[\w-]{20,}+"),
    token("sgp_", r"[A-Za-z0-9]{40,}+"),  # Segment, Sourcegraph
    token("ops_", r"eyJ[\w-]{60,}+"),  # 1Password
    token("pul-", r"[0-9a-f]{40}"),
    *(  # LaunchDarkly
        token(f"{kind}-", r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}(?![\w-])", wide=True)
        for kind in ("sdk", "mob", "api")
    ),
    replace(token("eyJ", r"[\w-]{8,1000}+\.eyJ[\w-]{8,}+(?:\.[\w-]++)?", words=True), needles=(".eyJ",)),
    *(token(f"{letter}k.eyJ", r"[\w-]{20,}+\.[\w-]{20,}+") for letter in "st"),  # Mapbox
    token("eyJhcGlf", r"[A-Za-z0-9+/]{40,}+={0,2}"),  # Neptune: {"api_address": … in base64
    *(token(f"{kind}Key=", r"[A-Za-z0-9+/]{40,}+={0,2}", stays=True) for kind in ("Account", "SharedAccess")),
    # The signatures of presigned URLs.
    Rule(
        r"([?&;](?:sig|(?:X-(?:Amz|Goog)-)?(?:Signature|Security-Token))=)[\w%+/=~-]{16,}+",
        ("sig=", "Signature=", "Security-Token="),
    ),
)  # fmt: skip

RULES = (*PHRASES, *COMMANDS, *CALLS, *services(), *_TOKENS, *HASHES, *FILES, *ADDRESSES)
"""All rules, in the order in which they are tried."""
