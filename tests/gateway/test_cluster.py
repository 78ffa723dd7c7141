"""The gateway over a cluster, and behind sentinels: what is proven on one server holds there, too."""

from tests.gateway.test_feed import (
    radio,
    test_a_position_that_nobody_knows_is_told_to_read_the_page_again,
    test_a_reader_sees_a_comment_come_change_and_go,
    test_snapshot_plus_frames_equals_a_fresh_page_wherever_the_stream_is_cut,
)
from tests.gateway.test_idempotency import test_a_repeat_is_answered_where_the_command_would_be_refused_today
from tests.gateway.test_moderation import test_a_redacted_text_is_gone_for_everybody_everywhere
from tests.gateway.test_now_and_then import (
    test_a_read_after_a_write_includes_it,
    test_the_past_is_read_by_position_and_by_time,
)
from tests.gateway.test_operations import test_alive_and_ready_are_two_things
from tests.log.several import fresh, server

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
