"""Every operation of both planes under what schemathesis makes of their documents: good, bad and in between."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi import checks

from tests.docs.bodies import Pool
from tests.docs.conformity import assert_conforms
from tests.docs.documents import FILES, Operation, document, operations
from tests.places import Place
from tests.running.prove import Figure

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    Cases = SearchStrategy[Case[Any]]

CASES, EACH = {"management": 2_000, "verify": 400}, 40  # at full size: so many at least, and so many of each operation
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
# The same cases at every run, none kept between runs, each sent once: what is sent changes what the next one finds.
REPEATABLE = settings(
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@dataclass
class Fuzz:
    """One plane's schema, the line to it, and what came of the cases."""

    plane: str
    place: Place
    session: requests.Session
    pool: Pool
    outcomes: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.schema = schemathesis.openapi.from_dict(document(self.plane))
        client = self.place.api if self.plane == "management" else self.place.verifier
        self.schema.config.update(base_url=str(client.base_url))
        self.schema.config.checks.negative_data_rejection.expected_statuses = ["4xx"]  # 413 is refused too
        self.session.headers["Authorization"] = client.headers["Authorization"]
        self.session.headers["Licet-Secret-Key"] = self.place.document["secret_key"]  # forward-auth's

    def run(self, operation: Operation, cases: int) -> None:
        """Half of them as the document allows, half not, where there is anything to get wrong."""
        target = self.schema[operation.path][operation.method]
        takes = bool(operation.told.get("parameters") or operation.body)
        for mode in MODES if takes else MODES[:1]:
            self._send(operation, target.as_strategy(generation_mode=mode), mode, math.ceil(cases / 2))

    def _send(self, operation: Operation, cases_of: Cases, mode: GenerationMode, cases: int) -> None:
        @settings(REPEATABLE, max_examples=cases)
        @given(cases_of)
        def send(case: Case[Any]) -> None:
            case.path_parameters = self.pool.aimed(case.path_parameters)
            case.query = self.pool.aimed(case.query)
            if isinstance(case.body, dict | list):
                case.body = self.pool.aimed(case.body)
            answer = case.call(session=self.session, timeout=20)
            self.outcomes[f"{mode.value}, {answer.status_code // 100}xx"] += 1
            try:
                case.validate_response(answer, checks=CHECKS)
                headers = {name: ", ".join(values) for name, values in answer.headers.items()}
                assert_conforms(operation, answer.status_code, headers, answer.content, str(answer.request.url))
            except (FailureGroup, AssertionError) as error:
                self.broken.append(f"{operation} ({mode.value}): {error}")

        send()


@pytest.mark.prove
@pytest.mark.parametrize("plane", FILES)
def test_every_answer_is_what_the_document_says(
    target: Place, pool: Pool, plane: str, scale: float, figure: Figure
) -> None:
    mine = [one for one in operations() if one.plane == plane]
    each = max(2, math.ceil(EACH * scale), math.ceil(CASES[plane] * scale / len(mine)))
    with requests.Session() as session:
        fuzz = Fuzz(plane, target, session, pool)
        for number, operation in enumerate(mine):
            if number % 8 == 0:  # with what was made meanwhile, and without what was removed
                pool.refill()
            fuzz.run(operation, each)
    figure("operations", len(mine), "")
    for outcome, cases in sorted(fuzz.outcomes.items()):
        figure(f"cases, {outcome}", cases, "")
    assert fuzz.broken == [], f"{len(fuzz.broken)} answers:\n" + "\n\n".join(fuzz.broken[:10])
