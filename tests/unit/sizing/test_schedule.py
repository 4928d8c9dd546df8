"""The simulated schedule, against cases with known answers and against Graham's bounds."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qmu.errors import QmuError
from qmu.sizing import schedule
from qmu.sizing.schedule import Task, simulate


def tasks(*seconds, needs=None, **settings):
    """Tasks of these lengths; ``needs`` is position -> positions."""
    needs = needs or {}
    return [Task(str(i), s, tuple(needs.get(i, ())), **settings) for i, s in enumerate(seconds)]


@st.composite
def graphs(draw, widest=1):
    """Up to 14 tasks, each needing some earlier ones."""
    seconds = draw(st.lists(st.integers(0, 50), min_size=1, max_size=14))
    return [
        Task(
            str(i),
            float(s),
            tuple(draw(st.sets(st.integers(0, i - 1), max_size=3))) if i else (),
            threads=draw(st.integers(1, widest)),
            priority=draw(st.integers(0, 2)),
        )
        for i, s in enumerate(seconds)
    ]


@pytest.mark.parametrize("cores", [1, 2, 64])
def test_a_chain_takes_the_sum_of_its_parts(cores):
    chain = tasks(3.0, 5.0, 2.0, needs={1: [0], 2: [1]})
    assert simulate(chain, cores).makespan == 10
    assert schedule.longest_chain(chain) == 10
    assert schedule.critical_path(chain) == [0, 1, 2]


def test_independent_jobs_from_the_longest_on_keep_the_bound_of_lpt():
    # Graham 1969: longest first on m machines is at most 4/3 - 1/(3m) times the optimum, and his
    # example for m = 2 (3, 3, 2, 2, 2; optimum 6) reaches it: 7.
    jobs = tasks(3.0, 3.0, 2.0, 2.0, 2.0)
    assert simulate(jobs, 2).makespan == 7
    assert simulate(jobs, 2, order=[0, 1, 9, 9, 9]).makespan == 7
    best = min(simulate(jobs, 2, order=p).makespan for p in itertools.permutations(range(5)))
    assert best == 6
    assert simulate(jobs, 2).makespan == pytest.approx((4 / 3 - 1 / 6) * best)


def test_grahams_anomaly_is_reproduced():
    # Graham 1966, m = 3: with every job one unit shorter the same list takes longer, 13 not 12.
    needs = {8: [0], 4: [3], 5: [3], 6: [3], 7: [3]}
    assert simulate(tasks(3, 2, 2, 2, 4, 4, 4, 4, 9, needs=needs), 3).makespan == 12
    assert simulate(tasks(2, 1, 1, 1, 3, 3, 3, 3, 8, needs=needs), 3).makespan == 13


def test_a_diamond_waits_for_its_slower_side():
    diamond = tasks(1.0, 7.0, 2.0, 1.0, needs={1: [0], 2: [0], 3: [1, 2]})
    found = simulate(diamond, 2)
    assert found.starts == (0, 1, 1, 8)
    assert found.makespan == 9
    assert schedule.critical_path(diamond) == [0, 1, 3]
    assert schedule.tails(diamond) == [9, 8, 3, 1]


def test_priority_goes_before_order():
    jobs = [Task("a", 5.0), Task("b", 1.0, priority=1)]
    assert simulate(jobs, 1, order=[0, 1]).starts == (1, 0)


def test_a_job_wider_than_the_machine_gets_all_of_it():
    jobs = [Task("wide", 4.0, threads=16), Task("narrow", 3.0)]
    assert simulate(jobs, 2).makespan == 7
    assert simulate(jobs, 17).makespan == 4
    assert schedule.lower_bound(jobs, 2) == (2 * 4 + 3) / 2


def test_a_narrow_job_passes_a_wide_one_that_does_not_fit():
    jobs = [Task("first", 4.0), Task("wide", 4.0, threads=2), Task("narrow", 4.0)]
    assert simulate(jobs, 2).starts == (0, 4, 0)


@pytest.mark.parametrize("cores", [0, -1])
def test_no_cores_are_refused(cores):
    with pytest.raises(QmuError, match="at least one core"):
        simulate(tasks(1.0), cores)


def test_a_circle_is_refused():
    circle = tasks(1.0, 1.0, needs={0: [1], 1: [0]})
    for ask in (lambda: simulate(circle, 1), lambda: schedule.tails(circle)):
        with pytest.raises(QmuError, match="circle"):
            ask()


def test_no_jobs_take_no_time():
    assert simulate([], 4).makespan == 0
    assert schedule.longest_chain([]) == 0
    assert schedule.critical_path([]) == []


def graham_bound(tasks, cores):
    """Seconds that no list schedule exceeds, for tasks of one core each (Graham 1966)."""
    return schedule.work(tasks) / cores + (1 - 1 / cores) * schedule.longest_chain(tasks)


@settings(max_examples=200, deadline=None)
@given(graph=graphs(), cores=st.integers(1, 6), seed=st.randoms())
def test_every_schedule_lies_between_its_bounds(graph, cores, seed):
    order = [seed.random() for _ in graph]
    took = simulate(graph, cores, order).makespan
    assert took >= schedule.lower_bound(graph, cores) - 1e-9
    assert took <= graham_bound(graph, cores) + 1e-9
    assert took <= (2 - 1 / cores) * schedule.lower_bound(graph, cores) + 1e-9


@settings(max_examples=200, deadline=None)
@given(graph=graphs(widest=5), cores=st.integers(1, 6))
def test_a_schedule_keeps_order_and_cores(graph, cores):
    found = simulate(graph, cores)
    for i, task in enumerate(graph):
        assert found.ends[i] == found.starts[i] + task.seconds
        assert all(found.ends[needed] <= found.starts[i] for needed in task.needs)
    for moment in found.starts:
        running = [
            min(t.threads, cores)
            for t, start, end in zip(graph, found.starts, found.ends, strict=True)
            if start <= moment < end
        ]
        assert sum(running) <= cores
    assert found.makespan >= schedule.lower_bound(graph, cores) - 1e-9


@settings(max_examples=100, deadline=None)
@given(graph=graphs())
def test_one_core_takes_all_work_and_many_take_the_longest_chain(graph):
    assert simulate(graph, 1).makespan == pytest.approx(schedule.work(graph))
    assert simulate(graph, len(graph)).makespan == pytest.approx(schedule.longest_chain(graph))
    path = schedule.critical_path(graph)
    assert sum(graph[i].seconds for i in path) == pytest.approx(schedule.longest_chain(graph))
    assert all(a in graph[b].needs for a, b in itertools.pairwise(path))
