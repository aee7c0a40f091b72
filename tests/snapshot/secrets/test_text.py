"""Secrets in prose, logs, tables and commands; and sentences and tables of the same form, which stay.

What stands between « and » is the secret, and becomes one ``<redacted>``.
"""

from __future__ import annotations

import re

import pytest

from mlmagic.snapshot.secrets.redaction import REDACTED, redact

HEX40 = "8f14e45fceea167a5a36dedd4bea2543b5b0c1d2"

SENTENCES = [
    "the password is «Tr0ub4dor&3»",
    "The password is: «Tr0ub4dor&3»",
    "password is «Tr0ub4dor&3».",
    "the password is «hunter2»",
    'Your password is "«Tr0ub4dor&3»", do not lose it',
    "Password for ana is «Kx9mmQw2»",
    "Password for ana: «Kx9mmQw2»",
    "Password for 'https://example.org': «typedPw77x»",
    "password of the database is «Kx9mmQw2»!",
    "my passphrase was «correct-horse-battery9»",
    "Your password was set to «Tr0ub4dor&3»",
    "the password has been changed to «Tr0ub4dor&3»",
    "token is «abQ93kdmzzPq1»",
    "use token «abQ93kdmzzPq1» to log in",
    "the api key is «q7Rk2xWvP9»",
    "API-Key «abc123def456ghi»",
    f"wandb: api key «{HEX40}»",
    f"wandb: API key: «{HEX40}»",
    "login with pw «zq11Wmmk»",
    "user ana pass «dbPw80zz»",
    "credentials: ana / «Vw7nnT5r»",
    "Passwort: «Sch1uessel88»",
    "Das Passwort lautet «Sch1uessel88»",
    "Das Passwort ist «Sch1uessel88»",
    "密码是«mima9988xyz»",
    "пароль - «Parol9988x»",
    "Kennwort: «Sch1uessel88»",
    "contraseña: «Clave9988x»",
    "La contraseña es «Clave9988x»",
    "contraseña = '«clave»'",
    "пароль: «Parol9988x»",
    "Пароль = «Parol9988x»",
    "密码: «mima9988xyz»",
    "密码\uff1a«mima9988xyz»",
    "パスワード: «himitsu9988»",
    "mot de passe : «Secret9988x»",
    "le mot de passe est «B0njourMonde7»",
    "senha: «Segredo9988»",
    "wachtwoord: «Geheim9988»",
    "hasło: «Tajne9988»",
    "password -> «arrowPw77z»",
    "password => «arrowPw77z»",
    "password→«arrowPw77z»",
    ':password => "«rubyPw77z»"',
    "password := «goPw77zz»",
    "| password | «mdPw77zzk» |",
    "password         «tabPw77zz»",
    "password\t«tabPw77zz»",
    "password,«csvPw77zz»",
    "Token:\n  «aB3xK9zQ1mN7pR5t»",
    "Password:\n  «hunter2xyz9»",
    "your API token is:\n\n    «q8Zk3LmP0vTx»",
    "passphrase: \r\n  «tr0ub4dor&3»\r\n",
    "+password:\n+    «Summer-rain-82»\n+host: x",
    'password =\n  "«quotedPw77z»"',
]  # fmt: skip

PROSE = [
    "The authorization token used in the HTTP headers",
    '<label for="password">Password:</label>',
    "the password is wrong",
    "The password is required.",
    "password is too short; passwords are hashed",
    "the password is not set",
    "the password is empty",
    "password was reset, password was changed yesterday",
    "your password is case-sensitive",
    "the password is 8chars long",
    "the password is 12-character at least",
    "the password is SHA256",
    "the password is base64-encoded and bcrypt-hashed",
    "a password is stored as utf8mb4 in column7",
    "the password is the SecretStr of settings.py",
    "password is None, password is <hidden>, password is ********",
    "password for ana is missing",
    "password for user17 was rejected",
    "token is the, token is mean, token is [CLS], token is playing",
    "the token is resnet50v2 and the next token is ##ing17",
    "the token is wav2vec2-base, the token is bert-base-uncased-v2",
    "token 17 is the 3rd",
    "token ids 101 102; token embedding768",
    "use token classification models",
    "the secret is out, the secret of success is data2vec",
    "the key is accuracy1 and the api key is invalid",
    "api key rotation, API key authentication2",
    "pass the batch, pass epoch17 to fit, first pass: epoch17",
    "pw is the point-wise loss",
    "credentials are default / default",
    "password -> hashed; token -> NN; token => B-PER; key -> value7",
    "| password | required | string |",
    "| token | frequency | Ġthe1 |",
    "password         string",
    "password_len     12",
    "token            the",
    "password strength: 0.83",
    "Passwort: erforderlich",
    "пароль: неверный",
    "mot de passe : requis",
    "password: the one of yesterday",
    "password is ana@example.org",
    "the password is at https://example.org/a1b2c3",
    "the password is in /run/secrets/db1",
    "the password is {password} or %s",
    "password:\n  weak",
    "Loss per token:\n  0.1234567",
    "token:\n  embedding_dim",
    "Secret:\n  user: ana\n  rows: 12",
    "key:\n  model.layers.0.weight",
    "if token:\n    retry(3)",
    "for token in tokens:\n    print(f(tok2))",
    "while password:\n    digest.update(b2)",
    "password strength2",
    "password policy 2024",
    "Password Strength2",
    "using token classification2",
    "the next token is word17!",
    "token: word17!",
    "Token: hello2!",
    "Token: ##ing2",
    "Access token: required",
    "Access token: expired",
    "password reset",
    "api key rotation, API key authentication2",
    "│ password │ string │",
    "│ token │ word17 │",
    "**Password:** required",
    "**Token:** the",
    "- Password: `required`",
    "- password: `str`",
    "<td>password</td><td>object</td>",
    "<td>password</td><td>8 chars</td>",
    "<th>password</th><th>lastname1</th>",
    "<td>token</td><td>the1</td>",
    "<td>password</td><td>3</td>",
    "0  password  object",
    "0   password  3 non-null",
    "1  token  word17",
    "0  password  0.3312",
    "5  secret  conv2",
    "   id  user  password\n0  1  ana  ********",
    "0  password_length  12",
    "password  strength  2024",
    "got token ids 12",
    "access token expired17 days ago",
    "Password:  8-64 chars",
    "password must be 8+ characters!",
    "password OK (2024)",
    "Using API key from env1",
    "token #12! and token 50%",
    "Password123 is weak",
    "password 100% safe",
    "token: antidisestablishmentarianism",
    "token: Donaudampfschiff",
    "Token: Rechtsschutzversicherungsgesellschaft",
    "token: anticonstitutionnellement",
    "the password is Donaudampfschiff",
    "password: strong; password: weak",
    "password: strong\nsecret: hidden\n",
    "token  pkgs/main/linux-64::token-1.0-py311",
    "  token   conda-forge/noarch::token-2.1-pyhd8ed1ab_0",
]  # fmt: skip

HASHES = [
    "root:«$6$rounds=5000$usesomesillystri$D4IrlXatmP7rx3P3InaxBeoomnAihCKRVQAr/36PaIu»:18000:0:99999:7:::",
    "root:«$5$saltsalt$Zq0Hh3kQpl0ZyVd9wq2mTn8rXbLs7Jf5Gc1Ke4Ui6O1»:18000",
    "ana:«$2b$12$KIXQh9qkZ1x8Lr0nq3Wf3e7Jb5Uo2mPz6Ra4Ts8Vd9Yc1XwEeFgHi»",
    "bob:«$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC»",
    "ana:«$apr1$x8Kq2mZp$0Vt8rY7ZbQ1mWc3Xn5Lk91»",
    "carl:«{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=»",
    "ana:«{SSHA}DkMTwBl+a/3DQTxCYEApdUtNXGgdUac3»",
    "«$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b4dWRWJTmaaJObG»",
    "«pbkdf2_sha256$260000$saltsalt$Zq0Hh3kQpl0ZyVd9wq2mTn8rXbLs7Jf5Gc1Ke4Ui6Oo=»",
    "«pbkdf2:sha256:600000$saltsalt$5f4dcc3b5aa765d61d8327deb882cf995f4dcc3b5aa765d61d8327deb882cf99»",
    "«scrypt:32768:8:1$saltsalt$5f4dcc3b5aa765d61d8327deb882cf995f4dcc3b5aa765d61d8327deb882cf99»",
    "«$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7»",
]

NO_HASHES = [
    "it costs $5$ or $6$, and $2b$ is a price",
    "sed 's/$1$2/x/'; echo $1$2$3",
    "{SHA} and {SSHA} are schemes; {SHA}short",
    "$x$ and $\\alpha_{1}$ are formulas; $5$ of $6$ people",
    "pbkdf2_sha256 with 260000 iterations",
    "an argon2id hash, bcrypt with $2b$12$ as its prefix",
]

FORMATS = [
    # A name that ends with `pass`
    "os.environ['MY_PASS'] = '«Zq8aa11bb»'",
    "user, APP_PASS = 'a', '«Zq8kk66bb»'",
    "mypass = '«Zq8kk11bb»'",
    "os.environ['MYPASS']='«Zq8+aa99!bb»'",
    "%env OTHER_PASS=«Zq8env98bb»",
    "password = '«sword»'",  # the end of the name, but no word of it
    # Credentials
    "creds = ('ana', '«kU7#vbQ!2x»')",
    "creds = {'ana': '«kU8#vbQ!2x»'}",
    "CREDENTIALS = {'user': 'ana', 'key': '«kU9#vbQ!2x»'}",
    "login = ('ana', '«kU1#vbQ!2x»')",
    "passwords = ['«abc123»', '«qwerty»']",
    "frame = {'password': ['«abc123»', '«hunter22»']}",
    "GET /v1?key=«Zq8kk14ccAbCdEf»&page=3",
    "https://example.org/a?page=2&token=«GumXxY9B4b»&key=loss",
    "https://example.org/a?key=«Summer2024!»",
    "https://«GumXxY9B4bzz»@example.org/x",
    # .pgpass
    "db.example.org:5432:shop:ana:«pgpassPw91»",
    "localhost:5432:mydb:ana:«pgpassPw91»",
    "*:*:*:ana:«pgpassPw91»",
    # XML
    "<password>«xmlPw88zz»</password>",
    "<db:password>«swordfish»</db:password>",
    '<password encrypted="no">«swordfish»</password>',
    "<apiKey>«q7w1»</apiKey> <host>db</host>",
    '<property name="password" value="«xmlPw99zz»"/>',
    '<add key="DbPassword" value="«xmlPw77zz»"/>',
    '<entry key="db.password">«swordfish»</entry>',
    '<string name="api_key">«q7w1»</string>',
    "<property><name>db.password</name><value>«swordfish»</value></property>",
    # cookies
    "Cookie: sessionid=«cook7731zzqm»",
    "Cookie: theme=dark; sessionid=«cook7731zzqm»; csrftoken=«q7Rk2xWvP9»; lang=en",
    "Set-Cookie: session=«eyJhIjoxfQ.zz99aa.abcDEFghi»; Path=/; HttpOnly",
    "Set-Cookie: JSESSIONID=«0A1B2C3D4E5F»; Path=/",
    "headers = {'Cookie': 'sessionid=«cook7731zzqm»'}",
    '{"cookie": "auth_token=«cook7731zzqm»; theme=dark"}',
    "curl -H 'Cookie: connect.sid=«s%3Acook7731zzqm»' https://example.org",
    "cookies = {'sessionid': '«cook7731zzqm»', 'theme': 'dark'}",
    "Set-Cookie: auth=«abc123def456»; HttpOnly",
    # commands
    "htpasswd -b f ana «htcmd99zz»",
    "htpasswd -cbB /etc/x ana «swordfish»",
    "htpasswd -nb ana «swordfish»",
    f"wandb login «{HEX40}»",
    "htpasswd -b f ana '«swordfish»'",
    "openssl enc -aes-256-cbc -k «opnssl11zz» -in a",
    "openssl rsa -in key.pem -passin pass:«swordfish»",
    "openssl enc -pass pass:«swordfish» -in a",
    "ldapsearch -x -D cn=ana -w «swordfish» -b dc=org",
    "rabbitmqctl add_user ana «swordfish»",
    "zip -P «swordfish» a.zip a",
    "unzip -P «swordfish» a.zip",
    "smbclient //h/s -U ana%«swordfish»",
    "mongosh --host h -u ana -p «swordfish»",
    "keytool -list -storepass «swordfish»",
    # tokens
    "docker login with «dckr_pat_kQ2zXv9LmN4tRw7YbC1sDf8GhJ3»",
]  # fmt: skip

# Between « and » stands each of these: passwords as people choose them, and what a generator makes.
COMMANDS = [
    "curl -b 'sessionid=«»' https://x.org",
    "curl https://x.org --cookie sessionid=«»",
    'curl -s -b "theme=dark; csrftoken=«»" https://x.org',
    "gh secret set API_TOKEN --body «»",
    "gh secret set API_TOKEN -b '«»'",
    "7z x a.7z -p«»",
    "7z a -p«» a.7z b",
    "sqlplus ana/«»@db",
    "sqlplus -S ana/«»@//h:1521/db @q.sql",
    "jdbc:oracle:thin:ana/«»@db",
    "url = 'jdbc:oracle:thin:ana/«»@db:1521:x'",
    "lftp -u ana,«» sftp://h",
    "echo 'ana:«»' | chpasswd",
    'echo "ana:«»" | sudo chpasswd',
    "echo «» | sudo -S apt update",
    "echo '«»' | docker login -u ana --password-stdin",
    "printf '«»' | sudo -S ls",
    'psk="«»"',
    "wifi_psk: «»",
    "echo «» | passwd --stdin ana",
    "sudo -S ls <<< '«»'",
    "aws configure set aws_secret_access_key «»",
    "aws configure set aws_secret_access_key «» --profile p",
    "dvc remote modify --local r secret_access_key «»",
    "poetry config pypi-token.pypi «»",
    "pulumi config set --secret dbPassword «»",
    "kubectl create secret generic db --from-literal=password=«»",
    "kubectl create secret generic db --from-literal password=«»",
    "helm install a b --set auth.password=«»",
    "docker build --build-arg DB_PASSWORD=«» .",
    "terraform apply -var db_password=«»",
    "java -Ddb.password=«» -jar a.jar",
    "curl -d password=«» https://x.org",
]
SQL = [
    "CREATE USER ana WITH PASSWORD '«»'",
    "ALTER ROLE ana PASSWORD '«»'",
    "ALTER USER ana IDENTIFIED BY '«»'",
    "INSERT INTO users (name, password) VALUES ('ana', '«»')",
    "create user 'ana'@'%' identified by '«»';",
    "cur.execute(\"CREATE ROLE ana LOGIN ENCRYPTED PASSWORD '«»'\")",
    "INSERT INTO users (name, \"password\", n)\nVALUES ('ana', '«»', 3), ('bob', '«»', 4);",
    "ALTER USER 'ana'@'localhost' IDENTIFIED WITH mysql_native_password BY '«»';",
    "SET PASSWORD FOR 'ana'@'localhost' = '«»'",
    "SET PASSWORD FOR ana = PASSWORD('«»')",
    "CREATE LOGIN ana WITH PASSWORD = '«»'",
    "GRANT ALL ON db.* TO 'ana'@'%' IDENTIFIED BY '«»'",
    "UPDATE users SET password = '«»' WHERE name = 'ana'",
]
TOLD = [
    "INFO Using API key «»",
    "got access token «» for ana",
    "using api token «»",
    "password «»",
    "Password «»",
    "Token: «»",
    "Access token: «»",
    "use password «» to log in",
    "API key: «»",
    "log in with password «».",
    "│ password │ «» │",
    "┃ api_key  ┃ «» ┃",
    "**Password:** «»",
    "- **Password**: «»",
    "- Password: `«»`",
    "* API key: `«»`",
    "<td>password</td><td>«»</td>",
    '<tr><th>password</th>\n  <td class="x">«»</td></tr>',
    "<dt>Password</dt><dd>«»</dd>",
    "<key>password</key>\n<string>«»</string>",
    "<td><b>Password:</b></td><td><code>«»</code></td>",
    "0  github  api_key  «»",
    "1   password  «»",
    "   name  kind  value\n0  github  api_key  «»\n1  lr  float  0.1",
    "12  prod  db  secret  «»",
    "Token: `«»`",
]

NO_FORMATS = [
    "00:1a:2b:3c:4d:5e, 2026:11:25:18:12",
    "train.py:1234:fold:step:loss",
    "localhost:5432:mydb:ana:password",
    "a/b.py:1204:11:E501:line",
    "if password > 3 and password < 12: pass",
    "<password></password> <password>${password}</password> <password/>",
    "<token>the</token> <token id='1'>[CLS]</token>",
    '<input type="password" name="password" value="">',
    '<property name="password.length" value="12"/>',
    '<property name="user" value="anamaria1"/>',
    "Set-Cookie: theme=dark; Path=/; lang=en12345",
    "Cookie: required; cookie: chocolate_chip",
    "cookies = {'theme': 'dark', 'lang': 'english1'}",
    "cookie_consent=0.4; session=2024-05-06",
    "htpasswd -c f ana",
    "openssl enc -aes-256-cbc -in a -kfile k",
    "openssl version -a; openssl rand -hex 32",
    "openssl enc -pass env:PASS -in a; openssl rsa -passin file:p.txt",
    "zip -r a.zip a; unzip a.zip -d b",
    "ldapsearch -x -W -b dc=org",
    "mongosh --port 27017 -p",
    "rabbitmqctl list_users",
    "curl -b cookies.txt https://x.org",
    "curl -b 'theme=dark' https://x.org",
    'curl -b "sessionid=$SID" x',
    "gh secret set API_TOKEN < f",
    "gh secret list",
    "7z x a.7z -p",
    "7z l a.7z; pip install -r p7",
    "sqlplus /nolog",
    "sqlplus / as sysdba",
    "sqlplus ana@db",
    "jdbc:oracle:thin:@db:1521:x",
    "lftp -u ana h",
    "echo hello | sudo tee a",
    "echo $PW | sudo -S ls",
    'echo "$PW" | docker login --password-stdin',
    "echo 'abc' | passwd_tool1",
    "psk = 'qpsk'; psk='bpsk'; modulation_psk=8",
    "aws configure set region eu-west-1",
    "aws configure set aws_secret_access_key $KEY",
    "dvc remote modify r url s3://a/b1",
    "git config user.name ana17",
    "npm config set registry https://r1",
    "pip config set global.index-url https://r1",
    "+wpa psk",
    "the bpsk and psk modulation",
    "SELECT password FROM users WHERE name = 'ana17x'",
    "ALTER TABLE users ADD COLUMN password VARCHAR(64) DEFAULT ''",
    "CREATE USER ana; SELECT 'abc123def' FROM t",
    "INSERT INTO users (name, score) VALUES ('ana7xq', 'b2')",
    "INSERT INTO users (name, password) VALUES (?, ?)",
    "INSERT INTO users (name, password) VALUES ('ana', %s)",
    "CREATE USER ana WITH PASSWORD '{password}'",
    "docker run -e PASSWORD app",
    "https://example.org/a?page=2&sort_key=date&key=loss&token=next",
    "https://example.org/a?token=next_page&key=val_loss&pass=2",
    "https://example.org/a?key=epoch",
    "https://ana@github.com/x",
    "https://ana-mueller@dev.azure.com/x",
    "git clone https://ana_m@bitbucket.org/a/b.git",
]

TABLES = {
    "pandas": "  user   password  score\n0  ana  «frmPw11zz»    0.5\n1  bob  «swordfish»    0.6\n\n[2 rows]\n",
    "pandas, one column": "    password\n0  «frmPw11zz»\n1     «marlin»\n",
    "pandas, cut": "       user   password\n0       ana  «frmPw11zz»\n..      ...        ...\n99      bob  «swordfish»\n\n[100 rows x 2 columns]\n",
    "pandas, first": "     password  score\nana  «frmPw11zz»    0.5\nbob    «marlin»    0.6\n",
    "pandas, wrapped": "  user   password  \\\n0  ana  «frmPw11zz»   \n\n   score  \n0    0.5  \n",
    "pandas, without index": "user  password\n ana «frmPw11zz»\n",
    "pandas, words": "  user          password  n\n0  ana  «correct horse x9»  1\n",
    "a column of pandas": "0    «frmPw11zz»\n1    «swordfish»\nName: password, dtype: object\n",
    "counted": "password\n«frmPw11zz»    2\n«frmPw22zz»    1\nName: count, dtype: int64\n",
    "polars": "┌──────┬───────────┐\n│ user ┆ password  │\n│ ---  ┆ ---       │\n│ str  ┆ str       │\n╞══════╪═══════════╡\n│ ana  ┆ «frmPw11zz» │\n│ bob  ┆ «swordfish» │\n└──────┴───────────┘\n",
    "markdown": "| user | password |\n|------|----------|\n| ana | «swordfish» |\n| bob | «frmPw11zz» |\n\n| a |\n",
    "psql": " user | password  | n\n------+-----------+---\n ana  | «swordfish» | 1\n bob  | «marlin»    | 2\n(2 rows)\n",
    "csv": "user,password,score\nana,«frmPw11zz»,0.5\nbob,«swordfish»,0.6\n",
    "csv in quotes": 'user,password\nana,"«swordfish»"\n',
    "tabs": "user\tpassword\nana\t«swordfish»\n",
    "tabulate": "user    password    score\n------  ----------  -------\nana     «swordfish»   0.5\nbob     «marlin»      0.6\n",
}  # fmt: skip

NO_TABLES = {
    "types": "user        object\npassword    object\nlastname    object\nscore      float64\ndtype: object\n",
    "missing": "user        0\npassword    3\nscore       0\ndtype: int64\n",
    "info": " #   Column    Non-Null Count  Dtype  \n---  ------    --------------  -----  \n 0   user      3 non-null      object \n 1   password  3 non-null      object \n 2   address1  3 non-null      object \n",
    "listing": "Columns:\n    password\n    username\n    lastname\n",
    "help": "  --password PASSWORD  the password\n  --hostname HOSTNAME  the hostname\n",
    "packages": "Package        Version\nkeyring        25.6.0\nsecretstorage  3.3.3\n",
    "tokens": "   token  count\n0    the     12\n1  ##ing      3\n2  word17     1\n",
    "lengths": "   password_len  n\n0            12  3\n",
    "csv of tokens": "token,count\nthe,12\nword17,3\n",
    "prose": "Enter the user, the password, and the host.\nThen it goes on, as ever, for 10x longer.\n",
    "code": "def f(user, password, host):\n    g(a1b2c3d4, x9y8z7w6, q)\n",
    "importances": "feature            importance\npassword_length         0.330\nhas_password            0.120\n",
    "hidden": "  user  password\n0  ana  ********\n1  bob      None\n",
}  # fmt: skip


def parts(marked):
    return marked.replace("«", "").replace("»", ""), re.sub("«[^»]*»", REDACTED, marked)


@pytest.mark.parametrize("marked", [*SENTENCES, *HASHES, *FORMATS])
@pytest.mark.parametrize("around", ["{}", "2026-11-25 INFO start\n{}\nloss=0.5\n"])
def test_a_secret_in_a_line_is_replaced(marked, around):
    text, expected = parts(marked)
    assert redact(around.replace("{}", text)) == (around.replace("{}", expected), marked.count("«"))
    assert redact(expected) == (expected, 0)


@pytest.mark.parametrize("marked", [*COMMANDS, *SQL, *TOLD])
def test_a_secret_of_any_kind_is_replaced(marked, assert_redacted):
    assert_redacted(marked)


@pytest.mark.parametrize("text", [*PROSE, *NO_HASHES, *NO_FORMATS])
def test_a_line_without_a_secret_stays(text):
    assert redact(text) == (text, 0)
    assert redact(f"start\n{text}\nloss=0.5\n") == (f"start\n{text}\nloss=0.5\n", 0)


def test_all_harmless_lines_together_stay():
    text = "\n".join([*PROSE, *NO_HASHES, *NO_FORMATS])
    assert redact(text) == (text, 0)


@pytest.mark.parametrize("marked", TABLES.values(), ids=TABLES)
def test_a_column_of_secrets_is_replaced(marked):
    text, expected = parts(marked)
    for before in ("", "shape: (2, 3)\n", "training\n\n"):
        assert redact(before + text) == (before + expected, marked.count("«"))
    assert redact(expected) == (expected, 0)


@pytest.mark.parametrize("text", NO_TABLES.values(), ids=NO_TABLES)
def test_a_table_without_secrets_stays(text):
    assert redact(text) == (text, 0)


def test_a_long_table_is_replaced_to_its_end():
    rows = "".join(f"{n:>5}  user{n:<5}  x7q{n:05d}w\n" for n in range(3000))
    clean, count = redact(f"            user   password\n{rows}")
    assert count == 3000
    assert "x7q" not in clean
