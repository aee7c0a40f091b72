import threading

from hypothesis import given
from hypothesis import strategies as st

from mlmagic.session.threads import ThreadStacks


class Item:
    """Two items are equal, and false: only the very one counts."""

    def __eq__(self, other):
        return isinstance(other, Item)

    def __bool__(self):
        return False

    __hash__ = None


def on_thread(work):
    """Return what *work* returns on a thread of its own."""
    got = []
    thread = threading.Thread(target=lambda: got.append(work()))
    thread.start()
    thread.join()
    return got[0]


@given(st.lists(st.integers(0, 5)))
def test_a_stack_holds_what_was_pushed_and_not_removed(moves):
    """An item is pushed by its number, and removed by the same number again."""
    stacks, items, model = ThreadStacks(), [Item() for _ in range(6)], []
    for move in moves:
        item = items[move]
        if any(other is item for other in model):
            model = [other for other in model if other is not item]
            stacks.remove(item)
        else:
            model.append(item)
            stacks.push(item)
        assert [id(item) for item in stacks.own()] == [id(item) for item in model]
        assert [id(item) for item in stacks.all()] == [id(item) for item in model]
        assert stacks.top() is stacks.current() is (model[-1] if model else None)
        assert stacks.threads() == ({threading.get_ident()} if model else set())


def test_each_thread_has_its_own_top_and_the_process_the_latest():
    stacks = ThreadStacks()
    stacks.push("main")
    started, go = threading.Event(), threading.Event()

    def subshell():
        stacks.push("subshell")
        started.set()
        go.wait(10)
        top = stacks.top()
        stacks.remove("subshell")
        return top

    got = []
    thread = threading.Thread(target=lambda: got.append(subshell()))
    thread.start()
    started.wait(10)
    assert stacks.top() == stacks.current() == "main"
    assert on_thread(stacks.top) is None
    assert on_thread(stacks.current) == "subshell"
    assert stacks.all() == ["main", "subshell"]
    assert len(stacks.threads()) == 2
    go.set()
    thread.join()
    assert got == ["subshell"]
    assert on_thread(stacks.current) == "main"


def test_an_item_can_be_removed_from_another_thread():
    stacks = ThreadStacks()
    stacks.push("a")
    on_thread(lambda: stacks.remove("a"))
    assert stacks.top() is None
    assert stacks.all() == []


def test_many_threads_leave_nothing_behind():
    stacks = ThreadStacks()

    def work(number):
        for _ in range(50):
            stacks.push(number)
            assert stacks.top() == number
            stacks.remove(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1000, 1008)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stacks.all() == []
    assert stacks.threads() == set()
