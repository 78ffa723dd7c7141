"""The gateway over a cluster, and behind sentinels: what is proven on one server holds there, too."""

from tests.support.shapes_of_deployment import fresh, server
from tests.workers.gateway.feed.test_feed import (
    radio,
    test_a_position_that_nobody_knows_is_told_to_read_the_page_again,
    test_a_reader_sees_a_comment_come_change_and_go,
    test_snapshot_plus_frames_equals_a_fresh_page_wherever_the_stream_is_cut,
)
from tests.workers.gateway.operations.test_at import (
    test_a_read_after_a_write_includes_it,
    test_the_past_is_read_by_position_and_by_time,
)
from tests.workers.gateway.operations.test_health import test_alive_and_ready_are_two_things
from tests.workers.gateway.operations.test_idempotency import (
    test_a_repeat_is_answered_where_the_command_would_be_refused_today,
)
from tests.workers.gateway.operations.test_moderation import test_a_redacted_text_is_gone_for_everybody_everywhere

__all__ = [
    "fresh",
    "radio",
    "server",
    "test_a_position_that_nobody_knows_is_told_to_read_the_page_again",
    "test_a_read_after_a_write_includes_it",
    "test_a_reader_sees_a_comment_come_change_and_go",
    "test_a_redacted_text_is_gone_for_everybody_everywhere",
    "test_a_repeat_is_answered_where_the_command_would_be_refused_today",
    "test_alive_and_ready_are_two_things",
    "test_snapshot_plus_frames_equals_a_fresh_page_wherever_the_stream_is_cut",
    "test_the_past_is_read_by_position_and_by_time",
]
