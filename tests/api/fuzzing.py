"""The generator of `test_fuzz.py`, in a process of its own: Hypothesis minds any other thread's use
of `random`, and the house makes much of it.

Reads from stdin `{base, key, known, document}`; prints a JSON map of what failed and how.
"""

import contextlib
import sys
from typing import Any

import msgspec
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks

# Some rules stand in no schema: a prompt must say something, an alias must name an image, an
# aspect ratio must be in the catalog. What fits the schema may therefore be refused.
EXCLUDED = [checks.positive_data_acceptance]
# These have pictures made, so they get fewer tries.
DRAWING = (
    "live", "create_generation", "retry_generation", "create_image_job", "generate_image",
    "generate_product_photo", "generate_video", "sketch_to_photo", "create_video",
    "enhance_picture",
)  # fmt: skip
# These hold their answer for a minute unless they are told not to.
WAITING = ("generate_product_photo", "sketch_to_photo")
EXAMPLES, EXAMPLES_DRAWING = 5, 2
URI_TOO_LONG = 414


def fuzz(schema: Any, base: str, key: str, known: dict[str, str]) -> dict[str, str]:
    """The first fault of each operation, way of generating, and kind of path."""
    faults: dict[str, str] = {}
    with requests.Session() as session:
        operations = [found.ok() for found in schema.get_all_operations()]
        # Deletions last: what the paths lead to should live as long as it can.
        for operation in sorted(operations, key=lambda found: found.method.lower() == "delete"):
            names = {parameter.name for parameter in operation.path_parameters}
            bare = operation.path.startswith("/v1/")
            # Both mounts have the same handlers: on one of them right requests to what is there
            # show that each answer has its other shape.
            modes = [GenerationMode.POSITIVE] + [GenerationMode.NEGATIVE] * (not bare)
            for mode in modes:
                paths = [{name: known[name] for name in names}] if names else [None]
                if names and not bare:
                    paths.append(None)
                for path in paths:
                    fault = first_fault(operation, mode, path, base, key, session)
                    if fault:
                        faults[f"{mode.value} {operation.label} {path}"] = fault
    return faults


def first_fault(
    operation: Any, mode: GenerationMode, path: Any, base: str, key: str, session: requests.Session
) -> str | None:
    name = operation.definition.raw["operationId"].removesuffix("_bare")
    drawing = name in DRAWING
    prefer = {"Prefer": "respond-async"} if name in WAITING else {}

    @settings(
        max_examples=EXAMPLES_DRAWING if drawing else EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode, path_parameters=path))
    def conforms(case: Any) -> None:
        headers = {"X-API-Key": key} | prefer
        response = case.call(base_url=base, session=session, headers=headers, timeout=30)
        # An address this long is the HTTP server's own to refuse, before there is a request.
        if response.status_code != URI_TOO_LONG:
            case.validate_response(response, excluded_checks=EXCLUDED, headers=headers)

    try:
        with contextlib.suppress(Unsatisfiable):  # Nothing can be wrong where nothing is asked.
            conforms()
    except BaseException as fault:
        return told(fault)
    return None


def told(fault: BaseException) -> str:
    """The innermost words of a fault; Hypothesis wraps what it can't repeat."""
    while isinstance(fault, BaseExceptionGroup):
        fault = fault.exceptions[0]
    return f"{type(fault).__name__}: {fault}"[:1200]


if __name__ == "__main__":
    asked = msgspec.json.decode(sys.stdin.buffer.read())
    schema = schemathesis.openapi.from_dict(asked.pop("document"))
    sys.stdout.buffer.write(msgspec.json.encode(fuzz(schema, **asked)))
