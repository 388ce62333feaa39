import pytest

from freehold.model.names import ID_FORM, PLATFORM, shout, snake, words


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("Task", "task"),
        ("TaskDone", "task_done"),
        ("HTTPLog", "http_log"),
        ("Order2Item", "order2_item"),
        ("OAuth", "o_auth"),
    ],
)
def test_humps_become_underscores(name: str, table: str) -> None:
    assert snake(name) == table


def test_codes_shout_and_sentences_do_not() -> None:
    assert shout("TaskDone") == "TASK_DONE"
    assert words("TaskDone") == words("task_done") == "task done"


def test_an_id_is_a_uuid_in_lower_case_with_dashes() -> None:
    assert ID_FORM.fullmatch(PLATFORM)
    assert not ID_FORM.fullmatch("0198C0DE-0000-7000-8000-000000000000")
    assert not ID_FORM.fullmatch("0198c0de000070008000000000000000")
