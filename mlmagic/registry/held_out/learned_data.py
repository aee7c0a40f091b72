"""What a run recorded of the data that its models learned from: columns, types, and hashes of rows."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, eq=False)
class LearnedData:
    """A dataset with its recorded *profile*, which anyone may have written: what is no profile is left out.

    Attributes
    ----------
    name, digest
        The dataset's name, and the fingerprint of its content.
    profile
        As `mlmagic.data.profile.profile.profile` returns it.
    """

    name: str
    digest: str
    profile: Mapping[str, Any] = field(default_factory=dict)

    @property
    def row_hashes(self) -> bytes:
        """The smallest hashes of its rows; empty if there are none."""
        text = self.profile.get("row_hashes")
        try:
            return base64.b64decode(text, validate=True) if isinstance(text, str) else b""
        except ValueError:
            return b""

    @property
    def order_free(self) -> str:
        """The digest that does not depend on the order of the rows, or an empty text."""
        return str(self.profile.get("order_free") or "")

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape; empty if it is not known."""
        found = self.profile.get("shape")
        is_shape = isinstance(found, list) and all(type(one) is int for one in found)
        return tuple(found) if is_shape and found else ()

    @property
    def columns(self) -> Sequence[Mapping[str, Any]]:
        """Name, type and statistics of each column; empty for an array, and if some were left out."""
        found = self.profile.get("columns")
        is_whole = isinstance(found, list) and not self.profile.get("columns_left_out")
        return [one for one in found if isinstance(one, dict)] if is_whole and found else []

    @property
    def all_values(self) -> Mapping[str, Any]:
        """Type and statistics of all values of an array or series; empty for a table."""
        found = self.profile.get("values")
        return found if isinstance(found, dict) else {}

    @property
    def has_index(self) -> bool:
        """Whether it had an index of its own, which may be a part of its rows."""
        return bool(self.profile.get("index"))
