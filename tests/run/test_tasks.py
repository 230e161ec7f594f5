import pytest

from mfcheck import load_paper
from mfcheck.errors import InputError
from mfcheck.run.tasks import Result, Task, What, named_activation, units


def check(id: str, group: str = "") -> Task:
    return Task(What.CHECK, id, group=group)


def test_groups_stay_together_and_the_rest_is_alone() -> None:
    tasks = [check("a", "g"), check("b"), check("c", "g"), check("d"), check("e", "0")]
    ids = [[task.id for task in unit] for unit in units(tasks)]
    assert ids == [["a", "c"], ["b"], ["d"], ["e"]]


def test_keys_tell_tasks_apart() -> None:
    tasks = [
        check("a"),
        Task(What.ASSUMPTION, "a"),
        Task(What.CHECK, "a", planted="e"),
        check("e.a"),
        Task(What.CHECK, "b.a", planted="e"),
        Task(What.CHECK, "a", planted="e.b"),
        Task(What.CONSTANTS),
    ]
    assert len({task.key for task in tasks}) == len(tasks)


def test_a_result_without_a_value_is_a_crash() -> None:
    assert Result(check("a"), 0.0, reason="no").crashed
    assert not Result(check("a"), 0.0, value=[]).crashed


def test_an_activation_is_found_by_its_name(toy: str) -> None:
    paper = load_paper(toy)
    assert named_activation(paper, "tanh") is paper.default.activation
    assert named_activation(paper, "sin").name == "sin"
    with pytest.raises(InputError):
        named_activation(paper, "nothing")
