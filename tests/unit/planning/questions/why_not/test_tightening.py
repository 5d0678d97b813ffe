"""The smallest amount that suffices, and whether that is proven."""

from __future__ import annotations

from rohe_iac.planning.questions.why_not.refusal_case import AdjustableAmount, EditSet, EditStep
from rohe_iac.planning.questions.why_not.tightening import tightened

PRESENT = 4000


def cpu(value: int) -> EditStep:
    """Returns a step of a node's cpu, which has 4000m now."""
    return EditStep(
        f"node/n.cpu up to {value}m", f"node/n.cpu={value}m", value - PRESENT, AdjustableAmount(PRESENT, value, cpu)
    )


def amount(steps: EditSet) -> int:
    return steps[0].adjustable.value if steps and steps[0].adjustable is not None else PRESENT


def test_less_is_found_where_others_make_room_and_is_bisected_to_the_last_unit() -> None:
    def suffices(steps: EditSet) -> bool:
        return amount(steps) >= 7490

    assert tightened(cpu(7900), {4500, 7500, 7700}, suffices, suffices) == (cpu(7490), True)
    assert tightened(cpu(7490), {4500, 7480}, suffices, suffices) == (cpu(7490), True)
    assert tightened(cpu(7900), set(), suffices, suffices) == (cpu(7490), True)


def test_where_less_suffices_here_and_there_only_the_nearest_amount_is_called_the_smallest() -> None:
    def suffices(steps: EditSet) -> bool:
        return amount(steps) in (5000, 7900)

    assert tightened(cpu(7900), {5000, 6000}, suffices, suffices) == (cpu(5000), True)
    many = set(range(4001, 7900, 7)) - {5000}
    step, smallest = tightened(cpu(7900), many, suffices, suffices)
    assert (step, smallest) == (cpu(7900), False)


def test_an_edit_without_an_amount_is_the_smallest_unless_none_is_needed() -> None:
    label = EditStep("node/n.labels.disk ssd", "node/n.labels.disk=ssd", 1_000_000, whole=True)
    assert tightened(label, (), bool, bool) == (label, True)
    assert tightened(label, (), lambda _: True, bool) == (label, False)
    cores = EditStep("node/n.cores up to [1, 1]", "node/n.cores=1+1", 500_000)
    assert tightened(cores, (), bool, bool) == (cores, False)


def test_what_leaves_less_than_a_tenth_is_drastic() -> None:
    assert not EditStep("service/d.cpu down to 100m", "service/d.cpu=100m", 900_000, lowers=True).drastic
    assert EditStep("service/d.cpu down to 99m", "service/d.cpu=99m", 901_000, lowers=True).drastic
    assert EditStep("service/d.gpu not asked for", "service/d.gpu=0%", 1_000_000, lowers=True).drastic
    assert not EditStep("stack/s.survive down to 0", "stack/s.survive=0", 1_000_000).drastic
    assert not cpu(90_000).drastic
