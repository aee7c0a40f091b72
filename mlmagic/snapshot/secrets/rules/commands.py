"""Passwords that commands take as arguments: ``mysql -p…``, ``docker login -p …``, ``openssl enc -k …``."""

from __future__ import annotations

from mlmagic.snapshot.secrets.rules.rule import Rule

_ARGUMENT = r"(?![$<{\"'-])[^\s|;&\"'`]{1,200}+"
_WORD = r"[ \t]+(?!-)[^\s|;&]{1,200}+"
_OPTIONS = r"(?:[ \t]+(?!-p|--password)[^\s|;&]{1,200}+){0,16}+"
_LOGGED_IN = r"\b(?:docker|podman|nerdctl|buildah|skopeo|helm|oras|oc|argocd|az|cf)(?:[ \t]registry)?[ \t]login"


def _command(program: str, option: str, needle: str) -> Rule:
    """Return the rule for the argument of *program* after *option*, whose pattern ends with the separator."""
    words = rf"(?:[ \t]+(?!{option})[^\s|;&]{{1,200}}+){{0,16}}+[ \t]+"
    return Rule(rf"(\b{program}{words}{option}[\"']?){_ARGUMENT}", (needle,), spaced=True)


_COOKIE = (
    r"[\w.-]{0,40}?(?:sess(?:ion)?(?:[_-]?id)?|auth|token|jwt|csrf|xsrf|login|remember|sid)[\w.-]{0,20}"
    r"=(?![$<{])"
)
_BEFORE_A_COOKIE = r"[\w.-]{1,60}=[^\s;\"']{0,200}; ?"
_ORACLE_TOOL = r"sqlplus(?:[ \t]+-\w{1,9}){0,4}[ \t]+"
_ORACLE_USER = r"[\"']?[\w.$#]{1,64}/"
_BEHIND_THE_USER = r"(?![@/ ])[^\s@\"'/|;]{2,100}+"
_PRINTS = r"\b(?:echo|printf)[ \t]+(?:-\w{1,3}[ \t]+)?[\"']?"
_PRINTED = r"[^\s\"'|$<{][^\n\"'|$]{2,100}?"
_PIPE = r"[\"']?[ \t]*\|[ \t]*"
_SUDO = r"sudo\b[^|\n]{0,60}?[ \t]-\w{0,4}S"
_READS_A_PASSWORD = rf"(?:{_SUDO}|passwd\b|[^|\n]{{1,120}}--password-stdin)"
# Programs that store a setting: `aws configure set aws_secret_access_key …`, `poetry config pypi-token.pypi …`.
_CONFIGURES = (
    r"\b(?:aws[ \t]+configure[ \t]+set"
    r"|(?:npm|yarn|pip|dvc|git|poetry|gcloud|heroku|az|pulumi|conda|bundle)[ \t]+(?:remote[ \t]+)?(?:config|modify)"
    r"(?:[ \t]*:?set)?(?:[ \t]+--?\w{1,20})*+)(?:[ \t]+[\w-]{1,40})??(?:[ \t]+--\w{1,20}){0,2}[ \t]+"
)
_SETTING = (
    r"(?!-)[\w.-]{0,60}?(?i:secret[_-]?access[_-]?key|session[_-]?token|password|secret|token|(?:api|secret)[_-]?key)"
    r"(?:\.\w{1,30})?[ \t]+(?:--secret[ \t]+)?[\"']?"
)

COMMANDS = (
    Rule(
        (
            r"(\bcurl(?:[ \t]+(?:\\\n[ \t]*)?(?!-u|--user|\\\n)[^\s|;&]{1,300}+){0,24}+[ \t]+(?:\\\n[ \t]*)?"
            r"(?:-u|--user)[ =]?\\{0,4}[\"']?[^\s:\"'$\\]{1,64}:)(?![$<{])[^\s\"'\\]{3,}+"
        ),
        ("curl ",),
        spaced=True,
    ),
    Rule(
        rf"(\b(?:mysql\w{{0,12}}|mariadb[\w-]{{0,12}}){_OPTIONS}[ \t]+-p){_ARGUMENT}",
        ("mysql", "mariadb"),
        spaced=True,
    ),
    Rule(
        rf"({_LOGGED_IN}{_OPTIONS}[ \t]+(?:-p|--password)(?:[ \t]+|=)){_ARGUMENT}",
        ("login",),
        spaced=True,
    ),
    Rule(rf"(\bsshpass[ \t]+-p[ \t]{{0,4}}){_ARGUMENT}", ("sshpass",), spaced=True),
    Rule(
        rf"(\bredis-cli(?:{_WORD}|[ \t]+-[hpun]\b){{0,12}}+[ \t]+-a[ \t]+){_ARGUMENT}",
        ("redis-cli",),
        spaced=True,
    ),
    _command("htpasswd", rf"-(?=\w{{0,8}}b)\w{{1,9}}+{_WORD}{_WORD}[ \t]+", "passwd"),
    _command("htpasswd", rf"-(?=\w{{0,8}}n)(?=\w{{0,8}}b)\w{{1,9}}+{_WORD}[ \t]+", "passwd"),
    Rule(r"(\bwandb[ \t]+login[ \t]+(?:--relogin[ \t]+)?)[0-9a-f]{40}(?![0-9a-f])", ("wandb",), spaced=True),
    _command("openssl", r"(?:-[kK][ \t]+|-pass(?:in|out)?[ \t]+pass:)", "openssl"),
    _command(r"ldap\w{3,9}", r"-w[ \t]+", "ldap"),
    _command("rabbitmqctl", rf"(?:add_user|change_password){_WORD}[ \t]+", "rabbitmqctl"),
    _command("(?:un)?zip", r"-P[ \t]+", "zip "),
    _command("smbclient", r"-U[ \t]+[^\s%]{1,64}%", "smbclient"),
    _command("mongo(?:sh|dump|restore|export|import)?", r"-p[ \t]+", "mongo"),
    Rule(
        (
            r"(\bcurl(?:[ \t]+(?!-b|--cookie)[^\s|;&]{1,300}+){0,24}+[ \t]+(?:-b|--cookie)[ =]?\\{0,4}[\"']?"
            rf"(?:{_BEFORE_A_COOKIE}){{0,8}}?{_COOKIE})[^\s\"';\\]{{3,}}+"
        ),
        ("curl ",),
        spaced=True,
    ),
    Rule(
        (
            r"(\bgh[ \t]+secret[ \t]+set[ \t]+[^\n|;]{0,120}?"
            rf"(?<=[ \t])(?:--body|-b)(?:[ \t]+|=)[\"']?){_ARGUMENT}"
        ),
        ("gh secret",),
        spaced=True,
    ),
    Rule(
        (
            r"(\b7z[ \t]+\w{1,4}(?:[ \t]+(?!-p|-hp)[^\s|;&]{1,200}+){0,16}+"
            rf"[ \t]+-(?:hp|p)[\"']?){_ARGUMENT}"
        ),
        ("7z ",),
        spaced=True,
    ),
    Rule(
        rf"(\b{_ORACLE_TOOL}{_ORACLE_USER}){_BEHIND_THE_USER}",
        ("sqlplus",),
        spaced=True,
    ),
    Rule(rf"(\bjdbc:oracle:\w{{1,9}}:{_ORACLE_USER}){_BEHIND_THE_USER}(?=@)", ("jdbc:oracle:",)),
    _command("lftp", r"-u[ \t]+[\"']?[^\s,\"']{1,64},", "lftp"),
    Rule(
        rf"({_PRINTS}[\w.-]{{1,64}}:){_PRINTED}(?={_PIPE}(?:sudo[ \t]+)?chpasswd)",
        ("passwd",),
        spaced=True,
    ),
    Rule(rf"({_PRINTS}){_PRINTED}(?={_PIPE}{_READS_A_PASSWORD})", ("sudo", "-stdin"), spaced=True),
    Rule(rf"(\b{_SUDO}\b[^\n]{{0,100}}?<<<[ \t]*[\"']?){_ARGUMENT}", ("sudo",), spaced=True),
    Rule(rf"({_CONFIGURES}{_SETTING}){_ARGUMENT}", ("aws", " config", " modify"), spaced=True),
    _command("keytool", r"-(?:store|key)pass[ \t]+", "keytool"),
)
