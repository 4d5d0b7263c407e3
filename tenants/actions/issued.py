"""What issuing gives: the new row, and its secret, which is never seen again."""

from typing import Generic, NamedTuple, TypeVar

from tenants.models.kept import Versioned

R = TypeVar("R", bound=Versioned)


class Issued(NamedTuple, Generic[R]):
    row: R
    secret: str
