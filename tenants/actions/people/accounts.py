"""People who sign in. They belong to no tenant, so these changes stand in no tenant's audit log."""

from tenants.models import User


def person(email: str) -> User | None:
    """The person with this address, whatever its case."""
    return User.objects.filter(email=email.lower()).first()


def register_person(email: str, password: str) -> User:
    return User.objects.create_user(email, password)


def unregistered(email: str, password: str) -> User:
    """As they will be registered. Hashing takes a while, and is done before anything is locked."""
    user = User(email=email.lower())
    user.set_password(password)
    return user


def set_password(user: User, password: str) -> None:
    user.set_password(password)
    user.save(update_fields=["password"])
