"""Builds the tree of a long thread with rests, so that other tasks in the process can run."""

from core.throttle import Pace
from projections.read.tree import Tree
from projections.thread.state import ThreadState


async def grown(state: ThreadState, pace: Pace) -> Tree:
    """Build the tree of a thread, with a rest whenever one is due."""
    pace.begin()
    tree = Tree(ThreadState(site=state.site, id=state.id))
    for comment in state.rows.values():
        tree.add(comment)
        if pace.due:
            await pace.rest()
    tree.sort()  # nearly free: the rows already come in order of age
    return tree
