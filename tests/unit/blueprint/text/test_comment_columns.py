"""Comments in lines of their own stay with their block, wherever layout moves it."""

from __future__ import annotations

import pytest

from rohe_iac.blueprint.text.comment_columns import with_aligned_comments
from rohe_iac.blueprint.text.formatting import format_yaml

HEAD = "apiVersion: rohe.dev/v1\nkind: Pipeline\nmetadata: {name: p}\n"

CASES = {
    "a list at the column of its key": (
        """\
spec:
  services:
  # before the first
  - name: a
    # in the first
    image: a
    # end of the first
  # before the second
  - name: b
  # before flow
  flow: []
  # end of spec
# end of the document
""",
        """\
spec:
  services:
    # before the first
    - name: a
      # in the first
      image: a
      # end of the first
    # before the second
    - name: b
  # before flow
  flow: []
  # end of spec
# end of the document
""",
    ),
    "four spaces a level": (
        """\
spec:
    services:
        - name: a
          env:
              # before A
              A: b
              # C: d
          image: a
#        - name: old
        - name: b
    # before flow
    flow: []
""",
        """\
spec:
  services:
    - name: a
      env:
        # before A
        A: b
        # C: d
      image: a
    #        - name: old
    - name: b
  # before flow
  flow: []
""",
    ),
    "texts, anchors and lists in lists": (
        """\
spec:
    # x
    values: &list
    # y
    - - b
      # in the inner list
      - c
      # end of the inner list
    # before the text
    script: |
        # no comment
        echo
    # after the text
    last: *list
""",
        """\
spec:
  # x
  values: &list
    # y
    -   - b
        # in the inner list
        - c
        # end of the inner list
  # before the text
  script: |
    # no comment
    echo
  # after the text
  last: *list
""",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_comments_stand_where_their_block_does(name: str) -> None:
    text, expected = CASES[name]
    assert format_yaml(HEAD + text) == HEAD + expected
    assert format_yaml(HEAD + expected) == HEAD + expected


def test_what_is_no_single_document_is_left_as_it_is() -> None:
    for text in ("a: [\n# b\n", "# b\n", "--- a\n# b\n--- c\n"):
        assert with_aligned_comments(text, text) == text
