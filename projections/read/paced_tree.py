"""The tree of a long thread, built with rests so that whatever else runs in the process has its turn."""

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
    tree.sort()  # they come in the order of their age as it is, so that this costs next to nothing
    return tree
