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
    _command("htpasswd", rf"-(?=\w{{0,8}}b)\w{{1,9}}+{_WORD}{_WORD}[ \t]+", "htpasswd"),
    _command("htpasswd", rf"-(?=\w{{0,8}}n)(?=\w{{0,8}}b)\w{{1,9}}+{_WORD}[ \t]+", "htpasswd"),
    Rule(r"(\bwandb[ \t]+login[ \t]+(?:--relogin[ \t]+)?)[0-9a-f]{40}(?![0-9a-f])", ("wandb",), spaced=True),
    _command("openssl", r"(?:-[kK][ \t]+|-pass(?:in|out)?[ \t]+pass:)", "openssl"),
    _command(r"ldap\w{3,9}", r"-w[ \t]+", "ldap"),
    _command("rabbitmqctl", rf"(?:add_user|change_password){_WORD}[ \t]+", "rabbitmqctl"),
    _command("(?:un)?zip", r"-P[ \t]+", "zip "),
    _command("smbclient", r"-U[ \t]+[^\s%]{1,64}%", "smbclient"),
    _command("mongo(?:sh|dump|restore|export|import)?", r"-p[ \t]+", "mongo"),
    _command("keytool", r"-(?:store|key)pass[ \t]+", "keytool"),
)
