"""Secrets of many kinds, made up for the tests, and harmless texts that look like them.

Each secret is put together here, so that no scanner takes this file for a leak.
"""

from __future__ import annotations

import base64
import hashlib
import random
import string
import uuid
from dataclasses import dataclass

_noise = random.Random(20)


def _some(alphabet, count):
    """Return *count* random letters with a digit, a capital and a small letter among them where there are any."""
    return "".join(_noise.choices(alphabet, k=count))


ALNUM, LOWER, UPPER = (
    string.ascii_letters + string.digits,
    string.ascii_lowercase + string.digits,
    string.ascii_uppercase + string.digits,
)
HEX = "0123456789abcdef"


def alnum(count):
    return "a1B" + _some(ALNUM, count - 3)


def hexes(count):
    return _some(HEX, count)


def b64(count):
    return "a1B" + _some(ALNUM + "+/", count - 3)


def _jwt(payload):
    parts = ('{"alg":"HS256","typ":"JWT"}', payload)
    head = ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts)
    return f"{head}.{alnum(43)}"


def _pem(kind, lines=4):
    body = "\n".join(b64(64) for _ in range(lines))
    return "-----BEGIN " + kind + "PRIVATE KEY-----\n" + body + "\n-----END " + kind + "PRIVATE KEY-----"


def _discord():
    number = base64.b64encode(b"812345678901234567").decode().rstrip("=")
    return f"{number}.{'G' + _some(ALNUM, 5)}.{alnum(38)}"


@dataclass(frozen=True)
class Secret:
    """A secret of a *kind*.

    ``shown`` is how it stands in a text that tells it for what it is; ``name`` is the name that tells so instead, where
    the value by itself does not. ``known`` is where mlmagic knows the value from: ``typed`` in a prompt, or the
    ``environment``. ``finds`` is what must not be found anywhere, where that is not the value.
    """

    kind: str
    value: str
    shown: str = "{}"
    name: str = ""
    known: str = ""
    finds: str = ""

    @property
    def text(self) -> str:
        """A text in which the secret stands as it does in logs and messages."""
        return f"{self.name} = {self.value!r}" if self.name else self.shown.replace("{}", self.value)

    @property
    def needle(self) -> str:
        return self.finds or self.value


def _pems():
    for kind in ("RSA ", "EC ", "OPENSSH ", ""):
        pem = _pem(kind)
        yield Secret("private key", pem, finds=pem.splitlines()[2])


_PUTTY = b64(64)

SECRETS = [
    *(Secret("AWS key id", prefix + _some(UPPER, 16)) for prefix in ("AKIA", "ASIA", "ABIA")),
    Secret("AWS secret key", b64(40), name="aws_secret_access_key"),
    Secret("AWS secret key", b64(40), 'client("aws", aws_session("prod"), aws_key, "{}")'),
    *(Secret("GitHub", prefix + alnum(36)) for prefix in ("ghp_", "gho_", "ghs_")),
    Secret("GitHub", "github_pat_" + alnum(22) + "_" + alnum(59)),
    *(Secret("GitLab", prefix + alnum(20)) for prefix in ("glpat-", "gldt-", "glrt-", "GR1348941")),
    Secret("GitLab", "glptt-" + hexes(40)),
    *(Secret("Hugging Face", "hf_" + alnum(34)) for _ in range(2)),
    Secret("OpenAI", "sk-" + alnum(48)),
    Secret("OpenAI", "sk-" + "proj-" + alnum(60)),
    Secret("OpenAI", "sk-" + "svcacct-" + alnum(40)),
    Secret("OpenAI", "sk-" + "my-team-" + alnum(20) + "T3Blbk" + "FJ" + alnum(20)),
    *(Secret("Anthropic", "sk-" + f"ant-{part}-" + alnum(80)) for part in ("api03", "admin01")),
    Secret("Google", "AI" + "za" + alnum(35)),
    Secret("Google", "ya" + "29." + alnum(60)),
    Secret("Google", "GOC" + "SPX-" + alnum(28)),
    *(Secret("Slack", f"xox{letter}-" + "123456789012-" + alnum(24)) for letter in "bp"),
    Secret("Slack", "xa" + "pp-1-" + alnum(30)),
    Secret("Slack", "T" + _some(UPPER, 8) + "/B" + _some(UPPER, 8) + "/" + alnum(24), "https://hooks.slack.com/services/{}"),
    *(Secret("Stripe", prefix + alnum(24)) for prefix in ("sk_" + "live_", "rk_" + "test_", "whsec_")),
    *(Secret("Twilio", prefix + _some(LOWER, 32)) for prefix in ("AC", "SK")),
    Secret("SendGrid", "SG" + "." + alnum(22) + "." + alnum(43)),
    Secret("Mailchimp", hexes(32) + "-us" + "14"),
    Secret("npm", "np" + "m_" + alnum(36)),
    Secret("npm", str(uuid.UUID(int=_noise.getrandbits(128))), "//registry.example.org/:_authToken={}"),
    Secret("PyPI", "py" + "pi-AgEIcHlwaS5vcmc" + alnum(80)),
    Secret("Discord", _discord()),
    Secret("Discord", alnum(68), "https://discord.com/api/webhooks/812345678901234567/{}"),
    Secret("Telegram", "1234567890:" + "AA" + alnum(33)),
    Secret("Square", "sq0" + "csp-" + alnum(43)),
    Secret("Square", "sq0" + "atp-" + alnum(22)),
    Secret("Artifactory", "AK" + "C" + alnum(60), 'X-JFrog-Art-Api: "{}"'),
    Secret("Databricks", "da" + "pi" + hexes(32)),
    *(Secret("JWT", _jwt(payload)) for payload in ('{"sub":"ana","iat":1700000000}', '{"role":"admin","exp":1800000000}')),
    *_pems(),
    Secret("private key", "Private-Lines: 1\n" + _PUTTY, finds=_PUTTY),
    Secret("age key", "AGE-" + "SECRET-KEY-1" + _some(UPPER, 58)),
    Secret("Azure", b64(86) + "==", "DefaultEndpointsProtocol=https;AccountName=ana;AccountKey={};EndpointSuffix=x"),
    Secret("Azure", alnum(40) + "%3D", "https://ana.blob.core.windows.net/data/x.csv?sv=2024-11-04&sig={}&se=2030"),
    Secret("Groq", "gs" + "k_" + alnum(52)),
    Secret("NVIDIA", "nv" + "api-" + alnum(64)),
    Secret("Replicate", "r8" + "_" + alnum(37)),
    Secret("LangSmith", "lsv2" + "_pt_" + hexes(32) + "_" + hexes(10)),
    Secret("Pinecone", "pc" + "sk_" + alnum(60)),
    Secret("Mapbox", "sk" + ".eyJ" + alnum(60) + "." + alnum(22)),
    Secret("Neptune", "eyJ" + "hcGlf" + b64(120) + "=="),
    Secret("DigitalOcean", "dop" + "_v1_" + hexes(64)),
    Secret("Vault", "hv" + "s." + alnum(90)),
    Secret("Grafana", "gl" + "sa_" + alnum(32) + "_" + hexes(8)),
    Secret("Shopify", "sh" + "pat_" + hexes(32)),
    Secret("SoftLayer", _some(LOWER, 64), "https://api.softlayer.com/soap/v3/{}"),
    Secret("Weights & Biases", hexes(40), 'wandb.login(key="{}")'),
    Secret("Weights & Biases", hexes(40), name="WANDB_API_KEY"),
    Secret("database URL", "hunter2-" + alnum(10), "postgresql://ana:{}@db.example.org:5432/prod"),
    Secret("database URL", alnum(16), "redis://:{}@cache.example.org:6379/0"),
    Secret("database URL", alnum(16), "host=db.example.org user=ana password={} dbname=prod"),
    Secret("HTTP header", base64.b64encode(b"ana:" + alnum(12).encode()).decode(), "Authorization: Basic {}"),
    Secret("HTTP header", alnum(40), "Authorization: Bearer {}"),
    Secret("HTTP header", alnum(20), 'curl -H "X-Api-Key: {}" https://api.example.org'),
    Secret("HTTP login", "hunter2-" + alnum(8), "curl -s -u ana:{} https://api.example.org"),
    Secret("HTTP login", "hunter2-" + alnum(8), 'requests.get(url, auth=("ana", "{}"))'),
    Secret("IBM", alnum(44), name="ibm_cloud_api_key"),
    Secret("password", "correct horse 7 battery", name="db_password"),
    Secret("password", 'qu"ote\'s and \\ 7', name="smtp_password"),
    Secret("password", "pässwörd-%7-€", name="admin_passphrase"),
    Secret("own pattern", "ACME-" + "000-" + str(_noise.randrange(10**9, 10**10))),
    Secret("own pattern", "ACME-" + "001-" + str(_noise.randrange(10**9, 10**10))),
    Secret("typed", "seven dwarfs & 1 queen", known="typed"),
    Secret("typed", 'a"b\\c%d', known="typed"),
    Secret("typed", "Tr0ub4dor", known="typed"),
    Secret("environment", "open-sesame-" + alnum(8), known="environment"),
    Secret("environment", 'mellon "friend" 9', known="environment"),
    Secret("Docker", "dckr" + "_pat_" + alnum(27)),
    Secret("hash of a password", "$2b$12$" + _some(ALNUM + "./", 53)),
    Secret("hash of a password", "$6$" + _some(ALNUM, 12) + "$" + _some(ALNUM + "./", 86)),
    Secret("sentence", "hunter2-" + alnum(6), "the password for ana is {}"),
    Secret("cookie", alnum(24), "Set-Cookie: sessionid={}; Path=/"),
    Secret("XML", "hunter2-" + alnum(6), "<password>{}</password>"),
    Secret(".pgpass", "hunter2-" + alnum(6), "db.example.org:5432:shop:ana:{}"),
    Secret("manifest", base64.b64encode(b"x" + alnum(11).encode()).decode(), '{"kind": "Secret", "data": {"dsn": "{}"}}'),
    Secret("list", "hunter2-" + alnum(6), 'passwords = ["{}"]'),
    Secret("comparison", "hunter2-" + alnum(6), 'if password == "{}": pass'),
    Secret("command", "hunter2-" + alnum(6), "htpasswd -b f ana {}"),
]  # fmt: skip
OWN_PATTERN = r"ACME-\d{3}-\d{10}"


def _harmless():
    noise = random.Random(3)
    data = noise.randbytes(4000)
    for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b"):
        for number in range(3):
            yield hashlib.new(name, data + bytes([number])).hexdigest()
    for number in range(12):
        yield f"commit {hashlib.sha1(bytes([number])).hexdigest()}"
        yield str(uuid.UUID(int=noise.getrandbits(128)))
        yield f"run_id={uuid.UUID(int=noise.getrandbits(128)).hex}"
    for start in (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a", b"PK\x03\x04"):
        for length in (300, 2001, 4000):
            yield "data:image/png;base64," + base64.b64encode(start + data[:length]).decode()
            yield base64.urlsafe_b64encode(start + data[:length]).decode()
    yield from (f"numpy=={minor}.{patch}.0" for minor in range(3) for patch in range(4))
    yield from (f"sha256:{noise.getrandbits(256):064x}" for _ in range(6))
    yield from (f"{noise.getrandbits(128):032x}  data/part-{number:05d}.parquet" for number in range(6))
    yield from (f"1732550{number:03d}:{noise.getrandbits(160):040x}" for number in range(6))
    yield from (f"#{noise.getrandbits(24):06x}" for _ in range(8))
    yield from (f"doi:10.1145/{noise.randrange(10**7)}.{noise.randrange(10**7)}" for _ in range(6))
    yield from (f"loss={noise.random():.6f} acc={noise.random():.4f} lr=3e-{number}" for number in range(8))
    yield from (f"2026-11-2{number}T18:1{number}:04.123456Z INFO step {number}00" for number in range(6))
    yield from _FIXED


_FIXED = [
    "model.generate(max_tokens=512, n_tokens=3, tokens=512, token_count=9)",
    "tokenizer = AutoTokenizer.from_pretrained('bert-base-uncased')",
    'pad_token="<pad>", eos_token = "</s>", mask_token: "[MASK]", unk_token="[UNK]"',
    "bos_token_id=1, eos_token_id=50256, pad_token_id=0",
    "token = 'the'",
    "next_token = tokens[i + 1]",
    'CountVectorizer(token_pattern=r"(?u)\\b\\w\\w+\\b")',
    "sort_key = 'accuracy'; df.sort_values(key='column1')",
    "primary_key = 'customer_id1'",
    "foreign_key='orders.id2'",
    "key = 'feature_17'",
    "keys = ['a1', 'b2']",
    "sorted(rows, key=lambda r: r.score)",
    "jax.random.PRNGKey(42)",
    "rng_key = jax.random.split(key, 4)",
    "dict_key='x1'; cache_key = 'resnet50-v2'",
    "password = getpass.getpass('Password: ')",
    "api_key = input('API key: ')",
    'password = os.environ["DB_PASSWORD"]',
    'api_key = os.getenv("OPENAI_API_KEY")',
    "client = OpenAI(api_key=api_key)",
    "connect(user=user, password=password)",
    "class Settings:\n    password: str\n    token: int | None = None",
    'engine = create_engine(f"postgresql://{user}:{password}@{host}/db")',
    'url = "https://$USER:$TOKEN@example.org/x.git"',
    'parser.add_argument("--password", "-p", help="the password")',
    'parser.add_argument("--token", default=None)',
    'columns = ["password", "username", "token"]',
    'password = "<your password>"',
    'password = "********"',
    'password = "${DB_PASSWORD}"',
    'api_key = "{{ secrets.API_KEY }}"',
    "password = None",
    "PASSWORD_FILE=/run/secrets/db_password",
    'CREDENTIALS = "/home/ana/key.json"',
    "GOOGLE_APPLICATION_CREDENTIALS=/home/ana/service-account.json",
    "secret_name = 'prod/db'",
    "password_length = 12",
    "secret_santa: Ana",
    "token_type_ids = torch.zeros(2, 128)",
    "min_password_length=8",
    "The password must have 8 characters and 1 digit.",
    "Enter your password: ",
    "wandb: (1) Create a W&B account",
    "git@github.com:ana/project.git",
    "ssh://git@github.com/ana/project.git",
    "https://github.com/ana/project.git",
    "http://localhost:8888/lab/tree/a@b.ipynb",
    "http://127.0.0.1:5000/#/experiments/0/runs/8b7df143d91c716ecfa5fc1730022f6b",
    "https://example.org/search?q=tokens&page=2&sort=key",
    "https://mirror.example.org/packages/ab/cd/numpy-2.4.6-cp311-cp311-manylinux_2_28_x86_64.whl",
    "https://www.kaggle.com/datasets/ana/wine-quality",
    "s3://bucket/data/train/part-00000-8b7df143-d91c-716e-cfa5-fc1730022f6b.snappy.parquet",
    "gs://bucket/models/2026/11/25/model.pt",
    "hf://datasets/stanfordnlp/imdb@refs/convert/parquet",
    "ana@example.org",
    "Ana Müller <ana.mueller+ml@example.org>",
    "Author: ana <12345678+ana@users.noreply.github.com>",
    "/home/ana/.cache/huggingface/hub/models--bert-base-uncased/snapshots/86b5e0934494bd15c9632b12f734a8a67f723594",
    "/usr/lib/python3.11/site-packages/detect_secrets/plugins/keyword.py",
    "C:\\Users\\ana\\secrets\\notes.txt",
    "data/keys/public_key.pem",
    "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----",
    "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUQ2VydGlmaWNhdGU=\n-----END CERTIFICATE-----",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ7w1x2y3z4a5b6c7d8e9f0g1h2i3j4k5l6m7n8o9 ana@laptop",
    "SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8",
    '"integrity": "sha512-v2kDEe57lecTulaDIuNTPy3Ry4gLGJ6Z1O3vE1krgXZNrsQ+LFTGHVxVjcXPs17LhbZVGedAJv8XZ1tvj5FvSg=="',
    "scikit-learn==1.9.1 torch==2.13.0+cpu task-aaaaaaaaaaaaaaaaaaaaaaaaa",
    "detect-secrets==1.5.0",
    '"detect-secrets": "1.5.0", "secretstorage": "3.3.3", "keyring": "25.6.0"',
    "tokenizers==0.22.1 sentencepiece==0.2.1 tiktoken==0.12.0",
    "certifi==2026.10.18",
    "linux-64::libgcc-ng-13.2.0-h807b86f_5",
    "  - pandas=3.1.1=py311h7db5c69_1",
    "Python 3.11.7 (main, Jan  8 2026, 10:21:03) [GCC 12.2.0]",
    "CUDA 12.4, cuDNN 9.1.0.70, driver 550.54.15",
    "10.0.0.1:8080 192.168.1.254 2001:db8::ff00:42:8329",
    "Epoch 3/10: 100%|██████████| 469/469 [00:12<00:00, 38.21it/s, loss=0.123]",
    "AdamW(betas=(0.9, 0.999), eps=1e-08) loss=0.3133 lr=0.001",
    "RandomForestClassifier(max_depth=6, n_estimators=200, random_state=42)",
    "Pipeline(steps=[('scale', StandardScaler()), ('svc', SVC(C=0.5))])",
    "NeuralCollaborativeFilter.layers.embedding_dropout_probability",
    "MaskedLanguageModelingHead.linear.transformation_of_hidden_states",
    "APFixedThresholdScorer(AP50=0.61)",
    "bert.encoder.layer.11.attention.self.query.weight",
    "sk-learn is not scikit-learn; sk_model = fit()",
    "hf_hub_download(repo_id='ana/model')",
    "npm_config_registry, pypi-server, ghost_ship",
    "AC/DC, ACCURACY, SKLEARN_VERSION, AKIAPOLAAU",
    "a risk-averse-and-then-some-more-words task-based-approach-with-long-name",
    "xoxo-love",
    "eyJ is how base64 of a JSON object begins",
    '{"alg": "HS256", "typ": "JWT"}',
    "Bearer of the ring",
    "Authorization: required",
    "ISBN 978-3-16-148410-0, IBAN shown as DE00 0000",
    "rgb(12, 34, 56) hsl(210, 50%, 40%) #ffcc00",
    "4111 rows, 1111 columns, 1111 missing",
    "+49 30 1234567",
    "50.1109° N, 8.6821° E",
    "ENSG00000139618 rs334 P04637 GSE12345 SRR1234567",
    "CC(=O)OC1=CC=CC=C1C(=O)O",
    "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQAPILSRVGDGTQDNLSGAEKAVQVKVKALPDAQFEVVHSLAKWKRQTLGQHDFSAGEGLYTHMKALRPDEDRL",
    "ACGTACGTTAGCCGATAGCTTAGCGATCGATTAGC" * 4,
    "openml dataset 40945 version 1, md5 60ac7205eee0ba5045c90b3bba95b1c4",
    "imdb:plain_text/1.0.0/d613c88cf8fa3bab83b4ded3713f1f74830d1100e171db75bbddb80b3345c9c0",
    "ds-8f14e45fceea167a5a36dedd4bea2543-train",
    "m-3d0b2f1c9a8e4f7b6c5d4e3f2a1b0c9d",
    "models:/m-3d0b2f1c9a8e4f7b6c5d4e3f2a1b0c9d",
    "job 1234567.pbs01, node gpu-a100-07, slurm-1234567.out",
    "arn:aws:s3:::bucket/prefix",
    "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf",
    "ghcr.io/ana/train@sha256:9b2a0c1d4e5f60718293a4b5c6d7e8f90123456789abcdef0123456789abcdef",
    "refs/heads/feature/token-bucket-2",
    "a -> b; key => value; password -> hashed",
    "if password == stored: login()",
    "curl -u $USER:$PASSWORD https://example.org",
    'requests.get(url, auth=("ana", "<your password>"))',
    'print("token: the word", "password: see chapter 12")',
    "assert token != end_token",
    "for token in doc: print(token.text)",
    "Counter({'the': 12, 'token': 3, 'key': 2})",
    "secret sauce, key takeaways, pass rate 0.98",
    "passes=3, passed = 17, bypass = 'yes1'",
    "monkey = 'bonobo123'; turkey=\"t1\"; keyboard = 'qwertz1'",
    "compass = 'N42'; passenger_id=1234",
    "hashed_password_column = 'h1'",
    "x-request-id: 8f14e45f-ceea-467a-9a36-dedd4bea2543",
    'ETag: "33a64df551425fcc55e4d42a148795d9f25f89d4"',
    "Set-Cookie: theme=dark; Path=/",
    "nonce of the commit: none",
    "a" * 64,
    "=" * 80,
    "-" * 200,
    "0.1 " * 50,
    "\u2028 line separators, \ud83d half a pair, \x00 zero",
]

LOOK_ALIKES = list(_harmless())
