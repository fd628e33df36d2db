"""What requests carry: a field that is not served is named, never ignored."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from tideline.workspace.control.errors import unserved


class Body(BaseModel):
    """A request's JSON. 501 with the name of the first field that the model does not have."""

    model_config = ConfigDict(extra="allow")

    def model_post_init(self, context: Any) -> None:
        if self.model_extra:
            raise unserved(f"the field `{next(iter(self.model_extra))}` of {type(self).__name__}")
