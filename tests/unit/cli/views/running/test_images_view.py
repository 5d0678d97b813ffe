"""The images of a stack on a screen."""

from __future__ import annotations

from typing import Any

import pytest

from rohe_iac.cli.options import Output
from rohe_iac.cli.views.running.images import show_images
from rohe_iac.usecases.running.images import ImagesOfNode, NeededImage, Presence, StackImages

NODES = (
    ImagesOfNode("edge-1", (NeededImage("shop/web:1", Presence.YES, ("replica/shop:web/0",)),)),
    ImagesOfNode("edge-2", (NeededImage("shop/web:1", Presence.UNKNOWN, ("replica/shop:web/1",)),), "it lists none"),
)


def test_each_image_of_a_node_is_a_row_and_what_is_unknown_says_why(
    new_screen: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    screen, printed = new_screen(140)
    show_images(screen, StackImages("shop", "kubernetes", NODES, "", 0), Output.human)
    lines = [line.split() for line in printed().splitlines() if line]
    assert ["edge-1", "shop/web:1", "yes", "replica/shop:web/0"] in lines
    assert ["edge-2", "shop/web:1", "unknown", "replica/shop:web/1"] in lines
    assert "unknown on edge-2: it lists none" in printed()


def test_without_an_answer_of_the_cluster_there_is_no_such_column(new_screen: Any) -> None:
    screen, printed = new_screen(140)
    show_images(screen, StackImages("shop", "kubernetes", NODES[:1], "no answer", 2), Output.human)
    assert "ON NODE" not in printed()
    assert "which images the nodes have is unknown: no answer" in printed()
    assert "2 replicas without a node" in printed()


def test_a_stack_of_processes_needs_none(new_screen: Any) -> None:
    screen, printed = new_screen(140)
    show_images(screen, StackImages("shop", "local", (), "", 0), Output.human)
    assert "starts processes, which need no image" in printed()
