from electrolith.core.progress import listening, tracked


def test_a_loop_says_how_far_it_is_to_whoever_listens():
    heard = []
    with listening(lambda done, text: heard.append((done, text))):
        assert list(tracked("abcd", "letter")) == list("abcd")
    assert heard == [
        (0.0, "letter 1 of 4"),
        (0.25, "letter 2 of 4"),
        (0.5, "letter 3 of 4"),
        (0.75, "letter 4 of 4"),
    ]


def test_without_a_listener_nothing_is_said_and_nothing_changes():
    assert list(tracked((1, 2), "number")) == [1, 2]
