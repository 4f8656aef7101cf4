"""What a sample leaves out another one takes in."""

import random

from project import samples


def test_all_parts_are_the_whole():
    things = list(range(20))
    random.seed(1)
    seen = {tuple(samples.part(things, of=4, whole=False)) for _ in range(60)}
    assert sorted(n for one in seen for n in one) == things
    assert samples.part(things, of=4, whole=True) == things


def test_strides_meet_every_step():
    random.seed(1)
    seen = {samples.stride(whole=False) for _ in range(60)}
    assert seen == {(1, 3), (2, 3), (3, 3)}
    assert {n for first, step in seen for n in range(first, 40, step)} == set(range(1, 40))
    assert samples.stride(whole=True) == (1, 1)


def test_a_seed_chooses_the_same_sample_again():
    def drawn():
        random.seed(7)
        return samples.stride(whole=False), samples.part(range(99), of=3, whole=False)

    assert drawn() == drawn()
