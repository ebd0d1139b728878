from __future__ import annotations

import threading

from dltrainer_jupyter.widgets.lanes import Lane, lane


def test_jobs_of_a_lane_keep_their_order() -> None:
    done: list[int] = []
    finished = threading.Event()
    busy = Lane("order")
    for number in range(50):
        busy.submit(lambda number=number: done.append(number))
    busy.submit(finished.set)
    assert finished.wait(10)
    assert done == list(range(50))


def test_one_lane_does_not_wait_for_another() -> None:
    blocked, free = threading.Event(), threading.Event()
    slow, quick = Lane("slow"), Lane("quick")
    slow.submit(lambda: blocked.wait(10))
    quick.submit(free.set)
    assert free.wait(5)
    blocked.set()


def test_the_thread_ends_without_work_and_comes_back_with_it() -> None:
    seen: list[threading.Thread] = []
    resting = Lane("resting", patience=0.01)
    for _ in range(20):
        done = threading.Event()
        resting.submit(lambda done=done: (seen.append(threading.current_thread()), done.set()))
        assert done.wait(5)
        # The next job comes now before, now after the thread has ended.
        seen[-1].join(0.01)
    seen[-1].join(5)
    assert not seen[-1].is_alive()
    assert len(set(seen)) > 1


def test_a_lane_is_known_by_its_name() -> None:
    assert lane("steer") is lane("steer")
    assert lane("steer") is not lane("try")
