"""Which secrets production takes: long ones, random ones, and none that a document or a test could hold."""

from urllib.parse import unquote, urlsplit

from verify.ground.environment import Misconfigured

LEAST_DISTINCT = 12  # of 32 random bytes about 30 differ; of 50 random hexadecimal digits 15
LEAST_TOKEN = 16
# A random base64 text of 64 characters holds one of these about once in a thousand million times.
WORDS_OF_EXAMPLES = ("changeme", "change-me", "change_me", "development", "example", "insecure", "password")


def refuse_weak(name: str, secret: str | bytes, *, least: int, make: str) -> None:
    """`make` is the command that makes a good one. Raises Misconfigured, which never tells the secret."""
    text = secret.decode("latin-1") if isinstance(secret, bytes) else secret
    if len(text) < least:
        complaint = f"is shorter than {least} {'bytes' if isinstance(secret, bytes) else 'characters'}"
    elif any(word in text.lower() for word in WORDS_OF_EXAMPLES):
        complaint = "is an example's"
    elif len(set(text)) < LEAST_DISTINCT:
        complaint = "is not random"
    else:
        return
    message = f"{name} {complaint}, which production refuses; make another with `{make}`."
    raise Misconfigured(message)


def refuse_weak_password(name: str, url: str) -> None:
    """Of an address that has one; whether one is needed, the server says."""
    refuse_weak_token(f"The password in {name}", unquote(urlsplit(url).password or ""))


def refuse_weak_token(name: str, token: str) -> None:
    """Of what may be left out."""
    if token:
        refuse_weak(name, token, least=LEAST_TOKEN, make="openssl rand -hex 24")
