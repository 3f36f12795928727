"""What schemathesis must know of the server beyond its contract."""

import schemathesis

DEADLINE = "Freshet-Timeout-Ms"


@schemathesis.hook
def before_call(ctx, case, kwargs):
    """A deadline that is too short is answered by a 503 within it, as it should be: no failure of the server."""
    asked = str((case.headers or {}).get(DEADLINE, ""))
    if asked.isdecimal() and 0 < int(asked) < 10_000:
        case.headers[DEADLINE] = "10000"
