"""What comes in and what goes out."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Request:
    method: str
    url: str
    headers: dict[str, str]
    """By lower-case names."""
    body: bytes


@dataclass
class Answer:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


class HangUp(Exception):
    """No answer: the connection is reset."""
