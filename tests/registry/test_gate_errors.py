"""The gate keeps what it promises, on a small sample of what `python -m benchmarks.gate_errors` measures."""

from benchmarks.gate_errors import promoted


def test_equal_models_are_hardly_ever_promoted_where_points_do_it_half_the_time():
    gate, point = promoted(0.0, rounds=200)
    assert gate <= 0.06  # 2.5 % are expected; more than 12 of 200 happen once in 20,000 times
    assert 0.35 < point < 0.6


def test_a_difference_that_can_be_told_is_promoted():
    gate, _ = promoted(0.06, rounds=100)
    assert gate > 0.85
