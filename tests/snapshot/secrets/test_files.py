"""Secrets in files as cells print them: `.env`, YAML, `.netrc`, manifests of Kubernetes; and harmless ones, which stay.

What stands between « and » is the secret, and becomes one ``<redacted>``.
"""

from __future__ import annotations

import json
import re

import pytest

from mlmagic.snapshot.secrets.redaction import REDACTED, redact

FOUND = {
    "env, spaced": "SMTP_HOST = mail.example.org\nSMTP_PASS = «smtpzz-9931»\nSMTP_PORT = 25\n",
    "env, one line": "SMTP_PASS = «smtpzz-9931»\n",
    "env, a common password": "PASSWORD = «hunter2»\n",
    "env, spaced, signs": "export DB_PASSWORD = «p@ss!w0rd»\n",
    "env, a sign alone": "DB_PASSWORD = «c0rrect;horse»  # mine\n",
    "django": "SMTP_PASS = «smtpzz-9931»\nDJANGO_SECRET_KEY=«django-insecure-zzq$k2(7v)1»\n",
    "django, 50 characters": "SECRET_KEY=«django-insecure-9#x2!mzk$q+v8(l5p@w%3tn&h7^d*c4»\n",
    "django in prose": "warning: «django-insecure-9#x2!mzk$q+v8l5pw» is weak\n",
    "env, brackets": "DB_PASSWORD=«a(b)c99x»\nDB_HOST=db\n",
    "env, a dollar": "DJANGO_SECRET_KEY=«zzq$k2(7v)1»\n",
    "yaml, block": "db:\n  user: ana\n  secret: |\n    «multi line 44\n    more lines 55»\n  port: 1\n",
    "yaml, folded": "password: >-\n  «foldPw88 zz»\nuser: ana\n",
    "yaml, folded, indicated": "a:\n  api_key: |2+\n    «q7w k2»\n\nuser: ana\n",
    "yaml, list": "passwords:\n  - «swordfish9»\n  - '«marlin»'\nusers:\n  - anamaria9\n",
    "yaml, list, not indented": "api_keys:\n- «q7wk2x3»\n- «k2xq7w1»\nother:\n- banana1\n",
    "yaml, flow list": "db:\n  api_keys: [«yamlFlow66zz», «yamlFlow77zz»]\n  ports: [1, 2]\n",
    "yaml, flow mapping": "passwords: {ana: «swordfish9», bob: «marlin77x»}\n",
    "yaml, flow list in quotes": "passwords: ['«swordfish»', \"«marlin»\"]\n",
    "yaml, mapping": "passwords:\n  ana: «swordfish9»\n  bob: «marlin77x»\nport: 1\n",
    "netrc, a host without a dot": "machine h login ana password «netrc5511zz»\n",
    "netrc, on lines": "machine buildhost\n  login ana\n  password «netrc6622yy»\n",
    "netrc, with an account": "machine h login ana account x password «netrc5511zz»\n",
    "kubernetes": (
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n  labels:\n    app: shop\ntype: Opaque\n"
        "data:\n  username: «YW5hdXNlcg==»\n  password: «c3VwM3JTM2NyZXRx»\n  x: «c2hvcnQx»\n"
    ),
    "kubernetes, plain": "kind: Secret\napiVersion: v1\nstringData:\n  conn: «plainK8s»\n  b: '«two words»'\nmetadata:\n  name: a\n",
    "kubernetes, sorted": "apiVersion: v1\ndata:\n  dsn: «cG9zdGdyZXM6»\nkind: Secret\nmetadata:\n  name: db\n",
    "kubernetes, block": "kind: Secret\nstringData:\n  config.yaml: |\n    «host: db\n    pass: x»\ntype: Opaque\n",
    "kubernetes, among others": (
        "kind: ConfigMap\ndata:\n  colour: blue\n---\nkind: Secret\ndata:\n  colour: «Ymx1ZQ==»\n---\nkind: ConfigMap\ndata:\n  a: b\n"
    ),
    "kubernetes, a list": (
        "apiVersion: v1\nitems:\n- apiVersion: v1\n  data:\n    colour: blue\n  kind: ConfigMap\n"
        "- apiVersion: v1\n  data:\n    colour: «Ymx1ZQ==»\n  kind: Secret\nkind: List\n"
    ),
    "kubernetes, json": '{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "data": {"dsn": "«anNvbks4cw==»"}}',
    "kubernetes, python": "{'data': {'dsn': '«anNvbks4cw==»', 'b': '«Yg==»'}, 'kind': 'Secret', 'metadata': {'name': 'db'}}",
    "kubernetes, json on lines": '{\n  "kind": "Secret",\n  "stringData": {\n    "dsn": "«anNvbks4»"\n  },\n  "type": "Opaque"\n}\n',
    "kubernetes, json, a list": (
        '{"kind": "List", "items": [{"kind": "ConfigMap", "data": {"a": "blue"}}, {"kind": "Secret", "data": {"a": "«Ymx1ZQ==»"}}]}'
    ),
}  # fmt: skip

STAYS = {
    "code": "PASSWORD = get_password()\nTOKEN = settings.TOKEN\nSECRET_KEY = os.environ['SECRET_KEY']\n",
    "names": "API_KEY = API_KEY_2\nPASSWORD = password1\nSECRET_KEY = base64.b64decode(key)\n",
    "numbers": "PASSWORD = 12\nMAX_PASSWORD = 1e10\nSECRET = 0.25\n",
    "env, filled in later": "DB_PASSWORD=${DB_PASSWORD}\nSECRET_KEY=$(openssl rand -hex 32)\nDB_PASS = $DB_PASS\n",
    "env, a file": "DB_PASSWORD_FILE=/run/secrets/db\nDB_PASSWORD = /run/secrets/db2\n",
    "calls": "PASSWORD=getpass()\nAPI_KEY=os.environ['X1']\nAPI_KEY=read(path1)\n",
    "yaml, nothing": "password:\nuser: ana\nsecret: |\nport: 1\n",
    "yaml, names": "secrets:\n  - db_password\n  - api_key\nenvironment:\n  A: b\n",
    "yaml, mappings": "secrets:\n  db_password:\n    file: ./db.txt\n    external: true\n",
    "yaml, tokens": "tokens: [the, cat]\nspecial_tokens:\n  - '[CLS]'\n  - '<s>'\ntoken_ids:\n  - 101\n",
    "yaml, a model": "model:\n  pad_token: |\n    <pad>\n  tokens:\n    - word17\n",
    "prose": "machine learning login page password policy\nmachine translation login and password\n",
    "config map": "kind: ConfigMap\ndata:\n  colour: YmxhY2tzdG9uZQ==\n  log: level1\n",
    "secret elsewhere": "kind: SecretStore\ndata:\n  colour: blue1\n",
    "json": '{"kind": "Pod", "data": {"a": "Ymx1ZTEyMw=="}, "name": "Secret"}',
    "data": "kind: Deployment\nsecret: false\ndata:\n  path: data/train1\n",
    "manifest without values": "kind: Secret\nmetadata:\n  name: database1\ntype: Opaque\ndata: {}\n",
}


# Between « and » stands each of these: passwords as people choose them, and what a generator makes.
RECORDS = [
    "env:\n- name: DB_PASSWORD\n  value: «»",
    'env:\n- name: DB_PASSWORD\n  value: "«»"',
    "env:\n  - name: 'DB_PASSWORD'\n    value: '«»'\n  - name: A\n    value: b",
    '{"name": "API_TOKEN", "value": "«»"}',
    '{\n  "name": "API_TOKEN",\n  "value": "«»"\n}',
    "[{'name': 'API_TOKEN', 'value': '«»'}, {'name': 'LR', 'value': '0.1'}]",
    "[{'key': 'password', 'value': '«»'}]",
    "[{'Key': 'password', 'Value': '«»'}]",
    "- Key: db_password\n  Value: «»",
    "[{'Value': '«»', 'Key': 'password'}]",
    '{"name": "API_TOKEN", "type": "secret", "value": "«»"}',
    '{"ParameterKey": "DbPassword", "ParameterValue": "«»"}',
    '[{"variable": "client_secret", "val": "«»"}]',
    '{\\"name\\": \\"API_TOKEN\\", \\"value\\": \\"«»\\"}',
    "{'name': 'password', 'default': '«»'}",
    "dict(name='password', value='«»')",
    "-   name: DB_PASSWORD\n    value: «»  # mine",
]
NO_RECORDS = [
    "[{'name': 'password', 'value': 'weak'}]",
    "- name: password\n  type: string\n- name: user\n  type: string",
    "{'name': 'password', 'label': 'Password'}",
    "{'key': 'password', 'value': ''}",
    "- name: DB_PASSWORD\n  valueFrom:\n    secretKeyRef:\n      name: db\n      key: password",
    "- name: DB_PASSWORD\n  value: $(DB_PASS)",
    "- name: DB_PASSWORD\n  value: ${DB_PASS}",
    "{'name': 'password', 'value': 'At least 8 characters'}",
    "<input name='password' value=''>",
]


def parts(marked):
    return marked.replace("«", "").replace("»", ""), re.sub("«[^»]*»", REDACTED, marked)


@pytest.mark.parametrize("marked", FOUND.values(), ids=FOUND)
def test_a_secret_in_a_file_is_replaced(marked):
    text, expected = parts(marked)
    assert redact(text) == (expected, marked.count("«"))
    assert redact(expected) == (expected, 0)
    around = f"$ cat it\n\n{text}\n---\nsize: 1\n"
    assert redact(around) == (f"$ cat it\n\n{expected}\n---\nsize: 1\n", marked.count("«"))


@pytest.mark.parametrize("text", STAYS.values(), ids=STAYS)
def test_a_harmless_file_stays(text):
    assert redact(text) == (text, 0)


@pytest.mark.parametrize("name", ["yaml, block", "yaml, list", "kubernetes", "kubernetes, block"])
def test_a_patch_of_a_file_keeps_its_lines(name):
    text = parts(FOUND[name])[0]
    patch = "@@ -0,0 +1 @@\n" + "".join(f"+{line}\n" for line in text.splitlines())
    clean, count = redact(patch, keep_lines=True)
    assert count == FOUND[name].count("«")
    assert clean.count("\n") == patch.count("\n")
    for secret in re.findall("«([^»]*)»", FOUND[name]):
        assert not [line for line in secret.splitlines() if line.strip() in clean]


def test_a_manifest_in_json_stays_json():
    manifest = {"kind": "Secret", "data": {"a": "Yg==", "b": 'x"y'}, "metadata": {"name": "n"}}
    assert json.loads(redact(json.dumps(manifest))[0]) == manifest | {"data": {"a": REDACTED, "b": REDACTED}}


@pytest.mark.parametrize("marked", RECORDS)
def test_the_value_of_a_record_that_names_a_secret_is_replaced(marked, assert_redacted):
    assert_redacted(marked)


@pytest.mark.parametrize("text", NO_RECORDS)
def test_a_record_without_a_secret_stays(text):
    assert redact(text) == (text, 0)
