"""Keys of nodes in heaps: one integer that orders nodes by score, then by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from rohe_iac.planning.placement.state.positions import NodeIndex

if TYPE_CHECKING:
    # The evaluator without NumPy uses keys too.
    import numpy as np
    import numpy.typing as npt

Integer = TypeVar("Integer", int, "npt.NDArray[np.int64]")


class NodeKeys:
    """Encodes the score and the position of a node as one integer; the smallest key is the best node.

    Of equal scores the first node by name has the smaller key.

    Attributes:
        number: how many nodes there are.
    """

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number

    def encode(self, score: Integer, node: Integer) -> Integer:
        """Returns the key of a node with a score; of several nodes where both are arrays."""
        return node + 1 - (score + 1) * self.number

    def decode(self, key: int) -> tuple[int, NodeIndex]:
        """Returns the score and the node of a key."""
        behind, node = divmod(key - 1, self.number)
        # A cast would be called for every key.
        return ~behind, node  # type: ignore[return-value]

    def node_of(self, key: int) -> NodeIndex:
        """Returns the node of a key."""
        return (key - 1) % self.number  # type: ignore[return-value]
