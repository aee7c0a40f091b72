"""The tokens of services: those that Gitleaks publishes, and those that each vendor publishes as a fixed prefix."""

from __future__ import annotations

import json
import random
import re
import string
import subprocess
import sys
from pathlib import Path
from re import _constants as codes
from re import _parser as parser

import pytest

from mlmagic.snapshot.secrets.redaction import REDACTED, redact, redact_value

ROOT = Path(__file__).parents[3]
SERVICES = json.loads((ROOT / "mlmagic/snapshot/secrets/rules/services.json").read_text())
_noise = random.Random(7)
ALNUM, LOWER, HEX = string.ascii_letters + string.digits, string.ascii_lowercase + string.digits, "0123456789abcdef"


def some(alphabet, count):
    return "".join(_noise.choices(alphabet, k=count))


def uuid4():
    return f"{some(HEX, 8)}-{some(HEX, 4)}-4{some(HEX, 3)}-a{some(HEX, 3)}-{some(HEX, 12)}"


# Put together here, so that no scanner takes this file for a leak.
TOKENS = {
    "Prefect": "pn" + "u_" + some(ALNUM, 36),
    "dbt": "dbt" + "c_" + some(ALNUM + "-_", 43),
    "Vault batch": "hv" + "b." + some(ALNUM + "-_", 150),
    "RubyGems": "ruby" + "gems_" + some(HEX, 48),
    "crates.io": "ci" + "o" + some(ALNUM, 32),
    "Clojars": "CLO" + "JARS_" + some(LOWER, 60),
    "Pulumi": "pu" + "l-" + some(HEX, 40),
    "LaunchDarkly": "sd" + "k-" + uuid4(),
    "LaunchDarkly API": "ap" + "i-" + uuid4(),
    "Segment": "sg" + "p_" + some(ALNUM, 64),
    "1Password": "op" + "s_" + "eyJ" + some(ALNUM, 300),
    "Azure DevOps": some(ALNUM, 76) + "AZ" + "DO" + some(ALNUM, 4),
    "Google refresh": "1/" + "/0" + some(ALNUM + "-_", 60),
    "GitLab, longer": "gl" + "pat-" + some(ALNUM, 30),
    "Mailchimp": some(HEX, 32) + "-u" + "s14",
}
TEAMS = f"https://acme.webhook.office.com/webhookb2/{uuid4()}@{uuid4()}/IncomingWebhook/{some(HEX, 32)}/{uuid4()}"


@pytest.mark.parametrize("kind", TOKENS)
@pytest.mark.parametrize(
    "template", ["{}", "x = '{}'", '{"a": "{}"}', "at\\n{}", "\x1b[32m{}\x1b[0m", "u%3D{}&x", "a:{}, b"]
)
def test_a_token_is_replaced_and_the_rest_stays(kind, template):
    assert redact(template.replace("{}", TOKENS[kind])) == (template.replace("{}", REDACTED), 1)


@pytest.mark.parametrize("kind", TOKENS)
def test_a_token_in_a_long_text_is_replaced(kind):
    filling = "".join(f"epoch {number} loss={number}.5 path=/data/part-{number}.parquet\n" for number in range(2000))
    text = f"{filling}{TOKENS[kind]}\n{filling}"
    assert redact(text) == (f"{filling}{REDACTED}\n{filling}", 1)
    assert redact_value("note", {"inner": [text]})[1] == 1


def test_the_address_of_a_webhook_of_teams_keeps_its_host():
    assert redact(f"post to {TEAMS}") == (f"post to https://acme.webhook.office.com/webhookb2/{REDACTED}", 1)


def example(items):
    """Return a random text that the parts of a pattern match."""
    return "".join(of_one(code, value) for code, value in items)


def of_one(code, value):
    if code is codes.LITERAL:
        return chr(value)
    if code is codes.SUBPATTERN:
        return example(value[-1])
    if code in {codes.MAX_REPEAT, codes.POSSESSIVE_REPEAT}:
        least, most, inner = value
        return "".join(example(inner) for _ in range(max(least, min(most, 1 if least == 0 else least))))
    single = re.compile("[" + "".join(written(*part) for part in value) + "]")
    return _noise.choice([letter for letter in ALNUM if single.match(letter)])


def written(code, value):
    if code is codes.RANGE:
        return f"{chr(value[0])}-{chr(value[1])}"
    return re.escape(chr(value)) if code is codes.LITERAL else {codes.CATEGORY_WORD: r"\w"}.get(value, r"\d")


@pytest.mark.parametrize("rule", SERVICES["rules"], ids=lambda rule: rule["id"])
def test_what_a_published_rule_finds_is_replaced(rule):
    for _ in range(20):
        token = rule["prefix"] + example(parser.parse(rule["body"]))
        clean, count = redact(f"it is '{token}'.")
        assert (clean, count) == (f"it is '{REDACTED}'.", 1)


def test_the_rules_name_their_source_and_licence_and_are_renewed_by_the_tool(tmp_path):
    assert "gitleaks" in SERVICES["source"]
    assert SERVICES["license"][0] == "MIT License"
    assert len(SERVICES["rules"]) >= 80
    published = tmp_path / "gitleaks.toml"
    published.write_text(
        "[[rules]]\nid = 'new'\nregex = '''\\b(new_[a-z0-9]{30})(?:[\\x60'\"\\s;]|\\\\[nr]|$)'''\n"
        "[[rules]]\nid = 'open'\nregex = '''(?i)[\\w.-]{0,50}?(?:acme)(?:.*)=([a-z]{8})'''\n"
        "[[rules]]\nid = 'short'\nregex = '''ab_[a-z]{4}'''\n"
    )
    target = tmp_path / "services.json"
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'tools')!r}); import secret_rules, pathlib; "
        f"secret_rules.TARGET = pathlib.Path({str(target)!r}); sys.argv = ['x', {str(published)!r}, '9.9']; "
        "secret_rules.main()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    made = json.loads(target.read_text())
    assert made["rules"] == [{"id": "new", "prefix": "new_", "body": "[a-z0-9]{30}+"}]
    assert "9.9" in made["source"]
