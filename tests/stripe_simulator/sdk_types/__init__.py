"""What the installed stripe-python says a request may hold and an answer must hold.

stripe-python is written by a generator from Stripe's own description of its API, so its types are that description, for
exactly the version that the product pins. They are read as syntax, one module when it is first asked for: what a
session needs of them takes well under a second, and nothing is stored that could grow old.

`operation("post", "/v1/customers")` finds an operation; `read_params` checks and reads what was sent for it;
`misfits` says where an answer does not fit; `completed` adds the nulls that Stripe shows for what is not set.
"""

from tests.stripe_simulator.sdk_types.answers import completed, misfits
from tests.stripe_simulator.sdk_types.forms import unflatten
from tests.stripe_simulator.sdk_types.operations import API_VERSION, Operation, object_shape, operation, template_of
from tests.stripe_simulator.sdk_types.params import Unfit, read_params
from tests.stripe_simulator.sdk_types.shapes import Record, is_expandable

__all__ = [
    "API_VERSION",
    "Operation",
    "Record",
    "Unfit",
    "completed",
    "is_expandable",
    "misfits",
    "object_shape",
    "operation",
    "read_params",
    "template_of",
    "unflatten",
]
