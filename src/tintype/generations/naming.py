"""Where new work goes and what its picture will be called."""

from tintype.accounts.models import require_feature
from tintype.aliases import operations as aliases
from tintype.core.caller import Caller
from tintype.db.pool import Transaction
from tintype.flows import operations as flows


async def flow_for(
    tx: Transaction,
    caller: Caller,
    flow_id: str | None,
    project_id: str | None,
    *,
    alias: str | None,
    flow_alias: str | None,
    only_if_free: bool,
) -> str | None:
    """The flow of the work, made where a name in a flow is asked for and no flow is given.

    With `only_if_free` a name that names an image now is AliasTaken.
    """
    if flow_alias is not None and flow_id is None:
        require_feature(caller, "flows")
        flow_id = await flows.start(tx, caller, project_id=project_id, meta={})
    if only_if_free:
        await aliases.require_free(tx, caller.organization_id, project_id or "", alias)
        await aliases.require_free(tx, caller.organization_id, flow_id or "", flow_alias)
    return flow_id
