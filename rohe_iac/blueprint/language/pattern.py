"""Regular expressions of module inputs, matched in linear time.

Python's own engine backtracks, and some expressions make it run for ever. Here all alternatives are followed at once
(Thompson, 1968): a character of the text takes at most one step for each state of the expression.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from re import _parser  # type: ignore[attr-defined] # the parser that `re` itself uses; there is no public one
from typing import Any, NamedTuple

LONGEST_PATTERN = 300
"""The longest expression, in characters."""


MAX_STATES = 600
"""The most states of an expression, with counted repetitions written out."""


LONGEST_TEXT = 256
"""The longest text that is matched, in characters."""


class BadPattern(ValueError):
    """The expression cannot be matched here; the message says why."""


class _State(NamedTuple):
    """One state of the automaton.

    Attributes:
        accepts: Which characters lead on; None where the state leads on without a character.
        successors: Indices of the states that follow.
        assertion: What has to hold of (text, position) to enter the state; None for nothing.
    """

    accepts: Callable[[str], bool] | None
    successors: list[int]
    assertion: Callable[[str, int], bool] | None = None


_CATEGORIES: dict[str, Callable[[str], bool]] = {
    "CATEGORY_DIGIT": str.isdecimal,
    "CATEGORY_SPACE": str.isspace,
    "CATEGORY_WORD": lambda character: character.isalnum() or character == "_",
}


def _word_before(text: str, position: int) -> bool:
    return 0 < position <= len(text) and _CATEGORIES["CATEGORY_WORD"](text[position - 1])


_ASSERTIONS: dict[str, Callable[[str, int], bool]] = {
    "AT_BEGINNING": lambda _, position: position == 0,
    "AT_BEGINNING_STRING": lambda _, position: position == 0,
    "AT_END": lambda text, position: position == len(text) or (position == len(text) - 1 and text[position] == "\n"),
    "AT_END_STRING": lambda text, position: position == len(text),
    "AT_BOUNDARY": lambda text, position: _word_before(text, position) != _word_before(text, position + 1),
    "AT_NON_BOUNDARY": lambda text, position: _word_before(text, position) == _word_before(text, position + 1),
}


class Pattern:
    """A compiled expression; `cost` is the number of steps for one character of a text."""

    def __init__(self, text: str) -> None:
        """Compiles an expression.

        Raises:
            BadPattern: The expression is faulty, too long, or uses what is not supported.
        """
        if len(text) > LONGEST_PATTERN:
            raise BadPattern(f"it has {len(text):,} characters, at most {LONGEST_PATTERN} are read")
        try:
            tree = _parser.parse(text)
        except (re.error, RecursionError, OverflowError) as error:
            raise BadPattern(f"it is not a regular expression: {error}") from None
        if tree.state.flags & ~re.UNICODE:
            raise BadPattern("flags are not known here")
        self._states: list[_State] = [_State(None, [])]
        self._start_state = self._add_sequence(tree, 0)
        self.cost = len(self._states)

    def matches(self, text: str) -> bool:
        """Checks whether the expression describes the whole text."""
        states = self._epsilon_closure([self._start_state], text, 0)
        for position, character in enumerate(text):
            following: list[int] = []
            for index in states:
                state = self._states[index]
                if state.accepts is not None and state.accepts(character):
                    following += state.successors
            states = self._epsilon_closure(following, text, position + 1)
            if not states:
                return False
        return 0 in states

    def _epsilon_closure(self, pending: list[int], text: str, position: int) -> set[int]:
        """Returns every state that is reached from these without a character."""
        reached: set[int] = set()
        while pending:
            index = pending.pop()
            if index in reached:
                continue
            state = self._states[index]
            if state.assertion is not None and not state.assertion(text, position):
                continue
            reached.add(index)
            if state.accepts is None:
                pending += state.successors
        return reached

    def _add(self, state: _State) -> int:
        if len(self._states) >= MAX_STATES:
            raise BadPattern(f"it has more than {MAX_STATES} parts, repetitions written out")
        self._states.append(state)
        return len(self._states) - 1

    def _add_sequence(self, tree: Any, following: int) -> int:
        """Adds the states of `tree`, which lead to `following`; returns the first of them."""
        for kind, argument in reversed(list(tree)):
            following = self._add_item(str(kind), argument, following)
        return following

    def _add_item(self, kind: str, argument: Any, following: int) -> int:
        if kind == "BRANCH":
            return self._add(_State(None, [self._add_sequence(branch, following) for branch in argument[1]]))
        if kind == "SUBPATTERN":
            if argument[1] or argument[2]:
                raise BadPattern("flags are not known here")
            return self._add_sequence(argument[3], following)
        if kind in ("MAX_REPEAT", "MIN_REPEAT"):
            minimum, maximum, inside = argument
            return self._add_repetition(minimum, maximum, inside, following)
        if kind == "AT":
            return self._add(_State(None, [following], _ASSERTIONS[str(argument)]))
        accepts = _character_test(kind, argument)
        if accepts is None:
            raise BadPattern("references, looking around and what is not given back are not known here")
        return self._add(_State(accepts, [following]))

    def _add_repetition(self, minimum: int, maximum: Any, tree: Any, following: int) -> int:
        if maximum == _parser.MAXREPEAT:
            loop = self._add(_State(None, [following]))
            self._states[loop].successors.append(self._add_sequence(tree, loop))
            following = loop
        else:
            end = following
            for _ in range(maximum - minimum):
                following = self._add(_State(None, [self._add_sequence(tree, following), end]))
        for _ in range(minimum):
            state_count = len(self._states)
            following = self._add_sequence(tree, following)
            if len(self._states) == state_count:
                break  # the repeated part is empty
        return following


def _character_test(kind: str, argument: Any) -> Callable[[str], bool] | None:
    """Returns the test of one item's characters; None for what is no character."""
    if kind == "LITERAL":
        return chr(argument).__eq__
    if kind == "NOT_LITERAL":
        return chr(argument).__ne__
    if kind == "ANY":
        return "\n".__ne__
    if kind == "RANGE":
        first, last = map(chr, argument)
        return lambda character: first <= character <= last
    if kind == "CATEGORY":
        name = str(argument)
        known = _CATEGORIES[name.replace("_NOT_", "_")]
        return known if "_NOT_" not in name else lambda character: not known(character)
    if kind == "IN":
        items = [(str(item), value) for item, value in argument]
        negated = items[0][0] == "NEGATE"
        allowed = [test for item, value in items[negated:] if (test := _character_test(item, value)) is not None]
        return lambda character: any(test(character) for test in allowed) != negated
    return None


@lru_cache(maxsize=256)
def compile_pattern(text: str) -> Pattern:
    """Returns the compiled expression, kept for later calls.

    Raises:
        BadPattern: The expression cannot be matched.
    """
    return Pattern(text)
