from tests.support.servers import client


def test_a_fresh_server_is_empty_and_takes_writes(fresh: str) -> None:
    with client(fresh) as connection:
        assert connection.dbsize() == 0
        connection.set("left", "behind")


def test_what_one_test_wrote_the_next_does_not_see(fresh: str) -> None:
    with client(fresh) as connection:
        assert connection.dbsize() == 0
