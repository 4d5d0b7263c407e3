"""Forms of the pages: what may be typed into them. What may be done with it, the actions say."""

from dashboard.forms.asking import ConfirmationForm, ReasonForm
from dashboard.forms.telling import tell

__all__ = ["ConfirmationForm", "ReasonForm", "tell"]
