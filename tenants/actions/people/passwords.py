"""Setting a forgotten password: a link is mailed to whoever is registered, and nobody can tell whether one was."""

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.urls import reverse

from tenants.actions.jobs import hand_to_worker
from tenants.actions.people.accounts import person
from tenants.actions.people.mail import QUEUE, send
from tenants.models import User

TASK = "tenants.tasks.send_password_reset"
NOBODY = 0


def ask_for_password_reset(email: str) -> None:
    """Does the same for every address: one query and one message, which for an unknown one says nobody.

    Asks the broker, briefly. Closed: the page is a 503, and they ask again. Metric: none but that answer.
    """
    user = person(email)
    hand_to_worker(TASK, [user.pk if user else NOBODY], QUEUE)


def send_password_reset(user_id: int) -> None:
    """The link is good for PASSWORD_RESET_TIMEOUT, and until the password changes or they sign in."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        return
    words = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    link = settings.LICET_PUBLIC_URL + reverse("account_reset_password_from_key", kwargs=words)
    minutes = settings.PASSWORD_RESET_TIMEOUT // 60
    send("account/mail/password_reset.txt", user.email, {"link": link, "minutes": minutes})
