"""A command that is refused: a value with a code, raised by actions, told by the HTTP layer or a page."""

from verify.ground.problem import FieldError


class Refusal(Exception):
    """`kind` is one of verify.ground.problem.KINDS; `code` is for programs; `detail` says what to do."""

    def __init__(self, code: str, kind: str, detail: str, *, errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(detail)
        self.code, self.kind, self.detail, self.errors = code, kind, detail, errors


def bad_field(field: str, detail: str, code: str = "invalid") -> Refusal:
    return Refusal("invalid_request", "invalid", detail, errors=(FieldError(f"/{field}", code, detail),))


NOT_FOUND = "There is no such object in this environment."


def not_found() -> Refusal:
    """The same for what is missing and for what is another tenant's."""
    return Refusal("not_found", "not_found", NOT_FOUND)
