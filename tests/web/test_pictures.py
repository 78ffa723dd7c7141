"""The pictures of docs/pictures: those that `make pictures` takes, small, and few enough to be looked at."""

from tests.web.pictures import FOLDER, LARGEST, MOST, PICTURES


def test_every_picture_that_is_taken_is_there_and_no_other() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {f"{picture.name}.webp" for picture in PICTURES}


def test_pictures_are_small_and_few() -> None:
    assert len(PICTURES) <= MOST
    for path in FOLDER.iterdir():
        content = path.read_bytes()
        assert content[:4] + content[8:12] == b"RIFFWEBP", path
        assert len(content) <= LARGEST, path
