"""The API is what its OpenAPI document says: whatever is asked, also nonsense."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from turnout.web.guard import TOKEN_HEADER
from turnout.web.openapi import document
from web.conftest import KEYS
from web.site import Site, beside, rows

schema = schemathesis.openapi.from_dict(document())
EXAMPLES = int(os.environ.get("TURNOUT_API_EXAMPLES", "8"))  # of each operation
# they may fit the document and still name what is not there
NAMING = {"route", "profile", "switch", "pin", "feedback", "release"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, built: Path) -> Iterator[Site]:
    with beside(tmp_path_factory.mktemp("contract"), built, KEYS) as site:
        site.write(*rows(5))
        yield site


@schema.include(path_regex="^(?!/v1/events)").parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_as_documented(case: Any, served: Site) -> None:
    """No 5xx, only what is documented; what is wrong is refused, what is right is taken."""
    excluded = [ignored_auth]  # every route has a test of its own for that
    if case.operation.definition.raw["operationId"] in NAMING:
        excluded.append(positive_data_acceptance)
    case.call_and_validate(
        base_url=served.url,
        headers={TOKEN_HEADER: served.relay.token},
        excluded_checks=excluded,
    )
