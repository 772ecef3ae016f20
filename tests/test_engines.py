from service.engines.base import token_batches


def test_batches_hold_every_index_once_within_the_budget() -> None:
    lengths = [3, 50, 1, 7, 7, 200, 2]
    batches = list(token_batches(lengths, budget=60))
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    assert all(len(b) == 1 or max(lengths[i] for i in b) * len(b) <= 60 for b in batches)
